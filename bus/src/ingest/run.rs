//! Who runs the listeners, and what drives the pipeline?
//!
//! [`Ingest::start`] takes the addresses, so that a wrong one is an error before anything runs; then everything runs until
//! [`Ingest::stop`]: listeners first, then what waits is read, then the last counts go out.

use super::account::Counts;
use super::config::{IngestConfig, NatsInput};
use super::http::{HttpListener, ListenError};
use super::intake::{Arrived, Intake, Verdict};
use super::nats::SubjectListener;
use super::output::{Origin, Output};
use super::pipeline::Pipeline;
use super::syslog::SyslogListener;
use crate::clock::wall;
use crate::decode::Limits;
use crate::mapping::Mapper;
use crate::nats::{NatsConfig, TapError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zizhi_types::NetTime;

/// How often the counts go out.
const COUNTS: Duration = Duration::from_secs(10);

/// Takes what the pipeline says.
#[async_trait]
pub trait Sink: Send {
    /// What one message said.
    async fn outputs(&mut self, origin: &Origin, outputs: Vec<Output>, at: NetTime);

    /// The accounts of all sources, since the start.
    async fn counts(&mut self, sources: BTreeMap<String, Counts>, at: NetTime);
}

/// What one message said, for whoever only wants to look on.
#[derive(Debug)]
pub struct Heard {
    /// Where it came from.
    pub origin: Origin,
    /// What it said.
    pub outputs: Vec<Output>,
}

/// Looks on: gives each message's outputs, and waits while nobody takes them.
#[async_trait]
impl Sink for mpsc::Sender<Heard> {
    async fn outputs(&mut self, origin: &Origin, outputs: Vec<Output>, _: NetTime) {
        let origin = origin.clone();
        // Whoever looked on has gone; then nobody hears it.
        let _ = self.send(Heard { origin, outputs }).await;
    }

    async fn counts(&mut self, _: BTreeMap<String, Counts>, _: NetTime) {}
}

/// Everything that was started.
pub struct Ingest {
    /// Where HTTP is listened to, if it is.
    pub http: Option<SocketAddr>,
    /// Where syslog is listened to, in the order of the configuration.
    pub syslog: Vec<SocketAddr>,
    intake: Intake,
    listening: CancellationToken,
    listeners: TaskTracker,
    pipeline: JoinHandle<BTreeMap<String, Counts>>,
}

impl Ingest {
    /// Takes the addresses and begins. NATS subjects are listened to after [`Ingest::tap`].
    pub async fn start(
        config: &IngestConfig,
        mapper: Mapper,
        sink: impl Sink + 'static,
    ) -> Result<Self, ListenError> {
        config.check()?;
        let (intake, queue) = Intake::new(config.queue);
        let listening = CancellationToken::new();
        let listeners = TaskTracker::new();
        let mut http = None;
        if let Some(input) = &config.http {
            let listener = HttpListener::bind(input.clone(), intake.clone()).await?;
            http = Some(listener.address());
            listeners.spawn(listener.run(listening.clone()));
        }
        let mut syslog = vec![];
        for input in &config.syslog {
            let listener = SyslogListener::bind(input, intake.clone()).await?;
            syslog.push(listener.address());
            listeners.spawn(listener.run(listening.clone()));
        }
        let pipeline = Pipeline::new(config.bounds(), Limits::default(), mapper);
        let pipeline = tokio::spawn(drive(
            pipeline,
            queue,
            intake.clone(),
            sink,
            listening.clone(),
        ));
        Ok(Self {
            http,
            syslog,
            intake,
            listening,
            listeners,
            pipeline,
        })
    }

    /// Where further listeners put what they hear.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Listens to subjects on a NATS server too.
    pub async fn tap(&self, inputs: &[NatsInput], server: &NatsConfig) -> Result<(), TapError> {
        for input in inputs {
            let listener =
                SubjectListener::open(input, server.clone(), self.intake.clone()).await?;
            self.listeners.spawn(listener.run(self.listening.clone()));
        }
        Ok(())
    }

    /// Listens no more, reads what waits, and gives the last counts.
    pub async fn stop(self) -> BTreeMap<String, Counts> {
        self.listening.cancel();
        self.listeners.close();
        self.listeners.wait().await;
        drop(self.intake);
        self.pipeline.await.unwrap_or_default()
    }
}

/// Feeds the pipeline until every listener is gone and the queue is empty.
async fn drive(
    mut pipeline: Pipeline,
    mut queue: mpsc::Receiver<Arrived>,
    intake: Intake,
    mut sink: impl Sink,
    listening: CancellationToken,
) -> BTreeMap<String, Counts> {
    let mut ticks = every(COUNTS);
    loop {
        tokio::select! {
            biased;
            () = listening.cancelled() => break,
            _ = ticks.tick() => tell(&mut pipeline, &intake, &mut sink).await,
            Some(arrived) = queue.recv() => take(&mut pipeline, arrived, &mut sink).await,
        }
    }
    // Requests under way still bring messages: this end is kept open until the listeners let go of theirs.
    let drops = intake.clone();
    drop(intake);
    while let Ok(Some(arrived)) = tokio::time::timeout(LAST, queue.recv()).await {
        take(&mut pipeline, arrived, &mut sink).await;
    }
    tell(&mut pipeline, &drops, &mut sink).await;
    pipeline.counts()
}

/// After so long without a message, at the end, nothing is expected any more.
const LAST: Duration = Duration::from_millis(500);

fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once, when there is nothing to tell.
    ticks.reset();
    ticks
}

async fn take(pipeline: &mut Pipeline, mut arrived: Arrived, sink: &mut impl Sink) {
    let now = wall();
    let answer = arrived.answer.take();
    let (outputs, verdict) = pipeline.take(&arrived, now);
    let origin = Origin::new(
        &arrived.source,
        verdict.format.unwrap_or(arrived.format),
        &arrived.subject,
        arrived.sequence,
    );
    sink.outputs(&origin, outputs, now).await;
    if let Some(answer) = answer {
        // Whoever asked may have stopped waiting.
        let _: Result<(), Verdict> = answer.send(verdict);
    }
}

async fn tell(pipeline: &mut Pipeline, intake: &Intake, sink: &mut impl Sink) {
    for (source, messages) in intake.drops() {
        pipeline.dropped(&source, messages);
    }
    sink.counts(pipeline.counts(), wall()).await;
}
