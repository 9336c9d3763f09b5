//! Journals made by hand, record by record, for tests that work a level out on paper first.

use super::case::{JournalRecords, cases};
use super::flow::Flow;
use super::instrument::Instrument;
use super::observe::observe;
use super::outcome::{Scope, Score};
use super::row::Row;
use super::score::score;
pub use super::story::{Story, person};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::action::Receipt;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::{Evidence, HypothesisState};
use zizhi_types::negotiation::Lease;
use zizhi_types::objective::Violation;
use zizhi_types::plan::{Fingerprint, Mode, PlannedStep, Rehearsal};
use zizhi_types::record::{Ending, Ruling, Verdict, Who};
use zizhi_types::{
    Action, Anomaly, AnomalyId, Body, Hypothesis, IncidentId, ManagedObject, MessageId, Metric,
    NetTime, Plan, PlanId, Record, RecordId, RunId,
};

/// Writes a journal.
pub struct Pen {
    name: String,
    records: Vec<Record>,
    now: NetTime,
    incidents: u64,
    modes: Mode,
}

impl Pen {
    /// An empty journal of a swarm in mode auto.
    pub fn new(name: &str) -> Self {
        let mut pen = Self {
            name: name.to_owned(),
            records: vec![],
            now: NetTime::from_secs(1000),
            incidents: 0,
            modes: Mode::Auto,
        };
        let body = Body::SwarmStarted {
            version: "0".to_owned(),
            network: "paper".to_owned(),
            seed: None,
            mode: pen.modes,
            cases: 0,
            without: vec![],
        };
        pen.write(body, Who::System, None, vec![]);
        pen
    }

    /// The journal.
    pub fn done(self) -> JournalRecords {
        JournalRecords {
            name: self.name,
            records: self.records,
        }
    }

    /// Appends a record and returns its id.
    pub fn write(
        &mut self,
        body: Body,
        who: Who,
        incident: Option<&IncidentId>,
        causes: Vec<RecordId>,
    ) -> RecordId {
        let id = RecordId::new("paper", self.records.len() as u64 + 1);
        self.records.push(Record {
            id: id.clone(),
            at: self.now,
            who,
            domain: Some(Domain::Transport),
            stage: body.stage(),
            object: None,
            incident: incident.cloned(),
            causes,
            body,
        });
        id
    }

    /// Lets time pass.
    pub fn wait_s(&mut self, seconds: u64) {
        self.now = self.now + seconds * 1000;
    }

    /// One incident; 30 s to the opening, 20 s from each action to its verdict.
    pub fn tell(&mut self, story: &Story) -> IncidentId {
        self.incidents += 1;
        let n = self.incidents;
        let id = IncidentId::new(story.object().domain(), n);
        let anomaly = self.sense(story, n);
        self.open(story, &id, &anomaly);
        let decided = story.ending != Ending::RecoveredAlone && story.ending != Ending::Merged;
        if decided {
            self.plan_and_act(story, &id, n);
        }
        if story.ending != Ending::StillOpen {
            let by = Who::System;
            self.write(
                Body::IncidentClosed {
                    ending: story.ending,
                },
                by,
                Some(&id),
                vec![],
            );
        }
        self.wait_s(10);
        self.write(Body::AnomalyCleared { anomaly }, Who::System, None, vec![]);
        self.wait_s(600);
        id
    }

    fn sense(&mut self, story: &Story, n: u64) -> AnomalyId {
        let message = MessageId::new("router/A", n);
        let id = AnomalyId::new(Domain::Transport, n);
        let raw = Body::Raw {
            message: message.clone(),
            subject: "obs".to_owned(),
            payload: "{}".to_owned(),
        };
        let causes = if story.traced {
            vec![self.write(raw, Who::System, None, vec![])]
        } else {
            vec![]
        };
        let onset = self.now;
        self.wait_s(30);
        let anomaly = Anomaly {
            id: id.clone(),
            object: "group/g1".parse().unwrap(),
            metric: Metric::GroupSuccess,
            score: 1.0,
            expected: 1.0,
            observed: 0.5,
            onset,
            at: self.now,
            source: message,
            violates: story.hurt.then_some(0.95),
        };
        self.write(Body::AnomalyRaised { anomaly }, Who::System, None, causes);
        id
    }

    fn open(&mut self, story: &Story, id: &IncidentId, anomaly: &AnomalyId) {
        let lease = Lease {
            leader: story.object().domain(),
            token: 1,
        };
        let violations = if story.hurt {
            vec![violation()]
        } else {
            vec![]
        };
        let body = Body::IncidentOpened {
            lease,
            symptoms: vec![anomaly.clone()],
            violations,
        };
        self.write(body, Who::System, Some(id), vec![]);
        let evidence = Evidence {
            anomaly: anomaly.clone(),
            object: "group/g1".parse().unwrap(),
            metric: Metric::GroupSuccess,
            path: vec![],
            weight: 1.0,
        };
        let first = Hypothesis {
            object: story.object(),
            fault: story.fault,
            probability: 0.9,
            state: HypothesisState::Supported,
            evidence_for: vec![evidence],
            evidence_against: vec![],
        };
        let body = Body::Diagnosed {
            hypotheses: vec![first],
            other: 0.1,
        };
        self.write(body, Who::System, Some(id), vec![]);
    }

    fn plan_and_act(&mut self, story: &Story, id: &IncidentId, n: u64) {
        let plan = plan(story, id, n);
        let planned = Body::Planned {
            plans: vec![plan.id.clone()],
            rejected: vec![],
            from_case: None,
            from_run: None,
        };
        self.write(planned, Who::System, Some(id), vec![]);
        let rehearsed = Body::Rehearsed {
            plan: plan.id.clone(),
            rehearsal: rehearsal(),
        };
        self.write(rehearsed, Who::System, Some(id), vec![]);
        let awarded = Body::Awarded {
            plan: plan.id.clone(),
            to: plan.domain,
            agreed: vec![],
        };
        self.write(awarded, Who::System, Some(id), vec![]);
        if !self.decide(story, id, &plan) {
            return;
        }
        let helps = usize::from(story.ending == Ending::Fixed);
        for run in 0..story.rolled_back + helps {
            let run_id = RunId::new(plan.domain, n * 10 + run as u64);
            let before = if story.hurt {
                vec![violation()]
            } else {
                vec![]
            };
            self.act(id, &plan, &run_id, before, run >= story.rolled_back);
        }
    }

    /// Whether the plan may be run.
    fn decide(&mut self, story: &Story, id: &IncidentId, plan: &Plan) -> bool {
        let decided = |ruling| Body::Decided {
            plan: Box::new(plan.clone()),
            mode: story.mode,
            guards: vec![],
            ruling,
        };
        match story.mode {
            Mode::Observe | Mode::Suggest => {
                self.write(decided(Ruling::ShowOnly), Who::System, Some(id), vec![]);
                return false;
            }
            Mode::Auto => {}
            Mode::Approve => {
                self.write(decided(Ruling::Ask), Who::System, Some(id), vec![]);
                let Some(answer) = &story.answer else {
                    return false;
                };
                self.now = self.now + answer.waited_ms;
                let body = Body::Approved {
                    fingerprint: plan.fingerprint.clone(),
                    granted: answer.granted,
                    reason: String::new(),
                    considered_ms: answer.considered_ms,
                };
                self.write(body, answer.who.clone(), Some(id), vec![]);
                if !answer.granted {
                    return false;
                }
            }
        }
        self.write(decided(Ruling::Proceed), Who::System, Some(id), vec![]);
        true
    }

    fn act(
        &mut self,
        id: &IncidentId,
        plan: &Plan,
        run: &RunId,
        before: Vec<Violation>,
        helps: bool,
    ) {
        let action = plan.steps[0].action.clone();
        let receipt = Receipt {
            before: "a".to_owned(),
            after: "b".to_owned(),
            undo: None,
        };
        let (step, key) = ("one".to_owned(), run.to_string());
        let lease = Lease {
            leader: plan.domain,
            token: 1,
        };
        let committed = Body::Committed {
            plan: plan.id.clone(),
            lease,
            before: vec![],
        };
        self.write(committed, Who::System, Some(id), vec![]);
        let started = Body::StepStarted {
            run: run.clone(),
            plan: plan.id.clone(),
            step: step.clone(),
            key,
            action: action.clone(),
        };
        self.write(started, Who::System, Some(id), vec![]);
        let done = Body::StepDone {
            run: run.clone(),
            step: step.clone(),
            receipt: receipt.clone(),
        };
        self.write(done, Who::System, Some(id), vec![]);
        self.wait_s(20);
        let verdict = if helps { Verdict::Pass } else { Verdict::Fail };
        let verified = Body::Verified {
            run: run.clone(),
            verdict,
            before,
            after: vec![],
            reason: String::new(),
        };
        self.write(verified, Who::System, Some(id), vec![]);
        if !helps {
            let undo = Body::UndoStarted {
                run: run.clone(),
                step: step.clone(),
                action,
                reason: "verify-failed".to_owned(),
            };
            self.write(undo, Who::System, Some(id), vec![]);
            self.write(
                Body::UndoDone {
                    run: run.clone(),
                    step,
                    receipt,
                },
                Who::System,
                Some(id),
                vec![],
            );
        }
    }
}

/// A broken promise to users.
pub fn violation() -> Violation {
    Violation {
        object: "group/g1".parse().unwrap(),
        metric: Metric::GroupSuccess,
        limit: 0.95,
        value: 0.5,
    }
}

fn rehearsal() -> Rehearsal {
    Rehearsal {
        without: vec![violation()],
        with: vec![],
        changes: vec![],
        makes_worse: false,
        error: 0.0,
        error_samples: 0,
        state_age_ms: 0,
    }
}

fn plan(story: &Story, id: &IncidentId, n: u64) -> Plan {
    let object = ManagedObject::new(story.verb.object_kind(), "A-B").unwrap();
    Plan {
        id: PlanId::new(story.object().domain(), n),
        playbook: "paper@1.0.0".to_owned(),
        domain: story.object().domain(),
        incident: id.clone(),
        suspect: story.object(),
        fault: story.fault,
        params: BTreeMap::new(),
        steps: vec![PlannedStep {
            id: "one".to_owned(),
            action: Action::new(story.verb, object),
            timeout_ms: 1000,
            policy: zizhi_types::plan::StepPolicy::default(),
        }],
        verify: vec![],
        verify_ms: 60_000,
        cost_tokens: 1.0,
        risk: 0.1,
        temporary: false,
        mode: story.mode,
        policy: zizhi_types::plan::PlanPolicy::default(),
        fingerprint: Fingerprint(format!("{n:064}")),
    }
}

/// A journal of so many incidents of each story, in turn.
pub fn journal(name: &str, stories: &[(usize, Story)]) -> JournalRecords {
    let mut pen = Pen::new(name);
    for (times, story) in stories {
        for _ in 0..*times {
            pen.tell(story);
        }
    }
    pen.done()
}

/// The rows of journals in a flow.
pub fn rows(
    flow: Flow,
    journals: &[JournalRecords],
    false_actions: &BTreeSet<(String, IncidentId)>,
) -> Vec<Row> {
    let instrument = Instrument::builtin().unwrap();
    let mut found = vec![];
    for journal in journals {
        let (cases, _) = cases(journal, false_actions);
        found.extend(observe(flow, &cases, &instrument));
    }
    found
}

/// The score of rows, by the shipped instrument.
pub fn scored(flow: Flow, rows: &[Row]) -> Score {
    let instrument = Instrument::builtin().unwrap();
    score(
        flow,
        rows,
        &Scope::default(),
        &instrument.sub_scenarios,
        &instrument,
    )
}

/// The fault-management score of incidents.
pub fn of(stories: &[(usize, Story)]) -> Score {
    let rows = rows(
        Flow::FaultManagement,
        &[journal("j", stories)],
        &BTreeSet::new(),
    );
    scored(Flow::FaultManagement, &rows)
}
