//! How good are root-cause answers? The reference figures.
//!
//! In: truth records and at most one answer per case. Out: the figures below, each over the cases given. Pure.
//!
//! - **Node AC@k**: with R the ranking without repeats and V the true nodes, the size of R\[:k\] ∩ V over min(k, size of V),
//!   mean over all cases; a case without an answer counts 0. Avg@5 is the mean of AC@1 to AC@5. After Yu et al., "Nezha",
//!   ESEC/FSE 2023, and the `RCAEval` benchmark.
//! - **Metric AC@k**: 1 when any accepted metric is among the first k; only cases whose truth names metrics.
//! - **MRR**: 1 over the rank of the first true node, 0 if absent.
//! - **Top-k recall** (`PetShop`): share of cases with a true node among the first k; beside it the share without answer.
//! - **Service AC@k**: node AC@k after replicas are mapped to their service.
//! - **Chance**: mean over answered cases of min(k, n) / n, with n nodes that could have been named.

use super::stats::{Spread, mean, spread, wilson};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is true of one case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Truth {
    /// Which case.
    pub id: String,
    /// The true nodes, at least one.
    pub root_nodes: Vec<String>,
    /// The accepted `node|metric`; `None` where the case is not labelled at metric level.
    #[serde(default)]
    pub root_metrics: Option<Vec<String>>,
    /// The fault kind.
    pub fault: String,
    /// The family of fault kinds.
    #[serde(default)]
    pub family: String,
    /// The faulty node sends telemetry.
    #[serde(default = "yes")]
    pub observed: bool,
    /// The guilty commit, or `none`; only where changes are judged.
    #[serde(default)]
    pub root_cause_commit: Option<String>,
    /// Innocent commits that were rolled out near by.
    #[serde(default)]
    pub decoy_deploy_commits: Vec<String>,
}

fn yes() -> bool {
    true
}

/// An answer to one case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Which case.
    pub id: String,
    /// Nodes, likeliest root first. Where it is missing, the order of first appearance in `metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<String>>,
    /// `node|metric`, likeliest root first.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// CPU milliseconds on one core, file reading not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// How many nodes could have been named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_candidates: Option<u64>,
    /// The guilty commit or `none`; only where changes are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Directed alarm-type pairs, cause then effect; only for alarm networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<(u32, u32)>>,
}

impl Prediction {
    /// The ranking of nodes without repeats.
    pub fn ranking(&self) -> Vec<&str> {
        let from_metrics = || {
            let names = self.metrics.iter();
            names
                .map(|m| m.split_once('|').map_or(m.as_str(), |(node, _)| node))
                .collect()
        };
        let nodes: Vec<&str> = match &self.nodes {
            Some(nodes) => nodes.iter().map(String::as_str).collect(),
            None => from_metrics(),
        };
        unique(nodes)
    }
}

fn unique(names: Vec<&str>) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|n| seen.insert(*n)).collect()
}

/// The figures of a set of cases. Shares are 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Score {
    /// Cases.
    pub cases: usize,
    /// Cases with a ranking of at least one node.
    pub answered: usize,
    /// Node AC@1.
    pub ac1: f64,
    /// Node AC@3.
    pub ac3: f64,
    /// Node AC@5.
    pub ac5: f64,
    /// Mean of node AC@1 to AC@5.
    pub avg5: f64,
    /// Mean reciprocal rank of the first true node.
    pub mrr: f64,
    /// Service AC@1.
    pub service_ac1: f64,
    /// Service AC@3.
    pub service_ac3: f64,
    /// Service AC@5.
    pub service_ac5: f64,
    /// Mean of service AC@1 to AC@5.
    pub service_avg5: f64,
    /// Cases whose truth names metrics.
    pub metric_cases: usize,
    /// Metric AC@1; `None` when no case is labelled at metric level.
    pub metric_ac1: Option<f64>,
    /// Metric AC@3.
    pub metric_ac3: Option<f64>,
    /// Metric AC@5.
    pub metric_ac5: Option<f64>,
    /// Mean of metric AC@1 to AC@5.
    pub metric_avg5: Option<f64>,
    /// Share of cases with a true node in first place.
    pub recall1: f64,
    /// Share of cases with a true node among the first three.
    pub recall3: f64,
    /// Share of cases without an answer.
    pub empty: f64,
    /// Node AC@1 of guessing; `None` where no answer says how many nodes could have been named.
    pub chance_ac1: Option<f64>,
    /// Avg@5 of guessing.
    pub chance_avg5: Option<f64>,
    /// Wilson's 95 % interval of node AC@1, low and high.
    pub ac1_ci95: (f64, f64),
    /// CPU milliseconds per case; `None` when no answer says it.
    pub ms_mean: Option<f64>,
    /// Their median.
    pub ms_p50: Option<f64>,
    /// Their 95th percentile.
    pub ms_p95: Option<f64>,
}

const DEEPEST: usize = 5;

/// Node AC@k of one case.
fn node_ac(ranking: &[&str], truth: &BTreeSet<&str>, k: usize) -> f64 {
    let found = ranking
        .iter()
        .take(k)
        .filter(|n| truth.contains(*n))
        .count();
    found as f64 / k.min(truth.len()).max(1) as f64
}

/// The 1-based rank of the first true node.
pub fn first_hit(ranking: &[&str], truth: &Truth) -> Option<usize> {
    let hit = ranking
        .iter()
        .position(|n| truth.root_nodes.iter().any(|t| t == n))?;
    Some(hit + 1)
}

/// One case with its answer.
struct Judged<'a> {
    truth: &'a Truth,
    ranking: Vec<&'a str>,
    prediction: Option<&'a Prediction>,
    service_of: &'a BTreeMap<String, String>,
}

impl Judged<'_> {
    fn nodes(&self, k: usize) -> f64 {
        let truth = self.truth.root_nodes.iter().map(String::as_str).collect();
        node_ac(&self.ranking, &truth, k)
    }

    fn services(&self, k: usize) -> f64 {
        let service = |node| self.service_of.get(node).map_or(node, String::as_str);
        let truth = self.truth.root_nodes.iter().map(|n| service(n)).collect();
        let ranking = unique(self.ranking.iter().map(|n| service(n)).collect());
        node_ac(&ranking, &truth, k)
    }

    fn metrics(&self, k: usize) -> Option<f64> {
        let accepted = self.truth.root_metrics.as_ref()?;
        let named = self.prediction.into_iter().flat_map(|p| &p.metrics);
        Some(f64::from(u8::from(
            named.take(k).any(|m| accepted.contains(m)),
        )))
    }

    fn hit(&self, k: usize) -> f64 {
        let hit = first_hit(&self.ranking, self.truth).is_some_and(|rank| rank <= k);
        f64::from(u8::from(hit))
    }

    fn chance(&self, k: usize) -> Option<f64> {
        let n = self.prediction?.n_candidates.filter(|n| *n > 0)?;
        Some((k as u64).min(n) as f64 / n as f64)
    }
}

/// Scores answers. Answers to other cases are left out; of several to one case the first counts.
pub fn score(
    truths: &[&Truth],
    predictions: &[Prediction],
    service_of: &BTreeMap<String, String>,
) -> Score {
    let answers: BTreeMap<&str, &Prediction> = predictions
        .iter()
        .rev()
        .map(|p| (p.id.as_str(), p))
        .collect();
    let judged: Vec<Judged<'_>> = truths
        .iter()
        .map(|truth| {
            let prediction = answers.get(truth.id.as_str()).copied();
            Judged {
                truth,
                ranking: prediction.map(Prediction::ranking).unwrap_or_default(),
                prediction,
                service_of,
            }
        })
        .collect();
    figures(&judged)
}

fn figures(judged: &[Judged<'_>]) -> Score {
    let over = |one: &dyn Fn(&Judged<'_>) -> f64| mean(judged.iter().map(one)).unwrap_or(0.0);
    let some = |one: &dyn Fn(&Judged<'_>) -> Option<f64>| mean(judged.iter().filter_map(one));
    let five = |at: &dyn Fn(usize) -> f64| mean((1..=DEEPEST).map(at)).unwrap_or(0.0);
    let five_of = |at: &dyn Fn(usize) -> Option<f64>| {
        let all: Option<Vec<f64>> = (1..=DEEPEST).map(at).collect();
        mean(all?.into_iter())
    };
    let node = |k: usize| over(&|j| j.nodes(k));
    let service = |k: usize| over(&|j| j.services(k));
    let metric = |k: usize| some(&|j| j.metrics(k));
    let chance = |k: usize| some(&|j| j.chance(k));
    let rank = |j: &Judged<'_>| first_hit(&j.ranking, j.truth).map_or(0.0, |r| 1.0 / r as f64);
    let answered = judged.iter().filter(|j| !j.ranking.is_empty()).count();
    let ms = judged.iter().filter_map(|j| j.prediction?.ms).collect();
    let ms: Option<Spread> = spread(ms);
    Score {
        cases: judged.len(),
        answered,
        ac1: node(1),
        ac3: node(3),
        ac5: node(5),
        avg5: five(&node),
        mrr: over(&rank),
        service_ac1: service(1),
        service_ac3: service(3),
        service_ac5: service(5),
        service_avg5: five(&service),
        metric_cases: judged
            .iter()
            .filter(|j| j.truth.root_metrics.is_some())
            .count(),
        metric_ac1: metric(1),
        metric_ac3: metric(3),
        metric_ac5: metric(5),
        metric_avg5: five_of(&metric),
        recall1: over(&|j| j.hit(1)),
        recall3: over(&|j| j.hit(3)),
        empty: over(&|j| f64::from(u8::from(j.ranking.is_empty()))),
        chance_ac1: chance(1),
        chance_avg5: five_of(&chance),
        ac1_ci95: wilson(node(1), judged.len()),
        ms_mean: ms.as_ref().map(|m| m.mean),
        ms_p50: ms.as_ref().map(|m| m.p50),
        ms_p95: ms.as_ref().map(|m| m.p95),
    }
}
