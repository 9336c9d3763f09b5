//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_evaluation::trial::Policy;
use zizhi_types::FaultKind;

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
    /// Replay labelled public telemetry through the detector; score it beside simple methods and published figures.
    Anomaly(EvalAnomalyArgs),
    /// List the scenarios of a suite: network, what makes each hard, domains, title.
    Scenarios(EvalScenariosArgs),
    /// Make new scenarios from a seed; each is checked by simulation before it is written.
    Generate(EvalGenerateArgs),
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
    /// Scenarios that the swarm lives through before it is measured; they are generated and of no suite. Without
    /// practice learning has nothing to show.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub practice: u32,
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

/// Flags of `eval anomaly`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval anomaly data/anomaly\n  zizhi eval anomaly data/anomaly --only router --report anomaly.html\n  zizhi eval anomaly data/anomaly --json | jq .macro.vus_pr\n\nThe folder has manifest.csv (id, group, file, rows, channels, train_rows, interval_s, vus_window, sha256_csv) and for\nevery line of it a CSV file, plain or packed with gzip: timestamp, the channels, label."
)]
pub struct EvalAnomalyArgs {
    /// The folder with manifest.csv.
    pub dir: PathBuf,
    /// Only the series of this group.
    #[arg(long)]
    pub only: Option<String>,
    /// Series side by side; the figures do not depend on it.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Write the scores and own alarms here, one CSV a series.
    #[arg(long)]
    pub scores: Option<PathBuf>,
    /// Write a page with tables, and curves of the worst and best series of each group.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Print one JSON object: macro, groups, series, methods, published.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `eval scenarios`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval scenarios\n  zizhi eval scenarios --suite smoke --json\n  zizhi eval scenarios --suite my-scenarios/ --lang zh"
)]
pub struct EvalScenariosArgs {
    /// A suite that comes with Zizhi (core, smoke), or a folder of scenarios.
    #[arg(long, default_value = "core")]
    pub suite: String,
    /// Print one scenario a line as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `eval generate`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval generate --network abilene --shape cross-domain --count 5 --seed 1 --out my-scenarios\n  zizhi eval generate --network all --shape all --count 20 --seed 7 --out my-scenarios --json\n\nEqual flags give equal files. Nothing is overwritten."
)]
pub struct EvalGenerateArgs {
    /// A built-in network, a network file, or `all` built-in ones in turn.
    #[arg(long, default_value = "all")]
    pub network: String,
    /// What makes them hard, for example single, cross-domain, silent; or `all` in turn.
    #[arg(long, default_value = "all")]
    pub shape: String,
    /// Wanted kind of the first fault, for example link-lossy. [default: drawn]
    #[arg(long)]
    pub fault: Option<FaultKind>,
    /// How many.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// The seed of the first; each further one has the next number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The folder that gets a folder per scenario.
    #[arg(long)]
    pub out: PathBuf,
    /// Print one line per scenario as JSON.
    #[arg(long)]
    pub json: bool,
}
