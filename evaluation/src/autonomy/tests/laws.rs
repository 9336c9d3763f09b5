//! What must hold for any journal.

use super::super::case::JournalRecords;
use super::super::flow::Flow;
use super::super::instrument::{By, SubScenarios};
use super::super::lattice::Actor;
use super::super::testing::{Story, journal, person, rows, scored};
use super::super::{Instrument, Row, Scope, score};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::FaultKind;
use zizhi_types::record::{Ending, Who};

fn story() -> impl Strategy<Value = Story> {
    let fault = prop::sample::select(FaultKind::ALL);
    let shape = prop_oneof![
        6 => Just(Story::auto()),
        2 => Just(Story::approved()),
        1 => Just(Story::answered(person(), true, Some(100), 0)),
        1 => Just(Story::answered(Who::System, true, None, 9_000)),
        1 => Just(Story::suggested()),
        1 => Just(Story { rolled_back: 1, ..Story::auto() }),
        1 => Just(Story { ending: Ending::RecoveredAlone, ..Story::auto() }),
        1 => Just(Story { hurt: false, traced: false, ..Story::auto() }),
    ];
    (shape, fault).prop_map(|(story, fault)| Story { fault, ..story })
}

fn told(stories: &[Story], name: &str) -> JournalRecords {
    let each: Vec<(usize, Story)> = stories.iter().map(|s| (1, s.clone())).collect();
    journal(name, &each)
}

fn all_rows(journals: &[JournalRecords]) -> Vec<Row> {
    rows(Flow::FaultManagement, journals, &BTreeSet::new())
}

/// Levels and both methods, for comparing; unknown is below everything.
fn rank(rows: &[Row]) -> (Option<u8>, Vec<Option<u8>>, f64) {
    let score = scored(Flow::FaultManagement, rows);
    let tasks = score.sub_scenarios[0]
        .tasks
        .iter()
        .map(|t| t.level)
        .collect();
    (
        score.level,
        tasks,
        score.methods.map_or(-1.0, |m| m.method_1),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Giving any set of records to a person never makes any task more the system's, nor raises any level.
    #[test]
    fn more_of_a_person_never_raises_anything(
        stories in prop::collection::vec(story(), 20..26),
        every in 1_usize..40,
        offset in 0_usize..40,
        whole in any::<bool>(),
    ) {
        let before = told(&stories, "j");
        let mut after = before.clone();
        for (n, record) in after.records.iter_mut().enumerate() {
            // A timer's yes given by a person instead is more of the person, and yet better: it is left as it is.
            let answer = matches!(record.body, zizhi_types::Body::Approved { .. });
            if (n + offset) % every == 0 && !answer {
                record.who = if whole { person() } else { Who::Both { name: "noc".to_owned() } };
            }
        }
        let [before, after] = [before, after].map(|j| all_rows(&[j]));
        for (a, b) in before.iter().zip(&after) {
            prop_assert!(b.actor <= a.actor, "{}: {} to {}", a.task, a.actor, b.actor);
        }
        let (a, b) = (rank(&before), rank(&after));
        prop_assert!(b.0 <= a.0 && b.2 <= a.2 + 1e-9, "{a:?} to {b:?}");
        prop_assert!(a.1.iter().zip(&b.1).all(|(x, y)| y <= x), "{a:?} to {b:?}");
    }

    /// Lowering any cell of the table never raises a level.
    #[test]
    fn a_lower_cell_never_raises_a_level(stories in prop::collection::vec(story(), 20..24), cells in prop::collection::vec(any::<prop::sample::Index>(), 1..20)) {
        let before = all_rows(&[told(&stories, "j")]);
        let mut after = before.clone();
        for cell in cells {
            let row = cell.get(&before);
            let at = before.iter().position(|r| std::ptr::eq(r, row)).unwrap();
            after[at].actor = if before[at].actor == Actor::S { Actor::Hs } else { Actor::H };
        }
        let (a, b) = (rank(&before), rank(&after));
        prop_assert!(b.0 <= a.0 && b.2 <= a.2 + 1e-9, "{a:?} to {b:?}");
    }

    /// Fewer than twenty incidents tell no level, however good they are.
    #[test]
    fn too_few_stay_unknown(n in 1_usize..20) {
        let score = scored(Flow::FaultManagement, &all_rows(&[told(&vec![Story::auto(); n], "j")]));
        prop_assert_eq!(score.level, None);
        prop_assert!(score.methods.is_none());
        prop_assert!(score.sub_scenarios[0].tasks.iter().all(|t| t.actor.is_none() && t.level.is_none()));
        prop_assert_eq!(score.sub_scenarios[0].lacking, 20 - n);
    }

    /// Journals may be given in any order, also where they hold more than the newest that count.
    #[test]
    fn the_order_of_journals_does_not_matter(parts in prop::collection::vec(prop::collection::vec(story(), 1..12), 2..5), turn in 0_usize..5) {
        let journals: Vec<JournalRecords> = parts.iter().enumerate().map(|(n, p)| told(p, &format!("j{n}"))).collect();
        let mut turned = journals.clone();
        turned.rotate_left(turn % journals.len());
        turned.reverse();
        let mut instrument = Instrument::builtin().unwrap();
        instrument.incidents.last = 20;
        for by in [By::All, By::Domain, By::Fault] {
            let by = SubScenarios { by, weights: BTreeMap::new() };
            let of = |js: &[JournalRecords]| score(Flow::FaultManagement, &all_rows(js), &Scope::default(), &by, &instrument);
            prop_assert_eq!(of(&journals), of(&turned));
        }
    }

    /// The exported table says all that the score needs.
    #[test]
    fn a_table_that_went_out_and_came_back_scores_the_same(stories in prop::collection::vec(story(), 1..24)) {
        let rows = all_rows(&[told(&stories, "night of 3,5 \"x\".jsonl")]);
        let back = super::super::row::from_csv(&super::super::row::to_csv(&rows)).unwrap();
        prop_assert_eq!(&back, &rows);
        prop_assert_eq!(scored(Flow::FaultManagement, &back), scored(Flow::FaultManagement, &rows));
    }
}

/// The level is that of the newest incidents: twenty good ones after two hundred bad ones are not enough, two hundred are.
#[test]
fn the_newest_incidents_count() {
    let bad = (200, Story::suggested());
    let level = |n| {
        let rows = all_rows(&[journal("j", &[bad.clone(), (n, Story::auto())])]);
        let score = scored(Flow::FaultManagement, &rows);
        (score.level, score.incidents, score.left_out)
    };
    assert_eq!(level(20), (Some(0), 200, 20));
    assert_eq!(level(200), (Some(2), 200, 200));
}

/// By domain, equal weights: one domain of four is known, 25 % of the scenario, and a level needs 80 %.
#[test]
fn a_scenario_is_known_only_where_most_of_its_parts_are() {
    let instrument = Instrument::builtin().unwrap();
    let rows = all_rows(&[journal("j", &[(40, Story::auto())])]);
    let of = |weights: &[(&str, f64)]| {
        let weights = weights.iter().map(|(n, w)| ((*n).to_owned(), *w)).collect();
        let by = SubScenarios {
            by: By::Domain,
            weights,
        };
        score(
            Flow::FaultManagement,
            &rows,
            &Scope::default(),
            &by,
            &instrument,
        )
    };
    let equal = of(&[]);
    assert_eq!(equal.sub_scenarios.len(), 4);
    assert_eq!((equal.level, equal.methods), (None, None));
    assert_eq!(
        of(&[("transport", 8.0), ("access", 2.0)]).level,
        Some(2),
        "80 % hold L2"
    );
    assert_eq!(of(&[("transport", 7.9), ("access", 2.1)]).level, None);
}
