//! Flags of `zizhi doctor`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Flags of `doctor`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi doctor\n  zizhi doctor --config zizhi.toml --json\n  zizhi doctor --bus nats://127.0.0.1:4222 --seconds 12\n\nNothing is changed anywhere. A running swarm tells the accounts of its senders every ten seconds.\n\nExit codes: 0 nothing is wrong; 1 failed; 2 wrong command line; 3 something is wrong"
)]
pub struct DoctorArgs {
    /// The configuration. [default: zizhi.toml, if it is there]
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// A NATS server. [default: that of the configuration; without one the bus is not looked at]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// The folder where journals are written.
    #[arg(long, default_value = "zizhi-runs")]
    pub journals: PathBuf,
    /// How long to wait for a running swarm to tell the accounts of its senders.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}
