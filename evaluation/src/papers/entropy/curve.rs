//! How does the time to the first token change with concurrency, over many runs?

use super::{Demand, Dispatch, Outcome, Rule, Setting, serve};
use crate::papers::mean;

/// Concurrency of the runs: the paper's range.
pub const CONCURRENCY: [usize; 8] = [16, 32, 48, 64, 80, 96, 112, 128];

/// Runs at each concurrency, each with users in other places; the same places for every way of dispatching. A step of the
/// gap from one concurrency to the next scatters by about 1.8 s from run to run: 30 runs know its mean to about 0.7 s.
pub const RUNS: u64 = 30;

/// All runs at one concurrency; one value a run everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Requests at the same time.
    pub concurrency: usize,
    /// Mean time to the first token, ms.
    pub mean_ms: Vec<f64>,
    /// What 95 of 100 requests do not pass, ms.
    pub p95_ms: Vec<f64>,
    /// Mean of requests whose nearest node was free when they were sent, ms; not a number in a run without such.
    pub nearest_free_ms: Vec<f64>,
    /// Share of requests sent to another node than the nearest, 0 to 1.
    pub moved: Vec<f64>,
}

impl Point {
    fn new(concurrency: usize, runs: &[Outcome]) -> Self {
        let each = |of: fn(&Outcome) -> f64| runs.iter().map(of).collect();
        Self {
            concurrency,
            mean_ms: each(Outcome::mean_ms),
            p95_ms: each(Outcome::p95_ms),
            nearest_free_ms: each(Outcome::nearest_free_mean_ms),
            moved: each(Outcome::moved_share),
        }
    }
}

/// One way of dispatching over all concurrencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// In the order of concurrency.
    pub points: Vec<Point>,
}

/// Simulates a curve. The seed fixes where the users of each run sit.
pub fn curve(setting: Setting, dispatch: Dispatch, seed: u64) -> Curve {
    let run = |concurrency, number: u64| {
        serve(
            concurrency,
            setting,
            dispatch,
            seed.wrapping_mul(1000).wrapping_add(number),
        )
    };
    let point = |concurrency| {
        let runs: Vec<Outcome> = (0..RUNS).map(|number| run(concurrency, number)).collect();
        Point::new(concurrency, &runs)
    };
    Curve {
        points: CONCURRENCY.into_iter().map(point).collect(),
    }
}

impl Curve {
    /// Concurrency and the mean over runs of a figure.
    pub fn means(&self, of: impl Fn(&Point) -> &[f64]) -> Vec<(f64, f64)> {
        self.points
            .iter()
            .map(|p| (p.concurrency as f64, mean(of(p))))
            .collect()
    }

    /// How much later the first token comes here than there, run by run, ms: positive where `other` is sooner.
    pub fn behind(&self, other: &Self) -> Vec<(usize, Vec<f64>)> {
        let pairs = self.points.iter().zip(&other.points);
        let gap = |(a, b): (&Point, &Point)| {
            let gaps = a
                .mean_ms
                .iter()
                .zip(&b.mean_ms)
                .map(|(a, b)| a - b)
                .collect();
            (a.concurrency, gaps)
        };
        pairs.map(gap).collect()
    }
}

/// Everything that is computed for the paper and depends on a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Canonical setting, nearest node.
    pub nearest: Curve,
    /// Canonical setting, eq. 5 and 6.
    pub matched: Curve,
    /// The same with the reading of eq. 6 that the paper's text gives.
    pub farthest: Curve,
    /// Eq. 5 without eq. 6.
    pub best_fit: Curve,
    /// The nearest free node.
    pub nearest_free: Curve,
    /// Other settings with the nearest and the matched node.
    pub others: Vec<(Setting, Curve, Curve)>,
}

/// Settings beside the canonical one, to show what its assumptions do.
const OTHERS: [Setting; 3] = [
    Setting {
        demand: Demand::Even,
        batch: 16,
    },
    Setting {
        demand: Demand::Uneven,
        batch: 8,
    },
    Setting {
        demand: Demand::Uneven,
        batch: 32,
    },
];

impl Results {
    /// Curves that `new` simulates.
    pub const STEPS: u64 = 5 + 2 * OTHERS.len() as u64;

    /// Simulates everything; `step` is called after each curve.
    pub fn new(seed: u64, step: &mut dyn FnMut()) -> Self {
        let mut run = |setting, dispatch| {
            let curve = curve(setting, dispatch, seed);
            step();
            curve
        };
        let matched = Dispatch::Matched(Rule::Nearest);
        let base = Setting::CANONICAL;
        Self {
            nearest: run(base, Dispatch::Nearest),
            matched: run(base, matched),
            farthest: run(base, Dispatch::Matched(Rule::Farthest)),
            best_fit: run(base, Dispatch::BestFit),
            nearest_free: run(base, Dispatch::NearestFree),
            others: OTHERS
                .map(|setting| {
                    (
                        setting,
                        run(setting, Dispatch::Nearest),
                        run(setting, matched),
                    )
                })
                .into(),
        }
    }
}
