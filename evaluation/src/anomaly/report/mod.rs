//! The report: who reaches what, and what the best and the worst series of each group look like.
//!
//! In: an [`Outcome`], and the files it came from for the curves. Out: a page. Never here: judging.

mod trace;

use super::error::AnomalyError;
use super::figures::{FIGURES, Unit};
use super::outcome::{Compared, Outcome};
use super::present::{Comparison, comparisons, notes};
use super::published::{GROUPS, PUBLISHED};
use super::replay::Replayed;
use crate::report::plot::{Axis, Lines, Series};
use crate::report::{Cell, Figure, Page, Section, Table, both, same};
use trace::Trace;
use zizhi_types::text::Language;
use zizhi_types::topology::Bilingual;

/// Builds the page.
pub fn page(outcome: &Outcome, language: Language) -> Result<Page, AnomalyError> {
    let mut page = Page::new(both(
        "Anomaly detection on public telemetry",
        "公开遥测数据上的异常检测",
    ))
    .opens_in(language)
    .lead(lead(outcome))
    .lead(both(
        "Every series was replayed row by row; nothing saw a row before its time, and one set of parameters served all series. Labels were used for scoring only.",
        "每条序列逐行回放；任何方法都看不到未来的行，所有序列使用同一组参数。标签仅用于评分。",
    ));
    for comparison in comparisons(outcome) {
        page = page.section(compared(&comparison));
    }
    page = page.section(peers()).section(all_series(outcome));
    for (group, _) in outcome.methods.first().map_or(&[][..], |m| &m.groups) {
        page = page.section(extremes(outcome, group)?);
    }
    Ok(page.section(meaning()))
}

fn lead(outcome: &Outcome) -> Bilingual {
    let first = outcome.methods.first();
    let value = |key: &str| first.and_then(|m| m.overall.get(key)).unwrap_or(f64::NAN);
    let (volume, recall) = (value("vus_pr"), value("ops_recall"));
    let (volume, recall) = (Unit::Share.text(volume), Unit::Share.text(recall));
    both(
        format!(
            "The shipped detector reaches a mean VUS-PR of {volume} and finds {recall} of the events at one false alarm a series and week (an hour, where rows are seconds apart)."
        ),
        format!(
            "出厂设置的检测器平均 VUS-PR 为 {volume}；在每条序列每周误报一次（行间隔为秒级时每小时一次）的预算下，事件召回率为 {recall}。"
        ),
    )
}

/// The figures of one group; what others reach stands in a table of its own.
fn compared(comparison: &Comparison) -> Section {
    let methods = comparison.head.len().saturating_sub(1);
    let head = comparison.head.iter().take(methods).cloned();
    let mut table = Table::new(head.collect());
    for row in &comparison.rows {
        let mut cells = row.iter().take(methods).cloned();
        let name = cells.next().map(Cell::text);
        table = table.row(name.into_iter().chain(cells.map(Cell::figure)).collect());
    }
    let anchor = comparison.group.as_deref().unwrap_or("all groups");
    Section::new(comparison.title.clone())
        .anchor(anchor)
        .table(table)
}

fn peers() -> Section {
    let mut head = vec![
        both("method", "方法"),
        both("mean VUS-PR", "平均 VUS-PR"),
        both("mean event recall", "平均事件召回率"),
    ];
    head.extend(GROUPS.map(|group| both(format!("{group}: VUS-PR"), format!("{group}：VUS-PR"))));
    let mut table = Table::new(head);
    for peer in PUBLISHED {
        let number = |value: Option<f64>| Cell::number(value.unwrap_or(f64::NAN), 3);
        let mut cells = vec![
            Cell::text(both(peer.en, peer.zh)),
            number(peer.vus_pr),
            number(peer.ops_recall),
        ];
        cells.extend(GROUPS.map(|group| {
            let found = peer.groups.iter().find(|(name, _)| *name == group);
            number(found.map(|(_, value)| *value))
        }));
        table = table.row(cells);
    }
    Section::new(both("What others reach", "他人的结果"))
        .anchor("peers")
        .text(both(
            "Figures as others state them for the whole development set of five groups; they were not computed here.",
            "他人就整个五组开发集给出的数字；并非此处计算。",
        ))
        .table(table)
}

fn all_series(outcome: &Outcome) -> Section {
    let mut head = vec![both("series", "序列"), both("events", "事件")];
    head.extend(outcome.methods.iter().map(|m| {
        let name = m.method.name();
        both(
            format!("{}: VUS-PR", name.en),
            format!("{}：VUS-PR", name.zh),
        )
    }));
    let mut table = Table::new(head);
    for series in &outcome.replayed {
        let events = super::metrics::stretches(series.test_label().iter().copied()).len();
        let mut cells = vec![
            Cell::text(same(series.entry.id.clone())),
            Cell::number(events as f64, 0),
        ];
        let volume = |m: &Compared| volume(m, &series.entry.id).unwrap_or(f64::NAN);
        cells.extend(outcome.methods.iter().map(|m| Cell::number(volume(m), 3)));
        table = table.row(cells);
    }
    Section::new(both("All series", "全部序列"))
        .anchor("all series")
        .text(both(
            "A series without an event has no volume; its alarms count as false ones.",
            "没有事件的序列没有曲面体积；其告警计为误报。",
        ))
        .table(table)
}

fn volume(method: &Compared, id: &str) -> Option<f64> {
    let (_, figures) = method.series.iter().find(|(name, _)| name == id)?;
    figures.get("vus_pr")
}

/// The series that the first method judges best and worst.
fn extremes(outcome: &Outcome, group: &str) -> Result<Section, AnomalyError> {
    let title = both(
        format!("Worst and best of {group}"),
        format!("{group} 组中最差与最好的序列"),
    );
    let mut section = Section::new(title).anchor(format!("extremes {group}"));
    let mut ranked: Vec<(f64, &Replayed)> = outcome
        .replayed
        .iter()
        .filter(|series| series.entry.group == group)
        .filter_map(|series| Some((volume(outcome.methods.first()?, &series.entry.id)?, series)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut shown = vec![];
    shown.extend(ranked.first());
    shown.extend(ranked.last().filter(|_| ranked.len() > 1));
    if shown.is_empty() {
        return Ok(section.text(both("No series has an event.", "没有含事件的序列。")));
    }
    for (volume, series) in shown {
        let trace = Trace::of(series)?;
        for figure in drawn(&trace, series, volume) {
            section = section.figure(figure);
        }
    }
    Ok(section)
}

/// Two drawings: what was measured, and what the detector said about it.
fn drawn(trace: &Trace, series: &Replayed, volume: f64) -> [Figure; 2] {
    let id = &series.entry.id;
    let time = || Axis::new(both("Since the test part began, h", "测试段开始后，小时"));
    let labelled = |low: f64, high: f64| {
        let level = |l: &bool| if *l { high } else { low };
        Series::steps(
            both("labelled anomaly", "标注异常"),
            trace.against_time(trace.label.iter().map(level)),
        )
    };
    let value = Lines::new(time(), Axis::new(same(trace.channel.clone())))
        .series(Series::new(
            same(trace.channel.clone()),
            trace.against_time(trace.value.iter().copied()),
        ))
        .series(labelled(trace.lowest(), trace.highest()));
    let most = trace.score.iter().copied().fold(1.0, f64::max);
    let alarm = trace
        .alarm
        .iter()
        .map(|a| if *a { most / 2.0 } else { 0.0 });
    let score = Lines::new(
        time(),
        Axis::new(both("Score, nat", "分数，奈特")).from(0.0),
    )
    .series(Series::new(
        both("score", "分数"),
        trace.against_time(trace.score.iter().copied()),
    ))
    .series(labelled(0.0, most))
    .series(Series::steps(
        both("own alarm", "自身告警"),
        trace.against_time(alarm),
    ));
    let volume = Unit::Share.text(volume);
    [
        Figure::lines(
            both(
                format!("{id}, VUS-PR {volume}: the channel that differs most inside the events"),
                format!("{id}，VUS-PR {volume}：事件期间差异最大的通道"),
            ),
            &value,
        )
        .table(events(series)),
        Figure::lines(
            both(
                format!("{id}: what the shipped detector said"),
                format!("{id}：出厂检测器的判断"),
            ),
            &score,
        )
        .table(events(series)),
    ]
}

/// The events of a series, and what the first method made of each.
fn events(series: &Replayed) -> Table {
    let train_rows = series.entry.train_rows;
    let interval_s = series.entry.interval_s;
    let mut table = Table::new(vec![
        both("event begins after, h", "事件开始于，小时"),
        both("lasts, min", "持续，分钟"),
        both("highest score, nat", "最高分，奈特"),
        both("first own alarm after, s", "首个自身告警延迟，秒"),
    ]);
    let Some(scored) = series.scored.first() else {
        return table;
    };
    let (_, score) = scored.parts(train_rows);
    let alarm = scored.test_alarm(train_rows);
    for event in super::metrics::stretches(series.test_label().iter().copied()) {
        let inside = score.get(event.clone()).unwrap_or_default();
        let alarms = alarm.get(event.clone()).unwrap_or_default();
        let first = alarms.iter().position(|a| *a);
        table = table.row(vec![
            Cell::number(event.start as f64 * interval_s / 3600.0, 2),
            Cell::number(event.len() as f64 * interval_s / 60.0, 1),
            Cell::number(inside.iter().copied().fold(f64::NAN, f64::max), 1),
            Cell::number(first.map_or(f64::NAN, |row| row as f64 * interval_s), 0),
        ]);
    }
    table
}

/// What the figures mean, and where they come from.
fn meaning() -> Section {
    let named = |key: &str| {
        let figure = FIGURES.iter().find(|f| f.key == key);
        figure.map_or_else(|| same(key), |f| both(f.en, f.zh))
    };
    let point = |key: &str, en: &str, zh: &str| {
        let name = named(key);
        both(format!("{}: {en}", name.en), format!("{}：{zh}", name.zh))
    };
    let mut points = notes();
    points.extend([
            point(
                "vus_pr",
                "volume under the range-precision-recall surface, averaged over buffer widths round the events (Paparrizos et al., PVLDB 15(11), 2022); random scores reach about the share of anomalous rows",
                "事件两侧缓冲宽度上平均的区间精确率-召回率曲面体积（Paparrizos 等，PVLDB 15(11)，2022）；随机分数约等于异常行占比",
            ),
            point(
                "rf1_best",
                "range-based F1 at the best of 100 thresholds (Tatbul et al., NeurIPS 2018)",
                "100 个阈值中最佳的区间 F1（Tatbul 等，NeurIPS 2018）",
            ),
            point(
                "aff_f1_best",
                "affiliation F1 at the best of 100 thresholds (Huet et al., KDD 2022)",
                "100 个阈值中最佳的关联 F1（Huet 等，KDD 2022）",
            ),
            point(
                "nab",
                "Numenta score, standard profile, best single threshold (Lavin and Ahmad, ICMLA 2015); 0 says nothing, 100 is perfect",
                "Numenta 评分，标准配置，最佳单一阈值（Lavin 与 Ahmad，ICMLA 2015）；0 为从不告警，100 为完美",
            ),
        ]);
    Section::new(both("What the figures mean", "指标含义"))
        .anchor("meaning")
        .points(points)
}

impl Trace {
    fn against_time(&self, values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
        self.hours.iter().copied().zip(values).collect()
    }

    fn lowest(&self) -> f64 {
        self.value.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn highest(&self) -> f64 {
        self.value.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}
