//! How much may be done, how often and on what evidence?
//!
//! In: what the operator wrote, or nothing. Out: the bounds that the guards hold plans against. Every default says where
//! it comes from; `docs/guards.md` lists them.

use serde::{Deserialize, Serialize};

/// Bounds that the operator may set. What is not named keeps its default; an unknown key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most actions on one object within [`Limits::rate_window_ms`]. Our choice: 3, a cure, one other try and an undo.
    pub actions_per_object: usize,
    /// The window of that rate, in milliseconds. Our choice: ten minutes, so that routing and telemetry settle in between.
    pub rate_window_ms: u64,
    /// Most runs that are begun in one domain within an hour. 6: one in ten minutes.
    pub runs_per_domain_hour: usize,
    /// Most runs in flight in one domain. 1: what two changes at once do to each other no twin has rehearsed.
    pub in_flight_per_domain: usize,
    /// Most runs in flight in all domains together. 3.
    pub in_flight_in_all: usize,
    /// How long a target of a run that did not help rests, in milliseconds. 15 minutes. The next remedy of the same
    /// incident is excepted, if it is another playbook: the negotiation bounds how many of those there are.
    pub cool_down_ms: u64,
    /// Rollbacks of one playbook in one domain within [`Limits::breaker_window_ms`] that open its breaker. 2.
    pub breaker_rollbacks: usize,
    /// The breaker's window, in milliseconds. One hour.
    pub breaker_window_ms: u64,
    /// Oldest evidence that may be acted on, in milliseconds. Our choice: two minutes, several telemetry intervals.
    pub evidence_age_ms: u64,
    /// Oldest telemetry of the target itself, in milliseconds. Our choice: two minutes.
    pub target_age_ms: u64,
    /// Share (0 to 1) of its domain's live capacity that a plan may take out without a person. 0.05.
    pub capacity_share: f64,
    /// The same for a plan that takes out one single object: one link of twelve is more than a twentieth, and is still the
    /// smallest change there is. Our choice: 0.25.
    pub capacity_share_single: f64,
    /// Most compute sites that one plan, or all plans in flight together, may touch without a person. 1.
    pub sites: usize,
    /// Live instances that every service keeps which loses any. 1.
    pub instances_left: usize,
    /// Risk (0 to 1) of a plan beyond which a person decides. Our choice: 0.7.
    pub risk: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            actions_per_object: 3,
            rate_window_ms: 600_000,
            runs_per_domain_hour: 6,
            in_flight_per_domain: 1,
            in_flight_in_all: 3,
            cool_down_ms: 900_000,
            breaker_rollbacks: 2,
            breaker_window_ms: 3_600_000,
            evidence_age_ms: 120_000,
            target_age_ms: 120_000,
            capacity_share: 0.05,
            capacity_share_single: 0.25,
            sites: 1,
            instances_left: 1,
            risk: 0.7,
        }
    }
}

impl Limits {
    /// For drills on a simulated network, where a campaign breaks something every few minutes, around the clock: the
    /// hourly rate, the cool-down and the breaker would measure how densely faults are packed and not how well they are
    /// repaired. All that guards one plan by itself stays as it is. What the operator set is left alone.
    #[must_use]
    pub fn for_drills(mut self) -> Self {
        let usual = Self::default();
        if self.runs_per_domain_hour == usual.runs_per_domain_hour {
            self.runs_per_domain_hour = 60;
        }
        if self.cool_down_ms == usual.cool_down_ms {
            self.cool_down_ms = 0;
        }
        if self.breaker_rollbacks == usual.breaker_rollbacks {
            self.breaker_rollbacks = 20;
        }
        self
    }

    /// What is wrong with the bounds, in words: a share is between 0 and 1, a count that allows nothing is a mistake.
    pub fn problem(&self) -> Option<String> {
        let shares = [
            ("capacity_share", self.capacity_share),
            ("capacity_share_single", self.capacity_share_single),
            ("risk", self.risk),
        ];
        let counts = [
            ("actions_per_object", self.actions_per_object),
            ("runs_per_domain_hour", self.runs_per_domain_hour),
            ("in_flight_per_domain", self.in_flight_per_domain),
            ("in_flight_in_all", self.in_flight_in_all),
            ("breaker_rollbacks", self.breaker_rollbacks),
        ];
        let share = shares.iter().find(|(_, s)| !(0.0..=1.0).contains(s));
        let count = counts.iter().find(|(_, n)| *n == 0);
        share
            .map(|(name, s)| format!("`{name}` is {s}: write a share from 0 to 1"))
            .or_else(|| {
                count.map(|(name, _)| {
                    format!("`{name}` is 0, which forbids every action: set the mode instead")
                })
            })
    }
}
