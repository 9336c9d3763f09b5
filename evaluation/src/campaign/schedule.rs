//! Which faults come in which order: every kind before any kind comes again, doubles in between.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use zizhi_types::FaultKind;

/// One thing that is made to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A fault.
    Fault(FaultKind),
    /// Something as loud that needs no action.
    Double(FaultKind),
}

/// An endless schedule over some kinds. Equal seeds give equal schedules.
pub struct Schedule {
    rng: ChaCha8Rng,
    faults: Deck,
    doubles: Deck,
}

impl Schedule {
    /// A schedule over `kinds`; every one comes once before any comes again.
    pub fn new(kinds: &[FaultKind], seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed ^ 0x5eed_0fca_3a16),
            faults: Deck::new(kinds),
            doubles: Deck::new(kinds),
        }
    }

    /// The next fault; nothing only when there is no kind to choose from.
    pub fn fault(&mut self) -> Option<Slot> {
        self.faults.draw(&mut self.rng).map(Slot::Fault)
    }

    /// The next double.
    pub fn double(&mut self) -> Option<Slot> {
        self.doubles.draw(&mut self.rng).map(Slot::Double)
    }
}

/// Kinds in random order, shuffled anew when all have been drawn.
struct Deck {
    kinds: Vec<FaultKind>,
    left: Vec<FaultKind>,
}

impl Deck {
    fn new(kinds: &[FaultKind]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            left: vec![],
        }
    }

    fn draw(&mut self, rng: &mut ChaCha8Rng) -> Option<FaultKind> {
        if self.left.is_empty() {
            self.left.clone_from(&self.kinds);
            self.left.shuffle(rng);
        }
        self.left.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_comes_before_any_comes_again() {
        let mut schedule = Schedule::new(FaultKind::ALL, 7);
        let drawn = FaultKind::ALL
            .iter()
            .filter_map(|_| match schedule.fault() {
                Some(Slot::Fault(kind)) => Some(kind),
                _ => None,
            });
        assert_eq!(drawn.collect::<BTreeSet<_>>().len(), FaultKind::ALL.len());
    }

    #[test]
    fn equal_seeds_give_equal_schedules_and_others_differ() {
        let of = |seed| {
            let mut schedule = Schedule::new(FaultKind::ALL, seed);
            (0..20)
                .flat_map(|_| [schedule.fault(), schedule.double()])
                .collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn without_a_kind_nothing_comes() {
        assert_eq!(Schedule::new(&[], 1).fault(), None);
    }
}
