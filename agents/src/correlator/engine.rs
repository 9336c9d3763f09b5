//! Joining anomalies: explained ones to their incident, the rest to a new one.

use super::{CorrelatorConfig, Input, Known, Output};
use crate::picture::{Picture, Series};
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::Lease;
use zizhi_types::objective::Violation;
use zizhi_types::{Anomaly, AnomalyId, Hypothesis, IncidentId, NetTime};

/// How long a cleared anomaly is still evidence, in milliseconds: a flapping link's signs come and go.
const RECENT_MS: u64 = 40_000;

/// How long an anomaly without a violated objective is watched before it is put aside.
const WATCH_MS: u64 = 60_000;

/// What is still broken so long after a verified remedy was not cured by it, in milliseconds. Our choice: the longest window
/// that a measurement looks back over, and three intervals.
const RESIDUE_MS: u64 = 90_000;

/// The correlator of one domain.
pub struct Correlator {
    domain: Domain,
    config: CorrelatorConfig,
    anomalies: BTreeMap<AnomalyId, Tracked>,
    open: BTreeMap<IncidentId, Open>,
    opened: u64,
    token: u64,
    echoes: BTreeMap<IncidentId, NetTime>,
    /// Incidents that a verified remedy closed, and when.
    fixed: BTreeMap<IncidentId, NetTime>,
    /// Since when there has been something to lead that nobody leads.
    unled_since: Option<NetTime>,
    picture: Option<std::sync::Arc<Picture>>,
}

struct Tracked {
    anomaly: Anomaly,
    cleared: Option<NetTime>,
    claimed: Option<IncidentId>,
    put_aside: bool,
}

struct Open {
    known: Known,
    changed: bool,
}

impl Correlator {
    /// For one domain.
    pub const fn new(domain: Domain, config: CorrelatorConfig) -> Self {
        Self {
            domain,
            config,
            anomalies: BTreeMap::new(),
            open: BTreeMap::new(),
            opened: 0,
            token: 0,
            echoes: BTreeMap::new(),
            fixed: BTreeMap::new(),
            unled_since: None,
            picture: None,
        }
    }

    fn raised(&mut self, anomaly: Anomaly) {
        let tracked = Tracked {
            anomaly,
            cleared: None,
            claimed: None,
            put_aside: false,
        };
        self.anomalies.insert(tracked.anomaly.id.clone(), tracked);
    }

    fn claim(&mut self, incident: &IncidentId, symptoms: &[AnomalyId]) {
        for id in symptoms {
            if let Some(tracked) = self.anomalies.get_mut(id) {
                tracked.claimed.get_or_insert_with(|| incident.clone());
            }
        }
    }

    /// A peer leads. If an own incident shares symptoms with it, the older lease goes first; equal ones by domain.
    fn claimed(&mut self, known: Known, symptoms: &[AnomalyId]) -> Vec<Output> {
        self.token = self.token.max(known.lease.token);
        let mut outputs = vec![];
        if known.lease.leader != self.domain {
            let rival = symptoms
                .iter()
                .filter_map(|s| self.anomalies.get(s)?.claimed.clone())
                .find(|i| i.owner == self.domain && *i != known.incident);
            if let Some(own) = rival.filter(|own| self.yields(own, known.lease)) {
                self.close(&own);
                outputs.push(Output::Merge {
                    incident: own,
                    into: known.incident.clone(),
                });
            }
        }
        self.claim(&known.incident, symptoms);
        self.unled_since = None;
        let changed = self.open.get(&known.incident).is_some_and(|o| o.changed);
        self.open
            .insert(known.incident.clone(), Open { known, changed });
        outputs
    }

    fn yields(&self, own: &IncidentId, other: Lease) -> bool {
        self.open
            .get(own)
            .is_some_and(|o| !o.changed && other < o.known.lease)
    }

    /// The symptoms of a closed incident stay with it: while its mitigation stands they are explained.
    fn close(&mut self, incident: &IncidentId) {
        self.open.remove(incident);
    }

    /// One remedy may have cured one cause of several. Where a symptom of an incident that was fixed a while ago was never
    /// well since, and is broken still, all its lasting symptoms are free again: each may be evidence of what is left.
    fn free_residue(&mut self, picture: &Picture, now: NetTime) {
        let due = |at: &NetTime| now.since(*at) >= RESIDUE_MS;
        let (old, recent): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.fixed)
            .into_iter()
            .partition(|(_, at)| due(at));
        self.fixed = recent;
        if old.is_empty() {
            return;
        }
        let violated = picture.violations(now);
        let broken = |a: &Anomaly| {
            let same = |v: &Violation| v.object == a.object && v.metric == a.metric;
            violated.iter().any(same)
        };
        let lasting = |t: &&Tracked| t.cleared.is_none() && broken(&t.anomaly);
        let left: BTreeSet<IncidentId> = self
            .anomalies
            .values()
            .filter(lasting)
            .filter_map(|t| t.claimed.clone())
            .filter(|incident| old.contains_key(incident))
            .collect();
        for tracked in self.anomalies.values_mut() {
            let of_left = tracked.claimed.as_ref().is_some_and(|i| left.contains(i));
            if of_left && tracked.cleared.is_none() {
                tracked.claimed = None;
                tracked.put_aside = false;
            }
        }
    }

    fn forget_old(&mut self, now: NetTime) {
        self.anomalies
            .retain(|_, t| t.cleared.is_none_or(|at| now.since(at) <= RECENT_MS));
        self.echoes.retain(|_, until| *until >= now);
    }

    fn in_echo(&self, anomaly: &Anomaly, now: NetTime) -> bool {
        // What began before a change cannot be its echo; `onset` is compared with a margin of one interval.
        self.echoes
            .values()
            .any(|until| *until >= now && anomaly.onset + self.config.echo_ms >= *until)
    }

    fn free(&self) -> impl Iterator<Item = &Tracked> {
        self.anomalies.values().filter(|t| t.claimed.is_none())
    }

    /// Violated objectives that have lasted, have a free anomaly, and are no echo of a change.
    fn triggers(&self, picture: &Picture, now: NetTime) -> Vec<(Violation, &Tracked)> {
        let mut by_series: BTreeMap<Series, &Tracked> = BTreeMap::new();
        for tracked in self.free().filter(|t| t.cleared.is_none()) {
            by_series.insert(
                (tracked.anomaly.object.clone(), tracked.anomaly.metric),
                tracked,
            );
        }
        picture
            .held_violations(now)
            .into_iter()
            .filter_map(|v| {
                let tracked = *by_series.get(&(v.object.clone(), v.metric))?;
                (!self.in_echo(&tracked.anomaly, now)).then_some((v, tracked))
            })
            .collect()
    }

    fn tick(&mut self, picture: std::sync::Arc<Picture>, now: NetTime) -> Vec<Output> {
        self.forget_old(now);
        self.free_residue(&picture, now);
        let mut outputs = self.recovered(&picture, now);
        let first = self
            .triggers(&picture, now)
            .iter()
            .map(|(_, t)| t.anomaly.at)
            .min();
        match first {
            None => self.unled_since = None,
            Some(first) if now.since(first) >= self.config.gather_ms => {
                self.unled_since.get_or_insert(now);
                outputs.push(Output::Diagnose {
                    situation: self.situation(&picture, now),
                    open: self.open.values().map(|o| o.known.clone()).collect(),
                });
            }
            Some(_) => {}
        }
        outputs.extend(self.put_aside(&picture, now));
        self.picture = Some(picture);
        outputs
    }

    fn situation(&self, picture: &Picture, now: NetTime) -> Situation {
        let counts = |t: &&Tracked| {
            t.cleared.is_none_or(|at| now.since(at) <= RECENT_MS)
                && picture.under_work(&t.anomaly.object, now).is_none()
        };
        Situation {
            symptoms: self
                .free()
                .filter(counts)
                .map(|t| t.anomaly.clone())
                .collect(),
            silent: picture.silent().iter().cloned().collect(),
        }
    }

    /// Own incidents that nothing was done about and whose symptoms are all gone.
    fn recovered(&self, picture: &Picture, now: NetTime) -> Vec<Output> {
        let violated: BTreeSet<Series> = picture
            .violations(now)
            .into_iter()
            .map(|v| (v.object, v.metric))
            .collect();
        let gone = |incident: &IncidentId| {
            let mut own = self
                .anomalies
                .values()
                .filter(|t| t.claimed.as_ref() == Some(incident));
            !own.any(|t| {
                t.cleared.is_none_or(|at| now.since(at) < 20_000)
                    || violated.contains(&(t.anomaly.object.clone(), t.anomaly.metric))
            })
        };
        self.open
            .iter()
            .filter(|(id, o)| o.known.lease.leader == self.domain && !o.changed && gone(id))
            .map(|(id, _)| Output::RecoveredAlone(id.clone()))
            .collect()
    }

    /// Own anomalies that have been watched long enough, or ended, without breaking an objective.
    fn put_aside(&mut self, picture: &Picture, now: NetTime) -> Vec<Output> {
        let domain = self.domain;
        let mut outputs = vec![];
        for (id, tracked) in &mut self.anomalies {
            let done = tracked.put_aside || tracked.claimed.is_some() || id.owner != domain;
            let old = tracked.cleared.is_some() || now.since(tracked.anomaly.at) >= WATCH_MS;
            if done || !old {
                continue;
            }
            let object = &tracked.anomaly.object;
            let work = picture.under_work(object, now);
            if work.is_none()
                && tracked.cleared.is_none()
                && tracked.anomaly.violates.is_some()
                && !picture.waived(object, now)
            {
                continue;
            }
            tracked.put_aside = true;
            outputs.push(match work {
                Some(work) => Output::Suppress {
                    anomaly: id.clone(),
                    reason: "planned-work",
                    detail: work.ticket.clone(),
                },
                None => Output::Suppress {
                    anomaly: id.clone(),
                    reason: "no-objective-violated",
                    detail: String::new(),
                },
            });
        }
        outputs
    }

    fn join(&mut self, joined: &[(IncidentId, Vec<AnomalyId>)]) -> Vec<Output> {
        let mut outputs = vec![];
        for (incident, symptoms) in joined {
            self.claim(incident, symptoms);
            if incident.owner == self.domain && !symptoms.is_empty() {
                outputs.push(Output::Joined {
                    incident: incident.clone(),
                    symptoms: symptoms.clone(),
                });
            }
        }
        outputs
    }

    fn diagnosed(
        &mut self,
        situation: Situation,
        hypotheses: Vec<Hypothesis>,
        other: f64,
        need: Option<String>,
        now: NetTime,
    ) -> Vec<Output> {
        let Some(picture) = self.picture.clone() else {
            return vec![];
        };
        let triggers = self.triggers(&picture, now);
        let Some((_, first)) = triggers
            .iter()
            .min_by_key(|(_, t)| (t.anomaly.onset, t.anomaly.id.clone()))
        else {
            return vec![];
        };
        let first_seen_by = first.anomaly.id.owner;
        let triggered: BTreeSet<AnomalyId> =
            triggers.iter().map(|(_, t)| t.anomaly.id.clone()).collect();
        let violations: Vec<Violation> = triggers.iter().map(|(v, _)| v.clone()).collect();
        let sure = |h: &&Hypothesis| {
            h.probability >= self.config.lead_probability_min
                && h.evidence_for
                    .iter()
                    .any(|e| triggered.contains(&e.anomaly))
        };
        let patience_over = self
            .unled_since
            .is_some_and(|since| now.since(since) >= self.config.patience_ms);
        match hypotheses.first().filter(sure) {
            Some(best) if best.object.domain() == self.domain => {
                let known = Known {
                    incident: self.next_incident(),
                    lease: self.next_lease(),
                    suspect: best.object.clone(),
                    fault: best.fault,
                };
                let symptoms: Vec<AnomalyId> = best
                    .evidence_for
                    .iter()
                    .map(|e| e.anomaly.clone())
                    .collect();
                self.opened(&known, &symptoms);
                vec![Output::Lead {
                    known,
                    symptoms,
                    violations,
                    hypotheses,
                    other,
                    situation,
                }]
            }
            _ if patience_over && first_seen_by == self.domain => {
                let (incident, lease) = (self.next_incident(), self.next_lease());
                let symptoms: Vec<AnomalyId> = triggered.into_iter().collect();
                self.claim(&incident, &symptoms);
                self.unled_since = None;
                let need = need.unwrap_or_else(|| "a symptom nearer to the cause".to_owned());
                vec![Output::Unexplained {
                    incident,
                    lease,
                    symptoms,
                    violations,
                    hypotheses,
                    other,
                    need,
                }]
            }
            _ => vec![],
        }
    }

    fn opened(&mut self, known: &Known, symptoms: &[AnomalyId]) {
        self.claim(&known.incident, symptoms);
        self.unled_since = None;
        self.open.insert(
            known.incident.clone(),
            Open {
                known: known.clone(),
                changed: false,
            },
        );
    }

    fn next_incident(&mut self) -> IncidentId {
        self.opened += 1;
        IncidentId::new(self.domain, self.opened)
    }

    const fn next_lease(&mut self) -> Lease {
        self.token += 1;
        Lease {
            leader: self.domain,
            token: self.token,
        }
    }
}

impl Engine for Correlator {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Raised(anomaly) => self.raised(anomaly),
            Input::Cleared(id) => {
                if let Some(tracked) = self.anomalies.get_mut(&id) {
                    tracked.cleared = Some(now);
                }
            }
            Input::Claimed { known, symptoms } => return self.claimed(known, &symptoms),
            Input::Closed { incident, fixed } => {
                self.close(&incident);
                if fixed {
                    self.fixed.insert(incident, now);
                }
            }
            Input::Changed { incident, until } => {
                if let Some(open) = self.open.get_mut(&incident) {
                    open.changed = true;
                }
                let old = self.echoes.entry(incident).or_insert(until);
                *old = until.max(*old);
            }
            Input::CountFrom { incidents, token } => {
                self.opened = self.opened.max(incidents);
                self.token = self.token.max(token);
            }
            Input::Tick(picture) => return self.tick(picture, now),
            Input::Diagnosed {
                situation,
                joined,
                hypotheses,
                other,
                need,
            } => {
                let mut outputs = self.join(&joined);
                outputs.extend(self.diagnosed(situation, hypotheses, other, need, now));
                return outputs;
            }
        }
        vec![]
    }
}
