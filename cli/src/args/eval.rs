//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_evaluation::trial::Policy;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Play scenarios with the swarm, without parts of it, and with what operators have today; score every stage.
    Run(EvalRunArgs),
    /// Play a suite round after round with learning on, beside a swarm that remembers nothing.
    Learn(EvalLearnArgs),
    /// Compute two published experiments again and check every claim of theirs.
    Papers(EvalPapersArgs),
    /// Name the root causes of recorded public cases, and score the answers beside published methods.
    Rca(EvalRcaArgs),
}

/// Flags of `eval learn`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval learn --suite smoke --rounds 3\n  zizhi eval learn my-scenarios/ --json\n\nEvery other scenario is an old task, the rest are new ones: old ones for some rounds, new ones, old ones again."
)]
pub struct EvalLearnArgs {
    /// A folder of scenarios.
    #[arg(conflicts_with = "suite")]
    pub dir: Option<PathBuf>,
    /// A shipped suite (smoke, core), or a folder of scenarios.
    #[arg(long, default_value = "smoke")]
    pub suite: String,
    /// Rounds with the old tasks, and as many with the new ones; then the old ones come back for one.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub rounds: u32,
    /// Trials side by side. [default: the number of processors]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Where journals, results and the report go. [default: zizhi-runs/learn-SUITE]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Print one round a line, as JSON.
    #[arg(long)]
    pub json: bool,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// Swarm settings, a YAML file; unknown keys are refused.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// Flags of `eval run`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval run --suite smoke\n  zizhi eval run --suite core --seeds 3 --jobs 2\n  zizhi eval run my-scenarios/ --policy zizhi --json | head -n 1\n\nAn interrupted run goes on where it stopped when it is started again with the same flags."
)]
pub struct EvalRunArgs {
    /// A folder of scenarios, or of one.
    #[arg(conflicts_with = "suite")]
    pub dir: Option<PathBuf>,
    /// A shipped suite (smoke, core), or a folder of scenarios.
    #[arg(long, default_value = "smoke")]
    pub suite: String,
    /// Play each scenario so many times, with other noise each time; from 3 on pass^3 is told.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub seeds: u32,
    /// Only this policy. May be given more than once. [default: all]
    #[arg(long)]
    pub policy: Vec<Policy>,
    /// Trials side by side. [default: the number of processors]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Leave the doubles out, in which nothing is wrong.
    #[arg(long)]
    pub no_doubles: bool,
    /// Where journals, results and the report go. [default: zizhi-runs/eval-SUITE]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Print one result a line, then the summary, as JSON.
    #[arg(long)]
    pub json: bool,
    /// Take playbooks from this folder instead of the shipped ones.
    #[arg(long)]
    pub playbooks: Option<PathBuf>,
    /// Swarm settings, a YAML file; unknown keys are refused.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// Flags of `eval papers`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval papers\n  zizhi eval papers --report papers.html --lang zh\n  zizhi eval papers --json --seed 7\n\nPapers: DOI 10.11959/j.issn.1000-436x.2025160 (URL-path routing against anycast) and 10.11959/j.issn.1000-436x.2025169\n(state entropy and matching).\n\nExit codes: 0 every claim met; 3 a claim is not met (the last line names it)"
)]
pub struct EvalPapersArgs {
    /// Print one claim a line, as JSON.
    #[arg(long)]
    pub json: bool,
    /// Write a page with the curves, the evidence of every claim and the readings of the papers.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Equal seeds give equal figures; moves the random arrivals and where users sit.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Flags of `eval rca`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval rca data/rca\n  zizhi eval rca data/rca --set petshop --report petshop.html\n  zizhi eval rca data/rca --json | jq .macro\n  zizhi eval rca data/rca --score their-answers.jsonl\n\nAn answer is one JSON object a line: {\"id\": CASE, \"nodes\": [best first], \"metrics\": [\"node|metric\", best first], \"ms\": MILLISECONDS}; for incidents also \"change\" (a commit or \"none\"), for alarm networks \"edges\" ([[cause, effect], ...])."
)]
pub struct EvalRcaArgs {
    /// The folder of the data sets; each has a truth.jsonl and its cases.
    pub dir: PathBuf,
    /// Print everything as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Only this data set.
    #[arg(long, value_name = "NAME")]
    pub set: Option<String>,
    /// Write our answers here, one JSON object a line.
    #[arg(long, value_name = "FILE", conflicts_with = "score")]
    pub predictions: Option<PathBuf>,
    /// Write a page with all tables here.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Score these answers instead of ours.
    #[arg(long, value_name = "PREDICTIONS.jsonl")]
    pub score: Option<PathBuf>,
}
