//! What does a situation look like, as an author tells it: which network, which suspect, what is measured?
//!
//! In: a network, a suspected fault, and measured values by name. Out: what the planner would see ([`Case::context`]).
//! Called by the tests inside playbook files and by the commands that try a playbook. Nothing here can act: there are
//! only values.

mod signs;

use crate::context::{Context, ports};
use crate::guards::{self, Reach};
use crate::paths::Paths;
use crate::suggest::did_you_mean;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::topology::{Link, Network};
use zizhi_types::{FaultKind, Hypothesis, ManagedObject, Metric, ObjectKind, Plan};

/// A quantity of an object.
type Series = (ManagedObject, Metric);

/// One situation.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    network: Network,
    hypothesis: Hypothesis,
    values: BTreeMap<Series, f64>,
}

/// Why there is no such situation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The network has no such object.
    #[error("{network} has no {object}: {hint}")]
    UnknownObject {
        /// The network's name.
        network: String,
        /// What was asked for.
        object: ManagedObject,
        /// What to write instead.
        hint: String,
    },
    /// Such an object cannot have the fault.
    #[error("{fault} is a fault of a {wanted}, and {object} is none: name a {wanted}")]
    WrongKind {
        /// Which fault.
        fault: FaultKind,
        /// The kind of object that has it.
        wanted: &'static str,
        /// What was named.
        object: ManagedObject,
    },
    /// The text names no quantity.
    #[error("unknown metric `{name}`: {hint}")]
    UnknownMetric {
        /// What was written.
        name: String,
        /// What to write instead.
        hint: String,
    },
    /// The quantity belongs to another kind of object.
    #[error("{metric} is not measured on {object}: name the object, {kind}/NAME/{metric}")]
    NotMeasuredThere {
        /// Which quantity.
        metric: &'static str,
        /// On what it was wanted.
        object: ManagedObject,
        /// The kind that has it.
        kind: &'static str,
    },
    /// The value is no finite number, or the name of the object is none.
    #[error("{0}")]
    BadValue(String),
}

impl Case {
    /// A situation in which nothing is measured yet. The suspect must be in the network and of the fault's kind;
    /// `probability` is 0 to 1.
    pub fn new(
        network: Network,
        suspect: ManagedObject,
        fault: FaultKind,
        probability: f64,
    ) -> Result<Self, CaseError> {
        let wanted = fault.object_kind();
        if suspect.kind() != wanted {
            let wanted = wanted.as_str();
            return Err(CaseError::WrongKind {
                fault,
                wanted,
                object: suspect,
            });
        }
        known(&network, &suspect)?;
        if !(0.0..=1.0).contains(&probability) {
            let message = format!("probability {probability} is not between 0 and 1");
            return Err(CaseError::BadValue(message));
        }
        let hypothesis = Hypothesis {
            object: suspect,
            fault,
            probability,
            state: HypothesisState::Supported,
            evidence_for: vec![],
            evidence_against: vec![],
        };
        Ok(Self {
            network,
            hypothesis,
            values: BTreeMap::new(),
        })
    }

    /// The small healthy network that playbooks are tried on when they are loaded: routers A, B, C in a triangle of
    /// links, sites s1 and s2 with instances i1, i2, i3, gateway g1, cells c1 and c2, and users u1.
    pub fn sample_network() -> Network {
        crate::sample::network()
    }

    /// An object of the fault's kind in the network: the first by name.
    pub fn any_suspect(network: &Network, fault: FaultKind) -> Option<ManagedObject> {
        let kind = fault.object_kind();
        let mut found: Vec<ManagedObject> = objects(network);
        found.retain(|o| o.kind() == kind);
        if kind == ObjectKind::Demand {
            let ends = network.routers.first().zip(network.routers.last());
            found.extend(
                ends.and_then(|(a, b)| ManagedObject::new(kind, format!("{}:{}", a.id, b.id)).ok()),
            );
        }
        found.into_iter().next()
    }

    /// Says what is measured. `what` is a metric (`port.error_ratio`), then it is that of the suspect, or of the parts
    /// that stand for it: both ports of a link, all instances of a site, the ports along the path of a demand. Or it is
    /// an object and a metric: `port/A:A-B/port.error_ratio`.
    pub fn set(&mut self, what: &str, value: f64) -> Result<(), CaseError> {
        if !value.is_finite() {
            return Err(CaseError::BadValue(format!(
                "{what} is {value}, not a number"
            )));
        }
        let (objects, metric) = self.meant(what)?;
        for object in objects {
            self.values.insert((object, metric), value);
        }
        Ok(())
    }

    fn meant(&self, what: &str) -> Result<(Vec<ManagedObject>, Metric), CaseError> {
        let Some((object, metric)) = what.rsplit_once('/') else {
            let metric = metric_named(what)?;
            return Ok((self.bearers(metric)?, metric));
        };
        let object: ManagedObject = object
            .parse()
            .map_err(|e| CaseError::BadValue(format!("{e}")))?;
        let metric = metric_named(metric)?;
        known(&self.network, &object)?;
        if object.kind() != metric.object_kind() {
            return Err(not_there(metric, &object));
        }
        Ok((vec![object], metric))
    }

    /// The objects that a metric without an object is meant for.
    fn bearers(&self, metric: Metric) -> Result<Vec<ManagedObject>, CaseError> {
        let suspect = &self.hypothesis.object;
        let name = suspect.name();
        let links = || self.network.links.iter();
        let found: Vec<ManagedObject> = match (suspect.kind(), metric.object_kind()) {
            (own, wanted) if own == wanted => vec![suspect.clone()],
            (ObjectKind::Link, ObjectKind::Port) => {
                links().filter(|l| l.id == name).flat_map(ports).collect()
            }
            (ObjectKind::Router, ObjectKind::Port) => links()
                .filter(|l| l.a == name || l.b == name)
                .filter_map(|l| ManagedObject::port(name, &l.id).ok())
                .collect(),
            (ObjectKind::Demand, ObjectKind::Port) => self.along(suspect),
            (ObjectKind::Site, ObjectKind::Instance) => {
                let here = self.network.instances.iter().filter(|i| i.site == name);
                here.filter_map(|i| ManagedObject::new(ObjectKind::Instance, &i.id).ok())
                    .collect()
            }
            _ => vec![],
        };
        if found.is_empty() {
            return Err(not_there(metric, suspect));
        }
        Ok(found)
    }

    fn along(&self, demand: &ManagedObject) -> Vec<ManagedObject> {
        let measured = |o: &ManagedObject, m: Metric| self.value(o, m);
        let paths = Paths::new(&self.network, &measured);
        let path = demand
            .parts()
            .and_then(|(from, to)| paths.from(from)?.to(to))
            .unwrap_or_default();
        path.into_iter().flat_map(|l: &Link| ports(l)).collect()
    }

    /// What such a fault usually looks like, for values that are not set yet. The numbers are our choice; they are the
    /// ones a person would type first.
    pub fn assume_usual_signs(&mut self) {
        for (series, value) in signs::usual(&self.network, &self.hypothesis) {
            self.values.entry(series).or_insert(value);
        }
    }

    /// The network as intended.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The suspected cause.
    pub const fn hypothesis(&self) -> &Hypothesis {
        &self.hypothesis
    }

    /// A measured value; nothing when it is not known.
    pub fn value(&self, object: &ManagedObject, metric: Metric) -> Option<f64> {
        self.values.get(&(object.clone(), metric)).copied()
    }

    /// All that is measured.
    pub fn values(&self) -> impl Iterator<Item = (&ManagedObject, Metric, f64)> {
        self.values.iter().map(|((o, m), v)| (o, *m, *v))
    }

    /// What conditions may look at.
    pub fn context(&self) -> Context {
        let measured = |o: &ManagedObject, m: Metric| self.value(o, m);
        Context::of(&self.network, &measured, &self.hypothesis)
    }

    /// What a plan would take out of the network.
    pub fn reach(&self, plan: &Plan) -> Reach {
        let measured = |o: &ManagedObject, m: Metric| self.value(o, m);
        guards::reach(&self.network, &measured, plan)
    }

    /// The services that depend on the objects.
    pub fn services<'o>(
        &self,
        objects: impl IntoIterator<Item = &'o ManagedObject>,
    ) -> BTreeSet<String> {
        let measured = |o: &ManagedObject, m: Metric| self.value(o, m);
        crate::services_depending(&self.network, &measured, objects)
    }
}

fn not_there(metric: Metric, object: &ManagedObject) -> CaseError {
    CaseError::NotMeasuredThere {
        metric: metric.as_str(),
        object: object.clone(),
        kind: metric.object_kind().as_str(),
    }
}

/// A metric by its name on the wire.
pub(crate) fn metric_named(name: &str) -> Result<Metric, CaseError> {
    let found = Metric::ALL.iter().copied().find(|m| m.as_str() == name);
    found.ok_or_else(|| CaseError::UnknownMetric {
        name: name.to_owned(),
        hint: did_you_mean(name, Metric::ALL.iter().map(|m| m.as_str())),
    })
}

/// Whether the network lists the object; pairs (demands, paths, steering) are known when both ends are.
fn known(network: &Network, object: &ManagedObject) -> Result<(), CaseError> {
    let objects = objects(network);
    let listed =
        |kind: ObjectKind, name: &str| objects.iter().any(|o| o.kind() == kind && o.name() == name);
    let pair = |kinds: [ObjectKind; 2]| {
        object
            .parts()
            .is_some_and(|(a, b)| listed(kinds[0], a) && listed(kinds[1], b))
    };
    let there = match object.kind() {
        ObjectKind::Demand | ObjectKind::Path => pair([ObjectKind::Router, ObjectKind::Router]),
        ObjectKind::Steer => pair([ObjectKind::Group, ObjectKind::Instance]),
        kind => listed(kind, object.name()),
    };
    if there {
        return Ok(());
    }
    let wanted = object.to_string();
    let same: Vec<String> = objects
        .iter()
        .filter(|o| o.kind() == object.kind())
        .map(ToString::to_string)
        .collect();
    Err(CaseError::UnknownObject {
        network: network.name.clone(),
        object: object.clone(),
        hint: few(&did_you_mean(&wanted, same.iter().map(String::as_str))),
    })
}

/// A hint that a person reads to its end.
fn few(hint: &str) -> String {
    match hint.char_indices().nth(160) {
        Some((at, _)) => format!("{}...", hint.get(..at).unwrap_or(hint)),
        None => hint.to_owned(),
    }
}

/// Every object that the network lists.
pub(crate) fn objects(network: &Network) -> Vec<ManagedObject> {
    fn each<'n>(
        kind: ObjectKind,
        ids: impl Iterator<Item = &'n String> + 'n,
    ) -> impl Iterator<Item = ManagedObject> + 'n {
        ids.filter_map(move |id| ManagedObject::new(kind, id).ok())
    }
    let n = network;
    each(ObjectKind::Router, n.routers.iter().map(|r| &r.id))
        .chain(each(ObjectKind::Link, n.links.iter().map(|l| &l.id)))
        .chain(n.links.iter().flat_map(ports))
        .chain(each(ObjectKind::Service, n.services.iter().map(|s| &s.id)))
        .chain(each(ObjectKind::Site, n.sites.iter().map(|s| &s.id)))
        .chain(each(
            ObjectKind::Instance,
            n.instances.iter().map(|i| &i.id),
        ))
        .chain(each(ObjectKind::Gateway, n.gateways.iter().map(|g| &g.id)))
        .chain(each(ObjectKind::Cell, n.cells.iter().map(|c| &c.id)))
        .chain(each(ObjectKind::Group, n.groups.iter().map(|g| &g.id)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(object: &str, fault: FaultKind) -> Result<Case, CaseError> {
        Case::new(Case::sample_network(), object.parse().unwrap(), fault, 0.9)
    }

    #[test]
    fn a_metric_without_an_object_is_that_of_the_suspects_parts() {
        let mut link = case("link/A-C", FaultKind::LinkLossy).unwrap();
        link.set("port.error_ratio", 0.05).unwrap();
        let set: Vec<String> = link.values().map(|(o, ..)| o.to_string()).collect();
        assert_eq!(set, ["port/A:A-C", "port/C:A-C"]);
        let mut demand = case("demand/A:C", FaultKind::TrafficSurge).unwrap();
        demand.set("port.utilization", 0.9).unwrap();
        assert_eq!(
            demand.context().scope()["suspect"]["hottest_link"]["object"],
            "link/A-C"
        );
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let told = |r: Result<Case, CaseError>| r.unwrap_err().to_string();
        let message = told(case("link/A-D", FaultKind::LinkLossy));
        assert!(
            message.contains("sample has no link/A-D: did you mean `link/A-"),
            "{message}"
        );
        let message = told(case("router/A", FaultKind::LinkLossy));
        assert!(message.contains("name a link"), "{message}");
        let mut link = case("link/A-C", FaultKind::LinkLossy).unwrap();
        let message = link.set("port.eror_ratio", 1.0).unwrap_err().to_string();
        assert!(
            message.contains("did you mean `port.error_ratio`?"),
            "{message}"
        );
        let message = link.set("cell.up", 0.0).unwrap_err().to_string();
        assert!(message.contains("cell/NAME/cell.up"), "{message}");
        assert!(link.set("cell/c1/cell.up", 0.0).is_ok());
    }

    #[test]
    fn every_fault_has_usual_signs_on_the_sample_network() {
        for fault in FaultKind::ALL {
            let network = Case::sample_network();
            let suspect = Case::any_suspect(&network, *fault).unwrap();
            let mut case = Case::new(network, suspect, *fault, 0.9).unwrap();
            case.assume_usual_signs();
            assert!(case.values().next().is_some(), "{fault}");
        }
    }
}
