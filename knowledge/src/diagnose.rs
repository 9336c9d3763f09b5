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

use crate::graph::KnowledgeGraph;
use crate::mirror::{Mirror, Place};
use crate::relation::{Relation, holds, listed};
use crate::symptoms::{Necessity, Sign, prior, signs};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::anomaly::Anomaly;
use zizhi_types::fault::FaultKind;
use zizhi_types::hypothesis::{CounterEvidence, Evidence, Hypothesis, HypothesisState, Situation};
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::object::{ManagedObject, ObjectKind};

/// Hypotheses returned at most.
pub const MOST_HYPOTHESES: usize = 6;
/// A sign of weight 1 on a violated objective is `exp(4)` times likelier under the fault than by chance.
const SIGN: f64 = 4.0;
/// What effects (not the fault's own signs) can add together: many paths over one link are one piece of evidence.
const EFFECTS_MOST: f64 = 5.0;
/// Each further object with the same sign counts half of the one before.
const AGAIN: f64 = 0.5;
/// A sign that must be there, was looked for, and is not.
const ABSENT: f64 = 4.5;
/// More when that sign is all that the fault is, such as the silence of a crashed router.
const REFUTED: f64 = 3.0;
/// A sign that must be there and was not looked for.
const UNSEEN: f64 = 1.5;
/// A sign that is mostly there, was looked for, and is not.
const LIKELY_ABSENT: f64 = 1.0;
/// A symptom that speaks against the fault.
const CONTRARY: f64 = 2.5;
/// Each unexplained symptom, and all of them together.
const UNEXPLAINED: f64 = 0.25;
const UNEXPLAINED_MOST: f64 = 1.0;
/// Seconds by which a fault's own sign may come after its effects: two sampling intervals.
const LATE_S: f64 = 20.0;
/// Below this share of the first hypothesis, more evidence is asked for.
const DECIDED: f64 = 0.6;

/// Whether a metric of an object is measured and normal: `None` when it is not measured.
pub type Healthy<'a> = dyn Fn(&ManagedObject, Metric) -> Option<bool> + 'a;

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

/// One symptom, placed in the network.
struct Symptom<'a> {
    place: Place,
    /// `None` for silence.
    anomaly: Option<&'a Anomaly>,
    /// 0 to 1.
    importance: f64,
}

/// A weighed cause.
struct Weighed {
    hypothesis: Hypothesis,
    score: f64,
    /// Signs that must be there and are not measured.
    unseen: Vec<(ManagedObject, Metric)>,
    refuted: bool,
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
        let suspect = mirror.place(&h.object);
        for e in &mut h.evidence_for {
            let seen = mirror.place(&e.object);
            let chain = mirror.chain(&seen, &suspect);
            // Two islands of an incomplete inventory: the ends are all that is known of the way.
            e.path = chain.unwrap_or_else(|| vec![e.object.clone(), h.object.clone()]);
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
    mirror.chain(&seen, &suspect)
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
    let mut below = crate::mirror::Bits::default();
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

/// Weighs the faults of one suspect.
struct Weigher<'a> {
    mirror: &'a Mirror,
    suspect: &'a Place,
    symptoms: &'a [Symptom<'a>],
    /// For each symptom: the relations in which it stands to the suspect, as a mask.
    stands: Vec<u32>,
    healthy: &'a Healthy<'a>,
}

/// What a fault's missing signs say.
#[derive(Default)]
struct Missing {
    penalty: f64,
    credit: f64,
    against: Vec<CounterEvidence>,
    unseen: Vec<(ManagedObject, Metric)>,
    refuted: bool,
}

impl<'a> Weigher<'a> {
    fn new(
        mirror: &'a Mirror,
        suspect: &'a Place,
        symptoms: &'a [Symptom<'a>],
        healthy: &'a Healthy<'a>,
    ) -> Self {
        let mask = |s: &Symptom<'_>| {
            let stands = Relation::ALL
                .iter()
                .filter(|r| holds(mirror, **r, suspect, &s.place));
            stands.fold(0_u32, |mask, r| mask | 1 << (*r as u32))
        };
        Self {
            mirror,
            suspect,
            symptoms,
            stands: symptoms.iter().map(mask).collect(),
            healthy,
        }
    }

    fn matches(&self, sign: &Sign, i: usize) -> bool {
        self.stands[i] >> (sign.at as u32) & 1 == 1 && sign.sight.fits(self.symptoms[i].anomaly)
    }

    /// The sign that explains each symptom best.
    fn explain(&self, fault: FaultKind) -> Vec<Option<&'static Sign>> {
        let best = |i: usize| {
            signs(fault)
                .filter(|s| s.necessity != Necessity::Against && self.matches(s, i))
                .max_by(|a, b| a.weight.total_cmp(&b.weight))
        };
        (0..self.symptoms.len()).map(best).collect()
    }

    /// `None` when the fault explains nothing.
    fn weigh(&self, fault: FaultKind) -> Option<Weighed> {
        let explained = self.explain(fault);
        if explained.iter().all(Option::is_none) {
            return None;
        }
        let (own, effects) = self.gain(&explained);
        let missing = self.missing(fault, &explained);
        let unexplained = self.unexplained(&explained);
        let mut contrary = self.contrary(fault);
        if missing.refuted {
            contrary += REFUTED;
        }
        let late = self.late_s(&explained);
        let mut score =
            prior(fault) + own + missing.credit - missing.penalty - unexplained - contrary;
        score += EFFECTS_MOST * (1.0 - (-effects / EFFECTS_MOST).exp());
        let mut against = missing.against;
        against.extend(self.left_over(&explained));
        if let Some(late_s) = late {
            score -= ((late_s - LATE_S) / 30.0).min(3.0);
            against.push(CounterEvidence::LateOnset { late_s });
        }
        Some(Weighed {
            hypothesis: Hypothesis {
                object: self.suspect.object.clone(),
                fault,
                probability: 0.0,
                state: HypothesisState::Proposed,
                evidence_for: self.evidence(&explained),
                evidence_against: against,
            },
            score,
            unseen: missing.unseen,
            refuted: missing.refuted,
        })
    }

    /// What the fault's own signs and what its effects speak for it.
    fn gain(&self, explained: &[Option<&'static Sign>]) -> (f64, f64) {
        let mut by_sign: Vec<(&Sign, Vec<f64>)> = vec![];
        for (symptom, sign) in self.symptoms.iter().zip(explained) {
            let Some(sign) = sign else { continue };
            let gain = SIGN * sign.weight * symptom.importance;
            match by_sign.iter_mut().find(|(s, _)| std::ptr::eq(*s, *sign)) {
                Some((_, gains)) => gains.push(gain),
                None => by_sign.push((sign, vec![gain])),
            }
        }
        let (mut own, mut effects) = (0.0, 0.0);
        for (sign, mut gains) in by_sign {
            gains.sort_by(|a, b| b.total_cmp(a));
            let sum = gains.iter().rev().fold(0.0, |sum, g| g + AGAIN * sum);
            match sign.necessity {
                Necessity::Must | Necessity::MustOnOne => own += sum,
                _ => effects += sum,
            }
        }
        (own, effects)
    }

    fn missing(&self, fault: FaultKind, explained: &[Option<&'static Sign>]) -> Missing {
        let mut missing = Missing::default();
        for sign in signs(fault) {
            if let (Some(metric), Some(objects)) = (
                sign.sight.metric(),
                listed(self.mirror, sign.at, self.suspect),
            ) {
                self.look(sign, metric, &objects, explained, &mut missing);
            }
        }
        missing
    }

    /// Looks for one sign on the objects that should show it.
    fn look(
        &self,
        sign: &'static Sign,
        metric: Metric,
        objects: &[ManagedObject],
        explained: &[Option<&'static Sign>],
        missing: &mut Missing,
    ) {
        let (must, all) = match sign.necessity {
            Necessity::Must => (true, true),
            Necessity::MustOnOne => (true, false),
            Necessity::Likely => (false, false),
            Necessity::May | Necessity::Against => return,
        };
        let (mut normal, mut unknown, mut seen, mut bad) = (vec![], vec![], 0_usize, 0_usize);
        for object in objects {
            if self.seen(sign, object, explained) {
                seen += 1;
                continue;
            }
            match (self.healthy)(object, metric) {
                Some(true) => normal.push(object),
                Some(false) => bad += 1,
                None => unknown.push(object),
            }
        }
        if objects.is_empty() || (!all && seen > 0) {
            return;
        }
        let share = |n: usize| n as f64 / objects.len() as f64;
        if must && seen == 0 && bad > 0 {
            missing.credit += 0.5 * SIGN * sign.weight;
        }
        let weight = if must {
            ABSENT
        } else {
            LIKELY_ABSENT * sign.weight
        };
        // Where one object is enough, one that may still show it keeps the fault possible.
        let refuting = all || (unknown.is_empty() && bad == 0);
        if refuting {
            missing.penalty += weight * share(normal.len());
            missing.refuted |= must && normal.len() == objects.len();
            let absent = |o: &&ManagedObject| CounterEvidence::ExpectedSymptomAbsent {
                object: (*o).clone(),
                metric,
            };
            missing.against.extend(normal.iter().map(absent));
        }
        if must && seen == 0 && bad == 0 {
            let most = if refuting { share(unknown.len()) } else { 1.0 };
            missing.penalty += UNSEEN * most;
            let unseen = unknown.into_iter().map(|o| (o.clone(), metric));
            missing.unseen.extend(unseen);
        }
    }

    /// Whether a symptom of the situation is this sign on this object.
    fn seen(
        &self,
        sign: &Sign,
        object: &ManagedObject,
        explained: &[Option<&'static Sign>],
    ) -> bool {
        (0..self.symptoms.len()).any(|i| {
            explained[i].is_some()
                && self.symptoms[i].place.object == *object
                && self.matches(sign, i)
        })
    }

    fn unexplained(&self, explained: &[Option<&'static Sign>]) -> f64 {
        let left = self.symptoms.iter().zip(explained);
        let sum: f64 = left
            .filter(|(_, sign)| sign.is_none())
            .map(|(s, _)| UNEXPLAINED * s.importance)
            .sum();
        sum.min(UNEXPLAINED_MOST)
    }

    fn contrary(&self, fault: FaultKind) -> f64 {
        let strongest = |i: usize| {
            signs(fault)
                .filter(|s| s.necessity == Necessity::Against && self.matches(s, i))
                .map(|s| CONTRARY * s.weight * self.symptoms[i].importance)
                .fold(0.0, f64::max)
        };
        (0..self.symptoms.len()).map(strongest).fold(0.0, f64::max)
    }

    fn left_over(&self, explained: &[Option<&'static Sign>]) -> Vec<CounterEvidence> {
        let left = self.symptoms.iter().zip(explained);
        left.filter(|(_, sign)| sign.is_none())
            .filter_map(|(s, _)| s.anomaly)
            .map(|a| CounterEvidence::Unexplained {
                anomaly: a.id.clone(),
                object: a.object.clone(),
                metric: a.metric,
            })
            .collect()
    }

    /// By how many seconds the fault's own signs began after its effects, their usual lag taken off, if too many.
    fn late_s(&self, explained: &[Option<&'static Sign>]) -> Option<f64> {
        let (mut own, mut effect) = (f64::INFINITY, f64::INFINITY);
        for (symptom, sign) in self.symptoms.iter().zip(explained) {
            let (Some(sign), Some(a)) = (sign, symptom.anomaly) else {
                continue;
            };
            let onset = a.onset.as_secs_f64();
            match sign.necessity {
                Necessity::Must | Necessity::MustOnOne => own = own.min(onset - sign.lag_s),
                _ => effect = effect.min(onset),
            }
        }
        let late_s = own - effect;
        (late_s.is_finite() && late_s > LATE_S).then_some(late_s)
    }

    fn evidence(&self, explained: &[Option<&'static Sign>]) -> Vec<Evidence> {
        let both = self.symptoms.iter().zip(explained);
        let mut evidence: Vec<Evidence> = both
            .filter_map(|(s, sign)| {
                let a = s.anomaly?;
                Some(Evidence {
                    anomaly: a.id.clone(),
                    object: a.object.clone(),
                    metric: a.metric,
                    path: vec![],
                    weight: (*sign)?.weight * s.importance,
                })
            })
            .collect();
        evidence.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        evidence
    }
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
