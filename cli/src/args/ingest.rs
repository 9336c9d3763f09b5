//! Flags of `zizhi ingest`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use zizhi_bus::decode::{Format, rfc3339};
use zizhi_types::NetTime;

/// Commands of `ingest`.
#[derive(Debug, Subcommand)]
pub enum IngestCommand {
    /// Show what a message of another system means here: what it measures, of which object, in which unit.
    Decode(DecodeArgs),
    /// Listen as the swarm would, and show live what arrives and what it means here. Nothing is published.
    Try(TryArgs),
}

/// Flags of `ingest try`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi ingest try --http 127.0.0.1:4318 --syslog 127.0.0.1:5514\n  zizhi ingest try --bus nats://127.0.0.1:4222 --subject 'telemetry.>' --count 20 -o table\n  zizhi ingest try --config zizhi.toml --seconds 30 -o json\n\nA column says whether a mapping rule fits, and the last one what is missing.\n\nExit codes: 0 something arrived; 1 failed; 2 wrong command line; 3 nothing arrived"
)]
pub struct TryArgs {
    /// Listen to what the tables [ingest] and [bus] of this file say.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Listen for OTLP, remote write, Alertmanager, Grafana and everything else over HTTP here.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Listen for syslog here, over UDP and TCP.
    #[arg(long, value_name = "ADDR")]
    pub syslog: Option<SocketAddr>,
    /// A NATS server. [default: that of the configuration, else port 4222 of this machine]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// A subject or pattern on that server, such as telemetry.>. May be given more than once.
    #[arg(long)]
    pub subject: Vec<String>,
    /// The format on those subjects; auto finds out message by message.
    #[arg(long, default_value = "auto")]
    pub format: Format,
    /// Mapping rules of your own, a folder of *.yaml: they are asked before the shipped ones.
    #[arg(long, value_name = "DIR")]
    pub mapping: Option<PathBuf>,
    /// Stop after so many rows.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub count: u32,
    /// Stop after so many seconds. [default: when there are enough rows, or Ctrl-C]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: Option<u64>,
    /// How rows are printed.
    #[arg(short, long, value_enum, default_value_t = OutputArg::Table)]
    pub output: OutputArg,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputArg {
    /// Columns for people.
    Table,
    /// One JSON object a line.
    Json,
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
