//! What does an action change, and what takes it back?
//!
//! In: a branch and a registered action. Out: the branch after it, when the network has settled. The outage that an
//! action causes while it is done is in [`crate::outage`].

use crate::TwinError;
use crate::branch::{Branch, Host, STALE_S};
use crate::built::{Edge, Instance};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::metric::Metric;

impl Branch {
    /// Does an action. An unknown object or a parameter out of its range is an error and changes nothing.
    pub fn apply(&mut self, action: &Action) -> Result<(), TwinError> {
        match action.verb {
            Verb::LinkSetCost => self.set_ports(action, Metric::PortCost, "cost", 1.0..=65_535.0),
            Verb::LinkSetRate => self.set_ports(action, Metric::PortRate, "mbps", 1e-6..=1e9),
            Verb::LinkReset => self.reset_link(action),
            Verb::RouterRestart => self.restart_router(action),
            Verb::InstanceRestart => self.restart_instance(action),
            Verb::InstanceMigrate => self.migrate(action),
            Verb::SiteScaleOut => self.scale_out(action),
            Verb::SiteScaleIn => self.scale_in(action),
            Verb::GatewayRefreshPolicy => self.refresh(action),
            Verb::InstanceSteerLimit => self.limit(action),
            Verb::CellRestart => self.restart_cell(action),
            Verb::CellLock => self.lock_cell(action),
            Verb::CellUnlock => self.unlock_cell(action),
            Verb::CellLimitAdmission => self.limit_admission(action),
            Verb::SiteSetReplicas => self.set_replicas(action),
            // The twin knows no machines below instances.
            Verb::NodeCordon | Verb::NodeUncordon | Verb::NodeDrain => Err(unknown(action)),
        }
    }

    /// What takes an action back that is about to be done in this branch.
    pub fn undo_of(&self, action: &Action) -> Result<Action, TwinError> {
        let same = || Action::new(action.verb, action.object.clone());
        match action.verb {
            Verb::LinkSetCost => {
                let cost = self.get(self.link(action)?[0].port, Metric::PortCost);
                Ok(same().with("cost", Value::Number(cost)))
            }
            Verb::LinkSetRate => {
                let mbps = self.get(self.link(action)?[0].port, Metric::PortRate);
                Ok(same().with("mbps", Value::Number(mbps)))
            }
            Verb::InstanceMigrate => Ok(same()),
            Verb::InstanceSteerLimit => {
                let (number, _) = self.instance(action)?;
                let before = self.overlay.limits.get(&number).copied().unwrap_or(1.0);
                Ok(same().with("share", Value::Number(before)))
            }
            Verb::CellLock | Verb::CellUnlock => {
                let locked = self.overlay.locked.contains_key(&self.cell(action)?.0);
                let back = if locked {
                    Verb::CellLock
                } else {
                    Verb::CellUnlock
                };
                Ok(Action::new(back, action.object.clone()))
            }
            Verb::CellLimitAdmission => {
                let (number, _) = self.cell(action)?;
                let before = self.overlay.admitted.get(&number).copied().unwrap_or(1.0);
                Ok(same().with("share", Value::Number(before)))
            }
            Verb::SiteSetReplicas => {
                let (built, added) = self.replicas(action)?;
                let now = f64::from(built) + f64::from(added);
                Ok(action.clone().with("replicas", Value::Number(now)))
            }
            // The name of the new instance is the driver's; inside the twin it goes by its service.
            Verb::SiteScaleOut => Ok(Action::new(Verb::SiteScaleIn, action.object.clone())
                .with("instance", Value::Text(text(action, "service")?.to_owned()))),
            _ => Err(TwinError::NoUndo {
                verb: action.verb,
                object: action.object.clone(),
            }),
        }
    }

    pub(crate) fn link(&self, action: &Action) -> Result<[Edge; 2], TwinError> {
        let edges = self.built.edges_of(action.object.name());
        edges.map(|[a, b]| [*a, *b]).ok_or_else(|| unknown(action))
    }

    pub(crate) fn router(&self, action: &Action) -> Result<usize, TwinError> {
        number(&self.built.names.routers, action)
    }

    pub(crate) fn instance(&self, action: &Action) -> Result<(usize, Instance), TwinError> {
        let number = number(&self.built.names.instances, action)?;
        let instance = self.built.instances.get(number).cloned();
        instance.map(|i| (number, i)).ok_or_else(|| unknown(action))
    }

    fn set_ports(
        &mut self,
        action: &Action,
        metric: Metric,
        param: &'static str,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<(), TwinError> {
        let edges = self.link(action)?;
        let value = in_range(action, param, &range)?;
        for edge in edges {
            self.set(edge.port, metric, value);
        }
        Ok(())
    }

    /// The link trains anew and comes up clean. Its rate is a setting and stays.
    fn reset_link(&mut self, action: &Action) -> Result<(), TwinError> {
        let edges = self.link(action)?;
        if edges.iter().all(|e| self.routers_up(e)) {
            self.set_link_up(&edges[0], true);
        }
        for edge in edges {
            self.set(edge.port, Metric::PortError, 0.0);
            self.set(edge.port, Metric::PortFlaps, 0.0);
            self.renewed.insert(edge.port);
        }
        Ok(())
    }

    fn routers_up(&self, edge: &Edge) -> bool {
        let up = |r: usize| {
            let slot = self.built.routers.get(r);
            slot.is_some_and(|s| self.is_up(*s, Metric::RouterUp))
        };
        up(edge.from) && up(edge.to)
    }

    /// A sick router comes back with its links; on a sound one a dead link has another cause and stays dead.
    fn restart_router(&mut self, action: &Action) -> Result<(), TwinError> {
        let router = self.router(action)?;
        let sick = !self.router_is_sound(router);
        if let Some(slot) = self.built.routers.get(router).copied() {
            self.set(slot, Metric::RouterUp, 1.0);
            self.renewed.insert(slot);
        }
        for edge in self.edges_at(router) {
            if sick && self.routers_up(&edge) {
                self.set_link_up(&edge, true);
                self.renewed.extend([edge.port, edge.far_port]);
            }
        }
        Ok(())
    }

    /// A dead instance comes back as built. A slow one stays slow: the neighbour is on the host.
    fn restart_instance(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, instance) = self.instance(action)?;
        if !self.is_up(instance.slot, Metric::InstanceUp) {
            self.set(instance.slot, Metric::InstanceUp, 1.0);
            self.set(instance.slot, Metric::InstanceService, instance.base_ms);
            self.overlay().returned.insert(number);
        }
        self.renewed.insert(instance.slot);
        Ok(())
    }

    /// On another host there is no noisy neighbour, and an instance that died with its host starts. Moved a second time it
    /// is back where it was.
    fn migrate(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, instance) = self.instance(action)?;
        let here = Host {
            up: self.get(instance.slot, Metric::InstanceUp),
            service_ms: self.get(instance.slot, Metric::InstanceService),
            steal: self.get(instance.slot, Metric::InstanceSteal),
        };
        let dead = !self.is_up(instance.slot, Metric::InstanceUp);
        let there = if let Some(back) = self.overlay().moved.remove(&number) {
            self.renewed.remove(&instance.slot);
            self.overlay().returned.remove(&number);
            back
        } else {
            self.overlay().moved.insert(number, here);
            self.renewed.insert(instance.slot);
            if dead {
                self.overlay().returned.insert(number);
            }
            Host {
                up: if dead { 1.0 } else { here.up },
                service_ms: instance.base_ms,
                steal: 0.0,
            }
        };
        self.set(instance.slot, Metric::InstanceUp, there.up);
        self.set(instance.slot, Metric::InstanceService, there.service_ms);
        self.set(instance.slot, Metric::InstanceSteal, there.steal);
        Ok(())
    }

    /// A stale policy is computed anew; a fresh one would come out as it is.
    fn refresh(&mut self, action: &Action) -> Result<(), TwinError> {
        let number = number(&self.built.names.gateways, action)?;
        let slot = self.built.gateways.get(number).map(|g| g.slot);
        let slot = slot.ok_or_else(|| unknown(action))?;
        if self.get_or(slot, Metric::GatewayPolicyAge, 0.0) > STALE_S {
            self.overlay().refreshed.insert(number);
        }
        self.set(slot, Metric::GatewayPolicyAge, 0.0);
        Ok(())
    }

    fn limit(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, _) = self.instance(action)?;
        let share = in_range(action, "share", &(0.0..=1.0))?;
        if share < 1.0 {
            self.overlay().limits.insert(number, share);
        } else {
            self.overlay().limits.remove(&number);
        }
        Ok(())
    }
}

pub(crate) fn number(
    names: &std::collections::BTreeMap<String, usize>,
    action: &Action,
) -> Result<usize, TwinError> {
    let right_kind = action.object.kind() == action.verb.object_kind();
    let number = names.get(action.object.name()).copied();
    number.filter(|_| right_kind).ok_or_else(|| unknown(action))
}

pub(crate) fn unknown(action: &Action) -> TwinError {
    TwinError::UnknownObject {
        verb: action.verb,
        object: action.object.clone(),
    }
}

pub(crate) fn bad(action: &Action, param: &'static str) -> TwinError {
    TwinError::BadParameter {
        verb: action.verb,
        object: action.object.clone(),
        param,
    }
}

pub(crate) fn text<'a>(action: &'a Action, param: &'static str) -> Result<&'a str, TwinError> {
    action.text(param).ok_or_else(|| bad(action, param))
}

pub(crate) fn in_range(
    action: &Action,
    param: &'static str,
    range: &std::ops::RangeInclusive<f64>,
) -> Result<f64, TwinError> {
    let value = action.number(param).filter(|v| range.contains(v));
    value.ok_or_else(|| bad(action, param))
}
