use super::*;
use zizhi_types::object::ManagedObject;
use zizhi_types::objective::Importance;

fn at(sample: u64) -> NetTime {
    NetTime::from_secs(sample * 10)
}

fn objective(object: &str, metric: Metric, comparison: Comparison, limit: f64) -> Objective {
    Objective {
        object: object.parse::<ManagedObject>().unwrap(),
        metric,
        comparison,
        limit,
        importance: Importance::Resource,
        hold_ms: 20_000,
    }
}

/// A quiet series that swings a little round `level`; answers the next sample's number.
fn settle(detector: &mut Detector, metric: Metric, level: f64, samples: u64) -> u64 {
    for n in 1..=samples {
        let swing = 1.0 + 0.03 * ((n * 7 % 11) as f64 - 5.0) / 5.0;
        let seen = detector.observe(metric, level * swing, at(n), None);
        assert!(!seen.anomalous, "sample {n}: {seen:?}");
    }
    samples + 1
}

#[test]
fn a_series_takes_a_fixed_number_of_bytes() {
    const { assert!(Detector::BYTES <= 512) };
    println!("bytes per series: {}", Detector::BYTES);
}

#[test]
fn a_state_is_anomalous_at_once_and_clears_at_once() {
    let mut detector = Detector::new(DetectorConfig::default());
    assert!(
        !detector
            .observe(Metric::PortOperUp, 1.0, at(1), None)
            .anomalous
    );
    let down = detector.observe(Metric::PortOperUp, 0.0, at(2), None);
    assert!(down.anomalous && down.score > 0.999 && down.onset == Some(at(2)));
    let still = detector.observe(Metric::PortOperUp, 0.0, at(3), None);
    assert_eq!(still.onset, Some(at(2)));
    let up = detector.observe(Metric::PortOperUp, 1.0, at(4), None);
    assert!(up.cleared && !up.anomalous && up.onset.is_none());
}

#[test]
fn a_setting_is_anomalous_while_it_differs_from_what_is_intended() {
    let mut detector = Detector::new(DetectorConfig::default());
    let intended = objective("port/A:A-B", Metric::PortCost, Comparison::Equals, 10.0);
    let unknown = detector.observe(Metric::PortCost, 77.0, at(1), None);
    assert!(unknown.cold && !unknown.anomalous);
    assert!(
        detector
            .observe(Metric::PortCost, 77.0, at(2), Some(&intended))
            .anomalous
    );
    detector.set_intended(77.0);
    assert!(
        detector
            .observe(Metric::PortCost, 77.0, at(3), Some(&intended))
            .cleared
    );
}

#[test]
fn context_is_never_anomalous() {
    let mut detector = Detector::new(DetectorConfig::default());
    for n in 1..500 {
        let value = if n % 97 == 0 { 1e9 } else { 1.0 };
        assert!(
            !detector
                .observe(Metric::PortOut, value, at(n), None)
                .anomalous
        );
    }
}

#[test]
fn the_cold_start_is_declared_and_raises_nothing() {
    let mut detector = Detector::new(DetectorConfig::default());
    for n in 1..=20 {
        let value = if n == 10 { 0.99 } else { 0.3 };
        let seen = detector.observe(Metric::PortUtilization, value, at(n), None);
        assert!(seen.cold && !seen.anomalous && seen.score < 1e-9);
    }
    assert!(
        !detector
            .observe(Metric::PortUtilization, 0.3, at(21), None)
            .cold
    );
}

#[test]
fn a_broken_objective_counts_even_when_cold() {
    let mut detector = Detector::new(DetectorConfig::default());
    let limit = objective("port/A:A-B", Metric::PortError, Comparison::AtMost, 0.005);
    assert!(
        !detector
            .observe(Metric::PortError, 0.02, at(1), Some(&limit))
            .anomalous
    );
    let second = detector.observe(Metric::PortError, 0.02, at(2), Some(&limit));
    assert!(second.anomalous && second.cold && second.onset == Some(at(1)));
    assert!(second.score >= 0.99);
}

#[test]
fn a_jump_is_raised_by_its_second_sample_and_cleared_by_the_third_normal_one() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::PortUtilization, 0.4, 200);
    assert!(
        !detector
            .observe(Metric::PortUtilization, 0.9, at(n), None)
            .anomalous
    );
    let second = detector.observe(Metric::PortUtilization, 0.9, at(n + 1), None);
    assert!(second.anomalous && second.onset == Some(at(n)) && second.score > 0.9999);
    assert!((second.expected - 0.4).abs() < 0.02 && second.upper < 0.9);
    for m in n + 2..n + 100 {
        assert!(
            detector
                .observe(Metric::PortUtilization, 0.9, at(m), None)
                .anomalous
        );
    }
    let normal = |d: &mut Detector, m| d.observe(Metric::PortUtilization, 0.4, at(m), None).cleared;
    assert!(!normal(&mut detector, n + 100));
    assert!(!normal(&mut detector, n + 101));
    assert!(normal(&mut detector, n + 102));
}

#[test]
fn one_blip_raises_nothing() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::PortQueue, 0.2, 200);
    assert!(detector.observe(Metric::PortQueue, 40.0, at(n), None).score > 0.9999);
    for m in n + 1..n + 20 {
        assert!(
            !detector
                .observe(Metric::PortQueue, 0.2, at(m), None)
                .anomalous
        );
    }
}

#[test]
fn a_load_that_comes_back_after_an_outage_is_no_anomaly() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::PortUtilization, 0.5, 300);
    for m in n..n + 180 {
        assert!(
            !detector
                .observe(Metric::PortUtilization, 0.0, at(m), None)
                .anomalous
        );
    }
    for m in n + 180..n + 300 {
        assert!(
            !detector
                .observe(Metric::PortUtilization, 0.5, at(m), None)
                .anomalous
        );
    }
}

#[test]
fn a_shift_that_stays_two_hours_is_the_new_normal() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::DemandRate, 100.0, 300);
    let mut cleared = None;
    for m in n..n + 900 {
        let wiggle = 1.0 + 0.02 * ((m % 5) as f64 - 2.0);
        let seen = detector.observe(Metric::DemandRate, 300.0 * wiggle, at(m), None);
        if seen.cleared {
            assert_eq!(cleared, None);
            cleared = Some(m - n);
        }
    }
    assert_eq!(cleared, Some(720));
}

#[test]
fn a_broken_objective_is_never_accepted_as_normal() {
    let mut detector = Detector::new(DetectorConfig::default());
    let limit = objective("group/g", Metric::GroupLatency, Comparison::AtMost, 120.0);
    let n = settle(&mut detector, Metric::GroupLatency, 60.0, 300);
    for m in n + 1..n + 2000 {
        let seen = detector.observe(Metric::GroupLatency, 400.0, at(m), Some(&limit));
        assert!(m < n + 3 || seen.anomalous, "{m}");
    }
}

#[test]
fn tiny_values_in_a_series_of_zeros_are_nobodys_concern() {
    for (metric, tiny) in [
        (Metric::PortError, 0.001),
        (Metric::PortDiscard, 0.001),
        (Metric::PathLoss, 0.02),
        (Metric::InstanceRejected, 0.005),
        (Metric::CellFailure, 0.01),
        (Metric::PortQueue, 1.0),
        (Metric::PortFlaps, 1.0),
    ] {
        let mut detector = Detector::new(DetectorConfig::default());
        for n in 1..5000_u64 {
            let value = if n % 1000 < 3 { tiny } else { 0.0 };
            let seen = detector.observe(metric, value, at(n), None);
            assert!(!seen.anomalous, "{} {n}: {seen:?}", metric.as_str());
        }
    }
}

#[test]
fn success_that_falls_is_anomalous_and_success_that_rises_is_not() {
    let mut detector = Detector::new(DetectorConfig::default());
    for n in 1..200 {
        let value = if n % 7 == 0 { 0.997 } else { 0.999 };
        assert!(
            !detector
                .observe(Metric::GroupSuccess, value, at(n), None)
                .anomalous
        );
    }
    assert!(
        !detector
            .observe(Metric::GroupSuccess, 1.0, at(200), None)
            .anomalous
    );
    detector.observe(Metric::GroupSuccess, 0.9, at(201), None);
    let seen = detector.observe(Metric::GroupSuccess, 0.9, at(202), None);
    assert!(seen.anomalous && seen.lower < seen.expected && seen.upper >= seen.expected);
}

#[test]
fn samples_out_of_order_and_no_numbers_change_nothing() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::PortUtilization, 0.4, 100);
    let before = format!("{detector:?}");
    for (value, sample) in [(f64::NAN, n), (f64::INFINITY, n), (0.9, 5), (0.9, n - 1)] {
        assert!(
            !detector
                .observe(Metric::PortUtilization, value, at(sample), None)
                .anomalous
        );
    }
    assert_eq!(before, format!("{detector:?}"));
}

#[test]
fn after_a_long_gap_the_level_is_learnt_anew() {
    let mut detector = Detector::new(DetectorConfig::default());
    let n = settle(&mut detector, Metric::PortUtilization, 0.2, 300);
    let later = n + 2000;
    let seen = detector.observe(Metric::PortUtilization, 0.6, at(later), None);
    assert!(seen.cold && !seen.anomalous);
}

proptest::proptest! {
    #[test]
    fn whatever_comes_in_the_assessment_is_sound(
        metric in 0..Metric::ALL.len(),
        values in proptest::collection::vec((-1e12..1e12_f64, 0..4_000_000_u64), 1..120),
    ) {
        let mut detector = Detector::new(DetectorConfig::default());
        let mut now = NetTime(0);
        for (value, gap_ms) in values {
            now = now + gap_ms;
            let seen = detector.observe(Metric::ALL[metric], value, now, None);
            proptest::prop_assert!((0.0..=1.0).contains(&seen.score), "{seen:?}");
            proptest::prop_assert!(seen.expected.is_finite(), "{seen:?}");
            proptest::prop_assert!(seen.lower <= seen.upper, "{seen:?}");
            proptest::prop_assert_eq!(seen.onset.is_some(), seen.anomalous);
        }
    }
}
