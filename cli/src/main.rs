//! `zizhi`: the one binary. Reads the command line and hands over; decides nothing.

#[macro_use]
mod out;

mod args;
mod commands;
mod fail;
mod journals;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("ZIZHI_LOG")
                .unwrap_or_else(|_| "error".into()),
        )
        .init();
    match commands::run(args) {
        Ok(_) if out::failed() => ExitCode::from(1),
        Ok(code) => code,
        Err(error) => {
            fail::tell(&*error);
            ExitCode::from(1)
        }
    }
}
