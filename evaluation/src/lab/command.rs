//! Runs a program of the system to its end.
//!
//! In: a program, its arguments, what it reads. Out: what it wrote, or why it failed. Called by everything that
//! changes namespaces. Never through a shell.

use super::error::LabError;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a program and returns its standard output.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, LabError> {
    feed(program, arguments, "")
}

/// Runs a program that reads `input`.
pub fn feed(program: &str, arguments: &[&str], input: &str) -> Result<String, LabError> {
    let failed = |reason: String| LabError::Command {
        program: format!("{program} {}", arguments.join(" ")),
        reason,
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input says more with its own error.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|e| failed(e.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(failed(if said.is_empty() {
        output.status.to_string()
    } else {
        said
    }))
}
