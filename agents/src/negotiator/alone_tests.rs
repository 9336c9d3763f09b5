//! One negotiator that asks nobody: the same rules, and not a word to the others.

use super::{Input, Negotiator, NegotiatorConfig, Output};
use crate::role::Engine;
use crate::testing::{at, bid, drain, incident, lease, reset, situation};
use zizhi_types::negotiation::{Bid, Lease, RefuseReason, RunEnd};
use zizhi_types::plan::Mode;
use zizhi_types::{Domain, PlanId};

const LEASE: Lease = lease(Domain::Transport, 5);

struct Alone {
    negotiator: Negotiator,
    now_s: u64,
}

impl Alone {
    /// Transport leads, has asked its own planner, and got these plans.
    fn with(bids: Vec<Bid>) -> (Self, Vec<Output>) {
        let negotiator = Negotiator::new(Domain::Transport, NegotiatorConfig::default());
        let mut alone = Self {
            negotiator: negotiator.without_peers(),
            now_s: 0,
        };
        let asked = alone.tell(Input::Lead {
            incident: incident("inc-transport-1"),
            lease: LEASE,
            hypotheses: vec![],
            situation: situation(&[]),
        });
        assert!(matches!(asked[..], [Output::AskBids { .. }]), "{asked:?}");
        let incident = incident("inc-transport-1");
        let outputs = alone.tell(Input::Bids {
            incident,
            bids,
            wait_ms: None,
        });
        (alone, outputs)
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        let outputs = self.negotiator.handle(input, at(self.now_s));
        let spoken = |o: &Output| matches!(o, Output::Say { .. });
        assert!(!outputs.iter().any(spoken), "nobody is told: {outputs:?}");
        outputs
    }

    fn judged(&mut self, plan: &PlanId, refuse: Option<RefuseReason>) -> Vec<Output> {
        self.tell(Input::Judged {
            incident: incident("inc-transport-1"),
            plan: plan.clone(),
            refuse,
        })
    }
}

fn two() -> (Bid, Bid) {
    let about = incident("inc-transport-1");
    (
        bid(reset(1, &about, "link/A-B"), 9),
        bid(drain(2, &about, "link/A-B"), 5),
    )
}

fn executed(outputs: &[Output]) -> Vec<&PlanId> {
    outputs
        .iter()
        .filter_map(|o| match o {
            Output::Execute { bid, .. } => Some(&bid.plan.id),
            _ => None,
        })
        .collect()
}

#[test]
fn the_best_own_plan_is_awarded_once_and_its_end_is_learnt() {
    let (good, other) = two();
    let (mut alone, outputs) = Alone::with(vec![other, good.clone()]);
    assert!(
        matches!(&outputs[..], [Output::AskJudgement { bid, .. }] if bid.plan.id == good.plan.id)
    );
    let plan = good.plan.id.clone();
    let outputs = alone.judged(&plan, None);
    assert_eq!(executed(&outputs), [&plan]);
    assert!(
        matches!(&outputs[0], Output::Awarded { agreed, .. } if *agreed == [Domain::Transport])
    );
    // The planner's word said twice, or time that passes, does not award it again.
    assert_eq!(alone.judged(&plan, None), []);
    alone.now_s = 15;
    assert_eq!(alone.tell(Input::Tick), []);
    let begun = alone.tell(Input::Committed(plan.clone()));
    assert!(matches!(begun[..], [Output::Running { .. }]), "{begun:?}");
    let outcome = RunEnd::Helped;
    let ended = alone.tell(Input::Ended { plan, outcome });
    assert!(
        matches!(
            ended[..],
            [Output::Outcome { leading: true, .. }, Output::Fixed(_)]
        ),
        "{ended:?}"
    );
}

#[test]
fn what_may_act_by_itself_is_tried_before_a_better_plan_that_waits_for_a_person() {
    let (mut waits, acts) = two();
    waits.plan.mode = Mode::Approve;
    let (mut alone, outputs) = Alone::with(vec![waits.clone(), acts.clone()]);
    let asked = |outputs: &[Output], wanted: &Bid| {
        outputs
            .iter()
            .any(|o| matches!(o, Output::AskJudgement { bid, .. } if bid.plan.id == wanted.plan.id))
    };
    assert!(asked(&outputs, &acts), "{outputs:?}");
    let reason = "not now".to_owned();
    let outputs = alone.judged(&acts.plan.id, Some(RefuseReason::Guard { reason }));
    assert!(asked(&outputs, &waits), "{outputs:?}");
}

#[test]
fn a_plan_that_its_own_domain_cannot_live_with_gives_way_to_the_next() {
    let (good, other) = two();
    let (mut alone, _) = Alone::with(vec![good.clone(), other.clone()]);
    let reason = "not now".to_owned();
    let outputs = alone.judged(&good.plan.id, Some(RefuseReason::Guard { reason }));
    let next =
        |o: &Output| matches!(o, Output::AskJudgement { bid, .. } if bid.plan.id == other.plan.id);
    assert!(outputs.iter().any(next), "{outputs:?}");
    assert_eq!(
        executed(&alone.judged(&other.plan.id, None)),
        [&other.plan.id]
    );
}

#[test]
fn what_only_another_domain_could_do_is_left_to_a_person() {
    let (_, outputs) = Alone::with(vec![]);
    let [Output::GiveUp { reason, .. }] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(reason, "its own domain has no remedy to try");
}

#[test]
fn a_remedy_that_is_held_back_is_called_for_again_and_not_for_ever() {
    let negotiator = Negotiator::new(Domain::Transport, NegotiatorConfig::default());
    let mut alone = Alone {
        negotiator: negotiator.without_peers(),
        now_s: 0,
    };
    alone.tell(Input::Lead {
        incident: incident("inc-transport-1"),
        lease: LEASE,
        hypotheses: vec![],
        situation: situation(&[]),
    });
    let not_yet = || Input::Bids {
        incident: incident("inc-transport-1"),
        bids: vec![],
        wait_ms: Some(30_000),
    };
    for _ in 0..3 {
        assert_eq!(alone.tell(not_yet()), [], "it waits");
        alone.now_s += 29;
        assert_eq!(alone.tell(Input::Tick), []);
        alone.now_s += 1;
        let asked = alone.tell(Input::Tick);
        assert!(matches!(asked[..], [Output::AskBids { .. }]), "{asked:?}");
    }
    let outputs = alone.tell(not_yet());
    assert!(
        matches!(outputs[..], [Output::GiveUp { .. }]),
        "{outputs:?}"
    );
}
