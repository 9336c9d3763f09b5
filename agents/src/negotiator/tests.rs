//! One negotiator, told message by message what the others say.

use super::{Input, Negotiator, NegotiatorConfig, Output};
use crate::role::Engine;
use crate::testing::{at, bid, drain, incident, lease, reset, situation};
use zizhi_types::negotiation::{
    Bid, Lease, NEGOTIATION_VERSION, Negotiation, RefuseReason, RunEnd, Say,
};
use zizhi_types::plan::Fingerprint;
use zizhi_types::{Domain, IncidentId, RecordId};

const LEASE: Lease = lease(Domain::Transport, 5);

struct Story {
    negotiator: Negotiator,
    now_s: u64,
}

fn about() -> IncidentId {
    incident("inc-transport-1")
}

impl Story {
    fn new() -> Self {
        Self {
            negotiator: Negotiator::new(Domain::Transport, NegotiatorConfig::default()),
            now_s: 0,
        }
    }

    /// Transport leads and has called.
    fn leading() -> Self {
        let mut story = Self::new();
        let called = story.tell(Input::Lead {
            incident: about(),
            lease: LEASE,
            hypotheses: vec![],
            situation: situation(&[]),
        });
        assert!(matches!(said(&called)[..], [Say::Call { .. }]));
        story
    }

    /// As [`Story::leading`], with these bids from transport and nothing from the others.
    fn offered(bids: Vec<Bid>) -> (Self, Vec<Output>) {
        let mut story = Self::leading();
        story.hears(Domain::Transport, Say::Offer { bids });
        let nothing = || Say::Refuse {
            plan: None,
            reason: RefuseReason::NothingToOffer,
        };
        story.hears(Domain::Compute, nothing());
        story.hears(Domain::Service, nothing());
        let outputs = story.hears(Domain::Access, nothing());
        (story, outputs)
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.negotiator.handle(input, at(self.now_s))
    }

    fn hears(&mut self, from: Domain, say: Say) -> Vec<Output> {
        self.hears_under(LEASE, from, say)
    }

    fn hears_under(&mut self, lease: Lease, from: Domain, say: Say) -> Vec<Output> {
        self.tell(Input::Heard(Negotiation {
            version: NEGOTIATION_VERSION,
            incident: about(),
            lease,
            from,
            to: None,
            cause: RecordId::new(from.as_str(), 1),
            say,
        }))
    }

    fn all_agree(&mut self, bid: &Bid) -> Vec<Output> {
        let plan = &bid.plan.id;
        let mut outputs = vec![];
        for domain in Domain::ALL {
            outputs.extend(self.hears(domain, Say::Prepared { plan: plan.clone() }));
        }
        outputs
    }

    fn report(&mut self, bid: &Bid, outcome: RunEnd) -> Vec<Output> {
        let plan = bid.plan.id.clone();
        self.hears(bid.plan.domain, Say::Report { plan, outcome })
    }

    fn prepare(&mut self, bid: &Bid) -> Vec<Output> {
        let bid = Box::new(bid.clone());
        self.hears(Domain::Transport, Say::Prepare { bid })
    }

    fn award(&mut self, bid: &Bid, fingerprint: &Fingerprint) -> Vec<Output> {
        let (plan, fingerprint) = (bid.plan.id.clone(), fingerprint.clone());
        self.hears(Domain::Transport, Say::Award { plan, fingerprint })
    }
}

fn word(output: &Output) -> Option<&Say> {
    match output {
        Output::Say { say, .. } => Some(say),
        _ => None,
    }
}

fn said(outputs: &[Output]) -> Vec<&Say> {
    outputs.iter().filter_map(word).collect()
}

fn prepared(outputs: &[Output]) -> Option<&Bid> {
    said(outputs).into_iter().find_map(|s| match s {
        Say::Prepare { bid } => Some(&**bid),
        _ => None,
    })
}

fn three_bids() -> Vec<Bid> {
    (1..=3)
        .map(|n| bid(reset(n, &about(), "link/A-B"), 3 * n as usize))
        .collect()
}

#[test]
fn an_incident_goes_from_call_to_report_and_is_fixed() {
    let best = bid(reset(2, &about(), "link/A-B"), 9);
    let (mut story, outputs) =
        Story::offered(vec![bid(drain(1, &about(), "link/A-B"), 5), best.clone()]);
    assert_eq!(
        prepared(&outputs),
        Some(&best),
        "the bid that heals most is asked about"
    );
    let outputs = story.all_agree(&best);
    let [
        Output::Awarded { plan, agreed, .. },
        Output::Say { to, say, .. },
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!((&plan.id, agreed.len()), (&best.plan.id, 4));
    assert_eq!(*to, Some(Domain::Transport));
    assert!(matches!(say, Say::Award { fingerprint, .. } if *fingerprint == best.plan.fingerprint));
    assert_eq!(
        story.report(&best, RunEnd::Helped),
        [Output::Fixed(about())]
    );
    assert!(
        story.report(&best, RunEnd::Helped).is_empty(),
        "an end is heard once"
    );
}

#[test]
fn three_yes_are_no_award() {
    let best = bid(reset(1, &about(), "link/A-B"), 9);
    let (mut story, _) = Story::offered(vec![best.clone()]);
    for domain in [
        Domain::Transport,
        Domain::Compute,
        Domain::Service,
        Domain::Service,
    ] {
        let plan = best.plan.id.clone();
        assert!(story.hears(domain, Say::Prepared { plan }).is_empty());
    }
}

#[test]
fn a_refusal_with_its_reason_leads_to_the_next_bid() {
    let bids = three_bids();
    let (mut story, outputs) = Story::offered(bids.clone());
    assert_eq!(prepared(&outputs), Some(&bids[2]));
    let reason = RefuseReason::Busy {
        incident: incident("inc-compute-9"),
    };
    let plan = Some(bids[2].plan.id.clone());
    let outputs = story.hears(
        Domain::Compute,
        Say::Refuse {
            plan,
            reason: reason.clone(),
        },
    );
    assert!(outputs.iter().any(
        |o| matches!(o, Output::GotRefusal { from: Domain::Compute, reason: r, .. } if *r == reason)
    ));
    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::Aborted { plan, .. } if *plan == bids[2].plan.id))
    );
    assert_eq!(prepared(&outputs), Some(&bids[1]));
    let late = Say::Prepared {
        plan: bids[2].plan.id.clone(),
    };
    assert!(
        story.hears(Domain::Access, late).is_empty(),
        "a yes to the aborted plan counts for nothing"
    );
}

#[test]
fn missing_answers_end_by_deadline_without_an_action() {
    let best = bid(reset(1, &about(), "link/A-B"), 9);
    let mut story = Story::leading();
    story.hears(
        Domain::Transport,
        Say::Offer {
            bids: vec![best.clone()],
        },
    );
    story.now_s = 9;
    assert!(story.tell(Input::Tick).is_empty());
    story.now_s = 10;
    let again = story.tell(Input::Tick);
    assert!(
        matches!(
            said(&again)[..],
            [Say::Call { .. }, Say::Call { .. }, Say::Call { .. }]
        ),
        "who did not answer is called once more: {again:?}"
    );
    story.now_s = 19;
    assert!(story.tell(Input::Tick).is_empty());
    story.now_s = 20;
    let outputs = story.tell(Input::Tick);
    assert_eq!(
        prepared(&outputs),
        Some(&best),
        "it chooses among what came"
    );
    story.hears(
        Domain::Transport,
        Say::Prepared {
            plan: best.plan.id.clone(),
        },
    );
    story.now_s = 30;
    let again = story.tell(Input::Tick);
    assert_eq!(
        said(&again).len(),
        3,
        "the three that did not answer: {again:?}"
    );
    story.now_s = 40;
    let outputs = story.tell(Input::Tick);
    assert!(outputs.iter().any(|o| matches!(o, Output::Aborted { .. })));
    assert!(
        matches!(outputs.last(), Some(Output::GiveUp { .. })),
        "{outputs:?}"
    );
    assert!(!outputs.iter().any(|o| matches!(o, Output::Awarded { .. })));
}

#[test]
fn a_bid_that_makes_something_worse_is_never_asked_about() {
    let mut harmful = bid(reset(1, &about(), "link/A-B"), 9);
    harmful.rehearsal.makes_worse = true;
    let (_, outputs) = Story::offered(vec![harmful]);
    let [Output::GotRefusal { .. }, Output::GiveUp { reason, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert!(reason.contains("no domain offers a remedy"), "{reason}");
}

#[test]
fn three_failed_attempts_end_with_a_person() {
    let bids: Vec<Bid> = (1..=5)
        .map(|n| bid(reset(n, &about(), "link/A-B"), 2 * n as usize))
        .collect();
    let (mut story, mut outputs) = Story::offered(bids);
    for attempt in 1..=3 {
        let next = prepared(&outputs)
            .unwrap_or_else(|| panic!("attempt {attempt}: {outputs:?}"))
            .clone();
        story.all_agree(&next);
        outputs = story.report(&next, RunEnd::Undone);
        if attempt < 3 {
            assert_eq!(outputs, [], "the next plan did not wait for the network");
            story.now_s += NegotiatorConfig::default().settle_ms / 1000;
            outputs = story.tell(Input::Tick);
        }
    }
    let [Output::GiveUp { reason, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert!(reason.starts_with("3 remedies"), "{reason}");
}

#[test]
fn a_change_that_is_stuck_ends_with_a_person_at_once() {
    let bids = three_bids();
    let (mut story, _) = Story::offered(bids.clone());
    story.all_agree(&bids[2]);
    let outputs = story.report(&bids[2], RunEnd::Stuck);
    assert!(
        matches!(&outputs[..], [Output::GiveUp { .. }]),
        "{outputs:?}"
    );
}

#[test]
fn an_award_that_nobody_reports_on_ends_with_a_person_and_no_second_try() {
    let bids = three_bids();
    let (mut story, _) = Story::offered(bids.clone());
    story.all_agree(&bids[2]);
    story.now_s = 10;
    let again = story.tell(Input::Tick);
    assert!(
        matches!(said(&again)[..], [Say::Award { .. }]),
        "it may have been lost: {again:?}"
    );
    story.now_s = 719;
    assert!(story.tell(Input::Tick).is_empty());
    story.now_s = 720;
    let outputs = story.tell(Input::Tick);
    let [Output::GiveUp { reason, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert!(reason.contains("unknown"), "{reason}");
}

#[test]
fn dropped_before_the_award_it_aborts_and_says_nothing_more() {
    let bids = three_bids();
    let (mut story, _) = Story::offered(bids.clone());
    let reason = "the symptoms went by themselves".to_owned();
    let outputs = story.tell(Input::Drop {
        incident: about(),
        reason,
    });
    assert!(matches!(&said(&outputs)[..], [Say::Abort { plan, .. }] if *plan == bids[2].plan.id));
    assert!(story.all_agree(&bids[2]).is_empty());
    story.now_s = 1000;
    assert!(story.tell(Input::Tick).is_empty());
}

#[test]
fn dropped_after_the_award_nothing_follows_the_report() {
    for outcome in [
        RunEnd::Helped,
        RunEnd::Undone,
        RunEnd::NotRun,
        RunEnd::Stuck,
    ] {
        let bids = three_bids();
        let (mut story, _) = Story::offered(bids.clone());
        story.all_agree(&bids[2]);
        let reason = "the symptoms went by themselves".to_owned();
        assert!(
            story
                .tell(Input::Drop {
                    incident: about(),
                    reason
                })
                .is_empty()
        );
        assert!(story.report(&bids[2], outcome).is_empty(), "{outcome:?}");
    }
}

#[test]
fn a_stale_lease_is_refused_with_the_newest_and_a_late_message_does_not_bring_it_back() {
    let mut story = Story::new();
    let call = || Say::Call {
        hypotheses: vec![],
        situation: situation(&[]),
    };
    let old = lease(Domain::Access, 4);
    story.hears(Domain::Transport, call());
    let offer = Say::Offer { bids: vec![] };
    story.hears_under(old, Domain::Compute, offer);
    let outputs = story.hears_under(old, Domain::Access, call());
    let [Output::Say { to, say, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(*to, Some(Domain::Access));
    assert_eq!(
        *say,
        Say::Refuse {
            plan: None,
            reason: RefuseReason::StaleLease { newest: LEASE }
        }
    );
}

#[test]
fn an_award_is_taken_once_and_only_for_the_plan_that_was_prepared() {
    let mut story = Story::new();
    let good = bid(reset(1, &about(), "link/A-B"), 9);
    assert!(
        story.award(&good, &good.plan.fingerprint).is_empty(),
        "never prepared"
    );
    story.prepare(&good);
    let other = Fingerprint("of another plan".to_owned());
    assert!(story.award(&good, &other).is_empty(), "another content");
    let outputs = story.award(&good, &good.plan.fingerprint);
    assert!(
        matches!(&outputs[..], [Output::Execute { bid, .. }] if **bid == good),
        "{outputs:?}"
    );
    assert!(
        story.award(&good, &good.plan.fingerprint).is_empty(),
        "a second time"
    );
}

#[test]
fn an_award_to_another_domain_is_not_taken() {
    let mut story = Story::new();
    let mut foreign = bid(reset(1, &about(), "link/A-B"), 9);
    foreign.plan.domain = Domain::Compute;
    story.prepare(&foreign);
    assert!(story.award(&foreign, &foreign.plan.fingerprint).is_empty());
}

#[test]
fn while_one_plan_is_promised_another_incident_is_told_that_its_object_is_busy() {
    let mut story = Story::new();
    let first = bid(reset(1, &about(), "link/A-B"), 9);
    story.prepare(&first);
    let rival = incident("inc-compute-2");
    let second = bid(reset(7, &rival, "link/A-B"), 9);
    let ask = |story: &mut Story| {
        story.tell(Input::Heard(Negotiation {
            version: NEGOTIATION_VERSION,
            incident: rival.clone(),
            lease: lease(Domain::Compute, 6),
            from: Domain::Compute,
            to: None,
            cause: RecordId::new("compute", 1),
            say: Say::Prepare {
                bid: Box::new(second.clone()),
            },
        }))
    };
    let busy = Say::Refuse {
        plan: Some(second.plan.id.clone()),
        reason: RefuseReason::Busy { incident: about() },
    };
    assert_eq!(said(&ask(&mut story)), [&busy]);
    // The first leader dies: its promise runs out, and the object is free.
    story.now_s = 61;
    story.tell(Input::Tick);
    assert!(matches!(
        &ask(&mut story)[..],
        [Output::AskJudgement { .. }]
    ));
}

#[test]
fn a_question_that_comes_again_during_the_run_changes_nothing() {
    let mut story = Story::new();
    let good = bid(reset(1, &about(), "link/A-B"), 9);
    let plan = good.plan.id.clone();
    story.prepare(&good);
    story.award(&good, &good.plan.fingerprint);
    story.tell(Input::Committed(plan.clone()));
    assert!(story.prepare(&good).is_empty());
    let outputs = story.tell(Input::Ended {
        plan: plan.clone(),
        outcome: RunEnd::Helped,
    });
    assert_eq!(
        said(&outputs),
        [&Say::Report {
            plan,
            outcome: RunEnd::Helped
        }]
    );
}

#[test]
fn word_of_the_beginning_that_comes_after_the_end_keeps_no_object() {
    let mut story = Story::new();
    let good = bid(reset(1, &about(), "link/A-B"), 9);
    let plan = good.plan.id.clone();
    story.prepare(&good);
    story.award(&good, &good.plan.fingerprint);
    story.tell(Input::Committed(plan.clone()));
    story.tell(Input::Ended {
        plan: plan.clone(),
        outcome: RunEnd::Helped,
    });
    assert!(
        story
            .hears(Domain::Transport, Say::Commit { plan })
            .is_empty()
    );
    let rival = incident("inc-transport-2");
    let next = bid(reset(2, &rival, "link/A-B"), 9);
    let outputs = story.tell(Input::Heard(Negotiation {
        version: NEGOTIATION_VERSION,
        incident: rival,
        lease: lease(Domain::Transport, 6),
        from: Domain::Transport,
        to: None,
        cause: RecordId::new("transport", 1),
        say: Say::Prepare {
            bid: Box::new(next),
        },
    }));
    assert!(
        matches!(&outputs[..], [Output::AskJudgement { .. }]),
        "{outputs:?}"
    );
}

#[test]
fn a_message_of_another_version_or_to_another_domain_is_not_heard() {
    let mut story = Story::new();
    let call = Negotiation {
        version: NEGOTIATION_VERSION + 1,
        incident: about(),
        lease: LEASE,
        from: Domain::Compute,
        to: None,
        cause: RecordId::new("compute", 1),
        say: Say::Call {
            hypotheses: vec![],
            situation: situation(&[]),
        },
    };
    assert!(story.tell(Input::Heard(call.clone())).is_empty());
    let elsewhere = Negotiation {
        version: NEGOTIATION_VERSION,
        to: Some(Domain::Access),
        ..call
    };
    assert!(story.tell(Input::Heard(elsewhere)).is_empty());
}

#[test]
fn an_award_whose_run_has_begun_is_not_said_again() {
    let bids = three_bids();
    let (mut story, _) = Story::offered(bids.clone());
    story.all_agree(&bids[2]);
    let plan = bids[2].plan.id.clone();
    story.hears(Domain::Transport, Say::Commit { plan });
    story.now_s = 10;
    assert!(story.tell(Input::Tick).is_empty());
}
