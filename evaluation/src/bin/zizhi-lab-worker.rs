//! The lab's in-namespace processes without the rest of `zizhi`: what the tests of this package start.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match zizhi_evaluation::lab::worker::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("zizhi-lab-worker: {e}");
            ExitCode::FAILURE
        }
    }
}
