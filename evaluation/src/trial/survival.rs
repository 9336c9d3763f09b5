//! Times to an event of which some never came: the Kaplan-Meier estimate.
//!
//! A case that was never solved is right-censored at the end of its watch: leaving it out would reward a policy for failing
//! on what is slow. In: times with or without an event. Out: quantiles; `None` where so many were never solved.
//! Source: Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958.

use serde::Serialize;

/// One case: the event came, or was waited for in vain, for so many seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observed {
    /// It came after so many seconds.
    After(f64),
    /// It had not come after so many seconds, when the watch ended.
    NotWithin(f64),
}

impl Observed {
    const fn seconds(self) -> f64 {
        match self {
            Self::After(s) | Self::NotWithin(s) => s,
        }
    }
}

/// How long something takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Span {
    /// Cases.
    pub cases: usize,
    /// Of them with the event.
    pub solved: usize,
    /// Seconds until half of all cases are solved; none when that many never are.
    pub median_s: Option<f64>,
    /// Seconds until 95 % of all cases are solved.
    pub p95_s: Option<f64>,
}

impl Span {
    /// The span over cases.
    pub fn over(cases: &[Observed]) -> Self {
        let curve = curve(cases);
        let reached = |share: f64| {
            let at = curve.iter().find(|(_, solved)| *solved >= share - 1e-12);
            at.map(|(seconds, _)| *seconds)
        };
        Self {
            cases: cases.len(),
            solved: cases
                .iter()
                .filter(|c| matches!(c, Observed::After(_)))
                .count(),
            median_s: reached(0.5),
            p95_s: reached(0.95),
        }
    }
}

/// The estimated share solved by each moment at which a case was solved: seconds and share, both growing.
pub fn curve(cases: &[Observed]) -> Vec<(f64, f64)> {
    let mut order: Vec<Observed> = cases
        .iter()
        .copied()
        .filter(|c| c.seconds().is_finite())
        .collect();
    // At the same moment what was solved comes first: who was watched until then was at risk then.
    order.sort_by(|a, b| {
        let censored = |c: &Observed| matches!(c, Observed::NotWithin(_));
        a.seconds()
            .total_cmp(&b.seconds())
            .then(censored(a).cmp(&censored(b)))
    });
    let (mut unsolved, mut steps): (f64, Vec<(f64, f64)>) = (1.0, vec![]);
    for (n, case) in order.iter().enumerate() {
        let Observed::After(seconds) = *case else {
            continue;
        };
        let at_risk = (order.len() - n) as f64;
        unsolved *= 1.0 - 1.0 / at_risk;
        match steps.last_mut() {
            Some((last, solved)) if last.total_cmp(&seconds).is_eq() => *solved = 1.0 - unsolved,
            _ => steps.push((seconds, 1.0 - unsolved)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::Observed::{After, NotWithin};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_censoring_it_is_the_plain_quantile() {
        let cases: Vec<Observed> = (1..=20).map(|s| After(f64::from(s))).collect();
        let span = Span::over(&cases);
        assert_eq!(
            (span.median_s, span.p95_s, span.solved),
            (Some(10.0), Some(19.0), 20)
        );
    }

    /// Worked out by hand: at 10 s 3 of 4 are left; at 30 s one of the 2 still watched is solved, 3/4 x 1/2 = 3/8 left.
    #[test]
    fn a_case_that_was_given_up_early_counts_while_it_was_watched() {
        let cases = [After(10.0), NotWithin(20.0), After(30.0), NotWithin(40.0)];
        assert_eq!(curve(&cases), vec![(10.0, 0.25), (30.0, 0.625)]);
        assert_eq!(Span::over(&cases).median_s, Some(30.0));
        assert_eq!(Span::over(&cases).p95_s, None);
    }

    #[test]
    fn nothing_solved_has_no_median_and_no_cases_none_either() {
        assert_eq!(Span::over(&[NotWithin(900.0); 5]).median_s, None);
        assert_eq!(Span::over(&[]), Span::default());
    }

    proptest! {
        /// Giving up on a case never makes a policy look faster.
        #[test]
        fn censoring_a_case_never_lowers_the_median(
            times in prop::collection::vec(1.0f64..900.0, 1..40), at in any::<prop::sample::Index>(),
        ) {
            let all: Vec<Observed> = times.iter().map(|t| After(*t)).collect();
            let mut given_up = all.clone();
            given_up[at.index(times.len())] = NotWithin(900.0);
            let before = Span::over(&all).median_s.unwrap_or(f64::INFINITY);
            let after = Span::over(&given_up).median_s.unwrap_or(f64::INFINITY);
            prop_assert!(after >= before);
        }

        #[test]
        fn the_curve_grows_and_stays_within_one(times in prop::collection::vec((1.0f64..900.0, any::<bool>()), 0..40)) {
            let cases: Vec<Observed> = times.iter().map(|(t, s)| if *s { After(*t) } else { NotWithin(*t) }).collect();
            let curve = curve(&cases);
            prop_assert!(curve.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1));
            prop_assert!(curve.iter().all(|(_, s)| *s <= 1.0 + 1e-12));
        }
    }
}
