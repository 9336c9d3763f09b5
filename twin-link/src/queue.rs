//! How long does a packet or a request wait?
//!
//! In: load and capacity. Out: mean waits and tails, by the textbook (Kleinrock, Queueing Systems I, 1975).

/// Bits of a packet. 12 000: a full Ethernet frame.
const PACKET_BITS: f64 = 12_000.0;
/// Packets come in trains; a train waits as one. 8: our choice, a window of a short transfer.
const TRAIN: f64 = 8.0;
/// A full port queue, in milliseconds of the port's rate (our choice; what providers give a core port).
const PORT_QUEUE_MS: f64 = 50.0;
/// A full request queue, in service times (our choice).
const REQUEST_QUEUE: f64 = 20.0;
/// Beyond this load the formulas run away; the queue is full by then.
const NEARLY_FULL: f64 = 0.995;

/// Mean wait at a port, in milliseconds: M/M/1 over trains of packets, at most a full queue.
pub(crate) fn port_wait_ms(load_mbps: f64, rate_mbps: f64) -> f64 {
    if load_mbps <= 0.0 || rate_mbps <= 0.0 {
        return 0.0;
    }
    let busy = load_mbps / rate_mbps;
    if busy >= NEARLY_FULL {
        return PORT_QUEUE_MS;
    }
    let train_ms = TRAIN * PACKET_BITS / (rate_mbps * 1000.0);
    (busy / (1.0 - busy) * train_ms).min(PORT_QUEUE_MS)
}

/// Share of the offered traffic that a port drops.
pub(crate) fn overload(load: f64, capacity: f64) -> f64 {
    if load <= 0.0 {
        0.0
    } else {
        (1.0 - capacity / load).clamp(0.0, 1.0)
    }
}

/// Mean wait of a request, in milliseconds: M/M/c, at most a full queue. `offered` is the load in busy workers.
pub(crate) fn request_wait_ms(offered: f64, workers: u32, service_ms: f64) -> f64 {
    let workers_f = f64::from(workers.max(1));
    let most = REQUEST_QUEUE * service_ms;
    if offered <= 0.0 {
        return 0.0;
    }
    if offered >= NEARLY_FULL * workers_f {
        return most;
    }
    (waits(offered, workers) * service_ms / (workers_f - offered)).min(most)
}

/// Probability that a request finds all workers busy (Erlang C), by the stable recursion of Erlang B.
fn waits(offered: f64, workers: u32) -> f64 {
    let mut blocked = 1.0;
    for n in 1..=workers.max(1) {
        blocked = offered * blocked / (f64::from(n) + offered * blocked);
    }
    let busy = offered / f64::from(workers.max(1));
    blocked / (1.0 - busy * (1.0 - blocked))
}

/// One part of a mixture of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    /// Its weight.
    pub(crate) share: f64,
    /// What every request of it takes at least: the network.
    pub(crate) fixed_ms: f64,
    /// Mean of what comes on top, taken as exponential: waiting and service.
    pub(crate) mean_ms: f64,
}

/// The 95th percentile of a mixture, in milliseconds; nothing when it is empty.
pub(crate) fn p95_ms(parts: &[Part]) -> Option<f64> {
    let total: f64 = parts.iter().map(|p| p.share).sum();
    if total <= 0.0 {
        return None;
    }
    let longer = |t: f64| -> f64 {
        let one = |p: &Part| {
            let rest = (t - p.fixed_ms).max(0.0);
            p.share * (-rest / p.mean_ms.max(1e-9)).exp()
        };
        parts.iter().map(one).sum::<f64>() / total
    };
    let reach = |p: &Part| p.fixed_ms + 3.0 * p.mean_ms;
    let (mut low, mut high) = (0.0, parts.iter().map(reach).fold(0.0, f64::max));
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if longer(middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_waits_as_m_m_1() {
        // rho / (1 - rho) service times.
        assert!((request_wait_ms(0.5, 1, 20.0) - 20.0).abs() < 1e-9);
        assert!((request_wait_ms(0.8, 1, 10.0) - 40.0).abs() < 1e-9);
    }

    #[test]
    fn two_workers_wait_as_erlang_c() {
        // c = 2, a = 1: C = 1/3, wait = C * s / (c - a).
        assert!((request_wait_ms(1.0, 2, 30.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn an_overload_fills_the_queue_and_no_more() {
        assert!((request_wait_ms(9.0, 4, 10.0) - 200.0).abs() < 1e-9);
        assert!((port_wait_ms(2000.0, 1000.0) - PORT_QUEUE_MS).abs() < 1e-9);
        assert!((overload(2000.0, 1000.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_percentile_of_one_exponential_is_three_means() {
        let part = Part {
            share: 2.0,
            fixed_ms: 10.0,
            mean_ms: 50.0,
        };
        assert!((p95_ms(&[part]).unwrap() - (10.0 - 50.0 * 0.05_f64.ln())).abs() < 0.01);
        assert_eq!(p95_ms(&[]), None);
    }

    #[test]
    fn a_slow_tenth_decides_the_percentile() {
        let fast = Part {
            share: 0.9,
            fixed_ms: 0.0,
            mean_ms: 10.0,
        };
        let slow = Part {
            share: 0.1,
            fixed_ms: 0.0,
            mean_ms: 200.0,
        };
        let both = p95_ms(&[fast, slow]).unwrap();
        assert!(both > 100.0 && both < 200.0, "{both}");
    }
}
