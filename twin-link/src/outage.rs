//! What is cut while an action is done?
//!
//! Resetting a link or restarting something takes it away for seconds. Where the object is sick already that is the
//! price of the cure. Where it is sound and in use it is an outage that the plan makes, and it counts as one.

use crate::TwinError;
use crate::branch::Branch;
use crate::built::Edge;
use crate::predict::Model;
use zizhi_types::action::{Action, Verb};
use zizhi_types::metric::Metric;

/// A link that loses more than this is sick.
const SICK_LOSS: f64 = 0.002;
/// An instance that takes more than this many times its base time is sick, as is one with this share of steal.
const SICK_SLOWDOWN: f64 = 1.5;
const SICK_STEAL: f64 = 0.1;
/// A cell that fails more than this share of attempts is sick.
const SICK_FAILURE: f64 = 0.02;
/// Less load than this share of a link's capacity is no use worth protecting.
const IDLE: f64 = 1e-3;

impl Branch {
    /// The network while the action is done; nothing when it cuts nothing sound that is in use.
    pub(crate) fn outage(&self, action: &Action, today: &Model) -> Result<Option<Self>, TwinError> {
        let mut cut = self.clone();
        match action.verb {
            Verb::LinkReset => {
                let edges = self.link(action)?;
                if !self.link_is_sound(&edges) || !edges.iter().any(|e| carries(e, today)) {
                    return Ok(None);
                }
                cut.set_link_up(&edges[0], false);
            }
            Verb::RouterRestart => {
                let router = self.router(action)?;
                if !self.router_is_sound(router) || !self.router_is_used(router, today) {
                    return Ok(None);
                }
                cut.take_router_down(router);
            }
            Verb::InstanceRestart | Verb::InstanceMigrate => {
                let (number, instance) = self.instance(action)?;
                let rps = today.instance_rps.get(number).copied().unwrap_or(0.0);
                if !self.instance_is_sound(number) || rps <= 0.0 {
                    return Ok(None);
                }
                cut.set(instance.slot, Metric::InstanceUp, 0.0);
            }
            Verb::CellRestart => {
                let cell = self.built.names.cells.get(action.object.name());
                let Some((number, cell)) = cell.and_then(|n| Some((*n, self.built.cells.get(*n)?)))
                else {
                    return Ok(None);
                };
                let failing = self.get_or(cell.slot, Metric::CellFailure, 0.0) > SICK_FAILURE;
                let sound = self.is_up(cell.slot, Metric::CellUp) && !failing;
                if !sound || !self.built.groups.iter().any(|g| g.cell == number) {
                    return Ok(None);
                }
                cut.set(cell.slot, Metric::CellUp, 0.0);
            }
            Verb::LinkSetCost
            | Verb::LinkSetRate
            | Verb::SiteScaleOut
            | Verb::SiteScaleIn
            | Verb::GatewayRefreshPolicy
            | Verb::InstanceSteerLimit
            | Verb::CellLock
            | Verb::CellUnlock
            | Verb::CellLimitAdmission
            | Verb::SiteSetReplicas
            | Verb::NodeCordon
            | Verb::NodeUncordon
            | Verb::NodeDrain => return Ok(None),
        }
        Ok(Some(cut))
    }

    fn link_is_sound(&self, edges: &[Edge; 2]) -> bool {
        edges.iter().all(|e| {
            self.is_up(e.port, Metric::PortOperUp)
                && self.is_up(e.port, Metric::PortAdjacencyUp)
                && self.get_or(e.port, Metric::PortError, 0.0) <= SICK_LOSS
                && self.get_or(e.port, Metric::PortFlaps, 0.0) < 1.0
        })
    }

    /// A router is sound when it answers and at least half of its links work.
    pub(crate) fn router_is_sound(&self, router: usize) -> bool {
        let edges = self.edges_at(router);
        let works = |e: &&Edge| {
            self.is_up(e.port, Metric::PortOperUp)
                && self.is_up(e.far_port, Metric::PortAdjacencyUp)
        };
        let working = edges.iter().filter(works).count();
        let slot = self.built.routers.get(router);
        slot.is_some_and(|s| self.is_up(*s, Metric::RouterUp)) && 2 * working >= edges.len()
    }

    fn router_is_used(&self, router: usize, today: &Model) -> bool {
        let hangs_on = self.built.gateways.iter().any(|g| g.router == router)
            || self.built.cells.iter().any(|c| c.router == router)
            || self.built.instances.iter().any(|i| i.router == router);
        let edges = self.edges_at(router);
        hangs_on
            || edges
                .iter()
                .any(|e| carries(e, today) || receives(e, today))
    }

    fn instance_is_sound(&self, number: usize) -> bool {
        self.built.instances.get(number).is_some_and(|i| {
            self.is_up(i.slot, Metric::InstanceUp)
                && self.service_ms(number) <= SICK_SLOWDOWN * i.base_ms
                && self.get_or(i.slot, Metric::InstanceSteal, 0.0) <= SICK_STEAL
        })
    }
}

fn carries(edge: &Edge, today: &Model) -> bool {
    busy(edge.port, edge, today)
}

fn receives(edge: &Edge, today: &Model) -> bool {
    busy(edge.far_port, edge, today)
}

fn busy(port: usize, edge: &Edge, today: &Model) -> bool {
    let sent = today.values.get(crate::layout::at(port, Metric::PortOut));
    sent.is_some_and(|mbps| *mbps > IDLE * edge.capacity_mbps)
}
