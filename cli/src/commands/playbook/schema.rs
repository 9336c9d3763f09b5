//! `zizhi playbook schema`: the shape of a playbook file, for editors.

use crate::fail::Failure;
use std::process::ExitCode;

/// Prints the JSON Schema.
pub fn run() -> Result<ExitCode, Failure> {
    print!("{}", zizhi_playbooks::json_schema::text());
    Ok(ExitCode::SUCCESS)
}
