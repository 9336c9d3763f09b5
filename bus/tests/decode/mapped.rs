//! What each fixture means by the shipped tables stands beside it in `name.mapped.jsonl`; rewritten as the golden files are.

use crate::fixture::{self, Fixture, RECEIVED};
use zizhi_bus::decode::{Format, Item, Kind, Limits, Point, Value, decode};
use zizhi_bus::mapping::{Mapped, Mapper, Pins, Rates, ReadingSource, json};
use zizhi_types::{Metric, NetTime, ObjectKind};

fn source(fixture: &Fixture) -> ReadingSource {
    ReadingSource {
        format: fixture.format,
        subject: "test".to_owned(),
        seq: 1,
    }
}

fn lines(mapper: &Mapper, fixture: &Fixture) -> String {
    let mut rates = Rates::new(1000);
    let raw = fixture.raw(&fixture.payload);
    let decoded = decode(fixture.format, &raw, &Limits::default());
    let mapped = decoded
        .items
        .iter()
        .flat_map(|item| mapper.map(item, &source(fixture), RECEIVED));
    mapped
        .map(|mapped| {
            let rate = match mapped.clone() {
                Mapped::Reading(reading) => rates.take(reading).map(Mapped::Reading),
                _ => None,
            };
            json(&rate.unwrap_or(mapped)) + "\n"
        })
        .collect()
}

#[test]
fn every_fixture_is_mapped_as_is_written_beside_it() {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the test says whether to rewrite what it expects"
    )]
    let bless = std::env::var_os("ZIZHI_BLESS").is_some();
    let mapper = Mapper::shipped().unwrap();
    for fixture in fixture::all() {
        let found = lines(&mapper, &fixture);
        let path = fixture.path.with_extension("mapped.jsonl");
        if bless {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{}", fixture.path.display());
    }
}

#[test]
fn every_shipped_pack_is_good_and_a_swarms_metric_has_the_swarms_unit() {
    let mapper = Mapper::shipped().unwrap();
    assert!(mapper.rules() > 100, "{} rules", mapper.rules());
    for (file, text) in zizhi_bus::mapping::SHIPPED {
        let rules: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        for rule in rules["rules"].as_array().unwrap() {
            let Some(metric) = Metric::ALL
                .iter()
                .find(|m| Some(m.as_str()) == rule["metric"].as_str())
            else {
                continue;
            };
            assert_eq!(
                rule["unit"].as_str(),
                Some(metric.unit()),
                "{file}: {metric:?}"
            );
            let kind = rule["object"].as_str().unwrap().split('/').next().unwrap();
            assert_eq!(kind, metric.object_kind().as_str(), "{file}: {metric:?}");
        }
    }
}

fn point(name: &str, tags: &[(&str, &str)], value: Value, at: u64) -> Item {
    Item::Point(Point {
        name: name.to_owned(),
        tags: tags
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        value,
        kind: Kind::Unknown,
        unit: String::new(),
        at: Some(NetTime(at)),
    })
}

fn by_telegraf() -> ReadingSource {
    ReadingSource {
        format: Format::TelegrafJson,
        subject: "telegraf".to_owned(),
        seq: 7,
    }
}

const PORT: [(&str, &str); 2] = [("agent_host", "10.0.0.11"), ("ifName", "ge-0/0/1")];

#[test]
fn a_mapped_state_is_a_measurement_of_the_swarm() {
    let mapper = Mapper::shipped().unwrap();
    let up = point("interface.ifOperStatus", &PORT, Value::Number(2.0), 5);
    let [Mapped::Reading(reading)] = &mapper.map(&up, &by_telegraf(), RECEIVED)[..] else {
        panic!("no reading");
    };
    let measurement = reading.measurement().unwrap();
    assert_eq!(measurement.object.to_string(), "port/10.0.0.11:ge-0_0_1");
    assert_eq!(measurement.object.kind(), ObjectKind::Port);
    assert_eq!(
        (measurement.metric, measurement.value),
        (Metric::PortOperUp, 0.0)
    );
    assert_eq!(
        measurement.source.to_string(),
        "msg-telegraf-json/telegraf-7"
    );
}

#[test]
fn what_no_rule_knows_keeps_the_senders_words() {
    let mapper = Mapper::shipped().unwrap();
    let odd = point(
        "coffee.level",
        &[("host", "kitchen:9100"), ("pot", "2")],
        Value::Number(0.3),
        5,
    );
    let [Mapped::Reading(reading)] = &mapper.map(&odd, &by_telegraf(), RECEIVED)[..] else {
        panic!("no reading");
    };
    assert_eq!(reading.object, "host/kitchen{pot=2}");
    assert_eq!(
        (reading.metric.as_str(), reading.mapped),
        ("coffee.level", false)
    );
    assert_eq!(reading.measurement(), None);
    let text = point("coffee.kind", &[], Value::Text("arabica".to_owned()), 5);
    let [Mapped::State(state)] = &mapper.map(&text, &by_telegraf(), RECEIVED)[..] else {
        panic!("no state");
    };
    assert_eq!(
        (state.object.as_str(), state.text.as_deref()),
        ("host/unknown", Some("arabica"))
    );
}

#[test]
fn a_users_pack_wins_and_gives_names() {
    let mut mapper = Mapper::shipped().unwrap();
    let own = "pack: own\nnames: { 10.0.0.11: pe1 }\nrules:\n  - match: { name: [\"coffee.*\"], tags: { pot: \"*\" } }\n    object: \"site/{host}\"\n    metric: site.coffee\n    scale: 100\n    unit: \"%\"\n";
    mapper.add("own.yaml", own).unwrap();
    let odd = point(
        "coffee.level",
        &[("host", "10.0.0.11:9100"), ("pot", "2")],
        Value::Number(0.5),
        5,
    );
    let [Mapped::Reading(reading)] = &mapper.map(&odd, &by_telegraf(), RECEIVED)[..] else {
        panic!("no reading");
    };
    assert_eq!(
        (
            reading.object.as_str(),
            reading.value,
            reading.unit.as_str()
        ),
        ("site/pe1", 50.0, "%")
    );
    let up = point("interface.ifOperStatus", &PORT, Value::Number(1.0), 5);
    let [Mapped::Reading(reading)] = &mapper.map(&up, &by_telegraf(), RECEIVED)[..] else {
        panic!("no reading");
    };
    assert_eq!(reading.object, "port/pe1:ge-0_0_1");
}

#[test]
fn a_bad_pack_says_where_and_what() {
    let mut mapper = Mapper::default();
    let mut message = |text: &str| mapper.add("own.yaml", text).unwrap_err().to_string();
    let unknown =
        message("pack: own\nrules:\n  - match: { name: [a] }\n    object: a/b\n    metrik: x\n");
    assert!(
        unknown.starts_with("own.yaml:5:") && unknown.contains("metrik"),
        "{unknown}"
    );
    for (rule, words) in [
        ("match: { name: [] }\n    object: a/b", "match.name"),
        ("match: { name: [a] }\n    object: ab", "kind/name"),
        ("match: { name: [a] }\n    object: \"a/{b\"", "not closed"),
        (
            "match: { name: [a], format: [morse] }\n    object: a/b",
            "morse",
        ),
        (
            "match: { name: [a] }\n    object: a/b\n    rate: true",
            "name it by `metric`",
        ),
        (
            "match: { name: [a] }\n    object: a/b\n    metric: m\n    rate: true\n    bits: 7",
            "32 or 64",
        ),
        (
            "match: { name: [a] }\n    object: a/b\n    scale: 0",
            "not 0",
        ),
        (
            "match: { name: [a], text: \"{x}{y}\", item: event }\n    object: a/b",
            "two gaps",
        ),
        (
            "match: { name: [a], item: event }\n    object: a/b\n    metric: m",
            "`states`",
        ),
    ] {
        let found = message(&format!("pack: own\nrules:\n  - {rule}\n"));
        assert!(
            found.starts_with("own.yaml:3:") && found.contains(words),
            "{rule}: {found}"
        );
    }
    assert!(message("- a\n").starts_with("own.yaml:1:"));
    assert!(message("pack: [").starts_with("own.yaml:"));
}

/// Feeds counts at times in seconds; gives the rates in units per second.
fn rates_of(name: &str, values: &[(u64, Value)]) -> (Vec<Option<f64>>, Rates) {
    let mapper = Mapper::shipped().unwrap();
    let mut rates = Rates::new(10);
    let given = values.iter().map(|(second, value)| {
        let item = point(name, &PORT, value.clone(), second * 1000);
        let Some(Mapped::Reading(reading)) = mapper.map(&item, &by_telegraf(), RECEIVED).pop()
        else {
            panic!("no reading");
        };
        rates.take(reading).map(|r| r.value)
    });
    (given.collect(), rates)
}

#[test]
fn a_count_becomes_a_rate_through_wraps_resets_and_disorder() {
    let number = |n: f64| Value::Number(n);
    let (given, rates) = rates_of(
        "interface.ifOutErrors",
        &[
            (10, number(100.0)),
            (20, number(150.0)),
            (20, number(150.0)),
            (15, number(120.0)),
            (30, number(10.0)),
            (40, number(-1.0)),
            (50, number(4_294_967_290.0)),
            (60, number(4.0)),
        ],
    );
    let expected = [
        None,
        Some(5.0),
        None,
        None,
        None,
        None,
        Some(214_748_364.0),
        Some(1.0),
    ];
    assert_eq!(given, expected);
    let counts = rates.counts();
    assert_eq!(
        (counts.first, counts.rates, counts.resets, counts.wraps),
        (1, 3, 1, 1)
    );
    assert_eq!((counts.late, counts.duplicates, counts.negative), (1, 1, 1));
}

#[test]
fn a_count_of_64_bits_keeps_its_last_digits_and_wraps_late() {
    let (given, rates) = rates_of(
        "interface.ifHCOutOctets",
        &[
            (0, Value::Whole(u64::MAX - 1_000_000)),
            (1, Value::Whole(u64::MAX - 875_000)),
            (2, Value::Number(249_999.0)),
            (3, Value::Number(4_000_000_000.0)),
            (4, Value::Number(5.0)),
        ],
    );
    assert_eq!(given[1], Some(1.0));
    assert_eq!(given[2], Some(9.0));
    assert_eq!(given[4], None);
    assert_eq!((rates.counts().wraps, rates.counts().resets), (1, 1));
}

#[test]
fn the_memory_for_series_is_bounded() {
    let mapper = Mapper::shipped().unwrap();
    let mut rates = Rates::new(3);
    let mut feed = |port: u64, at: u64| {
        let tags = [("agent_host", "a"), ("ifName", &*format!("p{port}"))];
        let item = point("interface.ifOutErrors", &tags, Value::Number(1.0), at);
        let Some(Mapped::Reading(reading)) = mapper.map(&item, &by_telegraf(), RECEIVED).pop()
        else {
            panic!("no reading");
        };
        rates.take(reading);
        (rates.series(), rates.counts().no_room)
    };
    for port in 0..10 {
        feed(port, 1000);
    }
    assert_eq!(feed(11, 1000), (3, 8));
    // An hour later the silent ones make room.
    assert_eq!(feed(12, 3_700_000), (1, 8));
}

#[test]
fn a_value_that_changes_its_type_is_told_once() {
    let mut pins = Pins::new(2);
    let mut check = |name: &str, value: Value| match point(name, &PORT, value, 5) {
        Item::Point(point) => pins.check(&point).map(|r| r.reason),
        _ => None,
    };
    assert_eq!(check("a", Value::Number(1.0)), None);
    assert_eq!(check("a", Value::Whole(u64::MAX)), None);
    let told = check("a", Value::Text("UP".to_owned())).unwrap();
    assert!(told.contains("was a number and is now a text"), "{told}");
    assert_eq!(check("a", Value::Text("DOWN".to_owned())), None);
    assert_eq!(check("b", Value::Flag(true)), None);
    assert_eq!(check("c", Value::Flag(true)), None);
    assert_eq!(pins.unwatched(), 1);
}
