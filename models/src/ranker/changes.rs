//! Which change broke the service, if one did?
//!
//! The plain rule: a change is suspected when it was rolled out to a failing service shortly before the trouble began.
//! Of several, the one that is nearest in time and whose text (paths, message, difference) shares the rarest words with
//! what the trouble says of itself. None in that stretch of time: no change is guilty.

use super::series::usual;
use std::collections::{BTreeMap, BTreeSet};

/// A change that was rolled out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// The service it was rolled out to.
    pub service: String,
    /// When it was rolled out, in seconds; any origin.
    pub at_s: f64,
    /// Paths, message and difference.
    pub text: String,
}

/// The trouble, as far as the rule looks at it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trouble {
    /// The services that fail.
    pub services: BTreeSet<String>,
    /// When it began, in seconds; the same origin as the changes.
    pub began_s: f64,
    /// By how much that may be wrong, in seconds: the sampling interval.
    pub tolerance_s: f64,
    /// What it says of itself: error lines, names of the metrics that moved.
    pub text: String,
}

/// How long before the trouble a guilty change may have been rolled out, in seconds. Our choice: what is broken by a
/// rollout mostly shows within minutes; what was rolled out hours ago and sleeps is missed by this rule.
pub const REACH_S: f64 = 900.0;
/// Words shorter than this are in every text.
const SHORTEST_WORD: usize = 4;
/// Values in a row outside the usual band that make a beginning, and how far outside in scales.
const IN_A_ROW: usize = 2;
const OUTSIDE: f64 = 4.0;

/// The guilty change's id, or `None` where none is suspected. `others` are texts of changes that were not rolled out here:
/// they only tell which words are common.
pub fn guilty<'a>(trouble: &Trouble, changes: &'a [Change], others: &[String]) -> Option<&'a str> {
    let told = words(&trouble.text);
    let rarity = rarity(changes, others);
    let suspects = changes.iter().filter(|c| trouble.could_be(c));
    let shared = |change: &Change| -> f64 {
        let mut shared: Vec<f64> = words(&change.text)
            .intersection(&told)
            .map(|w| rarity.get(w).copied().unwrap_or(0.0))
            .collect();
        shared.sort_by(f64::total_cmp);
        shared.iter().sum()
    };
    let weighed: Vec<(&Change, f64, f64)> = suspects
        .map(|c| (c, trouble.nearness(c), shared(c)))
        .collect();
    let most = weighed.iter().map(|(_, _, s)| *s).fold(0.0, f64::max);
    let score = |(_, near, shared): &(&Change, f64, f64)| {
        near + if most > 0.0 { shared / most } else { 0.0 }
    };
    let best = weighed
        .iter()
        .max_by(|a, b| (score(a).total_cmp(&score(b))).then_with(|| b.0.id.cmp(&a.0.id)));
    best.map(|(change, _, _)| change.id.as_str())
}

impl Trouble {
    fn could_be(&self, change: &Change) -> bool {
        let earlier_s = self.began_s - change.at_s;
        self.services.contains(&change.service)
            && (-self.tolerance_s..=REACH_S).contains(&earlier_s)
    }

    /// 1 right before the trouble, 0 at the end of the reach.
    fn nearness(&self, change: &Change) -> f64 {
        1.0 - (self.began_s - change.at_s).clamp(0.0, REACH_S) / REACH_S
    }
}

/// The words of a text in small letters; `camelCase` and `snake_case` names are several words.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut small_before = false;
    for c in text.chars().chain([' ']) {
        if (!c.is_alphanumeric() || (c.is_uppercase() && small_before)) && !word.is_empty() {
            words.insert(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        small_before = c.is_lowercase();
    }
    words.retain(|w| w.chars().count() >= SHORTEST_WORD);
    words
}

/// Log of the number of changes over the number with the word.
fn rarity(changes: &[Change], others: &[String]) -> BTreeMap<String, f64> {
    let texts = changes.iter().map(|c| &c.text).chain(others);
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    let mut all = 0_u32;
    for text in texts {
        all += 1;
        for word in words(text) {
            *count.entry(word).or_default() += 1;
        }
    }
    let rarity = |n: u32| f64::from(all + 1).ln() - f64::from(n).ln();
    count.into_iter().map(|(w, n)| (w, rarity(n))).collect()
}

/// When a series left its usual band and stayed outside until `until_s`: the time of the first value of that last run.
/// `normal` are values of fault-free time, `values` are (seconds, value) in order of time.
pub fn onset(normal: &[f64], values: &[(f64, f64)], until_s: f64) -> Option<f64> {
    let (center, scale) = usual(normal.iter().copied())?;
    let scale = scale.max(1e-9 * center.abs()).max(f64::MIN_POSITIVE);
    let seen = values.iter().take_while(|(at, _)| *at <= until_s);
    let mut run: Vec<f64> = vec![];
    for (at, value) in seen.filter(|(_, v)| v.is_finite()) {
        if (value - center).abs() > OUTSIDE * scale {
            run.push(*at);
        } else {
            run.clear();
        }
    }
    (run.len() >= IN_A_ROW).then(|| run.first().copied())?
}
