//! How many records a second become durable? `cargo bench -p zizhi-bus --bench journal` prints JSON and fails below the limit.
//!
//! Four appenders write records of at least 512 B into one signed journal; each waits until its own are durable after every
//! 256. The journal lies under the build folder, so on a real disk unless that is none.
#![allow(clippy::disallowed_methods, reason = "a measurement of our own speed")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use zizhi_bus::Journal;
use zizhi_bus::journal::{self, SigningKey};
use zizhi_types::{Body, Domain, MessageId, NetTime, Record, RecordId, Stage, Who};

/// Limits: audit append of the performance table (group commit, chained, one `fdatasync` a group).
const RECORDS_PER_S_MIN: f64 = 20_000.0;
const CPU_US_PER_RECORD_MAX: f64 = 8.0;

const APPENDERS: u64 = 4;
const RECORDS_EACH: u64 = 256 * GROUP;
const GROUP: u64 = 256;

fn record(number: u64) -> Record {
    let payload = r#"{"source":"router/ATLA","at":28800000,"samples":[{"object":"link/ATLA-HSTN","metric":"utilisation","value":0.731}]}"#;
    Record {
        id: RecordId::new("transport", number),
        at: NetTime(28_800_000 + number),
        who: Who::System,
        domain: Some(Domain::Transport),
        stage: Stage::Sense,
        object: None,
        incident: None,
        causes: vec![RecordId::new("transport", number.saturating_sub(1))],
        body: Body::Raw {
            message: MessageId::new("router/ATLA", number),
            subject: "zizhi.v1.transport.obs.telemetry".to_owned(),
            payload: payload.repeat(2),
        },
    }
}

/// Processor time of this process so far, in seconds: all threads, user and system (`proc(5)`, in ticks of 10 ms).
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').ok_or("no process name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}

fn append_all(journal: &Journal, records: Vec<Record>) {
    for (n, record) in (1..).zip(records) {
        if let Err(error) = journal.append(record) {
            eprintln!("{error}");
            return;
        }
        if n % GROUP == 0
            && let Err(error) = journal.sync()
        {
            eprintln!("{error}");
            return;
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let path = folder.path().join("journal.jsonl");
    let key = SigningKey::load_or_create(&folder.path().join("keys"), "bench")?;
    let journal = Journal::create(&path)?.signed(key)?;
    // Made before, as a record's making is its writer's work.
    let own = |a| (1..=RECORDS_EACH).map(move |n| record(a * RECORDS_EACH + n));
    let shares: Vec<Vec<Record>> = (0..APPENDERS).map(|a| own(a).collect()).collect();
    let (began, cpu) = (Instant::now(), cpu_s()?);
    std::thread::scope(|scope| {
        for share in shares {
            let journal = &journal;
            scope.spawn(move || append_all(journal, share));
        }
    });
    journal.sync()?;
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_s()? - cpu);
    let stats = journal.stats();
    journal.seal(NetTime(0))?;
    drop(journal);
    let records = APPENDERS * RECORDS_EACH;
    let whole = journal::audit(&path)?;
    let records_per_s = records as f64 / seconds;
    let cpu_us_per_record = cpu * 1e6 / records as f64;
    let pass = records_per_s >= RECORDS_PER_S_MIN
        && cpu_us_per_record <= CPU_US_PER_RECORD_MAX
        && whole.damage.is_none()
        && whole.entries == records + 1;
    let verdict = serde_json::json!({
        "benchmark": "journal",
        "records": records,
        "record_bytes": stats.bytes / records,
        "bytes": stats.bytes,
        "seconds": seconds,
        "records_per_s": records_per_s,
        "fsyncs": stats.fsyncs,
        "cpu_us_per_record": cpu_us_per_record,
        "limits": {
            "records_per_s_min": RECORDS_PER_S_MIN,
            "cpu_us_per_record_max": CPU_US_PER_RECORD_MAX,
        },
        "pass": pass,
    });
    println!("{verdict}");
    Ok(if pass {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
