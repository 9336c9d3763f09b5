//! Ways to look better than one is, each shut.

use super::super::flow::Flow;
use super::super::lattice::Actor;
use super::super::row::Row;
use super::super::testing::{Pen, Story, journal, of, person, rows, scored};
use super::super::truth::false_actions;
use std::collections::BTreeSet;
use zizhi_types::record::{Ending, Who};
use zizhi_types::{Body, NetTime};

/// The row of a task in the first incident of a story.
fn row(story: Story, task: char) -> Row {
    let rows = rows(
        Flow::FaultManagement,
        &[journal("j", &[(1, story)])],
        &BTreeSet::new(),
    );
    rows.into_iter().find(|r| r.task == task).unwrap()
}

fn reason(row: &Row) -> (Actor, String) {
    (row.actor, row.reason.to_string())
}

#[test]
fn a_timer_that_says_yes_is_nobody() {
    let row = row(Story::answered(Who::System, true, None, 300_000), 'J');
    assert_eq!(reason(&row), (Actor::H, "timer-approved".to_owned()));
    assert_eq!(
        row.overrides.iter().map(|s| s.code()).collect::<Vec<_>>(),
        ["timer-approved"]
    );
}

#[test]
fn a_yes_faster_than_reading_is_shared_at_best_and_listed() {
    // Measured at the person's side: 2.9 s are a stamp, 3 s are not, however long the network's time took.
    for (considered_ms, waited_ms, stamp) in [
        (Some(2_900), 60_000, true),
        (Some(3_000), 0, false),
        // Not measured: the network's time decides.
        (None, 2_000, true),
        (None, 3_000, false),
    ] {
        let story = Story::answered(person(), true, considered_ms, waited_ms);
        let row = row(story.clone(), 'J');
        let expected = if stamp {
            "rubber-stamp"
        } else {
            "person-approved"
        };
        assert_eq!(
            reason(&row),
            (Actor::Hs, expected.to_owned()),
            "{considered_ms:?} {waited_ms}"
        );
        let listed = of(&[(20, story)]).rubber_stamps;
        assert_eq!(listed.len(), if stamp { 20 } else { 0 });
    }
}

#[test]
fn an_action_that_was_taken_back_counts_against_the_decision_even_if_the_next_one_helped() {
    let story = Story {
        rolled_back: 1,
        ..Story::auto()
    };
    let row = row(story.clone(), 'J');
    assert_eq!(reason(&row), (Actor::H, "rolled-back".to_owned()));
    assert!(row.evidence.iter().all(|e| e.starts_with("j#rec-paper-")));
    // By hand: 2 of 20 taken back leave 90 % S and none HS: both together's at 80 %, and not the system's at 95 %.
    let score = of(&[(18, Story::auto()), (2, story)]);
    assert_eq!(score.sub_scenarios[0].tasks[9].actor, Some(Actor::Hs));
}

#[test]
fn an_action_without_a_fault_counts_against_the_analysis() {
    let journal = journal("j", &[(20, Story::auto())]);
    let list = "# found by the crew\ninc-transport-3\n\n{\"result\":{\"double\":true,\"acted\":true,\"incident\":\"inc-transport-4\"}}\n{\"result\":{\"double\":false,\"acted\":true,\"incident\":\"inc-transport-5\"}}\n";
    let listed = false_actions(list, std::slice::from_ref(&journal)).unwrap();
    let rows = rows(Flow::FaultManagement, &[journal], &listed);
    let h = |task| {
        rows.iter()
            .filter(|r| r.task == task && r.actor == Actor::H)
            .count()
    };
    assert_eq!(
        ['C', 'D', 'E', 'G', 'H', 'I', 'J', 'K'].map(h),
        [0, 0, 2, 2, 2, 2, 0, 0]
    );
    // By hand: 18 of 20 leave E at HS, which is L1.
    assert_eq!(scored(Flow::FaultManagement, &rows).level, Some(1));
}

/// An evaluation names the journal of each run: what was done in a double's is false, what was only watched there is not.
#[test]
fn a_run_without_a_fault_spoils_every_action_in_its_journal() {
    let watched = Story {
        ending: Ending::RecoveredAlone,
        ..Story::auto()
    };
    let runs = [
        journal("double.jsonl", &[(2, Story::auto()), (1, watched)]),
        journal("fault.jsonl", &[(1, Story::auto())]),
    ];
    let results = "{\"double\":true,\"journal\":\"out/double.jsonl\",\"actions\":{\"steps\":2}}\n{\"double\":false,\"journal\":\"out/fault.jsonl\"}\n{\"double\":true,\"journal\":\"out/elsewhere.jsonl\"}\n";
    let listed = false_actions(results, &runs).unwrap();
    let named: Vec<String> = listed.iter().map(|(j, i)| format!("{j}#{i}")).collect();
    assert_eq!(
        named,
        [
            "double.jsonl#inc-transport-1",
            "double.jsonl#inc-transport-2"
        ]
    );
}

#[test]
fn a_list_that_names_nothing_is_refused_with_its_line() {
    let two = ["a", "b"].map(|name| journal(name, &[(1, Story::auto())]));
    let refused = |text: &str| false_actions(text, &two).unwrap_err().to_string();
    assert!(
        refused("\ninc-compute-9").contains("line 2: no journal has"),
        "{}",
        refused("\ninc-compute-9")
    );
    assert!(refused("inc-transport-1").contains("write for example a#inc-transport-1"));
    assert!(refused("c#inc-transport-1").contains("it is in a, b"));
    assert!(refused("whatever").contains("inc-transport-3"));
    assert!(refused("{").contains("no JSON"));
    assert_eq!(false_actions("b#inc-transport-1", &two).unwrap().len(), 1);
}

#[test]
fn a_request_that_nobody_answered_is_no_decision() {
    let story = Story {
        answer: None,
        ending: Ending::RecoveredAlone,
        ..Story::approved()
    };
    let unasked = row(story, 'J');
    assert_eq!(unasked.actor, Actor::H);
    let expired = Story {
        answer: None,
        ending: Ending::Escalated,
        ..Story::approved()
    };
    assert_eq!(
        reason(&row(expired, 'J')),
        (Actor::H, "request-unanswered".to_owned())
    );
}

#[test]
fn a_refusal_is_an_override() {
    let story = Story {
        ending: Ending::Escalated,
        ..Story::answered(person(), false, Some(20_000), 0)
    };
    assert_eq!(
        reason(&row(story.clone(), 'J')),
        (Actor::H, "person-refused".to_owned())
    );
    assert_eq!(row(story, 'I').actor, Actor::Hs);
}

/// A person edits the diagnosis, takes over the execution, stops the run, closes the incident: each makes its task H.
#[test]
fn a_persons_hand_makes_it_a_persons_task() {
    let undo = |record: &zizhi_types::Record| match &record.body {
        Body::StepStarted {
            run, step, action, ..
        } => Some(Body::UndoStarted {
            run: run.clone(),
            step: step.clone(),
            action: action.clone(),
            reason: "operator".to_owned(),
        }),
        _ => None,
    };
    let edited = |edit: &dyn Fn(&mut Vec<zizhi_types::Record>)| {
        let mut journal = journal("j", &[(1, Story::auto())]);
        edit(&mut journal.records);
        let rows = rows(Flow::FaultManagement, &[journal], &BTreeSet::new());
        rows.iter()
            .map(|r| r.actor.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let by_person = |wanted: fn(&Body) -> bool| {
        move |records: &mut Vec<zizhi_types::Record>| {
            records
                .iter_mut()
                .filter(|r| wanted(&r.body))
                .for_each(|r| r.who = person());
        }
    };
    assert_eq!(edited(&|_| {}), "H H S S S H S S S S S");
    assert_eq!(
        edited(&by_person(|b| matches!(b, Body::Diagnosed { .. }))),
        "H H S S S H H H S S S"
    );
    assert_eq!(
        edited(&by_person(|b| matches!(b, Body::Planned { .. }))),
        "H H S S S H S S H S S"
    );
    assert_eq!(
        edited(&by_person(|b| matches!(b, Body::StepStarted { .. }))),
        "H H S S S H S S S S H"
    );
    assert_eq!(
        edited(&by_person(|b| matches!(b, Body::IncidentClosed { .. }))),
        "H H S H H H S S S H H"
    );
    let stopped = |records: &mut Vec<zizhi_types::Record>| {
        let at = records.iter().position(|r| undo(r).is_some()).unwrap();
        let mut stop = records[at].clone();
        stop.body = undo(&stop).unwrap();
        records.insert(at + 2, stop);
    };
    assert_eq!(edited(&stopped), "H H S S S H S S S H H");
}

/// Without the raw message a symptom proves nothing; with messages lost meanwhile not all was collected.
#[test]
fn missing_evidence_is_never_the_systems_work() {
    let blind = Story {
        traced: false,
        ..Story::auto()
    };
    assert_eq!(
        reason(&row(blind, 'C')),
        (Actor::H, "no all-symptoms-traced".to_owned())
    );
    let mut pen = Pen::new("j");
    pen.tell(&Story::auto());
    let mut journal = pen.done();
    let opened = journal
        .records
        .iter()
        .position(|r| matches!(r.body, Body::IncidentOpened { .. }))
        .unwrap();
    let mut lost = journal.records[opened].clone();
    lost.incident = None;
    lost.body = Body::Dropped { messages: 3 };
    let mut late = lost.clone();
    late.at = NetTime::from_secs(1_000_000);
    for (record, expected) in [(lost, Actor::Hs), (late, Actor::S)] {
        let mut records = journal.records.clone();
        records.insert(opened, record);
        let changed = super::super::JournalRecords {
            name: "j".to_owned(),
            records,
        };
        let rows = rows(Flow::FaultManagement, &[changed], &BTreeSet::new());
        assert_eq!(rows.iter().find(|r| r.task == 'C').unwrap().actor, expected);
    }
    journal
        .records
        .retain(|r| !matches!(r.body, Body::Verified { .. }));
    let rows = rows(Flow::FaultManagement, &[journal], &BTreeSet::new());
    let actors: Vec<String> = rows.iter().map(|r| r.actor.to_string()).collect();
    assert_eq!(
        actors.join(" "),
        "H H S S S H S HS HS S H",
        "what was not verified is neither confirmed nor executed"
    );
}
