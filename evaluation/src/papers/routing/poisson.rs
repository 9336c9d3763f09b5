//! Do the limits stay when requests come at random moments instead of evenly?
//!
//! The paper does not say how requests arrive. Here each user's requests are a Poisson process; a second sees as many as
//! fall into it, in the order they fall, and counts from zero like in the even run. Seeded: equal seeds, equal runs.

use super::{Compute, INSTANCES, RATES, Reading, Window};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Exp};

/// Seconds simulated at each rate: the mean of 400 windows at 108/s is known to about 0.5/s.
pub const SECONDS: u32 = 400;

/// Many seconds at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Noisy {
    /// Mean rate of each user, requests/s.
    pub rate: u32,
    /// Mean requests/s that came, of u1 and u2.
    pub offered: [f64; 2],
    /// Mean requests/s answered, of u1 and u2.
    pub served: [f64; 2],
    /// Most requests of u1 and u2 answered in one second.
    pub served_max: [u32; 2],
    /// Mean latency in ms of answered requests.
    pub mean_ms: [f64; 2],
    /// Latency in ms that 95 of 100 answered requests do not pass.
    pub p95_ms: [f64; 2],
    /// Highest latency in ms.
    pub max_ms: [f64; 2],
    /// Which instances were used at all by u1.
    pub u1_used: [bool; INSTANCES],
}

/// Simulates one rate by URL path, or by anycast where `by_path` is false.
pub fn noisy(rate: u32, reading: Reading, by_path: bool, seed: u64) -> Noisy {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(rate));
    let mut tally = Tally::default();
    for _ in 0..SECONDS {
        let arrivals = second(rate, &mut random);
        let window = if by_path {
            by_url_path(&arrivals, reading)
        } else {
            by_anycast(&arrivals, reading.compute)
        };
        tally.add(&arrivals, &window);
    }
    tally.finish(rate)
}

/// Simulates every tenth rate and the last.
pub fn noisy_sweep(reading: Reading, by_path: bool, seed: u64) -> Vec<Noisy> {
    let rates = RATES.filter(|rate| rate % 10 == 0);
    rates
        .map(|rate| noisy(rate, reading, by_path, seed))
        .collect()
}

/// Users in the order their requests come within one second.
fn second(rate: u32, random: &mut ChaCha8Rng) -> Vec<usize> {
    // A rate of 0 has no gap distribution and no requests.
    let Ok(gap) = Exp::new(f64::from(rate)) else {
        return vec![];
    };
    let mut times: Vec<(f64, usize)> = vec![];
    for user in [0, 1] {
        let mut at = gap.sample(random);
        while at < 1.0 {
            times.push((at, user));
            at += gap.sample(random);
        }
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times.into_iter().map(|(_, user)| user).collect()
}

fn by_url_path(arrivals: &[usize], reading: Reading) -> Window {
    let mut window = Window::new(reading.compute);
    for user in arrivals {
        window.offer(*user, reading.tie, reading.policy);
    }
    window
}

/// The users do not meet under anycast, so the order between them does not matter.
fn by_anycast(arrivals: &[usize], compute: Compute) -> Window {
    super::model::anycast_of(arrivals, compute)
}

#[derive(Default)]
struct Tally {
    offered: [u32; 2],
    served: [u32; 2],
    served_max: [u32; 2],
    latencies: [Vec<f64>; 2],
    u1_used: [bool; INSTANCES],
}

impl Tally {
    fn add(&mut self, arrivals: &[usize], window: &Window) {
        for user in arrivals {
            self.offered[*user] += 1;
        }
        for (user, served) in window.served().into_iter().enumerate() {
            self.served[user] += served;
            self.served_max[user] = self.served_max[user].max(served);
        }
        for placement in &window.placed {
            self.latencies[placement.user].push(placement.latency_ms);
        }
        for (used, load) in self.u1_used.iter_mut().zip(window.by_user[0]) {
            *used |= load > 0;
        }
    }

    fn finish(mut self, rate: u32) -> Noisy {
        self.latencies
            .iter_mut()
            .for_each(|l| l.sort_by(f64::total_cmp));
        let per_second = |counts: [u32; 2]| counts.map(|n| f64::from(n) / f64::from(SECONDS));
        let latencies = self.latencies.each_ref();
        Noisy {
            rate,
            offered: per_second(self.offered),
            served: per_second(self.served),
            served_max: self.served_max,
            mean_ms: latencies.map(|l| l.iter().sum::<f64>() / l.len().max(1) as f64),
            p95_ms: latencies.map(|l| crate::papers::share_below(l, 0.95)),
            max_ms: latencies.map(|l| l.last().copied().unwrap_or(0.0)),
            u1_used: self.u1_used,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_runs_and_others_do_not() {
        let run = |seed| noisy(60, Reading::CANONICAL, true, seed);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn as_many_requests_come_as_the_rate_says() {
        let run = noisy(80, Reading::CANONICAL, true, 1);
        // Four standard deviations of a mean of 400 seconds: 4 * sqrt(80 / 400).
        for offered in run.offered {
            assert!((offered - 80.0).abs() < 1.8, "{offered}");
        }
    }
}
