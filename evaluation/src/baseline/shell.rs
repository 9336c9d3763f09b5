//! The shell: hears the bus, writes the journal, calls the driver. Started and drained as a swarm is.

use super::book::Command;
use super::rules::Rules;
use super::threshold::{Heard, Threshold};
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::sync::Arc;
use zizhi_bus::batch::telemetry;
use zizhi_bus::{Bus, Journal, JournalError, Message, Subscription};
use zizhi_playbooks::{Driver, DriverError};
use zizhi_types::wire::{self, Clock};
use zizhi_types::{Action, Body, NetTime, Record, RecordId, RunId, Who};

/// Who writes what is about the baseline as a whole.
const WRITER: &str = "baseline";

/// What it listens to: what every domain sends about its network, and nothing that agents say.
const PATTERNS: [&str; 5] = [
    "zizhi.v1.*.obs.telemetry",
    "zizhi.v1.*.obs.inventory",
    "zizhi.v1.*.obs.maintenance",
    wire::CLOCK,
    wire::KILL_SWITCH,
];

/// Why the baseline could not end in order.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its task died.
    #[error("the threshold baseline died")]
    Died(#[from] tokio::task::JoinError),
}

/// A running baseline.
pub struct Baseline {
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    task: tokio::task::JoinHandle<()>,
    told_drops: u64,
    written: u64,
}

impl Baseline {
    /// Starts it. Telemetry that is published before this returns is not heard.
    pub async fn start(
        bus: Arc<dyn Bus>,
        journal: Arc<Journal>,
        driver: Arc<dyn Driver>,
        rules: Rules,
        now: NetTime,
    ) -> Self {
        let subscription = bus.subscribe("threshold", &PATTERNS).await;
        let running = Running {
            engine: Threshold::new(rules),
            journal: Arc::clone(&journal),
            driver,
            now,
        };
        let task = tokio::spawn(running.listen(subscription));
        Self {
            bus,
            journal,
            task,
            told_drops: 0,
            written: 0,
        }
    }

    /// Writes down how much telemetry was dropped since the last call, if any was.
    pub fn tell_drops(&mut self, now: NetTime) -> Result<(), JournalError> {
        let dropped = self.bus.stats().dropped;
        let messages = dropped - self.told_drops;
        self.told_drops = dropped;
        if messages == 0 {
            return Ok(());
        }
        self.note(Body::Dropped { messages }, now)
    }

    /// Drains: what is queued is handled, then it stops, then the journal is sealed.
    pub async fn drain(mut self, now: NetTime, reason: &str) -> Result<(), BaselineError> {
        self.bus.close().await;
        (&mut self.task).await?;
        let stats = self.bus.stats();
        let body = Body::SwarmDrained {
            reason: reason.to_owned(),
            messages: stats.published,
            dropped: stats.dropped,
        };
        self.note(body, now)?;
        self.journal.seal(now)?;
        Ok(())
    }

    fn note(&mut self, body: Body, now: NetTime) -> Result<(), JournalError> {
        self.written += 1;
        self.journal.append(Record {
            id: RecordId::new(WRITER, self.written),
            at: now,
            who: Who::System,
            domain: None,
            stage: body.stage(),
            object: None,
            incident: None,
            causes: vec![],
            body,
        })
    }
}

struct Running {
    engine: Threshold,
    journal: Arc<Journal>,
    driver: Arc<dyn Driver>,
    now: NetTime,
}

impl Running {
    async fn listen(mut self, mut subscription: Subscription) {
        while let Some(delivery) = subscription.next().await {
            if let Some(heard) = self.heard(&delivery.message) {
                self.react(heard).await;
            }
        }
    }

    fn heard(&mut self, message: &Arc<Message>) -> Option<Heard> {
        let subject = message.subject.as_str();
        if subject == wire::KILL_SWITCH {
            return Some(Heard::Kill);
        }
        if subject == wire::CLOCK {
            let now = &mut self.now;
            return Some(read(message, |clock: Clock| {
                *now = clock.now.max(*now);
                Heard::Tick
            }));
        }
        match subject.rsplit('.').next() {
            Some("telemetry") => Some(match telemetry::read(&message.payload) {
                Ok(batch) => Heard::Telemetry(batch, Arc::clone(message)),
                Err(error) => Heard::Unreadable(Arc::clone(message), error.to_string()),
            }),
            Some("inventory") => Some(read(message, |i| Heard::Inventory(Box::new(i)))),
            Some("maintenance") => Some(read(message, Heard::Maintenance)),
            _ => None,
        }
    }

    async fn react(&mut self, heard: Heard) {
        let mut todo: VecDeque<Command> = self.engine.handle(heard, self.now).into();
        while let Some(command) = todo.pop_front() {
            let follow_up = self.carry_out(command).await;
            for command in follow_up.into_iter().rev() {
                todo.push_front(command);
            }
        }
    }

    async fn carry_out(&mut self, command: Command) -> Vec<Command> {
        match command {
            Command::Append(record) => {
                // A failed journal stays failed; whoever runs the baseline asks it and stops.
                if let Err(error) = self.journal.append(*record) {
                    tracing::error!(%error, "record not written");
                }
                vec![]
            }
            Command::Drive { run, key, action } => self.drive(run, &key, &action).await,
        }
    }

    /// What cannot be written down is not done.
    async fn drive(&mut self, run: RunId, key: &str, action: &Action) -> Vec<Command> {
        let result = match self.journal.durable().await {
            Err(error) => Err(DriverError::Refused(error.to_string())),
            Ok(()) => self.driver.apply(key, action).await,
        };
        self.engine.handle(Heard::Driven { run, result }, self.now)
    }
}

/// What a message says; one that cannot be read is told as such.
fn read<T: DeserializeOwned>(message: &Arc<Message>, say: impl FnOnce(T) -> Heard) -> Heard {
    match serde_json::from_slice(&message.payload) {
        Ok(content) => say(content),
        Err(error) => Heard::Unreadable(Arc::clone(message), error.to_string()),
    }
}
