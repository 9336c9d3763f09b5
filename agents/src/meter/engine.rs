//! Records and readings in, a page of metrics out.

use super::instruments::Instruments;
use super::names::Name;
use super::readings::{Last, Readings};
use super::watched::Watched;
use super::words::{
    ENDINGS, OUTCOMES, REFUSALS, RULINGS, VERDICTS, ending, outcome, refusal, ruling, verdict,
};
use zizhi_types::plan::Plan;
use zizhi_types::record::{GuardResult, Ruling, Verdict};
use zizhi_types::{Body, Domain, Record, Stage};

/// Why nothing is done about something unusual; any other reason is counted as `other`.
const SUPPRESSED: [&str; 3] = [
    "no-objective-violated",
    "planned-work",
    "explained-upstream",
];

/// Counts what is written down. Fed with a reopened journal first, its counters go on where they were.
#[derive(Debug)]
pub struct Meter {
    shown: Instruments,
    watched: Watched,
    last: Last,
}

impl Meter {
    /// Nothing counted yet, for a program of this version.
    pub fn new(version: &str) -> Self {
        let meter = Self {
            shown: Instruments::new(),
            watched: Watched::default(),
            last: Last::new(),
        };
        meter.begin();
        meter.shown.set(Name::BuildInfo, &[version], 1.0);
        meter
    }

    /// Makes the series whose labels are known beforehand, so that the first event is seen as an increase.
    fn begin(&self) {
        let closed_sets: [(Name, &[&str]); 17] = [
            (Name::IncidentsClosed, &ENDINGS.map(ending)),
            (Name::Suppressions, &SUPPRESSED),
            (Name::Diagnoses, &["ranked", "insufficient"]),
            (Name::Plannings, &["planned", "none"]),
            (Name::NegotiationRefusals, &REFUSALS),
            (Name::Rehearsals, &["no-worse", "worse"]),
            (Name::Decisions, &RULINGS.map(ruling)),
            (Name::Approvals, &["granted", "denied"]),
            (Name::Undos, &["done", "failed"]),
            (Name::Runs, &OUTCOMES.map(outcome)),
            (Name::Verdicts, &VERDICTS.map(verdict)),
            (Name::RolesDied, &["restart", "freeze"]),
            (Name::IncidentsOpened, &Domain::ALL.map(Domain::as_str)),
            (Name::AnomaliesRaised, &Domain::ALL.map(Domain::as_str)),
            (Name::AnomaliesCleared, &Domain::ALL.map(Domain::as_str)),
            (Name::DeadLetters, &Domain::ALL.map(Domain::as_str)),
            (Name::PeersLost, &Domain::ALL.map(Domain::as_str)),
        ];
        for (name, values) in closed_sets {
            for value in values {
                self.shown.begin(name, &[value]);
            }
        }
        let read_elsewhere = |n: &Name| {
            let text = n.as_str();
            ["zizhi_bus_", "zizhi_journal_", "zizhi_leases_"]
                .iter()
                .any(|p| text.starts_with(p))
        };
        for name in Name::ALL {
            if name.labels().is_empty() && !read_elsewhere(name) {
                self.shown.begin(*name, &[]);
            }
        }
    }

    /// Takes the next record of the journal.
    pub fn observe(&mut self, record: &Record) {
        self.shown
            .set(Name::NetworkTime, &[], record.at.as_secs_f64());
        self.life(record);
        self.reach(record);
        self.sensed(record);
        self.agreed(record);
        self.acted(record);
        self.watched.waits_no_more(&record.body);
    }

    /// Takes what the parts around the agents count.
    pub fn read(&mut self, readings: &Readings) {
        readings.enter(&self.shown, &mut self.last);
    }

    /// The page, as `OpenMetrics` 1.0 text.
    pub fn render(&self) -> String {
        let open = self.watched.open() as f64;
        self.shown.set(Name::IncidentsOpen, &[], open);
        let waiting = self.watched.waiting() as f64;
        self.shown.set(Name::ApprovalsWaiting, &[], waiting);
        self.shown.render()
    }

    fn count(&self, name: Name, values: &[&str]) {
        self.shown.add(name, values, 1);
    }

    /// Incidents from their opening to their end.
    fn life(&mut self, record: &Record) {
        let Some(incident) = &record.incident else {
            return;
        };
        match &record.body {
            Body::IncidentOpened { lease, .. } => {
                self.watched.leads(incident, Some(record.at));
                self.count(Name::IncidentsOpened, &[lease.leader.as_str()]);
            }
            Body::TookOver { .. } => {
                self.watched.leads(incident, None);
                self.count(Name::IncidentsTakenOver, &[]);
            }
            Body::IncidentClosed { ending: how } => {
                let how = ending(*how);
                self.count(Name::IncidentsClosed, &[how]);
                if let Some(opened) = self.watched.closed(incident) {
                    let ms = record.at.since(opened);
                    self.shown.took(Name::IncidentSeconds, &[how], ms);
                }
            }
            _ => {}
        }
    }

    /// How long an incident took to come to each stage, to its first step and to its restoration.
    fn reach(&mut self, record: &Record) {
        let Some(open) = self.watched.incident(record) else {
            return;
        };
        let Some(opened) = open.opened else { return };
        let ms = record.at.since(opened);
        let is_step = matches!(record.body, Body::StepStarted { .. });
        let is_pass = matches!(
            &record.body,
            Body::Verified {
                verdict: Verdict::Pass,
                ..
            }
        );
        let first_of_stage = record.stage != Stage::Correlate && open.reached.insert(record.stage);
        let first_step = is_step && !open.acted;
        let first_pass = is_pass && !open.restored;
        open.acted |= is_step;
        open.restored |= is_pass;
        if first_of_stage {
            let stage = record.stage.to_string();
            self.shown.took(Name::StageSeconds, &[&stage], ms);
        }
        if first_step {
            self.shown.took(Name::DecisionSeconds, &[], ms);
        }
        if first_pass {
            self.shown.took(Name::RestoreSeconds, &[], ms);
        }
    }

    /// What came in and what was made of it.
    fn sensed(&mut self, record: &Record) {
        let domain = record.domain.map_or("swarm", Domain::as_str);
        match &record.body {
            Body::AnomalyRaised { anomaly } => {
                self.count(Name::AnomaliesRaised, &[domain]);
                let ms = record.at.since(anomaly.onset);
                self.shown.took(Name::DetectionSeconds, &[], ms);
            }
            Body::AnomalyCleared { .. } => self.count(Name::AnomaliesCleared, &[domain]),
            Body::Suppressed { reason, .. } => {
                let known = SUPPRESSED.into_iter().find(|r| r == reason);
                self.count(Name::Suppressions, &[known.unwrap_or("other")]);
            }
            Body::DeadLetter { .. } => self.count(Name::DeadLetters, &[domain]),
            Body::Dropped { messages } => {
                self.shown.add(Name::TelemetryDropped, &[], *messages);
            }
            Body::RoleDied { measure, .. } => {
                let known = ["restart", "freeze"].into_iter().find(|m| m == measure);
                self.count(Name::RolesDied, &[known.unwrap_or("other")]);
            }
            Body::Resumed { .. } => self.count(Name::Resumes, &[]),
            Body::PeerLost { domain } => self.peer(*domain, false),
            Body::PeerBack { domain } => self.peer(*domain, true),
            _ => {}
        }
    }

    fn peer(&self, domain: Domain, up: bool) {
        if !up {
            self.count(Name::PeersLost, &[domain.as_str()]);
        }
        let level = f64::from(u8::from(up));
        self.shown.set(Name::PeerUp, &[domain.as_str()], level);
    }

    /// From the causes to the ruling.
    fn agreed(&mut self, record: &Record) {
        match &record.body {
            Body::Diagnosed { .. } => self.count(Name::Diagnoses, &["ranked"]),
            Body::EvidenceInsufficient { .. } => self.count(Name::Diagnoses, &["insufficient"]),
            Body::Planned { .. } => self.count(Name::Plannings, &["planned"]),
            Body::NoPlan { .. } => self.count(Name::Plannings, &["none"]),
            Body::Called { .. } => self.count(Name::NegotiationCalls, &[]),
            Body::BidReceived { from, .. } => {
                self.count(Name::NegotiationOffers, &[from.as_str()]);
            }
            Body::Refused { reason, .. } => {
                self.count(Name::NegotiationRefusals, &[refusal(reason)]);
            }
            Body::Awarded { to, .. } => self.count(Name::NegotiationAwards, &[to.as_str()]),
            Body::Aborted { .. } => self.count(Name::NegotiationAborts, &[]),
            Body::Rehearsed { rehearsal, .. } => {
                let result = if rehearsal.makes_worse {
                    "worse"
                } else {
                    "no-worse"
                };
                self.count(Name::Rehearsals, &[result]);
            }
            Body::Decided {
                plan,
                guards,
                ruling,
                ..
            } => self.decided(record, plan, guards, *ruling),
            Body::Approved {
                fingerprint,
                granted,
                ..
            } => {
                let answer = if *granted { "granted" } else { "denied" };
                self.count(Name::Approvals, &[answer]);
                if let Some(since) = self.watched.answered(&fingerprint.0) {
                    let ms = record.at.since(since);
                    self.shown.took(Name::ApprovalSeconds, &[], ms);
                }
            }
            Body::Escalated { .. } => self.count(Name::Escalations, &[]),
            _ => {}
        }
    }

    fn decided(&mut self, record: &Record, plan: &Plan, guards: &[GuardResult], said: Ruling) {
        self.count(Name::Decisions, &[ruling(said)]);
        for guard in guards.iter().filter(|g| !g.pass) {
            self.count(Name::GuardRefusals, &[&guard.guard]);
        }
        if said == Ruling::Ask {
            self.watched.asks(&plan.fingerprint.0, &plan.id, record);
        } else {
            self.watched.answered(&plan.fingerprint.0);
        }
    }

    /// What was done to the network, and whether it helped.
    fn acted(&mut self, record: &Record) {
        match &record.body {
            Body::StepStarted {
                run, step, action, ..
            } => self.watched.step(run, step, action.verb),
            Body::StepDone { run, step, .. } => {
                let verb = self.watched.stepped(run, step);
                self.count(Name::Steps, &[verb.map_or("other", |v| v.as_str()), "done"]);
            }
            Body::StepFailed {
                run,
                step,
                effect_unknown,
                ..
            } => {
                let verb = self.watched.stepped(run, step);
                let result = if *effect_unknown { "unknown" } else { "failed" };
                self.count(Name::Steps, &[verb.map_or("other", |v| v.as_str()), result]);
            }
            Body::UndoDone { .. } => self.count(Name::Undos, &["done"]),
            Body::UndoFailed { .. } => self.count(Name::Undos, &["failed"]),
            Body::Frozen { .. } => self.count(Name::ObjectsFrozen, &[]),
            Body::Verified { verdict: said, .. } => self.count(Name::Verdicts, &[verdict(*said)]),
            Body::Remembered { outcome: how, .. } => self.count(Name::Runs, &[outcome(*how)]),
            _ => {}
        }
    }
}
