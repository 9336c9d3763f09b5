//! How is a symptom's object joined to the suspect?
//!
//! In: the mirror and a suspect. Out: the shortest chain of objects from anywhere to it. Called by diagnosis for the
//! evidence it shows.

use crate::mirror::{Mirror, Place};
use std::collections::VecDeque;
use zizhi_types::object::ManagedObject;

impl Mirror {
    /// The shortest chains of objects from anywhere to one suspect.
    pub fn chains(&self, suspect: &Place) -> Chains<'_> {
        Chains {
            mirror: self,
            suspect: suspect.clone(),
            down: self.toward(suspect, false),
            any: self.toward(suspect, true),
        }
    }

    /// For each object: the next one on the shortest way to the suspect, itself when it is next to it or is it.
    fn toward(&self, suspect: &Place, both_ways: bool) -> Vec<Option<usize>> {
        let mut next = vec![None; self.places().len()];
        let first = match suspect.index {
            Some(i) => vec![i],
            // A suspect that the inventory does not list is reached through what it depends on.
            None if both_ways => suspect.direct.clone(),
            None => vec![],
        };
        let mut open: VecDeque<(usize, usize)> = first.iter().map(|&i| (i, i)).collect();
        while let Some((i, toward)) = open.pop_front() {
            if next[i].is_some() {
                continue;
            }
            next[i] = Some(toward);
            open.extend(self.above(i).iter().map(|&above| (above, i)));
            if both_ways {
                open.extend(self.at(i).direct.iter().map(|&below| (below, i)));
            }
        }
        next
    }
}

/// The shortest chains of objects to one suspect.
pub struct Chains<'a> {
    mirror: &'a Mirror,
    suspect: Place,
    down: Vec<Option<usize>>,
    any: Vec<Option<usize>>,
}

impl Chains<'_> {
    /// The chain from an object to the suspect, both included: down the dependencies where that is possible, else over
    /// any dependency in either direction; `None` when nothing joins them.
    pub fn from(&self, seen: &Place) -> Option<Vec<ManagedObject>> {
        if seen.object == self.suspect.object {
            return Some(vec![seen.object.clone()]);
        }
        self.walk(seen, &self.down)
            .or_else(|| self.walk(seen, &self.any))
    }

    fn walk(&self, seen: &Place, next: &[Option<usize>]) -> Option<Vec<ManagedObject>> {
        let mut chain = vec![];
        let mut at = seen.index;
        if at.is_none() {
            chain.push(seen.object.clone());
            let steps = seen.direct.iter().copied().map(|i| (steps(i, next), i));
            at = steps.filter(|(n, _)| *n > 0).min().map(|(_, i)| i);
        }
        let mut at = at?;
        loop {
            let toward = next[at]?;
            chain.push(self.mirror.at(at).object.clone());
            if toward == at {
                break;
            }
            at = toward;
        }
        if self.suspect.index.is_none() {
            chain.push(self.suspect.object.clone());
        }
        Some(chain)
    }
}

/// Objects on the way from a number to the suspect; 0 when there is none.
fn steps(mut at: usize, next: &[Option<usize>]) -> usize {
    let mut steps = 0;
    while let Some(toward) = next[at] {
        steps += 1;
        if toward == at {
            break;
        }
        at = toward;
    }
    steps
}
