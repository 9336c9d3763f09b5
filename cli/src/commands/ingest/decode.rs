//! `zizhi ingest decode`: what does this message mean here?

use crate::args::ingest::DecodeArgs;
use crate::commands::FOUND;
use crate::fail::Failure;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use zizhi_bus::clock::wall;
use zizhi_bus::decode::{Decoded, Format, Item, Limits, Raw, Reject, decode, sniff};
use zizhi_bus::mapping::{Mapped, Mapper, Pins, Rates, ReadingSource, json};
use zizhi_types::NetTime;

/// Most series of one file whose counts become rates and whose types are watched.
const SERIES: usize = 100_000;

/// What went wrong before anything was read.
#[derive(Debug, thiserror::Error)]
enum DecodeError {
    #[error("cannot read {0}: name a file, or - for standard input")]
    Read(String, #[source] std::io::Error),
    #[error("cannot use the mapping rules")]
    Rules(#[source] Failure),
}

/// Decodes a file and prints what it means.
pub fn run(args: DecodeArgs) -> Result<ExitCode, Failure> {
    let mapper = super::mapper(&args.mapping).map_err(DecodeError::Rules)?;
    let name = args.file.display().to_string();
    let payload = read(&args.file).map_err(|error| DecodeError::Read(name.clone(), error))?;
    let headers = BTreeMap::new();
    let raw = Raw {
        payload: &payload,
        subject: &name,
        content_type: "",
        headers: &headers,
        received: args.received.unwrap_or_else(wall),
    };
    let format = match args.format {
        Format::Auto => sniff(&raw).unwrap_or(Format::Auto),
        format => format,
    };
    let decoded = decode(format, &raw, &Limits::default());
    let source = ReadingSource {
        format,
        subject: name.clone(),
        seq: 1,
    };
    let told = tell(decoded, &mapper, &source, raw.received);
    Ok(if told == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FOUND)
    })
}

/// The file, up to one byte more than is decoded: a longer one is told as too long.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let most = Limits::default().bytes as u64 + 1;
    let mut bytes = vec![];
    if file == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?
            .take(most)
            .read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Prints items on standard output and rejects on standard error; gives how many rejects there were.
fn tell(decoded: Decoded, mapper: &Mapper, source: &ReadingSource, received: NetTime) -> usize {
    let (mut rates, mut pins) = (Rates::new(SERIES), Pins::new(SERIES));
    let mut rejects = decoded.rejects;
    for item in &decoded.items {
        if let Item::Point(point) = item {
            rejects.extend(pins.check(point));
        }
        for mapped in mapper.map(item, source, received) {
            println!("{}", json(&with_rate(mapped, &mut rates)));
        }
    }
    for Reject { reason, sample } in &rejects {
        eprintln!("{}: {reason}", source.subject);
        if !sample.is_empty() {
            eprintln!("  at: {}", sample.escape_debug());
        }
    }
    rejects.len()
}

/// A count as the rate since the one before it in the same file; the first one as it came.
fn with_rate(mapped: Mapped, rates: &mut Rates) -> Mapped {
    let Mapped::Reading(reading) = &mapped else {
        return mapped;
    };
    rates.take(reading.clone()).map_or(mapped, Mapped::Reading)
}
