//! The command line: every command, flag and example in one place.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
pub mod authoring;
pub mod doctor;
pub mod drivers;
pub mod eval;
pub mod guard;
pub mod ingest;
pub mod replay;
pub mod run;
pub mod score;

pub use doctor::DoctorArgs;
pub use drivers::{DriversCommand, SandboxExecArgs};
pub use eval::EvalCommand;
pub use ingest::IngestCommand;
pub use replay::{ReplayArgs, ReplayCommand, ReplayExportArgs};
pub use score::ScoreArgs;
use std::path::PathBuf;
use zizhi_types::FaultKind;
use zizhi_types::plan::Mode;
use zizhi_types::text::Language;

/// Zizhi (自智): a swarm of agents that looks after a computing power network.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Example: zizhi demo --network metro --incidents 6\n\nExit codes: 0 done; 1 failed; 2 wrong command line; 3 a check found something"
)]
pub struct Args {
    /// Language of what is printed for people: en or zh.
    #[arg(long, global = true, default_value = "en", value_parser = language)]
    pub lang: Language,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch the swarm find, explain, agree on, rehearse, fix and verify faults in a simulated network.
    Demo(DemoArgs),
    /// Run the swarm, or the agents of some domains, on a network: one process, or one per domain over NATS.
    Run(run::RunArgs),
    /// Real FRR routers in network namespaces on this machine.
    #[command(
        subcommand,
        after_help = "Example: zizhi lab doctor && zizhi lab run --fault wrong-cost"
    )]
    Lab(LabCommand),
    /// List the incidents of a journal.
    Incidents(JournalArgs),
    /// Tell an incident from its action back to the raw telemetry message, or what a lint code means.
    Explain(ExplainArgs),
    /// Live through a recording again with a fresh swarm and no network.
    Replay(ReplayArgs),
    /// List the plans that wait for a yes.
    Approvals(guard::ApprovalsArgs),
    /// Say yes to a plan that waits, over the bus of a running swarm.
    Approve(guard::AnswerArgs),
    /// Say no to a plan that waits, over the bus of a running swarm.
    Reject(guard::AnswerArgs),
    /// Press or release the kill switch: while it is on, no step is begun.
    #[command(
        subcommand,
        after_help = "Example: zizhi kill on --by noc-on-call --reason \"storm of changes\""
    )]
    Kill(guard::KillCommand),
    /// Read and check what the operator allows over all playbooks.
    #[command(subcommand, after_help = "Example: zizhi policy check policy.yaml")]
    Policy(guard::PolicyCommand),
    /// Check journals.
    #[command(subcommand, after_help = "Example: zizhi audit verify")]
    Audit(AuditCommand),
    /// Read and check playbooks.
    #[command(subcommand, after_help = "Example: zizhi playbook list")]
    Playbook(PlaybookCommand),
    /// Check what changes the network, and show what exactly it would do.
    #[command(subcommand, after_help = "Example: zizhi drivers check drivers.yaml")]
    Drivers(DriversCommand),
    /// Show a journal's incidents in the browser, live.
    Dashboard(DashboardArgs),
    /// Search playbooks and past incidents, in English or Chinese.
    Search(SearchArgs),
    /// Compute an autonomy level from what really happened.
    Score(ScoreArgs),
    /// Measure how good the swarm is: scenarios, baselines, ablations, public data sets, published experiments.
    #[command(subcommand, after_help = "Example: zizhi eval run --suite smoke")]
    Eval(EvalCommand),
    /// What other systems send: telemetry, log lines, alerts.
    #[command(subcommand, after_help = "Example: zizhi ingest decode message.json")]
    Ingest(IngestCommand),
    /// Say what is wrong with the configuration, the bus and the senders, and what to do.
    Doctor(DoctorArgs),
    /// A process of the lab; started by the lab itself.
    #[command(hide = true)]
    LabWorker(LabWorkerArgs),
    /// The inside of a command's sandbox; started by the command driver itself.
    #[command(hide = true)]
    SandboxExec(SandboxExecArgs),
}

/// Flags of `demo`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi demo\n  zizhi demo --network geant --seed 7 --fault link-lossy\n  zizhi demo --incidents 40 --json | tail -n 1\n  zizhi demo --memory zizhi-runs/demo-1.jsonl"
)]
pub struct DemoArgs {
    /// A built-in network (abilene, geant, metro, county, village), a network file (.yaml) or a topology (.json).
    #[arg(long, default_value = "metro")]
    pub network: String,
    /// Faults to inject; a double that needs no action comes after every second one.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub incidents: u32,
    /// Chooses the order of faults, where they strike, and all noise.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Seconds of network time in one second; 0 is as fast as possible. [default: 60, with --json 0]
    #[arg(long, value_parser = speed, allow_negative_numbers = true)]
    pub speed: Option<f64>,
    /// Inject only this kind of fault. May be given more than once.
    #[arg(long, value_parser = fault)]
    pub fault: Vec<FaultKind>,
    /// Where the dashboard listens while the demo runs. [default: 127.0.0.1 and a free port; with --json none]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    /// Without the dashboard.
    #[arg(long, conflicts_with = "listen")]
    pub no_dashboard: bool,
    /// Keep the dashboard after the last fault, until Ctrl-C. [default: where the output is a terminal]
    #[arg(long, conflicts_with = "no_dashboard")]
    pub stay: bool,
    /// The highest mode that playbooks may run in; approve asks on the dashboard, without one on the terminal.
    #[arg(long, value_enum, default_value_t = ModeArg::Auto)]
    pub mode: ModeArg,
    /// Print JSON lines: every record, every result, then the summary.
    #[arg(long)]
    pub json: bool,
    /// Write the journal here. [default: the next free file in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Sign the journal with the key in this folder, which is made at first use.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Record here what enters the swarm, for `zizhi replay`. [default: beside the journal, as .zrec]
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Record nothing.
    #[arg(long, conflicts_with = "record")]
    pub no_record: bool,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// Swarm settings, a YAML file; unknown keys are refused.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Simulate the network only, for agents that run elsewhere on this NATS server (`zizhi run --clock bus`).
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// With --bus: longest wait, in ms, for the agents at one moment of network time; one that was lost is not waited for longer.
    #[arg(long, value_name = "MS", default_value_t = 2_000, requires = "bus", value_parser = clap::value_parser!(u64).range(100..=3_600_000))]
    pub patience: u64,
    /// Begin with what the run in this journal taught. May be given more than once, the oldest run first.
    #[arg(long, value_name = "JOURNAL")]
    pub memory: Vec<PathBuf>,
}

/// Modes on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Log what would be done.
    Observe,
    /// Propose only.
    Suggest,
    /// Ask before every plan.
    Approve,
    /// Act.
    Auto,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Observe => Self::Observe,
            ModeArg::Suggest => Self::Suggest,
            ModeArg::Approve => Self::Approve,
            ModeArg::Auto => Self::Auto,
        }
    }
}

/// Which journal.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example: zizhi incidents --journal zizhi-runs/demo-1.jsonl --json")]
pub struct JournalArgs {
    /// The journal, or a folder with the journals of a swarm's processes. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Print JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `explain`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi explain inc-transport-1\n  zizhi explain inc-service-2 --lang zh\n  zizhi explain ZP017"
)]
pub struct ExplainArgs {
    /// The incident, for example inc-transport-1; `zizhi incidents` lists them. Or a code of `zizhi playbook lint`: ZP017.
    pub incident: String,
    /// Which journal.
    #[command(flatten)]
    pub journal: JournalArgs,
}

/// Commands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Find any changed, dropped, swapped or cut record. Exit code 0: whole; 3: damaged.
    Verify(AuditArgs),
}

/// Flags of `audit verify`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi audit verify zizhi-runs/demo-1.jsonl\n  zizhi audit verify /var/lib/zizhi/journal --keys /etc/zizhi/keys\n\nSignatures prove something only if the keys are kept where the swarm cannot change them."
)]
pub struct AuditArgs {
    /// The journal, or a folder with the journals of a swarm's processes. [default: the newest in zizhi-runs/]
    pub file: Option<PathBuf>,
    /// A folder with the public keys (*.pub) that may sign; then a journal without signatures counts as damaged.
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `playbook`.
#[derive(Debug, Subcommand)]
pub enum PlaybookCommand {
    /// List the playbooks that are loaded.
    List(PlaybookListArgs),
    /// Check playbook files. Exit code 0: no errors; 3: errors.
    #[command(
        after_help = "Examples:\n  zizhi playbook lint playbooks/catalog\n  zizhi playbook lint my-playbooks -o sarif > lint.sarif\n\nFiles that are named together are also checked against each other. What a code means: zizhi explain ZP017"
    )]
    Lint(PlaybookLintArgs),
    /// Print the JSON Schema of a playbook file, for editors.
    #[command(after_help = "Example: zizhi playbook schema > playbook-v1.json")]
    Schema,
    /// Write a new playbook, commented, in observe mode, with two tests.
    New(authoring::NewArgs),
    /// Run the tests inside playbook files. Nothing outside this process is touched.
    Test(authoring::TestArgs),
    /// Say which playbooks a suspected cause would call, and why the others stay out.
    Try(authoring::TryArgs),
    /// Say on the twin what a playbook would do, and whether its undo undoes it.
    Rehearse(authoring::RehearseArgs),
    /// Say what changed in meaning between two versions, looser or tighter.
    Diff(authoring::DiffArgs),
    /// Write a playbook in another format.
    #[command(
        subcommand,
        after_help = "Example: zizhi playbook export cacao playbooks/catalog/transport.link.drain.yaml"
    )]
    Export(authoring::ExportCommand),
    /// Read a playbook from another format.
    #[command(
        subcommand,
        after_help = "Example: zizhi playbook import cacao drain.json"
    )]
    Import(authoring::ImportCommand),
    /// Show what a playbook has earned, and with --apply set it. Exit code 0: shown or set; 3: nothing was earned to set.
    Promote(guard::PromoteArgs),
    /// Rules beside playbooks: what follows from standing alarms and the topology.
    #[command(
        subcommand,
        after_help = "Example: zizhi playbook rules check rules.yaml"
    )]
    Rules(authoring::RulesCommand),
}

/// Flags of `playbook lint`.
#[derive(Debug, ClapArgs)]
pub struct PlaybookLintArgs {
    /// Files or folders.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(short, long, value_enum, default_value_t = LintOutput::Text)]
    pub output: LintOutput,
    /// Print JSON lines; the same as -o json.
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintOutput {
    /// For people: the line, a caret, the fix.
    Text,
    /// One JSON object a line.
    Json,
    /// A SARIF 2.1.0 log, for code hosts and editors.
    Sarif,
}

/// Flags of `playbook list`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi playbook list --json\n  zizhi playbook list --page > catalogue.md"
)]
pub struct PlaybookListArgs {
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// Print JSON lines.
    #[arg(long)]
    pub json: bool,
    /// Print the shipped playbooks as the page docs/catalogue.md.
    #[arg(long, conflicts_with_all = ["json", "playbooks"])]
    pub page: bool,
}

/// Flags of `dashboard`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi dashboard --journal zizhi-runs/demo-1.jsonl --listen 127.0.0.1:8080"
)]
pub struct DashboardArgs {
    /// The journal. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// The intended network, a built-in one's name or a file: the topology shows what is wrong on it.
    #[arg(long, value_name = "FILE")]
    pub network: Option<String>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,
    /// The swarm's NATS server: approvals and the kill switch are sent over it.
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
    /// The settings file of `zizhi run`: its bus and its data folder.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Flags of `search`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  zizhi search lossy link\n  zizhi search 丢包")]
pub struct SearchArgs {
    /// What to look for.
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Also search the incidents of this journal. [default: the newest in zizhi-runs/, if there is one]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Print JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `lab`.
#[derive(Debug, Subcommand)]
pub enum LabCommand {
    /// Say what this machine can and cannot do for the lab, by trying it.
    #[command(after_help = "Example: zizhi lab doctor --json")]
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Start the lab and leave it running.
    #[command(after_help = "Example: zizhi lab up && zizhi lab status")]
    Up,
    /// Show what is running.
    #[command(after_help = "Example: zizhi lab status --json")]
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove everything of the lab, also after a crash.
    #[command(after_help = "Example: zizhi lab down")]
    Down,
    /// Start the lab, inject a fault, let the swarm close the loop, and take the lab down.
    Run(LabRunArgs),
}

/// Flags of `lab run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example: zizhi lab run --fault wrong-cost")]
pub struct LabRunArgs {
    /// link-down, silent-cut, rate-cut, wrong-cost or service-down.
    #[arg(long)]
    pub fault: String,
    /// Ask before every plan, or only watch.
    #[arg(long, value_enum, default_value_t = ModeArg::Auto)]
    pub mode: ModeArg,
    /// Longest time in seconds for the swarm.
    #[arg(long, default_value_t = 180)]
    pub timeout_s: u64,
    /// Write the journal here. [default: the next free file in zizhi-runs/]
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Print JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of a lab process.
#[derive(Debug, ClapArgs)]
pub struct LabWorkerArgs {
    /// What to be.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

fn language(text: &str) -> Result<Language, String> {
    text.parse().map_err(|_| "write en or zh".to_owned())
}

fn fault(text: &str) -> Result<FaultKind, String> {
    text.parse::<FaultKind>().map_err(|e| e.to_string())
}

pub(crate) fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text
        .parse()
        .map_err(|_| "write a number, for example 60".to_owned())?;
    if speed.is_finite() && speed >= 0.0 {
        Ok(speed)
    } else {
        Err("write 0 or more".to_owned())
    }
}
