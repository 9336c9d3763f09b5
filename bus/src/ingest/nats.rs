//! Which subjects of other systems on NATS are listened to?
//!
//! One tap for each entry of the configuration. From a stream a message is confirmed once the pipeline has read it, so one that was
//! in our hands when the process died comes again; from core NATS what does not fit into the queue is dropped and counted.

use super::config::NatsInput;
use super::intake::{Arrived, Intake};
use crate::clock::wall;
use crate::decode::Format;
use crate::nats::{NatsConfig, NatsTap, TapConfig, TapDelivery, TapError};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Who the taps are to the server.
const IDENTITY: &str = "ingest";

/// Messages of one tap that wait before core NATS drops.
const QUEUE: usize = 8192;

/// A tap with what it is told to be.
pub struct SubjectListener {
    tap: NatsTap,
    format: Format,
    pattern: String,
    is_stream: bool,
    intake: Intake,
}

impl SubjectListener {
    /// Connects and listens: what is published after this returns is heard.
    pub async fn open(
        input: &NatsInput,
        server: NatsConfig,
        intake: Intake,
    ) -> Result<Self, TapError> {
        let is_stream = !input.stream.is_empty();
        let durable = match input.durable.as_str() {
            "" => "zizhi".to_owned(),
            name => name.to_owned(),
        };
        let config = TapConfig {
            subjects: vec![input.subject.clone()],
            stream: is_stream.then(|| input.stream.clone()),
            durable,
            queue: QUEUE,
        };
        Ok(Self {
            tap: NatsTap::open(server, IDENTITY, config).await?,
            format: input.format,
            pattern: input.subject.clone(),
            is_stream,
            intake,
        })
    }

    /// Listens until `stop`, then reads what had come by then.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut dropped = 0;
        let mut is_closing = false;
        loop {
            let delivery = tokio::select! {
                () = stop.cancelled(), if !is_closing => {
                    is_closing = true;
                    self.tap.close();
                    continue;
                }
                delivery = self.tap.next() => delivery,
            };
            let Some(delivery) = delivery else { return };
            if self.put(delivery).await.is_none() {
                return;
            }
            let all = self.tap.stats().dropped;
            for _ in dropped..all {
                self.intake.drop_one(format!("nats/{}", self.pattern));
            }
            dropped = all;
        }
    }

    /// `None` once nobody reads any more.
    async fn put(&self, mut delivery: TapDelivery) -> Option<()> {
        let (answer, verdict) = oneshot::channel();
        let headers = std::mem::take(&mut delivery.headers);
        let content_type = headers.get("content-type").cloned();
        let arrived = Arrived {
            source: format!("nats/{}", delivery.subject),
            format: self.format,
            payload: std::mem::take(&mut delivery.payload),
            subject: delivery.subject.clone(),
            content_type: content_type.unwrap_or_default(),
            headers,
            received: wall(),
            sequence: delivery.sequence,
            answer: self.is_stream.then_some(answer),
        };
        self.intake.put(arrived).await.ok()?;
        if self.is_stream {
            verdict.await.ok()?;
        }
        // Dropping the delivery confirms it.
        drop(delivery);
        Some(())
    }
}
