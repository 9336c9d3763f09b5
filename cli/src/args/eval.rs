//! Flags of `zizhi eval`.

use clap::Subcommand;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {}
