//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Compute two published experiments again and check every claim of theirs.
    Papers(EvalPapersArgs),
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
