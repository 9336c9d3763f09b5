//! Twenty incidents in each mode, and the level that a person works out for them.

use super::super::case::JournalRecords;
use super::super::flow::Flow;
use super::super::lattice::Actor;
use super::super::outcome::Score;
use super::super::testing::{Story, journal, of, rows, scored, violation};
use std::collections::BTreeSet;
use zizhi_types::action::Verb;
use zizhi_types::record::Ending;
use zizhi_types::{Body, FaultKind};

/// Actors and levels of A to K: "H3 H3 S3 ...".
fn told(score: &Score) -> String {
    let tasks = score.sub_scenarios[0].tasks.iter();
    let cell =
        |t: &super::super::outcome::TaskScore| format!("{}{}", t.actor.unwrap(), t.level.unwrap());
    tasks.map(cell).collect::<Vec<_>>().join(" ")
}

/// By hand, mode auto, all twenty fixed by the system alone on links:
/// A and B have no record: H, which L3 still allows. C, D, E, G: S in 20 of 20, verified with nobody there: L3; not L4, as
/// three of the four domains were never seen. F was never done: H, L2. H: S from L3 on. I and J: S, which is L4. K: as C.
/// The gate is the lowest: F at L2.
/// Method 1: (5+5)x3 + (17.5+17.5)x3 + 4x(3+2+3+3+4) + 15x4 + 20x3 = 30+105+60+60+60 = 315: 3.15.
/// Method 2: 2 and everything but F: 2.96.
#[test]
fn by_itself_the_system_is_held_at_l2_by_prediction() {
    let score = of(&[(20, Story::auto())]);
    assert_eq!(told(&score), "H3 H3 S3 S3 S3 H2 S3 S3 S4 S4 S3");
    assert_eq!(score.level, Some(2));
    assert!(score.passed);
    let m = score.methods.unwrap();
    assert_eq!(
        [m.method_1, m.method_2].map(|x| format!("{x:.2}")),
        ["3.15", "2.96"]
    );
    let holds = &score.sub_scenarios[0].holds;
    assert_eq!(
        holds
            .iter()
            .map(|h| (h.task, h.short, h.of))
            .collect::<Vec<_>>(),
        [('F', 20, 20)]
    );
}

/// By hand, mode approve, each thought over: as above, but a person was in every incident, so C, D, E, G and K stay at L2
/// (supervised), and J is HS, which L3 allows. H is S at L3, I is S at L4. The gate is still F at L2.
#[test]
fn with_a_person_approving_the_decision_is_shared() {
    let score = of(&[(20, Story::approved())]);
    assert_eq!(told(&score), "H3 H3 S2 S2 S2 H2 S2 S3 S4 HS3 S2");
    assert_eq!(score.level, Some(2));
    assert_eq!(score.rubber_stamps, Vec::<String>::new());
}

/// By hand, modes suggest and observe: the plan was only shown, a person did it: J and K are H. H and I were done, but nothing
/// confirmed them: HS, which is L2 for H and L3 for I. K as H is L0, and so is the gate.
#[test]
fn what_was_only_shown_was_not_done() {
    for story in [Story::suggested(), Story::observed()] {
        let score = of(&[(20, story)]);
        assert_eq!(told(&score), "H3 H3 S2 S2 S2 H2 S2 HS2 HS3 H2 H0");
        assert_eq!(score.level, Some(0));
    }
}

/// Specified is what the mode allows, as built what happened: in mode auto with every run taken back, J may be S and is H.
#[test]
fn policy_and_practice_are_told_apart() {
    let failing = Story {
        rolled_back: 2,
        ending: Ending::Escalated,
        ..Story::auto()
    };
    let score = of(&[(20, failing)]);
    let j = &score.sub_scenarios[0].tasks[9];
    assert_eq!((j.specified, j.actor), (Some(Actor::S), Some(Actor::H)));
    let one_asks = of(&[(19, Story::auto()), (1, Story::approved())]);
    let j = &one_asks.sub_scenarios[0].tasks[9];
    assert_eq!(
        (j.specified, j.actor),
        (Some(Actor::Hs), Some(Actor::S)),
        "the lowest policy, and 19 of 20 are 95 %"
    );
}

/// An incident opened before anything broke and ended by a verified action without a broken objective is a prediction; the
/// same opened after is none.
#[test]
fn only_what_was_seen_before_it_hurt_is_predicted() {
    let early = Story {
        hurt: false,
        ..Story::auto()
    };
    let foreseen = journal("j", &[(1, early), (1, Story::auto())]);
    let mut hurt_later = foreseen.clone();
    let before = hurt_later
        .records
        .iter_mut()
        .find_map(|r| match &mut r.body {
            Body::Verified { before, .. } => Some(before),
            _ => None,
        });
    before.unwrap().push(violation());
    let f = |journal: JournalRecords| -> Vec<(Actor, String)> {
        let rows = rows(Flow::FaultManagement, &[journal], &BTreeSet::new());
        let own = rows.iter().filter(|r| r.task == 'F');
        own.map(|r| (r.actor, r.reason.to_string())).collect()
    };
    let late = (Actor::H, "no seen-before-hurt".to_owned());
    assert_eq!(f(foreseen), [(Actor::S, "done".to_owned()), late.clone()]);
    assert_eq!(
        f(hurt_later),
        [(Actor::Hs, "no ended-unhurt".to_owned()), late],
        "seen early, yet users were hurt"
    );
}

/// Optimisation takes the surge and leaves the cut link to fault management; ten surges are too few for a level.
#[test]
fn optimisation_takes_performance_issues_only() {
    let surge = Story {
        fault: FaultKind::TrafficSurge,
        ..Story::auto()
    };
    let journal = journal("j", &[(10, surge.clone()), (15, Story::auto())]);
    let both = Flow::ALL.map(|flow| {
        scored(
            flow,
            &rows(flow, std::slice::from_ref(&journal), &BTreeSet::new()),
        )
    });
    assert_eq!([both[0].incidents, both[1].incidents], [25, 10]);
    assert_eq!([both[0].level, both[1].level], [Some(2), None]);
    assert_eq!(both[1].sub_scenarios[0].lacking, 10);
    let twenty = super::super::testing::journal("k", &[(20, surge)]);
    let score = scored(
        Flow::NetworkOptimisation,
        &rows(Flow::NetworkOptimisation, &[twenty], &BTreeSet::new()),
    );
    // By hand: A B as above, C D F G S: L3, E H: L2, H I S: L4, J S: L3. Gate: E at L2.
    assert_eq!(told(&score), "H3 H3 S3 S3 H2 S3 S3 S4 S4 S3");
    assert_eq!(score.level, Some(2));
}

/// A merged incident is judged with its parent, and one still open has no outcome: twenty-two incidents, twenty judged.
#[test]
fn merged_and_open_incidents_are_not_judged() {
    let merged = Story {
        ending: Ending::Merged,
        ..Story::auto()
    };
    let open = Story {
        ending: Ending::StillOpen,
        ..Story::auto()
    };
    let journal = journal("j", &[(20, Story::auto()), (1, merged), (1, open)]);
    let (cases, left) = super::super::case::cases(&journal, &BTreeSet::new());
    assert_eq!((cases.len(), left.merged, left.open), (20, 1, 1));
}

/// By hand: nothing was planned or done, so I, J and K are H, although nobody was needed. Conservative, and said so.
#[test]
fn what_recovered_alone_was_decided_and_executed_by_nobody() {
    let alone = Story {
        ending: Ending::RecoveredAlone,
        ..Story::auto()
    };
    let score = of(&[(20, alone)]);
    assert_eq!(told(&score), "H3 H3 S2 S2 S2 H2 S2 HS2 H2 H2 H0");
}

/// Class 3 objects permit no automatic execution: one such incident fails the whole evaluation, whatever the level.
#[test]
fn one_action_above_the_ceiling_fails_the_evaluation() {
    let restart = Story {
        verb: Verb::RouterRestart,
        fault: FaultKind::RouterCrash,
        ..Story::auto()
    };
    let asked = Story {
        verb: Verb::RouterRestart,
        ..Story::suggested()
    };
    let strict = "rules: [{class: 3, verbs: [router.restart], objects: [\"router/*\"]}]";
    let text = super::super::instrument::DEFAULT.replacen("rules: []", strict, 1);
    let instrument = super::super::Instrument::parse(&text).unwrap();
    let judged = |story: Story| {
        let journal = journal("j", &[(25, Story::auto()), (1, story)]);
        let (cases, _) = super::super::case::cases(&journal, &BTreeSet::new());
        let rows = super::super::observe(Flow::FaultManagement, &cases, &instrument);
        super::super::score(
            Flow::FaultManagement,
            &rows,
            &super::super::Scope::default(),
            &instrument.sub_scenarios,
            &instrument,
        )
    };
    let score = judged(restart);
    assert!(!score.passed);
    let breaches: Vec<_> = score
        .breaches
        .iter()
        .map(|b| (b.task, b.shown, b.ceiling))
        .collect();
    assert_eq!(breaches, [('J', 4, 3), ('K', 2, 1)]);
    assert!(
        judged(asked).passed,
        "a person did it: nothing was above the ceiling"
    );
}
