//! Whose yes counts: everything that goes wrong with answers elsewhere goes right here.
//!
//! The cases with a number are kinds of trouble that other engines' users reported (StackStorm/st2 issues).

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use proptest::prelude::*;
use std::collections::BTreeSet;
use zizhi_playbooks::approval::{
    Answer, Approvals, Progress, Refusal, Request, Revision, State, person,
};
use zizhi_types::plan::Fingerprint;
use zizhi_types::{Domain, IncidentId, NetTime, PlanId};

const ASKED: NetTime = NetTime::from_secs(100);
const EXPIRES: NetTime = NetTime::from_secs(1_000);

fn request(number: u64, people: u8) -> Request {
    Request {
        plan: PlanId::new(Domain::Transport, number),
        incident: IncidentId::new(Domain::Transport, number),
        fingerprint: Fingerprint(format!("print-{number}")),
        revision: Revision("r1".into()),
        expires: EXPIRES,
        people,
        barred: BTreeSet::new(),
        yes: vec![],
        state: State::Pending,
    }
}

fn answer(number: u64, by: &str, granted: bool) -> Answer {
    Answer {
        fingerprint: Fingerprint(format!("print-{number}")),
        revision: Some(Revision("r1".into())),
        granted,
        by: by.to_owned(),
    }
}

fn asked(people: u8) -> Approvals {
    let mut approvals = Approvals::default();
    approvals.ask(request(1, people));
    approvals
}

#[test]
fn one_yes_in_time_is_enough_and_a_second_one_changes_nothing() {
    let mut approvals = asked(1);
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Ok(Progress::Approved)
    );
    for late in [true, false] {
        assert_eq!(
            approvals.answer(&answer(1, "wang", late), ASKED),
            Err(Refusal::TooLate(State::Approved)),
            "double"
        );
    }
}

/// 4135: an answer that came before the workflow had finished pausing was taken, and lost.
#[test]
fn an_answer_before_the_question_counts_for_nothing_not_even_later() {
    let mut approvals = Approvals::default();
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Err(Refusal::NotAsked)
    );
    approvals.ask(request(1, 1));
    assert!(approvals.pending(&Fingerprint("print-1".into())).is_some());
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Ok(Progress::Approved),
        "said again, it counts: nothing was used up"
    );
}

/// 4028: a workflow was stuck between running and paused, and the answer deleted the question.
#[test]
fn an_answer_that_is_refused_leaves_the_question_open() {
    let mut approvals = asked(1);
    let mut elsewhere = answer(1, "li", true);
    elsewhere.revision = Some(Revision("r2".into()));
    assert_eq!(
        approvals.answer(&elsewhere, ASKED),
        Err(Refusal::OtherRevision)
    );
    assert_eq!(
        approvals.answer(&answer(1, "  ", true), ASKED),
        Err(Refusal::Nameless)
    );
    assert_eq!(
        approvals.answer(&answer(2, "li", true), ASKED),
        Err(Refusal::NotAsked),
        "another fingerprint"
    );
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Ok(Progress::Approved)
    );
}

/// 4286: the second question of one workflow never reached its state.
#[test]
fn questions_one_after_the_other_do_not_disturb_each_other() {
    let mut approvals = asked(1);
    approvals.answer(&answer(1, "li", true), ASKED).unwrap();
    for number in 2..50 {
        approvals.ask(request(number, 1));
        assert_eq!(
            approvals.answer(&answer(number, "li", true), ASKED),
            Ok(Progress::Approved)
        );
    }
    assert_eq!(approvals.all_pending().count(), 0);
}

/// 4864: a question beside other work failed when it was answered while that work went on.
#[test]
fn questions_that_wait_at_the_same_time_are_answered_in_any_order() {
    let mut approvals = asked(1);
    approvals.ask(request(2, 1));
    approvals.ask(request(3, 1));
    assert_eq!(
        approvals.answer(&answer(3, "li", false), ASKED),
        Ok(Progress::Rejected)
    );
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Ok(Progress::Approved)
    );
    let waiting: Vec<_> = approvals.all_pending().map(|r| r.plan.number).collect();
    assert_eq!(waiting, [2]);
}

/// Answers within a second of each other left the parent stuck in paused (4825).
#[test]
fn of_two_answers_at_the_same_moment_the_first_one_decides() {
    let mut yes_first = asked(1);
    assert!(yes_first.answer(&answer(1, "li", true), ASKED).is_ok());
    assert_eq!(
        yes_first.answer(&answer(1, "wang", false), ASKED),
        Err(Refusal::TooLate(State::Approved))
    );
    let mut no_first = asked(2);
    assert!(no_first.answer(&answer(1, "li", true), ASKED).is_ok());
    assert_eq!(
        no_first.answer(&answer(1, "wang", false), ASKED),
        Ok(Progress::Rejected)
    );
    assert_eq!(
        no_first.answer(&answer(1, "zhao", true), ASKED),
        Err(Refusal::TooLate(State::Rejected))
    );
}

#[test]
fn expiry_means_stop_even_before_anybody_looked() {
    let mut approvals = asked(1);
    assert_eq!(
        approvals.answer(&answer(1, "li", true), EXPIRES),
        Err(Refusal::TooLate(State::Expired)),
        "late by nothing is late"
    );
    assert!(approvals.expire(EXPIRES - 1).is_empty());
    assert_eq!(approvals.expire(EXPIRES).len(), 1);
    assert!(approvals.expire(EXPIRES).is_empty(), "it ends once");
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Err(Refusal::TooLate(State::Expired))
    );
}

#[test]
fn a_changed_topology_supersedes_and_the_old_answer_does_not_fit_the_new_question() {
    let mut approvals = asked(1);
    approvals.end(State::Superseded, |_| true);
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Err(Refusal::TooLate(State::Superseded))
    );
    let mut anew = request(1, 1);
    anew.revision = Revision("r2".into());
    approvals.ask(anew);
    assert_eq!(
        approvals.answer(&answer(1, "li", true), ASKED),
        Err(Refusal::OtherRevision)
    );
}

#[test]
fn two_people_are_two_people_and_neither_wrote_it() {
    let mut approvals = Approvals::default();
    let mut request = request(1, 2);
    request.barred = BTreeSet::from(["noc-transport".to_owned()]);
    approvals.ask(request);
    let waiting = Progress::Waiting {
        given: 1,
        needed: 2,
    };
    assert_eq!(
        approvals.answer(&answer(1, "Li Na", true), ASKED),
        Ok(waiting)
    );
    for same in ["Li Na", "li na", " LI  NA "] {
        assert_eq!(
            approvals.answer(&answer(1, same, true), ASKED),
            Err(Refusal::SamePerson)
        );
    }
    assert_eq!(
        approvals.answer(&answer(1, "NOC-Transport", true), ASKED),
        Err(Refusal::Author)
    );
    assert_eq!(
        approvals.answer(&answer(1, "Wang Wei", true), ASKED),
        Ok(Progress::Approved)
    );
}

/// What waited is whole after it was written down and read again: the answers that were given count on.
#[test]
fn a_request_outlives_its_process_with_the_answers_that_were_given() {
    let mut approvals = asked(2);
    approvals.answer(&answer(1, "li", true), ASKED).unwrap();
    let text: Vec<String> = approvals
        .all_pending()
        .map(|r| serde_json::to_string(r).unwrap())
        .collect();
    let mut again = Approvals::default();
    for line in text {
        again.ask(serde_json::from_str(&line).unwrap());
    }
    assert_eq!(
        again.answer(&answer(1, "li", true), ASKED),
        Err(Refusal::SamePerson)
    );
    assert_eq!(
        again.answer(&answer(1, "wang", true), ASKED),
        Ok(Progress::Approved)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is said by whom and when: approved only by enough different people, each in time, with no no before.
    #[test]
    fn an_approval_is_always_earned(
        people in 1_u8..3,
        said in prop::collection::vec((0_usize..4, any::<bool>(), 0_u64..1_200, any::<bool>()), 0..12),
    ) {
        let names = ["li", "wang", "zhao", "LI"];
        let mut approvals = asked(people);
        let (mut counted, mut ended) = (BTreeSet::new(), 0);
        for (who, granted, at, right) in said {
            let mut answer = answer(1, names[who], granted);
            if !right {
                answer.revision = Some(Revision("another".into()));
            }
            if let Ok(progress) = approvals.answer(&answer, NetTime::from_secs(at)) {
                    prop_assert!(right && at < 1_000 && ended == 0);
                    if granted {
                        prop_assert!(counted.insert(person(names[who])), "a person counts once");
                    }
                    match progress {
                        Progress::Approved => {
                            prop_assert_eq!(counted.len(), usize::from(people));
                            ended += 1;
                        }
                        Progress::Rejected => {
                            prop_assert!(!granted);
                            ended += 1;
                        }
                        Progress::Waiting { given, needed } => prop_assert!(given < usize::from(needed)),
                    }
            }
        }
        prop_assert!(ended <= 1);
    }
}
