//! What happens when the server or a process dies: over a real server only.

use crate::nats_server::NatsServer;
use crate::place::{NOW, Nats, PATIENCE, config, heard, listen, next};
use std::time::Duration;
use zizhi_bus::account::epoch_of;
use zizhi_bus::{Bus, BusError, LeaseError, Leases, NatsBus, NatsConfig};

const SAY: &str = "zizhi.v1.transport.neg.say";
const TELEMETRY: &str = "zizhi.v1.transport.obs.telemetry";

/// Publishes the numbers of `range`, each until it is kept.
async fn say_all(bus: &NatsBus, range: std::ops::Range<u32>) {
    for n in range {
        let payload = n.to_string().into_bytes();
        bus.publish("transport", SAY, NOW, payload).await.unwrap();
    }
}

fn said(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("{SAY} {n}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back_loses_no_decision_and_repeats_none() {
    let Some(mut place) = Nats::start("a_server_that_is_killed") else {
        return;
    };
    let speaker = place.connect("transport", 64).await;
    let listener = place.connect("compute", 64).await;
    let mut log = listen(listener.subscribe("compute", &["zizhi.v1.*.neg.>"]).await);
    let talk = {
        let speaker = speaker.clone();
        tokio::spawn(async move { say_all(&speaker, 0..600).await })
    };
    for from in [100, 300] {
        heard(&mut log, from).await;
        place.server.kill();
        // Long enough for messages to be caught on the way.
        tokio::time::sleep(Duration::from_millis(300)).await;
        place.server.restart();
    }
    tokio::time::timeout(PATIENCE * 2, talk)
        .await
        .unwrap()
        .unwrap();
    heard(&mut log, 600).await;
    speaker.settle().await;
    assert_eq!(*log.borrow(), said(0..600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_comes_back_hears_what_was_said_while_it_was_away() {
    let Some(place) = Nats::start("a_subscriber_that_comes_back") else {
        return;
    };
    let speaker = place.connect("transport", 64).await;
    let before = place.connect("compute", 64).await;
    let mut log = listen(before.subscribe("compute", &["zizhi.v1.*.neg.>"]).await);
    say_all(&speaker, 0..10).await;
    heard(&mut log, 10).await;
    before.close().await;
    say_all(&speaker, 10..20).await;
    let after = place.connect("compute", 64).await;
    let mut log = listen(after.subscribe("compute", &["zizhi.v1.*.neg.>"]).await);
    say_all(&speaker, 20..30).await;
    assert_eq!(heard(&mut log, 20).await, said(10..30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_nobody_finished_comes_again_to_the_next_process() {
    let Some(place) = Nats::start("a_message_that_nobody_finished") else {
        return;
    };
    let speaker = place.connect("transport", 64).await;
    let dying = place.connect("compute", 64).await;
    let mut inbox = dying.subscribe("compute", &["zizhi.v1.*.neg.>"]).await;
    say_all(&speaker, 0..3).await;
    let held = next(&mut inbox).await;
    drop(held);
    // The second is in its hands, and it never lets go.
    let held = next(&mut inbox).await;
    assert_eq!(held.message.payload, b"1");
    std::mem::forget(held);
    dying.close().await;
    let after = place.connect("compute", 64).await;
    let mut log = listen(after.subscribe("compute", &["zizhi.v1.*.neg.>"]).await);
    assert_eq!(heard(&mut log, 2).await, said(1..3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_a_dropped_subscription_comes_to_the_next_one() {
    let Some(place) = Nats::start("what_waits_in_a_dropped_subscription") else {
        return;
    };
    let bus = place.connect("transport", 64).await;
    let inbox = bus.subscribe("a", &["zizhi.v1.*.neg.>"]).await;
    say_all(&bus, 0..3).await;
    drop(inbox);
    // Settling does not wait for whom nobody reads.
    bus.settle().await;
    let mut log = listen(bus.subscribe("a", &["zizhi.v1.*.neg.>"]).await);
    assert_eq!(heard(&mut log, 3).await, said(0..3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_a_decision_once_however_long_it_works() {
    let Some(place) = Nats::start("a_slow_reader") else {
        return;
    };
    let bus = place.connect("transport", 64).await;
    let mut inbox = bus.subscribe("a", &["zizhi.v1.*.neg.>"]).await;
    say_all(&bus, 0..2).await;
    let held = next(&mut inbox).await;
    // Three times the time after which a silent reader is given up.
    let wait = tokio::time::timeout(Duration::from_secs(3), inbox.next()).await;
    assert!(wait.is_err(), "{wait:?}");
    drop(held);
    assert_eq!(next(&mut inbox).await.message.payload, b"1");
    assert_eq!(bus.stats().duplicates, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_grow_over_restarts_of_a_publisher() {
    let Some(mut place) = Nats::start("ids_grow_over_restarts") else {
        return;
    };
    let mut last = 0;
    for restart in 0..4 {
        let bus = place.connect("transport", 16).await;
        let id = bus.publish("transport", SAY, NOW, vec![]).await.unwrap();
        assert!(id.number > last, "{restart}: {id} after {last}");
        assert!(epoch_of(id.number) > epoch_of(last));
        last = id.number;
        bus.close().await;
        if restart == 1 {
            place.server.restart();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_a_decision_is_an_error_in_time_and_telemetry_is_counted() {
    let Some(mut place) = Nats::start("without_a_server") else {
        return;
    };
    let impatient = NatsConfig {
        patience_ms: 1_000,
        settle_ms: 1_000,
        ..config(&place.server, 16)
    };
    let bus = NatsBus::connect(impatient, "transport").await.unwrap();
    place.server.kill();
    let kept = bus.publish("transport", SAY, NOW, vec![]);
    let error = tokio::time::timeout(PATIENCE, kept)
        .await
        .unwrap()
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("not confirmed within 1000 ms"), "{text}");
    let lost = bus.publish("transport", TELEMETRY, NOW, vec![]).await;
    assert!(matches!(lost, Err(BusError::Unavailable(_))), "{lost:?}");
    assert_eq!(bus.stats().dropped, 1);
    let asked = bus.request(
        "a",
        "zizhi.v1.network.act.x",
        vec![],
        Duration::from_millis(300),
    );
    assert!(matches!(asked.await, Err(BusError::NoAnswer { .. })));
    // Neither hangs.
    tokio::time::timeout(PATIENCE, bus.settle()).await.unwrap();
    tokio::time::timeout(PATIENCE, bus.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_without_a_server_must_stop_after_its_ttl() {
    let Some(mut place) = Nats::start("a_holder_without_a_server") else {
        return;
    };
    let leases = place.connect("transport", 16).await.leases();
    let ttl = Duration::from_secs(1);
    let term = leases.take("agent.transport", "a", ttl).await.unwrap();
    place.server.kill();
    let first = leases.renew("agent.transport", term).await.unwrap_err();
    assert!(matches!(first, LeaseError::Unavailable(_)), "{first}");
    let until_lost = async {
        while leases.renew("agent.transport", term).await
            != Err(LeaseError::Lost("agent.transport".to_owned()))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_lost).await.unwrap();
    place.server.restart();
    let lost = leases.renew("agent.transport", term).await;
    assert_eq!(lost, Err(LeaseError::Lost("agent.transport".to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_outlasts_a_restart_of_the_server() {
    let Some(mut place) = Nats::start("a_lease_outlasts") else {
        return;
    };
    let leases = place.connect("transport", 16).await.leases();
    let term = leases
        .take("n", "a", Duration::from_mins(10))
        .await
        .unwrap();
    place.server.restart();
    let until_renewed = async {
        while leases.renew("n", term).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_renewed).await.unwrap();
    let other = place.connect("compute", 16).await.leases();
    assert!(other.take("n", "b", Duration::from_mins(1)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_covers_all_processes() {
    let Some(place) = Nats::start("settling_covers_all_processes") else {
        return;
    };
    // Each passes a number on to the next domain until it is 0.
    let names = ["transport", "compute", "service"];
    let mut buses = vec![];
    for (at, name) in names.iter().enumerate() {
        let bus = place.connect(name, 256).await;
        let own = format!("zizhi.v1.{name}.>");
        let next = names[(at + 1) % names.len()];
        let mut inbox = bus.subscribe(name, &[&own]).await;
        let to = format!(
            "zizhi.v1.{next}.{}.pass",
            if at == 0 { "obs" } else { "neg" }
        );
        let out = bus.clone();
        tokio::spawn(async move {
            while let Some(delivery) = inbox.next().await {
                let left: u32 = String::from_utf8_lossy(&delivery.message.payload)
                    .parse()
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
                if left > 0 {
                    let payload = (left - 1).to_string().into_bytes();
                    out.publish("pass", &to, NOW, payload).await.unwrap();
                }
            }
        });
        buses.push(bus);
    }
    let peers = NatsConfig {
        peers: names.iter().map(|&n| n.to_owned()).collect(),
        ..config(&place.server, 16)
    };
    let asker = NatsBus::connect(peers, "evaluation").await.unwrap();
    for round in 1..=3 {
        let payload = b"30".to_vec();
        asker
            .publish("x", "zizhi.v1.transport.neg.pass", NOW, payload)
            .await
            .unwrap();
        asker.settle().await;
        // 30 more were published by the others: nothing was on its way when it settled.
        let published: u64 = buses.iter().map(|b| b.stats().published).sum();
        assert_eq!(published, 30 * round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_does_not_pass_over_a_named_peer_that_is_gone() {
    let Some(place) = Nats::start("settling_does_not_pass_over") else {
        return;
    };
    let waiting = NatsConfig {
        peers: vec!["compute".to_owned()],
        settle_ms: 1_500,
        ..config(&place.server, 16)
    };
    let bus = NatsBus::connect(waiting, "transport").await.unwrap();
    let start = tokio::time::Instant::now();
    bus.settle().await;
    assert!(start.elapsed() >= Duration::from_millis(1_500));
    let _peer = place.connect("compute", 16).await;
    let start = tokio::time::Instant::now();
    bus.settle().await;
    assert!(start.elapsed() < Duration::from_millis(1_500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_telemetry_was_lost_on_the_way_is_known_from_its_numbers() {
    let Some(mut place) = Nats::start("what_telemetry_was_lost") else {
        return;
    };
    let speaker = place.connect("transport", 64).await;
    let listener = place.connect("compute", 64).await;
    let mut log = listen(
        listener
            .subscribe("compute", &["zizhi.v1.*.obs.telemetry"])
            .await,
    );
    let tell = async |subject: &str, n: u32| {
        let payload = n.to_string().into_bytes();
        speaker.publish("transport", subject, NOW, payload).await
    };
    tell(TELEMETRY, 0).await.unwrap();
    // What goes elsewhere leaves no gap here.
    tell("zizhi.v1.transport.obs.inventory", 0).await.unwrap();
    tell(TELEMETRY, 1).await.unwrap();
    heard(&mut log, 2).await;
    assert_eq!(listener.stats().missed, 0);
    place.server.kill();
    let mut dropped = 0;
    let until_it_notices = async {
        while dropped < 7 {
            if tell(TELEMETRY, 2).await.is_err() {
                dropped += 1;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_it_notices)
        .await
        .unwrap();
    place.server.restart();
    let until_heard = async {
        while log.borrow_and_update().len() < 3 {
            let _ = tell(TELEMETRY, 3).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_heard).await.unwrap();
    let stats = listener.stats();
    assert!(stats.missed >= 7, "{stats:?}");
    let losses = listener.losses();
    assert_eq!(losses.len(), 1);
    assert_eq!(losses[0].0, format!("transport {TELEMETRY}"));
    assert_eq!(losses[0].1.missed, stats.missed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_facts_say_how_the_server_is() {
    let Some(place) = Nats::start("the_facts") else {
        return;
    };
    let bus = place.connect("transport", 16).await;
    let mut inbox = bus.subscribe("a", &["zizhi.v1.*.neg.>"]).await;
    say_all(&bus, 0..5).await;
    let held = next(&mut inbox).await;
    let facts = bus.facts().await.unwrap();
    assert!(facts.jetstream && facts.round_trip_ms.unwrap() > 0.0);
    let stream = facts.streams.iter().find(|s| s.name == "ZIZHI").unwrap();
    assert_eq!((stream.messages, stream.last_sequence), (5, 5));
    let reader = facts
        .consumers
        .iter()
        .find(|c| c.name == "transport-a")
        .unwrap();
    assert_eq!((reader.pending, reader.in_hand), (4, 1));
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_not_ours_is_counted_and_passed_over() {
    let Some(place) = Nats::start("a_message_that_is_not_ours") else {
        return;
    };
    let bus = place.connect("transport", 16).await;
    let mut inbox = bus.subscribe("a", &["zizhi.v1.transport.>"]).await;
    for subject in [SAY, TELEMETRY] {
        raw_publish(&place.server, subject, "hello");
    }
    say_all(&bus, 0..1).await;
    assert_eq!(next(&mut inbox).await.message.payload, b"0");
    let counted = async {
        while bus.stats().unreadable < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
}

/// As somebody else's program would, without headers.
pub fn raw_publish(server: &NatsServer, subject: &str, payload: &str) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let connect = "CONNECT {\"verbose\":false}\r\n";
    let text = format!(
        "{connect}PUB {subject} {}\r\n{payload}\r\nPING\r\n",
        payload.len()
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut seen = String::new();
    while !seen.contains("PONG") {
        let mut some = [0; 1024];
        let count = stream.read(&mut some).unwrap();
        seen.push_str(&String::from_utf8_lossy(&some[..count]));
    }
}
