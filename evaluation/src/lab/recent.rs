//! What happened in the last few seconds: counts, means, percentiles.
//!
//! In: finished requests with the time in milliseconds. Out: a [`Summary`] over the window. Pure: the caller tells the
//! time. Used by the service, the gateway and the load. Memory is bounded by [`REQUESTS_MAX`].

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How far back is looked: long enough for a percentile at 30 requests per second, short enough to follow a fault.
pub const WINDOW_MS: u64 = 3_000;

/// Requests kept at most; above, the oldest are forgotten early.
const REQUESTS_MAX: usize = 4_096;

/// One finished request.
#[derive(Debug, Clone, Copy)]
struct Done {
    at_ms: u64,
    latency_ms: f64,
    service_ms: f64,
    good: bool,
}

/// The requests of the last seconds.
#[derive(Debug, Default)]
pub struct Recent {
    done: VecDeque<Done>,
}

/// What can be said of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Finished per second.
    pub rps: f64,
    /// Share that was answered well, 0 to 1; absent without requests.
    pub success_ratio: Option<f64>,
    /// 95th percentile of all, absent without requests.
    pub latency_ms_p95: Option<f64>,
    /// Mean time in service of the good ones, absent without.
    pub service_ms: Option<f64>,
}

impl Recent {
    /// A request has ended.
    pub fn add(&mut self, at_ms: u64, latency_ms: f64, service_ms: f64, good: bool) {
        self.done.push_back(Done {
            at_ms,
            latency_ms,
            service_ms,
            good,
        });
        if self.done.len() > REQUESTS_MAX {
            self.done.pop_front();
        }
    }

    /// What happened in the window that ends now.
    pub fn summary(&mut self, now_ms: u64) -> Summary {
        let oldest = now_ms.saturating_sub(WINDOW_MS);
        while self.done.front().is_some_and(|d| d.at_ms < oldest) {
            self.done.pop_front();
        }
        let good: Vec<f64> = self
            .done
            .iter()
            .filter(|d| d.good)
            .map(|d| d.service_ms)
            .collect();
        let mut latencies: Vec<f64> = self.done.iter().map(|d| d.latency_ms).collect();
        latencies.sort_by(f64::total_cmp);
        let count = self.done.len();
        Summary {
            rps: count as f64 * 1000.0 / WINDOW_MS as f64,
            success_ratio: (count > 0).then(|| good.len() as f64 / count as f64),
            latency_ms_p95: latencies
                .get((count * 95).div_ceil(100).saturating_sub(1))
                .copied(),
            service_ms: (!good.is_empty()).then(|| good.iter().sum::<f64>() / good.len() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_covers_the_window_and_forgets_what_is_older() {
        let mut recent = Recent::default();
        recent.add(0, 900.0, 900.0, false);
        for n in 1..=100 {
            recent.add(5_000 + n, n as f64, 2.0, n % 10 != 0);
        }
        let summary = recent.summary(6_000);
        assert_eq!(summary.latency_ms_p95, Some(95.0));
        assert_eq!(summary.success_ratio, Some(0.9));
        assert_eq!(summary.service_ms, Some(2.0));
        assert!((summary.rps - 100.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn silence_has_no_percentile() {
        let summary = Recent::default().summary(10);
        assert_eq!((summary.rps, summary.latency_ms_p95), (0.0, None));
        assert_eq!(summary.success_ratio, None);
    }
}
