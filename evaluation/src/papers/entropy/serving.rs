//! When does the first token come, with the nearest node and with the matched one?
//!
//! The paper's experiment: 16 nodes, 1,000 requests, 16 to 128 at the same time, 1,024 tokens asked and 1,024 answered. It states
//! no figures and no load model, so these are our assumptions:
//!
//! 1. A closed loop: so many users, each sends its next request when the last is answered, until 1,000 are sent. They
//!    begin at moments spread over the first 25 s, so that no burst at the start is measured.
//! 2. A node has slots, by what else it does (see `fleet`). A request without a slot waits at its node, first come first served; it never moves.
//! 3. The question is read by one request at a time on each node: 1,024 tokens at 8,000 tokens/s. The first token comes then.
//! 4. The answer takes 20 ms a token and 1 ms more for each request that shares the batch when it begins.
//! 5. Time to the first token: round trip, wait for a slot, wait for the reader, reading.
//! 6. The dispatcher sees the exact state (as the controller of the first paper does). It matches by eq. 5 and 6 with the
//!    shares of free slots, nearness (1 - round trip / longest) and free cache, which here is as free as the slots; below
//!    0 where requests wait. A request wants the most of all three, so that eq. 5 punishes only what is missing. Nodes
//!    with a free slot come first, the others only when there is none.

use super::fleet::{Fleet, RTT_MS, Setting};
use super::matching::{Node, Rule, choose};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Requests of a run.
pub const REQUESTS: usize = 1000;
/// Time in ms to read the question.
const READ_MS: f64 = 1024.0 / 8.0;
/// Tokens of an answer, and ms for each, alone and for each neighbour.
const ANSWER_TOKENS: f64 = 1024.0;
const TOKEN_MS: f64 = 20.0;
const NEIGHBOUR_MS: f64 = 1.0;
/// Users begin within this, in ms.
const BEGIN_MS: f64 = 25_000.0;
/// How near to the least difference counts as near in eq. 6.
const NEAR: f64 = 0.02;

/// How a request finds its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// The node at the user's own site.
    Nearest,
    /// Eq. 5 and 6.
    Matched(Rule),
    /// Eq. 5 alone.
    BestFit,
    /// The nearest node with a free slot; the user's own if there is none. No entropy, no vectors: what a matching must
    /// beat to be worth its while.
    NearestFree,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Time to the first token in ms, sorted.
    pub first_token_ms: Vec<f64>,
    /// The same of requests whose nearest node had a free slot when they were sent.
    pub with_nearest_free_ms: Vec<f64>,
    /// Requests sent to another node than the nearest.
    pub moved: usize,
}

impl Outcome {
    /// Mean in ms.
    pub fn mean_ms(&self) -> f64 {
        crate::papers::mean(&self.first_token_ms)
    }

    /// Mean in ms of requests whose nearest node was free; not a number without such.
    pub fn nearest_free_mean_ms(&self) -> f64 {
        if self.with_nearest_free_ms.is_empty() {
            f64::NAN
        } else {
            crate::papers::mean(&self.with_nearest_free_ms)
        }
    }

    /// Share of requests sent to another node than the nearest, 0 to 1.
    pub fn moved_share(&self) -> f64 {
        self.moved as f64 / self.first_token_ms.len().max(1) as f64
    }

    /// What 95 of 100 requests do not pass, in ms.
    pub fn p95_ms(&self) -> f64 {
        crate::papers::share_below(&self.first_token_ms, 0.95)
    }
}

/// A moment in ms that can be put in order, with what happens then; equal moments in the order they were planned.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Event {
    at: f64,
    number: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    Send { user: usize },
    Answered { user: usize, node: usize },
}

impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at
            .total_cmp(&other.at)
            .then(self.number.cmp(&other.number))
    }
}

#[derive(Debug, Clone, Copy)]
struct Request {
    user: usize,
    sent: f64,
    nearest_free: bool,
}

#[derive(Debug, Clone, Default)]
struct Queue {
    running: usize,
    waiting: VecDeque<Request>,
    /// When the reader is free again, in ms.
    reader_free: f64,
}

struct Run<'a> {
    fleet: &'a Fleet,
    homes: Vec<usize>,
    dispatch: Dispatch,
    queues: Vec<Queue>,
    events: BinaryHeap<Reverse<Event>>,
    planned: u64,
    sent: usize,
    outcome: Outcome,
}

/// Runs the experiment once.
pub fn serve(concurrency: usize, setting: Setting, dispatch: Dispatch, seed: u64) -> Outcome {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let fleet = Fleet::new(setting, &mut random);
    let homes = (0..concurrency).map(|_| fleet.home(&mut random)).collect();
    let mut run = Run {
        queues: vec![Queue::default(); fleet.sites.len()],
        fleet: &fleet,
        homes,
        dispatch,
        events: BinaryHeap::new(),
        planned: 0,
        sent: 0,
        outcome: Outcome {
            first_token_ms: vec![],
            with_nearest_free_ms: vec![],
            moved: 0,
        },
    };
    for user in 0..concurrency {
        run.plan(random.random::<f64>() * BEGIN_MS, What::Send { user });
    }
    while let Some(Reverse(event)) = run.events.pop() {
        run.happen(event);
    }
    run.outcome.first_token_ms.sort_by(f64::total_cmp);
    run.outcome
}

impl Run<'_> {
    fn plan(&mut self, at: f64, what: What) {
        self.planned += 1;
        self.events.push(Reverse(Event {
            at,
            number: self.planned,
            what,
        }));
    }

    fn happen(&mut self, event: Event) {
        match event.what {
            What::Send { user } if self.sent < REQUESTS => self.send(user, event.at),
            What::Send { .. } => {}
            What::Answered { user, node } => {
                self.queues[node].running -= 1;
                if let Some(next) = self.queues[node].waiting.pop_front() {
                    self.begin(next, node, event.at);
                }
                self.plan(event.at, What::Send { user });
            }
        }
    }

    fn send(&mut self, user: usize, now: f64) {
        self.sent += 1;
        let home = self.homes[user];
        let request = Request {
            user,
            sent: now,
            nearest_free: self.is_free(home),
        };
        let node = match self.dispatch {
            Dispatch::Nearest => home,
            Dispatch::Matched(rule) => self.matched(home, NEAR, rule),
            Dispatch::BestFit => self.matched(home, 0.0, Rule::Nearest),
            Dispatch::NearestFree => self.nearest_free(home),
        };
        self.outcome.moved += usize::from(node != home);
        if self.is_free(node) {
            self.begin(request, node, now);
        } else {
            self.queues[node].waiting.push_back(request);
        }
    }

    fn is_free(&self, node: usize) -> bool {
        self.queues[node].running < self.fleet.sites[node].slots
    }

    /// Takes a slot, reads, answers. The way to the node and back is added to what the user sees.
    fn begin(&mut self, request: Request, node: usize, now: f64) {
        let queue = &mut self.queues[node];
        let first_token = queue.reader_free.max(now) + READ_MS;
        queue.reader_free = first_token;
        queue.running += 1;
        let token_ms = TOKEN_MS + NEIGHBOUR_MS * (queue.running - 1) as f64;
        let seen = first_token - request.sent + self.fleet.rtt_ms(self.homes[request.user], node);
        self.outcome.first_token_ms.push(seen);
        if request.nearest_free {
            self.outcome.with_nearest_free_ms.push(seen);
        }
        self.plan(
            first_token + ANSWER_TOKENS * token_ms,
            What::Answered {
                user: request.user,
                node,
            },
        );
    }

    fn matched(&self, home: usize, near: f64, rule: Rule) -> usize {
        let offered = |node: usize| self.offer(home, node);
        let mut nodes: Vec<Node> = (0..self.queues.len())
            .filter(|n| self.is_free(*n))
            .map(offered)
            .collect();
        if nodes.is_empty() {
            nodes = (0..self.queues.len()).map(offered).collect();
        }
        let choice = choose(&[1.0; 3], &nodes, near, rule);
        // There is always a node; a fleet without any would keep its users at home.
        choice.and_then(|c| c.chosen.parse().ok()).unwrap_or(home)
    }

    fn nearest_free(&self, home: usize) -> usize {
        let free = (0..self.queues.len()).filter(|n| self.is_free(*n));
        let nearest = free.min_by(|a, b| {
            self.fleet
                .rtt_ms(home, *a)
                .total_cmp(&self.fleet.rtt_ms(home, *b))
        });
        nearest.unwrap_or(home)
    }

    /// The node as seen from a site. Two digits, so that the order of names is that of numbers.
    fn offer(&self, home: usize, node: usize) -> Node {
        let queue = &self.queues[node];
        let taken =
            (queue.running + queue.waiting.len()) as f64 / self.fleet.sites[node].slots as f64;
        let near = 1.0 - self.fleet.rtt_ms(home, node) / RTT_MS[2];
        Node {
            id: format!("{node:02}"),
            offer: [1.0 - taken, near, 1.0 - taken],
            entropy: self.fleet.sites[node].entropy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Setting = Setting {
        demand: super::super::Demand::Even,
        ..Setting::CANONICAL
    };
    const MATCHED: Dispatch = Dispatch::Matched(Rule::Nearest);

    #[test]
    fn a_lone_user_waits_for_nobody() {
        let outcome = serve(1, EVEN, Dispatch::Nearest, 1);
        assert_eq!(outcome.first_token_ms.len(), REQUESTS);
        assert!(
            outcome
                .first_token_ms
                .iter()
                .all(|ms| (ms - READ_MS - RTT_MS[0]).abs() < 1e-6)
        );
        assert_eq!(outcome.moved, 0);
    }

    #[test]
    fn every_request_is_answered_once_whatever_the_queue() {
        for dispatch in [
            Dispatch::Nearest,
            MATCHED,
            Dispatch::BestFit,
            Dispatch::NearestFree,
        ] {
            let outcome = serve(128, Setting::CANONICAL, dispatch, 3);
            assert_eq!(outcome.first_token_ms.len(), REQUESTS, "{dispatch:?}");
            assert!(
                outcome.first_token_ms[0] > READ_MS + RTT_MS[0] - 1e-6,
                "nobody is faster than reading"
            );
        }
    }

    #[test]
    fn equal_seeds_give_equal_runs() {
        assert_eq!(
            serve(64, Setting::CANONICAL, MATCHED, 5),
            serve(64, Setting::CANONICAL, MATCHED, 5)
        );
        assert_ne!(
            serve(64, Setting::CANONICAL, MATCHED, 5),
            serve(64, Setting::CANONICAL, MATCHED, 6)
        );
    }

    #[test]
    fn matching_moves_a_request_only_where_it_may_gain() {
        let near = serve(16, Setting::CANONICAL, Dispatch::Nearest, 3);
        let matched = serve(16, Setting::CANONICAL, MATCHED, 3);
        assert_eq!(near.moved, 0);
        assert!(matched.moved < REQUESTS, "{}", matched.moved);
    }
}
