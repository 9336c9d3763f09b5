//! Messages of several formats through the whole pipeline, with the shipped mapping tables.

use super::*;
use proptest::prelude::*;
use zizhi_types::Metric;

const NOW: NetTime = NetTime(1_795_161_603_114);

fn pipeline() -> Pipeline {
    let bounds = Bounds {
        late_ms: 300_000,
        future_ms: 30_000,
        sources: 3,
        series_per_source: 20,
        series: 50,
    };
    Pipeline::new(bounds, Limits::default(), Mapper::shipped().unwrap())
}

fn arrived(source: &str, format: Format, payload: &str) -> Arrived {
    Arrived {
        source: source.to_owned(),
        format,
        payload: payload.as_bytes().to_vec(),
        subject: "telemetry.if".to_owned(),
        content_type: String::new(),
        headers: BTreeMap::new(),
        received: NOW,
        sequence: None,
        answer: None,
    }
}

/// One Prometheus-like value as OTLP.
fn value(name: &str, value: f64, at: NetTime) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"{name}","gauge":{{"dataPoints":[{{"asDouble":{value},
        "timeUnixNano":"{}","attributes":[{{"key":"instance","value":{{"stringValue":"pe1:9100"}}}},{{"key":"device","value":{{"stringValue":"eth0"}}}}]}}]}}}}]}}]}}]}}"#,
        at.0 * 1_000_000
    )
}

#[test]
fn a_state_of_a_port_becomes_a_measurement() {
    let (outputs, verdict) = pipeline().take(
        &arrived(
            "s",
            Format::OtlpMetrics,
            &value("node_network_up", 1.0, NOW),
        ),
        NOW,
    );
    let [Output::Measurement(one)] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!((one.metric, one.value), (Metric::PortOperUp, 1.0));
    assert_eq!(one.object.to_string(), "port/pe1:eth0");
    assert_eq!(one.reporter().to_string(), "router/pe1");
    assert_eq!((verdict.taken, verdict.refused), (1, 0));
}

#[test]
fn a_rate_needs_two_counts() {
    let mut pipeline = pipeline();
    let mut take = |bytes, at: NetTime| {
        let text = value("node_network_transmit_bytes_total", bytes, at);
        let (outputs, _) = pipeline.take(&arrived("s", Format::OtlpMetrics, &text), NOW);
        outputs.into_iter().next().unwrap()
    };
    let first = take(1e6, NOW - 10_000);
    assert!(
        matches!(&first, Output::Held(held) if held.why.contains("second")),
        "{first:?}"
    );
    let second = take(11e6, NOW);
    assert!(
        matches!(&second, Output::Measurement(m) if m.metric == Metric::PortOut && (m.value - 8.0).abs() < 1e-9),
        "{second:?}"
    );
}

#[test]
fn what_cannot_be_used_becomes_dead_letters_that_do_not_flood() {
    let lines: Vec<String> = (0..500).map(|n| format!("m,host=h{n} broken")).collect();
    let (outputs, verdict) =
        pipeline().take(&arrived("s", Format::TelegrafLine, &lines.join("\n")), NOW);
    assert!(verdict.is_unreadable);
    assert!(
        !outputs.is_empty() && outputs.len() <= LETTERS + 1,
        "{}",
        outputs.len()
    );
    let Some(Output::DeadLetter(letter)) = outputs.first() else {
        panic!("{outputs:?}")
    };
    assert_eq!(letter.origin.subject, "telemetry.if");
    assert!(letter.sample.contains("broken"));
}

#[test]
fn the_verdict_says_what_was_late_and_why() {
    let text = value("node_network_up", 1.0, NOW - 3_600_000);
    let (outputs, verdict) = pipeline().take(&arrived("s", Format::OtlpMetrics, &text), NOW);
    assert_eq!((verdict.taken, verdict.refused), (0, 1));
    assert!(verdict.reason.contains("older than 300 s"));
    assert!(matches!(&outputs[..], [Output::DeadLetter(_)]));
}

proptest! {
    /// Whatever comes, in whatever format and order, every part is accounted for and memory stays bounded.
    #[test]
    fn every_part_is_accounted_for(messages in prop::collection::vec(
        (0..5_u8, 0..6_u8, 0..40_u16, -400_000..60_000_i64, "[ -~]{0,20}"), 1..60)
    ) {
        let mut pipeline = pipeline();
        let mut parts = 0;
        for (source, sort, series, age, noise) in messages {
            let at = NetTime(NOW.0.saturating_add_signed(age));
            let (format, payload) = match sort {
                0 => (Format::OtlpMetrics, value(&format!("m{series}"), 1.0, at)),
                1 => (Format::TelegrafLine, format!("m{series},host=a v=1,w={series}i {}000000", at.0)),
                2 => (Format::Syslog, format!("<34>1 2026-11-20T08:00:03Z pe1 app - - - {noise}")),
                3 => (Format::Auto, noise),
                4 => (Format::OtlpMetrics, noise),
                _ => (Format::TelegrafLine, format!("m v=1 {}\n{noise}\n", at.0)),
            };
            let message = arrived(&format!("s{source}"), format, &payload);
            let before: u64 = pipeline.counts().values().map(|c| c.received).sum();
            let (outputs, verdict) = pipeline.take(&message, NOW);
            let counts = pipeline.counts();
            prop_assert!(counts.values().all(Counts::adds_up), "{counts:?}");
            parts += verdict.taken + verdict.refused + verdict.empty;
            let received: u64 = counts.values().map(|c| c.received).sum();
            prop_assert_eq!(received, parts);
            prop_assert!(outputs.len() as u64 <= 2 * (received - before));
            prop_assert!(counts.len() <= 4);
            prop_assert!(counts.values().map(|c| c.series).sum::<u64>() <= 50);
        }
    }
}
