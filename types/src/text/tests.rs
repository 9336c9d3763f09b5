use super::*;
use crate::action::{Receipt, Verb};
use crate::anomaly::Anomaly;
use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::hypothesis::{Hypothesis, HypothesisState};
use crate::ids::{AnomalyId, IncidentId, MessageId, PlanId, RecordId, RunId};
use crate::metric::Metric;
use crate::negotiation::{Bid, Lease, RefuseReason, RunEnd};
use crate::object::{ManagedObject, ObjectKind};
use crate::objective::Violation;
use crate::plan::{Fingerprint, Mode, Plan, Rehearsal};
use crate::record::{Body, Ending, GuardResult, Record, Ruling, Stage, Verdict, Who};
use crate::severity::Severity;
use crate::time::NetTime;
use std::collections::{BTreeMap, BTreeSet};

fn keys(source: &str) -> Vec<&str> {
    let starts = |l: &&str| l.starts_with(|c: char| c.is_ascii_lowercase());
    source
        .lines()
        .filter(starts)
        .filter_map(|l| l.split(" =").next())
        .collect()
}

const EN: &str = include_str!("../../locales/en.ftl");
const ZH: &str = include_str!("../../locales/zh.ftl");

#[test]
fn both_files_have_the_same_keys_in_the_same_order_and_fill_the_same_places() {
    assert_eq!(Messages::problems(EN, ZH), Vec::<String>::new());
    assert_eq!(keys(EN), keys(ZH));
}

#[test]
fn every_word_has_a_label_in_both_languages() {
    fn all<W: Word>(words: impl IntoIterator<Item = W>) {
        for word in words {
            let key = word.key();
            for language in Language::ALL {
                let text = label(&word, language);
                assert_ne!(text, key, "no {language} text");
                let han = text.chars().any(|c| c > '\u{3000}') || text.contains("IGP");
                assert_eq!(
                    han,
                    language == Language::Zh || text.contains("IGP"),
                    "{key}: {text}"
                );
            }
        }
    }
    all(Domain::ALL);
    all(ObjectKind::ALL);
    all(FaultKind::ALL);
    all(Verb::ALL);
    all(Metric::ALL);
    all(Severity::ALL);
    all([Mode::Observe, Mode::Suggest, Mode::Approve, Mode::Auto]);
    all([
        Ending::Fixed,
        Ending::RecoveredAlone,
        Ending::Merged,
        Ending::Escalated,
        Ending::StillOpen,
    ]);
    all([Verdict::Pass, Verdict::Fail, Verdict::Inconclusive]);
    all([Ruling::Proceed, Ruling::Ask, Ruling::ShowOnly, Ruling::Deny]);
    all([
        RunEnd::Helped,
        RunEnd::Undone,
        RunEnd::Stuck,
        RunEnd::NotRun,
    ]);
    all(bodies().iter().map(Body::stage));
    all([Stage::Swarm, Stage::Learn]);
}

fn object_named(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

fn violation() -> Violation {
    Violation {
        object: object_named("group/g1"),
        metric: Metric::GroupSuccess,
        limit: 0.98,
        value: 0.912,
    }
}

fn rehearsal(makes_worse: bool, error_samples: u32) -> Rehearsal {
    Rehearsal {
        without: vec![violation(), violation()],
        with: vec![violation()],
        changes: vec![],
        makes_worse,
        error: 0.08,
        error_samples,
        state_age_ms: 10_000,
    }
}

fn plan() -> Plan {
    Plan {
        id: PlanId::new(Domain::Transport, 5),
        playbook: "transport.link.drain@1.0.0".into(),
        domain: Domain::Transport,
        incident: IncidentId::new(Domain::Transport, 3),
        suspect: object_named("link/A-B"),
        fault: FaultKind::LinkLossy,
        params: BTreeMap::new(),
        steps: vec![],
        verify: vec![],
        verify_ms: 60_000,
        cost_tokens: 2.0,
        risk: 0.1,
        temporary: true,
        mode: Mode::Auto,
        policy: crate::plan::PlanPolicy::default(),
        fingerprint: Fingerprint("ab".repeat(32)),
    }
}

fn hypotheses(count: usize) -> Vec<Hypothesis> {
    let one = Hypothesis {
        object: object_named("link/A-B"),
        fault: FaultKind::LinkLossy,
        probability: 0.87,
        state: HypothesisState::Supported,
        evidence_for: vec![],
        evidence_against: vec![],
    };
    vec![one; count]
}

/// At least one of each; both sides of each choice of wording. A new variant fails `each_variant_is_here`.
#[expect(clippy::too_many_lines, reason = "a flat table of samples")]
fn bodies() -> Vec<Body> {
    let text = String::from;
    let run = RunId::new(Domain::Transport, 2);
    let plan_id = plan().id;
    let ano = |n| AnomalyId::new(Domain::Transport, n);
    let msg = MessageId::new("router/A", 9);
    let lease = Lease {
        leader: Domain::Transport,
        token: 4,
    };
    let action = crate::action::Action::new(Verb::LinkSetCost, object_named("link/A-B"))
        .with("cost", crate::action::Value::Number(1000.0));
    let receipt = Receipt {
        before: text("cost 10"),
        after: text("cost 1000"),
        undo: None,
    };
    let anomaly = |violates| Anomaly {
        id: ano(7),
        object: object_named("port/A:A-B"),
        metric: Metric::PortError,
        score: 0.9995,
        expected: 0.0001,
        observed: 0.034,
        onset: NetTime(0),
        at: NetTime(10),
        source: msg.clone(),
        violates,
    };
    let refused = |plan, reason| Body::Refused {
        from: Domain::Service,
        plan,
        reason,
    };
    let bid = |tried| Body::BidReceived {
        from: Domain::Compute,
        bid: Box::new(Bid {
            plan: plan(),
            rehearsal: rehearsal(false, 5),
            success_rate: 0.8,
            tried,
        }),
    };
    let guard = |pass| GuardResult {
        guard: text("rate"),
        pass,
        reason: text("3 runs in an hour"),
    };
    let decided = |pass| Body::Decided {
        plan: Box::new(plan()),
        mode: Mode::Auto,
        guards: vec![guard(true), guard(pass)],
        ruling: if pass { Ruling::Proceed } else { Ruling::Deny },
    };
    let approved = |granted| Body::Approved {
        fingerprint: plan().fingerprint,
        granted,
        reason: text("not during the match."),
        considered_ms: None,
    };
    let started = |seed| Body::SwarmStarted {
        version: text("0.1.0"),
        network: text("abilene"),
        seed,
        mode: Mode::Auto,
        cases: seed.unwrap_or(0),
        without: seed.map(|_| text("twin")).into_iter().collect(),
    };
    vec![
        started(Some(7)),
        started(None),
        Body::SwarmDrained {
            reason: text("operator"),
            messages: 12_345,
            dropped: 0,
        },
        Body::RoleDied {
            role: text("planner"),
            reason: text("bad state"),
            measure: text("restart"),
        },
        Body::Dropped { messages: 1 },
        Body::Dropped { messages: 30 },
        Body::Raw {
            message: msg.clone(),
            subject: text("zizhi.v1.transport.obs.telemetry"),
            payload: text("{}"),
        },
        Body::DeadLetter {
            message: msg.clone(),
            subject: text("zizhi.v1.transport.obs.telemetry"),
            reason: text("no JSON"),
            sample: text("%%"),
        },
        Body::MaintenanceNoted {
            ticket: text("CHG-1"),
            objects: vec![object_named("link/A-B"); 6],
            until: NetTime::from_secs(7200),
        },
        Body::AnomalyRaised {
            anomaly: anomaly(None),
        },
        Body::AnomalyRaised {
            anomaly: anomaly(Some(0.005)),
        },
        Body::AnomalyCleared { anomaly: ano(7) },
        Body::IncidentOpened {
            lease,
            symptoms: vec![ano(1)],
            violations: vec![violation()],
        },
        Body::SymptomsJoined {
            symptoms: vec![ano(2), ano(3)],
        },
        Body::Suppressed {
            symptoms: vec![ano(4)],
            reason: text("planned-work"),
            detail: text("CHG-1"),
        },
        Body::Diagnosed {
            hypotheses: hypotheses(3),
            other: 0.05,
        },
        Body::Diagnosed {
            hypotheses: hypotheses(1),
            other: 0.13,
        },
        Body::Diagnosed {
            hypotheses: vec![],
            other: 1.0,
        },
        Body::EvidenceInsufficient {
            need: text("carrier of port B:A-B from transport"),
        },
        Body::Planned {
            plans: vec![plan_id.clone()],
            rejected: vec![],
            from_case: None,
            from_run: None,
        },
        Body::Planned {
            plans: vec![plan_id.clone(); 2],
            rejected: vec![(text("transport.link.reset@1.0.0"), text("not down"))],
            from_case: Some(IncidentId::new(Domain::Transport, 1)),
            from_run: None,
        },
        Body::Planned {
            plans: vec![plan_id.clone()],
            rejected: vec![],
            from_case: Some(IncidentId::new(Domain::Transport, 1)),
            from_run: Some(text("demo-1")),
        },
        Body::NoPlan {
            reason: text("no playbook for it"),
        },
        Body::Called {
            domains: Domain::ALL.to_vec(),
        },
        bid(0),
        bid(5),
        refused(None, RefuseReason::NothingToOffer),
        refused(None, RefuseReason::NotYet { wait_ms: 30_000 }),
        refused(
            Some(plan_id.clone()),
            RefuseReason::HarmsObjective {
                rehearsal: Box::new(rehearsal(true, 1)),
            },
        ),
        refused(
            None,
            RefuseReason::Busy {
                incident: IncidentId::new(Domain::Service, 1),
            },
        ),
        refused(None, RefuseReason::StaleLease { newest: lease }),
        refused(
            None,
            RefuseReason::Guard {
                reason: text("kill switch."),
            },
        ),
        Body::Awarded {
            plan: plan_id.clone(),
            to: Domain::Transport,
            agreed: Domain::ALL.to_vec(),
        },
        Body::Committed {
            plan: plan_id.clone(),
            lease,
            before: vec![],
        },
        Body::Resumed {
            records: 12,
            runs: vec![run.clone()],
            incidents: vec![],
        },
        Body::PeerLost {
            domain: Domain::Access,
        },
        Body::PeerBack {
            domain: Domain::Access,
        },
        Body::TookOver {
            from: Domain::Service,
            lease,
        },
        Body::GaveWay { lease },
        Body::RunResumed {
            run: run.clone(),
            plan: plan_id.clone(),
            found: text("step-was-done"),
        },
        Body::Aborted {
            plan: plan_id.clone(),
            reason: text("no answer"),
        },
        Body::Rehearsed {
            plan: plan_id.clone(),
            rehearsal: rehearsal(false, 12),
        },
        Body::Rehearsed {
            plan: plan_id.clone(),
            rehearsal: rehearsal(true, 0),
        },
        decided(true),
        decided(false),
        approved(true),
        approved(false),
        Body::StepStarted {
            run: run.clone(),
            plan: plan_id,
            step: text("drain"),
            key: text("k"),
            action: action.clone(),
        },
        Body::StepDone {
            run: run.clone(),
            step: text("drain"),
            receipt: receipt.clone(),
        },
        Body::StepFailed {
            run: run.clone(),
            step: text("drain"),
            reason: text("timeout"),
            effect_unknown: true,
        },
        Body::StepFailed {
            run: run.clone(),
            step: text("drain"),
            reason: text("refused"),
            effect_unknown: false,
        },
        Body::UndoStarted {
            run: run.clone(),
            step: text("drain"),
            action,
            reason: text("verify-failed"),
        },
        Body::UndoDone {
            run: run.clone(),
            step: text("drain"),
            receipt,
        },
        Body::UndoFailed {
            run: RunId::new(Domain::Transport, 2),
            step: text("s1"),
            reason: text("failed without effect: busy"),
            effect_unknown: false,
            difference: Some(crate::record::Difference {
                before: text("cost 10"),
                wanted: text("cost 10"),
                found: text("cost 65000"),
            }),
        },
        Body::UndoFailed {
            run: RunId::new(Domain::Transport, 2),
            step: text("s1"),
            reason: text("effect unknown: no answer"),
            effect_unknown: true,
            difference: None,
        },
        Body::ApprovalAsked {
            plan: PlanId::new(Domain::Transport, 5),
            fingerprint: Fingerprint("0123456789abcdef".into()),
            revision: text("0123456789ab"),
            lease: Lease {
                leader: Domain::Transport,
                token: 1,
            },
            expires: NetTime::from_secs(900),
            people: 2,
        },
        Body::AnswerRefused {
            fingerprint: Fingerprint("0123456789abcdef".into()),
            reason: text("this person has answered already"),
        },
        Body::ApprovalEnded {
            plan: PlanId::new(Domain::Transport, 5),
            fingerprint: Fingerprint("0123456789abcdef".into()),
            state: text("expired"),
        },
        Body::KillSwitch {
            on: true,
            reason: text("a storm of changes"),
        },
        Body::KillSwitch {
            on: false,
            reason: text("it is over"),
        },
        Body::BreakerClosed {
            playbook: text("transport.link.drain"),
            reason: text("the cause was found"),
        },
        Body::ModeChanged {
            playbook: text("transport.link.drain"),
            class: None,
            from: Mode::Observe,
            to: Mode::Suggest,
            reason: text("12 of 12 outcomes were good"),
            evidence: vec![],
        },
        Body::ModeChanged {
            playbook: text("transport.link.drain"),
            class: Some(text("core")),
            from: Mode::Auto,
            to: Mode::Approve,
            reason: text("it did harm: rec-transport-12"),
            evidence: vec![],
        },
        Body::ModeProposed {
            playbook: text("transport.link.drain"),
            class: None,
            from: Mode::Approve,
            to: Mode::Auto,
            reason: text("20 of 20 outcomes were good"),
            evidence: vec![],
        },
        Body::Frozen {
            reason: text("undo failed"),
        },
        Body::Verified {
            run,
            verdict: Verdict::Pass,
            before: vec![violation()],
            after: vec![],
            reason: text("the checks hold and nothing got worse"),
        },
        Body::Remembered {
            fault: FaultKind::LinkLossy,
            playbook: text("transport.link.drain@1.0.0"),
            outcome: RunEnd::Helped,
            twin_error: Some(0.04),
        },
        Body::Remembered {
            fault: FaultKind::LinkLossy,
            playbook: text("transport.link.drain@1.0.0"),
            outcome: RunEnd::NotRun,
            twin_error: None,
        },
        Body::Escalated {
            reason: text("no plan helped"),
        },
        Body::IncidentClosed {
            ending: Ending::Fixed,
        },
        Body::Sealed { records: 321 },
    ]
}

fn record(body: Body) -> Record {
    Record {
        id: RecordId::new("transport", 1),
        at: NetTime(0),
        who: Who::System,
        domain: Some(Domain::Transport),
        stage: body.stage(),
        object: Some(object_named("link/A-B")),
        incident: Some(IncidentId::new(Domain::Transport, 3)),
        causes: vec![],
        body,
    }
}

#[test]
fn each_variant_is_here() {
    let kinds: BTreeSet<String> = bodies()
        .iter()
        .map(|b| {
            serde_json::to_value(b).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let texts: BTreeSet<String> = keys(EN)
        .into_iter()
        .filter_map(|k| k.strip_prefix("record-"))
        .filter(|k| *k != "diagnosed-nothing")
        .map(str::to_owned)
        .collect();
    // The match in `record.rs` is exhaustive, so a variant without a text fails below, and a text without a body here.
    assert_eq!(kinds, texts);
}

#[test]
fn every_record_becomes_a_whole_sentence_in_both_languages() {
    for body in bodies() {
        let record = record(body);
        for language in Language::ALL {
            let (text, complete) = super::record::whole(&record, language);
            assert!(complete, "{language}: {text}");
            assert!(!text.contains(['{', '}', '\u{2068}', '\n']), "{text}");
            assert!(!text.contains("  ") && !text.contains(".."), "{text}");
            let agent = agent(Some(Domain::Transport), language);
            assert!(text.starts_with(&agent), "{text}");
        }
    }
}

#[test]
fn a_sentence_names_the_person_who_spoke() {
    let mut record = record(bodies().remove(0));
    record.who = Who::Human {
        name: "Li Na".into(),
    };
    assert!(sentence(&record, Language::Zh).starts_with("Li Na"));
    record.who = Who::Both {
        name: "Li Na".into(),
    };
    let text = sentence(&record, Language::En);
    assert!(
        text.starts_with("Transport agent, on the word of Li Na,"),
        "{text}"
    );
}

#[test]
fn a_diagnosis_reads_like_a_colleague_wrote_it() {
    let record = record(Body::Diagnosed {
        hypotheses: hypotheses(1),
        other: 0.13,
    });
    assert_eq!(
        sentence(&record, Language::En),
        "Transport agent suspects lossy link at link A-B, 87 % (likely); some other cause: 13 %."
    );
    assert_eq!(
        sentence(&record, Language::Zh),
        "传输智能体判断首要根因为链路误码丢包（链路 A-B），概率 87 %（较可能）；其他原因的概率为 13 %。"
    );
}

#[test]
fn a_locale_names_a_language() {
    for (text, language) in [
        ("zh-CN", Language::Zh),
        ("EN", Language::En),
        ("zh_CN.UTF-8", Language::Zh),
    ] {
        assert_eq!(text.parse(), Ok(language));
    }
    let error = "fr".parse::<Language>().unwrap_err().to_string();
    assert_eq!(error, "unknown language `fr`: write en or zh");
}

#[test]
fn a_missing_text_shows_its_key() {
    assert_eq!(
        format(Language::Zh, "no-such-key", &FluentArgs::new()),
        "no-such-key"
    );
}
