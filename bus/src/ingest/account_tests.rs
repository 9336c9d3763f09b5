//! Accounts under ordinary, hostile and random input.

use super::*;
use proptest::prelude::*;

const NOW: NetTime = NetTime(1_795_161_603_114);

fn bounds() -> Bounds {
    Bounds {
        late_ms: 300_000,
        future_ms: 30_000,
        sources: 3,
        series_per_source: 10,
        series: 25,
    }
}

fn point(name: &str, value: Value, at: Option<NetTime>) -> Point {
    Point {
        name: name.to_owned(),
        tags: BTreeMap::new(),
        value,
        kind: Kind::Counter,
        unit: String::new(),
        at,
    }
}

fn number(name: &str, value: f64, at: NetTime) -> Point {
    point(name, Value::Number(value), Some(at))
}

#[test]
fn late_future_and_repeated_values_are_told_apart() {
    let mut accounts = Accounts::new(bounds());
    let mut fate = |value, at| accounts.point("s", &number("m", value, at), NOW);
    assert_eq!(fate(1.0, NOW), Fate::Out);
    assert_eq!(fate(1.0, NOW), Fate::Duplicate);
    assert_eq!(fate(1.0, NOW - 300_001), Fate::Late);
    assert_eq!(fate(1.0, NOW + 30_001), Fate::Future);
    assert_eq!(fate(1.0, NOW - 1000), Fate::Out, "out of order but in time");
    assert_eq!(fate(0.5, NOW + 1), Fate::Out, "a counter that began again");
    let counts = &accounts.counts()["s"];
    assert_eq!(
        (counts.out_of_order, counts.resets, counts.series),
        (1, 1, 1)
    );
    assert!(counts.adds_up());
}

#[test]
fn a_type_that_changes_is_a_flip_and_a_deletion_is_none() {
    let mut accounts = Accounts::new(bounds());
    for value in [
        Value::Number(1.0),
        Value::Gone,
        Value::Number(2.0),
        Value::Text("UP".to_owned()),
    ] {
        accounts.point("s", &point("m", value, None), NOW);
    }
    assert_eq!(accounts.counts()["s"].flips, 1);
}

#[test]
fn a_flood_of_new_series_is_capped_and_harms_no_other_source() {
    let mut accounts = Accounts::new(bounds());
    for n in 0..1000 {
        accounts.point("flood", &number(&format!("m{n}"), 1.0, NOW), NOW);
    }
    assert_eq!(
        accounts.point("calm", &number("m", 1.0, NOW), NOW),
        Fate::Out
    );
    let counts = accounts.counts();
    let flood = &counts["flood"];
    assert_eq!((flood.out, flood.capped, flood.series), (10, 990, 10));
    assert_eq!((counts["calm"].out, counts["calm"].capped), (1, 0));
}

#[test]
fn series_that_fell_silent_give_their_place() {
    let mut accounts = Accounts::new(bounds());
    for n in 0..10 {
        accounts.point("s", &number(&format!("m{n}"), 1.0, NOW), NOW);
    }
    let later = NOW + 2 * IDLE_MS;
    assert_eq!(
        accounts.point("s", &number("n", 1.0, later), later),
        Fate::Out
    );
    assert_eq!(accounts.counts()["s"].series, 1);
}

#[test]
fn sources_beyond_the_bound_share_one_account() {
    let mut accounts = Accounts::new(bounds());
    for n in 0..100 {
        accounts.happened(&format!("s{n}"));
    }
    let counts = accounts.counts();
    assert_eq!(counts.len(), 4);
    assert_eq!(counts[OTHERS].out, 97);
}

#[test]
fn the_skew_of_a_clock_is_the_median() {
    let mut accounts = Accounts::new(bounds());
    for (n, behind) in [2000, 2500, 90_000].into_iter().enumerate() {
        accounts.point("s", &number(&format!("m{n}"), 1.0, NOW - behind), NOW);
    }
    let counts = &accounts.counts()["s"];
    assert_eq!(counts.skew_ms, Some(2500));
    assert!(!counts.whole_seconds);
}

#[test]
fn a_million_new_series_of_one_source_get_its_cap_and_harm_no_other() {
    let bounds = Bounds {
        series_per_source: 50_000,
        series: 60_000,
        ..bounds()
    };
    let mut accounts = Accounts::new(bounds);
    let mut usual = 0_u32;
    for n in 0..1_000_000_u64 {
        let at = NOW + n / 20;
        accounts.point("wild", &number(&format!("m{n}"), 1.0, at), at);
        // Another source's ten series go on all the while, each with a new value every time.
        if n.is_multiple_of(1_000) {
            let series = format!("m{}", n / 1_000 % 10);
            let fate = accounts.point("calm", &number(&series, 1.0, at), at);
            usual += u32::from(fate == Fate::Out);
        }
    }
    let counts = accounts.counts();
    let (wild, calm) = (&counts["wild"], &counts["calm"]);
    assert_eq!((wild.out, wild.capped), (50_000, 950_000));
    assert!(wild.adds_up() && calm.adds_up());
    assert_eq!((usual, calm.series), (1_000, 10));
}

#[test]
fn what_is_missing_is_counted_for_each_publisher_until_it_comes_late() {
    let mut accounts = Accounts::new(bounds());
    let mut take = |publisher: &str, numbers: &[u64]| {
        for number in numbers {
            let publisher = publisher.to_owned();
            let number = *number;
            accounts.numbered("relay", &Numbered { publisher, number });
        }
        accounts.counts()["relay"].gaps
    };
    assert_eq!(take("pe1", &[5, 6, 9, 7]), 1, "8 is missing");
    assert_eq!(take("pe2", &[100, 102]), 2, "101 of another host too");
    assert_eq!(
        take("pe1", &[1, 2, 4]),
        3,
        "a host that starts again counts from 1"
    );
    assert_eq!(
        take("pe2", &[5_000_000]),
        3,
        "so long a jump is a new count"
    );
    assert_eq!(take("pe2", &[5_000_001, 0]), 3, "0 is no number");
}

proptest! {
    /// The counters add up after every step, for every source, and memory stays within its bounds.
    #[test]
    fn everything_adds_up(steps in prop::collection::vec(
        (0..6_u8, 0..8_u8, 0..30_u8, -400_000..60_000_i64, any::<bool>()), 1..400)
    ) {
        let mut accounts = Accounts::new(bounds());
        let mut sent: BTreeMap<bool, u64> = BTreeMap::new();
        for (what, source, series, age, has_time) in steps {
            let source = format!("s{source}");
            *sent.entry(true).or_default() += 1;
            match what {
                0 => accounts.rejected(&source, "bad"),
                1 => accounts.happened(&source),
                _ => {
                    let at = NetTime(NOW.0.saturating_add_signed(age));
                    let value = Value::Number(f64::from(series));
                    let point = point(&format!("m{series}"), value, has_time.then_some(at));
                    accounts.point(&source, &point, NOW);
                }
            }
            let counts = accounts.counts();
            prop_assert!(counts.values().all(Counts::adds_up));
            prop_assert!(counts.len() <= 4);
            prop_assert!(counts.values().map(|c| c.series).sum::<u64>() <= 25);
            prop_assert!(counts.values().all(|c| c.series <= 10));
            let received: u64 = counts.values().map(|c| c.received).sum();
            prop_assert_eq!(received, sent[&true]);
        }
    }
}
