//! What would a plan take out of the live network?
//!
//! In: the intended network, what was measured, a plan. Out: [`Reach`]: sites, share of capacity, instances that services
//! keep, routers that would be cut off. Only what is live now can be lost: to restart a router that forwards nothing takes
//! nothing out. A verb that is not known here counts as one that takes its object out.

use crate::context::Measured;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::action::{Action, Verb};
use zizhi_types::topology::{Instance, Link, Network};
use zizhi_types::{ManagedObject, Metric, ObjectKind, Plan};

/// A cost from which on a link carries nothing on purpose. The same bound as the agents' picture has.
const DRAINED_COST: f64 = 60_000.0;

/// An instance that is steered this little is out of service.
const OUT_OF_SERVICE: f64 = 0.05;

/// What a plan takes out, computed from the live topology.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reach {
    /// Touched objects that the inventory does not list.
    pub unknown: Vec<ManagedObject>,
    /// Compute sites that feel it.
    pub sites: BTreeSet<String>,
    /// Share of the domain's live capacity that is taken out, 0 to 1.
    pub share: f64,
    /// How many objects lose capacity.
    pub losers: usize,
    /// Live instances before and after, of every service that loses any.
    pub instances: BTreeMap<String, (usize, usize)>,
    /// Two routers that are connected now and would not be.
    pub cut: Option<(String, String)>,
}

/// Looks at the live network through a plan's eyes.
pub fn reach(network: &Network, measured: Measured<'_>, plan: &Plan) -> Reach {
    let live = Live { network, measured };
    let mut lost = Lost::default();
    for step in &plan.steps {
        live.take_out(&step.action, &mut lost);
    }
    let objects = plan.steps.iter().map(|s| &s.action.object);
    Reach {
        unknown: objects.filter(|o| !live.lists(o)).cloned().collect(),
        sites: live.sites(plan, &lost),
        share: live.share(&lost),
        losers: lost.links.len() + lost.instances.len() + lost.cells.len(),
        instances: live.instances(&lost),
        cut: live.cut(&lost),
    }
}

/// What is gone while or after the plan is run: names, with the share of each that is gone.
#[derive(Debug, Default)]
struct Lost<'a> {
    routers: BTreeSet<&'a str>,
    links: BTreeMap<&'a str, f64>,
    instances: BTreeMap<&'a str, f64>,
    cells: BTreeMap<&'a str, f64>,
    /// Links that carry nothing at all, not even as the last way.
    broken: BTreeSet<&'a str>,
}

struct Live<'a> {
    network: &'a Network,
    measured: Measured<'a>,
}

impl<'a> Live<'a> {
    fn take_out(&self, action: &'a Action, lost: &mut Lost<'a>) {
        let name = action.object.name();
        match action.verb {
            Verb::LinkSetCost => {
                if action.number("cost").is_none_or(|c| c >= DRAINED_COST) {
                    self.lose_link(name, 1.0, lost);
                }
            }
            Verb::LinkSetRate => {
                let share = self.rate_lost(name, action.number("mbps").unwrap_or(0.0));
                self.lose_link(name, share, lost);
            }
            Verb::InstanceSteerLimit => {
                let share = action.number("share").unwrap_or(0.0).clamp(0.0, 1.0);
                self.lose_instance(name, 1.0 - share, lost);
            }
            Verb::SiteScaleIn => {
                if let Some(instance) = action.text("instance") {
                    self.lose_instance(instance, 1.0, lost);
                }
            }
            Verb::SiteSetReplicas => self.lose_replicas(action, lost),
            Verb::CellLimitAdmission => {
                let share = action.number("share").unwrap_or(0.0).clamp(0.0, 1.0);
                self.lose_cell(&action.object, 1.0 - share, lost);
            }
            // One more instance, a policy computed anew, or a cell in service again takes nothing out.
            Verb::SiteScaleOut | Verb::GatewayRefreshPolicy | Verb::CellUnlock => {}
            _ => self.lose(&action.object, lost),
        }
    }

    fn lose(&self, object: &'a ManagedObject, lost: &mut Lost<'a>) {
        let name = object.name();
        match object.kind() {
            ObjectKind::Router => {
                lost.routers.insert(name);
                for link in self.links_of(name) {
                    self.lose_link(&link.id, 1.0, lost);
                    lost.broken.insert(&link.id);
                }
            }
            ObjectKind::Link => {
                self.lose_link(name, 1.0, lost);
                lost.broken.insert(name);
            }
            ObjectKind::Instance => self.lose_instance(name, 1.0, lost),
            ObjectKind::Site => {
                for instance in self.network.instances.iter().filter(|i| i.site == name) {
                    self.lose_instance(&instance.id, 1.0, lost);
                }
            }
            ObjectKind::Cell => self.lose_cell(object, 1.0, lost),
            _ => {}
        }
    }

    fn lose_cell(&self, cell: &'a ManagedObject, share: f64, lost: &mut Lost<'a>) {
        if share > 0.0 && self.is_up(cell, Metric::CellUp) {
            lost.cells.insert(cell.name(), share);
        }
    }

    /// Fewer instances of a service at a site than there are: which of them go is the driver's choice, how many is not.
    fn lose_replicas(&self, action: &'a Action, lost: &mut Lost<'a>) {
        let site = action.object.name();
        let here: Vec<&Instance> = self
            .network
            .instances
            .iter()
            .filter(|i| i.site == site && Some(i.service.as_str()) == action.text("service"))
            .collect();
        let kept = action.number("replicas").unwrap_or(0.0).max(0.0) as usize;
        for instance in here.iter().skip(kept) {
            self.lose_instance(&instance.id, 1.0, lost);
        }
    }

    fn lose_link(&self, name: &'a str, share: f64, lost: &mut Lost<'a>) {
        let link = self.network.links.iter().find(|l| l.id == name);
        if share > 0.0 && link.is_some_and(|l| self.carries(l)) {
            lost.links.insert(name, share);
        }
    }

    fn lose_instance(&self, name: &'a str, share: f64, lost: &mut Lost<'a>) {
        let instance = self.network.instances.iter().find(|i| i.id == name);
        if share > 0.0 && instance.is_some_and(|i| self.may_serve(i)) {
            lost.instances.insert(name, share);
        }
    }

    fn rate_lost(&self, link: &str, mbps: f64) -> f64 {
        let Some(link) = self.network.links.iter().find(|l| l.id == link) else {
            return 0.0;
        };
        let ports = [&link.a, &link.b].map(|router| self.at_port(router, link, Metric::PortRate));
        let now = ports
            .into_iter()
            .flatten()
            .fold(link.capacity_mbps, f64::min);
        ((now - mbps) / link.capacity_mbps.max(1.0)).clamp(0.0, 1.0)
    }

    fn lists(&self, object: &ManagedObject) -> bool {
        let n = self.network;
        let name = object.name();
        match object.kind() {
            ObjectKind::Router => n.routers.iter().any(|r| r.id == name),
            ObjectKind::Link => n.links.iter().any(|l| l.id == name),
            ObjectKind::Site => n.sites.iter().any(|s| s.id == name),
            ObjectKind::Gateway => n.gateways.iter().any(|g| g.id == name),
            ObjectKind::Cell => n.cells.iter().any(|c| c.id == name),
            ObjectKind::Service => n.services.iter().any(|s| s.id == name),
            // Instances come and go; the inventory lists those that were built.
            _ => true,
        }
    }

    fn links_of(&self, router: &str) -> impl Iterator<Item = &'a Link> {
        let links = self.network.links.iter();
        links.filter(move |l| l.a == router || l.b == router)
    }

    fn at_port(&self, router: &str, link: &Link, metric: Metric) -> Option<f64> {
        let port = ManagedObject::port(router, &link.id).ok()?;
        (self.measured)(&port, metric)
    }

    /// Not known to be down.
    fn is_up(&self, object: &ManagedObject, metric: Metric) -> bool {
        (self.measured)(object, metric).is_none_or(|up| up >= 1.0)
    }

    fn router_up(&self, name: &str) -> bool {
        let router = ManagedObject::new(ObjectKind::Router, name);
        router.is_ok_and(|r| self.is_up(&r, Metric::RouterUp))
    }

    fn connects(&self, link: &Link) -> bool {
        let up = |router: &str| {
            self.router_up(router)
                && self
                    .at_port(router, link, Metric::PortOperUp)
                    .is_none_or(|up| up >= 1.0)
        };
        up(&link.a) && up(&link.b)
    }

    /// Up, and not costed out.
    fn carries(&self, link: &Link) -> bool {
        let costed_out = |router: &str| {
            self.at_port(router, link, Metric::PortCost)
                .is_some_and(|cost| cost >= DRAINED_COST)
        };
        self.connects(link) && !costed_out(&link.a) && !costed_out(&link.b)
    }

    fn up(&self, instance: &Instance) -> Option<bool> {
        let object = ManagedObject::new(ObjectKind::Instance, instance.id.as_str()).ok()?;
        (self.measured)(&object, Metric::InstanceUp).map(|up| up >= 1.0)
    }

    /// Not known to be down: what may serve can be lost.
    fn may_serve(&self, instance: &Instance) -> bool {
        self.up(instance) != Some(false)
    }

    /// Known to be up: only what is seen to serve counts as left.
    fn serves(&self, instance: &Instance) -> bool {
        self.up(instance) == Some(true)
    }

    fn sites(&self, plan: &Plan, lost: &Lost<'_>) -> BTreeSet<String> {
        let n = self.network;
        let of_steps = plan.steps.iter().filter_map(|s| {
            let name = s.action.object.name();
            match s.action.object.kind() {
                ObjectKind::Site => Some(name),
                ObjectKind::Instance => n.instances.iter().find(|i| i.id == name).map(|i| &*i.site),
                _ => None,
            }
        });
        let cut_off = n
            .sites
            .iter()
            .filter(|s| lost.routers.contains(s.router.as_str()) && self.router_up(&s.router));
        let of_sites = cut_off.map(|s| s.id.as_str());
        of_steps.chain(of_sites).map(str::to_owned).collect()
    }

    /// The largest share over the domains: a plan seldom touches more than one.
    fn share(&self, lost: &Lost<'_>) -> f64 {
        let n = self.network;
        let links = n.links.iter().filter(|l| self.carries(l));
        let links = links.map(|l| (l.capacity_mbps, lost.links.get(l.id.as_str()).copied()));
        let instances = n.instances.iter().filter(|i| self.may_serve(i));
        let instances = instances.map(|i| {
            (
                f64::from(i.workers),
                lost.instances.get(i.id.as_str()).copied(),
            )
        });
        let cells = n.cells.iter();
        let cells = cells.map(|c| {
            let gone = lost.cells.get(c.id.as_str()).copied();
            (c.capacity_rps, gone)
        });
        share_of(links)
            .max(share_of(instances))
            .max(share_of(cells))
    }

    fn instances(&self, lost: &Lost<'_>) -> BTreeMap<String, (usize, usize)> {
        let out = |i: &Instance| {
            let gone = lost.instances.get(i.id.as_str());
            gone.is_some_and(|share| *share > 1.0 - OUT_OF_SERVICE)
        };
        let mut counted: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let touched = self.network.instances.iter().filter(|i| out(i));
        let services: BTreeSet<&str> = touched.map(|i| i.service.as_str()).collect();
        for service in services {
            let all = self
                .network
                .instances
                .iter()
                .filter(|i| i.service == service);
            let (mut before, mut after) = (0, 0);
            for instance in all {
                let gone = out(instance);
                before += usize::from(self.serves(instance) || gone);
                after += usize::from(self.serves(instance) && !gone);
            }
            counted.insert(service.to_owned(), (before, after));
        }
        counted
    }

    /// Two routers that reach each other now and would not, the taken out ones aside.
    fn cut(&self, lost: &Lost<'_>) -> Option<(String, String)> {
        if lost.broken.is_empty() {
            return None;
        }
        let now = self.parts(&BTreeSet::new(), &BTreeSet::new());
        let then = self.parts(&lost.broken, &lost.routers);
        let mut first: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for router in &self.network.routers {
            let id = router.id.as_str();
            if lost.routers.contains(id) || !self.router_up(id) {
                continue;
            }
            let (Some(before), Some(after)) = (now.get(id), then.get(id)) else {
                continue;
            };
            let (other, part) = *first.entry(before).or_insert((id, after));
            if part != *after {
                return Some((other.to_owned(), id.to_owned()));
            }
        }
        None
    }

    /// The connected part that each router is in, named by one of its routers.
    fn parts(
        &self,
        without: &BTreeSet<&str>,
        without_routers: &BTreeSet<&str>,
    ) -> BTreeMap<&'a str, &'a str> {
        let mut neighbours: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        let links = self.network.links.iter();
        for link in links.filter(|l| self.connects(l) && !without.contains(l.id.as_str())) {
            neighbours.entry(&link.a).or_default().push(&link.b);
            neighbours.entry(&link.b).or_default().push(&link.a);
        }
        let mut part = BTreeMap::new();
        for router in &self.network.routers {
            let mut todo = vec![router.id.as_str()];
            while let Some(at) = todo.pop() {
                if without_routers.contains(at) || part.contains_key(at) {
                    continue;
                }
                part.insert(at, router.id.as_str());
                todo.extend(neighbours.get(at).into_iter().flatten());
            }
        }
        part
    }
}

fn share_of(members: impl Iterator<Item = (f64, Option<f64>)>) -> f64 {
    let (mut all, mut gone) = (0.0, 0.0);
    for (capacity, lost) in members {
        all += capacity;
        gone += capacity * lost.unwrap_or(0.0);
    }
    if all > 0.0 { gone / all } else { 0.0 }
}
