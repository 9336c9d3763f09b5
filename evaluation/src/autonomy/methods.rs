//! From task levels to one number: the two methods of TM Forum IG1252, each by weights and with equal ones.

use super::flow::Flow;
use super::instrument::Instrument;
use super::lattice::Task;
use serde::Serialize;

/// The level of each task, in the order of the workflow; 0 to 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// Of which workflow.
    pub flow: Flow,
    /// One a task.
    pub levels: Vec<u8>,
}

/// The scores of one set of task levels, each 0 to 5. They are not normalised (TR 28.909), so the instrument goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Methods {
    /// Method 1: weighted mean of the task levels.
    pub method_1: f64,
    /// The same with equal weights.
    pub method_1_equal: f64,
    /// Method 2: the lowest task level, plus the weight of the tasks above it (our reading of `L_base` + `L_extra`).
    pub method_2: f64,
    /// The same with equal weights.
    pub method_2_equal: f64,
    /// The lowest task level.
    pub least: u8,
}

impl Levels {
    /// Reads "A2 B2 C4 ...": every task of the workflow once, in any order.
    pub fn parse(flow: Flow, text: &str) -> Result<Self, String> {
        let mut given = std::collections::BTreeMap::new();
        for word in text.split([' ', ',']).filter(|w| !w.is_empty()) {
            let (letter, level) = one(flow, word)?;
            if given.insert(letter, level).is_some() {
                return Err(format!("task {letter} is there twice: write each once"));
            }
        }
        let of = |t: &Task| {
            let level = given.get(&t.letter).copied();
            level.ok_or_else(|| {
                format!(
                    "task {} ({}) is missing: write for example {}3",
                    t.letter, t.words[0], t.letter
                )
            })
        };
        let levels = flow.tasks().iter().map(of).collect::<Result<_, _>>()?;
        Ok(Self { flow, levels })
    }

    /// Both methods.
    pub fn methods(&self, instrument: &Instrument) -> Methods {
        let tasks = self.flow.tasks();
        let weights = instrument.weights_of(tasks);
        let equal = vec![1.0 / tasks.len() as f64; tasks.len()];
        let least = self.levels.iter().copied().min().unwrap_or(0);
        Methods {
            method_1: self.mean(&weights),
            method_1_equal: self.mean(&equal),
            method_2: self.above(&weights, least),
            method_2_equal: self.above(&equal, least),
            least,
        }
    }

    fn mean(&self, weights: &[f64]) -> f64 {
        let both = self.levels.iter().zip(weights);
        both.map(|(level, weight)| f64::from(*level) * weight).sum()
    }

    fn above(&self, weights: &[f64], base: u8) -> f64 {
        let both = self.levels.iter().zip(weights);
        let extra: f64 = both
            .filter(|(level, _)| **level > base)
            .map(|(_, weight)| weight)
            .sum();
        f64::from(base) + extra
    }
}

fn one(flow: Flow, word: &str) -> Result<(char, u8), String> {
    let bad = || {
        let last = flow.tasks().last().map_or('A', |t| t.letter);
        format!(
            "`{word}` is no task and level: write a letter from A to {last} and a level from 0 to 5, for example C4"
        )
    };
    let mut letters = word.chars();
    let letter = letters.next().ok_or_else(bad)?.to_ascii_uppercase();
    let level = letters
        .as_str()
        .parse()
        .ok()
        .filter(|l| *l <= 5)
        .ok_or_else(bad)?;
    let known = flow.tasks().iter().any(|t| t.letter == letter);
    if known {
        Ok((letter, level))
    } else {
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(text: &str) -> Methods {
        let levels = Levels::parse(Flow::FaultManagement, text).unwrap();
        levels.methods(&Instrument::builtin().unwrap())
    }

    /// By hand: intent 5 x 2 + 5 x 2, awareness 17.5 x 4 twice, analysis 4 x (3 + 2 + 3 + 3 + 3), decision 15 x 3, execution
    /// 20 x 3: 20 + 140 + 56 + 45 + 60 = 321 of 100. All but A, B and F are above 2: 2 + 1 - 0.05 - 0.05 - 0.04.
    #[test]
    fn the_published_vector_gives_the_published_numbers() {
        let m = methods("A2 B2 C4 D4 E3 F2 G3 H3 I3 J3 K3");
        let rounded =
            [m.method_1, m.method_1_equal, m.method_2, m.method_2_equal].map(|x| format!("{x:.2}"));
        assert_eq!(rounded, ["3.21", "2.91", "2.86", "2.73"]);
        assert_eq!(m.least, 2);
    }

    #[test]
    fn a_level_that_is_missing_or_means_nothing_is_refused() {
        let refused = |text: &str| Levels::parse(Flow::FaultManagement, text).unwrap_err();
        assert!(refused("A2 B2").contains("task C"));
        assert!(refused("A2 A3").contains("twice"));
        assert!(refused("Z2").contains("A to K"));
        assert!(refused("A6").contains("0 to 5"));
        assert!(refused("意").contains("for example C4"));
    }
}
