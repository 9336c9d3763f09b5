//! The screener names what is unusual, within its bounds.

use super::*;
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_bus::batch::Encoder;
use zizhi_types::MessageId;

struct Feed {
    encoder: Encoder,
    series: u32,
    sent: u64,
}

impl Feed {
    fn new(publisher: &str, epoch: u64, series: u32) -> Self {
        let mut encoder = Encoder::new(publisher, epoch).unwrap();
        for n in 0..series {
            let object = format!("sensor {n}");
            encoder.intern(&object, "temperature", "Cel").unwrap();
        }
        Self {
            encoder,
            series,
            sent: 0,
        }
    }

    /// One sample of every series, a little off 20; `odd` is added to the last one.
    fn round(&mut self, odd: f64) -> Input {
        self.sent += 1;
        for n in 0..self.series {
            let wobble = f64::from((n * 7 + self.sent as u32 * 13) % 10) / 10.0;
            let odd = if n + 1 == self.series { odd } else { 0.0 };
            let at = NetTime(self.sent * 1000);
            assert_eq!(self.encoder.push(n, at, 20.0 + wobble + odd), None);
        }
        let message = Message {
            id: MessageId::new("p", self.sent),
            subject: "zizhi.v1.access.obs.samples".to_owned(),
            at: NetTime(0),
            payload: self.encoder.flush().unwrap(),
        };
        Input(Arc::new(message))
    }
}

fn settings() -> ScreenerConfig {
    let mut config = ScreenerConfig::default();
    config.screen.unusual_share = 1e-3;
    config.events = 3;
    config
}

#[test]
fn an_unusual_value_of_a_series_that_nobody_placed_is_told_by_its_own_name() {
    let (mut screener, mut feed) = (Screener::new(&settings()), Feed::new("gateway", 1, 100));
    for _ in 0..100 {
        assert_eq!(screener.handle(feed.round(0.0), NetTime(0)), []);
    }
    let events = screener.handle(feed.round(50.0), NetTime(0));
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    let named = [&event.object, &event.metric, &event.unit, &event.source];
    assert_eq!(named, ["sensor 99", "temperature", "Cel", "gateway"]);
    assert_eq!(event.at, NetTime(101_000));
    assert!(
        event.value > 70.0 && (event.expected - 20.5).abs() < 0.5,
        "{event:?}"
    );
    assert!(event.score >= 0.999, "{event:?}");
}

#[test]
fn numbers_of_a_publisher_that_started_anew_are_learnt_anew() {
    let mut screener = Screener::new(&settings());
    let mut feed = Feed::new("gateway", 1, 10);
    (0..100).for_each(|_| drop(screener.handle(feed.round(0.0), NetTime(0))));
    let mut anew = Feed::new("gateway", 2, 10);
    assert_eq!(screener.handle(anew.round(1e6), NetTime(0)), []);
    let screened = screener.screened();
    assert_eq!((screened.live, screened.samples.cold), (10, 160 + 10));
}

#[test]
fn events_are_bounded_and_what_is_not_told_is_counted() {
    let mut screener = Screener::new(&settings());
    let mut feeds: Vec<Feed> = (0..5).map(|n| Feed::new(&format!("g{n}"), 1, 50)).collect();
    for feed in &mut feeds {
        (0..100).for_each(|_| drop(screener.handle(feed.round(0.0), NetTime(0))));
    }
    let mut told = 0;
    for feed in &mut feeds {
        told += screener.handle(feed.round(99.0), NetTime(9_999)).len();
    }
    assert_eq!((told, screener.screened().untold), (3, 2));
    let mut late = Feed::new("late", 1, 50);
    (0..100).for_each(|_| drop(screener.handle(late.round(0.0), NetTime(0))));
    assert_eq!(screener.handle(late.round(99.0), NetTime(20_000)).len(), 1);
}

#[test]
fn what_is_no_batch_is_counted() {
    let mut screener = Screener::new(&settings());
    let mut feed = Feed::new("g", 1, 1);
    let Input(good) = feed.round(0.0);
    let bad = Message {
        payload: b"{}".to_vec(),
        ..(*good).clone()
    };
    assert_eq!(screener.handle(Input(Arc::new(bad)), NetTime(0)), []);
    assert_eq!(screener.screened().batches.malformed, 1);
}
