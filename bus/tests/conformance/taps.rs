//! Listening to what other systems say on the same server.

use crate::nats_server::NatsServer;
use crate::place::{Nats, PATIENCE, config};
use crate::recovery::raw_publish;
use std::time::Duration;
use zizhi_bus::nats::{NatsTap, TapConfig, TapDelivery, TapError};

fn to(subjects: &[&str], stream: Option<&str>, queue: usize) -> TapConfig {
    TapConfig {
        subjects: subjects.iter().map(|&s| s.to_owned()).collect(),
        stream: stream.map(str::to_owned),
        durable: "zizhi".to_owned(),
        queue,
    }
}

async fn open(server: &NatsServer, tap: TapConfig) -> Result<NatsTap, TapError> {
    NatsTap::open(config(server, 16), "ingest", tap).await
}

async fn next(tap: &mut NatsTap) -> TapDelivery {
    tokio::time::timeout(PATIENCE, tap.next())
        .await
        .expect("no message came")
        .expect("the tap ended")
}

async fn say(server: &NatsServer, texts: std::ops::Range<u32>) {
    let client = async_nats::connect(server.url()).await.unwrap();
    for n in texts {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Content-Type", "application/json");
        client
            .publish_with_headers("telemetry.r1", headers, n.to_string().into())
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    client.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_hears_subjects_that_are_not_ours_with_their_headers() {
    let Some(place) = Nats::start("a_tap_hears") else {
        return;
    };
    let mut tap = open(&place.server, to(&["telemetry.>"], None, 64))
        .await
        .unwrap();
    say(&place.server, 0..1).await;
    raw_publish(&place.server, "telemetry.r2", "plain");
    let first = next(&mut tap).await;
    assert_eq!(
        (first.subject.as_str(), first.payload.as_slice()),
        ("telemetry.r1", &b"0"[..])
    );
    assert_eq!(first.headers["content-type"], "application/json");
    let second = next(&mut tap).await;
    assert_eq!(second.subject, "telemetry.r2");
    assert!(second.headers.is_empty());
    drop((first, second));
    let stats = tap.stats();
    assert_eq!((stats.received, stats.handled, stats.waiting), (2, 2, 0));
    tap.close();
    assert!(tap.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_that_is_not_read_drops_and_counts() {
    let Some(place) = Nats::start("a_tap_that_is_not_read") else {
        return;
    };
    let mut tap = open(&place.server, to(&["telemetry.>"], None, 10))
        .await
        .unwrap();
    say(&place.server, 0..100).await;
    let counted = async {
        while tap.stats().received < 100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
    assert_eq!(tap.stats().dropped, 90);
    for n in 0..10 {
        assert_eq!(next(&mut tap).await.payload, n.to_string().into_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_on_a_stream_goes_on_where_it_stopped_and_loses_nothing() {
    let Some(mut place) = Nats::start("a_tap_on_a_stream") else {
        return;
    };
    let client = async_nats::connect(place.server.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stream = async_nats::jetstream::stream::Config {
        name: "USERS".to_owned(),
        subjects: vec!["telemetry.>".to_owned()],
        ..Default::default()
    };
    jetstream.create_stream(stream).await.unwrap();
    let missing = open(&place.server, to(&["telemetry.>"], Some("OTHER"), 8)).await;
    assert!(matches!(missing, Err(TapError::Refused { .. })));
    say(&place.server, 0..50).await;
    let mut tap = open(&place.server, to(&["telemetry.>"], Some("USERS"), 8))
        .await
        .unwrap();
    for n in 0..20 {
        assert_eq!(next(&mut tap).await.payload, n.to_string().into_bytes());
    }
    // Some wait in its queue, taken by nobody.
    drop(tap);
    place.server.kill();
    place.server.restart();
    let mut tap = open(&place.server, to(&["telemetry.>"], Some("USERS"), 64))
        .await
        .unwrap();
    let mut rest = std::collections::BTreeSet::new();
    while rest.len() < 30 {
        let n: u32 = String::from_utf8(next(&mut tap).await.payload.clone())
            .unwrap()
            .parse()
            .unwrap();
        // What was handled just before the end may come again; what was not must come.
        if n >= 20 {
            rest.insert(n);
        }
    }
    assert_eq!(rest, (20..50).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_says_what_it_needs() {
    let Some(place) = Nats::start("a_tap_says") else {
        return;
    };
    let nothing = open(&place.server, to(&[], None, 8)).await;
    assert!(matches!(nothing, Err(TapError::NoSubjects)));
    let no_queue = open(&place.server, to(&["a"], None, 0)).await;
    assert!(matches!(no_queue, Err(TapError::NoQueue)));
}
