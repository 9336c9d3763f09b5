//! Which alarm type brings which other type with it?
//!
//! The lag rule: type A points at type B when, on the same device or one linked to it, a B follows an A within five minutes
//! more often than B's own rate explains, clearly so, and at least as clearly as A follows B. Plain on purpose: it does
//! not tell a direct cause from a chain of them.

use std::collections::{BTreeMap, BTreeSet};

/// An alarm began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// Its type.
    pub kind: u32,
    /// The device that raised it.
    pub device: u32,
    /// When, in seconds; any origin.
    pub start_s: i64,
}

/// How long after a cause its effect may come, in seconds. Our choice: alarm collection often polls every few minutes.
const LAG_S: i64 = 300;
/// How many scales more followers than by chance make an edge. Our choice, from the two development networks: alarm
/// storms make weaker excesses between types that only share a cause.
const CLEARLY: f64 = 8.0;

/// Starts of each (device, kind), sorted.
type Starts = BTreeMap<(u32, u32), Vec<i64>>;

/// An arrow from cause to effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The type that comes first.
    pub cause: u32,
    /// The type that follows.
    pub effect: u32,
    /// Followers more than by chance, in multiples of chance's own noise.
    pub scales: f64,
}

/// The edges, clearest first, ties by type. `links` are pairs of devices, undirected.
pub fn lag_edges(alarms: &[Alarm], links: &[(u32, u32)]) -> Vec<Edge> {
    let kinds: BTreeSet<u32> = alarms.iter().map(|a| a.kind).collect();
    let followed = Followed::new(alarms, links);
    let pairs = kinds
        .iter()
        .flat_map(|a| kinds.iter().map(move |b| (*a, *b)));
    let excess: BTreeMap<(u32, u32), f64> = pairs
        .filter(|(a, b)| a != b)
        .map(|(a, b)| ((a, b), followed.excess(a, b)))
        .collect();
    let clear = excess.iter().filter(|((a, b), scales)| {
        **scales >= CLEARLY && excess.get(&(*b, *a)).is_none_or(|back| back <= *scales)
    });
    let mut edges: Vec<Edge> = clear
        .map(|(&(cause, effect), &scales)| Edge {
            cause,
            effect,
            scales,
        })
        .collect();
    edges.sort_by(|a, b| b.scales.total_cmp(&a.scales));
    edges
}

struct Followed {
    starts: Starts,
    /// Starts of a kind on a device and those linked to it.
    around: Starts,
    devices: BTreeSet<u32>,
    length_s: f64,
}

impl Followed {
    fn new(alarms: &[Alarm], links: &[(u32, u32)]) -> Self {
        let mut around: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for alarm in alarms {
            around.entry(alarm.device).or_default().insert(alarm.device);
        }
        for &(a, b) in links {
            around.entry(a).or_default().insert(b);
            around.entry(b).or_default().insert(a);
        }
        let (mut starts, mut near) = (Starts::new(), Starts::new());
        for alarm in alarms {
            let own = starts.entry((alarm.device, alarm.kind)).or_default();
            own.push(alarm.start_s);
            for device in around.get(&alarm.device).into_iter().flatten() {
                let of = near.entry((*device, alarm.kind)).or_default();
                of.push(alarm.start_s);
            }
        }
        for times in starts.values_mut().chain(near.values_mut()) {
            times.sort_unstable();
        }
        let first = alarms.iter().map(|a| a.start_s).min().unwrap_or(0);
        let last = alarms.iter().map(|a| a.start_s).max().unwrap_or(0);
        Self {
            starts,
            around: near,
            devices: around.into_keys().collect(),
            length_s: last.saturating_sub(first).saturating_add(1) as f64,
        }
    }

    fn excess(&self, cause: u32, effect: u32) -> f64 {
        let (mut seen, mut expected) = (0_u32, 0.0);
        for device in &self.devices {
            let (Some(causes), Some(effects)) = (
                self.starts.get(&(*device, cause)),
                self.around.get(&(*device, effect)),
            ) else {
                continue;
            };
            // At the effect's mean rate, this part of all windows would hold one anyway.
            let rate = effects.len() as f64 / self.length_s;
            expected += causes.len() as f64 * (1.0 - (-rate * LAG_S as f64).exp());
            let followed = |start: &&i64| {
                let next = effects.partition_point(|e| e <= start);
                effects
                    .get(next)
                    .is_some_and(|e| e.saturating_sub(**start) <= LAG_S)
            };
            seen += causes.iter().filter(followed).count() as u32;
        }
        (f64::from(seen) - expected) / (expected + 1.0).sqrt()
    }
}
