//! What the rules look up: the inventory, what was set on purpose, announced work, and the latest values.

use std::collections::BTreeMap;
use zizhi_types::action::Verb;
use zizhi_types::topology::{Instance, Network};
use zizhi_types::wire::{Inventory, Maintenance, Sample};
use zizhi_types::{Action, ManagedObject, Metric, NetTime, ObjectKind};

/// Announced work stays an excuse for so long after its end, in milliseconds: it takes that long to come back. The
/// agents allow the same.
const COMING_BACK_MS: u64 = 120_000;

/// A link whose cost is at least this carries nothing on purpose. The agents take the same for drained.
const DRAINED_COST: f64 = 60_000.0;

/// What is known without looking.
pub(super) struct Facts {
    network: Network,
    /// Settings that are meant to differ from the inventory.
    intended: BTreeMap<(ManagedObject, Metric), f64>,
    works: Vec<Maintenance>,
    latest: BTreeMap<(ManagedObject, Metric), f64>,
}

impl Facts {
    pub(super) fn new() -> Self {
        Self {
            network: Network::empty("unknown"),
            intended: BTreeMap::new(),
            works: vec![],
            latest: BTreeMap::new(),
        }
    }

    pub(super) fn learn(&mut self, inventory: Inventory) {
        self.network.learn(inventory.domain, inventory.part);
    }

    pub(super) fn announce(&mut self, work: Maintenance) {
        for s in &work.intended {
            self.intended.insert((s.object.clone(), s.metric), s.value);
        }
        self.works.push(work);
    }

    pub(super) fn observe(&mut self, sample: &Sample) {
        let series = (sample.object.clone(), sample.metric);
        self.latest.insert(series, sample.value);
    }

    /// What the automation sets itself is no drift.
    pub(super) fn intend(&mut self, action: &Action) {
        let (metric, value) = match action.verb {
            Verb::LinkSetCost => (Metric::PortCost, action.number("cost")),
            Verb::LinkSetRate => (Metric::PortRate, action.number("mbps")),
            _ => return,
        };
        let Some(value) = value else { return };
        for port in self.ports_of(&action.object) {
            self.intended.insert((port, metric), value);
        }
    }

    /// What a quantity is meant to be, as built or as set on purpose since.
    pub(super) fn meant(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        let set = self.intended.get(&(object.clone(), metric)).copied();
        set.or_else(|| self.built(object, metric))
    }

    /// A port whose link is costed out on purpose: its cost is high, and meant to be.
    pub(super) fn is_drained(&self, port: &ManagedObject) -> bool {
        let series = (port.clone(), Metric::PortCost);
        let high = |cost: &f64| *cost >= DRAINED_COST;
        self.intended.get(&series).is_some_and(high) && self.latest.get(&series).is_some_and(high)
    }

    /// The site of an instance.
    pub(super) fn site_of(&self, instance: &ManagedObject) -> Option<ManagedObject> {
        let found = self
            .network
            .instances
            .iter()
            .find(|i| i.id == instance.name());
        found.and_then(|i| ManagedObject::new(ObjectKind::Site, &i.site).ok())
    }

    /// What a setting of a link's ports is meant to be.
    pub(super) fn meant_at(&self, link: &ManagedObject, metric: Metric) -> Option<f64> {
        let ports = self.ports_of(link);
        ports.first().and_then(|port| self.meant(port, metric))
    }

    fn built(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        if metric == Metric::InstanceService {
            let found = self
                .network
                .instances
                .iter()
                .find(|i| i.id == object.name());
            return found.map(|i| i.base_ms);
        }
        let link = object.link_of_port().unwrap_or_else(|| object.clone());
        let built = self.network.links.iter().find(|l| l.id == link.name())?;
        match metric {
            Metric::PortCost => Some(f64::from(built.cost)),
            Metric::PortRate => Some(built.capacity_mbps),
            _ => None,
        }
    }

    /// The latest value of a link's ports, the larger of the two.
    pub(super) fn at_ports(&self, link: &ManagedObject, metric: Metric) -> Option<f64> {
        let value = |port| self.latest.get(&(port, metric)).copied();
        let ports = self.ports_of(link).into_iter();
        ports.filter_map(value).reduce(f64::max)
    }

    /// The service of the busiest instance at a site.
    pub(super) fn busiest(&self, site: &ManagedObject) -> Option<&str> {
        let load = |i: &Instance| {
            let object = ManagedObject::new(ObjectKind::Instance, &i.id).ok()?;
            let series = (object, Metric::InstanceUtilization);
            self.latest.get(&series).copied()
        };
        let here = self
            .network
            .instances
            .iter()
            .filter(|i| i.site == site.name());
        let loaded = here.filter_map(|i| load(i).map(|l| (l, i)));
        let busiest = loaded.reduce(|a, b| if b.0 > a.0 { b } else { a });
        busiest.map(|(_, i)| i.service.as_str())
    }

    /// Whether announced work covers the object, its link, or a router at its end.
    pub(super) fn under_work(&self, object: &ManagedObject, now: NetTime) -> bool {
        let on = |w: &Maintenance| now >= w.from && now <= w.until + COMING_BACK_MS;
        let works = self.works.iter().filter(|w| on(w));
        works
            .flat_map(|w| &w.objects)
            .any(|w| self.covers(w, object))
    }

    fn covers(&self, worked_on: &ManagedObject, object: &ManagedObject) -> bool {
        if worked_on == object {
            return true;
        }
        let link = object.link_of_port();
        let same =
            |l: &ManagedObject| worked_on == l || worked_on.link_of_port().as_ref() == Some(l);
        link.as_ref().is_some_and(same) || self.ends_at(object, worked_on)
    }

    /// Whether a link, or the link of a port, ends at a router.
    pub(super) fn ends_at(&self, object: &ManagedObject, router: &ManagedObject) -> bool {
        let link = object.link_of_port().unwrap_or_else(|| object.clone());
        let joins = |name: &str| {
            let found = self.network.links.iter().find(|l| l.id == link.name());
            found.is_some_and(|l| l.a == name || l.b == name)
        };
        router.kind() == ObjectKind::Router
            && link.kind() == ObjectKind::Link
            && joins(router.name())
    }

    fn ports_of(&self, link: &ManagedObject) -> Vec<ManagedObject> {
        let found = self.network.links.iter().find(|l| l.id == link.name());
        found
            .into_iter()
            .flat_map(|l| [&l.a, &l.b])
            .filter_map(|router| ManagedObject::port(router, link.name()).ok())
            .collect()
    }
}
