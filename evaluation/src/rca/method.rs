//! The product's answer to one case: the same engine, with the same settings, for every case there is.

use super::apart::{Arrow, NONE};
use super::read::{AlarmNetwork, Case, Incident};
use super::score::Prediction;
use super::stopwatch::cpu_ms;
use zizhi_models::ranker::changes::{Trouble, guilty};
use zizhi_models::ranker::lags::lag_edges;
use zizhi_models::ranker::{Ranking, rank_causes};

/// Answers a case.
pub fn predict(case: &Case) -> (Prediction, Ranking) {
    let ((ranking, change), ms) = cpu_ms(|| {
        let ranking = rank_causes(&case.evidence);
        let change = case.incident.as_ref().map(|i| blame(i, &ranking));
        (ranking, change)
    });
    let metrics = ranking.metrics.iter();
    let prediction = Prediction {
        id: case.id.clone(),
        nodes: Some(ranking.nodes.iter().map(|n| n.node.clone()).collect()),
        metrics: metrics
            .map(|m| format!("{}|{}", m.node, m.metric))
            .collect(),
        ms: Some(ms),
        n_candidates: Some(ranking.nodes.len() as u64),
        change,
        edges: None,
    };
    (prediction, ranking)
}

/// The guilty commit, or [`NONE`]: the services looked at are the alert's and the first-ranked node.
fn blame(incident: &Incident, ranking: &Ranking) -> String {
    let mut trouble: Trouble = incident.trouble.clone();
    trouble
        .services
        .extend(ranking.nodes.first().map(|n| n.node.clone()));
    let named = guilty(&trouble, &incident.rollouts, &incident.commits);
    named.unwrap_or(NONE).to_owned()
}

/// Answers an alarm network.
pub fn arrows(network: &AlarmNetwork) -> Prediction {
    let (edges, ms) = cpu_ms(|| lag_edges(&network.alarms, &network.links));
    let arrows: Vec<Arrow> = edges.iter().map(|e| (e.cause, e.effect)).collect();
    Prediction {
        id: network.name.clone(),
        ms: Some(ms),
        edges: Some(arrows),
        ..Prediction::default()
    }
}
