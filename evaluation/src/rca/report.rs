//! The replay as one page.

use super::peers::{PEERS, Peer};
use super::replay::{Alarms, Incidents, Macro, Replay, SetResult};
use super::score::Score;
use super::words::why_missed;
use super::{NONE, Verdict};
use crate::report::plot::{Axis, Bar, BarSeries, Bars};
use crate::report::{Cell, Figure, Page, Section, Table, Tone, both, same};
use zizhi_types::topology::Bilingual;

/// Letters of a commit's id that are shown.
const SHORT_ID: usize = 10;

/// The page of a replay.
pub fn page(replay: &Replay) -> Page {
    let title = both("Root causes on public cases", "公开案例上的根因定位");
    let mut page = Page::new(title).lead(lead(replay));
    if !replay.sets.is_empty() {
        page = page.section(overview(replay));
    }
    for (name, result) in &replay.sets {
        page = page.section(set(name, result));
    }
    if let Some(incidents) = &replay.incidents {
        page = page.section(changes(incidents));
        page = page.section(set("incidents", &incidents.nodes));
    }
    if let Some(alarms) = &replay.alarms {
        page = page.section(networks(alarms));
    }
    page.section(definitions())
}

fn lead(replay: &Replay) -> Bilingual {
    match &replay.mean {
        None => both(
            "One method, one configuration, judged by the reference figures.",
            "同一方法、同一配置，按参考指标评分。",
        ),
        Some(Macro {
            sets, ac1, avg5, ..
        }) => both(
            format!(
                "One method, one configuration. Over {sets} data sets (unweighted): node AC@1 {ac1:.3}, Avg@5 {avg5:.3}."
            ),
            format!(
                "同一方法、同一配置。{sets} 个数据集的不加权平均：节点 AC@1 {ac1:.3}，Avg@5 {avg5:.3}。"
            ),
        ),
    }
}

fn head() -> Vec<Bilingual> {
    vec![
        both("Cases", "案例数"),
        same("AC@1"),
        both("95 %", "95 % 区间"),
        same("AC@3"),
        same("Avg@5"),
        same("MRR"),
        both("Metric AC@1", "指标 AC@1"),
        both("Metric Avg@5", "指标 Avg@5"),
        both("No answer", "无答案"),
        both("Chance AC@1", "随机 AC@1"),
        both("CPU, ms", "CPU，毫秒"),
    ]
}

fn maybe(value: Option<f64>, decimals: usize) -> Cell {
    value.map_or_else(|| Cell::figure(same("–")), |v| Cell::number(v, decimals))
}

fn cells(score: &Score) -> Vec<Cell> {
    let (low, high) = score.ac1_ci95;
    vec![
        Cell::number(score.cases as f64, 0),
        Cell::number(score.ac1, 3),
        Cell::figure(same(format!("{low:.2}–{high:.2}"))),
        Cell::number(score.ac3, 3),
        Cell::number(score.avg5, 3),
        Cell::number(score.mrr, 3),
        maybe(score.metric_ac1, 3),
        maybe(score.metric_avg5, 3),
        Cell::number(score.empty, 2),
        maybe(score.chance_ac1, 3),
        maybe(score.ms_mean, 1),
    ]
}

fn named(name: Bilingual, score: &Score) -> Vec<Cell> {
    let mut row = vec![Cell::text(name)];
    row.extend(cells(score));
    row
}

fn with_first(first: Bilingual) -> Vec<Bilingual> {
    let mut all = vec![first];
    all.extend(head());
    all
}

fn overview(replay: &Replay) -> Section {
    let rows = replay
        .sets
        .iter()
        .map(|(name, r)| named(same(name.as_str()), &r.score));
    let table = Table::new(with_first(both("Data set", "数据集"))).rows(rows);
    let section = Section::new(both("Data sets", "数据集")).table(table);
    section.figure(beside_peers(replay))
}

fn beside_peers(replay: &Replay) -> Figure {
    let groups = replay.sets.keys().map(|n| same(n.as_str())).collect();
    let ours = replay.sets.values().map(|r| {
        let (low, high) = r.score.ac1_ci95;
        Bar::within(r.score.ac1, low, high)
    });
    let best = replay.sets.keys().map(|name| {
        let all = PEERS.iter().filter_map(|p| p.on(name));
        Bar::new(all.map(|f| f.ac1).fold(f64::NAN, f64::max))
    });
    let plot = Bars::new(Axis::new(same("AC@1")).from(0.0).to(1.0), groups)
        .series(BarSeries::new(both("Zizhi", "自智"), ours.collect()))
        .series(BarSeries::new(
            both("best of the peers", "最好的同类方法"),
            best.collect(),
        ));
    let caption = both(
        "Node AC@1 with its 95 % interval, beside the best peer on each set",
        "节点 AC@1 及其 95 % 区间，与各数据集上最好的同类方法对照",
    );
    Figure::bars(caption, &plot)
}

fn set(name: &str, result: &SetResult) -> Section {
    let faults = result
        .faults
        .iter()
        .map(|(fault, score)| named(same(fault.as_str()), score));
    let table = Table::new(with_first(both("Fault", "故障")))
        .rows(faults)
        .row(named(both("all", "全部"), &result.score));
    let section = Section::new(same(name)).anchor(name).table(table);
    let peers = peers(name);
    let section = if peers.is_empty() {
        section
    } else {
        let head = vec![
            both("Peer", "同类方法"),
            same("AC@1"),
            same("AC@3"),
            same("Avg@5"),
            both("CPU, ms", "CPU，毫秒"),
            both("Published in", "出处"),
        ];
        section.table(Table::new(head).rows(peers))
    };
    section.table(misses(result))
}

fn peers(set: &str) -> Vec<Vec<Cell>> {
    let row = |peer: &Peer| {
        let figures = peer.on(set)?;
        Some(vec![
            Cell::text(same(peer.name)),
            Cell::number(figures.ac1, 3),
            Cell::number(figures.ac3, 3),
            Cell::number(figures.avg5, 3),
            maybe(figures.ms, 1),
            Cell::text(same(peer.source)),
        ])
    };
    PEERS.iter().filter_map(row).collect()
}

fn misses(result: &SetResult) -> Table {
    let head = vec![
        both("Missed", "未命中"),
        both("Fault", "故障"),
        both("Why", "原因"),
    ];
    let rows = result.misses.iter().map(|m| {
        vec![
            Cell::text(same(m.case.as_str())),
            Cell::text(same(m.fault.as_str())),
            Cell::text(why_missed(m)),
        ]
    });
    Table::new(head).rows(rows)
}

fn changes(incidents: &Incidents) -> Section {
    let v = incidents.verdicts;
    let text = both(
        format!(
            "{} of {} right, {} innocent rollouts blamed, {} other misses.",
            v.pass, v.cases, v.decoy, v.miss
        ),
        format!(
            "{} 例中正确 {}，误判无辜发布 {}，其他未命中 {}。",
            v.cases, v.pass, v.decoy, v.miss
        ),
    );
    let short = |id: &str| id.chars().take(SHORT_ID).collect::<String>();
    let rows = incidents.changes.iter().map(|c| {
        let (tone, word) = match c.verdict {
            Verdict::Pass => (Tone::Good, both("right", "正确")),
            Verdict::Decoy => (Tone::Bad, both("innocent rollout blamed", "误判无辜发布")),
            Verdict::Miss => (Tone::Bad, both("missed", "未命中")),
        };
        vec![
            Cell::text(same(c.case.as_str())),
            Cell::text(change(c.named.as_deref().map(short))),
            Cell::text(change(Some(short(&c.truth)))),
            Cell::judged(tone, word),
        ]
    });
    let head = vec![
        both("Incident", "事件"),
        both("Named", "所指变更"),
        both("Guilty", "真正原因"),
        both("Verdict", "判定"),
    ];
    Section::new(both("Guilty change or none", "肇事变更（或无）"))
        .text(text)
        .table(Table::new(head).rows(rows))
}

fn change(named: Option<String>) -> Bilingual {
    match named.as_deref() {
        None => same("–"),
        Some(NONE) => both("no change", "无变更"),
        Some(id) => same(id),
    }
}

fn networks(alarms: &Alarms) -> Section {
    let head = vec![
        both("Network", "网络"),
        same("F1"),
        both("Precision", "精确率"),
        both("Recall", "召回率"),
        both("Named", "给出的边"),
        both("True", "真实的边"),
    ];
    let rows = alarms.networks.iter().map(|(name, e)| {
        vec![
            Cell::text(same(name.as_str())),
            Cell::number(e.f1, 3),
            Cell::number(e.precision, 3),
            Cell::number(e.recall, 3),
            Cell::number(e.predicted as f64, 0),
            Cell::number(e.truth as f64, 0),
        ]
    });
    let about = both(
        "Arrows from alarm type to alarm type, found by lag alone: a chain of causes also looks like a direct one.",
        "仅凭时间先后得出的告警类型因果边：因果链也会被当作直接因果。",
    );
    Section::new(both("Alarm types", "告警类型"))
        .text(about)
        .table(Table::new(head).rows(rows))
}

fn definitions() -> Section {
    Section::new(both("What the figures mean", "指标含义")).points(vec![
        both(
            "AC@k: share of the true nodes among the first k, over min(k, number of true nodes); a case without an answer counts 0. Avg@5: mean of AC@1 to AC@5.",
            "AC@k：前 k 名中真实节点所占比例，分母为 min(k, 真实节点数)；无答案计 0。Avg@5：AC@1 至 AC@5 的平均。",
        ),
        both(
            "Metric AC@k: 1 when an accepted node and metric is among the first k; only cases that are labelled so.",
            "指标 AC@k：前 k 名中含有任一被认可的节点指标则为 1；仅计有此标注的案例。",
        ),
        both(
            "MRR: one over the rank of the first true node. Chance: what naming nodes at random would reach. 95 %: Wilson's interval.",
            "MRR：首个真实节点名次的倒数。随机：随机给出节点所能达到的值。95 %：Wilson 区间。",
        ),
        both(
            "CPU: milliseconds of one core per case, file reading not counted.",
            "CPU：每例单核毫秒数，不含读文件。",
        ),
        both(
            "Scales: how often the usual noise of that metric fits into the change.",
            "常态幅度：该指标平时波动的倍数。",
        ),
    ])
}
