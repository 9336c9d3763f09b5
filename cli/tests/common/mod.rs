//! The binary as a person would start it, in a folder of its own.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use tempfile::TempDir;

/// One demo of two faults and a double, which all tests of a file read and none changes.
pub static DEMO: LazyLock<Demo> = LazyLock::new(|| Demo::play(3, "demo.jsonl"));

/// What a demo left behind.
pub struct Demo {
    /// The folder it ran in.
    pub folder: TempDir,
    /// What it printed.
    pub printed: String,
    name: &'static str,
}

impl Demo {
    /// Plays two faults on the smallest network, as fast as possible.
    pub fn play(seed: u64, name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seed = seed.to_string();
        let mut args = vec!["demo", "--network", "abilene", "--incidents", "2", "--json"];
        args.extend(["--seed", seed.as_str(), "--journal", name]);
        let output = zizhi(folder.path(), &args);
        assert!(output.status.success(), "{}", told(&output));
        let printed = String::from_utf8(output.stdout).unwrap();
        Self {
            folder,
            printed,
            name,
        }
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    /// Runs a command that reads this journal.
    pub fn read(&self, args: &[&str]) -> Output {
        let journal = self.journal();
        let mut all = args.to_vec();
        all.extend(["--journal", journal.to_str().unwrap()]);
        zizhi(self.folder.path(), &all)
    }
}

/// Runs `zizhi` in a folder to its end.
pub fn zizhi(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("zizhi"));
    command.current_dir(folder).args(args).output().unwrap()
}

/// Both streams, for the message of a test that fails.
pub fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    format!("{}\n{out}\n{err}", output.status)
}

/// Standard output of a command that must succeed.
pub fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Every line as JSON.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}
