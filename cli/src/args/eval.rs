//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Name the root causes of recorded public cases, and score the answers beside published methods.
    Rca(EvalRcaArgs),
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
