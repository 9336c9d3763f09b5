//! One file a command.

mod approve;
mod audit;
mod console;
mod dashboard;
mod demo;
mod demo_desk;
mod doctor;
mod drivers;
mod elsewhere;
mod eval;
mod explain;
mod foreign;
mod incidents;
mod ingest;
mod kill;
mod lab;
mod mcp;
mod no_driver;
mod playbook;
mod policy;
mod replay;
mod run;
mod score;
mod search;
mod timeline;
mod user;

use crate::args::{Args, Command};
use crate::fail::Failure;
use std::process::ExitCode;

/// Exit code when a check found something wrong, as opposed to 1: the command itself failed.
pub const FOUND: u8 = 3;

/// Runs a command.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let lang = args.lang;
    match args.command {
        Command::Demo(demo) => demo::run(demo, lang),
        Command::Run(args) => run::run(args, lang),
        Command::Incidents(journal) => incidents::run(journal, lang),
        Command::Explain(explain) => explain::run(explain, lang),
        Command::Mcp(mcp) => mcp::run(mcp, lang),
        Command::Replay(replay) => replay::run(replay, lang),
        Command::Approvals(args) => approve::list(args, lang),
        Command::Approve(args) => approve::answer(args, true, lang),
        Command::Reject(args) => approve::answer(args, false, lang),
        Command::Kill(command) => kill::run(command, lang),
        Command::Policy(command) => policy::run(command, lang),
        Command::Audit(audit) => audit::run(audit, lang),
        Command::Playbook(playbook) => playbook::run(playbook, lang),
        Command::Dashboard(dashboard) => dashboard::run(dashboard, lang),
        Command::Search(search) => search::run(search, lang),
        Command::Lab(lab) => lab::run(lab, lang),
        Command::Score(score) => score::run(score, lang),
        Command::Eval(eval) => eval::run(eval, lang),
        Command::Ingest(ingest) => ingest::run(ingest, lang),
        Command::Doctor(doctor) => doctor::run(doctor, lang),
        Command::Drivers(drivers) => drivers::run(drivers, lang),
        Command::SandboxExec(sandbox) => Ok(drivers::enter(&sandbox)),
        Command::LabWorker(worker) => lab::work(worker),
    }
}

/// Prints a line for machines.
pub fn json_line(value: &impl serde::Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// Both languages beside each other: the one that is wanted.
pub const fn pick<'a>(lang: zizhi_types::text::Language, en: &'a str, zh: &'a str) -> &'a str {
    match lang {
        zizhi_types::text::Language::En => en,
        zizhi_types::text::Language::Zh => zh,
    }
}
