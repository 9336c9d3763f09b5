//! Which node, and which of its metrics, is the root of this trouble?
//!
//! In: what was seen before and during an incident, per node: series, spans, log lines, and the dependency graph where
//! one is known. Out: all nodes and metrics, the likeliest root first, with a score and reasons. Called by the replay of
//! public cases; it knows no data set, no application and no name. Pure: equal evidence in any order gives equal answers,
//! ties are broken by name, and renaming the nodes renames the answer.
//!
//! Each **channel** (series, spans, lines) gives a node the largest deviation it shows, in multiples of the usual noise.
//! Channels are added on a log scale, each counted from its own median over the nodes: a channel in which every node
//! looks alike decides nothing, a channel in which one node stands out decides much. Our choice, because noise multiples
//! of different channels cannot be compared directly.

pub mod changes;
pub mod graph;
pub mod lags;
pub mod lines;
pub mod series;
pub mod spans;
#[cfg(test)]
mod tests;

pub use graph::Dependencies;
pub use lines::{Line, LineWindow};
pub use series::Series;
pub use spans::Span;

use std::collections::{BTreeMap, BTreeSet};

/// Everything that is known about one incident.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Measurements over time. Two series of the same node and metric are two rows in the answer.
    pub series: Vec<Series>,
    /// Spans from before the incident, among them those of fault-free reference time.
    pub spans_before: Vec<Span>,
    /// Spans from the incident.
    pub spans_during: Vec<Span>,
    /// Log lines from before the incident.
    pub lines_before: LineWindow,
    /// Log lines from the incident.
    pub lines_during: LineWindow,
    /// Who calls whom; empty where it is not known.
    pub dependencies: Dependencies,
}

/// Why a node or a metric stands where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A series left its usual band.
    Moved {
        /// Which metric.
        metric: String,
        /// Median before, in the metric's unit.
        before: f64,
        /// Median during the incident, in the metric's unit.
        during: f64,
        /// Distance in multiples of the usual noise; the sign is the direction.
        scales: f64,
        /// A callee whose same metric moved the same way, and so explains it.
        explained_by: Option<String>,
    },
    /// Calls to this node take longer between caller and callee than inside the callee.
    CallGap {
        /// Who calls.
        caller: String,
        /// Milliseconds more (less, where negative) than usual.
        extra_ms: f64,
        /// Distance in multiples of the usual noise.
        scales: f64,
    },
    /// An operation spends another time than usual in itself, its own calls not counted.
    OwnTime {
        /// Which operation.
        operation: String,
        /// Milliseconds more (less, where negative) than usual.
        extra_ms: f64,
        /// Distance in multiples of the usual noise.
        scales: f64,
    },
    /// More lines than usual tell of errors.
    ErrorLines {
        /// Lines during the incident.
        lines: u64,
        /// Lines expected from the time before.
        expected: f64,
        /// Distance in multiples of the usual noise.
        scales: f64,
    },
}

/// A node's place.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedNode {
    /// Which node.
    pub node: String,
    /// At least 0; comparable within one answer only.
    pub score: f64,
    /// Strongest first; at most one a channel.
    pub reasons: Vec<Reason>,
}

/// A metric's place.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedMetric {
    /// Which node.
    pub node: String,
    /// Which metric.
    pub metric: String,
    /// Deviation in multiples of the usual noise, what callees explain taken off; at least 0.
    pub score: f64,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// Every node that showed anything measurable, likeliest root first.
    pub nodes: Vec<RankedNode>,
    /// Every metric that could be compared: those of the first node first, strongest first.
    pub metrics: Vec<RankedMetric>,
}

/// The strongest deviation of a node in one channel.
pub(crate) struct Strongest {
    /// In multiples of the usual noise, at least 0.
    pub scales: f64,
    /// What it is.
    pub reason: Reason,
}

/// What one channel says, by node.
pub(crate) type Channel = BTreeMap<String, Strongest>;

/// Keeps the stronger of two deviations of a node; the first one on a tie.
pub(crate) fn keep(channel: &mut Channel, node: &str, scales: f64, reason: Reason) {
    match channel.get(node) {
        Some(have) if have.scales >= scales => {}
        _ => {
            channel.insert(node.to_owned(), Strongest { scales, reason });
        }
    }
}

/// Ranks the nodes and metrics of an incident.
///
/// Values that are no finite numbers are left out. Without any evidence the answer is empty.
pub fn rank_causes(evidence: &Evidence) -> Ranking {
    let moves = series::moves(&evidence.series, &evidence.dependencies);
    let channels = [
        series::channel(&moves),
        spans::channel(&evidence.spans_before, &evidence.spans_during),
        lines::channel(&evidence.lines_before, &evidence.lines_during),
    ];
    let nodes = merge(channels);
    let place: BTreeMap<&str, usize> = nodes
        .iter()
        .enumerate()
        .map(|(i, n)| (n.node.as_str(), i))
        .collect();
    let metrics = series::ranked(&moves, &place);
    Ranking { nodes, metrics }
}

fn merge(channels: [Channel; 3]) -> Vec<RankedNode> {
    let names: BTreeSet<String> = channels.iter().flat_map(|c| c.keys().cloned()).collect();
    let mut scores: BTreeMap<String, RankedNode> = names
        .iter()
        .map(|n| (n.clone(), RankedNode::unseen(n)))
        .collect();
    for mut channel in channels {
        let strength = |node: &String| channel.get(node).map_or(0.0, |s| s.scales.ln_1p());
        let usual = series::median(&mut names.iter().map(strength).collect::<Vec<_>>());
        for (name, ranked) in &mut scores {
            if let Some(strongest) = channel.remove(name) {
                ranked.add(strongest, usual.unwrap_or(0.0));
            }
        }
    }
    let mut nodes: Vec<RankedNode> = scores.into_values().collect();
    // The map has them by name: a stable sort breaks ties by name.
    nodes.sort_by(|a, b| b.score.total_cmp(&a.score));
    nodes
}

impl RankedNode {
    fn unseen(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            score: 0.0,
            reasons: vec![],
        }
    }

    fn add(&mut self, strongest: Strongest, usual: f64) {
        self.score += (strongest.scales.ln_1p() - usual).max(0.0);
        let scales = strongest.scales;
        let at = self.reasons.iter().position(|r| r.scales() < scales);
        let at = at.unwrap_or(self.reasons.len());
        self.reasons.insert(at, strongest.reason);
    }
}

impl Reason {
    /// Distance from the usual in multiples of its noise, at least 0.
    pub fn scales(&self) -> f64 {
        match self {
            Self::Moved { scales, .. }
            | Self::CallGap { scales, .. }
            | Self::OwnTime { scales, .. }
            | Self::ErrorLines { scales, .. } => scales.abs(),
        }
    }
}
