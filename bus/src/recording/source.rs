//! What can be lived through again? A recording, or the messages of any file that somebody can decode.

use super::{Header, Item, Reader, RecordingError};
use crate::bus::Message;
use std::collections::VecDeque;
use zizhi_types::wire::{self, Clock};
use zizhi_types::{MessageId, NetTime};

/// Gives what entered, up to each settled state.
pub trait Source: Send {
    /// How it began.
    fn header(&self) -> &Header;
    /// Everything up to and with the next settled state; empty once nothing is left.
    fn next_batch(&mut self) -> Result<Vec<Item>, RecordingError>;
    /// Whether it ends in the middle of something. Known once everything was read.
    fn is_cut_off(&self) -> bool;
}

impl Source for Reader {
    fn header(&self) -> &Header {
        self.header()
    }

    fn next_batch(&mut self) -> Result<Vec<Item>, RecordingError> {
        self.next_batch()
    }

    fn is_cut_off(&self) -> bool {
        self.is_cut_off()
    }
}

/// Messages from elsewhere, in the order of their times: decoded telemetry, with the inventories first. After all
/// messages of one time the network's clock is told that time, unless one of them is the clock itself.
pub struct Messages {
    header: Header,
    waiting: VecDeque<Message>,
    clock: Option<NetTime>,
    ticks: u64,
}

impl Messages {
    /// Messages in any order; those of one time keep theirs.
    pub fn new(header: Header, mut messages: Vec<Message>) -> Self {
        messages.sort_by_key(|m| m.at);
        Self {
            header,
            waiting: messages.into(),
            clock: None,
            ticks: 0,
        }
    }

    fn tick(&mut self, now: NetTime) -> Vec<Item> {
        self.ticks += 1;
        let payload = serde_json::to_vec(&Clock { now }).unwrap_or_default();
        let clock = Message {
            id: MessageId::new("network", self.ticks),
            subject: wire::CLOCK.to_owned(),
            at: now,
            payload,
        };
        vec![clock.into(), Item::Settled]
    }
}

impl Source for Messages {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self) -> Result<Vec<Item>, RecordingError> {
        if let Some(now) = self.clock.take() {
            return Ok(self.tick(now));
        }
        let Some(now) = self.waiting.front().map(|m| m.at) else {
            return Ok(vec![]);
        };
        let mut batch = vec![];
        let mut told = false;
        while let Some(message) = self.waiting.pop_front_if(|m| m.at == now) {
            told |= message.subject == wire::CLOCK;
            batch.push(message.into());
        }
        batch.push(Item::Settled);
        self.clock = (!told).then_some(now);
        Ok(batch)
    }

    fn is_cut_off(&self) -> bool {
        false
    }
}
