//! The screen sees what is unusual, keeps to its budget, and is hurt by nothing.

use super::*;
use proptest::prelude::*;

/// Uniform from 0 to 1 (xorshift, G. Marsaglia 2003), so that the same values are tried everywhere.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal: the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Heavy-tailed: Laplace.
    fn laplace(&mut self) -> f64 {
        let u = self.uniform() - 0.5;
        -u.signum() * (1.0 - 2.0 * u.abs()).ln()
    }
}

fn config(unusual_share: f64) -> ScreenConfig {
    ScreenConfig {
        unusual_share,
        ..ScreenConfig::default()
    }
}

/// `rounds` samples of each of `series` healthy series around 100; what was reported of the second half.
fn healthy(
    screen: &mut Screen,
    noise: &mut Noise,
    series: u32,
    rounds: usize,
    heavy: bool,
) -> usize {
    let mut reported = 0;
    for round in 0..rounds {
        let mut unusual = vec![];
        let value = |_| if heavy { noise.laplace() } else { noise.normal() } + 100.0;
        let values: Vec<f64> = (0..series).map(value).collect();
        screen.observe(0, (0..series).zip(values), &mut unusual);
        reported += if round >= rounds / 2 {
            unusual.len()
        } else {
            0
        };
    }
    reported
}

#[test]
fn a_spike_and_a_step_are_seen_at_once_and_told_once() {
    let (mut screen, mut noise) = (Screen::new(config(1e-4)), Noise(7));
    healthy(&mut screen, &mut noise, 500, 100, false);
    let mut unusual = vec![];
    screen.observe(0, [(3, 120.0), (4, 100.5)], &mut unusual);
    let [spike] = unusual[..] else {
        panic!("{unusual:?}")
    };
    assert_eq!((spike.index, spike.series, spike.value), (0, 3, 120.0));
    assert!((spike.expected - 100.0).abs() < 1.0, "{spike:?}");
    assert!((0.9999..=1.0).contains(&spike.score), "{spike:?}");
    // A step of series 9, for as long as it takes to become normal.
    let mut told = 0;
    for _ in 0..300 {
        unusual.clear();
        screen.observe(0, [(9, 140.0 + noise.normal())], &mut unusual);
        told += unusual.len();
    }
    assert_eq!(told, 1);
    unusual.clear();
    screen.observe(0, [(9, 100.0)], &mut unusual);
    assert_eq!(unusual.len(), 1, "140 is its level now");
}

#[test]
fn healthy_series_are_reported_within_the_stated_budget_whatever_their_noise() {
    for heavy in [false, true] {
        let (mut screen, mut noise) = (Screen::new(config(1e-4)), Noise(42));
        let reported = healthy(&mut screen, &mut noise, 2000, 300, heavy);
        let share = reported as f64 / (2000.0 * 150.0);
        assert!(share <= 2e-4, "heavy {heavy}: {share}");
        assert!(
            share >= 1e-6,
            "heavy {heavy}: {share}: it must not be deaf either"
        );
    }
}

#[test]
fn a_change_of_what_never_changed_is_seen_although_others_move_wildly() {
    let (mut screen, mut noise) = (Screen::new(config(1e-4)), Noise(3));
    for _ in 0..100 {
        let values: Vec<f64> = (0..400)
            .map(|n| if n < 200 { 1.0 } else { noise.laplace() })
            .collect();
        screen.observe(0, (0..).zip(values), &mut vec![]);
    }
    let mut unusual = vec![];
    screen.observe(0, [(5, 0.0), (300, 3.0)], &mut unusual);
    let series: Vec<u32> = unusual.iter().map(|u| u.series).collect();
    assert_eq!(series, [5]);
    assert!((unusual[0].expected - 1.0).abs() < 1e-9);
}

#[test]
fn a_series_says_nothing_before_it_is_known() {
    let mut screen = Screen::new(ScreenConfig::default());
    let mut unusual = vec![];
    for value in [1.0, 1e9, -1e9, 0.0].repeat(4) {
        screen.observe(0, [(0, value)], &mut unusual);
    }
    assert!(unusual.is_empty());
    assert_eq!(screen.counts().cold, 16);
    screen.observe(0, [(0, 0.0)], &mut unusual);
    assert_eq!(screen.counts().judged, 1);
}

#[test]
fn what_is_no_number_is_counted_and_teaches_nothing() {
    let (mut screen, mut noise) = (Screen::new(config(1e-3)), Noise(9));
    healthy(&mut screen, &mut noise, 200, 100, false);
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e308, -1e37];
    let mut unusual = vec![];
    for _ in 0..100 {
        screen.observe(0, bad.map(|v| (0, v)), &mut unusual);
    }
    assert!(unusual.is_empty());
    assert_eq!(screen.counts().quarantined, 500);
    screen.observe(0, [(0, 130.0)], &mut unusual);
    assert!((unusual[0].expected - 100.0).abs() < 1.0, "{unusual:?}");
}

#[test]
fn a_source_that_goes_wild_crowds_out_itself_alone() {
    let bounds = ScreenConfig {
        series: 25,
        series_each: 10,
        ..ScreenConfig::default()
    };
    let mut screen = Screen::new(bounds);
    screen.observe(0, (0..1000).map(|n| (n, 1.0)), &mut vec![]);
    assert_eq!((screen.live(), screen.counts().crowded), (10, 990));
    screen.observe(1, [(9, 1.0), (u32::MAX, 1.0)], &mut vec![]);
    screen.observe(usize::MAX, [(0, 1.0)], &mut vec![]);
    assert_eq!((screen.live(), screen.counts().crowded), (11, 992));
    screen.observe(2, (0..10).chain(0..10).map(|n| (n, 1.0)), &mut vec![]);
    screen.observe(3, (0..10).map(|n| (n, 1.0)), &mut vec![]);
    assert_eq!((screen.live(), screen.counts().crowded), (25, 998));
    screen.forget(0);
    screen.forget(77);
    assert_eq!(screen.live(), 15);
    screen.observe(3, (0..10).map(|n| (n, 1.0)), &mut vec![]);
    assert_eq!((screen.live(), screen.counts().crowded), (21, 998));
}

#[test]
fn what_was_forgotten_is_cold_when_its_place_is_used_again() {
    let (mut screen, mut noise) = (Screen::new(config(1e-3)), Noise(9));
    healthy(&mut screen, &mut noise, 200, 100, false);
    screen.forget(0);
    let (mut unusual, cold) = (vec![], screen.counts().cold);
    screen.observe(5, (0..200).map(|n| (n, 1e6)), &mut unusual);
    assert!(unusual.is_empty());
    assert_eq!(screen.counts().cold, cold + 200);
}

#[test]
fn the_largest_values_that_are_believed_leave_a_series_able_to_judge() {
    let (mut screen, mut noise) = (Screen::new(config(1e-3)), Noise(9));
    for _ in 0..50 {
        screen.observe(0, [(0, 1e36), (0, -1e36)], &mut vec![]);
    }
    // The spread fades by a factor of e in 128 samples, and 1e36 is e to the 83rd.
    healthy(&mut screen, &mut noise, 100, 128 * 90, false);
    let mut unusual = vec![];
    screen.observe(0, [(0, 200.0)], &mut unusual);
    assert_eq!(unusual.len(), 1);
}

#[test]
fn a_series_costs_sixteen_bytes_of_state() {
    assert_eq!(size_of::<Series>(), 16);
}

proptest! {
    #[test]
    fn any_values_are_counted_once_and_scores_are_shares(
        batches in prop::collection::vec(
            (0_usize..4, prop::collection::vec((0_u32..30, any::<f64>()), 0..600)), 0..8)
    ) {
        let mut screen = Screen::new(ScreenConfig { cold_samples: 2, series_each: 20, ..config(0.5) });
        let mut unusual = vec![];
        let mut sent = 0;
        for (source, samples) in batches {
            sent += samples.len() as u64;
            screen.observe(source, samples, &mut unusual);
        }
        let c = screen.counts();
        prop_assert_eq!(c.cold + c.judged + c.quarantined + c.crowded, sent);
        prop_assert_eq!(c.unusual, unusual.len() as u64);
        for u in unusual {
            prop_assert!((0.0..=1.0).contains(&u.score) && u.expected.is_finite(), "{:?}", u);
        }
    }
}
