//! Which remedy worked before on incidents like this one?
//!
//! In: the candidate playbooks and what came of past ones. Out: the candidates, best first. The planner calls it.
//! Nothing is drawn at random: equal pasts give equal rankings.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A remedy that could be tried now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Id of the playbook, without its version.
    pub playbook: String,
    /// What describes the incident: fault kind, suspect, metrics of the symptoms; any short words.
    pub features: BTreeSet<String>,
}

/// What came of a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastOutcome {
    /// Id of the playbook, without its version.
    pub playbook: String,
    /// What described that incident.
    pub features: BTreeSet<String>,
    /// The verification passed.
    pub worked: bool,
}

/// A candidate's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Index into the candidates.
    pub index: usize,
    /// Posterior mean of the success rate on incidents like this, 0 to 1.
    pub success_rate: f64,
    /// Past tries, each weighted by how like its incident was, 0 to 1.
    pub tried: f64,
}

/// Successes and failures assumed before any: one half, worth two tries (a uniform Beta prior).
const PRIOR: f64 = 1.0;

/// The candidates, the most promising first; equal ones keep their order.
pub fn rank(candidates: &[Candidate], past: &[PastOutcome]) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| judge(index, candidate, past))
        .collect();
    ranked.sort_by(|a, b| b.success_rate.total_cmp(&a.success_rate));
    ranked
}

fn judge(index: usize, candidate: &Candidate, past: &[PastOutcome]) -> Ranked {
    let (mut tried, mut worked) = (0.0, 0.0);
    for outcome in past.iter().filter(|o| o.playbook == candidate.playbook) {
        let weight = likeness(&candidate.features, &outcome.features);
        tried += weight;
        worked += if outcome.worked { weight } else { 0.0 };
    }
    Ranked {
        index,
        success_rate: (worked + PRIOR) / (tried + 2.0 * PRIOR),
        tried,
    }
}

/// Shared features over all features (Jaccard), 0 to 1; two incidents that nothing is known of are alike.
fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let all = a.union(b).count();
    if all == 0 {
        return 1.0;
    }
    a.intersection(b).count() as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> BTreeSet<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn candidate(playbook: &str, features: &str) -> Candidate {
        Candidate {
            playbook: playbook.to_owned(),
            features: words(features),
        }
    }

    fn outcome(playbook: &str, features: &str, worked: bool) -> PastOutcome {
        PastOutcome {
            playbook: playbook.to_owned(),
            features: words(features),
            worked,
        }
    }

    #[test]
    fn what_worked_on_like_incidents_comes_first() {
        let candidates = [
            candidate("reset", "link-lossy"),
            candidate("drain", "link-lossy"),
        ];
        let past = [
            outcome("drain", "link-lossy", true),
            outcome("reset", "link-lossy", false),
            outcome("reset", "link-down", true),
        ];
        let ranked = rank(&candidates, &past);
        assert_eq!(ranked[0].index, 1);
        assert!((ranked[0].success_rate - 2.0 / 3.0).abs() < 1e-12);
        assert!((ranked[1].tried - 1.0).abs() < 1e-12);
    }

    #[test]
    fn without_a_past_the_order_stays() {
        let candidates = [candidate("b", "x"), candidate("a", "x")];
        let order: Vec<usize> = rank(&candidates, &[]).iter().map(|r| r.index).collect();
        assert_eq!(order, [0, 1]);
    }

    #[test]
    fn a_half_alike_incident_counts_half() {
        let ranked = rank(&[candidate("drain", "a b")], &[outcome("drain", "a", true)]);
        assert!((ranked[0].tried - 0.5).abs() < 1e-12);
        assert!((ranked[0].success_rate - 1.5 / 2.5).abs() < 1e-12);
    }
}
