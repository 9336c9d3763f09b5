//! Appends to a journal for ever and prints every record's number once it is durable: for a test that kills it.
//!
//! `journal_writer FILE` goes on after the last record that is there. What it prints is acknowledged: it must never be lost.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use zizhi_bus::Journal;
use zizhi_bus::journal::SigningKey;
use zizhi_types::{Body, NetTime, Record, RecordId, Stage, Who};

fn record(number: u64) -> Record {
    Record {
        id: RecordId::new("writer", number),
        at: NetTime(number),
        who: Who::System,
        domain: None,
        stage: Stage::Swarm,
        object: None,
        incident: None,
        causes: vec![],
        body: Body::Dropped { messages: number },
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("name a file")?);
    let keys = path.parent().ok_or("name a file in a folder")?.join("keys");
    let (journal, reopened) = Journal::create_or_open(&path)?;
    let journal = journal.signed(SigningKey::load_or_create(&keys, "writer")?)?;
    let mut last = reopened.map_or(0, |r| r.numbers.get("writer").copied().unwrap_or(0));
    let mut out = std::io::stdout().lock();
    writeln!(out, "opened {last}")?;
    out.flush()?;
    // Groups of 1 to 32 records, each acknowledged as one.
    for size in (1..=32).cycle() {
        for _ in 0..size {
            last += 1;
            journal.append(record(last))?;
        }
        journal.sync()?;
        writeln!(out, "durable {last}")?;
        out.flush()?;
    }
    Ok(())
}
