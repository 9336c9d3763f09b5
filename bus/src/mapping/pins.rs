//! Does a value keep its type? A path that is a number today and a text tomorrow is told, not guessed.

use super::key::{self, Key};
use crate::decode::{Point, Reject, Value};
use std::collections::HashMap;

/// Remembers the type of each series. Memory is bounded: at most `most` series, later ones are not watched but counted.
#[derive(Debug)]
pub struct Pins {
    types: HashMap<Key, &'static str>,
    most: usize,
    unwatched: u64,
}

impl Pins {
    /// For at most `most` series.
    pub fn new(most: usize) -> Self {
        Self {
            types: HashMap::new(),
            most,
            unwatched: 0,
        }
    }

    /// Points whose series was not watched for lack of room.
    pub const fn unwatched(&self) -> u64 {
        self.unwatched
    }

    /// Tells when the type of a series (name and all tags) is another than that of its last value.
    pub fn check(&mut self, point: &Point) -> Option<Reject> {
        let now = match point.value {
            Value::Number(_) | Value::Whole(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::Text(_) => "a text",
            Value::Gone => return None,
        };
        let key = key::of(&(&point.name, &point.tags));
        let room = self.types.len() < self.most;
        match self.types.get_mut(&key) {
            Some(before) if *before == now => None,
            Some(before) => {
                let was = std::mem::replace(before, now);
                Some(Reject {
                    reason: format!(
                        "`{}` was {was} and is now {now}: what it means may have changed",
                        point.name
                    ),
                    sample: format!("{:?}", point.value).chars().take(120).collect(),
                })
            }
            None if room => {
                self.types.insert(key, now);
                None
            }
            None => {
                self.unwatched += 1;
                None
            }
        }
    }
}
