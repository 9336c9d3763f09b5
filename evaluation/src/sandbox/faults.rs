//! Faults with ground truth: what is wrong, since when, what cures it.
//!
//! In: a kind; the seed chooses a fitting object and severity (`choose`). Out: [`GroundTruth`], which no agent can
//! reach. A fault lasts until its physical cause is gone: by an action, by [`World::repair`], or by itself.

use super::choose::Choice;
use super::clockwork::Event;
use super::doubles::Change;
use super::growth::Growth;
use super::scene::{FaultSpec, SceneError};
use super::world::{SECOND_US, World};
use rand::Rng;
use std::collections::BTreeMap;
use zizhi_types::action::Verb;
use zizhi_types::{Domain, FaultKind, ManagedObject, NetTime};

/// Share of a dead cell's users that its neighbours can reach, our choice: half of them stand in the overlap.
pub(crate) const NEIGHBOUR_COVER: f64 = 0.5;

/// What is truly wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruth {
    /// Unique in a world: `fault-<n>`.
    pub id: String,
    /// What kind.
    pub kind: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// Who should lead.
    pub domain: Domain,
    /// Since when.
    pub at: NetTime,
    /// When the physical cause went away.
    pub cleared_at: Option<NetTime>,
    /// Actions that remove the cause or take its harm away, the surest first; empty when it can only be waited out.
    /// A surge's `relief_cost` is a cost of its overloaded link with which everything fits.
    pub cures: Vec<Verb>,
    /// How severe, by name with unit, for example `loss_ratio`.
    pub params: BTreeMap<String, f64>,
}

/// No object of this network can have the fault so that it matters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no object of network `{network}` can have {kind} so that it matters now: choose another kind or network"
)]
pub struct NoTarget {
    /// Which kind.
    pub kind: FaultKind,
    /// Which network.
    pub network: String,
}

/// A fault in the world, with the indexes that its cause is found by.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub truth: GroundTruth,
    pub index: usize,
    /// Host of a slow instance.
    pub host: usize,
    /// While it grows.
    pub growth: Option<Growth>,
}

/// Actions that end a fault's harm.
pub(crate) const fn cures(kind: FaultKind) -> &'static [Verb] {
    match kind {
        FaultKind::LinkDown => &[Verb::LinkReset],
        FaultKind::LinkRateCut => &[Verb::LinkSetRate, Verb::LinkSetCost],
        FaultKind::LinkLossy | FaultKind::LinkFlapping | FaultKind::TrafficSurge => {
            &[Verb::LinkSetCost]
        }
        FaultKind::LinkSilent => &[Verb::LinkReset, Verb::LinkSetCost],
        FaultKind::WrongCost => &[Verb::LinkSetCost],
        FaultKind::RouterCrash => &[Verb::RouterRestart],
        FaultKind::InstanceCrash => &[Verb::InstanceRestart],
        FaultKind::InstanceSlow => &[Verb::InstanceMigrate, Verb::InstanceSteerLimit],
        FaultKind::SiteOverload => &[Verb::SiteScaleOut, Verb::InstanceSteerLimit],
        FaultKind::StalePolicy => &[Verb::GatewayRefreshPolicy],
        FaultKind::CellOutage => &[Verb::CellRestart],
    }
}

/// A surge that no single cost can relieve: it can only be waited out.
fn is_to_wait_out(kind: FaultKind, choice: &Choice) -> bool {
    kind == FaultKind::TrafficSurge && !choice.params.contains_key("relief_cost")
}

impl World {
    /// Makes a fault of a kind begin now, on an object and with a severity that the seed chooses.
    pub fn inject(&mut self, kind: FaultKind) -> Result<GroundTruth, NoTarget> {
        let choice = self.choose(kind).ok_or_else(|| NoTarget {
            kind,
            network: self.network.name.clone(),
        })?;
        self.begin(kind, &choice);
        Ok(self.note(kind, &choice, &[], None))
    }

    /// Makes exactly this fault begin now (`at_s` is the caller's business). Draws nothing from the seeded choice.
    pub fn inject_as(&mut self, spec: &FaultSpec) -> Result<GroundTruth, SceneError> {
        let choice = self.choice_of(spec)?;
        let growth = if spec.ramp_s == 0 {
            self.begin(spec.kind, &choice);
            None
        } else {
            self.plan_end(spec.kind, &choice);
            Some(self.begin_growing(spec.kind, &choice, spec.ramp_s))
        };
        Ok(self.note(spec.kind, &choice, &spec.cures, growth))
    }

    /// Writes a fault that has begun into the ground truth.
    fn note(
        &mut self,
        kind: FaultKind,
        choice: &Choice,
        own_cures: &[Verb],
        growth: Option<Growth>,
    ) -> GroundTruth {
        self.fault_count += 1;
        let truth = GroundTruth {
            id: format!("fault-{}", self.fault_count),
            kind,
            domain: choice.object.domain(),
            object: choice.object.clone(),
            at: self.now(),
            cleared_at: None,
            cures: if !own_cures.is_empty() {
                own_cures.to_vec()
            } else if is_to_wait_out(kind, choice) {
                vec![]
            } else {
                cures(kind).to_vec()
            },
            params: choice.params.clone(),
        };
        self.faults.push(Fault {
            truth: truth.clone(),
            index: choice.index,
            host: self.instances.get(choice.index).map_or(0, |i| i.host),
            growth,
        });
        truth
    }

    /// Every fault so far.
    pub fn ground_truth(&self) -> Vec<GroundTruth> {
        self.faults.iter().map(|f| f.truth.clone()).collect()
    }

    fn begin(&mut self, kind: FaultKind, choice: &Choice) {
        let index = choice.index;
        let param = |name: &str| choice.param(name);
        match kind {
            FaultKind::LinkDown => self.links[index].locked = true,
            FaultKind::LinkRateCut => self.links[index].rate_mbps = param("rate_mbps"),
            FaultKind::LinkLossy => {
                self.links[index].loss = [param("loss_ratio_ab"), param("loss_ratio_ba")];
            }
            FaultKind::LinkFlapping => {
                self.links[index].flapping = true;
                self.agenda.at(self.now_us, Event::Flap(index as u32));
            }
            FaultKind::LinkSilent => self.links[index].silent = true,
            FaultKind::WrongCost => {
                self.links[index].cost = [param("cost") as u32; 2];
                self.reconverge();
            }
            FaultKind::RouterCrash => {
                self.stop_router(index, param("lasers_lit") > 0.0);
                self.routers[index].crashed = true;
            }
            FaultKind::TrafficSurge => {
                self.demands[index].factor = param("factor");
                self.plan_end(kind, choice);
            }
            FaultKind::InstanceCrash => {
                self.stop_instance(index);
                self.instances[index].crashed = true;
            }
            FaultKind::InstanceSlow => {
                let host = self.instances[index].host;
                self.instances[index].host_slow[host] *= param("factor");
            }
            FaultKind::SiteOverload => {
                for &(group, extra_rps) in &choice.crowd {
                    self.crowd_presses(index, group, extra_rps);
                }
                self.plan_end(kind, choice);
            }
            FaultKind::StalePolicy => {
                self.gateways[index].frozen = true;
                for &(group, _) in &choice.crowd {
                    let weights = &mut self.groups[group].weights;
                    weights.fill(0.0);
                    weights[choice.other] = 1.0;
                }
            }
            FaultKind::CellOutage => {
                self.switch_off(index, NEIGHBOUR_COVER, false);
                self.cells[index].broken = true;
            }
        }
        if kind.object_kind() == zizhi_types::ObjectKind::Link {
            self.refresh_link(index);
        }
    }

    /// Plans the end of a fault that ends by itself.
    fn plan_end(&mut self, kind: FaultKind, choice: &Choice) {
        let index = choice.index;
        match kind {
            FaultKind::TrafficSurge => {
                self.plan(choice.param("lasts_s"), Change::DemandFactor(index, 1.0));
            }
            FaultKind::SiteOverload => {
                self.plan(choice.param("lasts_s"), Change::CrowdLeaves(index));
            }
            _ => {}
        }
    }

    /// A flapping link loses or regains carrier: down for one to three seconds, up for three to eight.
    pub(crate) fn flap(&mut self, link: usize) {
        if !self.links[link].flapping {
            return;
        }
        let down = !self.links[link].flap_down;
        self.links[link].flap_down = down;
        self.refresh_link(link);
        let span = if down { 1.0..3.0 } else { 3.0..8.0 };
        let wait_us = self.rng.control.random_range(span) * SECOND_US as f64;
        self.agenda
            .at(self.now_us + wait_us as u64, Event::Flap(link as u32));
    }

    /// A field crew removes the physical cause of a fault. False when there is no such fault any more.
    pub fn repair(&mut self, id: &str) -> bool {
        let Some(fault) = self.faults.iter().find(|f| f.truth.id == id) else {
            return false;
        };
        let (kind, index, host) = (fault.truth.kind, fault.index, fault.host);
        let lasts = fault.truth.cleared_at.is_none();
        // An instance that moved away has left the noise behind on its old host, for whoever comes next.
        if !lasts && kind != FaultKind::InstanceSlow {
            return false;
        }
        match kind {
            FaultKind::LinkDown
            | FaultKind::LinkRateCut
            | FaultKind::LinkLossy
            | FaultKind::LinkFlapping
            | FaultKind::LinkSilent
            | FaultKind::WrongCost => self.repair_link(kind, index),
            FaultKind::RouterCrash => {
                self.routers[index].crashed = false;
                let epoch = self.routers[index].epoch;
                self.router_booted(index, epoch);
            }
            FaultKind::TrafficSurge => self.demands[index].factor = 1.0,
            FaultKind::InstanceCrash => self.instances[index].crashed = false,
            FaultKind::InstanceSlow => self.instances[index].host_slow[host] = 1.02,
            FaultKind::SiteOverload => self.crowd_leaves(index),
            FaultKind::StalePolicy => {
                self.gateways[index].frozen = false;
                self.steer(index, true);
            }
            FaultKind::CellOutage => {
                let cell = &mut self.cells[index];
                (cell.broken, cell.starting) = (false, false);
                cell.back_on_air();
                cell.epoch += 1;
            }
        }
        self.review_faults();
        lasts
    }

    fn repair_link(&mut self, kind: FaultKind, link: usize) {
        let built = &self.network.links[link];
        let l = &mut self.links[link];
        match kind {
            FaultKind::LinkRateCut => l.rate_mbps = built.capacity_mbps,
            FaultKind::LinkLossy => l.loss = [0.0; 2],
            FaultKind::LinkFlapping => (l.flapping, l.flap_down) = (false, false),
            FaultKind::WrongCost => {
                l.cost = [built.cost; 2];
                self.reconverge();
            }
            _ => (l.locked, l.silent) = (false, false),
        }
        self.refresh_link(link);
    }

    pub(crate) fn crowd_leaves(&mut self, site: usize) {
        for group in &mut self.groups {
            if let Some(pinned) = group.pinned.filter(|p| p.site == site) {
                group.factor *= 1.0 - pinned.share;
                group.pinned = None;
            }
        }
    }

    /// Notes which faults' causes are gone.
    pub(crate) fn review_faults(&mut self) {
        let now = self.now();
        for n in 0..self.faults.len() {
            let there = self.is_there(&self.faults[n]);
            let cleared_at = &mut self.faults[n].truth.cleared_at;
            if !there && cleared_at.is_none() {
                *cleared_at = Some(now);
            }
        }
    }

    fn is_there(&self, fault: &Fault) -> bool {
        let at = fault.index;
        match fault.truth.kind {
            FaultKind::LinkDown => self.links[at].locked,
            FaultKind::LinkRateCut => {
                let nearly = if fault.growth.is_some() { 1.0 } else { 0.999 };
                self.links[at].rate_mbps < nearly * self.network.links[at].capacity_mbps
            }
            FaultKind::LinkLossy => self.links[at].is_lossy(),
            FaultKind::LinkFlapping => self.links[at].flapping,
            FaultKind::LinkSilent => self.links[at].silent,
            FaultKind::WrongCost => self.links[at].cost != [self.network.links[at].cost; 2],
            FaultKind::RouterCrash => self.routers[at].crashed,
            FaultKind::TrafficSurge => self.demands[at].factor > 1.0,
            FaultKind::InstanceCrash => self.instances[at].crashed,
            FaultKind::InstanceSlow => {
                let i = &self.instances[at];
                let slow = i.host_slow[fault.host];
                let grows = fault.growth.as_ref().is_some_and(|g| g.is_at(slow));
                i.present && i.host == fault.host && (slow > 1.5 || grows)
            }
            FaultKind::SiteOverload => self
                .groups
                .iter()
                .any(|g| g.pinned.is_some_and(|p| p.site == at)),
            FaultKind::StalePolicy => self.gateways[at].frozen,
            FaultKind::CellOutage => self.cells[at].broken,
        }
    }
}
