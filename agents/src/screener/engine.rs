//! From a message of samples to the few that are unusual.

use super::{Input, ScreenerConfig, UnusualEvent};
use crate::role::Engine;
use zizhi_bus::batch::{Counts, Decoder, Limits, Reading};
use zizhi_models::{Screen, ScreenCounts, Unusual};
use zizhi_types::NetTime;

/// Knows who sends which series, and how each behaves.
pub struct Screener {
    decoder: Decoder,
    screen: Screen,
    budget: Budget,
    readings: Vec<Reading>,
    unusual: Vec<Unusual>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Screened {
    /// Of messages and names.
    pub batches: Counts,
    /// Of samples.
    pub samples: ScreenCounts,
    /// Unusual samples beyond the bound on events.
    pub untold: u64,
    /// Series that are watched now.
    pub live: usize,
}

/// So many events in a stretch of time.
struct Budget {
    most: u32,
    window_ms: u64,
    since: NetTime,
    told: u32,
    untold: u64,
}

impl Screener {
    /// Has heard nothing.
    pub fn new(config: &ScreenerConfig) -> Self {
        let limits = Limits {
            series: config.screen.series,
            series_each: config.screen.series_each,
            ..Limits::default()
        };
        Self {
            decoder: Decoder::new(limits),
            screen: Screen::new(config.screen),
            budget: Budget {
                most: config.events,
                window_ms: config.events_window_ms,
                since: NetTime(0),
                told: 0,
                untold: 0,
            },
            readings: vec![],
            unusual: vec![],
        }
    }

    /// Who sends, how its messages came, and what was counted of them.
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// What was counted since the start.
    pub fn screened(&self) -> Screened {
        Screened {
            batches: self.decoder.counts(),
            samples: self.screen.counts(),
            untold: self.budget.untold,
            live: self.screen.live(),
        }
    }

    fn event(&self, publisher: usize, unusual: &Unusual) -> Option<UnusualEvent> {
        let name = self.decoder.name(publisher, unusual.series)?;
        Some(UnusualEvent {
            object: name.object.to_owned(),
            metric: name.metric.to_owned(),
            unit: name.unit.to_owned(),
            value: unusual.value,
            expected: unusual.expected,
            score: unusual.score,
            at: self.readings.get(unusual.index)?.at,
            source: self.decoder.publisher(publisher)?.to_owned(),
        })
    }
}

impl Engine for Screener {
    type Input = Input;
    type Output = UnusualEvent;

    /// `now` is the receiver's own time since its start: senders' clocks are not trusted to tell who fell silent.
    fn handle(&mut self, Input(message): Input, now: NetTime) -> Vec<UnusualEvent> {
        // What was refused was counted.
        let Ok(heard) = self
            .decoder
            .decode(&message.payload, now, &mut self.readings)
        else {
            return vec![];
        };
        if heard.fresh {
            self.screen.forget(heard.publisher);
        }
        self.unusual.clear();
        let samples = self.readings.iter().map(|r| (r.id, r.value));
        self.screen
            .observe(heard.publisher, samples, &mut self.unusual);
        let told = self.budget.grant(self.unusual.len(), now);
        let unusual = self.unusual.iter().take(told);
        unusual
            .filter_map(|u| self.event(heard.publisher, u))
            .collect()
    }
}

impl Budget {
    /// How many of `wanted` events may be told now.
    fn grant(&mut self, wanted: usize, now: NetTime) -> usize {
        if wanted == 0 {
            return 0;
        }
        if now.since(self.since) >= self.window_ms {
            (self.since, self.told) = (now, 0);
        }
        let left = (self.most - self.told) as usize;
        let granted = wanted.min(left);
        self.told += u32::try_from(granted).unwrap_or(u32::MAX);
        self.untold += (wanted - granted) as u64;
        granted
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
