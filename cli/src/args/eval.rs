//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// Replay labelled public telemetry through the detector; score it beside simple methods and published figures.
    Anomaly(EvalAnomalyArgs),
}

/// Flags of `eval anomaly`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  zizhi eval anomaly data/anomaly\n  zizhi eval anomaly data/anomaly --only router --report anomaly.html\n  zizhi eval anomaly data/anomaly --json | jq .macro.vus_pr\n\nThe folder has manifest.csv (id, group, file, rows, channels, train_rows, interval_s, vus_window, sha256_csv) and for every line of it a CSV file, plain or packed with gzip: timestamp, the channels, label."
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
