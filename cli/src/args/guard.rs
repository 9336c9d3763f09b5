//! Flags of what people say to the guards: approvals, the kill switch, the policy, earned autonomy.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Flags of `approvals`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi approvals --journal zizhi-data --json\n\nExit code 0, also when nothing waits."
)]
pub struct ApprovalsArgs {
    /// The journal, or a folder with the journals of a swarm's processes. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Print JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `approve` and `reject`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi approve plan-transport-3 --by noc-on-call --config zizhi.toml\n  zizhi reject plan-transport-3 --by noc-on-call --reason \"work on the other path\" --config zizhi.toml\n\nExit codes: 0 the answer was sent; 1 it was not. Whether it counted is in the journal: `zizhi approvals`."
)]
pub struct AnswerArgs {
    /// The plan, for example plan-transport-3; `zizhi approvals` lists them.
    pub plan: String,
    /// Who answers.
    #[arg(long)]
    pub by: String,
    /// Why.
    #[arg(long, default_value = "")]
    pub reason: String,
    /// The settings of the running swarm: its data folder and its bus.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The NATS server of the running swarm. [default: from the settings]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// Its journal, or the folder of its journals. [default: the data folder of the settings]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `kill`.
#[derive(Debug, Subcommand)]
pub enum KillCommand {
    /// Press it: no new step is begun, runs under way are taken back. Exit code 0: pressed.
    #[command(
        after_help = "Example: zizhi kill on --by noc-on-call --reason \"storm of changes\" --data zizhi-data"
    )]
    On(SwitchArgs),
    /// Release it. Exit code 0: released.
    #[command(
        after_help = "Example: zizhi kill off --by noc-on-call --reason \"the storm is over\" --data zizhi-data"
    )]
    Off(SwitchArgs),
    /// Say whether it is on. Exit codes: 0 off; 3 on.
    #[command(after_help = "Example: zizhi kill status --data zizhi-data")]
    Status(PlaceArgs),
    /// Close the breaker of a playbook that was rolled back too often, over the bus. Exit code 0: said.
    #[command(
        after_help = "Example: zizhi kill close-breaker transport.link.drain --by noc-on-call --reason \"cause found\" --config zizhi.toml"
    )]
    CloseBreaker {
        /// The playbook's id.
        playbook: String,
        /// Who, why and where.
        #[command(flatten)]
        args: SwitchArgs,
    },
}

/// Who and why.
#[derive(Debug, ClapArgs)]
pub struct SwitchArgs {
    /// Who.
    #[arg(long)]
    pub by: String,
    /// Why.
    #[arg(long)]
    pub reason: String,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Where the swarm is.
#[derive(Debug, ClapArgs)]
pub struct PlaceArgs {
    /// Its settings: the data folder and the bus.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Its data folder on this machine; the switch is the file kill.json there. [default: that of the settings]
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Its NATS server, which reaches every process. [default: that of the settings]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a policy file and say what it allows. Exit codes: 0 good; 3 errors.
    #[command(after_help = "Example: zizhi policy check policy.yaml")]
    Check {
        /// The file.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Flags of `playbook promote`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi playbook promote transport.link.drain --journal zizhi-data\n         zizhi playbook promote transport.link.drain --journal zizhi-data --apply --by noc-on-call"
)]
pub struct PromoteArgs {
    /// The playbook's id.
    pub id: String,
    /// The journal, or a folder with the journals of a swarm's processes. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// The operator's policy, whose classes set the ceiling.
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Only for the objects of this class of the policy.
    #[arg(long, requires = "policy")]
    pub class: Option<String>,
    /// The data folder, where autonomy.yaml is kept.
    #[arg(long, default_value = "zizhi-data")]
    pub data: PathBuf,
    /// Set the mode that was earned.
    #[arg(long, requires = "by")]
    pub apply: bool,
    /// Who sets it; not the playbook's owner.
    #[arg(long)]
    pub by: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
