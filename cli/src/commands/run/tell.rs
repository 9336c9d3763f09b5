//! What a process tells the others besides what its agents say: the time, the inventory, its records.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use zizhi_bus::clock::wall;
use zizhi_bus::journal::{self, Journal};
use zizhi_bus::{Bus, BusError};
use zizhi_types::wire::{self, Clock, Inventory};
use zizhi_types::{Domain, NetTime, Network, Record};

/// How often new records are looked for.
const LOOK: Duration = Duration::from_millis(50);

async fn say<T: serde::Serialize>(
    bus: &dyn Bus,
    source: &str,
    subject: &str,
    at: NetTime,
    content: &T,
) -> Result<(), BusError> {
    let payload = serde_json::to_vec(content).unwrap_or_default();
    bus.publish(source, subject, at, payload).await.map(|_| ())
}

/// Tells the agents of this process the time, every interval.
pub fn clock(bus: Arc<dyn Bus>, domains: Vec<Domain>, interval: Duration) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let now = wall();
            for domain in &domains {
                let subject = wire::subject(*domain, "obs", "clock");
                let said = say(&*bus, domain.as_str(), &subject, now, &Clock { now }).await;
                match said {
                    Err(BusError::Closed) => return,
                    Err(error) => tracing::warn!(%error, %domain, "the time was not told"),
                    Ok(()) => {}
                }
            }
        }
    })
}

/// Tells everybody what the domains of this process consist of: now, and whenever an agent says hello.
pub async fn inventory(
    bus: Arc<dyn Bus>,
    domains: Vec<Domain>,
    network: Network,
) -> Result<JoinHandle<()>, BusError> {
    let mut hellos = bus.subscribe("inventory", &["zizhi.v1.*.evt.hello"]).await;
    announce(&*bus, &domains, &network).await?;
    Ok(tokio::spawn(async move {
        while let Some(hello) = hellos.next().await {
            drop(hello);
            if let Err(error) = announce(&*bus, &domains, &network).await {
                tracing::warn!(%error, "the inventory was not told");
            }
        }
    }))
}

async fn announce(bus: &dyn Bus, domains: &[Domain], network: &Network) -> Result<(), BusError> {
    for domain in domains {
        let part = network.part(*domain);
        let subject = wire::subject(*domain, "obs", "inventory");
        let inventory = Inventory {
            domain: *domain,
            part,
        };
        say(bus, domain.as_str(), &subject, wall(), &inventory).await?;
    }
    Ok(())
}

/// Publishes every record once it is durable, in order. How far it came is kept beside the journal, so a restart goes on
/// from there; a record that is told twice has the same id.
pub struct Republish {
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    /// Under which domain's subject the records of the whole process go.
    first: Domain,
    mark: PathBuf,
    told: u64,
    waiting: Vec<Record>,
}

impl Republish {
    /// For the journal in `path`. What is in the file and was not told is told first.
    pub fn new(
        bus: Arc<dyn Bus>,
        journal: Arc<Journal>,
        path: &Path,
        first: Domain,
        old: Vec<Record>,
    ) -> Self {
        let mut mark = path.as_os_str().to_owned();
        mark.push(".told");
        let mark = PathBuf::from(mark);
        let told = std::fs::read_to_string(&mark).ok();
        let told: u64 = told.and_then(|t| t.trim().parse().ok()).unwrap_or(0);
        let skip = usize::try_from(told).unwrap_or(usize::MAX);
        journal.watch();
        Self {
            bus,
            journal,
            first,
            mark,
            told,
            waiting: old.into_iter().skip(skip).collect(),
        }
    }

    /// Works until it is aborted. `look` sees every record once, before it is told.
    pub fn start(mut self, mut look: impl FnMut(&Record) + Send + 'static) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                let new = self.journal.take_new();
                new.iter().for_each(&mut look);
                self.waiting.extend(new);
                if self.waiting.is_empty() {
                    tokio::time::sleep(LOOK).await;
                } else if self.journal.durable().await.is_err() || !self.tell().await {
                    return;
                }
            }
        })
    }

    /// Says whether it is to go on.
    async fn tell(&mut self) -> bool {
        for record in std::mem::take(&mut self.waiting) {
            let domain = record.domain.unwrap_or(self.first);
            let subject = wire::subject(domain, "audit", "record");
            // The bus tries a lasting message for long; beyond that it is tried again here, so nothing is left out.
            while let Err(error) =
                say(&*self.bus, domain.as_str(), &subject, record.at, &record).await
            {
                if error == BusError::Closed {
                    return false;
                }
                tracing::warn!(%error, record = %record.id, "record not told; it is in the journal");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            self.told += 1;
        }
        if let Err(error) = std::fs::write(&self.mark, self.told.to_string()) {
            tracing::warn!(%error, "how far records were told is not kept");
        }
        true
    }
}

/// The records of a journal that may be there.
pub fn read_records(path: &Path) -> Result<Vec<Record>, journal::JournalError> {
    if !path.exists() {
        return Ok(vec![]);
    }
    // A torn last line was cut off when the journal was opened.
    let entries = journal::read(path)?;
    Ok(entries.into_iter().map(|e| e.record).collect())
}
