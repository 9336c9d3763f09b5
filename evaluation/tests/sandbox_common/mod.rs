//! A bus that only writes down what is published.
#![allow(dead_code, clippy::unwrap_used)] // shared by tests and the speed example; each uses a part

use std::collections::BTreeMap;
use std::sync::Mutex;
use zizhi_bus::batch::telemetry;
use zizhi_bus::{Bus, BusError, BusStats, Service, Subscription};
use zizhi_types::{ManagedObject, MessageId, Metric, NetTime};

#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub source: String,
    pub subject: String,
    pub at: NetTime,
    pub payload: Vec<u8>,
}

#[derive(Default)]
pub struct Recorder {
    pub said: Mutex<Vec<Said>>,
    pub keep: bool,
}

impl Recorder {
    pub fn new() -> Self {
        Self {
            said: Mutex::default(),
            keep: true,
        }
    }

    pub fn drain(&self) -> Vec<Said> {
        std::mem::take(&mut self.said.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl Bus for Recorder {
    async fn publish(
        &self,
        source: &str,
        subject: &str,
        at: NetTime,
        payload: Vec<u8>,
    ) -> Result<MessageId, BusError> {
        if self.keep {
            let said = Said {
                source: source.to_owned(),
                subject: subject.to_owned(),
                at,
                payload,
            };
            self.said.lock().unwrap().push(said);
        }
        Ok(MessageId::new(source, 1))
    }

    async fn subscribe(&self, _name: &str, _patterns: &[&str]) -> Subscription {
        unreachable!("the sandbox never listens")
    }

    async fn request(
        &self,
        _: &str,
        subject: &str,
        _: Vec<u8>,
        _: std::time::Duration,
    ) -> Result<Vec<u8>, BusError> {
        Err(BusError::Unserved(subject.to_owned()))
    }

    async fn serve(&self, _: &str) -> Result<Service, BusError> {
        unreachable!("the sandbox serves nothing")
    }

    async fn settle(&self) {}

    fn stats(&self) -> BusStats {
        BusStats::default()
    }

    async fn close(&self) {}
}

pub type Values = BTreeMap<(ManagedObject, Metric), f64>;

/// The telemetry among what was said.
pub fn values(said: &[Said]) -> Values {
    said.iter()
        .filter(|s| s.subject.ends_with(".obs.telemetry"))
        .map(|s| telemetry::read(&s.payload).unwrap())
        .flat_map(|b| b.samples)
        .map(|s| ((s.object, s.metric), s.value))
        .collect()
}
