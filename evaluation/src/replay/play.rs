//! Feeds a recording to a fresh swarm.
//!
//! In: a recording, the playbooks, a new journal. What entered from outside is published again in the same order, and the
//! bus settles where it had settled, so equal programs write equal journals. Out: what was decided, and what the swarm
//! wanted to do that the recorded one had not done.

use super::driver::RecordedAnswers;
use super::{Decision, Setting, decisions};
use std::ops::ControlFlow;
use std::sync::Arc;
use zizhi_agents::{Ground, Swarm, SwarmError};
use zizhi_bus::recording::{Item, RecordingError, Source};
use zizhi_bus::{Bus, BusError, EmbeddedBus, Journal, JournalError};
use zizhi_playbooks::Catalog;
use zizhi_types::{NetTime, Record};

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Its header is of another program.
    #[error("the recording's settings mean nothing to this version: record it again")]
    Setting(#[source] serde_json::Error),
    /// The bus refused a message.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The swarm could not start or end.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
}

/// What is told while it plays.
pub enum Moment<'a> {
    /// The swarm wrote something.
    Record(&'a Record),
    /// The network's time, after all that was published so far was handled.
    Settled(NetTime),
}

/// How a replay went.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Messages published again.
    pub messages: u64,
    /// Incident by incident.
    pub decisions: Vec<Decision>,
    /// Actions that the swarm wanted and the recording has no answer for: they were refused.
    pub strangers: Vec<String>,
    /// Whether the recording ends in the middle, as its process was killed.
    pub cut_off: bool,
    /// Whether its beginning is gone, so that detectors have learnt less than they had.
    pub dropped_segments: u32,
}

/// Listens to a replay, and may break it off.
pub type Listener<'l> = &'l mut dyn FnMut(Moment<'_>) -> ControlFlow<()>;

/// Plays a recording, or messages from elsewhere, to its end.
pub async fn play(
    mut recording: impl Source,
    catalog: Catalog,
    journal: Journal,
    listen: Listener<'_>,
) -> Result<Played, ReplayError> {
    let header = recording.header().clone();
    let setting: Setting = serde_json::from_value(header.setting).map_err(ReplayError::Setting)?;
    let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(setting.bus_capacity));
    let driver = Arc::new(RecordedAnswers::new(header.verbs));
    let journal = Arc::new(journal);
    journal.watch();
    let ground = Ground {
        bus: Arc::clone(&bus),
        journal: Arc::clone(&journal),
        driver: driver.clone(),
        catalog: Arc::new(catalog),
        network: header.network,
        seed: header.seed,
        memory: setting.memory,
        now: header.start,
        share: None,
        resume: None,
    };
    let swarm = Swarm::start(ground, setting.config).await?;
    let mut stage = Stage {
        bus,
        driver,
        journal,
        swarm,
        now: header.start,
        messages: 0,
        records: vec![],
    };
    let reason = stage.play(&mut recording, listen).await?;
    let mut played = stage.close(&reason).await?;
    played.cut_off = recording.is_cut_off();
    played.dropped_segments = header.dropped_segments;
    Ok(played)
}

struct Stage {
    bus: Arc<dyn Bus>,
    driver: Arc<RecordedAnswers>,
    journal: Arc<Journal>,
    swarm: Swarm,
    now: NetTime,
    messages: u64,
    records: Vec<Record>,
}

impl Stage {
    /// Gives why it is over.
    async fn play(
        &mut self,
        recording: &mut impl Source,
        listen: Listener<'_>,
    ) -> Result<String, ReplayError> {
        loop {
            let batch = recording.next_batch()?;
            if batch.is_empty() {
                return Ok("the recording is over".to_owned());
            }
            if let Some(reason) = self.batch(batch).await? {
                return Ok(reason);
            }
            if self.settle(listen).await?.is_break() {
                return Ok("interrupted".to_owned());
            }
        }
    }

    /// Gives why the recorded swarm was drained, if this is its end.
    async fn batch(&mut self, batch: Vec<Item>) -> Result<Option<String>, ReplayError> {
        // An answer was recorded after the messages that led to the question: it must be known before them.
        let (answers, rest): (Vec<Item>, Vec<Item>) = batch
            .into_iter()
            .partition(|item| matches!(item, Item::Answer { .. }));
        for item in answers.into_iter().chain(rest) {
            match item {
                Item::Answer {
                    key,
                    action,
                    answer,
                } => self.driver.learn(key, action, answer),
                Item::Message {
                    id,
                    subject,
                    at,
                    payload,
                    ..
                } => {
                    self.now = self.now.max(at);
                    self.messages += 1;
                    let payload = payload.into_bytes();
                    self.bus.publish(&id.owner, &subject, at, payload).await?;
                }
                Item::Settled => {}
                Item::End { at, reason } => {
                    self.now = at;
                    return Ok(Some(reason));
                }
            }
        }
        Ok(None)
    }

    async fn settle(&mut self, listen: Listener<'_>) -> Result<ControlFlow<()>, ReplayError> {
        self.bus.settle().await;
        self.journal.flush()?;
        self.swarm.tell_drops(self.now)?;
        for record in self.journal.take_new() {
            if listen(Moment::Record(&record)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.records.push(record);
        }
        Ok(listen(Moment::Settled(self.now)))
    }

    async fn close(mut self, reason: &str) -> Result<Played, ReplayError> {
        self.swarm.drain(self.now, reason).await?;
        self.records.extend(self.journal.take_new());
        Ok(Played {
            messages: self.messages,
            decisions: decisions(self.records.iter()),
            strangers: self.driver.strangers(),
            cut_off: false,
            dropped_segments: 0,
        })
    }
}
