//! How well does one fault at one suspect fit the symptoms?
//!
//! In: a suspect, the symptoms, what is measured and normal. Out: a score with evidence for and against. Called by
//! [`crate::diagnose`] for each suspect. Pure.

use crate::mirror::{Mirror, Place};
use crate::relation::{Relation, holds, listed};
use crate::symptoms::{Necessity, Sign, prior, signs};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::anomaly::Anomaly;
use zizhi_types::fault::FaultKind;
use zizhi_types::hypothesis::{CounterEvidence, Evidence, Hypothesis, HypothesisState};
use zizhi_types::metric::Metric;
use zizhi_types::object::{ManagedObject, ObjectKind};

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
/// A symptom of weight 1 that speaks against the fault: one that its definition excludes.
const CONTRARY: f64 = 6.0;
/// Each unexplained symptom, and all of them together.
const UNEXPLAINED: f64 = 0.25;
const UNEXPLAINED_MOST: f64 = 1.0;
/// Seconds by which a fault's own sign may come after its effects: two sampling intervals.
const LATE_S: f64 = 20.0;

/// Whether a metric of an object is measured and normal now: `Some(false)` when it is not normal, `None` when it is not
/// measured or its last value is old. An old value taken for a fresh one hides a crash: answer `None` for silent sources.
pub type Healthy<'a> = dyn Fn(&ManagedObject, Metric) -> Option<bool> + 'a;

/// One symptom, placed in the network.
pub struct Symptom<'a> {
    /// Where.
    pub place: Place,
    /// `None` for silence.
    pub anomaly: Option<&'a Anomaly>,
    /// 0 to 1.
    pub importance: f64,
}

/// A weighed cause.
pub struct Weighed {
    /// Named, with its evidence; without its share.
    pub hypothesis: Hypothesis,
    /// Log-likelihood against no known cause.
    pub score: f64,
    /// Signs that must be there and are not measured.
    pub unseen: Vec<(ManagedObject, Metric)>,
    /// A sign that is all the fault is was looked for and is not there.
    pub refuted: bool,
}

/// Weighs the faults of one suspect.
pub struct Weigher<'a> {
    suspect: &'a Place,
    symptoms: &'a [Symptom<'a>],
    /// For each symptom: the relations in which it stands to the suspect, as a mask.
    stands: Vec<u32>,
    /// For each relation that the suspect's faults look into: its objects, where they can be listed.
    listed: BTreeMap<Relation, Vec<ManagedObject>>,
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
    /// Places every symptom relative to the suspect once.
    pub fn new(
        mirror: &'a Mirror,
        suspect: &'a Place,
        symptoms: &'a [Symptom<'a>],
        healthy: &'a Healthy<'a>,
    ) -> Self {
        let relations = relations(suspect.object.kind());
        let mask = |s: &Symptom<'_>| {
            let stands = relations
                .iter()
                .filter(|r| holds(mirror, **r, suspect, &s.place));
            stands.fold(0_u32, |mask, r| mask | 1 << (*r as u32))
        };
        let stands: Vec<u32> = symptoms.iter().map(mask).collect();
        // Nothing to look for where no symptom points here.
        let near = stands.iter().any(|mask| *mask != 0);
        let with_objects = |r: &Relation| Some((*r, listed(mirror, *r, suspect)?));
        Self {
            suspect,
            symptoms,
            stands,
            listed: relations
                .iter()
                .filter(|_| near)
                .filter_map(with_objects)
                .collect(),
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
    pub fn weigh(&self, fault: FaultKind) -> Option<Weighed> {
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
            if let (Some(metric), Some(objects)) = (sign.sight.metric(), self.listed.get(&sign.at))
            {
                self.look(sign, metric, objects, explained, &mut missing);
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

/// The relations that the faults of a kind of object look into.
fn relations(kind: ObjectKind) -> BTreeSet<Relation> {
    FaultKind::ALL
        .iter()
        .filter(|f| f.object_kind() == kind)
        .flat_map(|f| signs(*f).map(|s| s.at))
        .collect()
}
