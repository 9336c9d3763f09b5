//! Sample batches: what goes in comes out, what is lost is counted, and no bytes hurt.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use zizhi_bus::batch::{
    Arrival, Batch, BatchError, Decoder, Encoder, GROUP, Heard, Limits, MAGIC, REPEAT, Reading,
    Refused, is_batch, telemetry,
};
use zizhi_types::wire::{Sample, TelemetryBatch};
use zizhi_types::{Metric, NetTime};

const NOW: NetTime = NetTime(1_000_000);

/// A publisher of `series` series, each named after its number.
fn publisher(name: &str, epoch: u64, series: u32) -> Encoder {
    let mut encoder = Encoder::new(name, epoch).unwrap();
    for n in 0..series {
        let id = encoder.intern(&format!("port/R{n}:x"), "port.out_mbps", "Mbit/s");
        assert_eq!(id.unwrap(), n);
    }
    encoder
}

/// One sample of each of `ids`, as one message.
fn message(encoder: &mut Encoder, ids: impl IntoIterator<Item = u32>) -> Vec<u8> {
    for id in ids {
        assert_eq!(encoder.push(id, NOW, f64::from(id)), None);
    }
    encoder.flush().unwrap()
}

fn decoder() -> (Decoder, Vec<Reading>) {
    (Decoder::new(Limits::default()), vec![])
}

#[test]
fn samples_come_out_as_they_went_in_with_their_names_and_times() {
    let mut encoder = publisher("gateway-1", 7, 3)
        .with_source("router/A")
        .unwrap();
    encoder.push(2, NOW, -1.5);
    encoder.push(0, NetTime(NOW.0 - 250), f64::NAN);
    encoder.push(2, NOW, f64::INFINITY);
    let bytes = encoder.flush().unwrap();
    let batch = Batch::parse(&bytes).unwrap();
    assert_eq!((batch.publisher, batch.source), ("gateway-1", "router/A"));
    assert_eq!((batch.epoch, batch.sequence, batch.base), (7, 1, NOW));
    let (mut decoder, mut out) = decoder();
    let heard = decoder.decode(&bytes, NOW, &mut out).unwrap();
    let expected = Heard {
        publisher: 0,
        fresh: true,
        arrival: Arrival::Next,
        unknown: 0,
    };
    assert_eq!(heard, expected);
    let told: Vec<_> = out
        .iter()
        .map(|r| (r.id, r.value.to_bits(), r.at))
        .collect();
    let sent = [
        (2, (-1.5_f64).to_bits(), NOW),
        (0, f64::NAN.to_bits(), NetTime(NOW.0 - 250)),
        (2, f64::INFINITY.to_bits(), NOW),
    ];
    assert_eq!(told, sent);
    let name = decoder.name(0, 2).unwrap();
    assert_eq!(
        (name.object, name.metric, name.unit),
        ("port/R2:x", "port.out_mbps", "Mbit/s")
    );
    assert_eq!(decoder.name(0, 1), None, "it was never used");
}

#[test]
fn a_full_group_is_a_message_of_twelve_bytes_a_sample() {
    let mut encoder = publisher("p", 1, 300);
    let mut messages = vec![];
    for round in 0..40 {
        let at = NetTime(round);
        messages.extend((0..300).filter_map(|id| encoder.push(id, at, 1.0)));
        messages.extend(encoder.flush());
    }
    let counts: Vec<usize> = messages
        .iter()
        .map(|m| Batch::parse(m).unwrap().len())
        .collect();
    assert_eq!(counts, [GROUP, 300 - GROUP].repeat(40));
    let least = messages.iter().filter(|m| m.len() < 42 + GROUP * 12 + 1);
    assert!(least.count() > 40, "most messages carry no name");
}

#[test]
fn a_sample_weeks_away_begins_a_message_of_its_own() {
    let mut encoder = publisher("p", 1, 1);
    encoder.push(0, NetTime(0), 1.0);
    let before = encoder.push(0, NetTime(1 << 40), 2.0).unwrap();
    assert_eq!(Batch::parse(&before).unwrap().base, NetTime(0));
    let after = encoder.flush().unwrap();
    assert_eq!(Batch::parse(&after).unwrap().base, NetTime(1 << 40));
}

#[test]
fn a_receiver_that_starts_late_learns_every_name_within_the_promised_number_of_samples() {
    for missed in [0, 1, 2, 3, 7, 31, 32, 33, 100] {
        let mut encoder = publisher("p", 1, 50);
        for _ in 0..missed {
            message(&mut encoder, 0..50);
        }
        let (mut decoder, mut out) = decoder();
        let mut until = 0;
        loop {
            let heard = decoder
                .decode(&message(&mut encoder, 0..50), NOW, &mut out)
                .unwrap();
            if heard.unknown == 0 {
                break;
            }
            assert_eq!(out.len() + heard.unknown, 50);
            until += 1;
            assert!(
                until <= usize::from(REPEAT),
                "after {missed} missed messages"
            );
        }
        let counts = decoder.counts();
        assert_eq!(counts.samples + counts.unknown, 50 * counts.used);
        assert_eq!(counts.missing, 0, "what was before it listened is no loss");
    }
}

#[test]
fn every_name_is_said_at_once_when_asked_for() {
    let mut encoder = publisher("p", 1, 50);
    for _ in 0..100 {
        message(&mut encoder, 0..50);
    }
    encoder.repeat_all();
    let (mut decoder, mut out) = decoder();
    let heard = decoder
        .decode(&message(&mut encoder, 0..50), NOW, &mut out)
        .unwrap();
    assert_eq!(heard.unknown, 0);
}

#[test]
fn a_lost_message_is_counted_and_a_repeated_one_is_not_used() {
    let mut encoder = publisher("p", 1, 4);
    let sent: Vec<_> = (0..6).map(|_| message(&mut encoder, 0..4)).collect();
    let (mut decoder, mut out) = decoder();
    let mut arrivals = vec![];
    for n in [0, 1, 4, 2, 4, 5] {
        arrivals.push(decoder.decode(&sent[n], NOW, &mut out).map(|h| h.arrival));
    }
    let repeated = Refused::Repeated {
        publisher: "p".to_owned(),
        sequence: 5,
    };
    let expected = [
        Ok(Arrival::Next),
        Ok(Arrival::Next),
        Ok(Arrival::After(2)),
        Ok(Arrival::Late),
        Err(repeated),
        Ok(Arrival::Next),
    ];
    assert_eq!(arrivals, expected);
    let counts = decoder.counts();
    assert_eq!(
        (counts.used, counts.missing, counts.late, counts.repeated),
        (5, 1, 1, 1)
    );
    let (name, order, _) = decoder.publishers().next().unwrap();
    assert_eq!(
        (name, order.last(), order.missing()),
        ("p", encoder.sequence(), 1)
    );
}

#[test]
fn a_publisher_that_starts_anew_gives_its_numbers_new_meanings() {
    let (mut decoder, mut out) = decoder();
    let mut old = publisher("p", 1, 4);
    decoder
        .decode(&message(&mut old, 0..4), NOW, &mut out)
        .unwrap();
    let mut new = Encoder::new("p", 2).unwrap();
    new.intern("cell/C", "cell.utilization", "").unwrap();
    let first = message(&mut new, [0]);
    let heard = decoder
        .decode(&message(&mut new, [0]), NOW, &mut out)
        .unwrap();
    assert!(heard.fresh && heard.unknown == 0);
    assert_eq!(
        heard.arrival,
        Arrival::After(1),
        "an epoch that was heard begins with 1"
    );
    assert_eq!(decoder.name(0, 0).unwrap().object, "cell/C");
    assert_eq!(decoder.name(0, 3), None);
    assert_eq!(
        decoder.decode(&first, NOW, &mut out).map(|h| h.arrival),
        Ok(Arrival::Late)
    );
    let stale = decoder
        .decode(&message(&mut old, 0..4), NOW, &mut out)
        .unwrap_err();
    assert!(
        matches!(stale, Refused::Outdated { was: 1, now: 2, .. }),
        "{stale}"
    );
    assert!(out.is_empty());
    assert_eq!(decoder.counts().outdated, 1);
}

#[test]
fn a_number_keeps_its_meaning_within_an_epoch() {
    let (mut decoder, mut out) = decoder();
    decoder
        .decode(&message(&mut publisher("p", 1, 2), 0..2), NOW, &mut out)
        .unwrap();
    let mut liar = Encoder::new("p", 1).unwrap();
    liar.intern("cell/C", "cell.utilization", "").unwrap();
    message(&mut liar, [0]);
    decoder
        .decode(&message(&mut liar, [0]), NOW, &mut out)
        .unwrap();
    assert_eq!(decoder.name(0, 0).unwrap().object, "port/R0:x");
    assert_eq!(decoder.counts().contradictions, 1);
}

#[test]
fn one_publisher_that_goes_wild_takes_no_room_from_the_others() {
    let limits = Limits {
        series_each: 10,
        series: 25,
        ..Limits::default()
    };
    let (mut decoder, mut out) = (Decoder::new(limits), vec![]);
    let heard = decoder.decode(
        &message(&mut publisher("wild", 1, 200), 0..200),
        NOW,
        &mut out,
    );
    assert_eq!((heard.unwrap().unknown, out.len()), (190, 10));
    assert_eq!(decoder.counts().no_room, 190);
    let heard = decoder.decode(
        &message(&mut publisher("calm", 1, 10), 0..10),
        NOW,
        &mut out,
    );
    assert_eq!((heard.unwrap().unknown, out.len()), (0, 10));
    let heard = decoder.decode(
        &message(&mut publisher("late", 1, 10), 0..10),
        NOW,
        &mut out,
    );
    assert_eq!((heard.unwrap().unknown, out.len()), (5, 5), "25 in all");
    // Starting anew gives back what was held.
    decoder
        .decode(&message(&mut publisher("wild", 2, 1), 0..1), NOW, &mut out)
        .unwrap();
    let heard = decoder.decode(
        &message(&mut publisher("late", 2, 10), 0..10),
        NOW,
        &mut out,
    );
    assert_eq!(heard.unwrap().unknown, 0);
}

#[test]
fn a_new_publisher_takes_the_place_of_one_that_fell_silent_and_of_no_other() {
    let limits = Limits {
        publishers: 2,
        idle_ms: 1000,
        ..Limits::default()
    };
    let (mut decoder, mut out) = (Decoder::new(limits), vec![]);
    let mut send = |decoder: &mut Decoder, name: &str, at| {
        decoder.decode(
            &message(&mut publisher(name, 1, 1), [0]),
            NetTime(at),
            &mut out,
        )
    };
    send(&mut decoder, "a", 0).unwrap();
    send(&mut decoder, "b", 500).unwrap();
    let refused = send(&mut decoder, "c", 999).unwrap_err();
    assert_eq!(refused, Refused::Crowded(2));
    let heard = send(&mut decoder, "c", 1000).unwrap();
    assert_eq!((heard.publisher, heard.fresh), (0, true));
    assert_eq!(decoder.publisher(0), Some("c"));
    let counts = decoder.counts();
    assert_eq!(
        (counts.used, counts.crowded),
        (3, 1),
        "nothing counted is forgotten"
    );
}

#[test]
fn what_is_no_batch_says_why() {
    let good = message(&mut publisher("p", 1, 1), [0]);
    let refusal = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        Batch::parse(&bytes).unwrap_err().to_string()
    };
    assert!(refusal(&|b| b[0] = b'{').contains("does not begin with"));
    assert!(refusal(&|b| b[4] = 2).contains("version 2"));
    assert!(refusal(&|b| b[5] = 0x80).contains("unknown flags 0x80"));
    assert!(refusal(&|b| b[38] = 1).contains("reserved"));
    assert!(refusal(&|b| b[7] = 0xFF).contains("samples: at most 4096"));
    assert!(refusal(&|b| b[40] = 0xFF).contains("publisher is no UTF-8"));
    assert!(refusal(&|b| b.push(0)).contains("1 bytes too many"));
    assert!(refusal(&|b| b.truncate(b.len() - 1)).contains("cut off inside its samples"));
    assert!(refusal(&|b| b.truncate(20)).contains("cut off inside its header"));
    assert!(!is_batch(b"{\"source\":1}"));
}

fn told() -> TelemetryBatch {
    let sample = |object: &str, metric, value| Sample {
        object: object.parse().unwrap(),
        metric,
        value,
    };
    TelemetryBatch {
        source: "router/北京".parse().unwrap(),
        at: NetTime(10_000),
        samples: vec![
            sample("port/A:A-B", Metric::PortOperUp, 1.0),
            sample("port/A:A-B", Metric::PortOut, 0.1 + 0.2),
            sample("router/A", Metric::RouterUptime, 1e9),
            sample("port/A:A-B", Metric::PortOut, 5e-324),
        ],
    }
}

#[test]
fn a_self_contained_message_reads_as_the_json_that_it_stands_for() {
    let batch = told();
    let bytes = telemetry::encode(&batch).unwrap();
    assert!(is_batch(&bytes));
    let told = telemetry::decode(&bytes).unwrap();
    assert_eq!(told.to_json(), serde_json::to_string(&batch).unwrap());
    assert_eq!(
        serde_json::from_str::<TelemetryBatch>(&told.to_json()).unwrap(),
        batch
    );
}

#[test]
fn any_message_can_be_shown_as_text() {
    let bytes = telemetry::encode(&told()).unwrap();
    assert_eq!(
        telemetry::readable(&bytes),
        serde_json::to_string(&told()).unwrap()
    );
    assert_eq!(telemetry::readable(b"{\"a\":1}"), "{\"a\":1}");
    assert_eq!(
        telemetry::readable(&bytes[..6]),
        "sample batch FA 5A 53 42 01 02"
    );
}

#[test]
fn each_form_belongs_on_its_own_subject() {
    let (mut decoder, mut out) = decoder();
    let contained = telemetry::encode(&told()).unwrap();
    let refused = decoder.decode(&contained, NOW, &mut out).unwrap_err();
    assert!(
        refused.to_string().contains("belongs on `obs.telemetry`"),
        "{refused}"
    );
    let interned = message(&mut publisher("p", 1, 1), [0]);
    let refused = telemetry::decode(&interned).unwrap_err();
    assert_eq!(refused, BatchError::OtherForm("obs.samples"));
    assert_eq!(decoder.counts().malformed, 1);
}

/// A generator of its own, so that the same bytes are tried everywhere (xorshift, G. Marsaglia 2003).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

#[test]
fn a_hundred_thousand_damaged_messages_do_no_harm() {
    let mut encoder = publisher("gateway-1", 3, 40);
    let mut seeds: Vec<Vec<u8>> = (0..8).map(|n| message(&mut encoder, n..n + 20)).collect();
    seeds.push(telemetry::encode(&told()).unwrap());
    let limits = Limits {
        publishers: 8,
        series_each: 1000,
        series: 4000,
        name_bytes: 100_000,
        idle_ms: 10,
    };
    let (mut decoder, mut out) = (Decoder::new(limits), vec![]);
    let mut random = Seeded(0x5EED);
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    for n in 0..100_000 {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(6) {
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = random.next().to_le_bytes()[0],
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at.max(1)),
                3 => bytes.insert(at, 0xFF),
                _ => bytes.rotate_left(at % 3),
            }
        }
        let outcome = match decoder.decode(&bytes, NetTime(n), &mut out) {
            Ok(_) => "used",
            Err(Refused::Malformed(_)) => "malformed",
            Err(_) => "refused",
        };
        *outcomes.entry(outcome).or_default() += 1;
        assert!(out.len() <= 4096);
        if let Ok(told) = telemetry::decode(&bytes) {
            assert!(told.to_json().starts_with("{\"source\":"));
        }
    }
    let counts = decoder.counts();
    let came = counts.used + counts.repeated + counts.outdated + counts.crowded + counts.malformed;
    assert_eq!(came, 100_000, "{counts:?}");
    assert_eq!(outcomes.len(), 3, "every way was taken: {outcomes:?}");
    assert!(decoder.publishers().count() <= 8);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut decoder, mut out) = decoder();
        let _ = decoder.decode(&bytes, NOW, &mut out);
        let bytes = [MAGIC.to_vec(), vec![1, 0], bytes].concat();
        let _ = decoder.decode(&bytes, NOW, &mut out);
        let _ = telemetry::decode(&bytes);
    }

    #[test]
    fn whatever_is_sent_arrives(
        samples in prop::collection::vec((0_u32..40, any::<u64>(), any::<f64>()), 1..700),
        group in 1_usize..300,
    ) {
        let mut encoder = publisher("p", 1, 40).with_group(group);
        let mut messages: Vec<_> = samples
            .iter()
            .filter_map(|(id, at, value)| encoder.push(*id, NetTime(*at), *value))
            .collect();
        messages.extend(encoder.flush());
        let (mut decoder, mut out) = decoder();
        let mut got = vec![];
        for message in &messages {
            prop_assert_eq!(decoder.decode(message, NOW, &mut out).unwrap().unknown, 0);
            got.extend(out.iter().map(|r| (r.id, r.at.0, r.value.to_bits())));
        }
        let sent: Vec<_> = samples.iter().map(|(i, a, v)| (*i, *a, v.to_bits())).collect();
        prop_assert_eq!(got, sent);
    }
}
