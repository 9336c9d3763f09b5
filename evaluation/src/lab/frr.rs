//! The configuration texts of the routers' daemons.
//!
//! In: a [`Plan`] and a router. Out: one text per daemon. Called when a router is started. Never touches a file.
//! The timers are the ones that gave the shortest cold start with FRR 8.4; the order of the lines matters where said.

use super::plan::{Plan, Protocol, RouterPlan, local_preference};
use std::fmt::Write;
use std::path::Path;

/// A daemon of the FRR suite that the lab uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Daemon {
    /// Holds the routes and gives them to the kernel; started first, the others talk to it.
    Zebra,
    /// OSPF.
    Ospfd,
    /// IS-IS.
    Isisd,
    /// BGP.
    Bgpd,
}

impl Daemon {
    /// The program's name; its socket is `<name>.vty`, its configuration `<name>.conf`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zebra => "zebra",
            Self::Ospfd => "ospfd",
            Self::Isisd => "isisd",
            Self::Bgpd => "bgpd",
        }
    }

    /// The daemons of a router, in the order of starting.
    pub const fn of(router: &RouterPlan) -> [Self; 3] {
        let igp = match router.igp {
            Protocol::Isis => Self::Isisd,
            Protocol::Ospf | Protocol::Bgp => Self::Ospfd,
        };
        [Self::Zebra, igp, Self::Bgpd]
    }
}

/// The configuration of one daemon of a router. `folder` is where it may log.
pub fn config(plan: &Plan, router: &RouterPlan, daemon: Daemon, folder: &Path) -> String {
    let mut text = format!(
        "hostname {}\nlog file {}/{}.log\nservice integrated-vtysh-config\n",
        router.id,
        folder.display(),
        daemon.name()
    );
    match daemon {
        Daemon::Zebra => text.push_str("ip nht resolve-via-default\n"),
        Daemon::Ospfd => text.push_str(&ospf(plan, router)),
        Daemon::Isisd => text.push_str(&isis(plan, router)),
        Daemon::Bgpd => text.push_str(&bgp(plan, router)),
    }
    text
}

fn ospf(plan: &Plan, router: &RouterPlan) -> String {
    let mut text = String::new();
    for (wire, own, _) in plan.wires_of(&router.id) {
        if wire.protocol == Protocol::Ospf {
            let _ = write!(
                text,
                "interface {}\n ip ospf area 0\n ip ospf network point-to-point\n ip ospf hello-interval 1\n \
                 ip ospf dead-interval 4\n ip ospf cost {}\nexit\n",
                own.interface, wire.cost
            );
        }
    }
    let hosts = plan.hosts_of(&router.id).map(|h| &h.router_interface);
    for interface in std::iter::once(&"lo".to_owned()).chain(hosts) {
        let _ = write!(
            text,
            "interface {interface}\n ip ospf area 0\n ip ospf passive\nexit\n"
        );
    }
    // Without the throttles at zero the cold start takes 7 s instead of 1.5 s.
    let _ = write!(
        text,
        "router ospf\n ospf router-id {}\n timers throttle lsa all 0\n timers lsa min-arrival 0\n \
         timers throttle spf 10 50 500\nexit\n",
        router.loopback
    );
    text
}

fn isis(plan: &Plan, router: &RouterPlan) -> String {
    // `net` must be the last line of its block: before `lsp-gen-interval` it costs 30 s of cold start (FRR 8.4).
    let mut text = format!(
        "router isis core\n is-type level-2-only\n metric-style wide\n lsp-gen-interval 2\n spf-interval 1\n \
         net 49.0001.0102.5500.{:04}.00\nexit\n",
        router.number
    );
    text.push_str("interface lo\n ip router isis core\n isis passive\nexit\n");
    for (wire, own, _) in plan.wires_of(&router.id) {
        if wire.protocol == Protocol::Isis {
            let _ = write!(
                text,
                "interface {}\n ip router isis core\n isis network point-to-point\n isis hello-interval 1\n \
                 isis hello-multiplier 4\n isis metric {}\nexit\n",
                own.interface, wire.cost
            );
        }
    }
    text
}

fn bgp(plan: &Plan, router: &RouterPlan) -> String {
    // Keepalive 1 s and hold 3 s would notice a silent border sooner, but a loaded machine misses three keepalives.
    let mut text = format!(
        "router bgp {}\n bgp router-id {}\n no bgp ebgp-requires-policy\n bgp bestpath as-path multipath-relax\n \
         timers bgp 2 6\n",
        router.asn, router.loopback
    );
    let inside: Vec<_> = plan
        .routers
        .iter()
        .filter(|r| r.asn == router.asn && r.id != router.id)
        .collect();
    for peer in &inside {
        let _ = write!(
            text,
            " neighbor {0} remote-as {1}\n neighbor {0} update-source lo\n neighbor {0} timers connect 1\n \
             neighbor {0} advertisement-interval 0\n",
            peer.loopback, peer.asn
        );
    }
    let borders: Vec<_> = plan
        .wires_of(&router.id)
        .filter(|(w, _, _)| w.protocol == Protocol::Bgp)
        .collect();
    for (_, _, far) in &borders {
        let asn = plan.router(&far.router).map_or(0, |r| r.asn);
        let _ = write!(
            text,
            " neighbor {0} remote-as {asn}\n neighbor {0} timers connect 1\n neighbor {0} advertisement-interval 0\n",
            far.address
        );
    }
    let igp = match router.igp {
        Protocol::Isis => "isis",
        Protocol::Ospf | Protocol::Bgp => "ospf",
    };
    let _ = write!(
        text,
        " address-family ipv4 unicast\n  redistribute connected\n  redistribute {igp}\n"
    );
    for peer in &inside {
        let _ = writeln!(text, "  neighbor {} next-hop-self", peer.loopback);
    }
    for (wire, _, far) in &borders {
        let _ = writeln!(
            text,
            "  neighbor {} route-map {} in",
            far.address,
            border_map(&wire.link)
        );
    }
    text.push_str(" exit-address-family\nexit\n");
    for (wire, _, _) in &borders {
        let _ = write!(
            text,
            "route-map {} permit 10\n set local-preference {}\nexit\n",
            border_map(&wire.link),
            local_preference(wire.cost)
        );
    }
    text
}

/// The route map that carries a border link's cost.
pub fn border_map(link: &str) -> String {
    format!("cost-{link}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(router: &str, daemon: Daemon) -> String {
        let plan = Plan::three_domain();
        let router = plan.router(router).unwrap();
        config(&plan, router, daemon, Path::new("/run/x"))
    }

    #[test]
    fn the_core_names_its_net_last() {
        let text = text("c1", Daemon::Isisd);
        let net = text.find(" net 49").unwrap();
        assert!(text.find("lsp-gen-interval").unwrap() < net);
        assert!(!text.contains("to-m1"), "IS-IS must not leave the core");
    }

    #[test]
    fn a_core_router_s_isis_text_is_as_written_down() {
        let expected = "hostname c3\nlog file /run/x/isisd.log\nservice integrated-vtysh-config\nrouter isis core\n \
            is-type level-2-only\n metric-style wide\n lsp-gen-interval 2\n spf-interval 1\n \
            net 49.0001.0102.5500.0005.00\nexit\ninterface lo\n ip router isis core\n isis passive\nexit\n\
            interface to-c1\n ip router isis core\n isis network point-to-point\n isis hello-interval 1\n \
            isis hello-multiplier 4\n isis metric 10\nexit\ninterface to-c4\n ip router isis core\n \
            isis network point-to-point\n isis hello-interval 1\n isis hello-multiplier 4\n isis metric 10\nexit\n";
        assert_eq!(text("c3", Daemon::Isisd), expected);
    }

    #[test]
    fn a_border_router_prefers_by_cost() {
        let text = text("m1", Daemon::Bgpd);
        assert!(text.contains("neighbor 10.0.2.2 remote-as 65000\n"));
        assert!(text.contains("neighbor 10.0.2.2 route-map cost-m1-c1 in\n"));
        assert!(text.contains("route-map cost-m1-c1 permit 10\n set local-preference 65526\n"));
        assert!(text.contains("neighbor 10.255.0.2 next-hop-self\n"));
    }

    #[test]
    fn users_are_announced_and_hear_no_hello() {
        let text = text("m1", Daemon::Ospfd);
        assert!(text.contains("interface to-u1\n ip ospf area 0\n ip ospf passive\n"));
        assert!(text.contains("interface to-m2\n ip ospf area 0\n ip ospf network point-to-point"));
        assert!(!text.contains("to-c1"), "OSPF must not leave the metro");
    }
}
