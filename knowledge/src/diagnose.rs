//! What caused these symptoms?
//!
//! In: the graph, the symptoms of one incident, and what is measured and normal. Out: ranked hypotheses with evidence
//! for and against, the share of none of them, and what would decide. Called by the diagnoser and, for one anomaly at a
//! time, by the correlator. Pure: the same input in any order gives the same output.
//!
//! Each hypothesis gets a log-likelihood against "nothing known explains it" (score 0): a sign that must be there is
//! e^4 times likelier under its fault than by chance; what is missing where it was looked for, stays unexplained or
//! began too early counts against. A softmax turns scores into shares. The factors are our choice, held by the tests:
//! one clear fault gets at least 0.8, two that fit alike split.

use crate::bits::Bits;
use crate::graph::KnowledgeGraph;
use crate::mirror::{Mirror, Place};
use crate::relation::{Relation, holds};
use crate::symptoms::{Necessity, Sign, signs};
pub use crate::weigh::Healthy;
use crate::weigh::{Symptom, Weighed, Weigher};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::anomaly::Anomaly;
use zizhi_types::fault::FaultKind;
use zizhi_types::hypothesis::{Hypothesis, HypothesisState, Situation};
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::object::{ManagedObject, ObjectKind};

/// Hypotheses returned at most.
pub const MOST_HYPOTHESES: usize = 6;
/// Below this share of the first hypothesis, more evidence is asked for.
const DECIDED: f64 = 0.6;

/// The answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis {
    /// Best first, at most [`MOST_HYPOTHESES`].
    pub hypotheses: Vec<Hypothesis>,
    /// Probability of none of them, 0 to 1.
    pub other: f64,
    /// What would decide, where the evidence does not.
    pub need: Option<String>,
}

/// Ranks the causes of a situation.
pub fn diagnose(graph: &KnowledgeGraph, situation: &Situation, healthy: &Healthy<'_>) -> Diagnosis {
    let mirror = graph.mirror();
    let symptoms = symptoms(mirror, situation);
    let mut weighed: Vec<Weighed> = vec![];
    for suspect in suspects(mirror, &symptoms) {
        let weigher = Weigher::new(mirror, &suspect, &symptoms, healthy);
        let faults = FaultKind::ALL.iter().copied();
        let own = faults.filter(|f| f.object_kind() == suspect.object.kind());
        weighed.extend(own.filter_map(|fault| weigher.weigh(fault)));
    }
    let mut diagnosis = rank(weighed);
    for h in &mut diagnosis.hypotheses {
        let chains = mirror.chains(&mirror.place(&h.object));
        for e in &mut h.evidence_for {
            let seen = mirror.place(&e.object);
            // Two islands of an incomplete inventory: the ends are all that is known of the way.
            e.path = chains
                .from(&seen)
                .unwrap_or_else(|| vec![e.object.clone(), h.object.clone()]);
        }
    }
    diagnosis
}

/// If this fault at this object explains the anomaly: the chain of objects from the anomaly's object to the suspect.
pub fn explained_by(
    graph: &KnowledgeGraph,
    suspect: &ManagedObject,
    fault: FaultKind,
    anomaly: &Anomaly,
) -> Option<Vec<ManagedObject>> {
    let mirror = graph.mirror();
    let (suspect, seen) = (mirror.place(suspect), mirror.place(&anomaly.object));
    best_sign(mirror, fault, &suspect, &seen, Some(anomaly))?;
    mirror.chains(&suspect).from(&seen)
}

fn best_sign(
    mirror: &Mirror,
    fault: FaultKind,
    suspect: &Place,
    seen: &Place,
    anomaly: Option<&Anomaly>,
) -> Option<&'static Sign> {
    signs(fault)
        .filter(|s| s.necessity != Necessity::Against && s.sight.fits(anomaly))
        .filter(|s| holds(mirror, s.at, suspect, seen))
        .max_by(|a, b| a.weight.total_cmp(&b.weight))
}

/// Symptoms in a fixed order, one for each object and metric.
fn symptoms<'a>(mirror: &Mirror, situation: &'a Situation) -> Vec<Symptom<'a>> {
    let mut chosen: BTreeMap<(&ManagedObject, Option<Metric>), Option<&Anomaly>> = BTreeMap::new();
    for silent in &situation.silent {
        chosen.insert((silent, None), None);
    }
    for a in &situation.symptoms {
        let best = chosen.entry((&a.object, Some(a.metric))).or_insert(Some(a));
        if best.is_none_or(|b| order(a) < order(b)) {
            *best = Some(a);
        }
    }
    let symptom = |((object, _), anomaly): ((&ManagedObject, _), Option<&'a Anomaly>)| Symptom {
        place: mirror.place(object),
        anomaly,
        importance: anomaly.map_or(1.0, importance),
    };
    chosen.into_iter().map(symptom).collect()
}

/// Violations before curiosities, then the earlier, then by id.
fn order(a: &Anomaly) -> (bool, u64, &zizhi_types::AnomalyId) {
    (a.violates.is_none(), a.onset.0, &a.id)
}

/// Loudness is not importance: without a violated objective, a load metric counts little however unusual it is.
fn importance(a: &Anomaly) -> f64 {
    match (a.violates, a.metric.nature()) {
        (Some(_), _) => 1.0,
        (None, Nature::State | Nature::Setting) => 0.8,
        (None, _) => 0.4 * a.score.clamp(0.0, 1.0),
    }
}

/// Objects that are symptomatic, that symptomatic objects depend on, or that load a symptomatic port.
fn suspects(mirror: &Mirror, symptoms: &[Symptom<'_>]) -> Vec<Place> {
    let mut found: BTreeMap<ManagedObject, Place> = BTreeMap::new();
    let mut below = Bits::default();
    for s in symptoms {
        below.merge(&s.place.all);
        found.insert(s.place.object.clone(), s.place.clone());
        // An instance is also loaded by the gateways that steer to it.
        if s.place.object.kind() == ObjectKind::Instance {
            for gateway in steering(mirror, &s.place) {
                below.insert(gateway);
            }
        }
    }
    for i in below.iter() {
        let place = mirror.at(i);
        found
            .entry(place.object.clone())
            .or_insert_with(|| place.clone());
    }
    for demand in loading(mirror, symptoms) {
        found
            .entry(demand.object.clone())
            .or_insert_with(|| demand.clone());
    }
    found.into_values().collect()
}

fn steering(mirror: &Mirror, instance: &Place) -> BTreeSet<usize> {
    let groups = mirror.places().iter().filter(|p| {
        p.object.kind() == ObjectKind::Group && p.facts.service == instance.facts.service
    });
    groups.filter_map(|g| g.facts.gateway).collect()
}

/// The eight demands that load most of the ports with symptoms of load.
fn loading<'a>(mirror: &'a Mirror, symptoms: &[Symptom<'_>]) -> Vec<&'a Place> {
    let loaded = |s: &&Symptom<'_>| {
        s.anomaly.is_some_and(|a| {
            matches!(
                a.metric,
                Metric::PortDiscard | Metric::PortQueue | Metric::PortUtilization
            )
        })
    };
    let ports: Vec<&Symptom<'_>> = symptoms.iter().filter(loaded).collect();
    if ports.is_empty() {
        return vec![];
    }
    let mut demands: Vec<(usize, &Place)> = mirror
        .places()
        .iter()
        .filter(|p| p.object.kind() == ObjectKind::Demand)
        .map(|d| {
            let on = |s: &&&Symptom<'_>| holds(mirror, Relation::PathPorts, d, &s.place);
            (ports.iter().filter(on).count(), d)
        })
        .filter(|(count, _)| *count > 0)
        .collect();
    demands.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.object.cmp(&b.1.object)));
    demands.into_iter().take(8).map(|(_, d)| d).collect()
}

/// Scores to shares, best first.
fn rank(mut weighed: Vec<Weighed>) -> Diagnosis {
    let key = |w: &Weighed| (w.hypothesis.object.clone(), w.hypothesis.fault);
    weighed.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| key(a).cmp(&key(b)))
    });
    let top = weighed.first().map_or(0.0, |w| w.score).max(0.0);
    let share = |score: f64| (score - top).exp();
    let sum: f64 = share(0.0) + weighed.iter().map(|w| share(w.score)).sum::<f64>();
    for w in &mut weighed {
        w.hypothesis.probability = share(w.score) / sum;
        w.hypothesis.state = state(w.hypothesis.probability, w.refuted);
    }
    let need = need(&weighed);
    weighed.truncate(MOST_HYPOTHESES);
    let hypotheses: Vec<Hypothesis> = weighed.into_iter().map(|w| w.hypothesis).collect();
    let named: f64 = hypotheses.iter().map(|h| h.probability).sum();
    Diagnosis {
        hypotheses,
        other: (1.0 - named).max(0.0),
        need,
    }
}

fn state(probability: f64, refuted: bool) -> HypothesisState {
    match probability {
        _ if refuted => HypothesisState::Refuted,
        p if p >= DECIDED => HypothesisState::Supported,
        p if p < 0.05 => HypothesisState::Refuted,
        _ => HypothesisState::Investigating,
    }
}

/// What would decide between the causes that are still possible.
fn need(weighed: &[Weighed]) -> Option<String> {
    let first = weighed.first()?;
    if first.hypothesis.probability >= DECIDED {
        return None;
    }
    let possible = weighed
        .iter()
        .take(3)
        .filter(|w| w.hypothesis.probability >= 0.05);
    let unseen: BTreeSet<String> = possible
        .flat_map(|w| &w.unseen)
        .map(|(object, metric)| {
            let domain = object.domain();
            format!("{} of {object} from domain {domain}", metric.as_str())
        })
        .collect();
    if unseen.is_empty() {
        let h = &first.hypothesis;
        return Some(format!(
            "need more symptoms: {} at {} fits best, but not well",
            h.fault, h.object
        ));
    }
    let list: Vec<String> = unseen.into_iter().take(4).collect();
    Some(format!("need {}", list.join(", ")))
}

#[cfg(test)]
#[path = "diagnose_tests.rs"]
mod tests;
