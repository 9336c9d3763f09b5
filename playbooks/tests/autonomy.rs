//! Autonomy is earned rung by rung and lost the same way, and never above the ceiling.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use proptest::prelude::*;
use zizhi_playbooks::Catalog;
use zizhi_playbooks::autonomy::{Case, Change, Outcome, Overlay, Seen, wilson};
use zizhi_playbooks::policy::{Policy, PolicyFile};
use zizhi_types::plan::Mode;
use zizhi_types::{Body, NetTime, Record, RecordId, Who};

fn case(mode: Mode, ceiling: Mode, outcomes: &[(Outcome, usize)]) -> Case {
    let all = outcomes
        .iter()
        .flat_map(|(outcome, count)| std::iter::repeat_n(*outcome, *count));
    let seen = all.enumerate().map(|(n, outcome)| Seen {
        outcome,
        record: RecordId::new("transport", n as u64 + 1),
    });
    Case {
        playbook: "transport.link.drain".to_owned(),
        class: None,
        mode,
        ceiling,
        seen: seen.collect(),
    }
}

fn earned(mode: Mode, outcomes: &[(Outcome, usize)]) -> Mode {
    case(mode, Mode::Auto, outcomes).propose().to
}

#[test]
fn each_rung_asks_for_more() {
    use Mode::{Approve, Auto, Observe, Suggest};
    use Outcome::{Foreseen, Helped};
    for (from, outcomes, to) in [
        (Observe, (Foreseen, 4), Observe),
        (Observe, (Foreseen, 5), Suggest),
        (Suggest, (Foreseen, 9), Suggest),
        (Suggest, (Foreseen, 10), Approve),
        (Approve, (Foreseen, 99), Approve),
        (Approve, (Helped, 19), Approve),
        (Approve, (Helped, 20), Auto),
        (Auto, (Helped, 99), Auto),
    ] {
        assert_eq!(earned(from, &[outcomes]), to, "{from} with {outcomes:?}");
    }
}

#[test]
fn failures_and_people_who_say_no_keep_it_down_and_take_it_down() {
    use Outcome::{Helped, Overridden, Undone};
    assert_eq!(
        earned(Mode::Approve, &[(Helped, 18), (Undone, 4)]),
        Mode::Approve
    );
    assert_eq!(
        earned(Mode::Auto, &[(Undone, 4), (Helped, 2)]),
        Mode::Approve
    );
    assert_eq!(
        earned(Mode::Approve, &[(Overridden, 5)]),
        Mode::Suggest,
        "people turn it down"
    );
    assert_eq!(
        earned(Mode::Auto, &[(Undone, 1), (Helped, 9)]),
        Mode::Auto,
        "one miss is no pattern"
    );
}

/// The bar is the same from both sides: what was good long ago does not carry what is bad now.
#[test]
fn only_as_many_of_the_newest_outcomes_count_as_the_rung_had_asked_for() {
    use Outcome::{Helped, Undone};
    for (mode, last_that_stays) in [(Mode::Auto, 7), (Mode::Approve, 5), (Mode::Suggest, 4)] {
        let after = |bad| earned(mode, &[(Helped, 80), (Undone, bad)]);
        assert!(after(last_that_stays) >= mode, "{mode}");
        assert!(after(last_that_stays + 1) < mode, "{mode}");
    }
    assert_eq!(earned(Mode::Auto, &[(Undone, 2)]), Mode::Auto, "no pattern");
    assert_eq!(earned(Mode::Auto, &[(Undone, 3)]), Mode::Approve);
}

/// The record is written before the file; a kill between the two loses nothing.
#[test]
fn what_the_file_misses_its_record_tells() {
    let shipped = Catalog::builtin().unwrap();
    let known = shipped.get("transport.link.drain").unwrap();
    let record = |number, to: Mode| {
        let body = Body::ModeChanged {
            playbook: known.id.clone(),
            class: None,
            from: Mode::Auto,
            to,
            reason: String::new(),
            evidence: vec![],
        };
        Record {
            id: RecordId::new("autonomy", number),
            at: NetTime(number),
            who: Who::Human {
                name: "Li Na".to_owned(),
            },
            domain: None,
            stage: body.stage(),
            object: None,
            incident: None,
            causes: vec![],
            body,
        }
    };
    let mut overlay = Overlay::default();
    overlay.learn(&record(2, Mode::Approve));
    overlay.learn(&record(1, Mode::Observe));
    let mode = overlay.mode_of(known, &Policy::default(), &shipped);
    assert_eq!(mode, Mode::Approve, "the newest word counts");
    let text = serde_json::to_string(&overlay).unwrap();
    assert_eq!(Overlay::parse(&text).unwrap(), overlay);
}

#[test]
fn one_harmful_action_takes_it_down_at_once() {
    use Outcome::{Harmful, Helped};
    let proposal = case(Mode::Auto, Mode::Auto, &[(Helped, 99), (Harmful, 1)]).propose();
    assert_eq!(proposal.to, Mode::Approve);
    assert!(proposal.reason.contains("transport-100"), "{proposal:?}");
    assert_eq!(proposal.evidence.len(), 100);
}

#[test]
fn a_new_playbook_observes_until_the_operator_or_its_record_says_otherwise() {
    let shipped = Catalog::builtin().unwrap();
    let known = shipped.get("transport.link.drain").unwrap();
    let mut changed = known.clone();
    changed.source.push_str("# changed\n");
    let mut overlay = Overlay::default();
    let open = Policy::default();
    assert_eq!(overlay.mode_of(known, &open, &shipped), known.mode);
    assert_eq!(overlay.mode_of(&changed, &open, &shipped), Mode::Observe);
    let change = Change {
        mode: Mode::Approve,
        from: Some(Mode::Suggest),
        by: "Li Na".to_owned(),
        at: NetTime(1),
        record: RecordId::new("autonomy", 1),
    };
    overlay.modes.insert(known.id.clone(), change);
    let text = serde_json::to_string_pretty(&overlay).unwrap();
    let overlay = Overlay::parse(&text).unwrap();
    assert_eq!(overlay.mode_of(&changed, &open, &shipped), Mode::Approve);
    let policy = PolicyFile::parse(
        "apiVersion: zizhi/v1\nkind: Policy\nplaybooks: {transport.link.drain: {mode: suggest}}",
    );
    let policy = policy.unwrap().compile().unwrap();
    assert_eq!(overlay.mode_of(&changed, &policy, &shipped), Mode::Suggest);
    assert!(Overlay::parse("modes: {a: {mode: always}}").is_err());
    let catalog = shipped
        .clone()
        .with_modes(|p| overlay.mode_of(p, &policy, &shipped));
    let in_force = catalog.get("transport.link.drain").unwrap().mode;
    assert_eq!(in_force, Mode::Suggest);
}

#[test]
fn the_interval_is_wilsons() {
    let close = |a: f64, b: f64| (a - b).abs() < 0.001;
    let found = wilson(9, 10);
    assert!(
        close(found.lower, 0.596) && close(found.upper, 0.982),
        "{found:?}"
    );
    let none = wilson(0, 0);
    assert!(close(none.lower, 0.0) && close(none.upper, 1.0));
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![
        Mode::Observe,
        Mode::Suggest,
        Mode::Approve,
        Mode::Auto,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// One rung at most, never above the ceiling, never up after harm, and one more good outcome never takes it down.
    #[test]
    fn no_history_jumps(from in mode(), ceiling in mode(), good in 0_usize..40, bad in 0_usize..40, harm in 0_usize..2) {
        let outcomes = [(Outcome::Helped, good), (Outcome::Undone, bad), (Outcome::Harmful, harm)];
        let proposal = case(from, ceiling, &outcomes).propose();
        prop_assert!(proposal.to <= ceiling.max(from));
        prop_assert!(proposal.to <= from || proposal.to as i32 == from as i32 + 1);
        if from <= ceiling {
            prop_assert!(proposal.to as i32 >= from as i32 - 1);
        } else {
            prop_assert_eq!(proposal.to, ceiling);
        }
        if harm > 0 {
            prop_assert!(proposal.to <= from);
        }
        let better = [(Outcome::Helped, good + 1), (Outcome::Undone, bad), (Outcome::Harmful, harm)];
        prop_assert!(case(from, ceiling, &better).propose().to >= proposal.to);
    }
}
