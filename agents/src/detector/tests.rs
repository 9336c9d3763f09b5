//! The detector of a domain: silence, states and settings.

use super::{Detecting, DetectorRoleConfig, Input, Output};
use crate::role::Engine;
use crate::testing::{at, network, object};
use zizhi_types::wire::Sample;
use zizhi_types::{AnomalyId, Domain, Measurement, MessageId, Metric};

struct Story {
    detector: Detecting,
    sent: u64,
}

impl Story {
    fn new() -> Self {
        let mut detector = Detecting::new(Domain::Transport, DetectorRoleConfig::default());
        let objectives = network().objectives();
        detector.handle(Input::Learn { objectives }, at(0));
        Self { detector, sent: 0 }
    }

    /// Router A sends one value.
    fn sends(&mut self, metric: Metric, value: f64, seconds: u64) -> Vec<Output> {
        self.sent += 1;
        let measurement = Measurement {
            object: object("port/A:A-B"),
            metric,
            value,
            at: at(seconds),
            source: MessageId::new("net", self.sent),
        };
        let input = Input::Batch {
            source: object("router/A"),
            at: at(seconds),
            measurements: vec![measurement],
        };
        self.detector.handle(input, at(seconds))
    }

    fn tick(&mut self, seconds: u64) -> Vec<Output> {
        self.detector.handle(Input::Tick, at(seconds))
    }
}

#[test]
fn silence_is_told_once_clears_nothing_and_ends_when_the_source_speaks() {
    let mut story = Story::new();
    for seconds in [10, 20, 30] {
        assert_eq!(story.sends(Metric::PortOperUp, 1.0, seconds), []);
    }
    let raised = story.sends(Metric::PortOperUp, 0.0, 40);
    let [Output::Raised(anomaly)] = &raised[..] else {
        panic!("{raised:?}")
    };
    assert_eq!((anomaly.observed, anomaly.violates), (0.0, Some(1.0)));
    assert_eq!(
        anomaly.source,
        MessageId::new("net", 4),
        "the message that decided"
    );
    assert_eq!(
        story.tick(65),
        [],
        "two and a half intervals are not over yet"
    );
    assert_eq!(story.tick(66), [Output::Silent(object("router/A"))]);
    for seconds in (70..400).step_by(10) {
        assert_eq!(
            story.tick(seconds),
            [],
            "told once, and nothing is cleared by it"
        );
    }
    assert_eq!(
        story.sends(Metric::PortOperUp, 0.0, 400),
        [Output::Heard(object("router/A"))]
    );
}

#[test]
fn a_state_that_is_well_again_clears_its_anomaly() {
    let mut story = Story::new();
    story.sends(Metric::PortOperUp, 0.0, 10);
    let outputs: Vec<Output> = (2..8)
        .flat_map(|n| story.sends(Metric::PortOperUp, 1.0, 10 * n))
        .collect();
    let id = AnomalyId::new(Domain::Transport, 1);
    assert!(
        matches!(&outputs[..], [Output::Cleared { id: cleared, .. }] if *cleared == id),
        "{outputs:?}"
    );
}

#[test]
fn a_source_heard_once_is_not_missed() {
    let mut story = Story::new();
    story.sends(Metric::PortOperUp, 1.0, 10);
    assert_eq!(
        story.tick(10_000),
        [],
        "nobody knows how often it means to send"
    );
}

#[test]
fn a_setting_that_was_announced_is_no_drift_and_one_that_was_not_is() {
    let mut story = Story::new();
    assert_eq!(story.sends(Metric::PortCost, 10.0, 10), []);
    let announced = Sample {
        object: object("port/A:A-B"),
        metric: Metric::PortCost,
        value: 65_000.0,
    };
    story.detector.handle(Input::Intend(announced), at(15));
    assert_eq!(story.sends(Metric::PortCost, 65_000.0, 20), []);
    let outputs = story.sends(Metric::PortCost, 10.0, 30);
    assert!(
        matches!(&outputs[..], [Output::Raised(a)] if (a.expected - 65_000.0).abs() < f64::EPSILON),
        "{outputs:?}"
    );
}

#[test]
fn a_setting_that_was_announced_before_its_first_value_is_no_drift() {
    let mut story = Story::new();
    let announced = Sample {
        object: object("port/A:A-B"),
        metric: Metric::PortCost,
        value: 500.0,
    };
    story.detector.handle(Input::Intend(announced), at(5));
    assert_eq!(story.sends(Metric::PortCost, 500.0, 10), []);
}

#[test]
fn a_value_from_the_end_of_time_does_not_kill_the_detector() {
    let mut story = Story::new();
    for n in 1..40 {
        story.sends(Metric::PortUtilization, 0.3, 10 * n);
    }
    story.sends(Metric::PortUtilization, 0.3, u64::MAX / 1000);
}
