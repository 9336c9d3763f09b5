//! What must hold for every message of a kind, tried on generated ones.

use crate::fixture::RECEIVED;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zizhi_bus::decode::{Format, Item, Limits, Raw, Value, decode, sniff};
use zizhi_types::NetTime;

fn raw<'a>(payload: &'a [u8], headers: &'a BTreeMap<String, String>) -> Raw<'a> {
    Raw {
        payload,
        subject: "",
        content_type: "",
        headers,
        received: RECEIVED,
    }
}

/// Names with all that line protocol escapes.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_好][a-zA-Z0-9_ ,=.:/é-]{0,11}[a-z0-9]"
        .prop_filter("events", |n| n != "syslog" && n != "snmp_trap")
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-1e300..1e300f64).prop_map(Value::Number),
        (0u64..=1 << 53).prop_map(|n| Value::Number(n as f64)),
        ((1u64 << 53) + 1..=u64::MAX).prop_map(Value::Whole),
        any::<bool>().prop_map(Value::Flag),
        "[a-z\"\\\\ ,=\n#é]{0,20}x".prop_map(Value::Text),
    ]
}

fn escaped(text: &str) -> String {
    text.replace(',', "\\,")
        .replace('=', "\\=")
        .replace(' ', "\\ ")
}

/// As Telegraf's serialiser writes it.
fn written(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{number:e}"),
        Value::Whole(number) => format!("{number}u"),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Gone => String::new(),
    }
}

proptest! {
    #[test]
    fn a_line_of_line_protocol_means_what_was_written(
        measurement in name(),
        tags in proptest::collection::btree_map(name(), name(), 0..4),
        fields in proptest::collection::btree_map(name(), value(), 1..5),
        ms in 1_000_000_000_000u64..4_000_000_000_000,
    ) {
        let mut line = measurement.replace(',', "\\,").replace(' ', "\\ ");
        for (key, value) in &tags {
            let _ = write!(line, ",{}={}", escaped(key), escaped(value));
        }
        let fields: Vec<(String, Value)> = fields.into_iter().collect();
        let texts: Vec<String> = fields.iter().map(|(key, value)| format!("{}={}", escaped(key), written(value))).collect();
        let _ = writeln!(line, " {} {}", texts.join(","), ms * 1_000_000);
        let twice = line.repeat(2);
        let headers = BTreeMap::new();
        let decoded = decode(Format::TelegrafLine, &raw(twice.as_bytes(), &headers), &Limits::default());
        prop_assert_eq!(&decoded.rejects, &[]);
        prop_assert_eq!(decoded.items.len(), fields.len() * 2);
        for (item, (key, value)) in decoded.items.iter().zip(fields.iter().chain(&fields)) {
            let Item::Point(point) = item else { panic!("no point") };
            prop_assert_eq!(&point.name, &format!("{measurement}.{key}"));
            prop_assert_eq!(&point.tags, &tags);
            prop_assert_eq!(&point.value, value);
            prop_assert_eq!(point.at, Some(NetTime(ms)));
        }
    }

    #[test]
    fn a_gnmic_event_keeps_every_digit_and_every_key(
        values in proptest::collection::btree_map("/[a-z]{1,8}/[a-z\"\\\\é]{1,8}", any::<u64>(), 1..10),
        as_text in any::<bool>(),
    ) {
        let list: BTreeMap<String, serde_json::Value> = values
            .iter()
            .map(|(k, v)| (k.clone(), if as_text { v.to_string().into() } else { (*v).into() }))
            .collect();
        let message = serde_json::json!([{"name": "n", "timestamp": 1_795_161_603_114_000_000u64, "tags": {"source": "a"}, "values": list}]).to_string();
        let headers = BTreeMap::new();
        let raw = raw(message.as_bytes(), &headers);
        prop_assert_eq!(sniff(&raw), Some(Format::GnmicEvent));
        let decoded = decode(Format::Auto, &raw, &Limits::default());
        let found: BTreeMap<String, u64> = decoded.items.iter().map(|item| match item {
            Item::Point(point) => match point.value {
                Value::Whole(number) => (point.name.clone(), number),
                Value::Number(number) => (point.name.clone(), number as u64),
                _ => panic!("no number"),
            },
            _ => panic!("no point"),
        }).collect();
        prop_assert_eq!(found, values);
    }
}
