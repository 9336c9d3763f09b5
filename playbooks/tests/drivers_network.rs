//! FRR through `vtysh`, `ip` and `tc`, for real: two routers in network namespaces with a link between them.
//!
//! Needs root, iproute2 and FRR. Where they are missing the tests say so and pass; with `CI=true` and root they fail.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and waits for programs"
)]

#[path = "drivers_common/mod.rs"]
mod common;

use common::{action, apply, gate, number};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use zizhi_playbooks::DriverError;
use zizhi_types::Verb;

fn run(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Two routers `a` and `b`, `eth1` to `eth1`, both ends at cost 10 and shaped to 50 Mbit/s.
struct Pair {
    folder: PathBuf,
    names: [String; 2],
}

impl Pair {
    fn up(mark: char) -> Option<Self> {
        let daemon = Path::new("/usr/lib/frr/ospfd").exists();
        if !daemon || !rustix::process::geteuid().is_root() {
            assert!(std::env::var("CI").is_err(), "FRR and root are needed here");
            eprintln!("SKIPPED: needs FRR and root");
            return None;
        }
        let id = format!("zd{mark}{}", std::process::id());
        let pair = Self {
            folder: std::env::temp_dir().join(&id),
            names: [format!("{id}a"), format!("{id}b")],
        };
        for name in &pair.names {
            run(&format!("ip netns add {name}"));
        }
        let [a, b] = &pair.names;
        run(&format!(
            "ip -n {a} link add eth1 type veth peer name eth1 netns {b}"
        ));
        for (number, name) in pair.names.iter().enumerate() {
            run(&format!(
                "ip -n {name} addr add 10.9.0.{}/30 dev eth1",
                number + 1
            ));
            run(&format!("ip -n {name} link set eth1 up"));
            run(&format!(
                "tc -n {name} qdisc add dev eth1 root tbf rate 50mbit burst 32k latency 50ms"
            ));
            pair.start(name, number);
        }
        Some(pair)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn start(&self, name: &str, number: usize) {
        let folder = self.place(name);
        std::fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "interface eth1\n ip ospf area 0\n ip ospf cost 10\nexit\nrouter ospf\n ospf router-id 1.1.1.{number}\n"
        );
        std::fs::write(folder.join("ospfd.conf"), config).unwrap();
        std::fs::write(folder.join("zebra.conf"), "").unwrap();
        std::fs::write(folder.join("vtysh.conf"), "").unwrap();
        run(&format!("chown -R frr:frr {}", self.folder.display()));
        let at = folder.display();
        for daemon in ["zebra", "ospfd"] {
            run(&format!(
                "ip netns exec {name} /usr/lib/frr/{daemon} -d -f {at}/{daemon}.conf -i {at}/{daemon}.pid \
                 -z {at}/zserv.api --vty_socket {at} -P 0"
            ));
        }
    }

    fn stop(&self, name: &str) {
        for daemon in ["ospfd", "zebra"] {
            let pid = self.place(name).join(format!("{daemon}.pid"));
            if let Ok(pid) = std::fs::read_to_string(pid) {
                let _ = Command::new("kill").args(["-9", pid.trim()]).status();
            }
        }
    }

    fn cost(&self, name: &str) -> String {
        let folder = self.place(name);
        let output = Command::new("ip")
            .args(["netns", "exec", name, "vtysh", "--vty_socket"])
            .arg(folder)
            .args(["-c", "show ip ospf interface eth1"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let cost = text
            .split("Cost: ")
            .nth(1)
            .map(|t| t.lines().next().unwrap().to_owned());
        cost.unwrap_or_default()
    }

    fn file(&self, frr: &str) -> String {
        let target = |n: usize| {
            let name = &self.names[n];
            format!(
                "{{namespace: {name}, vty_socket: {}}}",
                self.place(name).display()
            )
        };
        format!(
            r"
apiVersion: zizhi/v1
kind: Drivers
targets:
  A: {}
  B: {}
objects:
  link/A-B: {{ends: [{{at: A, port: eth1}}, {{at: B, port: eth1}}]}}
drivers:
  - {{verb: link.set-cost, frr: {{protocol: {frr}}}, settle: 2s}}
  - {{verb: link.set-rate, linux: {{}}}}
  - {{verb: link.reset, linux: {{}}}}
",
            target(0),
            target(1)
        )
    }

    /// The routers answer.
    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.names.iter().any(|n| self.cost(n) != "10") {
            assert!(Instant::now() < until, "FRR does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for name in &self.names {
            self.stop(name);
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_cost_is_set_at_both_ends_read_back_and_taken_back() {
    let Some(pair) = Pair::up('c') else { return };
    pair.wait();
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&pair.file("ospf"), folder.path());
    let dear = number(Verb::LinkSetCost, "link/A-B", "cost", 1000.0);
    let receipt = apply(&gate, 1, "k1", &dear).await.unwrap();
    assert_eq!(receipt.before, "A:eth1=10 B:eth1=10");
    assert_eq!(receipt.after, "A:eth1=1000 B:eth1=1000");
    assert_eq!(
        pair.names.each_ref().map(|n| pair.cost(n)),
        ["1000", "1000"]
    );
    let undo = receipt.undo.unwrap();
    apply(&gate, 1, "k2", &undo).await.unwrap();
    assert_eq!(pair.names.each_ref().map(|n| pair.cost(n)), ["10", "10"]);
    // The first key again: the first answer, and the cost stays.
    let again = apply(&gate, 1, "k1", &dear).await.unwrap();
    assert_eq!(again.after, "A:eth1=1000 B:eth1=1000");
    assert_eq!(pair.cost(&pair.names[0]), "10");
}

#[tokio::test]
async fn a_router_that_is_gone_is_found_before_the_other_is_touched() {
    let Some(pair) = Pair::up('g') else { return };
    pair.wait();
    pair.stop(&pair.names[1]);
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&pair.file("ospf"), folder.path());
    let dear = number(Verb::LinkSetCost, "link/A-B", "cost", 1000.0);
    let answer = apply(&gate, 1, "k", &dear).await;
    assert!(
        matches!(&answer, Err(DriverError::Failed(why)) if why.contains("nothing was sent")),
        "{answer:?}"
    );
    assert_eq!(pair.cost(&pair.names[0]), "10");
}

#[tokio::test]
async fn a_rate_is_set_and_a_link_is_reset() {
    let Some(pair) = Pair::up('r') else { return };
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(&pair.file("ospf"), folder.path());
    let slow = number(Verb::LinkSetRate, "link/A-B", "mbps", 7.3);
    let receipt = apply(&gate, 1, "k1", &slow).await.unwrap();
    assert_eq!(receipt.before, "A:eth1=50 B:eth1=50");
    assert_eq!(receipt.undo.unwrap().number("mbps"), Some(50.0));
    let shown = run(&format!("tc -n {} qdisc show dev eth1", pair.names[1]));
    assert!(shown.contains("rate 7300Kbit"), "{shown}");
    let changes = |n: usize| {
        let name = &pair.names[n];
        run(&format!(
            "ip netns exec {name} cat /sys/class/net/eth1/carrier_changes"
        ))
        .trim()
        .parse::<u32>()
        .unwrap()
    };
    let before = changes(0);
    let receipt = apply(&gate, 1, "k2", &action(Verb::LinkReset, "link/A-B"))
        .await
        .unwrap();
    assert_eq!(receipt.after, "A:eth1=UP B:eth1=UP");
    assert!(receipt.undo.is_none() && changes(0) >= before + 2);
    // A port without a queue whose rate could be set back is not touched.
    run(&format!("tc -n {} qdisc del dev eth1 root", pair.names[0]));
    let answer = apply(&gate, 1, "k3", &slow).await;
    assert!(
        matches!(&answer, Err(DriverError::Failed(why)) if why.contains("token bucket")),
        "{answer:?}"
    );
}
