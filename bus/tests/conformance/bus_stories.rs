//! Stories about messages and questions.

use crate::place::{NOW, PATIENCE, Place, heard, listen, next};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{Bus, BusError};

async fn say(bus: &Arc<dyn Bus>, source: &str, subject: &str, text: &str) {
    bus.publish(source, subject, NOW, text.as_bytes().to_vec())
        .await
        .unwrap();
}

pub async fn patterns_mean_the_same(place: &impl Place) {
    let bus = place.bus("transport", 64).await;
    let patterns = ["zizhi.v1.*.evt.>", "zizhi.v1.transport.obs.*"];
    let mut log = listen(bus.subscribe("a", &patterns).await);
    let published = [
        ("zizhi.v1.compute.evt.state", true),
        ("zizhi.v1.compute.evt.state.more", true),
        ("zizhi.v1.compute.neg.say", false),
        ("zizhi.v1.compute.obs.telemetry", false),
        ("zizhi.v1.transport.obs.telemetry", true),
        ("zizhi.v1.transport.obs.telemetry.more", false),
    ];
    for (subject, _) in published {
        say(&bus, "x", subject, "").await;
    }
    bus.settle().await;
    let expected: BTreeSet<String> = published
        .iter()
        .filter(|(_, wanted)| *wanted)
        .map(|(subject, _)| format!("{subject} "))
        .collect();
    let got = heard(&mut log, expected.len()).await;
    assert_eq!(got.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(got.len(), expected.len());
}

pub async fn what_one_publisher_says_is_heard_in_order(place: &impl Place) {
    let bus = place.bus("transport", 1024).await;
    let mut decisions = listen(
        bus.subscribe("a", &["zizhi.v1.*.neg.>", "zizhi.v1.*.evt.>"])
            .await,
    );
    let mut telemetry = listen(bus.subscribe("b", &["zizhi.v1.*.obs.>"]).await);
    let mut expected = (vec![], vec![]);
    for n in 0..100 {
        let kept = if n % 3 == 0 {
            "zizhi.v1.transport.neg.say"
        } else {
            "zizhi.v1.transport.evt.state"
        };
        say(&bus, "transport", kept, &n.to_string()).await;
        say(
            &bus,
            "transport",
            "zizhi.v1.transport.obs.telemetry",
            &n.to_string(),
        )
        .await;
        expected.0.push(format!("{kept} {n}"));
        expected
            .1
            .push(format!("zizhi.v1.transport.obs.telemetry {n}"));
    }
    assert_eq!(heard(&mut decisions, 100).await, expected.0);
    assert_eq!(heard(&mut telemetry, 100).await, expected.1);
}

pub async fn every_subscriber_hears_a_message_once(place: &impl Place) {
    let bus = place.bus("transport", 64).await;
    // Patterns that overlap make no second copy.
    let patterns = [
        "zizhi.v1.transport.>",
        "zizhi.v1.*.evt.>",
        "zizhi.v1.*.evt.state",
        "zizhi.v1.*.obs.telemetry",
        "zizhi.v1.transport.obs.*",
    ];
    let mut first = listen(bus.subscribe("a", &patterns).await);
    let mut second = listen(bus.subscribe("b", &patterns).await);
    // Two of one name are still two.
    let mut third = listen(bus.subscribe("b", &patterns).await);
    say(&bus, "x", "zizhi.v1.transport.evt.state", "1").await;
    say(&bus, "x", "zizhi.v1.transport.obs.telemetry", "2").await;
    bus.settle().await;
    for log in [&mut first, &mut second, &mut third] {
        let mut got = heard(log, 2).await;
        got.sort();
        let expected = [
            "zizhi.v1.transport.evt.state 1",
            "zizhi.v1.transport.obs.telemetry 2",
        ];
        assert_eq!(got, expected);
    }
}

pub async fn a_full_queue_drops_telemetry_and_counts_it_but_delivers_every_decision(
    place: &impl Place,
) {
    let bus = place.bus("transport", 4).await;
    let mut inbox = bus.subscribe("slow", &["zizhi.v1.>"]).await;
    for n in 0..50 {
        let sent = bus
            .publish("r", "zizhi.v1.transport.obs.telemetry", NOW, vec![n])
            .await;
        assert!(matches!(sent, Ok(_) | Err(BusError::Full)), "{sent:?}");
    }
    for n in 0..10 {
        bus.publish("r", "zizhi.v1.transport.neg.say", NOW, vec![n])
            .await
            .unwrap();
    }
    let mut decisions = vec![];
    let mut telemetry = 0;
    while decisions.len() < 10 {
        let delivery = next(&mut inbox).await;
        if delivery.message.subject.ends_with("neg.say") {
            decisions.extend(delivery.message.payload.clone());
        } else {
            telemetry += 1;
        }
    }
    assert_eq!(decisions, (0..10).collect::<Vec<u8>>());
    let stats = bus.stats();
    assert!(
        telemetry < 50 && stats.dropped > 0,
        "{telemetry} came, {stats:?}"
    );
    assert_eq!(telemetry + stats.dropped, 50, "{stats:?}");
}

pub async fn a_question_is_answered(place: &impl Place) {
    let bus = place.bus("network", 16).await;
    let mut service = bus.serve("zizhi.v1.network.act.apply").await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = service.next().await {
            let answer = format!(
                "{} asked {} under {}",
                request.source,
                String::from_utf8_lossy(&request.payload),
                request.subject
            );
            request.answer(answer.into_bytes());
        }
    });
    for n in 0..20 {
        let asked = bus.request(
            "transport",
            "zizhi.v1.network.act.apply",
            n.to_string().into_bytes(),
            PATIENCE,
        );
        let expected = format!("transport asked {n} under zizhi.v1.network.act.apply");
        assert_eq!(asked.await, Ok(expected.into_bytes()));
    }
}

pub async fn a_handler_may_ask_while_it_holds_a_delivery(place: &impl Place) {
    let bus = place.bus("transport", 16).await;
    let mut service = bus.serve("zizhi.v1.network.act.apply").await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = service.next().await {
            request.answer(b"done".to_vec());
        }
    });
    let mut inbox = bus.subscribe("a", &["zizhi.v1.*.neg.>"]).await;
    say(&bus, "x", "zizhi.v1.transport.neg.say", "").await;
    let held = next(&mut inbox).await;
    let asked = bus.request("a", "zizhi.v1.network.act.apply", vec![], PATIENCE);
    assert_eq!(asked.await, Ok(b"done".to_vec()));
    drop(held);
}

pub async fn nobody_serves_is_said_at_once(place: &impl Place) {
    let bus = place.bus("transport", 16).await;
    let subject = "zizhi.v1.network.act.other";
    let asked = bus.request("a", subject, vec![], PATIENCE * 10);
    let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap();
    assert_eq!(answer, Err(BusError::Unserved(subject.to_owned())));
}

pub async fn a_server_that_lets_a_question_fall_is_nobody(place: &impl Place) {
    let bus = place.bus("network", 16).await;
    let subject = "zizhi.v1.network.act.apply";
    let mut service = bus.serve(subject).await.unwrap();
    let task = tokio::spawn(async move { drop(service.next().await) });
    let asked = bus.request("a", subject, vec![], PATIENCE).await;
    assert_eq!(asked, Err(BusError::Unserved(subject.to_owned())));
    task.await.unwrap();
}

pub async fn a_question_without_an_answer_ends_in_time(place: &impl Place) {
    let bus = place.bus("network", 16).await;
    let subject = "zizhi.v1.network.act.apply";
    let mut service = bus.serve(subject).await.unwrap();
    let asked = bus.request("a", subject, vec![], Duration::from_millis(200));
    let expected = BusError::NoAnswer {
        subject: subject.to_owned(),
        waited_ms: 200,
    };
    assert_eq!(asked.await, Err(expected));
    // It was asked all the same.
    assert!(service.next().await.is_some());
}

pub async fn a_later_server_takes_over(place: &impl Place) {
    let bus = place.bus("network", 16).await;
    let subject = "zizhi.v1.network.act.apply";
    let mut before = bus.serve(subject).await.unwrap();
    let mut after = bus.serve(subject).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, before.next()).await.unwrap();
    assert!(ended.is_none());
    tokio::spawn(async move {
        while let Some(request) = after.next().await {
            request.answer(b"after".to_vec());
        }
    });
    let asked = bus.request("a", subject, vec![], PATIENCE).await;
    assert_eq!(asked, Ok(b"after".to_vec()));
}

pub async fn settling_waits_for_what_follows_from_what_was_said(place: &impl Place) {
    let bus = place.bus("transport", 64).await;
    let mut inbox = bus
        .subscribe("echo", &["zizhi.v1.*.neg.>", "zizhi.v1.*.obs.>"])
        .await;
    let mut log = listen(bus.subscribe("log", &["zizhi.v1.*.evt.>"]).await);
    let echo = Arc::clone(&bus);
    tokio::spawn(async move {
        while let Some(delivery) = inbox.next().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let subject = delivery.message.subject.replace(".obs.", ".neg.");
            let next = if subject == delivery.message.subject {
                subject.replace(".neg.", ".evt.")
            } else {
                subject
            };
            echo.publish("echo", &next, NOW, delivery.message.payload.clone())
                .await
                .unwrap();
        }
    });
    for n in 0..10 {
        say(&bus, "x", "zizhi.v1.transport.obs.step", &n.to_string()).await;
    }
    bus.settle().await;
    // No more waiting here: settling was the wait.
    let got = log.borrow_and_update().clone();
    assert_eq!(got.len(), 10, "{got:?}");
}

pub async fn closing_delivers_what_is_there_and_ends_everything(place: &impl Place) {
    let bus = place.bus("transport", 16).await;
    let inbox = bus.subscribe("a", &["zizhi.v1.transport.>"]).await;
    let mut service = bus.serve("zizhi.v1.transport.act.apply").await.unwrap();
    say(&bus, "x", "zizhi.v1.transport.neg.say", "last").await;
    let mut log = listen(inbox);
    bus.close().await;
    assert_eq!(
        heard(&mut log, 1).await,
        ["zizhi.v1.transport.neg.say last"]
    );
    // The sender of the log is dropped when the subscription has ended.
    let ended = tokio::time::timeout(PATIENCE, async { while log.changed().await.is_ok() {} });
    assert!(ended.await.is_ok(), "the subscription has not ended");
    let served = tokio::time::timeout(PATIENCE, service.next()).await;
    assert!(matches!(served, Ok(None)), "the service has not ended");
    for subject in [
        "zizhi.v1.transport.neg.say",
        "zizhi.v1.transport.obs.telemetry",
    ] {
        let refused = bus.publish("x", subject, NOW, vec![]).await;
        assert_eq!(refused, Err(BusError::Closed));
    }
    let asked = bus.request("x", "zizhi.v1.network.act.apply", vec![], PATIENCE);
    assert_eq!(asked.await, Err(BusError::Closed));
}

pub async fn ids_are_unique_and_grow(place: &impl Place) {
    let bus = place.bus("transport", 4096).await;
    let mut last = 0;
    for n in 0..50 {
        let plane = ["obs", "neg", "evt"][n % 3];
        let subject = format!("zizhi.v1.transport.{plane}.x");
        let id = bus
            .publish("transport", &subject, NOW, vec![])
            .await
            .unwrap();
        assert_eq!(id.owner, "transport");
        assert!(id.number > last && id.number < 1 << 53, "{id} after {last}");
        last = id.number;
    }
    let other = bus.publish("compute", "zizhi.v1.compute.evt.x", NOW, vec![]);
    assert_eq!(other.await.unwrap().owner, "compute");
}

pub async fn bad_subjects_are_refused(place: &impl Place) {
    let bus = place.bus("transport", 16).await;
    for bad in [
        "",
        "zizhi.v1..evt.x",
        "zizhi.v1.*.evt.x",
        "zizhi.v1.>",
        "zizhi v1",
    ] {
        let refused = Err(BusError::BadSubject(bad.to_owned()));
        assert_eq!(bus.publish("x", bad, NOW, vec![]).await, refused, "{bad}");
        let served = bus.serve(bad).await.err();
        assert_eq!(served, Some(BusError::BadSubject(bad.to_owned())));
    }
}
