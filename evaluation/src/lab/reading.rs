//! What one router says of itself: its daemons' sockets, its kernel's counters, its queues.
//!
//! In: a [`Rig`] and a router. Out: a [`RouterReading`]. Nothing is computed from two readings here, and nothing is
//! changed. Called by the collector, the drivers (to read back) and the evidence.

use super::command::run;
use super::error::LabError;
use super::frr::{Daemon, border_map};
use super::plan::{End, Protocol, RouterPlan, Wire, local_preference};
use super::rig::{Rig, refused};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use zizhi_playbooks::drivers::network::setting;

/// A router at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RouterReading {
    /// Its zebra answers.
    pub answers: bool,
    /// Its ports by link.
    pub ports: BTreeMap<String, PortReading>,
}

/// A port at one moment; what could not be read is absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PortReading {
    /// The protocol has its neighbour.
    pub adjacent: Option<bool>,
    /// Configured cost.
    pub cost: Option<f64>,
    /// The kernel's view.
    pub kernel: Option<KernelReading>,
    /// The queue.
    pub queue: Option<QueueReading>,
}

/// Of an interface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelReading {
    /// It has carrier and is up.
    pub up: bool,
    /// Changes of carrier since it was made.
    pub carrier_changes: u64,
    /// Bytes sent since it was made.
    pub sent_bytes: u64,
}

/// Of a shaped queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueReading {
    /// The rate that is set.
    pub rate_mbps: f64,
    /// Bytes waiting now.
    pub backlog_bytes: u64,
    /// Packets sent since it was made.
    pub packets: u64,
    /// Packets dropped since it was made.
    pub drops: u64,
}

/// Reads everything of a router. What does not answer is absent, not an error.
pub fn router(rig: &Rig, router: &RouterPlan) -> RouterReading {
    let mut reading = RouterReading {
        answers: rig.vty(&router.id, Daemon::Zebra).is_ok(),
        ports: BTreeMap::new(),
    };
    let neighbours = neighbours(rig, router);
    let costs = costs(rig, router).unwrap_or_default();
    let queues = queues(&rig.id().namespace(&router.id)).unwrap_or_default();
    let kernel = kernel_view(rig, &router.id);
    for (wire, own, far) in rig.plan().wires_of(&router.id) {
        let port = PortReading {
            adjacent: neighbours
                .get(&wire.protocol.daemon())
                .map(|up| up.contains(&neighbour_key(wire, own, far))),
            cost: costs.get(&wire.link).copied(),
            kernel: kernel.as_ref().and_then(|k| interface(k, &own.interface)),
            queue: queues.get(&own.interface).copied(),
        };
        reading.ports.insert(wire.link.clone(), port);
    }
    reading
}

impl Protocol {
    /// The daemon that speaks it.
    pub const fn daemon(self) -> Daemon {
        match self {
            Self::Ospf => Daemon::Ospfd,
            Self::Isis => Daemon::Isisd,
            Self::Bgp => Daemon::Bgpd,
        }
    }
}

/// How the neighbour over a wire is called in [`neighbours`].
fn neighbour_key(wire: &Wire, own: &End, far: &End) -> String {
    match wire.protocol {
        Protocol::Bgp => far.address.to_string(),
        Protocol::Ospf | Protocol::Isis => own.interface.clone(),
    }
}

/// Per daemon that answered: interfaces (or BGP peers' addresses) with a full neighbour.
fn neighbours(rig: &Rig, router: &RouterPlan) -> BTreeMap<Daemon, Vec<String>> {
    let [_, protocols @ ..] = Daemon::of(router);
    let ask = |daemon: Daemon| {
        let answer = rig
            .vty(&router.id, daemon)
            .ok()?
            .ask(neighbour_command(daemon))
            .ok()?;
        Some((daemon, full_neighbours(daemon, &answer)))
    };
    protocols.into_iter().filter_map(ask).collect()
}

/// The command whose answer lists a daemon's neighbours.
pub const fn neighbour_command(daemon: Daemon) -> &'static str {
    match daemon {
        Daemon::Ospfd => "show ip ospf neighbor json",
        Daemon::Isisd => "show isis neighbor detail json",
        Daemon::Bgpd => "show bgp summary json",
        Daemon::Zebra => "show ip route json",
    }
}

fn full_neighbours(daemon: Daemon, answer: &Value) -> Vec<String> {
    match daemon {
        Daemon::Ospfd => ospf_full(answer),
        Daemon::Isisd => isis_up(answer),
        Daemon::Bgpd => bgp_established(answer),
        Daemon::Zebra => vec![],
    }
}

fn ospf_full(answer: &Value) -> Vec<String> {
    let neighbours = answer["neighbors"].as_object().into_iter().flatten();
    neighbours
        .flat_map(|(_, list)| list.as_array().into_iter().flatten())
        .filter(|n| {
            n["nbrState"]
                .as_str()
                .is_some_and(|s| s.starts_with("Full"))
        })
        .filter_map(|n| {
            n["ifaceName"]
                .as_str()?
                .split(':')
                .next()
                .map(str::to_owned)
        })
        .collect()
}

fn isis_up(answer: &Value) -> Vec<String> {
    circuits(answer)
        .map(|c| &c["interface"])
        .filter(|i| i["state"] == "Up")
        .filter_map(|i| i["name"].as_str().map(str::to_owned))
        .collect()
}

fn circuits(answer: &Value) -> impl Iterator<Item = &Value> {
    let areas = answer["areas"].as_array().into_iter().flatten();
    areas.flat_map(|a| a["circuits"].as_array().into_iter().flatten())
}

fn bgp_established(answer: &Value) -> Vec<String> {
    let peers = answer["ipv4Unicast"]["peers"]
        .as_object()
        .into_iter()
        .flatten();
    peers
        .filter(|(_, peer)| peer["state"] == "Established")
        .map(|(address, _)| address.clone())
        .collect()
}

/// The configured costs of a router's ports by link, from the daemons themselves.
pub fn costs(rig: &Rig, router: &RouterPlan) -> Result<BTreeMap<String, f64>, LabError> {
    let igp = router.igp.daemon();
    let inside = cost_text(rig, router, igp)?;
    let border = cost_text(rig, router, Daemon::Bgpd)?;
    let cost = |(wire, own, _): (&Wire, &End, &End)| {
        let found = match wire.protocol {
            Protocol::Ospf => setting(
                &inside,
                &format!("interface {}", own.interface),
                "ip ospf cost ",
            ),
            // FRR leaves the default of 10 out of the text.
            Protocol::Isis => Some(
                setting(
                    &inside,
                    &format!("interface {}", own.interface),
                    "isis metric ",
                )
                .unwrap_or(10),
            ),
            Protocol::Bgp => {
                let block = format!("route-map {} permit 10", border_map(&wire.link));
                setting(&border, &block, "set local-preference ")
                    .map(|p| local_preference(0).saturating_sub(p))
            }
        };
        found.map(|c| (wire.link.clone(), f64::from(c)))
    };
    Ok(rig.plan().wires_of(&router.id).filter_map(cost).collect())
}

fn cost_text(rig: &Rig, router: &RouterPlan, daemon: Daemon) -> Result<String, LabError> {
    rig.vty(&router.id, daemon)?
        .say("show running-config")
        .map_err(|e| refused(&router.id, daemon, &e))
}

/// The queues of a namespace by interface.
pub fn queues(namespace: &str) -> Result<BTreeMap<String, QueueReading>, LabError> {
    let text = run("tc", &["-n", namespace, "-s", "-j", "qdisc", "show"])?;
    Ok(parse_queues(
        &serde_json::from_str(&text).unwrap_or_default(),
    ))
}

fn parse_queues(answer: &Value) -> BTreeMap<String, QueueReading> {
    let queue = |q: &Value| {
        let count = |name: &str| q[name].as_u64();
        let reading = QueueReading {
            rate_mbps: q["options"]["rate"].as_f64()? * 8.0 / 1e6,
            backlog_bytes: count("backlog")?,
            packets: count("packets")?,
            drops: count("drops")?,
        };
        Some((q["dev"].as_str()?.to_owned(), reading))
    };
    answer
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(queue)
        .collect()
}

/// The folder in which a node's interfaces are seen: any of its processes has the namespace's own `/sys`.
pub fn kernel_view(rig: &Rig, node: &str) -> Option<PathBuf> {
    let process = rig.living(node).into_iter().next()?;
    Some(PathBuf::from(format!(
        "/proc/{}/root/sys/class/net",
        process.pid
    )))
}

fn interface(view: &std::path::Path, interface: &str) -> Option<KernelReading> {
    let folder = view.join(interface);
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
    let count = |file: &str| read(file)?.trim().parse().ok();
    Some(KernelReading {
        up: read("operstate")?.trim() == "up",
        carrier_changes: count("carrier_changes")?,
        sent_bytes: count("statistics/tx_bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_full_neighbours_count() {
        let ospf = json!({"neighbors": {
            "10.255.0.2": [{"nbrState": "Full/-", "ifaceName": "to-m2:10.0.1.1"}],
            "10.255.0.3": [{"nbrState": "Init/-", "ifaceName": "to-x:10.0.9.1"}]}});
        assert_eq!(ospf_full(&ospf), ["to-m2"]);
        let isis = json!({"areas": [{"area": "core", "circuits": [{"circuit": 0},
            {"circuit": 0, "adj": "c2", "interface": {"name": "to-c2", "state": "Up"}},
            {"circuit": 0, "adj": "c3", "interface": {"name": "to-c3", "state": "Initializing"}}]}]});
        assert_eq!(isis_up(&isis), ["to-c2"]);
        let bgp = json!({"ipv4Unicast": {"peers": {
            "10.0.2.1": {"state": "Established"}, "10.255.0.4": {"state": "Active"}}}});
        assert_eq!(bgp_established(&bgp), ["10.0.2.1"]);
        assert_eq!(bgp_established(&json!({})), Vec::<String>::new());
    }

    #[test]
    fn a_queue_s_rate_is_in_mbit_per_second() {
        let answer = json!([{"kind": "noqueue", "dev": "lo", "options": {}},
            {"kind": "tbf", "dev": "to-b", "options": {"rate": 6_250_000, "burst": 32762},
             "packets": 7, "drops": 1, "backlog": 3028}]);
        let queues = parse_queues(&answer);
        assert_eq!(queues.len(), 1);
        assert!((queues["to-b"].rate_mbps - 50.0).abs() < 1e-9);
        assert_eq!(
            (queues["to-b"].drops, queues["to-b"].backlog_bytes),
            (1, 3028)
        );
    }
}
