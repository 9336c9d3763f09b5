//! Which instance gets the next request: the gateway's policy.
//!
//! In: what is known of the instances and what each group prefers. Out: weights, and one choice at a time. Pure: the
//! caller tells the time. Called by the gateway only.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use zizhi_types::topology::Preference;

/// An instance as the gateway was told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The instance's id.
    pub id: String,
    /// Where it answers.
    pub address: SocketAddr,
    /// Compute tokens per request.
    pub price: f64,
    /// Requests per second that it can serve.
    pub capacity_rps: f64,
}

/// An instance as the gateway finds it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    target: Target,
    healthy: bool,
    /// Smoothed time to answer.
    latency_ms: f64,
    /// Share of its capacity that it may be sent, 0 to 1.
    share: f64,
    /// Requests that may still be sent now under the share.
    tokens: f64,
}

/// The policy and what it stands on.
#[derive(Debug)]
pub struct Steering {
    groups: BTreeMap<String, Preference>,
    seen: BTreeMap<String, Seen>,
    /// Per group: instance to weight; weights sum to 1.
    weights: BTreeMap<String, BTreeMap<String, f64>>,
    /// Per group and instance: how far it is behind its weight.
    credit: BTreeMap<(String, String), f64>,
    computed_ms: u64,
    filled_ms: u64,
}

/// Smoothing of the latency: about the last ten answers count.
const SMOOTHING: f64 = 0.1;

impl Steering {
    /// Starts with all instances taken for healthy and equally fast.
    pub fn new(targets: Vec<Target>, groups: BTreeMap<String, Preference>, now_ms: u64) -> Self {
        let seen = |target: Target| {
            let state = Seen {
                healthy: true,
                latency_ms: 10.0,
                share: 1.0,
                tokens: 0.0,
                target,
            };
            (state.target.id.clone(), state)
        };
        let mut steering = Self {
            groups,
            seen: targets.into_iter().map(seen).collect(),
            weights: BTreeMap::new(),
            credit: BTreeMap::new(),
            computed_ms: now_ms,
            filled_ms: now_ms,
        };
        steering.compute(now_ms);
        steering
    }

    /// Computes the weights anew from price, latency, health and limits.
    pub fn compute(&mut self, now_ms: u64) {
        self.computed_ms = now_ms;
        self.weights.clear();
        for (group, prefer) in &self.groups {
            let score = |s: &Seen| {
                let cost = match prefer {
                    Preference::Price => s.target.price,
                    Preference::Latency => s.latency_ms,
                };
                s.share / cost.max(0.01).powi(2)
            };
            let usable = self.seen.values().filter(|s| s.healthy && s.share > 0.0);
            let scores: BTreeMap<String, f64> =
                usable.map(|s| (s.target.id.clone(), score(s))).collect();
            let sum: f64 = scores.values().sum();
            let weights = scores.into_iter().map(|(id, s)| (id, s / sum)).collect();
            self.weights.insert(group.clone(), weights);
        }
    }

    /// The instance for a group's next request; `None` if there is none it may be sent to.
    pub fn choose(&mut self, group: &str, now_ms: u64) -> Option<Target> {
        self.refill(now_ms);
        let weights = self.weights.get(group)?;
        for (id, weight) in weights {
            let key = (group.to_owned(), id.clone());
            *self.credit.entry(key).or_default() += weight;
        }
        let credit = |id: &str| {
            let key = (group.to_owned(), id.to_owned());
            self.credit.get(&key).copied().unwrap_or_default()
        };
        let mut order: Vec<&String> = weights.keys().collect();
        order.sort_by(|a, b| credit(b).total_cmp(&credit(a)));
        let may = |id: &&&String| {
            let seen = self.seen.get(**id);
            seen.is_some_and(|s| s.share >= 1.0 || s.tokens >= 1.0)
        };
        let id = (*order.iter().find(may)?).clone();
        if let Some(credit) = self.credit.get_mut(&(group.to_owned(), id.clone())) {
            *credit -= 1.0;
        }
        let seen = self.seen.get_mut(&id)?;
        seen.tokens -= 1.0;
        Some(seen.target.clone())
    }

    fn refill(&mut self, now_ms: u64) {
        let seconds = now_ms.saturating_sub(self.filled_ms) as f64 / 1000.0;
        self.filled_ms = now_ms;
        for seen in self.seen.values_mut() {
            let rate = seen.share * seen.target.capacity_rps;
            // A tenth of a second may be sent in one burst.
            seen.tokens = (seen.tokens + rate * seconds).clamp(0.0, (rate * 0.1).max(1.0));
        }
    }

    /// An instance answered.
    pub fn answered(&mut self, id: &str, latency_ms: f64) {
        if let Some(seen) = self.seen.get_mut(id) {
            seen.latency_ms += SMOOTHING * (latency_ms - seen.latency_ms);
        }
    }

    /// A health check ended; a change computes the policy anew.
    pub fn checked(&mut self, id: &str, healthy: bool, now_ms: u64) {
        let Some(seen) = self.seen.get_mut(id) else {
            return;
        };
        if seen.healthy != healthy {
            seen.healthy = healthy;
            self.compute(now_ms);
        }
    }

    /// Limits what is sent to an instance to a share of its capacity, 0 to 1; returns the share before.
    pub fn limit(&mut self, id: &str, share: f64, now_ms: u64) -> Option<f64> {
        let seen = self.seen.get_mut(id)?;
        let before = std::mem::replace(&mut seen.share, share.clamp(0.0, 1.0));
        self.compute(now_ms);
        Some(before)
    }

    /// The share that an instance may be sent now.
    pub fn share(&self, id: &str) -> Option<f64> {
        self.seen.get(id).map(|s| s.share)
    }

    /// The weights, by group and instance.
    pub const fn weights(&self) -> &BTreeMap<String, BTreeMap<String, f64>> {
        &self.weights
    }

    /// The instances with their health.
    pub fn health(&self) -> BTreeMap<String, bool> {
        let pair = |(id, s): (&String, &Seen)| (id.clone(), s.healthy);
        self.seen.iter().map(pair).collect()
    }

    /// The instances.
    pub fn targets(&self) -> Vec<Target> {
        self.seen.values().map(|s| s.target.clone()).collect()
    }

    /// Seconds since the policy was computed.
    pub fn age_s(&self, now_ms: u64) -> f64 {
        now_ms.saturating_sub(self.computed_ms) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steering() -> Steering {
        let target = |id: &str, price| Target {
            id: id.into(),
            address: "10.0.0.1:80".parse().unwrap(),
            price,
            capacity_rps: 100.0,
        };
        let groups = BTreeMap::from([
            ("cheap".to_owned(), Preference::Price),
            ("fast".to_owned(), Preference::Latency),
        ]);
        Steering::new(vec![target("dear", 3.0), target("low", 1.0)], groups, 0)
    }

    fn shares(steering: &mut Steering, group: &str, now_ms: u64) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for _ in 0..100 {
            if let Some(target) = steering.choose(group, now_ms) {
                *counts.entry(target.id).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn each_group_gets_what_it_prefers_and_every_share_is_exact() {
        let mut s = steering();
        let cheap = shares(&mut s, "cheap", 0);
        assert_eq!((cheap["low"], cheap["dear"]), (90, 10));
        for _ in 0..200 {
            s.answered("low", 30.0);
        }
        s.compute(1);
        let fast = shares(&mut s, "fast", 1);
        assert_eq!((fast["low"], fast["dear"]), (10, 90));
    }

    #[test]
    fn an_instance_that_fails_its_check_gets_nothing_until_it_is_back() {
        let mut s = steering();
        s.checked("low", false, 5_000);
        assert_eq!(shares(&mut s, "cheap", 5_000).get("low"), None);
        assert!(s.age_s(6_000) < 1.1, "a change of health computes anew");
        s.checked("low", true, 7_000);
        assert_eq!(shares(&mut s, "cheap", 7_000)["low"], 90);
    }

    #[test]
    fn a_limit_is_a_rate_and_the_rest_goes_elsewhere() {
        let mut s = steering();
        assert_eq!(s.limit("low", 0.2, 0), Some(1.0));
        let mut low = 0;
        for n in 0..1000 {
            let target = s.choose("cheap", n * 10).unwrap();
            low += usize::from(target.id == "low");
        }
        // 10 s at 20 requests per second.
        assert!((190..=205).contains(&low), "{low}");
        assert_eq!(s.limit("low", 0.0, 0), Some(0.2));
        assert_eq!(shares(&mut s, "cheap", 0).get("low"), None);
        assert_eq!(s.limit("none", 0.0, 0), None);
    }

    #[test]
    fn nobody_left_means_no_choice() {
        let mut s = steering();
        s.checked("low", false, 0);
        s.checked("dear", false, 0);
        assert_eq!(s.choose("cheap", 0), None);
    }
}
