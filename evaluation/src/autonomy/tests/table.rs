//! The tables themselves: whole, readable, and changed only on purpose.

use super::super::flow::Flow;
use super::super::lattice::{Actor, Category, Cell};
use super::super::reason::Reason;
use super::super::row::{self, COLUMNS};
use super::super::rules::{RULES, Rule};
use super::super::signs::Sign;
use super::super::testing::{Story, journal, rows, scored};
use std::collections::BTreeSet;
use zizhi_types::text::Language;

fn exported() -> String {
    row::to_csv(&rows(
        Flow::FaultManagement,
        &[journal("j", &[(20, Story::auto())])],
        &BTreeSet::new(),
    ))
}

#[test]
fn every_task_of_both_flows_has_its_own_rule_and_rising_cells() {
    for flow in Flow::ALL {
        for (n, task) in flow.tasks().iter().enumerate() {
            assert_eq!(task.letter, char::from(b'A' + u8::try_from(n).unwrap()));
            assert_eq!(Rule::of(task.duty).duty, task.duty);
            assert!(task.cells.is_sorted(), "{flow} {}", task.letter);
            assert_eq!(task.cells[0], Cell::H);
        }
        let of = |c: Category| flow.tasks().iter().filter(|t| t.category == c).count();
        let counts = Category::ALL.map(of);
        let expected = if flow == Flow::FaultManagement {
            [2, 2, 5, 1, 1]
        } else {
            [2, 1, 5, 1, 1]
        };
        assert_eq!(counts, expected);
    }
    assert_eq!(RULES.len(), 11);
}

/// TS 28.100 as read: the level at which each task moves from H, and the one at which it is the system's.
#[test]
fn each_task_moves_at_the_level_that_the_standard_says() {
    let moves = |flow: Flow| -> Vec<(char, usize, usize)> {
        let first =
            |cells: &[Cell; 6], least: Cell| cells.iter().position(|c| *c >= least).unwrap();
        flow.tasks()
            .iter()
            .map(|t| {
                (
                    t.letter,
                    first(&t.cells, Cell::Hs),
                    first(&t.cells, Cell::S),
                )
            })
            .collect()
    };
    assert_eq!(
        moves(Flow::FaultManagement),
        [
            ('A', 4, 4),
            ('B', 4, 4),
            ('C', 1, 2),
            ('D', 1, 2),
            ('E', 2, 2),
            ('F', 3, 4),
            ('G', 2, 2),
            ('H', 3, 3),
            ('I', 3, 4),
            ('J', 3, 4),
            ('K', 1, 2)
        ]
    );
    assert_eq!(
        moves(Flow::NetworkOptimisation),
        [
            ('A', 4, 4),
            ('B', 4, 4),
            ('C', 1, 2),
            ('D', 2, 2),
            ('E', 3, 4),
            ('F', 2, 2),
            ('G', 2, 2),
            ('H', 3, 4),
            ('I', 3, 4),
            ('J', 1, 2)
        ]
    );
}

#[test]
fn every_reason_survives_its_text_and_is_said_in_both_languages() {
    let all = Sign::ALL
        .iter()
        .flat_map(|s| [Reason::No(*s), Reason::Because(*s)]);
    for reason in all.chain([Reason::Done, Reason::ByPerson, Reason::WithPerson]) {
        assert_eq!(reason.to_string().parse(), Ok(reason));
        let [en, zh] = [Language::En, Language::Zh].map(|l| reason.words(l));
        assert!(
            !en.is_empty() && zh.chars().any(|c| c > '\u{2e80}'),
            "{reason}: {en} {zh}"
        );
    }
}

/// An assessor who does not believe the decision in two incidents writes H there: 18 of 20 are 90 %, so J is HS.
#[test]
fn an_assessor_changes_cells_and_sees_what_it_does() {
    let mut left = 2;
    let changed: Vec<String> = exported()
        .lines()
        .map(|line| {
            if line.contains(",J,") && left > 0 {
                left -= 1;
                line.replacen(",decision,S,", ",decision,H,", 1)
            } else {
                line.to_owned()
            }
        })
        .collect();
    let rows = row::from_csv(&(changed.join("\n") + "\n")).unwrap();
    let score = scored(Flow::FaultManagement, &rows);
    assert_eq!(score.sub_scenarios[0].tasks[9].actor, Some(Actor::Hs));
}

/// Writing S over a cell whose `override` column tells of a person does not make it the system's.
#[test]
fn an_override_outweighs_the_letter_beside_it() {
    let mut all = rows(
        Flow::FaultManagement,
        &[journal(
            "j",
            &[(
                20,
                Story {
                    rolled_back: 1,
                    ..Story::auto()
                },
            )],
        )],
        &BTreeSet::new(),
    );
    all.iter_mut()
        .filter(|r| r.task == 'J')
        .for_each(|r| r.actor = Actor::S);
    assert_eq!(
        scored(Flow::FaultManagement, &all).sub_scenarios[0].tasks[9].actor,
        Some(Actor::Hs)
    );
}

#[test]
fn a_table_that_is_none_is_refused_with_its_line_and_what_to_write() {
    let good = exported();
    let refused = |text: &str| row::from_csv(text).unwrap_err().to_string();
    assert!(refused("a,b\n").contains("the first line must be: flow,journal"));
    assert!(refused(&(COLUMNS.join(",") + "\n")).contains("--csv"));
    let bad_actor = refused(&good.replacen(",awareness,S,", ",awareness,X,", 1));
    assert!(
        bad_actor.contains("line 4, column actor: `X` is no actor: write H, HS or S"),
        "{bad_actor}"
    );
    let twice = format!("{good}{}\n", good.lines().nth(1).unwrap());
    assert!(refused(&twice).contains("task A is there 2 times"));
    let class = good.replacen(",S,1,,yes,", ",S,9,,yes,", 1);
    assert!(refused(&class).contains("write 1, 2, 3 or 4"));
    let mixed = good.replacen(",S,1,,yes,", ",S,2,,yes,", 1);
    assert!(refused(&mixed).contains("its rows differ"));
}

/// The pages tell the same rules and signs as the code, word for word.
#[test]
fn the_pages_say_what_the_code_does() {
    let pages = [
        include_str!("../../../../docs/autonomy.md"),
        include_str!("../../../../docs/autonomy.zh.md"),
    ];
    for (lang, page) in pages.into_iter().enumerate() {
        for rule in RULES {
            assert!(
                page.contains(&format!("| {} |", rule.words[lang])),
                "{:?}",
                rule.duty
            );
        }
        for sign in Sign::ALL {
            let row = format!(
                "| `{sign}` | {} | {} |",
                sign.there()[lang],
                sign.missing()[lang]
            );
            assert!(page.contains(&row), "{row}");
        }
    }
}
