//! A driver over SSH, against a real `sshd` on a free port of this machine.
//!
//! Needs root and openssh-server. Where they are missing the tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

#[path = "drivers_common/mod.rs"]
mod common;

use common::{apply, gate, number};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use zizhi_playbooks::DriverError;
use zizhi_types::Verb;

struct Sshd {
    child: Child,
    port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}

fn sshd(folder: &Path) -> Option<Sshd> {
    let there = Path::new("/usr/sbin/sshd").exists() && rustix::process::geteuid().is_root();
    if !there {
        eprintln!("SKIPPED: needs openssh-server and root");
        return None;
    }
    keygen(&folder.join("host"));
    keygen(&folder.join("id"));
    std::fs::copy(folder.join("id.pub"), folder.join("authorized")).unwrap();
    std::fs::create_dir_all("/run/sshd").unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let options = [
        format!("HostKey={}", folder.join("host").display()),
        format!("AuthorizedKeysFile={}", folder.join("authorized").display()),
        format!("ListenAddress=127.0.0.1:{port}"),
        "PasswordAuthentication=no".to_owned(),
        "StrictModes=no".to_owned(),
        "UsePAM=no".to_owned(),
        "PermitRootLogin=prohibit-password".to_owned(),
    ];
    let child = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f", "/dev/null"])
        .args(options.iter().flat_map(|o| ["-o", o.as_str()]))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let sshd = Sshd { child, port };
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "sshd does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(sshd)
}

fn file(folder: &Path, port: u16, known: &str, link: &str) -> String {
    format!(
        r"
apiVersion: zizhi/v1
kind: Drivers
targets:
  far:
    ssh: {{host: 127.0.0.1, user: root, port: {port}, key: {at}/id, known_hosts: {at}/{known}}}
objects:
  link/A-B: {{ends: [{{at: far, port: {link}0}}, {{at: far, port: {link}1}}]}}
drivers:
  - {{verb: link.set-rate, linux: {{}}, timeout: 5s}}
",
        at = folder.display()
    )
}

#[tokio::test]
async fn a_rate_is_set_over_ssh_and_an_unknown_host_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(sshd) = sshd(folder.path()) else {
        return;
    };
    let at = |name: &str| folder.path().join(name);
    let key = std::fs::read_to_string(at("host.pub")).unwrap();
    let port = sshd.port;
    std::fs::write(at("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    std::fs::write(at("none"), "").unwrap();
    // A pair of interfaces of our own: the far end is this machine.
    let link = format!("zs{}x", std::process::id() % 100_000);
    let ip = |words: &[&str]| Command::new("ip").args(words).status().unwrap().success();
    let tc = |words: &[&str]| Command::new("tc").args(words).status().unwrap().success();
    let (one, two) = (format!("{link}0"), format!("{link}1"));
    assert!(ip(&[
        "link", "add", &one, "type", "veth", "peer", "name", &two
    ]));
    for end in [&one, &two] {
        let shape = [
            "root", "tbf", "rate", "50mbit", "burst", "32k", "latency", "50ms",
        ];
        assert!(tc(
            &[&["qdisc", "add", "dev", end.as_str()][..], &shape].concat()
        ));
    }
    let slow = number(Verb::LinkSetRate, "link/A-B", "mbps", 7.0);
    let known = gate(&file(folder.path(), port, "known", &link), folder.path());
    let answer = apply(&known, 1, "k1", &slow).await;
    drop(known);
    let stranger = gate(&file(folder.path(), port, "none", &link), folder.path());
    let refused = apply(&stranger, 1, "k2", &slow).await;
    assert!(ip(&["link", "del", &one]));
    let receipt = answer.unwrap();
    assert_eq!(receipt.before, format!("far:{one}=50 far:{two}=50"));
    assert_eq!(receipt.after, format!("far:{one}=7 far:{two}=7"));
    assert!(
        matches!(&refused, Err(DriverError::Failed(why)) if why.contains("nothing was sent")),
        "{refused:?}"
    );
}
