//! `zizhi doctor`: what is wrong, and what is to be done?
//!
//! Looks and changes nothing: the configuration, the mapping rules, the folder of the journals, the NATS server, and the
//! accounts of the senders, which a running swarm tells every ten seconds.

mod rules;

use super::{FOUND, json_line, pick};
use crate::args::DoctorArgs;
use crate::fail::Failure;
use rules::{Finding, Level};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use zizhi_bus::clock::wall;
use zizhi_bus::ingest::account::Counts;
use zizhi_bus::ingest::config::server;
use zizhi_bus::ingest::output::SOURCES;
use zizhi_bus::ingest::publish::SourceCounts;
use zizhi_bus::mapping::{Mapper, folder};
use zizhi_bus::nats::{ConnectError, NatsTap, TapConfig, inspect};
use zizhi_bus::{IngestConfig, NatsConfig};
use zizhi_types::text::Language;

/// The configuration that is read if none is named.
const DEFAULT: &str = "zizhi.toml";

/// Who the doctor is to the server.
const IDENTITY: &str = "doctor";

/// Looks everywhere and prints what it found.
pub fn run(args: DoctorArgs, lang: Language) -> Result<ExitCode, Failure> {
    let mut findings = vec![];
    let text = configuration(args.config.as_deref())?;
    let config = IngestConfig::read(&text);
    findings.push(rules::config(config.as_ref().err()));
    let config = config.unwrap_or_default();
    findings.push(mapping(&config));
    findings.push(rules::journals(&args.journals, writable(&args.journals)));
    match bus(&args, &text) {
        Err(error) => findings.push(rules::bus_config(&error.to_string())),
        Ok(None) => findings.push(rules::no_bus()),
        Ok(Some(server)) => {
            let runtime = tokio::runtime::Runtime::new()?;
            findings.extend(runtime.block_on(look_at_bus(server, &args)));
        }
    }
    let is_wrong = findings.iter().any(|f| f.level != Level::Good);
    for finding in &findings {
        tell(finding, args.json, lang)?;
    }
    Ok(if is_wrong {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

fn tell(finding: &Finding, json: bool, lang: Language) -> Result<(), Failure> {
    if json {
        return json_line(finding);
    }
    let (what, fix) = match lang {
        Language::En => (&finding.what.en, &finding.fix.en),
        Language::Zh => (&finding.what.zh, &finding.fix.zh),
    };
    let word = match finding.level {
        Level::Good => pick(lang, "ok", "正常"),
        Level::Warning => pick(lang, "warning", "警告"),
        Level::Bad => pick(lang, "wrong", "错误"),
    };
    let plain = |text: &str| text.replace(|c: char| c.is_control(), "·");
    println!("{word:<8} {:<22} {}", plain(&finding.check), plain(what));
    if !fix.is_empty() {
        println!(
            "         {:<22} {} {}",
            "",
            pick(lang, "->", "→"),
            plain(fix)
        );
    }
    Ok(())
}

/// The named file must be there; the default one may be missing.
fn configuration(named: Option<&Path>) -> Result<String, Failure> {
    let path = named.unwrap_or(Path::new(DEFAULT));
    if named.is_none() && !path.exists() {
        return Ok(String::new());
    }
    std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read the configuration {}: {e}", path.display()).into())
}

fn mapping(config: &IngestConfig) -> Finding {
    let loaded = || -> Result<usize, Failure> {
        let mut mapper = Mapper::shipped()?;
        for own in &config.mappings {
            folder::load(&mut mapper, own)?;
        }
        Ok(mapper.rules())
    };
    rules::mapping(loaded().map_err(|e| e.to_string()))
}

/// Whether a journal could be written into the folder, or into the one in which it would be made.
fn writable(folder: &Path) -> Result<(), std::io::Error> {
    let there = folder
        .ancestors()
        .find(|f| f.is_dir() || f.as_os_str().is_empty());
    let there = there
        .filter(|f| !f.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let probe = there.join(format!(".zizhi-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)
}

fn bus(args: &DoctorArgs, text: &str) -> Result<Option<NatsConfig>, Failure> {
    let mut found = server(text)?;
    if let Some(url) = &args.bus {
        found.get_or_insert_default().url = vec![url.clone()];
    }
    Ok(found)
}

async fn look_at_bus(server: NatsConfig, args: &DoctorArgs) -> Vec<Finding> {
    let mut findings = vec![];
    findings.extend(rules::plaintext(&server));
    match inspect(server.clone(), IDENTITY).await {
        Err(error @ ConnectError::Config(_)) => {
            findings.push(rules::bus_config(&chain(&error)));
            return findings;
        }
        Err(error) => {
            findings.push(rules::unreachable(&chain(&error)));
            return findings;
        }
        Ok(inspection) => findings.extend(rules::server(&inspection)),
    }
    match accounts(server, args.seconds).await {
        Err(error) => findings.push(rules::unreachable(&error.to_string())),
        Ok(None) => findings.push(rules::no_swarm(args.seconds)),
        Ok(Some(counts)) => findings.extend(rules::sources(&counts, wall())),
    }
    findings
}

/// An error with its reasons.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        let _ = write!(text, ": {reason}");
        source = reason.source();
    }
    text
}

/// What the swarm tells of its senders next; `None` if it says nothing in time.
async fn accounts(
    server: NatsConfig,
    seconds: u64,
) -> Result<Option<BTreeMap<String, Counts>>, Failure> {
    let config = TapConfig {
        subjects: vec![SOURCES.to_owned()],
        stream: None,
        durable: String::new(),
        queue: 16,
    };
    let mut tap = NatsTap::open(server, IDENTITY, config).await?;
    let told = async {
        while let Some(delivery) = tap.next().await {
            if let Ok(counts) = serde_json::from_slice::<SourceCounts>(&delivery.payload) {
                return Some(counts.sources);
            }
        }
        None
    };
    let told = tokio::time::timeout(Duration::from_secs(seconds), told).await;
    Ok(told.unwrap_or(None))
}
