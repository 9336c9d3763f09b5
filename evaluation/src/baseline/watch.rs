//! Watching values against limits: how long each has been on the wrong side, and who is not heard any more.

use super::facts::Facts;
use super::rules::{Rules, When};
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_types::wire::{Sample, TelemetryBatch};
use zizhi_types::{ManagedObject, Metric, NetTime};

/// Good samples in a row that end an alert: one may be luck, as for the agents.
const GOOD_SAMPLES: u32 = 2;

/// A rule, by its place, at an object.
pub(super) type Spot = (usize, ManagedObject);

/// What is seen at a spot.
#[derive(Clone)]
pub(super) struct Sight {
    /// Which quantity.
    pub metric: Metric,
    /// The limit.
    pub limit: f64,
    /// The last value.
    pub value: f64,
    /// Since when it is on the wrong side.
    pub onset: NetTime,
    /// The message that says so; of a silent source the last that came.
    pub message: Arc<Message>,
}

struct Streak {
    sight: Sight,
    bad: u32,
    good: u32,
}

/// What a source said last.
struct Voice {
    at: NetTime,
    message: Arc<Message>,
}

/// Every value that a rule looks at.
#[derive(Default)]
pub(super) struct Watch {
    streaks: BTreeMap<Spot, Streak>,
    voices: BTreeMap<ManagedObject, Voice>,
}

impl Watch {
    /// Takes in what a source measured.
    pub(super) fn batch(
        &mut self,
        rules: &Rules,
        facts: &mut Facts,
        batch: &TelemetryBatch,
        message: &Arc<Message>,
    ) {
        let voice = Voice {
            at: batch.at,
            message: Arc::clone(message),
        };
        self.voices.insert(batch.source.clone(), voice);
        for sample in &batch.samples {
            facts.observe(sample);
            for (index, rule) in rules.rules.iter().enumerate() {
                if rule.when.metric() != Some(sample.metric) {
                    continue;
                }
                let Some((bad, limit)) = breach(rule.when, sample, facts) else {
                    continue;
                };
                // What was taken out of service on purpose hurts nobody, whatever it measures.
                let bad = bad && !facts.is_drained(&sample.object);
                let sight = Sight {
                    metric: sample.metric,
                    limit,
                    value: sample.value,
                    onset: batch.at,
                    message: Arc::clone(message),
                };
                self.count((index, sample.object.clone()), bad, sight);
            }
        }
    }

    /// Looks who is not heard any more.
    pub(super) fn silence(&mut self, rules: &Rules, now: NetTime) {
        for (index, rule) in rules.rules.iter().enumerate() {
            let When::Silent {
                silent: kind,
                for_s,
            } = rule.when
            else {
                continue;
            };
            let alike = |s: &ManagedObject| s.kind() == rule.when.kind();
            let of_kind = self.voices.iter().filter(|(s, _)| alike(s));
            let seen: Vec<(ManagedObject, bool, Sight)> = of_kind
                .map(|(source, voice)| {
                    let silent = now.since(voice.at) > for_s * 1000;
                    (source.clone(), silent, gone(kind.state(), voice, silent))
                })
                .collect();
            for (source, silent, sight) in seen {
                self.count((index, source), silent, sight);
            }
        }
    }

    fn count(&mut self, spot: Spot, bad: bool, sight: Sight) {
        let streak = self.streaks.entry(spot).or_insert_with(|| Streak {
            sight: sight.clone(),
            bad: 0,
            good: 0,
        });
        let onset = if streak.bad > 0 {
            streak.sight.onset
        } else {
            sight.onset
        };
        streak.sight = Sight { onset, ..sight };
        if bad {
            (streak.bad, streak.good) = (streak.bad.saturating_add(1), 0);
        } else {
            (streak.bad, streak.good) = (0, streak.good.saturating_add(1));
        }
    }

    /// What was seen so often is not counted for an alert any more.
    pub(super) fn forget(&mut self, spot: &Spot) {
        if let Some(streak) = self.streaks.get_mut(spot) {
            streak.bad = 0;
        }
    }

    /// Objects that are on the wrong side of a rule for long enough.
    pub(super) fn firing(&self, rules: &Rules, index: usize) -> Vec<(ManagedObject, Sight)> {
        let needed = rules.rules[index].when.samples();
        self.of_rule(index)
            .filter(|(_, s)| s.bad >= needed)
            .map(|((_, object), s)| (object.clone(), s.sight.clone()))
            .collect()
    }

    /// Whether an alert is over.
    pub(super) fn is_well(&self, spot: &Spot) -> bool {
        self.streaks
            .get(spot)
            .is_some_and(|s| s.good >= GOOD_SAMPLES)
    }

    fn of_rule(&self, index: usize) -> impl Iterator<Item = (&Spot, &Streak)> {
        self.streaks.iter().filter(move |((i, _), _)| *i == index)
    }
}

/// A source that should answer and does not: as if its state had fallen.
fn gone(metric: Metric, voice: &Voice, silent: bool) -> Sight {
    Sight {
        metric,
        limit: 1.0,
        value: if silent { 0.0 } else { 1.0 },
        onset: voice.at,
        message: Arc::clone(&voice.message),
    }
}

/// Whether the value is on the wrong side, and of which limit; nothing where the limit is not known.
fn breach(when: When, sample: &Sample, facts: &Facts) -> Option<(bool, f64)> {
    let meant = || facts.meant(&sample.object, sample.metric);
    let value = sample.value;
    match when {
        When::Above { above, .. } => Some((value > above, above)),
        When::Below { below, .. } => Some((value < below, below)),
        When::AboveBuilt { above_built, .. } => {
            let limit = meant()? * above_built;
            Some((value > limit, limit))
        }
        When::NotBuilt { not_built, .. } => {
            let limit = meant()?;
            // Settings are whole numbers or shares of them: a thousandth is none of the operator's business.
            let off = (value - limit).abs() > 0.001 * limit.abs();
            Some((off == not_built, limit))
        }
        When::Silent { .. } => None,
    }
}
