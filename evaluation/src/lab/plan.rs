//! What is to be built: the three-domain network as data, with its addresses.
//!
//! In: nothing but a lab's choices. Out: a [`Plan`], from which the configuration texts, the namespaces, the
//! collectors and the drivers are all derived, so that two processes that know a lab's id know the same network.
//! Called by everything in the lab. Never touches the machine.

use std::net::Ipv4Addr;
use zizhi_types::topology::{
    Bilingual, Cell, Gateway, Group, Instance, Link, Network, Preference, Router, Service, Site,
    Tier, Traffic,
};

/// Which protocol makes the two ends of a wire neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OSPF, inside metro and data centre.
    Ospf,
    /// IS-IS, inside the core.
    Isis,
    /// eBGP, across a border. The intended cost is carried as local preference, see [`local_preference`].
    Bgp,
}

/// A router and the routing domain it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterPlan {
    /// Its name, also the name of its namespace.
    pub id: String,
    /// 1 to 8; part of its addresses.
    pub number: u8,
    /// Autonomous system: 65001 metro, 65000 core, 65002 data centre.
    pub asn: u32,
    /// The protocol inside its domain.
    pub igp: Protocol,
    /// On `lo`, a /32.
    pub loopback: Ipv4Addr,
}

/// One end of a wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Whose.
    pub router: String,
    /// The interface there: `to-<peer>`.
    pub interface: String,
    /// In a /30.
    pub address: Ipv4Addr,
}

/// A link with everything that is needed to build it.
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    /// The link's id in the network.
    pub link: String,
    /// Who speaks over it.
    pub protocol: Protocol,
    /// In the order of the link's `a` and `b`.
    pub ends: [End; 2],
    /// Mbit/s each way.
    pub capacity_mbps: f64,
    /// Intended cost.
    pub cost: u32,
}

impl Wire {
    /// The end at a router and the far end.
    pub fn at(&self, router: &str) -> Option<(&End, &End)> {
        match &self.ends {
            [a, b] if a.router == router => Some((a, b)),
            [a, b] if b.router == router => Some((b, a)),
            _ => None,
        }
    }
}

/// What a host is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Users of this cell.
    Users {
        /// The cell's id.
        cell: String,
    },
    /// The gateway of this id.
    Gateway {
        /// The gateway's id.
        gateway: String,
    },
    /// A compute site; its instances are processes here.
    Site {
        /// The site's id.
        site: String,
    },
}

/// A host on a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlan {
    /// Its name, also the name of its namespace.
    pub id: String,
    /// What for.
    pub role: Role,
    /// The router it hangs on.
    pub router: String,
    /// The router's interface: `to-<host>`.
    pub router_interface: String,
    /// The router's address, the host's default route.
    pub router_address: Ipv4Addr,
    /// The host's own address, in a /24.
    pub address: Ipv4Addr,
}

/// A service instance's place.
#[derive(Debug, Clone, PartialEq)]
pub struct InstancePlan {
    /// The instance's id in the network.
    pub id: String,
    /// Where it runs.
    pub host: String,
    /// Where it listens.
    pub address: Ipv4Addr,
    /// TCP port, 8080 and up in each host.
    pub port: u16,
    /// Requests at the same time.
    pub workers: u32,
    /// Mean service time.
    pub base_ms: f64,
    /// Compute tokens per request.
    pub price: f64,
    /// URL path it answers.
    pub url_path: String,
}

/// Everything that is to be built.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The intended network, as all domains see it.
    pub network: Network,
    /// Routers.
    pub routers: Vec<RouterPlan>,
    /// Links between them.
    pub wires: Vec<Wire>,
    /// Hosts on them.
    pub hosts: Vec<HostPlan>,
    /// Instances in the hosts.
    pub instances: Vec<InstancePlan>,
}

/// Bytes of one answer: with 30 requests per second and group a link carries about 10 Mbit/s, so that a cut to
/// 5 Mbit/s hurts and the intended 50 do not.
pub const ANSWER_BYTES: usize = 32_768;

/// TCP port of the gateway.
pub const GATEWAY_PORT: u16 = 80;

/// The local preference that stands for a cost on a border: the cheaper link is preferred.
pub const fn local_preference(cost: u32) -> u32 {
    65_536 - if cost > 65_535 { 65_535 } else { cost }
}

impl Plan {
    /// The three-domain network: metro m1 m2 and data centre d1 d2 on OSPF, core c1 to c4 on IS-IS with one diagonal,
    /// eBGP twice on each border, users at m1 and m2, sites at m2 and d1.
    pub fn three_domain() -> Self {
        let routers = ["m1", "m2", "c1", "c2", "c3", "c4", "d1", "d2"];
        let routers: Vec<_> = (1..).zip(routers).map(|(n, id)| router(n, id)).collect();
        let network = network(&routers);
        let wires = (1..)
            .zip(&network.links)
            .map(|(n, l)| wire(n, l, &routers))
            .collect();
        let hosts = hosts();
        let instances = instances(&network, &hosts);
        Self {
            network,
            routers,
            wires,
            hosts,
            instances,
        }
    }

    /// A router by name.
    pub fn router(&self, id: &str) -> Option<&RouterPlan> {
        self.routers.iter().find(|r| r.id == id)
    }

    /// A wire by its link's name.
    pub fn wire(&self, link: &str) -> Option<&Wire> {
        self.wires.iter().find(|w| w.link == link)
    }

    /// A host by name.
    pub fn host(&self, id: &str) -> Option<&HostPlan> {
        self.hosts.iter().find(|h| h.id == id)
    }

    /// An instance by name.
    pub fn instance(&self, id: &str) -> Option<&InstancePlan> {
        self.instances.iter().find(|i| i.id == id)
    }

    /// The wires of a router, with its own end first.
    pub fn wires_of<'a>(
        &'a self,
        router: &'a str,
    ) -> impl Iterator<Item = (&'a Wire, &'a End, &'a End)> {
        self.wires
            .iter()
            .filter_map(move |w| w.at(router).map(|(own, far)| (w, own, far)))
    }

    /// The hosts of a router.
    pub fn hosts_of<'a>(&'a self, router: &'a str) -> impl Iterator<Item = &'a HostPlan> {
        self.hosts.iter().filter(move |h| h.router == router)
    }

    /// The host with the gateway.
    pub fn gateway_host(&self) -> Option<(&HostPlan, &str)> {
        self.hosts.iter().find_map(|h| match &h.role {
            Role::Gateway { gateway } => Some((h, gateway.as_str())),
            _ => None,
        })
    }

    /// The hosts with users, and their cells.
    pub fn user_hosts(&self) -> impl Iterator<Item = (&HostPlan, &str)> {
        self.hosts.iter().filter_map(|h| match &h.role {
            Role::Users { cell } => Some((h, cell.as_str())),
            _ => None,
        })
    }

    /// The hosts that are sites, and the sites.
    pub fn site_hosts(&self) -> impl Iterator<Item = (&HostPlan, &str)> {
        self.hosts.iter().filter_map(|h| match &h.role {
            Role::Site { site } => Some((h, site.as_str())),
            _ => None,
        })
    }

    /// Routers and hosts: one namespace each.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let routers = self.routers.iter().map(|r| r.id.as_str());
        routers.chain(self.hosts.iter().map(|h| h.id.as_str()))
    }
}

fn router(number: u8, id: &str) -> RouterPlan {
    let (asn, igp) = match id.as_bytes()[0] {
        b'm' => (65_001, Protocol::Ospf),
        b'c' => (65_000, Protocol::Isis),
        _ => (65_002, Protocol::Ospf),
    };
    RouterPlan {
        id: id.to_owned(),
        number,
        asn,
        igp,
        loopback: Ipv4Addr::new(10, 255, 0, number),
    }
}

fn wire(number: u8, link: &Link, routers: &[RouterPlan]) -> Wire {
    let of = |id: &str| routers.iter().find(|r| r.id == id);
    let protocol = match (of(&link.a), of(&link.b)) {
        (Some(a), Some(b)) if a.asn == b.asn => a.igp,
        _ => Protocol::Bgp,
    };
    let end = |router: &str, peer: &str, last: u8| End {
        router: router.to_owned(),
        interface: format!("to-{peer}"),
        address: Ipv4Addr::new(10, 0, number, last),
    };
    Wire {
        link: link.id.clone(),
        protocol,
        ends: [end(&link.a, &link.b, 1), end(&link.b, &link.a, 2)],
        capacity_mbps: link.capacity_mbps,
        cost: link.cost,
    }
}

fn host(number: u8, id: &str, router: &str, role: Role) -> HostPlan {
    HostPlan {
        id: id.to_owned(),
        role,
        router: router.to_owned(),
        router_interface: format!("to-{id}"),
        router_address: Ipv4Addr::new(10, 100, number, 1),
        address: Ipv4Addr::new(10, 100, number, 2),
    }
}

fn hosts() -> Vec<HostPlan> {
    let users = |cell: &str| Role::Users { cell: cell.into() };
    let site = |site: &str| Role::Site { site: site.into() };
    let gateway = Role::Gateway {
        gateway: "gw1".into(),
    };
    vec![
        host(1, "u1", "m1", users("cell1")),
        host(2, "u2", "m2", users("cell2")),
        host(3, "gw1", "m1", gateway),
        host(4, "edge1", "m2", site("edge1")),
        host(5, "dc1", "d1", site("dc1")),
    ]
}

fn instances(network: &Network, hosts: &[HostPlan]) -> Vec<InstancePlan> {
    let place = |i: &Instance| {
        let host = hosts
            .iter()
            .find(|h| matches!(&h.role, Role::Site { site } if *site == i.site))?;
        let service = network.services.iter().find(|s| s.id == i.service)?;
        Some(InstancePlan {
            id: i.id.clone(),
            host: host.id.clone(),
            address: host.address,
            port: 8080,
            workers: i.workers,
            base_ms: i.base_ms,
            price: i.price,
            url_path: service.url_path.clone(),
        })
    };
    network.instances.iter().filter_map(place).collect()
}

fn network(routers: &[RouterPlan]) -> Network {
    Network {
        name: "lab".into(),
        title: Bilingual {
            en: "Three domains of real FRR routers in network namespaces".into(),
            zh: "网络命名空间中由真实 FRR 路由器组成的三域网络".into(),
        },
        source: "built on this machine by `zizhi lab`; the plan is our choice: every single failure has a way around"
            .into(),
        routers: routers.iter().map(tiered).collect(),
        links: links(),
        services: vec![Service {
            id: "infer".into(),
            url_path: "/v1/infer".into(),
        }],
        sites: vec![site("edge1", "m2"), site("dc1", "d1")],
        instances: vec![
            instance("infer@edge1", "edge1", 3.0),
            instance("infer@dc1", "dc1", 1.0),
        ],
        gateways: vec![Gateway {
            id: "gw1".into(),
            router: "m1".into(),
        }],
        cells: vec![cell("cell1", "m1", "cell2"), cell("cell2", "m2", "cell1")],
        groups: vec![
            group("g1", "cell1", Preference::Price),
            group("g2", "cell2", Preference::Latency),
        ],
        traffic: Traffic {
            peak_utilization: 0.0,
            daily_swing: 0.0,
            peak_hour: 0.0,
            gravity_demands: 0,
            demands: vec![],
        },
    }
}

fn tiered(router: &RouterPlan) -> Router {
    Router {
        id: router.id.clone(),
        tier: match router.asn {
            65_000 => Tier::Core,
            _ => Tier::Edge,
        },
        lat: None,
        lon: None,
        weight: 0.0,
    }
}

fn links() -> Vec<Link> {
    // The diagonal costs more than one hop and less than two: it is the first way around.
    let rows: [(&str, &str, f64, u32); 11] = [
        ("m1", "m2", 100.0, 10),
        ("m1", "c1", 50.0, 10),
        ("m2", "c2", 50.0, 10),
        ("c1", "c2", 100.0, 10),
        ("c1", "c3", 50.0, 10),
        ("c2", "c4", 50.0, 10),
        ("c3", "c4", 100.0, 10),
        ("c1", "c4", 50.0, 15),
        ("c3", "d1", 50.0, 10),
        ("c4", "d2", 50.0, 10),
        ("d1", "d2", 100.0, 10),
    ];
    let link = |(a, b, capacity_mbps, cost): (&str, &str, f64, u32)| Link {
        id: format!("{a}-{b}"),
        a: a.into(),
        b: b.into(),
        capacity_mbps,
        delay_ms: 0.05, // measured between two namespaces; nothing is added to it
        cost,
    };
    rows.into_iter().map(link).collect()
}

fn site(id: &str, router: &str) -> Site {
    Site {
        id: id.into(),
        router: router.into(),
        spare_instances: 0,
    }
}

fn instance(id: &str, site: &str, price: f64) -> Instance {
    Instance {
        id: id.into(),
        site: site.into(),
        service: "infer".into(),
        workers: 8,
        base_ms: 10.0,
        price,
    }
}

fn cell(id: &str, router: &str, neighbour: &str) -> Cell {
    Cell {
        id: id.into(),
        router: router.into(),
        capacity_rps: 200.0,
        neighbours: vec![neighbour.into()],
    }
}

fn group(id: &str, cell: &str, prefer: Preference) -> Group {
    let rate_rps = 30.0;
    Group {
        id: id.into(),
        cell: cell.into(),
        gateway: "gw1".into(),
        service: "infer".into(),
        rate_rps,
        mbps_per_rps: ANSWER_BYTES as f64 * 8.0 / 1e6,
        prefer,
        latency_ms_max: 200.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_network_can_be_built_and_has_no_name_twice() {
        let plan = Plan::three_domain();
        assert_eq!(plan.network.problems(), vec![]);
        assert_eq!(
            (plan.routers.len(), plan.wires.len(), plan.hosts.len()),
            (8, 11, 5)
        );
        let nodes: BTreeSet<_> = plan.nodes().collect();
        assert_eq!(nodes.len(), 13);
    }

    #[test]
    fn no_two_interfaces_share_an_address() {
        let plan = Plan::three_domain();
        let mut seen = BTreeSet::new();
        let ends = plan.wires.iter().flat_map(|w| &w.ends).map(|e| e.address);
        let hosts = plan
            .hosts
            .iter()
            .flat_map(|h| [h.address, h.router_address]);
        let loopbacks = plan.routers.iter().map(|r| r.loopback);
        for address in ends.chain(hosts).chain(loopbacks) {
            assert!(seen.insert(address), "{address} is used twice");
        }
    }

    #[test]
    fn each_border_is_crossed_twice() {
        let plan = Plan::three_domain();
        let borders: Vec<_> = plan
            .wires
            .iter()
            .filter(|w| w.protocol == Protocol::Bgp)
            .map(|w| w.link.as_str())
            .collect();
        assert_eq!(borders, ["m1-c1", "m2-c2", "c3-d1", "c4-d2"]);
    }

    #[test]
    fn any_single_link_may_fail_without_cutting_anyone_off() {
        let plan = Plan::three_domain();
        for failed in &plan.wires {
            let mut reached = BTreeSet::from(["m1"]);
            for _ in 0..plan.routers.len() {
                for wire in plan.wires.iter().filter(|w| w.link != failed.link) {
                    let [a, b] = &wire.ends;
                    if reached.contains(a.router.as_str()) || reached.contains(b.router.as_str()) {
                        reached.extend([a.router.as_str(), b.router.as_str()]);
                    }
                }
            }
            assert_eq!(reached.len(), 8, "without {}", failed.link);
        }
    }

    #[test]
    fn a_cheaper_border_is_preferred() {
        assert!(local_preference(10) > local_preference(1000));
        assert_eq!(local_preference(70_000), 1);
    }
}
