//! The suites that come with Zizhi, in the binary itself.

use super::{Scenario, ScenarioError, load_suite, parse};
use std::path::Path;

mod core;

/// Names of the suites that come with Zizhi.
pub const SUITES: [&str; 2] = ["core", "smoke"];

/// The quick part of `core`: one scenario of each of eight shapes, on the smallest network.
pub const SMOKE: [&str; 8] = [
    "abilene-cross-domain-cell-outage-link-lossy-122",
    "abilene-flapping-link-flapping-139",
    "abilene-loud-noise-link-lossy-143",
    "abilene-lying-telemetry-link-lossy-158",
    "abilene-planned-work-cell-outage-165",
    "abilene-silent-silent-cut-149",
    "abilene-single-site-overload-111",
    "abilene-wrong-steering-stale-policy-154",
];

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
