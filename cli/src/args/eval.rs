//! Flags of `zizhi eval`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_types::FaultKind;

/// Commands of `eval`.
#[derive(Debug, Subcommand)]
pub enum EvalCommand {
    /// List the scenarios of a suite: network, what makes each hard, domains, title.
    Scenarios(EvalScenariosArgs),
    /// Make new scenarios from a seed; each is checked by simulation before it is written.
    Generate(EvalGenerateArgs),
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
