//! One learner: what is remembered, and for which incident it is recalled.

use super::{Input, Learner, Output};
use crate::planner::Recalled;
use crate::role::Engine;
use crate::testing::{at, cause, drain, incident, object, reset, situation};
use std::collections::BTreeSet;
use zizhi_knowledge::Case;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::{FaultKind, Plan};

fn remember(learner: &mut Learner, plan: Plan, outcome: RunEnd) {
    let (plan, seen) = (Box::new(plan), BTreeSet::new());
    learner.handle(
        Input::Remember {
            plan,
            outcome,
            seen,
        },
        at(1),
    );
}

fn recall(learner: &mut Learner, text: &str, fault: FaultKind) -> Recalled {
    let input = Input::Recall {
        incident: incident("inc-access-9"),
        hypotheses: vec![cause(text, fault, 0.9, &[])],
        situation: situation(&[]),
    };
    match learner.handle(input, at(2)).remove(0) {
        Output::Recalled { recalled, .. } => recalled,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plan_that_was_never_run_teaches_nothing() {
    let mut learner = Learner::new();
    remember(
        &mut learner,
        reset(1, &incident("inc-transport-1"), "link/A-B"),
        RunEnd::NotRun,
    );
    assert_eq!(
        recall(&mut learner, "link/A-B", FaultKind::LinkDown),
        Recalled::default()
    );
}

#[test]
fn what_failed_is_remembered_but_is_no_example() {
    let mut learner = Learner::new();
    remember(
        &mut learner,
        reset(1, &incident("inc-transport-1"), "link/A-B"),
        RunEnd::Undone,
    );
    let recalled = recall(&mut learner, "link/A-B", FaultKind::LinkDown);
    assert_eq!((recalled.past.len(), recalled.best_case), (1, None));
    assert!(!recalled.past[0].worked);
}

#[test]
fn the_example_is_of_the_same_fault_and_of_the_same_object_if_there_is_one() {
    let mut learner = Learner::new();
    let (same, like, other) = (
        incident("inc-transport-1"),
        incident("inc-transport-2"),
        incident("inc-transport-3"),
    );
    remember(&mut learner, drain(1, &same, "link/A-B"), RunEnd::Helped);
    let elsewhere = Plan {
        suspect: object("link/C-D"),
        ..drain(2, &like, "link/C-D")
    };
    remember(&mut learner, elsewhere, RunEnd::Helped);
    remember(&mut learner, reset(3, &other, "link/A-B"), RunEnd::Helped);
    let example = |learner: &mut Learner, text| {
        recall(learner, text, FaultKind::LinkLossy)
            .best_case
            .map(|(c, _)| c.incident)
    };
    assert_eq!(example(&mut learner, "link/A-B"), Some(same));
    assert_eq!(example(&mut learner, "link/C-D"), Some(like));
    assert_eq!(
        recall(&mut learner, "instance/i1", FaultKind::InstanceCrash).best_case,
        None
    );
}

#[test]
fn the_case_base_is_bounded_and_forgets_the_oldest() {
    let mut learner = Learner::new();
    for number in 1..=400 {
        let incident = incident(&format!("inc-transport-{number}"));
        let link = if number == 1 { "link/A-B" } else { "link/C-D" };
        remember(&mut learner, drain(number, &incident, link), RunEnd::Helped);
    }
    let recalled = recall(&mut learner, "link/A-B", FaultKind::LinkLossy);
    assert_eq!(recalled.past.len(), 365);
    assert_ne!(
        recalled.best_case.map(|(c, _)| c.incident),
        Some(incident("inc-transport-1"))
    );
}

#[test]
fn a_learner_without_memory_keeps_neither_what_ends_nor_what_is_brought() {
    let mut learner = Learner::without_memory();
    let first = incident("inc-transport-1");
    remember(&mut learner, reset(1, &first, "link/A-B"), RunEnd::Helped);
    assert!(learner.handle(brought(3), at(1)).is_empty());
    let recalled = recall(&mut learner, "link/A-B", FaultKind::LinkDown);
    assert_eq!(recalled, Recalled::default());
}

fn brought(count: u64) -> Input {
    let case = |number| Case {
        origin: Some("monday".to_owned()),
        incident: incident(&format!("inc-transport-{number}")),
        fault: FaultKind::LinkLossy,
        suspect: object("link/A-B"),
        playbook: "transport.link.drain@1.0.0".to_owned(),
        outcome: RunEnd::Helped,
        at: at(50_000 + number),
        signature: BTreeSet::new(),
    };
    Input::Bring((1..=count).map(case).collect())
}

#[test]
fn what_is_brought_counts_within_the_same_bound_and_goes_before_what_was_learnt_here() {
    let mut learner = Learner::new();
    learner.handle(brought(400), at(1));
    let own = incident("inc-transport-1");
    remember(&mut learner, drain(1, &own, "link/A-B"), RunEnd::Helped);
    let recalled = recall(&mut learner, "link/A-B", FaultKind::LinkLossy);
    assert_eq!(recalled.past.len(), 365);
    let Some((example, _)) = recalled.best_case else {
        panic!("both are examples")
    };
    assert_eq!((example.origin, example.incident), (None, own));
    let Output::Recited(held) = learner.handle(Input::Recite, at(2)).remove(0) else {
        panic!("it tells what it holds")
    };
    // 36 of 400 went: 35 on arrival, one for the own case.
    assert_eq!(held[0].incident, incident("inc-transport-37"));
    assert_eq!(held.last().and_then(|c| c.origin.clone()), None);
}
