//! `zizhi playbook schema`: the shape of a playbook file, for editors.

use crate::fail::Failure;
use std::io::Write;
use std::process::ExitCode;

/// Prints the JSON Schema.
pub fn run() -> Result<ExitCode, Failure> {
    std::io::stdout().write_all(zizhi_playbooks::json_schema::text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
