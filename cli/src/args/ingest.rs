//! Flags of `zizhi ingest`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_bus::decode::{Format, rfc3339};
use zizhi_types::NetTime;

/// Commands of `ingest`.
#[derive(Debug, Subcommand)]
pub enum IngestCommand {
    /// Show what a message of another system means here: what it measures, of which object, in which unit.
    Decode(DecodeArgs),
}

/// Flags of `ingest decode`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi ingest decode message.json\n  nats sub telemetry.> --count 1 --raw | zizhi ingest decode -\n  zizhi ingest decode --format syslog --mapping my-rules/ router.log\n\nPrints one JSON line for each measurement, state, event and alarm; what could not be read goes to standard error.\nA count becomes a rate where the file has an earlier one of it, else it is printed as it came, with \"counter\":true.\n\nExit codes: 0 all was read; 1 failed; 2 wrong command line; 3 something could not be read"
)]
pub struct DecodeArgs {
    /// The message, or a file of messages: one document, one a line, or one after the other; - is standard input.
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// gnmic-event, telegraf-line, telegraf-json, otlp-metrics, otlp-logs, otlp-traces, remote-write-v1, remote-write-v2,
    /// alertmanager, grafana, syslog, cloudevents, vector, zizhi; auto finds out.
    #[arg(long, default_value = "auto")]
    pub format: Format,
    /// Mapping rules of your own, a folder of *.yaml: they are asked before the shipped ones.
    #[arg(long, value_name = "DIR")]
    pub mapping: Option<PathBuf>,
    /// When the message was received, for what has no time or no year of its own. [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = received)]
    pub received: Option<NetTime>,
}

fn received(text: &str) -> Result<NetTime, String> {
    rfc3339(text)?.ok_or_else(|| "write a time after 1970".to_owned())
}
