//! What a domain knows of the network right now: what is intended, what was last measured, what is announced.
//!
//! In: inventories, measurements, digests of peers, announcements. Out: which objectives do not hold, and whether a
//! value is known to be good. Silence never makes anything good: a violation stays until a good value arrives.

mod settings;

use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::domain::Domain;
use zizhi_types::objective::{Importance, Violation};
use zizhi_types::topology::Network;
use zizhi_types::wire::{Maintenance, Sample};
use zizhi_types::{ManagedObject, Metric, NetTime, ObjectKind, Objective};

/// A quantity of an object.
pub type Series = (ManagedObject, Metric);

/// A link whose cost is at least this carries nothing on purpose: its ports protect nobody. Our choice; the
/// highest cost that routing protocols here treat as an ordinary number is 65535.
pub const DRAINED_COST: f64 = 60_000.0;

/// How long a value counts as known, in milliseconds: six intervals of the slowest source.
const FRESH_MS: u64 = 60_000;

/// The picture. Cheap to share as an `Arc`.
#[derive(Debug, Clone)]
pub struct Picture {
    network: Network,
    objectives: BTreeMap<Series, Objective>,
    /// Settings that are meant to differ from the inventory, whenever that comes again.
    intended: BTreeMap<Series, f64>,
    values: BTreeMap<Series, (f64, NetTime)>,
    violated_since: BTreeMap<Series, NetTime>,
    works: Vec<Maintenance>,
    silent: BTreeSet<ManagedObject>,
}

impl Picture {
    /// Nothing is known yet.
    pub fn empty() -> Self {
        Self {
            network: Network::empty("unknown"),
            objectives: BTreeMap::new(),
            intended: BTreeMap::new(),
            values: BTreeMap::new(),
            violated_since: BTreeMap::new(),
            works: vec![],
            silent: BTreeSet::new(),
        }
    }

    /// Takes over a domain's inventory.
    pub fn learn(&mut self, domain: Domain, part: Network) {
        self.network.learn(domain, part);
        for work in &self.works {
            redesign(&mut self.network, &work.intended);
        }
        let intended = |mut o: Objective| {
            let series = (o.object.clone(), o.metric);
            o.limit = self.intended.get(&series).copied().unwrap_or(o.limit);
            (series, o)
        };
        self.objectives = self
            .network
            .objectives()
            .into_iter()
            .map(intended)
            .collect();
    }

    /// The intended network as far as it is known.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// Notes a measured value.
    pub fn observe(&mut self, object: &ManagedObject, metric: Metric, value: f64, at: NetTime) {
        let series = (object.clone(), metric);
        match self.objectives.get(&series) {
            Some(objective) if !objective.holds(value) => {
                self.violated_since.entry(series.clone()).or_insert(at);
            }
            _ => {
                self.violated_since.remove(&series);
            }
        }
        self.values.insert(series, (value, at));
    }

    /// Notes which sources of a domain stopped sending.
    pub fn set_silent(&mut self, domain: Domain, silent: &[ManagedObject]) {
        self.silent.retain(|o| o.domain() != domain);
        self.silent.extend(silent.iter().cloned());
    }

    /// A peer's digest says that all it did not mention is as it was: its values count as measured at `at`, but for those
    /// whose source is silent.
    pub fn touch(&mut self, domain: Domain, at: NetTime) {
        let silent = &self.silent;
        for (series, (_, measured)) in &mut self.values {
            if series.0.domain() == domain && !is_quiet(silent, &series.0) {
                *measured = at;
            }
        }
    }

    /// Its source is silent, so nothing is known of it now.
    fn quiet(&self, object: &ManagedObject) -> bool {
        is_quiet(&self.silent, object)
    }

    /// Sources that stopped sending.
    pub const fn silent(&self) -> &BTreeSet<ManagedObject> {
        &self.silent
    }

    /// Notes planned work, and what is intended from it on.
    pub fn announce(&mut self, work: Maintenance) {
        for sample in &work.intended {
            self.intend(&sample.object, sample.metric, sample.value);
        }
        redesign(&mut self.network, &work.intended);
        self.works.push(work);
    }

    /// A setting that is intended from now on.
    pub fn intend(&mut self, object: &ManagedObject, metric: Metric, value: f64) {
        self.intended.insert((object.clone(), metric), value);
        if let Some(old) = self.objectives.get(&(object.clone(), metric)) {
            let objective = Objective {
                limit: value,
                ..old.clone()
            };
            self.set_objective(objective);
        }
    }

    fn set_objective(&mut self, objective: Objective) {
        let series = (objective.object.clone(), objective.metric);
        if self
            .values
            .get(&series)
            .is_some_and(|(v, _)| objective.holds(*v))
        {
            self.violated_since.remove(&series);
        }
        self.objectives.insert(series, objective);
    }

    /// The objective on a quantity, if there is one.
    pub fn objective(&self, object: &ManagedObject, metric: Metric) -> Option<&Objective> {
        self.objectives.get(&(object.clone(), metric))
    }

    /// Every objective.
    pub fn objectives(&self) -> impl Iterator<Item = &Objective> {
        self.objectives.values()
    }

    /// The last measured value, however old.
    pub fn last(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        self.values.get(&(object.clone(), metric)).map(|(v, _)| *v)
    }

    /// The measured value with its age in milliseconds.
    pub fn aged(&self, object: &ManagedObject, metric: Metric, now: NetTime) -> Option<(f64, u64)> {
        self.values
            .get(&(object.clone(), metric))
            .map(|(v, at)| (*v, now.since(*at)))
    }

    /// The measured value, if it is fresh.
    pub fn value(&self, object: &ManagedObject, metric: Metric, now: NetTime) -> Option<f64> {
        self.aged(object, metric, now)
            .filter(|(_, age)| *age <= FRESH_MS && !self.quiet(object))
            .map(|(v, _)| v)
    }

    /// When anything was last measured, if anything was.
    pub fn newest(&self, now: NetTime) -> Option<NetTime> {
        self.values
            .values()
            .map(|(_, at)| *at)
            .filter(|at| *at <= now)
            .max()
    }

    /// When an object was last heard of through its own series; nothing of a source that stopped sending.
    pub fn heard_at(&self, object: &ManagedObject) -> Option<NetTime> {
        if self.quiet(object) {
            return None;
        }
        let series = Metric::ALL.iter().map(|m| (object.clone(), *m));
        let times = series.filter_map(|s| self.values.get(&s));
        times.map(|(_, at)| *at).max()
    }

    /// The ports on a router.
    pub fn ports_on(&self, router: &str) -> Vec<ManagedObject> {
        let links = self.network.links.iter();
        links
            .filter(|l| l.a == router || l.b == router)
            .filter_map(|l| ManagedObject::port(router, &l.id).ok())
            .collect()
    }

    /// The instances that the inventory lists at a site.
    pub fn instances_at(&self, site: &str) -> Vec<ManagedObject> {
        let instances = self.network.instances.iter().filter(|i| i.site == site);
        instances
            .filter_map(|i| ManagedObject::new(ObjectKind::Instance, i.id.as_str()).ok())
            .collect()
    }

    /// Announced work, in the guards' words.
    pub fn works_for_guards(&self) -> Vec<zizhi_playbooks::guards::Maintenance> {
        let told = |work: &Maintenance| zizhi_playbooks::guards::Maintenance {
            ticket: work.ticket.clone(),
            objects: work.objects.iter().cloned().collect(),
            from: work.from,
            until: work.until,
        };
        self.works.iter().map(told).collect()
    }

    /// When the quantity was last measured.
    pub fn measured_at(&self, object: &ManagedObject, metric: Metric) -> Option<NetTime> {
        self.values
            .get(&(object.clone(), metric))
            .map(|(_, at)| *at)
    }

    /// Objectives that do not hold, without those that are waived.
    pub fn violations(&self, now: NetTime) -> Vec<Violation> {
        self.violated_for(now, |_| 0)
    }

    /// Objectives that have not held for their whole hold time.
    pub fn held_violations(&self, now: NetTime) -> Vec<Violation> {
        self.violated_for(now, |o| o.hold_ms)
    }

    fn violated_for(&self, now: NetTime, hold_ms: impl Fn(&Objective) -> u64) -> Vec<Violation> {
        let mut found = vec![];
        for (series, since) in &self.violated_since {
            let (Some(objective), Some((value, _))) =
                (self.objectives.get(series), self.values.get(series))
            else {
                continue;
            };
            if now.since(*since) >= hold_ms(objective) && !self.waived(&series.0, now) {
                found.push(Violation {
                    object: series.0.clone(),
                    metric: series.1,
                    limit: objective.limit,
                    value: *value,
                });
            }
        }
        found
    }

    /// How important the objective behind a violation is.
    pub fn importance(&self, violation: &Violation) -> Importance {
        self.objective(&violation.object, violation.metric)
            .map_or(Importance::Conformity, |o| o.importance)
    }

    /// An object that is under planned work, or was taken out of service on purpose.
    pub fn waived(&self, object: &ManagedObject, now: NetTime) -> bool {
        self.under_work(object, now).is_some() || self.drained(object)
    }

    /// The announced work that covers an object, its link or its router now. What was announced stays excused for two
    /// minutes after its end, as it takes that long to come back.
    pub fn under_work(&self, object: &ManagedObject, now: NetTime) -> Option<&Maintenance> {
        let covered = |work: &&Maintenance| {
            now >= work.from && now <= work.until + 120_000 && self.covers(&work.objects, object)
        };
        self.works.iter().find(covered)
    }

    fn covers(&self, worked_on: &[ManagedObject], object: &ManagedObject) -> bool {
        if worked_on.contains(object) {
            return true;
        }
        let Some(link) = object.link_of_port() else {
            // The link of a worked-on port, and a path over nothing else, are left to correlation.
            return false;
        };
        let ends = self
            .network
            .links
            .iter()
            .find(|l| l.id == link.name())
            .map(|l| [l.a.as_str(), l.b.as_str()]);
        worked_on.iter().any(|w| {
            *w == link
                || w.link_of_port().as_ref() == Some(&link)
                || (w.kind() == ObjectKind::Router && ends.is_some_and(|e| e.contains(&w.name())))
        })
    }

    /// A port or link that is costed out on purpose: its cost is high, and intended.
    pub fn drained(&self, object: &ManagedObject) -> bool {
        let link = match object.kind() {
            ObjectKind::Link => Some(object.clone()),
            ObjectKind::Port => object.link_of_port(),
            _ => None,
        };
        let Some(link) = link else { return false };
        self.ports_of(&link).iter().any(|port| {
            self.objective(port, Metric::PortCost)
                .is_some_and(|o| o.limit >= DRAINED_COST)
                && self
                    .last(port, Metric::PortCost)
                    .is_none_or(|v| v >= DRAINED_COST)
        })
    }

    /// Both ports of a link.
    pub fn ports_of(&self, link: &ManagedObject) -> Vec<ManagedObject> {
        let ends = self.network.links.iter().find(|l| l.id == link.name());
        ends.into_iter()
            .flat_map(|l| [&l.a, &l.b])
            .filter_map(|router| ManagedObject::port(router, link.name()).ok())
            .collect()
    }

    /// The latest values of one domain that moved since `sent`, by more than a fiftieth or at all for states; `sent` is
    /// brought up to date.
    pub fn moved(&self, domain: Domain, sent: &mut BTreeMap<Series, f64>) -> Vec<Sample> {
        let mut out = vec![];
        for (series, (value, _)) in &self.values {
            if series.0.domain() != domain {
                continue;
            }
            let old = sent.get(series);
            if old.is_some_and(|old| (old - value).abs() <= 0.02 * old.abs().max(1e-3)) {
                continue;
            }
            sent.insert(series.clone(), *value);
            out.push(Sample {
                object: series.0.clone(),
                metric: series.1,
                value: *value,
            });
        }
        out
    }
}

/// An announced cost is the cost that is meant from now on, whoever sets it back later.
fn redesign(network: &mut Network, intended: &[Sample]) {
    for sample in intended.iter().filter(|s| s.metric == Metric::PortCost) {
        let Some(link) = sample.object.link_of_port() else {
            continue;
        };
        let designed = network.links.iter_mut().find(|l| l.id == link.name());
        if let Some(link) = designed.filter(|_| (1.0..=65_535.0).contains(&sample.value)) {
            link.cost = sample.value as u32;
        }
    }
}

fn is_quiet(silent: &BTreeSet<ManagedObject>, object: &ManagedObject) -> bool {
    let router_of_port = |s: &ManagedObject| {
        s.kind() == ObjectKind::Router
            && object.kind() == ObjectKind::Port
            && object.parts().is_some_and(|(router, _)| router == s.name())
    };
    silent.iter().any(|s| s == object || router_of_port(s))
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
