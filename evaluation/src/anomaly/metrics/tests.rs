//! The published vectors, and what must be true of any scores.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// The reference's expected values; nothing if the folder is not there, which only a machine without it may say.
fn vectors() -> Option<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/reference/anomaly/vectors.json"
    );
    match std::fs::read_to_string(path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            #[expect(
                clippy::disallowed_methods,
                reason = "only the automatic build has the duty to have the vectors"
            )]
            let duty = std::env::var_os("CI").is_some();
            assert!(!duty, "{path}: {error}");
            println!("SKIPPED: no reference vectors: {path}: {error}");
            None
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap().iter();
    all.map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn every_published_vector_is_reproduced() {
    let Some(file) = vectors() else { return };
    let mut compared = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let label: Vec<bool> = numbers(&vector["label"]).iter().map(|l| *l > 0.5).collect();
        let score = numbers(&vector["score"]);
        let window = vector["vus_window"].as_u64().unwrap() as usize;
        let threshold = vector["alarm_threshold"].as_f64().unwrap();
        let rows: Vec<usize> = (0..score.len()).filter(|i| score[*i] > threshold).collect();
        let stats = alarm_stats(&label, |row| score[row] > threshold);
        let delays: Vec<f64> = stats.delays.iter().map(|d| *d as f64).collect();
        let mut ours: Vec<(&str, Vec<f64>)> = SeriesFigures::of(&label, &score, window)
            .unwrap()
            .named()
            .map(|(key, value)| (key, vec![value]))
            .to_vec();
        ours.push(("events", vec![stats.events as f64]));
        ours.push(("detected", vec![stats.detected as f64]));
        ours.push(("false_alarms", vec![stats.false_alarms as f64]));
        ours.push(("delay_rows", delays));
        ours.push(("nab_raw", vec![nab::nab_raw(&label, &rows)]));
        for (key, wanted) in vector["expected"].as_object().unwrap() {
            let (_, got) = ours.iter().find(|(k, _)| k == key).unwrap();
            let wanted = if wanted.is_array() {
                numbers(wanted)
            } else {
                vec![wanted.as_f64().unwrap()]
            };
            assert_eq!(got.len(), wanted.len(), "{} {key}", vector["name"]);
            for (got, wanted) in got.iter().zip(&wanted) {
                assert!(
                    (got - wanted).abs() < 1e-9,
                    "{} {key}: {got}, not {wanted}",
                    vector["name"]
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 70, "{compared} values compared");
}

#[test]
fn no_event_means_no_figures() {
    assert_eq!(SeriesFigures::of(&[false; 9], &[0.5; 9], 3), None);
    assert!(vus::vus(&[false; 9], &[0.5; 9], 3).0.is_nan());
    assert!(ranking::auc_roc(&[true; 9], &[0.5; 9]).is_nan());
}

#[test]
fn an_alarm_that_is_stuck_counts_again_every_hour_of_rows() {
    let label = [false; 200];
    let count =
        |rows: std::ops::Range<usize>| alarm_stats(&label, |row| rows.contains(&row)).false_alarms;
    assert_eq!(
        [count(10..11), count(10..70), count(10..71), count(0..200)],
        [1, 1, 2, 4]
    );
    assert_eq!(
        alarm_stats(&label, |row| row % 5 == 0).false_alarms,
        4,
        "five rows apart are one"
    );
    assert_eq!(
        alarm_stats(&label, |row| row % 6 == 0).false_alarms,
        34,
        "six rows apart are not"
    );
}

#[test]
fn a_late_alarm_counts_five_rows_after_the_end_but_not_in_the_next_event() {
    let mut label = [false; 40];
    label[10..13].fill(true);
    label[15..16].fill(true);
    let at = |row: usize| alarm_stats(&label, move |r| r == row);
    assert_eq!((at(14).detected, at(14).delays), (1, vec![4]));
    assert_eq!(at(15).delays, [0], "the second event's own");
    assert_eq!((at(20).detected, at(20).false_alarms), (1, 0));
    assert_eq!((at(21).detected, at(21).false_alarms), (0, 1));
}

#[test]
fn a_budget_of_none_still_allows_one_false_alarm() {
    let mut label = vec![false; 1000];
    label[500..510].fill(true);
    let mut score: Vec<f64> = (0..1000).map(|i| f64::from(i % 7) / 100.0).collect();
    score[100] = 9.0;
    score[504] = 5.0;
    let series = [Calibrated {
        label: &label,
        score,
        interval_s: 60.0,
    }];
    let found = recall_at(&series, &[1e-6])[0];
    assert_eq!((found.recall, found.false_alarms), (1.0, 1));
    assert_eq!(found.delay_s, 240.0);
}

#[test]
fn the_numenta_score_is_0_for_silence_and_100_for_a_perfect_alarm() {
    let mut label = vec![false; 1000];
    label[500..600].fill(true);
    let score = |row: usize| (0..1000).map(|i| f64::from(u8::from(i == row))).collect();
    let of = |score: Vec<f64>| {
        nab::nab_score(&[Calibrated {
            label: &label,
            score,
            interval_s: 1.0,
        }])
    };
    assert!((of(score(500)) - 100.0).abs() < 1e-9);
    assert!((of(vec![0.0; 1000]) - 0.0).abs() < 1e-9);
}

#[test]
fn calibration_looks_at_what_came_before_only() {
    let test: Vec<f64> = (0..400).map(|i| f64::from(i * 7 % 13)).collect();
    let train: Vec<f64> = (0..60).map(|i| f64::from(i * 5 % 11)).collect();
    let mut changed = test.clone();
    changed[300..].iter_mut().for_each(|s| *s = 12.0 - *s);
    for calibration in Calibration::ALL {
        let (a, b) = (
            calibration.of(&train, &test),
            calibration.of(&train, &changed),
        );
        assert_eq!(a[..300], b[..300]);
    }
}

/// Rows, labels in stretches and scores with ties.
fn scored() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    let stretch = (any::<bool>(), 1..20_usize);
    let labels = prop::collection::vec(stretch, 2..12).prop_map(|stretches| {
        stretches
            .into_iter()
            .flat_map(|(anomalous, rows)| std::iter::repeat_n(anomalous, rows))
            .collect::<Vec<bool>>()
    });
    labels
        .prop_filter("both kinds of rows", |l| {
            l.contains(&true) && l.contains(&false)
        })
        .prop_flat_map(|label| {
            let scores =
                prop::collection::vec((0..50_u32).prop_map(|s| f64::from(s) / 50.0), label.len());
            (Just(label), scores)
        })
}

proptest! {
    #[test]
    fn only_the_order_of_scores_counts_for_areas_and_volumes((label, score) in scored()) {
        let bent: Vec<f64> = score.iter().map(|s| (3.0 * s).exp() - 7.0).collect();
        let one = SeriesFigures::of(&label, &score, 9).unwrap();
        let other = SeriesFigures::of(&label, &bent, 9).unwrap();
        prop_assert_eq!((one.vus_pr, one.vus_roc), (other.vus_pr, other.vus_roc));
        prop_assert_eq!((one.auc_pr, one.auc_roc, one.f1_best), (other.auc_pr, other.auc_roc, other.f1_best));
    }

    #[test]
    fn figures_keep_their_range((label, score) in scored(), window in 0..40_usize) {
        for (key, value) in SeriesFigures::of(&label, &score, window).unwrap().named() {
            prop_assert!((-1e-9..=1.0 + 1e-9).contains(&value), "{} is {}", key, value);
        }
    }

    #[test]
    fn the_labels_as_scores_are_perfect((label, _) in scored()) {
        let score: Vec<f64> = label.iter().map(|l| f64::from(u8::from(*l))).collect();
        let perfect = SeriesFigures::of(&label, &score, 0).unwrap();
        for (key, value) in perfect.named() {
            prop_assert!((value - 1.0).abs() < 1e-9, "{} is {}", key, value);
        }
    }

    #[test]
    fn higher_thresholds_never_raise_more_alarm_rows((label, score) in scored()) {
        let detected = |t: f64| alarm_stats(&label, |row| score[row] > t).detected;
        prop_assert!(detected(0.2) >= detected(0.5) && detected(0.5) >= detected(0.9));
    }

    #[test]
    fn chance_earns_the_share_of_anomalous_rows(seed in 0..32_u64) {
        use rand::{Rng, SeedableRng};
        let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let label: Vec<bool> = (0..6000).map(|i| i % 400 < 40).collect();
        let score: Vec<f64> = label.iter().map(|_| chance.random()).collect();
        let figures = SeriesFigures::of(&label, &score, 0).unwrap();
        prop_assert!((figures.auc_pr - 0.1).abs() < 0.03, "{}", figures.auc_pr);
        prop_assert!((figures.auc_roc - 0.5).abs() < 0.05, "{}", figures.auc_roc);
        prop_assert!((figures.vus_pr - 0.1).abs() < 0.05, "{}", figures.vus_pr);
    }
}
