//! What the lab's tests share: a lab of their own, or a loud word that there can be none.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use zizhi_evaluation::lab::{LabConfig, LabId, doctor};

/// The program that runs inside the namespaces.
pub const WORKER: &str = env!("CARGO_BIN_EXE_zizhi-lab-worker");

/// A lab name that no other test and no other run uses.
pub fn id(letter: char) -> LabId {
    format!("{letter}{}", std::process::id() % 1_000_000)
        .parse()
        .unwrap()
}

/// How this test runs its lab; `None` where no lab can be.
pub fn config(letter: char) -> Option<LabConfig> {
    let missing = doctor::missing();
    if !missing.is_empty() {
        assert!(!must_run(), "the lab cannot run here: {missing:?}");
        eprintln!("SKIPPED: the lab cannot run here: {missing:?}");
        return None;
    }
    let mut config = LabConfig::new(id(letter)).unwrap();
    config.worker = vec![WORKER.into()];
    Some(config)
}

/// On the build machine, as root, a skipped test would prove nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "the build machine says so in its environment"
)]
fn must_run() -> bool {
    std::env::var("CI").is_ok_and(|v| v == "true") && nix::unistd::geteuid().is_root()
}
