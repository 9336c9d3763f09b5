//! The lab's in-namespace processes without the rest of `zizhi`: what the tests of this package start.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().collect();
    let rest = arguments.split_off(1.min(arguments.len()));
    match zizhi_evaluation::lab::worker::run(&arguments, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("zizhi-lab-worker: {e}");
            ExitCode::FAILURE
        }
    }
}
