//! Faults that grow: from nothing to their severity in steps of at most ten seconds.
//!
//! In: a fault and how much of its severity is reached. Out: the world with that much of it. A fault that was cured
//! or set to something else meanwhile stops growing.

use super::choose::Choice;
use super::doubles::Change;
use super::state::Pinned;
use super::world::World;
use zizhi_types::FaultKind;

/// Longest time between two steps of a growth, in seconds.
const STEP_S: u64 = 10;

/// How far a fault has grown.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    choice: Choice,
    /// What it grows from: rate, factor or slowness of a healthy object.
    from: f64,
    /// What the last step set.
    set: f64,
    step: u64,
    steps: u64,
    ramp_s: u64,
}

impl Growth {
    /// Whether this is what the last step set.
    pub fn is_at(&self, severity: f64) -> bool {
        (severity - self.set).abs() < 1e-9
    }
}

impl World {
    /// Begins a fault at a first, small part of its severity, and plans the rest.
    pub(crate) fn begin_growing(
        &mut self,
        kind: FaultKind,
        choice: &Choice,
        ramp_s: u64,
    ) -> Growth {
        let from = self.severity(kind, choice.index);
        let steps = ramp_s.div_ceil(STEP_S).max(1);
        let mut growth = Growth {
            choice: choice.clone(),
            from,
            set: from,
            step: 0,
            steps,
            ramp_s,
        };
        self.grow_to(kind, &mut growth);
        let fault = self.faults.len();
        self.plan(ramp_s as f64 / steps as f64, Change::Grow(fault));
        growth
    }

    /// The next step of a fault's growth.
    pub(crate) fn grow(&mut self, fault: usize) {
        let Some(mut growth) = self.faults[fault].growth.take() else {
            return;
        };
        let kind = self.faults[fault].truth.kind;
        let untouched = growth.is_at(self.severity(kind, growth.choice.index));
        if self.faults[fault].truth.cleared_at.is_some() || !untouched {
            return;
        }
        growth.step += 1;
        self.grow_to(kind, &mut growth);
        if growth.step < growth.steps {
            self.plan(
                growth.ramp_s as f64 / growth.steps as f64,
                Change::Grow(fault),
            );
            self.faults[fault].growth = Some(growth);
        }
    }

    /// Sets as much of the severity as is reached: after the last of `steps`, all of it.
    fn grow_to(&mut self, kind: FaultKind, growth: &mut Growth) {
        let part = (growth.step + 1) as f64 / (growth.steps + 1) as f64;
        let (index, choice) = (growth.choice.index, &growth.choice);
        let towards = |end: f64| growth.from + (end - growth.from) * part;
        match kind {
            FaultKind::LinkRateCut => {
                self.links[index].rate_mbps = towards(choice.param("rate_mbps"));
            }
            FaultKind::LinkLossy => {
                let loss = [choice.param("loss_ratio_ab"), choice.param("loss_ratio_ba")];
                self.links[index].loss = loss.map(|l| l * part);
            }
            FaultKind::TrafficSurge => self.demands[index].factor = towards(choice.param("factor")),
            FaultKind::InstanceSlow => {
                let i = &mut self.instances[index];
                i.host_slow[i.host] = towards(growth.from * choice.param("factor"));
            }
            FaultKind::SiteOverload => {
                for &(group, extra_rps) in &choice.crowd {
                    self.crowd_presses(index, group, extra_rps * part);
                }
            }
            _ => {}
        }
        growth.set = self.severity(kind, index);
    }

    /// The number that a fault of a kind changes.
    fn severity(&self, kind: FaultKind, index: usize) -> f64 {
        match kind {
            FaultKind::LinkRateCut => self.links[index].rate_mbps,
            FaultKind::LinkLossy => self.links[index].loss.iter().sum(),
            FaultKind::TrafficSurge => self.demands[index].factor,
            FaultKind::InstanceSlow => {
                let i = &self.instances[index];
                i.host_slow[i.host]
            }
            // A crowd only leaves: then the fault is cleared.
            _ => 0.0,
        }
    }

    /// Makes the crowd of a group at a site this large, whatever it was.
    pub(crate) fn crowd_presses(&mut self, site: usize, group: usize, extra_rps: f64) {
        let rate = self.groups[group].rate_now.max(0.01);
        let share = self.groups[group].pinned.map_or(0.0, |p| p.share);
        let grown = rate * (1.0 - share) + extra_rps;
        let group = &mut self.groups[group];
        group.factor *= grown / rate;
        group.pinned = Some(Pinned {
            site,
            share: extra_rps / grown,
        });
    }
}
