//! Flags of `run`.

use super::ModeArg;
use clap::Args as ClapArgs;
use std::path::PathBuf;
use zizhi_types::Domain;

/// Flags of `run`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi run --config zizhi.toml\n  zizhi run --domain transport --bus nats://127.0.0.1:4222 --network metro --data /var/lib/zizhi\n\nA flag wins over the file. Stop it with ctrl-c or SIGTERM; started again with the same data folder, it goes on where it stood."
)]
pub struct RunArgs {
    /// Settings, a TOML file (see docs/run.md); unknown keys are refused.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Look after this domain only: transport, compute, service or access. May be given more than once. [default: all]
    #[arg(long, value_parser = domain)]
    pub domain: Vec<Domain>,
    /// Meet the other processes on this NATS server. [default: all domains in this process, no server]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// What is looked after: a built-in network, a network file (.yaml) or a topology (.json).
    #[arg(long)]
    pub network: Option<String>,
    /// Folder for the journal and the keys. [default: zizhi-data]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// The highest mode that playbooks may run in. [default: suggest]
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Whose time counts: wall, or bus where a simulated network tells the time. [default: wall]
    #[arg(long, value_enum)]
    pub clock: Option<ClockArg>,
    /// Print JSON lines: what was started, then every record.
    #[arg(long)]
    pub json: bool,
}

/// Whose time counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockArg {
    /// This machine's.
    #[default]
    Wall,
    /// Whoever publishes it on the bus.
    Bus,
}

fn domain(text: &str) -> Result<Domain, String> {
    text.parse()
        .map_err(|e: zizhi_types::domain::UnknownDomain| e.to_string())
}
