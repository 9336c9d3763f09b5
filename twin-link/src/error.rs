//! How wrong was the twin before, by kind of action?
//!
//! In: what was predicted and what was measured afterwards. Out: the mean error, and whether the gate of an action is
//! open. The learner records, the planner asks. An action whose error passes its bound is decided by a person.

use std::collections::{BTreeMap, VecDeque};
use zizhi_types::action::Verb;

/// Outcomes that are remembered by kind of action: enough for a mean, few enough to see the twin get better.
const MEMORY: usize = 50;
/// Before so many outcomes the gate stays open: two misses are no measurement (our choice).
const ENOUGH: u32 = 3;
/// Errors are relative to the measured value, but to no less than this: a hundredth of a ratio or of a unit.
const LEAST: f64 = 0.01;
/// One outcome counts as wholly wrong at most.
const MOST: f64 = 1.0;

/// The twin's error for one kind of action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Mean absolute relative error, 0 to 1.
    pub mean: f64,
    /// Outcomes it rests on.
    pub samples: u32,
}

/// The outcomes of past predictions.
#[derive(Debug, Clone, Default)]
pub struct ErrorLedger {
    outcomes: BTreeMap<Verb, VecDeque<f64>>,
}

impl ErrorLedger {
    /// Notes what came of a prediction, both in the unit of the metric. What is no number counts as wholly wrong.
    pub fn record_outcome(&mut self, verb: Verb, predicted: f64, measured: f64) {
        let relative = (predicted - measured).abs() / measured.abs().max(LEAST);
        let error = if relative.is_finite() {
            relative.min(MOST)
        } else {
            MOST
        };
        let past = self.outcomes.entry(verb).or_default();
        if past.len() == MEMORY {
            past.pop_front();
        }
        past.push_back(error);
    }

    /// The error for a kind of action; nothing before the first outcome.
    pub fn measured(&self, verb: Verb) -> Option<Measured> {
        let past = self.outcomes.get(&verb).filter(|p| !p.is_empty())?;
        Some(Measured {
            mean: past.iter().sum::<f64>() / past.len() as f64,
            samples: past.len() as u32,
        })
    }

    /// Whether the twin may speak for this kind of action: its error is within `bound`, or was hardly measured yet.
    pub fn gate_open(&self, verb: Verb, bound: f64) -> bool {
        self.measured(verb)
            .is_none_or(|m| m.samples < ENOUGH || m.mean <= bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_closes_when_predictions_go_wrong_and_opens_when_they_are_right_again() {
        let mut ledger = ErrorLedger::default();
        assert!(ledger.gate_open(Verb::LinkSetCost, 0.2));
        for _ in 0..3 {
            ledger.record_outcome(Verb::LinkSetCost, 0.9, 0.6);
        }
        assert!(!ledger.gate_open(Verb::LinkSetCost, 0.2));
        assert!(ledger.gate_open(Verb::LinkReset, 0.2));
        for _ in 0..50 {
            ledger.record_outcome(Verb::LinkSetCost, 0.61, 0.6);
        }
        let measured = ledger.measured(Verb::LinkSetCost).unwrap();
        assert!(ledger.gate_open(Verb::LinkSetCost, 0.2));
        assert!(measured.samples == 50 && (measured.mean - 0.01 / 0.6).abs() < 1e-9);
    }

    #[test]
    fn no_number_counts_as_wholly_wrong() {
        let mut ledger = ErrorLedger::default();
        ledger.record_outcome(Verb::CellRestart, f64::NAN, 0.5);
        assert!((ledger.measured(Verb::CellRestart).unwrap().mean - 1.0).abs() < 1e-12);
    }
}
