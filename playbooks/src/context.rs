//! What a condition may look at: the suspect as it is meant to be, and as it was last measured.
//!
//! In: the intended network, a way to ask for measured values, and a hypothesis. Out: variables for expressions:
//! `suspect`, `state`, `probability`, `fault`. Called by a domain's planner. What was not measured is not there, so a
//! condition on it cannot be told and the playbook does not fit: silence is never taken for health.

mod around;

use crate::expr::Scope;
use crate::paths::Paths;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use zizhi_types::metric::{Metric, Nature};
use zizhi_types::topology::{Instance, Link, Network};
use zizhi_types::{FaultKind, Hypothesis, ManagedObject, ObjectKind};

/// Asks for the last measured value of a metric of an object; `None` when there is no fresh one.
pub type Measured<'a> = &'a dyn Fn(&ManagedObject, Metric) -> Option<f64>;

/// The variables for one hypothesis.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    scope: Scope,
    suspect: ManagedObject,
    fault: FaultKind,
}

impl Context {
    /// Gathers what can be known about the suspect. An object that the network does not list has only its name:
    /// conditions on more than that cannot be told.
    pub fn of(network: &Network, measured: Measured<'_>, hypothesis: &Hypothesis) -> Self {
        let facts = Facts {
            network,
            measured,
            paths: Paths::new(network, measured),
        };
        let suspect = facts.describe(&hypothesis.object);
        let state = facts.state(&hypothesis.object, &suspect);
        let scope = Scope::from([
            ("suspect".to_owned(), Json::Object(suspect)),
            ("state".to_owned(), state),
            ("probability".to_owned(), json!(hypothesis.probability)),
            ("fault".to_owned(), json!(hypothesis.fault.as_str())),
        ]);
        Self {
            scope,
            suspect: hypothesis.object.clone(),
            fault: hypothesis.fault,
        }
    }

    /// The variables.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The suspect.
    pub const fn suspect(&self) -> &ManagedObject {
        &self.suspect
    }

    /// The suspected fault.
    pub const fn fault(&self) -> FaultKind {
        self.fault
    }
}

struct Facts<'a> {
    network: &'a Network,
    measured: Measured<'a>,
    paths: Paths<'a>,
}

type Fields = Map<String, Json>;

impl Facts<'_> {
    fn describe(&self, object: &ManagedObject) -> Fields {
        let mut fields = Fields::new();
        fields.insert("object".into(), json!(object.to_string()));
        fields.insert("kind".into(), json!(object.kind().as_str()));
        fields.insert("name".into(), json!(object.name()));
        let more = match object.kind() {
            ObjectKind::Link => self.link(object.name()),
            ObjectKind::Router => self.router(object.name()),
            ObjectKind::Demand => self.demand(object),
            ObjectKind::Site => self.site(object.name()),
            ObjectKind::Instance => self.instance(object.name()),
            ObjectKind::Gateway => self.gateway(object.name()),
            ObjectKind::Cell => self.cell(object.name()),
            _ => None,
        };
        fields.extend(more.unwrap_or_default());
        fields
    }

    fn link(&self, id: &str) -> Option<Fields> {
        let link = self.network.links.iter().find(|l| l.id == id)?;
        let users = self.instances_over(link);
        Some(fields(json!({
            "instances": objects(&users),
            "served_elsewhere": self.elsewhere(&users),
            "a": link.a,
            "b": link.b,
            "cost": link.cost,
            "capacity_mbps": link.capacity_mbps,
            "delay_ms": link.delay_ms,
            "ports": ports(link).iter().map(ToString::to_string).collect::<Vec<_>>(),
            "alternate_path": self.paths.connected_without(link),
        })))
    }

    fn router(&self, id: &str) -> Option<Fields> {
        let router = self.network.routers.iter().find(|r| r.id == id)?;
        let links = self.network.links.iter().filter(|l| l.a == id || l.b == id);
        Some(fields(json!({
            "tier": router.tier,
            "links": names(ObjectKind::Link, links.clone().map(|l| &l.id)),
            "ports": links
                .filter_map(|l| ManagedObject::port(id, &l.id).ok())
                .map(|p| p.to_string())
                .collect::<Vec<_>>(),
            "cells": self.cells(|c| c.router == id),
            "neighbour_cells": self.cells(|c| c.router != id && self.borders(c, id)),
        })))
    }

    fn demand(&self, object: &ManagedObject) -> Option<Fields> {
        let (from, to) = object.parts()?;
        let mut found = fields(json!({
            "from": from,
            "to": to,
            "cells": self.cells(|c| c.router == to),
        }));
        let path = self.paths.from(from)?.to(to)?;
        let hottest = path
            .iter()
            .filter_map(|l| Some((self.utilization(l)?, *l)))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.id.cmp(&a.1.id)));
        found.insert(
            "path".into(),
            json!(names(ObjectKind::Link, path.iter().map(|l| &l.id))),
        );
        if let Some((utilization, link)) = hottest {
            found.insert("hottest_link".into(), self.hottest(link, utilization));
        }
        Some(found)
    }

    fn hottest(&self, link: &Link, utilization: f64) -> Json {
        let mut found = self.link(&link.id).unwrap_or_default();
        found.insert("object".into(), json!(format!("link/{}", link.id)));
        found.insert("utilization".into(), json!(utilization));
        Json::Object(found)
    }

    fn site(&self, id: &str) -> Option<Fields> {
        let site = self.network.sites.iter().find(|s| s.id == id)?;
        let here: Vec<&Instance> = self
            .network
            .instances
            .iter()
            .filter(|i| i.site == id)
            .collect();
        let services: BTreeSet<&str> = here.iter().map(|i| i.service.as_str()).collect();
        let mut found = fields(json!({
            "router": site.router,
            "spare_instances": site.spare_instances,
            "instances": objects(&here),
            "services": services,
            "served_elsewhere": self.elsewhere(&here),
            "cells": self.cells(|c| {
                let mut groups = self.network.groups.iter();
                groups.any(|g| g.cell == c.id && services.contains(g.service.as_str()))
            }),
        }));
        if let Some(busiest) = self.busiest(&here) {
            let count = here.iter().filter(|i| i.service == busiest).count();
            found.insert("busiest_service".into(), json!(busiest));
            found.insert("busiest_replicas".into(), json!(count));
        }
        Some(found)
    }

    /// The service of the most used instance; the first by name when none was measured.
    fn busiest<'i>(&self, here: &[&'i Instance]) -> Option<&'i str> {
        let use_of =
            |i: &Instance| self.ask(ObjectKind::Instance, &i.id, Metric::InstanceUtilization);
        here.iter()
            .map(|i| (use_of(i).unwrap_or(0.0), i))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.id.cmp(&a.1.id)))
            .map(|(_, i)| i.service.as_str())
    }

    fn instance(&self, id: &str) -> Option<Fields> {
        let found = self.network.instances.iter().find(|i| i.id == id)?;
        let siblings = self
            .network
            .instances
            .iter()
            .filter(|i| i.service == found.service && i.id != id && self.up(i));
        let site = self.network.sites.iter().find(|s| s.id == found.site);
        Some(fields(json!({
            "site": found.site,
            "spare_instances": site.map_or(0, |s| s.spare_instances),
            "service": found.service,
            "workers": found.workers,
            "base_ms": found.base_ms,
            "price": found.price,
            "siblings_up": siblings.count(),
            "gateways": self.gateways(&found.service),
        })))
    }

    fn gateway(&self, id: &str) -> Option<Fields> {
        let gateway = self.network.gateways.iter().find(|g| g.id == id)?;
        let groups = self.network.groups.iter().filter(|g| g.gateway == id);
        let services: BTreeSet<&str> = groups.clone().map(|g| g.service.as_str()).collect();
        Some(fields(json!({
            "router": gateway.router,
            "groups": groups.count(),
            "services": services,
        })))
    }

    fn cell(&self, id: &str) -> Option<Fields> {
        let cell = self.network.cells.iter().find(|c| c.id == id)?;
        Some(fields(json!({
            "router": cell.router,
            "capacity_rps": cell.capacity_rps,
            "neighbours": names(ObjectKind::Cell, cell.neighbours.iter()),
            "groups": self.network.groups.iter().filter(|g| g.cell == id).count(),
        })))
    }

    /// Whether every service of these instances has another instance that is up.
    fn elsewhere(&self, these: &[&Instance]) -> bool {
        let among = |i: &Instance| these.iter().any(|t| t.id == i.id);
        !these.is_empty()
            && these.iter().all(|t| {
                self.network
                    .instances
                    .iter()
                    .any(|i| i.service == t.service && !among(i) && self.up(i))
            })
    }

    /// Not measured as down.
    fn up(&self, instance: &Instance) -> bool {
        self.ask(ObjectKind::Instance, &instance.id, Metric::InstanceUp)
            .is_none_or(|v| v >= 0.5)
    }

    fn utilization(&self, link: &Link) -> Option<f64> {
        ports(link)
            .iter()
            .filter_map(|p| (self.measured)(p, Metric::PortUtilization))
            .max_by(f64::total_cmp)
    }

    fn ask(&self, kind: ObjectKind, name: &str, metric: Metric) -> Option<f64> {
        (self.measured)(&ManagedObject::new(kind, name).ok()?, metric)
    }

    /// `state.<kind>.<quantity>`: the suspect's own metrics, and the worst of its parts.
    fn state(&self, suspect: &ManagedObject, described: &Fields) -> Json {
        let mut state = Fields::new();
        self.worst_into(&mut state, std::slice::from_ref(suspect), described);
        let hot = described.get("hottest_link").and_then(Json::as_object);
        let link = if suspect.kind() == ObjectKind::Link {
            Some(described)
        } else {
            hot
        };
        if let Some(link) = link {
            self.worst_into(&mut state, &listed(link, "ports"), link);
        }
        if suspect.kind() == ObjectKind::Site {
            self.worst_into(&mut state, &listed(described, "instances"), described);
        }
        Json::Object(state)
    }

    fn worst_into(&self, state: &mut Fields, objects: &[ManagedObject], built: &Fields) {
        let Some(kind) = objects.first().map(ManagedObject::kind) else {
            return;
        };
        let mut group = Fields::new();
        for metric in Metric::ALL.iter().filter(|m| m.object_kind() == kind) {
            let values = objects.iter().filter_map(|o| (self.measured)(o, *metric));
            if let Some(worst) = worst(*metric, values, built) {
                group.insert(quantity(*metric).to_owned(), json!(worst));
            }
        }
        state.insert(kind.as_str().to_owned(), Json::Object(group));
    }
}

/// The name after the dot: `utilization` of `port.utilization`.
pub(crate) fn quantity(metric: Metric) -> &'static str {
    metric.as_str().split_once('.').map_or("", |(_, q)| q)
}

/// The worst of some values: the lowest state, the highest load, the setting farthest from what is intended.
fn worst(metric: Metric, values: impl Iterator<Item = f64>, built: &Fields) -> Option<f64> {
    let values = values.filter(|v| v.is_finite());
    match metric.nature() {
        Nature::State | Nature::LowIsBad => values.min_by(f64::total_cmp),
        Nature::HighIsBad | Nature::Context => values.max_by(f64::total_cmp),
        Nature::Setting => {
            let key = if metric == Metric::PortCost {
                "cost"
            } else {
                "capacity_mbps"
            };
            let meant = built.get(key).and_then(Json::as_f64).unwrap_or(0.0);
            values.max_by(|a, b| (a - meant).abs().total_cmp(&(b - meant).abs()))
        }
    }
}

fn fields(value: Json) -> Fields {
    match value {
        Json::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// The ports at both ends.
pub(crate) fn ports(link: &Link) -> Vec<ManagedObject> {
    [&link.a, &link.b]
        .into_iter()
        .filter_map(|router| ManagedObject::port(router, &link.id).ok())
        .collect()
}

fn names<'n>(kind: ObjectKind, ids: impl Iterator<Item = &'n String>) -> Vec<String> {
    ids.map(|id| format!("{}/{id}", kind.as_str())).collect()
}

fn objects(instances: &[&Instance]) -> Vec<String> {
    names(ObjectKind::Instance, instances.iter().map(|i| &i.id))
}

fn listed(fields: &Fields, key: &str) -> Vec<ManagedObject> {
    let items = fields.get(key).and_then(Json::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|o| o.as_str()?.parse().ok())
        .collect()
}
