//! A stalled executor wakes with an old plan: the door refuses it at the network, by the term of its lease.
//!
//! The incident behind it: AWS 2025-10, where a delayed enactor applied an old plan over a new one. Ten thousand seeds: two
//! processes with growing terms, pauses, repeats and lookups in any order.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zizhi_agents::remote::{Answer, Door, Question, Verdict};
use zizhi_bus::Term;
use zizhi_playbooks::DriverError;
use zizhi_types::action::{Action, Receipt, Value, Verb};

const SEEDS: u64 = 10_000;

fn question(term: u64, key: &str, cost: u64) -> Question {
    let action = Action::new(Verb::LinkSetCost, "link/A-B".parse().unwrap());
    Question {
        term: Term(term),
        key: key.to_owned(),
        action: Some(action.with("cost", Value::Number(cost as f64))),
    }
}

/// The network: what was set, and under which term.
#[derive(Default)]
struct Set {
    by_term: Vec<u64>,
    keys: Vec<String>,
}

fn put(door: &mut Door, set: &mut Set, term: u64, key: &str, cost: u64) -> Answer {
    match door.ask(question(term, key, cost)) {
        Verdict::Say(answer) => answer,
        Verdict::Open(_) => {
            set.by_term.push(term);
            set.keys.push(key.to_owned());
            let receipt = Receipt {
                before: "10".to_owned(),
                after: cost.to_string(),
                undo: None,
            };
            door.done(key, Ok(receipt))
        }
    }
}

#[test]
fn ten_thousand_stalled_executors_apply_nothing_stale_and_nothing_twice() {
    let mut woke = 0;
    for seed in 0..SEEDS {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let (mut door, mut set) = (Door::new(), Set::default());
        let mut newest = 1;
        // Plans that processes hold in their hands, some for very long.
        let mut held: Vec<(u64, String, u64)> = vec![];
        for step in 0..chance.random_range(4..40_u64) {
            match chance.random_range(0..4) {
                // The lease runs out while its holder stands still, and another process takes over.
                0 => newest += 1,
                1 => held.push((newest, format!("run-{step}/drain/do"), step)),
                2 if !held.is_empty() => {
                    let index = chance.random_range(0..held.len());
                    let (term, key, cost) = held[index].clone();
                    let before = set.by_term.len();
                    let highest = set.by_term.iter().copied().max().unwrap_or(0);
                    let answer = put(&mut door, &mut set, term, &key, cost);
                    if term < highest {
                        woke += 1;
                        assert_eq!(set.by_term.len(), before, "seed {seed}: {term} < {highest}");
                        assert!(
                            matches!(answer, Answer::Applied(Err(DriverError::Refused(_)))),
                            "seed {seed}: {answer:?}"
                        );
                    }
                }
                _ => drop(put(
                    &mut door,
                    &mut set,
                    newest,
                    &format!("new-{step}"),
                    step,
                )),
            }
        }
        assert!(
            set.by_term.windows(2).all(|w| w[0] <= w[1]),
            "seed {seed}: an older term came after a newer one: {:?}",
            set.by_term
        );
        let mut keys = set.keys.clone();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(
            keys.len(),
            set.keys.len(),
            "seed {seed}: a key was used twice"
        );
    }
    assert!(woke > SEEDS, "{woke} stale plans were tried");
}
