//! The namespaces with their interfaces, addresses and shaped queues.
//!
//! In: a [`Plan`] and a [`LabId`]. Out: the kernel's state, made by one `ip` or `tc` process per namespace.
//! Called by `up`, `down`, faults and drivers. Never touches a namespace of another name.

use super::command::{feed, run};
use super::error::LabError;
use super::plan::{Plan, Wire};
use super::state::LabId;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Where `ip netns` keeps its names.
pub const NAMES: &str = "/run/netns";

/// Makes an empty namespace.
pub fn create(name: &str) -> Result<(), LabError> {
    if nix::unistd::geteuid().is_root() && !super::rootless::is_inside() {
        return run("ip", &["netns", "add", name]).map(drop);
    }
    // `ip netns add` goes back to the namespace it came from, which a user namespace may not; `unshare` does not.
    let path = format!("{NAMES}/{name}");
    std::fs::write(&path, "").map_err(LabError::file("create", &path))?;
    run("unshare", &[&format!("--net={path}"), "true"]).map(drop)
}

/// Whether a namespace of this name is there.
pub fn exists(name: &str) -> bool {
    Path::new(NAMES).join(name).exists()
}

/// Removes a namespace.
pub fn remove(name: &str) -> Result<(), LabError> {
    run("ip", &["netns", "del", name]).map(drop)
}

/// The ids of all processes inside.
pub fn processes(name: &str) -> Vec<i32> {
    let text = run("ip", &["netns", "pids", name]).unwrap_or_default();
    text.lines().filter_map(|l| l.trim().parse().ok()).collect()
}

/// Connects and configures all namespaces of the plan; they must exist and be empty.
pub fn wire_up(plan: &Plan, lab: &LabId) -> Result<(), LabError> {
    for (node, batch) in interfaces(plan, lab) {
        feed("ip", &["-n", &lab.namespace(node), "-batch", "-"], &batch)?;
    }
    for (node, batch) in addresses(plan) {
        feed("ip", &["-n", &lab.namespace(node), "-batch", "-"], &batch)?;
    }
    for router in &plan.routers {
        let name = lab.namespace(&router.id);
        let switches = [
            "net.ipv4.ip_forward=1",
            "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.default.rp_filter=0",
            "net.ipv4.fib_multipath_hash_policy=1",
        ];
        let mut arguments = vec!["netns", "exec", &name, "sysctl", "-qw"];
        arguments.extend(switches);
        run("ip", &arguments)?;
    }
    for router in &plan.routers {
        let mut batch = String::new();
        for (wire, own, _) in plan.wires_of(&router.id) {
            let _ = writeln!(batch, "{}", shape(&own.interface, wire.capacity_mbps));
        }
        feed(
            "tc",
            &["-n", &lab.namespace(&router.id), "-batch", "-"],
            &batch,
        )?;
    }
    Ok(())
}

fn shape(interface: &str, mbps: f64) -> String {
    zizhi_playbooks::drivers::network::shape(interface, mbps).join(" ")
}

/// Sets the rate of both ends of a wire, in Mbit/s.
pub fn set_rate(lab: &LabId, wire: &Wire, mbps: f64) -> Result<(), LabError> {
    for end in &wire.ends {
        let namespace = lab.namespace(&end.router);
        feed(
            "tc",
            &["-n", &namespace, "-batch", "-"],
            &shape(&end.interface, mbps),
        )?;
    }
    Ok(())
}

/// Sets one interface up or down.
pub fn set_up(lab: &LabId, router: &str, interface: &str, up: bool) -> Result<(), LabError> {
    let state = if up { "up" } else { "down" };
    let namespace = lab.namespace(router);
    run("ip", &["-n", &namespace, "link", "set", interface, state]).map(drop)
}

/// The operational state of an interface, as `ip` writes it: `UP`, `DOWN`, `LOWERLAYERDOWN`.
pub fn oper_state(lab: &LabId, router: &str, interface: &str) -> Result<String, LabError> {
    let namespace = lab.namespace(router);
    let text = run("ip", &["-n", &namespace, "-j", "link", "show", interface])?;
    let links: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let state = links[0]["operstate"].as_str();
    let missing = || LabError::NoObject(format!("interface {interface} at {router}"));
    state.map(str::to_owned).ok_or_else(missing)
}

/// The pairs of interfaces, made from within the first one's namespace so that none ever shows up in the host's.
fn interfaces<'a>(plan: &'a Plan, lab: &LabId) -> BTreeMap<&'a str, String> {
    let mut batches: BTreeMap<&str, String> = BTreeMap::new();
    let mut pair = |node: &'a str, interface: &str, peer: &str, peer_interface: &str| {
        let _ = writeln!(
            batches.entry(node).or_default(),
            "link add {interface} type veth peer name {peer_interface} netns {}",
            lab.namespace(peer)
        );
    };
    for wire in &plan.wires {
        let [a, b] = &wire.ends;
        pair(&a.router, &a.interface, &b.router, &b.interface);
    }
    for host in &plan.hosts {
        pair(&host.router, &host.router_interface, &host.id, "eth0");
    }
    batches
}

fn addresses(plan: &Plan) -> BTreeMap<&str, String> {
    let mut batches: BTreeMap<&str, String> = BTreeMap::new();
    for router in &plan.routers {
        let batch = batches.entry(&router.id).or_default();
        let _ = write!(
            batch,
            "link set lo up\naddr add {}/32 dev lo\n",
            router.loopback
        );
        for (_, own, _) in plan.wires_of(&router.id) {
            up(batch, &own.interface, &format!("{}/30", own.address));
        }
        for host in plan.hosts_of(&router.id) {
            up(
                batch,
                &host.router_interface,
                &format!("{}/24", host.router_address),
            );
        }
    }
    for host in &plan.hosts {
        let batch = batches.entry(&host.id).or_default();
        batch.push_str("link set lo up\n");
        up(batch, "eth0", &format!("{}/24", host.address));
        let _ = writeln!(batch, "route add default via {}", host.router_address);
    }
    batches
}

fn up(batch: &mut String, interface: &str, address: &str) {
    let _ = write!(
        batch,
        "addr add {address} dev {interface}\nlink set {interface} up\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wire_is_made_once_and_addressed_at_both_ends() {
        let plan = Plan::three_domain();
        let lab: LabId = "x".parse().unwrap();
        let made: String = interfaces(&plan, &lab).into_values().collect();
        assert_eq!(made.matches("link add").count(), 11 + 5);
        assert!(made.contains("link add to-c3 type veth peer name to-c1 netns zl-x-c3\n"));
        let addressed = addresses(&plan);
        assert!(addressed["c1"].contains("addr add 10.0.5.1/30 dev to-c3\nlink set to-c3 up\n"));
        assert!(addressed["dc1"].contains("route add default via 10.100.5.1\n"));
    }

    #[test]
    fn a_rate_is_written_in_whole_bits() {
        assert_eq!(
            shape("to-c3", 5.0),
            "qdisc replace dev to-c3 root tbf rate 5000000bit burst 32k latency 50ms"
        );
    }
}
