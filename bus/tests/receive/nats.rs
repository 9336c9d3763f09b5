//! Foreign subjects on a real server through the pipeline to the swarm's own subjects.

use crate::client::{PATIENCE, only_up};
use crate::nats_server::NatsServer;
use std::sync::Arc;
use zizhi_bus::clock::wall;
use zizhi_bus::decode::Format;
use zizhi_bus::ingest::config::NatsInput;
use zizhi_bus::ingest::output::{DEAD_LETTERS, SOURCES};
use zizhi_bus::ingest::publish::{BusSink, SourceCounts};
use zizhi_bus::nats::inspect;
use zizhi_bus::{Bus as _, EmbeddedBus, Ingest, IngestConfig, NatsConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_subject_reaches_the_swarm_as_batches_letters_and_counts() {
    let Some(server) = NatsServer::start("a_foreign_subject_reaches_the_swarm") else {
        return;
    };
    let to = NatsConfig {
        url: vec![server.url()],
        ..NatsConfig::default()
    };
    let seen = inspect(to.clone(), "doctor").await.unwrap();
    assert!(seen.is_new_enough && !seen.has_stream, "{seen:?}");
    let bus = EmbeddedBus::start(1024);
    let own = ["zizhi.v1.transport.obs.telemetry", DEAD_LETTERS, SOURCES];
    let mut swarm = bus.subscribe("test", &own).await;
    let sink = BusSink::new(Arc::new(bus.clone()));
    let ingest = Ingest::start(&IngestConfig::default(), only_up(), sink)
        .await
        .unwrap();
    let input = NatsInput {
        subject: "telegraf.>".to_owned(),
        format: Format::Auto,
        stream: String::new(),
        durable: String::new(),
    };
    ingest.tap(&[input], &to).await.unwrap();

    let client = async_nats::connect(server.url()).await.unwrap();
    let up = format!(
        r#"[{{"name":"x","timestamp":{}000000,"tags":{{"instance":"pe1"}},"values":{{"up":1}}}}]"#,
        wall().0
    );
    for text in [up.as_str(), "no format at all"] {
        client
            .publish("telegraf.if", text.to_owned().into())
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    let mut next = async || {
        let delivery = tokio::time::timeout(PATIENCE, swarm.next())
            .await
            .unwrap()
            .unwrap();
        let message = &delivery.message;
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        (message.subject.clone(), text)
    };
    let (subject, batch) = next().await;
    assert_eq!(subject, own[0]);
    assert!(
        batch.contains("router/pe1") && batch.contains("router.up"),
        "{batch}"
    );
    let (subject, letter) = next().await;
    assert_eq!(subject, DEAD_LETTERS);
    assert!(
        letter.contains("telegraf.if") && letter.contains("no format at all"),
        "{letter}"
    );
    let counts = ingest.stop().await;
    assert_eq!(
        (
            counts["nats/telegraf.if"].out,
            counts["nats/telegraf.if"].rejected
        ),
        (1, 1)
    );
    let (subject, told) = next().await;
    assert_eq!(subject, SOURCES);
    let told: SourceCounts = serde_json::from_str(&told).unwrap();
    assert_eq!(told.sources, counts);
    bus.close().await;
}
