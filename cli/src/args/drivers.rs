//! Flags of `drivers`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;
use zizhi_types::{ManagedObject, Verb};

/// Commands of `drivers`.
#[derive(Debug, Subcommand)]
pub enum DriversCommand {
    /// Check drivers files. Exit code 0: all good; 3: errors.
    #[command(after_help = "Example: zizhi drivers check drivers.yaml --json")]
    Check {
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Show exactly what would be read and sent for one action. Nothing is: there is nothing in reach that could.
    Try(DriversTryArgs),
}

/// Flags of `drivers try`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example: zizhi drivers try drivers.yaml --verb link.set-cost --on link/A-B --set cost=100 --dry-run\n\nExit codes: 0 shown; 1 the file cannot be used; 3 no driver does it"
)]
pub struct DriversTryArgs {
    /// The drivers file.
    pub file: PathBuf,
    /// The action, for example link.set-cost.
    #[arg(long, value_parser = verb)]
    pub verb: Verb,
    /// The object, for example link/A-B.
    #[arg(long, value_parser = object)]
    pub on: ManagedObject,
    /// A parameter, as name=value. May be given more than once.
    #[arg(long, value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Only show it. That is all this command ever does; the flag says so where the command is written down.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `sandbox-exec`.
#[derive(Debug, ClapArgs)]
pub struct SandboxExecArgs {
    /// What is run inside, as JSON.
    pub spec: String,
}

fn verb(text: &str) -> Result<Verb, String> {
    text.parse()
        .map_err(|e: zizhi_types::action::UnknownVerb| e.to_string())
}

fn object(text: &str) -> Result<ManagedObject, String> {
    text.parse()
        .map_err(|e: zizhi_types::object::BadObject| e.to_string())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}
