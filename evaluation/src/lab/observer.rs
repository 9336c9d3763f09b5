//! Watches a lab: keeps users, probes and health checks going, and reads everything once per round.
//!
//! In: a [`Rig`]. Out: one set of [`TelemetryBatch`]es per call. Called by [`super::Lab`]. Changes nothing.

use super::clock::now;
use super::collect::{Round, telemetry};
use super::control;
use super::error::LabError;
use super::inside::Inside;
use super::load::{Health, Users};
use super::plan::GATEWAY_PORT;
use super::probe::{self, Probes};
use super::reading;
use super::rig::Rig;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use zizhi_types::NetTime;
use zizhi_types::wire::TelemetryBatch;

/// Users, probes and checks of one lab; all end when it is dropped.
#[derive(Debug)]
pub struct Observer {
    rig: Arc<Rig>,
    ports: BTreeMap<(String, String), Probes>,
    paths: BTreeMap<(String, String), Probes>,
    users: BTreeMap<String, Users>,
    health: BTreeMap<String, Health>,
    before: Option<Round>,
    /// Last: the threads end after everything that refers to them.
    _places: BTreeMap<String, Inside>,
}

impl Observer {
    /// Enters all namespaces and starts users, probes and checks.
    pub fn start(rig: Arc<Rig>) -> Result<Self, LabError> {
        let plan = rig.plan();
        let mut places = BTreeMap::new();
        for node in plan.nodes() {
            places.insert(node.to_owned(), probe::enter(&rig, node)?);
        }
        let observer = Self {
            ports: start_ports(&rig, &places),
            paths: start_paths(&rig, &places),
            users: start_users(&rig, &places),
            health: start_health(&rig, &places),
            before: None,
            _places: places,
            rig,
        };
        Ok(observer)
    }

    /// Reads everything now.
    pub fn round(&mut self) -> (NetTime, Vec<TelemetryBatch>) {
        let plan = self.rig.plan();
        let at = now();
        let elapsed_ms = self.before.as_ref().map_or(0, |b| at.since(b.at));
        let judged = |(key, probes): (&(String, String), &Probes)| (key.clone(), probes.judge());
        let round = Round {
            at,
            elapsed_ms,
            routers: plan
                .routers
                .iter()
                .map(|r| (r.id.clone(), reading::router(&self.rig, r)))
                .collect(),
            ports: self.ports.iter().map(judged).collect(),
            paths: self.paths.iter().map(judged).collect(),
            instances: self
                .health
                .iter()
                .map(|(id, h)| (id.clone(), h.last()))
                .collect(),
            gateway: control::stats(&self.rig.control_socket()).ok(),
            groups: self
                .users
                .iter()
                .map(|(id, u)| (id.clone(), u.summary()))
                .collect(),
        };
        let batches = telemetry(plan, self.before.as_ref(), &round);
        self.before = Some(round);
        (at, batches)
    }
}

type Places = BTreeMap<String, Inside>;
type ByPair = BTreeMap<(String, String), Probes>;

fn start_ports(rig: &Rig, places: &Places) -> ByPair {
    let mut ports = BTreeMap::new();
    for wire in &rig.plan().wires {
        let [a, b] = &wire.ends;
        if let (Some(at_a), Some(at_b)) = (places.get(&a.router), places.get(&b.router)) {
            let [from_a, from_b] = probe::over_link(&wire.ends, [at_a, at_b]);
            ports.insert((a.router.clone(), wire.link.clone()), from_a);
            ports.insert((b.router.clone(), wire.link.clone()), from_b);
        }
    }
    ports
}

fn start_paths(rig: &Rig, places: &Places) -> ByPair {
    let plan = rig.plan();
    let mut paths = BTreeMap::new();
    for (site, _) in plan.site_hosts() {
        if let Some(place) = places.get(&site.id) {
            probe::answer(place);
        }
        for (users, _) in plan.user_hosts().filter(|(u, _)| u.router != site.router) {
            if let Some(place) = places.get(&users.id) {
                let key = (users.router.clone(), site.router.clone());
                paths.insert(key, probe::to_host(place, site));
            }
        }
    }
    paths
}

fn start_users(rig: &Rig, places: &Places) -> BTreeMap<String, Users> {
    let plan = rig.plan();
    let mut users = BTreeMap::new();
    let Some((gateway, _)) = plan.gateway_host() else {
        return users;
    };
    let address = SocketAddr::from((gateway.address, GATEWAY_PORT));
    for (host, cell) in plan.user_hosts() {
        let Some(place) = places.get(&host.id) else {
            continue;
        };
        for group in plan.network.groups.iter().filter(|g| g.cell == cell) {
            let service = plan.network.services.iter().find(|s| s.id == group.service);
            let path = service.map_or("/", |s| &s.url_path);
            let started = Users::start(place, address, path, &group.id, group.rate_rps);
            users.insert(group.id.clone(), started);
        }
    }
    users
}

fn start_health(rig: &Rig, places: &Places) -> BTreeMap<String, Health> {
    let check = |i: &super::plan::InstancePlan| {
        let address = SocketAddr::from((i.address, i.port));
        Some((i.id.clone(), Health::start(places.get(&i.host)?, address)))
    };
    rig.plan().instances.iter().filter_map(check).collect()
}
