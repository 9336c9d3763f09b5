//! Finds out what this machine can carry, by doing each thing once in a scratch namespace.
//!
//! In: nothing. Out: one [`Finding`] per need: whether it works, what a missing one switches off, how to get it. Called
//! by `zizhi lab doctor` and before tests. Removes what it made.

use super::command::{feed, run};
use super::error::LabError;
use super::namespace;
use super::rig::{daemon_folder, frr_user};
use super::rootless;
use serde::Serialize;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is known of one need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was tried.
    pub what: &'static str,
    /// It works; for FRR the version is in `detail`.
    pub works: bool,
    /// The lab cannot run without it.
    pub needed: bool,
    /// What was found, or why it failed.
    pub detail: String,
    /// What goes without it; empty where it works.
    pub switches_off: &'static str,
    /// How to get it; empty where it works.
    pub how: &'static str,
}

/// A thing to try.
struct Check {
    what: &'static str,
    needed: bool,
    switches_off: &'static str,
    how: &'static str,
    attempt: fn(&Scratch) -> Result<String, LabError>,
}

/// Two namespaces of our own to try things in.
struct Scratch {
    names: [String; 2],
}

const CHECKS: &[Check] = &[
    Check {
        what: "FRR daemons",
        needed: true,
        switches_off: "the whole lab: there are no routers",
        how: "apt install frr",
        attempt: |_| frr(),
    },
    Check {
        what: "FRR user",
        needed: true,
        switches_off: "the whole lab: the daemons give up root for the user `frr`",
        how: "apt install frr",
        attempt: |_| frr_user().map(|(user, _)| format!("frr is {user}")),
    },
    Check {
        what: "ip, tc and nft",
        needed: true,
        switches_off: "the whole lab (ip, tc), silent-cut (nft)",
        how: "apt install iproute2 nftables",
        attempt: |_| {
            run("nft", &["--version"])?;
            run("tc", &["-V"])?;
            run("ip", &["-V"]).map(|v| v.trim().to_owned())
        },
    },
    Check {
        what: "network namespaces",
        needed: true,
        switches_off: "the whole lab",
        how: "run with sudo, or allow user namespaces (below); the kernel needs CONFIG_NET_NS",
        attempt: Scratch::make,
    },
    Check {
        what: "virtual links (veth)",
        needed: true,
        switches_off: "the whole lab: there are no links",
        how: "modprobe veth",
        attempt: Scratch::veth,
    },
    Check {
        what: "shaped links (tbf)",
        needed: true,
        switches_off: "link rates, queues, rate-cut",
        how: "modprobe sch_tbf (package linux-modules-extra on some distributions)",
        attempt: Scratch::tbf,
    },
    Check {
        what: "packet filters at egress (nft netdev)",
        needed: false,
        switches_off: "the fault silent-cut",
        how: "a kernel from 5.16 on with CONFIG_NETFILTER_EGRESS; modprobe nf_tables",
        attempt: Scratch::egress,
    },
    Check {
        what: "a process inside a namespace",
        needed: true,
        switches_off: "the whole lab",
        how: "run with sudo; inside a container, start it with --privileged",
        attempt: Scratch::execute,
    },
    Check {
        what: "user namespaces (running without sudo)",
        needed: false,
        switches_off: "running as an ordinary user: use sudo",
        how: "sysctl kernel.unprivileged_userns_clone=1, and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0",
        attempt: |_| user_namespace(),
    },
];

/// Tries everything.
pub fn examine() -> Vec<Finding> {
    let scratch = Scratch::new();
    let findings = CHECKS
        .iter()
        .map(|check| examine_one(check, &scratch))
        .collect();
    scratch.remove();
    findings
}

fn examine_one(check: &Check, scratch: &Scratch) -> Finding {
    let result = (check.attempt)(scratch);
    let works = result.is_ok();
    Finding {
        what: check.what,
        works,
        needed: check.needed,
        detail: result.unwrap_or_else(|e| e.to_string()),
        switches_off: if works { "" } else { check.switches_off },
        how: if works { "" } else { check.how },
    }
}

/// The needs without which the lab cannot run here; empty when it can.
pub fn missing() -> Vec<Finding> {
    let mut findings = examine();
    findings.retain(|f| f.needed && !f.works);
    findings
}

fn frr() -> Result<String, LabError> {
    let folder =
        daemon_folder().ok_or_else(|| LabError::Missing("no zebra in any usual place".into()))?;
    for daemon in ["ospfd", "isisd", "bgpd"] {
        if !folder.join(daemon).is_file() {
            return Err(LabError::Missing(format!(
                "no {daemon} in {}",
                folder.display()
            )));
        }
    }
    let text = run(&folder.join("zebra").to_string_lossy(), &["--version"])?;
    let version = text.lines().next().unwrap_or_default();
    Ok(format!("{version} in {}", folder.display()))
}

fn user_namespace() -> Result<String, LabError> {
    let works = "an ordinary user may run the lab";
    let unshare = [
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--fork",
        "true",
    ];
    if !nix::unistd::geteuid().is_root() || rootless::is_inside() {
        return run("unshare", &unshare).map(|_| works.into());
    }
    // Root may do it anyway: ask as nobody.
    let mut arguments = vec![
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "unshare",
    ];
    arguments.extend(unshare);
    run("setpriv", &arguments).map(|_| works.into())
}

/// Examinations begun by this process: each has namespaces of its own.
static BEGUN: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    fn new() -> Self {
        let number = BEGUN.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        Self {
            names: ["a", "b"].map(|n| format!("zl-doctor{process}x{number}-{n}")),
        }
    }

    fn make(&self) -> Result<String, LabError> {
        self.names.iter().try_for_each(|n| namespace::create(n))?;
        Ok("made two".into())
    }

    fn veth(&self) -> Result<String, LabError> {
        let [a, b] = &self.names;
        run(
            "ip",
            &[
                "-n", a, "link", "add", "to-b", "type", "veth", "peer", "name", "to-a", "netns", b,
            ],
        )?;
        run("ip", &["-n", a, "link", "set", "to-b", "up"])?;
        Ok("made a pair between them".into())
    }

    fn tbf(&self) -> Result<String, LabError> {
        let command = "qdisc add dev to-b root tbf rate 50mbit burst 32k latency 50ms";
        feed("tc", &["-n", &self.names[0], "-batch", "-"], command)?;
        Ok("set 50 Mbit/s".into())
    }

    fn egress(&self) -> Result<String, LabError> {
        let rules = "table netdev t {\n chain c {\n type filter hook egress device \"to-b\" priority 0; policy drop;\n }\n}\n";
        feed(
            "ip",
            &["netns", "exec", &self.names[0], "nft", "-f", "-"],
            rules,
        )?;
        Ok("dropped everything on a link".into())
    }

    fn execute(&self) -> Result<String, LabError> {
        run(
            "ip",
            &[
                "netns",
                "exec",
                &self.names[0],
                "cat",
                "/sys/class/net/to-b/operstate",
            ],
        )?;
        Ok("ran one and saw its own interfaces".into())
    }

    fn remove(&self) {
        for name in self.names.iter().filter(|n| namespace::exists(n)) {
            // A scratch namespace that cannot be removed is empty and harmless.
            let _ = namespace::remove(name);
        }
    }
}
