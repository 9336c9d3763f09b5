//! The command line of `replay`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_bus::decode::Format;

/// Flags of `replay`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  zizhi replay zizhi-runs/demo-1.zrec\n  zizhi replay zizhi-runs/demo-1.zrec --against zizhi-runs/demo-1.jsonl\n  zizhi replay telemetry.jsonl --network abilene --mapping rules/\n  zizhi replay export inc-transport-1 --output inc-transport-1.zrec\n\nExit codes: 0 replayed; 1 failed; 3 it went otherwise than --against, or wanted an action that is not in the recording"
)]
pub struct ReplayArgs {
    /// Cut an incident out of a recording.
    #[command(subcommand)]
    pub command: Option<ReplayCommand>,
    /// A recording (.zrec), or a file of telemetry in any format that `zizhi ingest decode` reads. [default: the recording
    /// beside the newest journal in zizhi-runs/]
    pub file: Option<PathBuf>,
    /// The format of a file that is no recording.
    #[arg(long, default_value = "auto")]
    pub format: Format,
    /// What a file that is no recording is about: a built-in network, a network file or a topology.
    #[arg(long, default_value = "metro")]
    pub network: String,
    /// Mapping rules beside the shipped ones, for a file that is no recording.
    #[arg(long, value_name = "DIR")]
    pub mapping: Option<PathBuf>,
    /// Seconds of network time in one second; 0 is as fast as possible.
    #[arg(long, default_value_t = 0.0, value_parser = super::speed, allow_negative_numbers = true)]
    pub speed: f64,
    /// Keep the replay's own journal here; without it none is kept.
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Compare with the decisions in this journal.
    #[arg(long, value_name = "JOURNAL")]
    pub against: Option<PathBuf>,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// Print JSON lines: every decision, then the summary.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `replay`.
#[derive(Debug, Subcommand)]
pub enum ReplayCommand {
    /// Cut a recording after an incident, to hand it on. What came before stays in it: the detectors learnt from it.
    Export(ReplayExportArgs),
}

/// Flags of `replay export`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi replay export inc-transport-1 --journal zizhi-runs/demo-1.jsonl --output inc-transport-1.zrec"
)]
pub struct ReplayExportArgs {
    /// The incident, as `zizhi incidents` lists it.
    pub incident: String,
    /// The journal that has it. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// The recording of the same run. [default: beside the journal, as .zrec]
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,
    /// Write here.
    #[arg(long, short)]
    pub output: PathBuf,
}
