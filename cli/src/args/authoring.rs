//! Flags of the author's loop: `playbook new`, `test`, `try`, `rehearse`, `diff`, `export`, `import`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_types::{Domain, FaultKind, ManagedObject};

/// Flags of `playbook new`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi playbook new transport.my-drain --fault link-lossy\n  zizhi playbook new service.mine --domain service --output mine.yaml\n\nExit codes: 0 written; 1 the file exists already, or there is no such beginning"
)]
pub struct NewArgs {
    /// The playbook's id: small letters, digits, dots and dashes.
    pub id: String,
    /// Whose executor will run it. [default: the one that the id begins with]
    #[arg(long, value_parser = domain)]
    pub domain: Option<Domain>,
    /// The fault that it is a remedy for.
    #[arg(long, value_parser = fault)]
    pub fault: Option<FaultKind>,
    /// The file to write; one that exists is never overwritten. [default: ID.yaml]
    #[arg(long, short)]
    pub output: Option<PathBuf>,
}

/// Flags of `playbook test`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi playbook test playbooks/catalog\n\nExit codes: 0 all passed; 3 a test failed, or a file is refused by the checker"
)]
pub struct TestArgs {
    /// Files or folders.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Print JSON lines, one a file.
    #[arg(long)]
    pub json: bool,
}

/// A situation on the command line.
#[derive(Debug, ClapArgs)]
pub struct SituationArgs {
    /// The suspected fault, for example link-lossy.
    #[arg(long, value_parser = fault)]
    pub fault: Option<FaultKind>,
    /// The suspected object, for example link/A-C.
    #[arg(long, value_parser = object)]
    pub on: Option<ManagedObject>,
    /// sample (three routers), a built-in network (metro, geant, abilene, county, village) or a network file.
    #[arg(long, default_value = "sample")]
    pub network: String,
    /// What is measured: METRIC=VALUE of the suspect, or OBJECT/METRIC=VALUE. May be given more than once. [default: the usual
    /// signs of the fault]
    #[arg(long, value_name = "WHAT=VALUE", value_parser = setting)]
    pub set: Vec<(String, f64)>,
    /// Probability of the suspected cause, 0 to 1.
    #[arg(long, default_value_t = 0.9)]
    pub probability: f64,
}

impl SituationArgs {
    /// Nothing was said: the situation of the file is meant, where it names one.
    pub fn is_empty(&self) -> bool {
        self.fault.is_none() && self.on.is_none() && self.set.is_empty() && self.network == "sample"
    }
}

/// Flags of `playbook try`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi playbook try --fault link-lossy --on link/A-C --set port.error_ratio=0.05\n  zizhi playbook try --from zizhi-runs/demo-1.jsonl --incident inc-transport-1 --network metro\n\nExit codes: 0 at least one playbook fits; 3 none does"
)]
pub struct TryArgs {
    /// The situation.
    #[command(flatten)]
    pub situation: SituationArgs,
    /// Take fault, object, probability and measured values from this journal.
    #[arg(long, value_name = "JOURNAL", requires = "incident", conflicts_with_all = ["fault", "on"])]
    pub from: Option<PathBuf>,
    /// The incident in the journal.
    #[arg(long, requires = "from")]
    pub incident: Option<String>,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// How long the symptoms have lasted, for example `30s`; without it, as long as any playbook waits for.
    #[arg(long, value_name = "DURATION")]
    pub lasted: Option<String>,
    /// Print JSON lines, one a playbook.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `playbook rehearse`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi playbook rehearse playbooks/catalog\n  zizhi playbook rehearse playbooks/catalog/transport.link.drain.yaml\n  zizhi playbook rehearse playbooks/catalog/transport.link.drain.yaml --on link/A-C\n  zizhi playbook rehearse mine.yaml --on link/C1-C2 --network metro --set port.error_ratio=0.02\n\nNothing is changed: the twin is a model in this process.\nWithout --on the situation under `rehearsal:` in the file is taken.\nExit codes: 0 it helps or changes nothing for the worse, and keeps what its file promises; 3 otherwise, or where it does not fit"
)]
pub struct RehearseArgs {
    /// The playbook file, or a folder of them, each in its own situation.
    pub file: PathBuf,
    /// The situation.
    #[command(flatten)]
    pub situation: SituationArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `playbook diff`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi playbook diff old.yaml new.yaml\n\nExit codes: 0 nothing is looser; 3 something is looser, look twice"
)]
pub struct DiffArgs {
    /// The file before.
    pub old: PathBuf,
    /// The file after.
    pub new: PathBuf,
    /// Print JSON lines, one a change.
    #[arg(long)]
    pub json: bool,
}

/// Commands of `playbook export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// As OASIS CACAO 2.0 JSON.
    #[command(
        after_help = "Example: zizhi playbook export cacao playbooks/catalog/transport.link.drain.yaml --output drain.json"
    )]
    Cacao(ForeignArgs),
}

/// Commands of `playbook import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// From OASIS CACAO 2.0 JSON. A file of another maker becomes a draft in observe mode.
    #[command(
        after_help = "Example: zizhi playbook import cacao drain.json --output drain.yaml\n\nExit codes: 0 it passes the checker; 3 it is a draft with work left for you"
    )]
    Cacao(ForeignArgs),
}

/// A file in, a file out.
#[derive(Debug, ClapArgs)]
pub struct ForeignArgs {
    /// The file to read.
    pub file: PathBuf,
    /// The file to write; one that exists is never overwritten. [default: standard output]
    #[arg(long, short)]
    pub output: Option<PathBuf>,
}

fn domain(text: &str) -> Result<Domain, String> {
    text.parse::<Domain>().map_err(|e| e.to_string())
}

fn fault(text: &str) -> Result<FaultKind, String> {
    text.parse::<FaultKind>().map_err(|e| e.to_string())
}

fn object(text: &str) -> Result<ManagedObject, String> {
    text.parse::<ManagedObject>().map_err(|e| e.to_string())
}

fn setting(text: &str) -> Result<(String, f64), String> {
    let bad = || format!("`{text}` sets nothing: write port.error_ratio=0.05");
    let (what, value) = text.split_once('=').ok_or_else(bad)?;
    let value = value.trim().parse::<f64>().map_err(|_| bad())?;
    Ok((what.trim().to_owned(), value))
}

/// Commands of `playbook rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Check rule files together. Exit code 0: all good; 3: errors.
    #[command(after_help = "Example: zizhi playbook rules check shared.yaml link-rules.yaml")]
    Check {
        /// Rule files; those that are included are given too.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Say what follows from standing alarms.
    Try(RulesTryArgs),
}

/// Flags of `playbook rules try`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi playbook rules try link-rules.yaml --alarm link-down@link/A-C --alarm adjacency-lost@port/A:A-C\n\nExit codes: 0 something follows; 3 nothing does, or a file is refused"
)]
pub struct RulesTryArgs {
    /// Rule files; those that are included are given too.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// sample (three routers), a built-in network (metro, geant, abilene, county, village) or a network file.
    #[arg(long, default_value = "sample")]
    pub network: String,
    /// A standing alarm. May be given more than once.
    #[arg(long, value_name = "ALARM@OBJECT", value_parser = standing)]
    pub alarm: Vec<(String, ManagedObject)>,
    /// A standing state. May be given more than once.
    #[arg(long, value_name = "STATE@OBJECT", value_parser = standing)]
    pub state: Vec<(String, ManagedObject)>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

fn standing(text: &str) -> Result<(String, ManagedObject), String> {
    let (kind, named) = text
        .split_once('@')
        .filter(|(kind, _)| !kind.is_empty())
        .ok_or_else(|| format!("`{text}` names no alarm: write link-down@link/A-C"))?;
    Ok((kind.to_owned(), object(named)?))
}
