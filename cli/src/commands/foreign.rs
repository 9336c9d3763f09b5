//! A file of somebody else's telemetry as messages of the swarm's bus, for `zizhi replay`.

use crate::commands::no_driver::NoDriver;
use crate::fail::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zizhi_agents::SwarmConfig;
use zizhi_bus::Message;
use zizhi_bus::batch::{SAMPLES_MAX, telemetry};
use zizhi_bus::decode::{Format, Limits, Raw, decode, sniff};
use zizhi_bus::mapping::{Mapped, Mapper, Rates, ReadingSource};
use zizhi_bus::recording::Messages;
use zizhi_evaluation::replay::{self, Setting};
use zizhi_types::plan::Mode;
use zizhi_types::wire::{self, Inventory, Sample, TelemetryBatch};
use zizhi_types::{Domain, ManagedObject, Measurement, MessageId, NetTime, Network};

/// Messages that wait on the bus of a replay.
const BUS_CAPACITY: usize = 65_536;

/// Most series of one file whose counts become rates.
const SERIES: usize = 1_000_000;

/// Longest file: our choice, what a small machine holds a few times over.
const FILE_BYTES: u64 = 512 << 20;

/// Measurements of a file, with the inventories of the network before them, and what could not be used.
pub struct Foreign {
    /// For the replay.
    pub messages: Messages,
    /// Measurements that the swarm gets.
    pub placed: usize,
    /// Values that no rule places on the network, and parts that mean nothing.
    pub left_out: usize,
}

/// Reads a file of any format that `zizhi ingest decode` reads.
pub fn open(
    path: &Path,
    format: Format,
    mapping: Option<&PathBuf>,
    network: &Network,
) -> Result<Foreign, Failure> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_BYTES {
        return Err(format!(
            "{} has {size} bytes, more than {FILE_BYTES}: replay it in parts",
            path.display()
        )
        .into());
    }
    let payload = std::fs::read(path)?;
    let mapper = crate::commands::ingest::mapper(mapping)?;
    let (measurements, left_out) = measurements(path, &payload, format, &mapper);
    let Some(start) = measurements.iter().map(|m| m.at).min() else {
        return Err(format!(
            "{} says nothing that the swarm watches: see `zizhi ingest decode {}`",
            path.display(),
            path.display()
        )
        .into());
    };
    let placed = measurements.len();
    let mut messages = inventories(network, start);
    messages.extend(batches(measurements));
    let setting = Setting {
        // There is no network to change: what the swarm would do is shown.
        config: SwarmConfig {
            mode: Mode::Suggest,
            ..SwarmConfig::default()
        },
        memory: vec![],
        bus_capacity: BUS_CAPACITY,
    };
    let header = replay::header(&network.name, None, start, &NoDriver, &setting)?;
    Ok(Foreign {
        messages: Messages::new(header, messages),
        placed,
        left_out,
    })
}

fn measurements(
    path: &Path,
    payload: &[u8],
    format: Format,
    mapper: &Mapper,
) -> (Vec<Measurement>, usize) {
    let subject = path.display().to_string();
    let headers = BTreeMap::new();
    let raw = Raw {
        payload,
        subject: &subject,
        content_type: "",
        headers: &headers,
        received: NetTime(0),
    };
    let format = match format {
        Format::Auto => sniff(&raw).unwrap_or(Format::Auto),
        format => format,
    };
    let limits = Limits {
        bytes: payload.len().max(1),
        items: usize::MAX,
        ..Limits::default()
    };
    let decoded = decode(format, &raw, &limits);
    let source = ReadingSource {
        format,
        subject: subject.clone(),
        seq: 1,
    };
    let mut rates = Rates::new(SERIES);
    let (mut found, mut left_out) = (vec![], decoded.rejects.len());
    for item in &decoded.items {
        for mapped in mapper.map(item, &source, raw.received) {
            let Mapped::Reading(reading) = mapped else {
                left_out += 1;
                continue;
            };
            match rates.take(reading).and_then(|r| r.measurement()) {
                Some(measurement) => found.push(measurement),
                None => left_out += 1,
            }
        }
    }
    (found, left_out)
}

fn message(source: &str, number: u64, subject: String, at: NetTime, payload: Vec<u8>) -> Message {
    Message {
        id: MessageId::new(source, number),
        subject,
        at,
        payload,
    }
}

fn inventories(network: &Network, at: NetTime) -> Vec<Message> {
    let tell = |(number, domain): (usize, Domain)| {
        let part = network.part(domain);
        let payload = serde_json::to_vec(&Inventory { domain, part }).unwrap_or_default();
        let subject = wire::subject(domain, "obs", "inventory");
        message("inventory", number as u64 + 1, subject, at, payload)
    };
    Domain::ALL.into_iter().enumerate().map(tell).collect()
}

/// One message for what an object's domain saw at one moment.
fn batches(measurements: Vec<Measurement>) -> Vec<Message> {
    let mut groups: BTreeMap<(NetTime, ManagedObject), Vec<Sample>> = BTreeMap::new();
    for m in measurements {
        groups
            .entry((m.at, m.object.clone()))
            .or_default()
            .push(Sample {
                object: m.object,
                metric: m.metric,
                value: m.value,
            });
    }
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut told = vec![];
    for ((at, source), samples) in groups {
        for chunk in samples.chunks(SAMPLES_MAX) {
            let batch = TelemetryBatch {
                source: source.clone(),
                at,
                samples: chunk.to_vec(),
            };
            let subject = wire::subject(source.domain(), "obs", "telemetry");
            let name = source.to_string();
            let number = numbers.entry(name.clone()).or_insert(0);
            *number += 1;
            let Ok(payload) = telemetry::encode(&batch) else {
                continue;
            };
            told.push(message(&name, *number, subject, at, payload));
        }
    }
    told
}

/// Whether a file is a recording of ours, by its name.
pub fn is_recording(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "zrec")
}
