//! A small journal that tells one incident from its raw message to its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zizhi_bus::Journal;
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::hypothesis::{CounterEvidence, Evidence, Hypothesis, HypothesisState};
use zizhi_types::negotiation::{Bid, Lease, RefuseReason, RunEnd};
use zizhi_types::objective::Violation;
use zizhi_types::plan::{Fingerprint, Mode, Plan, PlannedStep, PredictedChange, Rehearsal};
use zizhi_types::record::{Ending, GuardResult, Ruling, Verdict, Who};
use zizhi_types::{
    Anomaly, AnomalyId, Body, Domain, FaultKind, IncidentId, ManagedObject, MessageId, Metric,
    NetTime, PlanId, Record, RecordId, RunId,
};

/// What a device might send to harm whoever reads it in a browser.
pub const HOSTILE: &str = "<script>alert(1)</script>";

fn named(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

/// Writes records with counted ids.
pub struct Writer {
    journal: Journal,
    number: u64,
}

impl Writer {
    pub fn new(folder: &Path) -> (Self, PathBuf) {
        let path = folder.join("journal.jsonl");
        let journal = Journal::create(&path).unwrap();
        (Self { journal, number: 0 }, path)
    }

    /// Appends a record at `seconds`, caused by the records with these numbers, and makes it visible to readers.
    pub fn add(&mut self, seconds: u64, causes: &[u64], body: Body) -> u64 {
        self.write(seconds, Who::System, causes, body)
    }

    /// Appends what a person did.
    pub fn add_by(&mut self, seconds: u64, who: Who, body: Body) -> u64 {
        self.write(seconds, who, &[], body)
    }

    fn write(&mut self, seconds: u64, who: Who, causes: &[u64], body: Body) -> u64 {
        self.number += 1;
        let early = matches!(
            body,
            Body::Raw { .. } | Body::AnomalyRaised { .. } | Body::SwarmStarted { .. }
        );
        let record = Record {
            id: RecordId::new("transport", self.number),
            at: NetTime::from_secs(seconds),
            who,
            domain: Some(Domain::Transport),
            stage: body.stage(),
            object: Some(named("link/ATLA-HSTN")),
            incident: (!early).then(incident),
            causes: causes
                .iter()
                .map(|n| RecordId::new("transport", *n))
                .collect(),
            body,
        };
        self.journal.append(record).unwrap();
        self.journal.flush().unwrap();
        self.number
    }

    pub fn seal(&self, seconds: u64) {
        self.journal.seal(NetTime::from_secs(seconds)).unwrap();
    }
}

pub fn incident() -> IncidentId {
    IncidentId::new(Domain::Transport, 1)
}

fn anomaly(
    number: u64,
    object: &str,
    metric: Metric,
    seen: (f64, f64),
    violates: Option<f64>,
) -> Body {
    Body::AnomalyRaised {
        anomaly: Anomaly {
            id: AnomalyId::new(Domain::Transport, number),
            object: named(object),
            metric,
            score: 0.9993,
            expected: seen.0,
            observed: seen.1,
            onset: NetTime::from_secs(36_010),
            at: NetTime::from_secs(36_040),
            source: MessageId::new("router/ATLA", 7),
            violates,
        },
    }
}

fn violation() -> Violation {
    Violation {
        object: named("group/g1"),
        metric: Metric::GroupSuccess,
        limit: 0.98,
        value: 0.912,
    }
}

fn rehearsal() -> Rehearsal {
    Rehearsal {
        without: vec![violation()],
        with: vec![],
        changes: vec![PredictedChange {
            object: named("group/g1"),
            metric: Metric::GroupSuccess,
            without: 0.912,
            with: 0.997,
        }],
        makes_worse: false,
        error: 0.06,
        error_samples: 14,
        state_age_ms: 10_000,
    }
}

fn cost() -> Action {
    Action::new(Verb::LinkSetCost, named("link/ATLA-HSTN")).with("cost", Value::Number(1000.0))
}

fn plan() -> Plan {
    Plan {
        id: PlanId::new(Domain::Transport, 1),
        playbook: "transport.link.drain@1.0.0".into(),
        domain: Domain::Transport,
        incident: incident(),
        suspect: named("link/ATLA-HSTN"),
        fault: FaultKind::LinkLossy,
        params: BTreeMap::new(),
        steps: vec![PlannedStep {
            id: "drain".into(),
            action: cost(),
            timeout_ms: 30_000,
            policy: zizhi_types::plan::StepPolicy::default(),
        }],
        verify: vec![],
        verify_ms: 60_000,
        cost_tokens: 2.0,
        risk: 0.1,
        temporary: true,
        mode: Mode::Auto,
        policy: zizhi_types::plan::PlanPolicy::default(),
        fingerprint: Fingerprint("4f".repeat(32)),
    }
}

fn hypothesis(fault: FaultKind, object: &str, probability: f64) -> Hypothesis {
    Hypothesis {
        object: named(object),
        fault,
        probability,
        state: HypothesisState::Supported,
        evidence_for: vec![Evidence {
            anomaly: AnomalyId::new(Domain::Transport, 1),
            object: named("group/g1"),
            metric: Metric::GroupSuccess,
            path: vec![
                named("group/g1"),
                named("demand/ATLA:HSTN"),
                named("link/ATLA-HSTN"),
            ],
            weight: 0.8,
        }],
        evidence_against: vec![CounterEvidence::ExpectedSymptomAbsent {
            object: named("port/HSTN:ATLA-HSTN"),
            metric: Metric::PortError,
        }],
    }
}

/// Writes the story up to the diagnosis; the incident is open.
pub fn first_half(w: &mut Writer) {
    w.add(
        0,
        &[],
        Body::SwarmStarted {
            version: "0.1.0".into(),
            network: "abilene".into(),
            seed: Some(7),
            mode: Mode::Auto,
            cases: 0,
            without: vec![],
        },
    );
    let raw = Body::Raw {
        message: MessageId::new("router/ATLA", 7),
        subject: "zizhi.v1.transport.obs.telemetry".into(),
        payload: format!(r#"{{"note":"{HOSTILE}"}}"#),
    };
    let raw = w.add(36_040, &[], raw);
    let error = anomaly(
        1,
        "port/ATLA:ATLA-HSTN",
        Metric::PortError,
        (0.0001, 0.034),
        Some(0.005),
    );
    let error = w.add(36_040, &[raw], error);
    let success = anomaly(
        2,
        "group/g1",
        Metric::GroupSuccess,
        (0.998, 0.912),
        Some(0.98),
    );
    let success = w.add(36_040, &[raw], success);
    let opened = Body::IncidentOpened {
        lease: Lease {
            leader: Domain::Transport,
            token: 1,
        },
        symptoms: vec![
            AnomalyId::new(Domain::Transport, 1),
            AnomalyId::new(Domain::Transport, 2),
        ],
        violations: vec![violation()],
    };
    let opened = w.add(36_050, &[error, success], opened);
    let ranked = vec![
        hypothesis(FaultKind::LinkLossy, "link/ATLA-HSTN", 0.87),
        hypothesis(FaultKind::TrafficSurge, "demand/ATLA:HSTN", 0.08),
    ];
    w.add(
        36_050,
        &[opened],
        Body::Diagnosed {
            hypotheses: ranked,
            other: 0.05,
        },
    );
}

/// Writes the rest: from the plan to the closing.
#[expect(clippy::too_many_lines, reason = "one record after the other")]
pub fn second_half(w: &mut Writer) {
    let id = plan().id;
    let run = RunId::new(Domain::Transport, 1);
    let diagnosed = w.number;
    let rejected = vec![(
        "transport.link.reset@1.0.0".to_owned(),
        "the link is up".to_owned(),
    )];
    let planned = Body::Planned {
        plans: vec![id.clone()],
        rejected,
        from_case: None,
        from_run: None,
    };
    let planned = w.add(36_060, &[diagnosed], planned);
    let called = w.add(
        36_060,
        &[planned],
        Body::Called {
            domains: Domain::ALL.to_vec(),
        },
    );
    let bid = Bid {
        plan: plan(),
        rehearsal: rehearsal(),
        success_rate: 0.8,
        tried: 5,
    };
    let bid = w.add(
        36_060,
        &[called],
        Body::BidReceived {
            from: Domain::Transport,
            bid: Box::new(bid),
        },
    );
    let refused = Body::Refused {
        from: Domain::Access,
        plan: None,
        reason: RefuseReason::NothingToOffer,
    };
    w.add(36_060, &[called], refused);
    let rehearsed = Body::Rehearsed {
        plan: id.clone(),
        rehearsal: rehearsal(),
    };
    let rehearsed = w.add(36_061, &[bid], rehearsed);
    let awarded = Body::Awarded {
        plan: id.clone(),
        to: Domain::Transport,
        agreed: Domain::ALL.to_vec(),
    };
    let awarded = w.add(36_061, &[bid, rehearsed], awarded);
    let guard = |guard: &str, reason: &str| GuardResult {
        guard: guard.into(),
        pass: true,
        reason: reason.into(),
    };
    let guards = vec![
        guard("blast-radius", "1 objects, 3 services"),
        guard("kill-switch", "the kill switch is off"),
    ];
    let decided = Body::Decided {
        plan: Box::new(plan()),
        mode: Mode::Auto,
        guards,
        ruling: Ruling::Proceed,
    };
    let decided = w.add(36_061, &[awarded], decided);
    let step = "drain".to_owned();
    let started = Body::StepStarted {
        run: run.clone(),
        plan: id,
        step: step.clone(),
        key: "run-transport-1/drain".into(),
        action: cost(),
    };
    let started = w.add(36_062, &[decided], started);
    let receipt = Receipt {
        before: "cost 10".into(),
        after: "cost 1000".into(),
        undo: None,
    };
    let done = w.add(
        36_063,
        &[started],
        Body::StepDone {
            run: run.clone(),
            step,
            receipt,
        },
    );
    let verified = Body::Verified {
        run,
        verdict: Verdict::Pass,
        before: vec![violation()],
        after: vec![],
        reason: "the checks hold and nothing got worse".into(),
    };
    let verified = w.add(36_130, &[done], verified);
    let remembered = Body::Remembered {
        fault: FaultKind::LinkLossy,
        playbook: plan().playbook,
        outcome: RunEnd::Helped,
        twin_error: Some(0.04),
    };
    w.add(36_130, &[verified], remembered);
    w.add(
        36_140,
        &[verified],
        Body::IncidentClosed {
            ending: Ending::Fixed,
        },
    );
}

/// Goes on from the first half to a question: a person has until 10:10 to say yes.
pub fn asked(w: &mut Writer) {
    let diagnosed = w.number;
    let rejected = vec![(
        "transport.link.reset@1.0.0".to_owned(),
        "the link is up".to_owned(),
    )];
    let planned = Body::Planned {
        plans: vec![plan().id],
        rejected,
        from_case: None,
        from_run: None,
    };
    let planned = w.add(36_060, &[diagnosed], planned);
    let rehearsed = Body::Rehearsed {
        plan: plan().id,
        rehearsal: rehearsal(),
    };
    let rehearsed = w.add(36_061, &[planned], rehearsed);
    let decided = Body::Decided {
        plan: Box::new(plan()),
        mode: Mode::Approve,
        guards: vec![],
        ruling: Ruling::Ask,
    };
    let decided = w.add(36_062, &[rehearsed], decided);
    let asked = Body::ApprovalAsked {
        plan: plan().id,
        fingerprint: plan().fingerprint,
        revision: "r7".into(),
        lease: Lease {
            leader: Domain::Transport,
            token: 1,
        },
        expires: NetTime::from_secs(36_600),
        people: 1,
    };
    w.add(36_062, &[decided], asked);
}

/// The whole story, sealed.
pub fn whole(folder: &Path) -> PathBuf {
    let (mut writer, path) = Writer::new(folder);
    first_half(&mut writer);
    second_half(&mut writer);
    writer.seal(36_150);
    path
}
