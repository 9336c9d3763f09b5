//! Figures side by side, for people: one table over all groups, and one a group.
//!
//! In: an [`Outcome`]. Out: words and numbers in rows, in both languages, which the command prints and the report draws.

use super::figures::{FIGURES, Figure, Figures, Unit};
use super::outcome::Outcome;
use super::published::{GROUPS, PUBLISHED, Published};
use crate::report::{both, same};
use std::collections::BTreeSet;
use zizhi_types::topology::Bilingual;

/// Methods beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// A group's name; nothing for the mean over all groups.
    pub group: Option<String>,
    /// What it is about.
    pub title: Bilingual,
    /// Heads of the columns: the figure, every method, what is published.
    pub head: Vec<Bilingual>,
    /// One row a figure, as many cells as heads.
    pub rows: Vec<Vec<Bilingual>>,
}

/// All tables: over all groups first, unless there is one only, then the groups in the order of the manifest.
pub fn comparisons(outcome: &Outcome) -> Vec<Comparison> {
    let groups = outcome.methods.first().map(|m| m.groups.as_slice());
    let several = groups.is_some_and(|groups| groups.len() > 1);
    let names = groups
        .unwrap_or_default()
        .iter()
        .map(|(name, _)| Some(name.as_str()));
    several
        .then_some(None)
        .into_iter()
        .chain(names)
        .map(|group| comparison(outcome, group))
        .collect()
}

fn comparison(outcome: &Outcome, group: Option<&str>) -> Comparison {
    let columns: Vec<&Figures> = outcome
        .methods
        .iter()
        .filter_map(|m| group.map_or(Some(&m.overall), |name| m.group(name)))
        .collect();
    let mut head = vec![both("figure", "指标")];
    head.extend(outcome.methods.iter().map(|m| m.method.name()));
    head.push(both("published by others", "他人公布"));
    let known = |f: &&Figure| columns.iter().any(|c| c.keys().any(|key| key == f.key));
    // In a group each of these stands in the title or under another name.
    let told =
        |f: &&Figure| group.is_some() && (f.unit == Unit::Count || f.key.starts_with("ops_"));
    Comparison {
        group: group.map(str::to_owned),
        title: group.map_or_else(
            || both("Mean over the groups", "各组平均"),
            |name| title(name, columns.first().copied()),
        ),
        head,
        rows: FIGURES
            .iter()
            .filter(known)
            .filter(|figure| !told(figure))
            .map(|figure| row(figure, &columns, published(outcome, figure, group)))
            .collect(),
    }
}

fn title(group: &str, figures: Option<&Figures>) -> Bilingual {
    let count = |key| figures.and_then(|f| f.get(key)).unwrap_or(0.0);
    let (all, scored) = (count("n_series"), count("n_scored"));
    both(
        format!("{group}: {all} series, {scored} with events"),
        format!("{group}：{all} 条序列，其中 {scored} 条含事件"),
    )
}

/// What the less usual rows say, under the tables.
pub fn notes() -> Vec<Bilingual> {
    vec![
        both(
            "Event recall: share of the events found by one threshold for the whole group with at most one false alarm a series and week (an hour, where rows are less than 30 s apart).",
            "事件召回率：全组同一阈值、每条序列每周（行间隔小于 30 秒时每小时）至多误报一次时找到的事件比例。",
        ),
        both(
            "Own alarms: those that the detector raises by its own thresholds, in any channel.",
            "自身告警：检测器按自身阈值在任一通道上发出的告警。",
        ),
        both(
            "As it ships: time constants fit for a sample every 10 s. In samples: the same number of samples at any cadence; nothing else differs.",
            "出厂设置：时间常数按每 10 秒一个样本设定。按样本数计：任何采样间隔下样本数相同，其他不变。",
        ),
    ]
}

fn row(figure: &Figure, columns: &[&Figures], peers: Bilingual) -> Vec<Bilingual> {
    let value = |c: &&Figures| same(figure.unit.text(c.get(figure.key).unwrap_or(f64::NAN)));
    let mut cells = vec![both(figure.en, figure.zh)];
    cells.extend(columns.iter().map(value));
    cells.push(peers);
    cells
}

/// What others reach, one a line. Their means are shown beside means over the same groups only.
fn published(outcome: &Outcome, figure: &Figure, group: Option<&str>) -> Bilingual {
    let same_groups = outcome.methods.first().is_some_and(|m| {
        let names: BTreeSet<&str> = m.groups.iter().map(|(name, _)| name.as_str()).collect();
        names == GROUPS.into_iter().collect()
    });
    let value = |peer: &Published| match (group, figure.key) {
        (None, "vus_pr") if same_groups => peer.vus_pr,
        (None, "ops_recall") if same_groups => peer.ops_recall,
        (Some(name), "vus_pr") => {
            let found = peer.groups.iter().find(|(group, _)| *group == name);
            found.map(|(_, value)| *value)
        }
        _ => None,
    };
    let peers = || PUBLISHED.iter().filter_map(|p| Some((p, value(p)?)));
    let lines = |name: fn(&Published) -> &'static str| {
        let lines = peers().map(|(p, v)| format!("{} {}", figure.unit.text(v), name(p)));
        lines.collect::<Vec<_>>().join("\n")
    };
    both(lines(|p| p.en), lines(|p| p.zh))
}
