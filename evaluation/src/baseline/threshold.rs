//! The engine: alerts in, actions out.
//!
//! Telemetry is only taken in; once an interval, at the clock, the rules are looked at in order: alerts begin and end,
//! incidents open and close, and what is due is done. Pure: it reads no clock and touches no network.

use super::act;
use super::book::{About, Book, Command};
use super::facts::Facts;
use super::incidents::Incident;
use super::rules::Rules;
use super::watch::{Sight, Spot, Watch};
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_bus::batch::telemetry;
use zizhi_playbooks::DriverError;
use zizhi_types::action::Receipt;
use zizhi_types::record::{Ending, Verdict};
use zizhi_types::wire::{Inventory, Maintenance, TelemetryBatch};
use zizhi_types::{Action, Body, Domain, ManagedObject, NetTime, PlanId, RecordId, RunId};

/// What the engine is told.
pub enum Heard {
    /// What a domain consists of.
    Inventory(Box<Inventory>),
    /// Announced work.
    Maintenance(Maintenance),
    /// What a source measured, in which message.
    Telemetry(TelemetryBatch, Arc<Message>),
    /// A message that cannot be read, and why.
    Unreadable(Arc<Message>, String),
    /// Time has passed.
    Tick,
    /// Nothing may be changed any more.
    Kill,
    /// What the driver said.
    Driven {
        /// For which run.
        run: RunId,
        /// The answer.
        result: Result<Receipt, DriverError>,
    },
}

/// An action on its way.
struct Underway {
    spot: Spot,
    step: String,
}

/// Thresholds and fixed playbooks.
pub struct Threshold {
    pub(super) rules: Rules,
    facts: Facts,
    watch: Watch,
    pub(super) book: Book,
    pub(super) incidents: BTreeMap<Spot, Incident>,
    /// Until when nothing more is done to an object, whichever rule asks.
    cooling: BTreeMap<ManagedObject, NetTime>,
    underway: BTreeMap<RunId, Underway>,
    pub(super) counts: BTreeMap<Domain, Counts>,
    pub(super) leases: u64,
    killed: bool,
}

/// Ids given so far in a domain.
#[derive(Default)]
pub(super) struct Counts {
    pub anomalies: u64,
    pub incidents: u64,
    runs: u64,
}

impl Threshold {
    /// Knows its rules, and nothing of the network yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            facts: Facts::new(),
            watch: Watch::default(),
            book: Book::default(),
            incidents: BTreeMap::new(),
            cooling: BTreeMap::new(),
            underway: BTreeMap::new(),
            counts: BTreeMap::new(),
            leases: 0,
            killed: false,
        }
    }

    /// What to do about what was heard.
    pub fn handle(&mut self, heard: Heard, now: NetTime) -> Vec<Command> {
        self.book.at(now);
        match heard {
            Heard::Inventory(inventory) => self.facts.learn(*inventory),
            Heard::Maintenance(work) => self.noted(work),
            Heard::Telemetry(batch, message) => {
                self.watch
                    .batch(&self.rules, &mut self.facts, &batch, &message);
            }
            Heard::Unreadable(message, reason) => self.unreadable(&message, reason),
            Heard::Tick => self.tick(),
            Heard::Kill => self.killed = true,
            Heard::Driven { run, result } => self.driven(&run, result),
        }
        self.book.take()
    }

    fn noted(&mut self, work: Maintenance) {
        let body = Body::MaintenanceNoted {
            ticket: work.ticket.clone(),
            objects: work.objects.clone(),
            until: work.until,
        };
        self.book.write(About::default(), body);
        self.facts.announce(work);
    }

    fn unreadable(&mut self, message: &Message, reason: String) {
        let text = telemetry::readable(&message.payload);
        let body = Body::DeadLetter {
            message: message.id.clone(),
            subject: message.subject.clone(),
            reason,
            sample: text.chars().take(200).collect(),
        };
        self.book.write(About::default(), body);
    }

    fn tick(&mut self) {
        self.watch.silence(&self.rules, self.book.now());
        self.end_alerts();
        for index in 0..self.rules.rules.len() {
            self.begin_alerts(index);
        }
        let spots: Vec<Spot> = self.incidents.keys().cloned().collect();
        for spot in spots {
            self.attend(&spot);
        }
    }

    /// Alerts that are over; an incident without any is over too.
    fn end_alerts(&mut self) {
        let mut over: Vec<Spot> = vec![];
        for (spot, incident) in &mut self.incidents {
            let well = |object: &ManagedObject| self.watch.is_well(&(spot.0, object.clone()));
            let gone: Vec<ManagedObject> = incident
                .alerts
                .keys()
                .filter(|o| well(o))
                .cloned()
                .collect();
            for object in gone {
                let Some(alert) = incident.alerts.remove(&object) else {
                    continue;
                };
                let about = About {
                    domain: Some(object.domain()),
                    causes: vec![alert.record],
                    ..About::default()
                };
                let anomaly = alert.id;
                self.book.write(about, Body::AnomalyCleared { anomaly });
            }
            if incident.alerts.is_empty() {
                over.push(spot.clone());
            }
        }
        for spot in over {
            if let Some(incident) = self.incidents.remove(&spot) {
                self.finish(&spot.1, &incident);
            }
        }
    }

    fn finish(&mut self, target: &ManagedObject, incident: &Incident) {
        if incident.handed_over {
            return;
        }
        let mut cause = incident.last.clone();
        if let Some(run) = &incident.done {
            let body = Body::Verified {
                run: run.clone(),
                verdict: Verdict::Pass,
                before: incident.before.clone(),
                after: vec![],
                reason: "the alert cleared".to_owned(),
            };
            cause = self.book.write(about(incident, target, cause), body);
        }
        let ending = incident.ending();
        let body = Body::IncidentClosed { ending };
        self.book.write(about(incident, target, cause), body);
    }

    fn begin_alerts(&mut self, index: usize) {
        let mut new: BTreeMap<ManagedObject, Vec<(ManagedObject, Sight)>> = BTreeMap::new();
        for (object, sight) in self.watch.firing(&self.rules, index) {
            let target = act::target(&self.rules.rules[index], &object, &self.facts);
            let spot = (index, target.clone());
            let known = self.incidents.get(&spot);
            if known.is_some_and(|i| i.alerts.contains_key(&object)) {
                continue;
            }
            let now = self.book.now();
            if self.facts.under_work(&object, now) || self.is_inhibited(index, &object, &target) {
                self.watch.forget(&(index, object));
                continue;
            }
            new.entry(target).or_default().push((object, sight));
        }
        for (target, seen) in new {
            self.alert((index, target), seen);
        }
    }

    /// A rule that explains this one alerts at the same object, at what is acted on, or at a router at the end of the
    /// same link.
    fn is_inhibited(&self, index: usize, object: &ManagedObject, target: &ManagedObject) -> bool {
        let unless = &self.rules.rules[index].unless;
        let greater: Vec<usize> = unless.iter().filter_map(|n| self.rules.index(n)).collect();
        let explains = |other: &ManagedObject| {
            other == object || other == target || self.facts.ends_at(target, other)
        };
        self.incidents
            .keys()
            .filter(|(rule, _)| greater.contains(rule))
            .any(|(_, other)| explains(other))
    }

    /// Does what is due about an incident: a try, or a call for a person.
    fn attend(&mut self, spot: &Spot) {
        let now = self.book.now();
        let rule = &self.rules.rules[spot.0];
        let busy = self.cooling.get(&spot.1).is_some_and(|until| now < *until);
        let Some(incident) = self.incidents.get_mut(spot) else {
            return;
        };
        if incident.handed_over || busy || now < incident.due || self.killed {
            return;
        }
        if incident.tries >= rule.tries {
            let reason = format!("{} was tried {} times", rule.action, incident.tries);
            self.hand_over(spot, reason);
            return;
        }
        match act::action(rule, &spot.1, &self.facts) {
            Err(reason) => self.hand_over(spot, reason),
            Ok(action) => {
                let cool_ms = rule.cool_down_s * 1000;
                let step = rule.name.clone();
                incident.tries += 1;
                incident.due = now + cool_ms;
                self.cooling.insert(spot.1.clone(), now + cool_ms);
                self.start(spot, step, action);
            }
        }
    }

    fn start(&mut self, spot: &Spot, step: String, action: Action) {
        let domain = spot.1.domain();
        let counts = self.counts.entry(domain).or_default();
        counts.runs += 1;
        let run = RunId::new(domain, counts.runs);
        let Some(incident) = self.incidents.get_mut(spot) else {
            return;
        };
        incident.before = incident.violations();
        let key = format!("{run}/{step}");
        let body = Body::StepStarted {
            run: run.clone(),
            // A fixed playbook makes no plans: each run is its own.
            plan: PlanId::new(domain, counts.runs),
            step: step.clone(),
            key: key.clone(),
            action: action.clone(),
        };
        let cause = incident.last.clone();
        incident.last = self.book.write(about(incident, &spot.1, cause), body);
        self.facts.intend(&action);
        let spot = spot.clone();
        self.underway.insert(run.clone(), Underway { spot, step });
        self.book.drive(run, key, action);
    }

    fn driven(&mut self, run: &RunId, result: Result<Receipt, DriverError>) {
        let Some(Underway { spot, step }) = self.underway.remove(run) else {
            return;
        };
        let Some(incident) = self.incidents.get_mut(&spot) else {
            return;
        };
        let run = run.clone();
        let body = match result {
            Ok(receipt) => {
                incident.done = Some(run.clone());
                Body::StepDone { run, step, receipt }
            }
            Err(error) => Body::StepFailed {
                run,
                step,
                effect_unknown: matches!(error, DriverError::Unknown(_)),
                reason: error.to_string(),
            },
        };
        let cause = incident.last.clone();
        incident.last = self.book.write(about(incident, &spot.1, cause), body);
    }

    fn hand_over(&mut self, spot: &Spot, reason: String) {
        let Some(incident) = self.incidents.get_mut(spot) else {
            return;
        };
        incident.handed_over = true;
        let cause = incident.last.clone();
        let body = Body::Escalated { reason };
        let last = self.book.write(about(incident, &spot.1, cause), body);
        let ending = Ending::Escalated;
        let body = Body::IncidentClosed { ending };
        self.book.write(about(incident, &spot.1, last), body);
    }
}

fn about<'a>(incident: &'a Incident, target: &'a ManagedObject, cause: RecordId) -> About<'a> {
    About {
        domain: Some(incident.lease.leader),
        object: Some(target),
        incident: Some(&incident.id),
        causes: vec![cause],
    }
}
