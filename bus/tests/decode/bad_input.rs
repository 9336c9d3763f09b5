//! Bad input of every format: seeded changes of good messages. No panic, no hang, nothing beyond the limits, and the next
//! good message is read as ever.

use crate::fixture::{self, Fixture, RECEIVED};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zizhi_bus::decode::{Decoded, Format, Item, Limits, Raw, Value, decode, sniff};
use zizhi_bus::mapping::{Mapped, Mapper, Rates, ReadingSource, json};

/// Changed messages for each format.
const TRIES: usize = 100_000;

/// Small, so that the limits are reached.
const LIMITS: Limits = Limits {
    bytes: 4096,
    items: 50,
    tags: 16,
    text: 64,
};

/// Rejects that are told one by one, and the lines that count the rest.
const REJECTS: usize = 102;

/// A fast generator (xorshift64*): the same changes in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What is put in the place of a number or anywhere else.
const ODD: &[&str] = &[
    "1e400",
    "-1",
    "0",
    "18446744073709551616",
    "9007199254740993",
    "NaN",
    "null",
    "\"\"",
    "1e308",
    "-9223372036854775808",
    "99999999999999999999999999i",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    "]}]}]}",
    "\\",
    "\"",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\n",
    "\0",
    "<191>1 ",
    "<13>",
    "65535 <",
    "999999 <1>",
    "=",
    ",",
    " ",
    "{",
    "}",
    "[",
    "]",
    "%%01",
    "%",
];

/// Changes a message in one to four places.
fn change(good: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 => bytes.truncate(at),
            2 => {
                let from = chance.below(other.len());
                let part = &other[from..(from + chance.below(64)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
            3 => {
                let odd = chance.pick(ODD).as_bytes().to_vec();
                bytes.splice(at..at, odd);
            }
            4 => number(&mut bytes, at, chance),
            5 => {
                let until = (at + chance.below(32)).min(bytes.len());
                bytes.drain(at..until);
            }
            6 if at < bytes.len() => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
            7 => {
                let until = (at + chance.below(200)).min(bytes.len());
                let part = bytes[at..until].to_vec();
                for _ in 0..chance.below(8) {
                    bytes.splice(at..at, part.iter().copied());
                }
            }
            _ if chance.below(50) == 0 => {
                let deep = chance
                    .pick(&["[", "{\"a\":", "(", "\"", "\\", "1", "é"])
                    .repeat(chance.below(3000));
                bytes.splice(at..at, deep.into_bytes());
            }
            _ => {}
        }
    }
    bytes
}

/// One to three lines of a message of lines: what is short is changed where it matters.
fn some_lines<'a>(format: Format, plain: &'a [u8], chance: &mut Chance) -> &'a [u8] {
    let of_lines = [
        Format::Syslog,
        Format::TelegrafLine,
        Format::Vector,
        Format::CloudEvents,
    ];
    if !of_lines.contains(&format) {
        return plain;
    }
    let lines: Vec<&[u8]> = plain.split_inclusive(|b| *b == b'\n').collect();
    let first = chance.below(lines.len());
    let length = |lines: &[&[u8]]| lines.iter().map(|l| l.len()).sum::<usize>();
    let from = length(&lines[..first]);
    let last = (first + 1 + chance.below(3)).min(lines.len());
    &plain[from..from + length(&lines[first..last])]
}

/// Puts something odd in the place of the next number.
fn number(bytes: &mut Vec<u8>, at: usize, chance: &mut Chance) {
    let Some(from) = bytes[at..]
        .iter()
        .position(u8::is_ascii_digit)
        .map(|p| p + at)
    else {
        return;
    };
    let end = bytes[from..]
        .iter()
        .position(|b| !b.is_ascii_digit())
        .map_or(bytes.len(), |p| p + from);
    let odd = chance.pick(ODD).as_bytes().to_vec();
    bytes.splice(from..end, odd);
}

fn within(decoded: &Decoded) {
    assert!(
        decoded.items.len() <= LIMITS.items,
        "{} items",
        decoded.items.len()
    );
    assert!(
        decoded.rejects.len() <= REJECTS,
        "{} rejects",
        decoded.rejects.len()
    );
    for item in &decoded.items {
        let (name, tags, text) = match item {
            Item::Point(p) => {
                match &p.value {
                    Value::Number(number) => assert!(number.is_finite()),
                    Value::Text(text) => assert!(text.len() <= LIMITS.text),
                    Value::Whole(_) | Value::Flag(_) | Value::Gone => {}
                }
                (&p.name, &p.tags, None)
            }
            Item::Event(e) => (&e.name, &e.tags, Some(&e.text)),
            Item::Alarm(a) => (&a.name, &a.tags, Some(&a.text)),
        };
        assert!(name.len() <= LIMITS.text + 16, "name {name}");
        assert!(text.is_none_or(|t| t.len() <= LIMITS.text));
        assert!(tags.len() <= LIMITS.tags, "{} tags", tags.len());
        for (key, value) in tags {
            assert!(key.len() <= LIMITS.text + 16, "tag {key}");
            // The bound of a bucket is a float, which may be written out with three hundred digits.
            let most = if key == "le" { 400 } else { LIMITS.text };
            assert!(value.len() <= most, "{key}: {value}");
        }
    }
}

/// What the next stages make of it must hold too: every number finite, every line JSON.
fn passes_on(decoded: &Decoded, format: Format, mapper: &Mapper, rates: &mut Rates) {
    let source = ReadingSource {
        format,
        subject: String::new(),
        seq: 0,
    };
    for item in &decoded.items {
        for mapped in mapper.map(item, &source, RECEIVED) {
            assert!(json(&mapped).starts_with("{\"type\""));
            if let Mapped::Reading(reading) = mapped {
                assert!(reading.value.is_finite());
                assert!(rates.take(reading).is_none_or(|r| r.value.is_finite()));
            }
        }
    }
}

fn bad_input(format: Format) {
    let all = fixture::all();
    let seeds: Vec<&Fixture> = all.iter().filter(|f| f.format == format).collect();
    assert!(!seeds.is_empty(), "{format} has no fixture to change");
    let good: Vec<Decoded> = seeds
        .iter()
        .map(|s| decode(format, &s.raw(&s.payload), &LIMITS))
        .collect();
    let (mapper, mut rates) = (Mapper::shipped().unwrap(), Rates::new(100));
    let mut chance = Chance(0x5eed + format as u64);
    let mut said = 0;
    for round in 0..TRIES {
        let number = chance.below(seeds.len());
        let seed = seeds[number];
        let other = chance.pick(&all);
        // What is compressed is changed before and after, so that changes come through to the decoder.
        let bytes = if chance.below(4) == 0 {
            change(&seed.payload, &other.payload, &mut chance)
        } else {
            let few = some_lines(format, &seed.plain, &mut chance);
            seed.packed(&change(few, &other.plain, &mut chance))
        };
        let raw = seed.raw(&bytes);
        let decoded = decode(format, &raw, &LIMITS);
        within(&decoded);
        said += decoded.items.len();
        if round % 8 == 0 {
            let _ = sniff(&raw);
            passes_on(&decoded, format, &mapper, &mut rates);
        }
        if round % 64 == 0 {
            let again = decode(format, &seed.raw(&seed.payload), &LIMITS);
            assert_eq!(
                again, good[number],
                "{format}: a good message after a bad one"
            );
        }
    }
    assert!(
        said > TRIES / 100,
        "{format}: only {said} items: are the changes too wild to reach the decoder?"
    );
}

macro_rules! formats {
    ($($test:ident, $format:ident;)*) => {
        $(#[test] fn $test() { bad_input(Format::$format); })*

        #[test]
        fn every_format_is_given_bad_input() {
            let tried = [$(Format::$format,)*];
            for format in Format::ALL {
                assert!(tried.contains(format) || *format == Format::Auto, "{format}");
            }
        }
    };
}

formats! {
    bad_gnmic_events_do_no_harm, GnmicEvent;
    bad_line_protocol_does_no_harm, TelegrafLine;
    bad_telegraf_json_does_no_harm, TelegrafJson;
    bad_otlp_metrics_do_no_harm, OtlpMetrics;
    bad_otlp_logs_do_no_harm, OtlpLogs;
    bad_otlp_traces_do_no_harm, OtlpTraces;
    bad_remote_write_1_does_no_harm, RemoteWriteV1;
    bad_remote_write_2_does_no_harm, RemoteWriteV2;
    bad_alertmanager_webhooks_do_no_harm, Alertmanager;
    bad_grafana_webhooks_do_no_harm, Grafana;
    bad_syslog_does_no_harm, Syslog;
    bad_cloudevents_do_no_harm, CloudEvents;
    bad_vector_events_do_no_harm, Vector;
    bad_batches_of_our_own_do_no_harm, Zizhi;
}

/// Messages that would cost much more than their length if anything were read twice.
fn costly() -> Vec<(&'static str, Vec<u8>)> {
    let many = |part: &str, length: usize| part.repeat(length / part.len() + 1).into_bytes();
    let megabyte = 1 << 20;
    let mut members = "{\"name\":\"a\",\"tags\":{},\"values\":{".to_owned();
    for number in 0..40_000 {
        let _ = write!(members, "\"k{number}\":{number},");
    }
    vec![
        ("open lists", many("[", megabyte)),
        ("open lists, one a line", many("[\n", megabyte)),
        ("open objects", many("{\"values\":", megabyte)),
        ("many members, open at the end", members.into_bytes()),
        ("open strings", many("a b=\"\n", megabyte)),
        ("escaped quotes", many("a b=\\\"\n", megabyte)),
        ("commas", many("a,b", megabyte)),
        ("priorities", many("<1>", megabyte)),
        ("lengths", many("9999999 <1>\n", megabyte)),
        (
            "structured data",
            [b"<1>1 - - - - - ".to_vec(), many("[a b=\"", megabyte)].concat(),
        ),
        ("blanks", many(" ", megabyte)),
        (
            "keys of a path",
            [
                b"[{\"deletes\":[\"".to_vec(),
                many("[a=b", megabyte),
                b"\"]}]".to_vec(),
            ]
            .concat(),
        ),
        (
            "a deep value",
            [
                b"[{\"values\":{\"a\":".to_vec(),
                many("{\"a\":", megabyte),
                b"1".to_vec(),
                vec![b'}'; megabyte / 5 + 1],
                b"}}]".to_vec(),
            ]
            .concat(),
        ),
        ("zeros", vec![0; megabyte]),
        ("ones", vec![0xff; megabyte]),
    ]
}

#[test]
fn the_work_for_a_message_stays_in_proportion_to_its_length() {
    let headers = BTreeMap::new();
    let limits = Limits {
        items: 1000,
        ..Limits::default()
    };
    #[expect(clippy::disallowed_methods, reason = "a measurement of our own speed")]
    let now = std::time::Instant::now;
    for (name, payload) in costly() {
        for format in Format::ALL {
            let raw = Raw {
                payload: &payload,
                subject: "",
                content_type: "",
                headers: &headers,
                received: RECEIVED,
            };
            let begun = now();
            let decoded = decode(*format, &raw, &limits);
            let took = begun.elapsed();
            // Work in proportion takes far under a second; in proportion to the square of the length it takes hours.
            assert!(took.as_secs() < 20, "{format}: {name} took {took:?}");
            assert!(decoded.items.len() <= limits.items);
        }
    }
}
