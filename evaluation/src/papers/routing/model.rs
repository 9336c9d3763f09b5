//! Where does a request go, and how long does it take?

use super::{
    BOUND_MS, CAPACITY, Compute, INSTANCES, Order, PRICE, Policy, RTT_MS, Reading, TOLERANCE_MS,
    Tie,
};

/// u1 and u2 as indices.
const U1: usize = 0;
const U2: usize = 1;

/// Compute delay in ms of an instance whose idle delay is `base_ms`, at `load` in [0, 1]: flat to half load, then rising
/// to twice the idle delay (eq. 16 to 18).
pub fn compute_ms(base_ms: f64, load: f64) -> f64 {
    if load <= 0.5 {
        base_ms
    } else {
        2.0 * (load - 0.5) * base_ms + base_ms
    }
}

/// A request that was answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// 0: u1, 1: u2.
    pub user: usize,
    /// 0: s1, .. 4: s5.
    pub instance: usize,
    /// Network and compute, in ms, as counted when the request was placed.
    pub latency_ms: f64,
}

/// One second: requests counted from zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    compute: Compute,
    /// Requests on each instance.
    pub load: [u32; INSTANCES],
    /// Requests of each user on each instance.
    pub by_user: [[u32; INSTANCES]; 2],
    /// Answered requests in the order they came.
    pub placed: Vec<Placement>,
}

impl Window {
    /// An empty second.
    pub const fn new(compute: Compute) -> Self {
        Self {
            compute,
            load: [0; INSTANCES],
            by_user: [[0; INSTANCES]; 2],
            placed: vec![],
        }
    }

    /// Latency in ms of a user's request on an instance that has so many requests, this one among them.
    fn latency_ms(&self, user: usize, instance: usize, load: u32) -> f64 {
        let base = self.compute.base_ms()[instance];
        RTT_MS[user][instance] + compute_ms(base, f64::from(load) / f64::from(CAPACITY))
    }

    /// Latency in ms if the instance took one more.
    fn next_ms(&self, user: usize, instance: usize) -> f64 {
        self.latency_ms(user, instance, self.load[instance] + 1)
    }

    fn place(&mut self, user: usize, instance: usize) {
        let latency_ms = self.next_ms(user, instance);
        self.load[instance] += 1;
        self.by_user[user][instance] += 1;
        self.placed.push(Placement {
            user,
            instance,
            latency_ms,
        });
    }

    /// Sends one request by URL path: the controller sees the exact state and decides for this request alone. A request
    /// without a fitting instance is not answered.
    pub fn offer(&mut self, user: usize, tie: Tie, policy: Policy) {
        let open = (0..INSTANCES).filter(|i| self.load[*i] < CAPACITY);
        let chosen = if user == U1 {
            self.cheapest(open, tie)
        } else {
            self.fastest(open, policy)
        };
        if let Some(instance) = chosen {
            self.place(user, instance);
        }
    }

    /// u1: within the bound, then by price, then by the tie rule, then by number.
    fn cheapest(&self, open: impl Iterator<Item = usize>, tie: Tie) -> Option<usize> {
        let fitting = open.filter(|i| self.next_ms(U1, *i) <= BOUND_MS + TOLERANCE_MS);
        let second = |i: usize| match tie {
            Tie::Number => 0.0,
            Tie::Latency => self.next_ms(U1, i),
        };
        fitting.min_by(|a, b| {
            PRICE[*a]
                .cmp(&PRICE[*b])
                .then_with(|| order(second(*a), second(*b)))
                .then(a.cmp(b))
        })
    }

    /// u2: by latency, then by number.
    fn fastest(&self, open: impl Iterator<Item = usize>, policy: Policy) -> Option<usize> {
        let allowed = open.filter(|i| policy == Policy::Plain || !self.would_break(*i));
        allowed.min_by(|a, b| order(self.next_ms(U2, *a), self.next_ms(U2, *b)).then(a.cmp(b)))
    }

    /// Whether one more request on the instance puts u1's requests there above their bound.
    fn would_break(&self, instance: usize) -> bool {
        self.by_user[U1][instance] > 0 && self.next_ms(U1, instance) > BOUND_MS + TOLERANCE_MS
    }

    /// Answered requests of each user.
    pub fn served(&self) -> [u32; 2] {
        self.by_user.map(|instances| instances.iter().sum())
    }

    /// Highest latency in ms of a user's requests, counted when each was placed; 0 without requests.
    pub fn max_ms(&self, user: usize) -> f64 {
        self.latencies(user).fold(0.0, f64::max)
    }

    /// Mean of the same; 0 without requests.
    pub fn mean_ms(&self, user: usize) -> f64 {
        let (count, sum) = self
            .latencies(user)
            .fold((0u32, 0.0), |(n, sum), ms| (n + 1, sum + ms));
        if count == 0 {
            0.0
        } else {
            sum / f64::from(count)
        }
    }

    /// Highest latency in ms of a user's requests, judged by the load at the end of the second.
    pub fn final_max_ms(&self, user: usize) -> f64 {
        let used = (0..INSTANCES).filter(|i| self.by_user[user][*i] > 0);
        used.map(|i| self.latency_ms(user, i, self.load[i]))
            .fold(0.0, f64::max)
    }

    fn latencies(&self, user: usize) -> impl Iterator<Item = f64> {
        let own = self.placed.iter().filter(move |p| p.user == user);
        own.map(|p| p.latency_ms)
    }
}

/// Order of two latencies, equal within the tolerance.
fn order(a: f64, b: f64) -> std::cmp::Ordering {
    if (a - b).abs() <= TOLERANCE_MS {
        std::cmp::Ordering::Equal
    } else {
        a.total_cmp(&b)
    }
}

/// One second of URL-path routing with `rate` requests of each user.
pub fn url_path(rate: u32, reading: Reading) -> Window {
    let mut window = Window::new(reading.compute);
    for user in arrivals(rate, reading.order) {
        window.offer(user, reading.tie, reading.policy);
    }
    window
}

fn arrivals(rate: u32, order: Order) -> Vec<usize> {
    let rate = rate as usize;
    match order {
        Order::Interleaved => [U1, U2].repeat(rate),
        Order::FirstU1 => [vec![U1; rate], vec![U2; rate]].concat(),
        Order::FirstU2 => [vec![U2; rate], vec![U1; rate]].concat(),
    }
}

/// One second of anycast: both users hold one connection each, to the instance that was best for them when all were
/// idle, and send everything there.
pub fn anycast(rate: u32, compute: Compute) -> Window {
    anycast_of(&arrivals(rate, Order::Interleaved), compute)
}

/// The same for requests in this order.
pub(super) fn anycast_of(arrivals: &[usize], compute: Compute) -> Window {
    let mut window = Window::new(compute);
    let idle = Window::new(compute);
    let homes = [
        idle.cheapest(0..INSTANCES, Tie::Number),
        idle.fastest(0..INSTANCES, Policy::Plain),
    ];
    for &user in arrivals {
        if let Some(home) = homes[user].filter(|home| window.load[*home] < CAPACITY) {
            window.place(user, home);
        }
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_slows_down_from_half_load_to_twice_its_delay() {
        assert!((compute_ms(3.0, 0.5) - 3.0).abs() < 1e-12);
        assert!((compute_ms(3.0, 0.75) - 4.5).abs() < 1e-12);
        assert!((compute_ms(3.0, 1.0) - 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_full_instance_takes_nothing_and_the_request_is_lost() {
        let window = url_path(200, Reading::CANONICAL);
        assert!(
            window.load.iter().all(|load| *load <= CAPACITY),
            "{window:?}"
        );
        assert_eq!(
            window.served().iter().sum::<u32>(),
            window.load.iter().sum::<u32>()
        );
        assert!(window.served()[U1] < 200);
    }

    #[test]
    fn with_protection_no_promise_is_broken_afterwards() {
        for rate in super::super::RATES {
            let window = url_path(rate, Reading::PROTECTED);
            assert!(
                window.final_max_ms(U1) <= BOUND_MS + TOLERANCE_MS,
                "at {rate}/s: {window:?}"
            );
        }
        assert!(
            url_path(120, Reading::CANONICAL).final_max_ms(U1) > BOUND_MS,
            "without it, one is"
        );
    }
}
