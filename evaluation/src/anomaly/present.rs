//! Figures side by side, for people: one table over all groups, and one a group.
//!
//! In: an [`Outcome`]. Out: words and numbers in rows, in both languages, which the command prints and the report draws.

use super::figures::{FIGURES, Figure, Figures};
use super::outcome::Outcome;
use super::published::{PUBLISHED, Published};
use crate::report::{both, same};
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

/// All tables: over all groups first, then the groups in the order of the manifest.
pub fn comparisons(outcome: &Outcome) -> Vec<Comparison> {
    let groups = outcome.methods.first().map(|m| m.groups.as_slice());
    let names = groups
        .unwrap_or_default()
        .iter()
        .map(|(name, _)| Some(name.as_str()));
    std::iter::once(None)
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
    Comparison {
        group: group.map(str::to_owned),
        title: group.map_or_else(|| both("Mean over the groups", "各组平均"), same),
        head,
        rows: FIGURES
            .iter()
            .filter(known)
            .map(|figure| row(figure, &columns, group))
            .collect(),
    }
}

fn row(figure: &Figure, columns: &[&Figures], group: Option<&str>) -> Vec<Bilingual> {
    let value = |c: &&Figures| same(figure.unit.text(c.get(figure.key).unwrap_or(f64::NAN)));
    let mut cells = vec![both(figure.en, figure.zh)];
    cells.extend(columns.iter().map(value));
    cells.push(published(figure, group));
    cells
}

/// What others reach, one a line.
fn published(figure: &Figure, group: Option<&str>) -> Bilingual {
    let value = |peer: &Published| match (group, figure.key) {
        (None, "vus_pr") => peer.vus_pr,
        (None, "ops_recall") => peer.ops_recall,
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
