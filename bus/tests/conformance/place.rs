//! Where the stories play.

use crate::nats_server::NatsServer;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{
    Bus, Delivery, EmbeddedBus, Leases, LocalLeases, NatsBus, NatsConfig, Subscription,
};
use zizhi_types::NetTime;

pub const NOW: NetTime = NetTime(1_785_542_400_000);

/// Machines are slow and shared.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A bus and leases, and several processes on them where the place has processes.
#[async_trait]
pub trait Place: Sync {
    /// A bus for one process, whose queues hold `capacity`.
    async fn bus(&self, identity: &str, capacity: usize) -> Arc<dyn Bus>;

    /// The leases as one process sees them.
    async fn leases(&self, identity: &str) -> Arc<dyn Leases>;
}

/// One process.
#[derive(Default)]
pub struct Embedded {
    leases: Arc<LocalLeases>,
}

#[async_trait]
impl Place for Embedded {
    async fn bus(&self, _identity: &str, capacity: usize) -> Arc<dyn Bus> {
        Arc::new(EmbeddedBus::start(capacity))
    }

    async fn leases(&self, _identity: &str) -> Arc<dyn Leases> {
        Arc::clone(&self.leases) as Arc<dyn Leases>
    }
}

/// A real server.
pub struct Nats {
    pub server: NatsServer,
}

impl Nats {
    pub fn start(test: &str) -> Option<Self> {
        let server = NatsServer::start(test)?;
        Some(Self { server })
    }

    pub async fn connect(&self, identity: &str, capacity: usize) -> NatsBus {
        NatsBus::connect(config(&self.server, capacity), identity)
            .await
            .unwrap()
    }
}

/// How tests reach the server: with short waits for what only happens after a crash.
pub fn config(server: &NatsServer, capacity: usize) -> NatsConfig {
    NatsConfig {
        url: vec![server.url()],
        queue: capacity,
        redeliver_ms: 1_000,
        patience_ms: 30_000,
        ..NatsConfig::default()
    }
}

#[async_trait]
impl Place for Nats {
    async fn bus(&self, identity: &str, capacity: usize) -> Arc<dyn Bus> {
        Arc::new(self.connect(identity, capacity).await)
    }

    async fn leases(&self, identity: &str) -> Arc<dyn Leases> {
        Arc::new(self.connect(identity, 16).await.leases())
    }
}

/// The next delivery, which must come.
pub async fn next(inbox: &mut Subscription) -> Delivery {
    tokio::time::timeout(PATIENCE, inbox.next())
        .await
        .expect("no message came")
        .expect("the subscription ended")
}

/// Takes deliveries in a task of its own and gives what it has heard so far, as `subject payload`.
pub fn listen(mut inbox: Subscription) -> tokio::sync::watch::Receiver<Vec<String>> {
    let (sender, receiver) = tokio::sync::watch::channel(vec![]);
    tokio::spawn(async move {
        while let Some(delivery) = inbox.next().await {
            let said = String::from_utf8_lossy(&delivery.message.payload).into_owned();
            let line = format!("{} {said}", delivery.message.subject);
            sender.send_modify(|heard| heard.push(line));
        }
    });
    receiver
}

/// What was heard once it is `count` messages.
pub async fn heard(
    log: &mut tokio::sync::watch::Receiver<Vec<String>>,
    count: usize,
) -> Vec<String> {
    let wait = log.wait_for(|heard| heard.len() >= count);
    let all = tokio::time::timeout(PATIENCE, wait)
        .await
        .map(|heard| heard.unwrap().clone());
    all.unwrap_or_else(|_| panic!("{count} expected, heard {:?}", *log.borrow()))
}
