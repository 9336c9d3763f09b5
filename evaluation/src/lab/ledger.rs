//! Which probes came back, and after how long.
//!
//! In: numbers of probes sent and received, with the time in milliseconds. Out: counts of those that can be judged.
//! Pure: the caller tells the time. Used by the probes.

use std::collections::BTreeMap;

/// A probe that is not back after this long is lost: longer than the fullest queue of two shaped links.
pub const LOST_AFTER_MS: f64 = 400.0;

/// Probes kept at most: 10 per second, judged once a second.
const PROBES_MAX: usize = 1_000;

/// Probes between one sender and one receiver.
#[derive(Debug, Default)]
pub struct Ledger {
    next: u64,
    open: BTreeMap<u64, Probe>,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    sent_ms: f64,
    took_ms: Option<f64>,
}

/// What became of the probes since the last judgement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// How many.
    pub sent: usize,
    /// How many never came.
    pub lost: usize,
    /// How long the others took, ascending.
    pub took_ms: Vec<f64>,
}

impl Judged {
    /// Lost over sent; `None` without probes.
    pub fn loss_ratio(&self) -> Option<f64> {
        (self.sent > 0).then(|| self.lost as f64 / self.sent as f64)
    }

    /// The middle of what came; `None` if nothing came.
    pub fn median_ms(&self) -> Option<f64> {
        self.took_ms.get(self.took_ms.len() / 2).copied()
    }
}

impl Ledger {
    /// A probe is sent; returns its number.
    pub fn send(&mut self, now_ms: f64) -> u64 {
        self.next += 1;
        let probe = Probe {
            sent_ms: now_ms,
            took_ms: None,
        };
        self.open.insert(self.next, probe);
        if self.open.len() > PROBES_MAX {
            self.open.pop_first();
        }
        self.next
    }

    /// A probe arrived. Unknown numbers and second copies are ignored.
    pub fn receive(&mut self, number: u64, now_ms: f64) {
        if let Some(probe) = self.open.get_mut(&number) {
            probe.took_ms.get_or_insert(now_ms - probe.sent_ms);
        }
    }

    /// Judges all probes that are old enough, each once.
    pub fn judge(&mut self, now_ms: f64) -> Judged {
        let mut judged = Judged::default();
        while let Some(first) = self.open.first_entry() {
            if now_ms - first.get().sent_ms < LOST_AFTER_MS {
                break;
            }
            judged.sent += 1;
            match first.remove().took_ms {
                Some(took) if took <= LOST_AFTER_MS => judged.took_ms.push(took),
                _ => judged.lost += 1,
            }
        }
        judged.took_ms.sort_by(f64::total_cmp);
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_judged_once_and_only_when_it_had_its_time() {
        let mut ledger = Ledger::default();
        let first = ledger.send(0.0);
        let second = ledger.send(100.0);
        ledger.receive(first, 4.0);
        ledger.receive(first, 90.0);
        assert_eq!(ledger.judge(450.0).took_ms, [4.0]);
        ledger.receive(second, 600.0);
        let late = ledger.judge(700.0);
        assert_eq!((late.sent, late.lost), (1, 1), "too late is lost");
        assert_eq!(ledger.judge(900.0).loss_ratio(), None);
    }
}
