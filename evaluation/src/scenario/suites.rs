//! The suites that come with Zizhi, in the binary itself.

use super::{Scenario, ScenarioError, load_suite, parse};
use std::path::Path;

mod core;

/// Names of the suites that come with Zizhi.
pub const SUITES: [&str; 2] = ["core", "smoke"];

/// The quick part of `core`: one scenario of each of eight shapes, on the smaller networks.
pub const SMOKE: [&str; 0] = [];

/// A suite by name, or in a folder.
pub fn suite(name: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let wanted = |file: &str| match name {
        "core" => true,
        "smoke" => SMOKE.contains(&file),
        _ => false,
    };
    if !SUITES.contains(&name) {
        return load_suite(Path::new(name));
    }
    core::FILES
        .iter()
        .filter(|(file, _)| wanted(file))
        .map(|(file, text)| parse(&format!("{file}/{}", super::FILE), text))
        .collect()
}
