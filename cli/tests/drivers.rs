//! `zizhi drivers` as an operator sees it, and the sandbox of the command driver with everything that wants to get out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

use assert_cmd::Command;
use std::path::Path;
use std::sync::Arc;
use zizhi_playbooks::DriverError;
use zizhi_playbooks::door::{Answer, Question};
use zizhi_playbooks::drivers::{Gate, Memory, OwnNetwork, check};
use zizhi_types::action::{Action, Receipt};
use zizhi_types::{Term, Verb};

const GOOD: &str = r"
apiVersion: zizhi/v1
kind: Drivers
targets:
  A: {namespace: zl-a}
  B: {ssh: {host: 192.0.2.7, user: noc}}
objects:
  link/A-B: {ends: [{at: A, port: eth1}, {at: B, port: eth2}]}
drivers:
  - {verb: link.set-cost, frr: {protocol: ospf}}
";

fn zizhi() -> Command {
    Command::new(env!("CARGO_BIN_EXE_zizhi"))
}

fn out(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().unwrap(), text)
}

#[test]
fn a_dry_run_shows_every_word_that_would_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drivers.yaml");
    std::fs::write(&file, GOOD).unwrap();
    let words = [
        "--verb",
        "link.set-cost",
        "--on",
        "link/A-B",
        "--set",
        "cost=100",
        "--dry-run",
    ];
    let (code, text) = out(zizhi().args(["drivers", "try"]).arg(&file).args(words));
    assert_eq!(code, 0, "{text}");
    let near = "ip netns exec zl-a vtysh -c 'configure terminal' -c 'interface eth1' -c 'ip ospf cost 100'";
    assert!(text.contains(near), "{text}");
    assert!(text.contains("-l noc -- 192.0.2.7 'vtysh -c "), "{text}");
    assert!(
        text.contains("undo: link.set-cost with cost as it was read before"),
        "{text}"
    );
    let (code, json) = out(zizhi()
        .args(["drivers", "try", "--json"])
        .arg(&file)
        .args(words));
    let script: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &script["declares"]["reversible"]), (0, &true.into()));
    let (code, text) = out(zizhi().args(["drivers", "try"]).arg(&file).args([
        "--verb",
        "link.reset",
        "--on",
        "link/A-B",
    ]));
    assert_eq!(
        (code, text.as_str()),
        (3, "refused: no driver does link.reset on link/A-B\n")
    );
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line_and_a_fix() {
    let cases = [
        (
            "drivers:\n  - {verb: link.set-cost, frr: {protocol: ospf}}",
            "drivers:\n  - {verb: link.set-cots, frr: {protocol: ospf}}",
            ":10:",
            "link.set-cost",
        ),
        (
            "frr: {protocol: ospf}",
            "frr: {protocol: ospf, area: 0}",
            ":10:",
            "area",
        ),
        ("at: A, port: eth1", "at: C, port: eth1", ":8:", "no target"),
        (
            "port: eth1",
            "port: \"eth1; reboot\"",
            ":8:",
            "mean something else",
        ),
        (
            "host: 192.0.2.7",
            "host: -oProxyCommand=x",
            ":6:",
            "mean something else",
        ),
        (
            "frr: {protocol: ospf}",
            "linux: {}",
            ":10:",
            "cannot link.set-cost",
        ),
        (
            "frr: {protocol: ospf}",
            "frr: {protocol: ospf}, want: 3",
            ":10:",
            "belong to http and command",
        ),
        (
            "link.set-cost, frr: {protocol: ospf}",
            "router.restart, service: {unit: frr}",
            ":10:",
            "say where",
        ),
        (
            "link.set-cost, frr: {protocol: ospf}",
            "cell.restart, changed: true, command: {read: [/bin/cat], apply: [/bin/sh]}",
            ":10:",
            "not in the allow list",
        ),
        (
            "frr: {protocol: ospf}",
            "frr: {protocol: ospf}, timeout: soon",
            ":10:",
            "no duration",
        ),
        ("zizhi/v1", "zizhi/v9", ":2:", "zizhi/v1"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drivers.yaml");
    for (from, to, line, said) in cases {
        std::fs::write(&file, GOOD.replacen(from, to, 1)).unwrap();
        let (code, text) = out(zizhi().args(["drivers", "check"]).arg(&file));
        assert_eq!(code, 3, "{to}: {text}");
        let first = text.lines().next().unwrap();
        assert!(
            first.contains(line) && text.contains(said) && first.contains("(fix: "),
            "{to}: {text}"
        );
    }
    std::fs::write(&file, GOOD).unwrap();
    assert_eq!(out(zizhi().args(["drivers", "check"]).arg(&file)).0, 0);
}

// --- the sandbox -------------------------------------------------------------------------------------------------------

/// A box whose program is a shell with `script`; it may write to `spool`.
async fn boxed(
    script: &str,
    spool: &Path,
    limits: &str,
    timeout: &str,
) -> Result<Receipt, DriverError> {
    let file = format!(
        r#"
apiVersion: zizhi/v1
kind: Drivers
allow: [/bin/sh, /bin/date]
drivers:
  - verb: cell.restart
    changed: true
    timeout: {timeout}
    settle: 1ms
    command:
      read: [/bin/date, "+%N"]
      apply: [/bin/sh, -c, {script:?}]
      limits: {{write: [{}]{limits}}}
"#,
        spool.display()
    );
    let drivers = check("drivers.yaml", &file).unwrap_or_else(|f| panic!("{f:#?}"));
    let network = OwnNetwork::new(drivers, env!("CARGO_BIN_EXE_zizhi").into());
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::open(&folder.path().join("keys")).unwrap();
    let question = Question {
        term: Term(1),
        key: "k".into(),
        action: Some(Action::new(Verb::CellRestart, "cell/c1".parse().unwrap())),
    };
    match Gate::new(Arc::new(network), memory).ask(question).await {
        Answer::Applied(result) => result,
        Answer::Recalled(found) => panic!("{found:?}"),
    }
}

/// A folder that everybody may write to, as the program is nobody.
fn spool() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

/// What the script wrote to the file `out` of its spool.
async fn said(script: &str, limits: &str, timeout: &str) -> (Result<Receipt, DriverError>, String) {
    let spool = spool();
    let script = script.replace("SPOOL", &spool.path().display().to_string());
    let answer = boxed(&script, spool.path(), limits, timeout).await;
    let text = std::fs::read_to_string(spool.path().join("out")).unwrap_or_default();
    (answer, text)
}

#[tokio::test]
async fn a_boxed_program_does_its_work_and_sees_nothing_else() {
    let script = "{ id -u; ls /; cat /proc/self/status | grep -E '^(CapEff|CapBnd|NoNewPrivs)'; ls -d /proc/[0-9]* | wc -l; \
        ls /sys/class/net 2>&1; cat /proc/net/dev | grep -c :; } > SPOOL/out 2>&1";
    let (answer, text) = said(script, "", "10s").await;
    answer.unwrap();
    assert!(
        text.contains("CapEff:\t0000000000000000") && text.contains("CapBnd:\t0000000000000000"),
        "{text}"
    );
    assert!(text.contains("NoNewPrivs:\t1"), "{text}");
    for hidden in ["home", "root", "run", "var", "sys", "old"] {
        assert!(
            !text.lines().any(|l| l == hidden),
            "{hidden} is seen: {text}"
        );
    }
}

#[tokio::test]
async fn a_boxed_program_writes_nowhere_but_where_it_may() {
    for target in [
        "/usr/zizhi-was-here",
        "/etc/zizhi-was-here",
        "/zizhi-was-here",
        "/dev/zizhi",
        "/proc/sys/kernel/hostname",
    ] {
        let (answer, text) = said(
            &format!("{{ echo x > {target}; }} 2> SPOOL/out; exit 7"),
            "",
            "10s",
        )
        .await;
        assert!(answer.is_err(), "{answer:?}");
        assert!(!text.is_empty(), "{target} was written");
        assert!(
            target.starts_with("/proc") || !Path::new(target).exists(),
            "{target}"
        );
    }
    let (_, text) = said("mount -o remount,rw /usr > SPOOL/out 2>&1; unshare -Urm mount -o remount,rw,bind /usr >> SPOOL/out 2>&1; \
        unshare -Urm sh -c 'mount -o remount,rw,bind /usr && echo x > /usr/zizhi-was-here && echo OPEN' >> SPOOL/out 2>&1", "", "10s").await;
    assert!(
        !text.contains("OPEN") && !Path::new("/usr/zizhi-was-here").exists(),
        "{text}"
    );
}

#[tokio::test]
async fn a_boxed_program_has_no_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("bash -c 'echo x > /dev/tcp/127.0.0.1/{port}' 2> SPOOL/out; exit 7");
    let (answer, text) = said(&script, "", "10s").await;
    assert!(
        answer.is_err() && text.contains("unreachable"),
        "{answer:?} {text}"
    );
    assert!(listener.accept().is_err(), "somebody came");
}

#[tokio::test]
async fn a_fork_bomb_and_a_memory_hog_hit_their_limits() {
    // Each of 60 children would leave a line behind.
    let script = "i=0; while [ $i -lt 60 ]; do { sleep 3; } & echo $! >> SPOOL/out; i=$((i+1)); done; exit 7";
    let (answer, text) = said(script, ", processes: 8", "10s").await;
    assert!(answer.is_err(), "{answer:?}");
    assert!(
        text.lines().count() < 12,
        "{} children",
        text.lines().count()
    );
    let script =
        "exec 2> SPOOL/out; x=$(head -c 400000000 /dev/zero | tr '\\0' x); echo GREW >> SPOOL/out";
    let (_, text) = said(script, ", memory_mb: 64", "20s").await;
    assert!(!text.contains("GREW"), "{text}");
}

#[tokio::test]
async fn a_program_that_does_not_end_is_ended_with_all_its_children() {
    let (answer, text) = said(
        "echo $$ > SPOOL/out; sleep 61.5 & while :; do :; done",
        ", cpu_s: 1",
        "20s",
    )
    .await;
    assert!(matches!(answer, Err(DriverError::Unknown(_))), "{answer:?}");
    assert!(!text.is_empty());
    let (answer, _) = said("sleep 61.5 & sleep 61.5", "", "500ms").await;
    assert!(
        matches!(&answer, Err(DriverError::Unknown(why)) if why.contains("was killed")),
        "{answer:?}"
    );
    let sleeping = || {
        let all = std::process::Command::new("ps")
            .args(["-eo", "args"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&all.stdout)
            .lines()
            .any(|l| l == "sleep 61.5")
    };
    for _ in 0..100 {
        if !sleeping() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a child still runs");
}
