//! Flags of `zizhi score`.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use zizhi_evaluation::autonomy::Flow;

/// Flags of `score`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi score --journal zizhi-runs/demo-1.jsonl\n  zizhi score --journal night/ --scenario transport --flow fault-management --csv rows.csv --report score.html\n  zizhi score --actors rows.csv\n  zizhi score --levels \"A2 B2 C4 D4 E3 F2 G3 H3 I3 J3 K3\"\n\nExit codes: 0 done; 1 failed; 3 a task was done above the ceiling of its object's class"
)]
pub struct ScoreArgs {
    /// A journal, or a folder: all its *.jsonl. May be given more than once. [default: the newest in zizhi-runs/]
    #[arg(long)]
    pub journal: Vec<PathBuf>,
    /// Count only incidents of this domain or fault. May be given more than once; all is everything.
    #[arg(long, value_name = "all|DOMAIN|FAULT")]
    pub scenario: Vec<String>,
    /// fault-management or network-optimisation. [default: both]
    #[arg(long)]
    pub flow: Option<Flow>,
    /// Weights, thresholds and classes of your own, a YAML file; unknown keys are refused.
    #[arg(long, value_name = "FILE")]
    pub instrument: Option<PathBuf>,
    /// Divide the scenario by this, all parts weighing the same. [default: as the instrument says]
    #[arg(long, value_enum)]
    pub by: Option<ByArg>,
    /// Incidents in which there was no fault, one a line, or an evaluation's results: the journal alone cannot know.
    #[arg(long, value_name = "FILE")]
    pub false_actions: Option<PathBuf>,
    /// Score a damaged journal up to its first damage, and say so.
    #[arg(long)]
    pub allow_damaged: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Write the evidence here: one row per incident and task, for checking by hand.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a page here on which every figure opens its evidence.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Score such a table of evidence alone, without a journal: change a cell and see what it does.
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["journal", "false_actions", "allow_damaged", "report"])]
    pub actors: Option<PathBuf>,
    /// Compute both methods for these task levels, and nothing else.
    #[arg(long, value_name = "\"A2 B2 ...\"", conflicts_with_all = ["journal", "actors", "scenario", "by", "csv", "report", "false_actions", "allow_damaged"])]
    pub levels: Option<String>,
}

/// What a scenario is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ByArg {
    /// The suspect's domain.
    Domain,
    /// The fault ranked first.
    Fault,
}
