//! A playbook run by the real `ansible-playbook`; where it is not installed the tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

#[path = "drivers_common/mod.rs"]
mod common;

use common::{apply, gate, number};
use std::path::Path;
use zizhi_playbooks::DriverError;
use zizhi_types::Verb;

const VERB: Verb = Verb::InstanceSteerLimit;

fn is_there() -> bool {
    let there = std::process::Command::new("ansible-playbook")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !there {
        eprintln!("SKIPPED: needs ansible-core");
    }
    there
}

/// A play that writes the share into a file, and breaks off after it where `broken`.
fn write(folder: &Path, broken: bool) -> String {
    let play = format!(
        r#"
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: share
      ansible.builtin.copy: {{content: "{{{{ share }}}}", dest: "{}/share"}}
    - name: then
      ansible.builtin.assert: {{that: ["{}"]}}
"#,
        folder.display(),
        if broken { "ansible_check_mode" } else { "true" }
    );
    std::fs::write(folder.join("play.yml"), play).unwrap();
    std::fs::write(folder.join("hosts"), "localhost\n").unwrap();
    format!(
        r#"
apiVersion: zizhi/v1
kind: Drivers
drivers:
  - verb: instance.steer-limit
    timeout: 60s
    settle: 1s
    ansible:
      playbook: {at}/play.yml
      inventory: {at}/hosts
      vars: {{share: "${{params.share}}"}}
"#,
        at = folder.display()
    )
}

#[tokio::test]
async fn a_play_is_run_and_a_dry_run_after_it_finds_nothing_to_do() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&write(folder.path(), false), folder.path());
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let receipt = apply(&gate, 1, "k", &limit).await.unwrap();
    assert_eq!(
        (receipt.before.as_str(), receipt.after.as_str()),
        ("changes=1", "changes=0")
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("share")).unwrap(),
        "0.5"
    );
}

#[tokio::test]
async fn a_play_that_breaks_off_after_a_change_leaves_an_unknown_state() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&write(folder.path(), true), folder.path());
    let limit = number(VERB, "instance/web-1", "share", 0.5);
    let answer = apply(&gate, 1, "k", &limit).await;
    assert!(matches!(answer, Err(DriverError::Unknown(_))), "{answer:?}");
}
