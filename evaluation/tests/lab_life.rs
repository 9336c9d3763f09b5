//! The life of a lab: what it says, what a driver's key is worth, how it ends, and that it minds its own business.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod lab_common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use zizhi_bus::batch::telemetry;
use zizhi_bus::{Bus, EmbeddedBus};
use zizhi_evaluation::lab::process::has_mark;
use zizhi_evaluation::lab::{Lab, LabConfig, LabId, namespace, rootless, status, up};
use zizhi_playbooks::DriverError;
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::wire::Inventory;
use zizhi_types::{Domain, Metric};

/// Processes of this machine that a lab has started, also those of an ordinary user's lab.
fn started(lab: &LabId) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter(|pid| has_mark(*pid, lab.as_str())).collect()
}

fn namespaces(lab: &LabId) -> usize {
    let prefix = lab.namespace("");
    let names = std::fs::read_dir(namespace::NAMES)
        .into_iter()
        .flatten()
        .flatten();
    names
        .filter(|n| n.file_name().to_string_lossy().starts_with(&prefix))
        .count()
}

fn assert_nothing_is_left(config: &LabConfig) {
    assert_eq!(started(&config.id), Vec::<i32>::new(), "processes");
    assert_eq!(namespaces(&config.id), 0, "namespaces");
    assert!(!config.root.join(config.id.as_str()).exists(), "files");
}

/// A process of its own that builds a lab and stays.
fn owner(mut command: Command) -> (Child, BufReader<ChildStdout>) {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    (child, said)
}

fn hear(said: &mut BufReader<ChildStdout>, wanted: &str) {
    let mut line = String::new();
    while !line.starts_with(wanted) {
        line.clear();
        assert!(
            said.read_line(&mut line).unwrap() > 0,
            "`{wanted}` was never said"
        );
    }
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_tells_the_bus_what_it_is_and_how_it_does() {
    let Some(config) = lab_common::config('b') else {
        return;
    };
    let lab = Lab::up(config, &|_| {}).unwrap();
    let bus = EmbeddedBus::start(10_000);
    let mut heard = bus.subscribe("test", &["zizhi.v1.>"]).await;
    let listener = tokio::spawn(async move {
        let mut messages = vec![];
        while let Some(delivery) = heard.next().await {
            messages.push(delivery.message.clone());
        }
        messages
    });
    lab.publish_inventory(&bus).await.unwrap();
    for _ in 0..2 {
        lab.publish_round(&bus).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bus.close().await;
    let (mut domains, mut sources, mut metrics, mut clocks) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), 0);
    for message in listener.await.unwrap() {
        match message.subject.rsplit('.').next().unwrap() {
            "inventory" => {
                let inventory: Inventory = serde_json::from_slice(&message.payload).unwrap();
                domains.insert(inventory.domain);
            }
            "telemetry" => {
                let batch = telemetry::read(&message.payload).unwrap();
                sources.insert(batch.source.to_string());
                metrics.extend(batch.samples.iter().map(|s| s.metric));
            }
            _ => clocks += 1,
        }
    }
    assert_eq!(domains, BTreeSet::from(Domain::ALL));
    assert_eq!((sources.len(), clocks), (8 + 2 + 1 + 2, 2));
    for metric in [
        Metric::PortAdjacencyUp,
        Metric::PortOut,
        Metric::GroupSuccess,
        Metric::InstanceUp,
        Metric::CellUp,
    ] {
        assert!(metrics.contains(&metric), "{metric:?}");
    }
}

/// A border has no IGP: its cost must move traffic all the same.
async fn users_go_over(lab: &Lab, port: &str) {
    for _ in 0..30 {
        let (_, batches) = lab.round().await;
        let mut samples = batches.iter().flat_map(|b| &b.samples);
        if samples
            .any(|s| s.object.to_string() == port && s.metric == Metric::PortOut && s.value > 3.0)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("no traffic over {port}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_once_and_each_change_can_be_taken_back() {
    let Some(config) = lab_common::config('k') else {
        return;
    };
    let lab = Lab::up(config, &|_| {}).unwrap();
    let driver = lab.driver();
    let object = |name: &str| name.parse().unwrap();
    let changes = [
        Action::new(Verb::LinkSetCost, object("link/m1-m2")).with("cost", Value::Number(700.0)),
        Action::new(Verb::LinkSetCost, object("link/c3-d1")).with("cost", Value::Number(900.0)),
        Action::new(Verb::LinkSetRate, object("link/c1-c2")).with("mbps", Value::Number(20.0)),
        Action::new(Verb::InstanceSteerLimit, object("instance/infer@dc1"))
            .with("share", Value::Number(0.0)),
    ];
    for (n, change) in changes.iter().enumerate() {
        let first = driver.apply(&format!("key-{n}"), change).await.unwrap();
        let again = driver.apply(&format!("key-{n}"), change).await.unwrap();
        assert_eq!(first, again, "the same key gives the same answer");
        assert_ne!(first.before, first.after);
        if change.object.name() == "c3-d1" {
            users_go_over(&lab, "port/d2:c4-d2").await;
        }
        let back = driver
            .apply(&format!("undo-{n}"), first.undo.as_ref().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (&back.before, &back.after),
            (&first.after, &first.before),
            "{change}"
        );
    }
    let refused = [
        Action::new(Verb::LinkSetCost, object("link/m1-m2")).with("cost", Value::Number(0.0)),
        Action::new(Verb::LinkReset, object("link/none")),
        Action::new(Verb::LinkReset, object("router/m1")),
        Action::new(Verb::CellRestart, object("cell/cell1")),
    ];
    for (n, action) in refused.iter().enumerate() {
        let answer = driver.apply(&format!("bad-{n}"), action).await;
        assert!(
            matches!(answer, Err(DriverError::Refused(_))),
            "{action}: {answer:?}"
        );
    }
    let restart = Action::new(Verb::RouterRestart, object("router/c2"));
    let receipt = driver.apply("restart", &restart).await.unwrap();
    assert_ne!(receipt.before, receipt.after, "other processes");
    let said = lab.evidence(&object("link/c1-c3"));
    assert!(
        said.iter()
            .any(|s| s.who == "c1 isisd" && s.answer.contains("to-c3")),
        "{said:#?}"
    );
}

#[test]
fn two_labs_and_other_people_s_namespaces_never_meet() {
    let Some(first) = lab_common::config('x') else {
        return;
    };
    let second = lab_common::config('y').unwrap();
    let foreign = format!("zl-{}z-m1", first.id);
    namespace::create(&foreign).unwrap();
    let one = Lab::up(first.clone(), &|_| {}).unwrap();
    let again = Lab::up(first.clone(), &|_| {}).unwrap_err().to_string();
    assert!(again.contains("already up"), "{again}");
    let other = Lab::up(second.clone(), &|_| {}).unwrap();
    // Somebody has left a shell of their own in a namespace of the lab.
    let stranger = Command::new("ip")
        .args(["netns", "exec", &first.id.namespace("m1"), "sleep", "60"])
        .spawn()
        .unwrap();
    while namespace::processes(&first.id.namespace("m1"))
        .iter()
        .all(|p| p.unsigned_abs() != stranger.id())
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    let removed = one.down().unwrap();
    assert_eq!(
        removed.foreign,
        [i32::try_from(stranger.id()).unwrap()],
        "it is told of, and left alone"
    );
    kill(stranger);
    assert_nothing_is_left(&first);
    let healthy = status::of(second.clone()).unwrap();
    assert_eq!((healthy.namespaces, healthy.missing_routes), ((13, 13), 0));
    assert!(namespace::exists(&foreign));
    namespace::remove(&foreign).unwrap();
    drop(other);
    assert_nothing_is_left(&second);
}

#[test]
fn a_killed_owner_leaves_nothing_that_down_cannot_find() {
    let Some(config) = lab_common::config('s') else {
        return;
    };
    // In the middle of building, then when all was up.
    for moment in ["starting", "READY"] {
        let mut command = Command::new(lab_common::WORKER);
        command.args(["hold", config.id.as_str()]);
        let (child, mut said) = owner(command);
        hear(&mut said, moment);
        kill(child);
        assert_eq!(namespaces(&config.id), 13);
        let removed = up::down(&config.root, &config.id).unwrap();
        assert_eq!(removed.namespaces, 13);
        assert_nothing_is_left(&config);
    }
    assert!(
        up::down(&config.root, &config.id).is_err(),
        "there is nothing more to remove"
    );
}

#[test]
fn an_ordinary_user_s_lab_ends_with_its_first_process() {
    let Some(config) = lab_common::config('u') else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("worker");
    std::fs::copy(lab_common::WORKER, &program).unwrap();
    for path in [folder.path(), &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let Some(command) = as_nobody(&program, &config.id) else {
        return;
    };
    let (child, mut said) = owner(command);
    hear(&mut said, "READY");
    assert!(
        started(&config.id).len() >= 27,
        "FRR, services and the gateway run"
    );
    assert_eq!(
        namespaces(&config.id),
        0,
        "the machine's own list of namespaces is not touched"
    );
    kill(child);
    for _ in 0..200 {
        if started(&config.id).is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_nothing_is_left(&config);
}

fn as_nobody(program: &Path, id: &LabId) -> Option<Command> {
    let inner = rootless::command(program, &["hold".into(), id.as_str().into()]);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let allowed = Command::new("setpriv")
        .args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "unshare",
            "--user",
            "--map-root-user",
            "true",
        ])
        .status()
        .is_ok_and(|s| s.success());
    if !allowed {
        eprintln!("SKIPPED: this kernel allows no user namespaces to ordinary users");
        return None;
    }
    command.arg(inner.get_program()).args(inner.get_args());
    Some(command)
}
