//! Draws what happens in a scenario of a shape: kinds, objects, severities, decoys and lies.
//!
//! In: a warm network and seeded randomness. Out: a [`Draft`], in which everything is explicit; whether it is what its
//! shape claims is checked afterwards. Objects come from the sandbox's own seeded choice, so that a fault matters.

use super::rehearse::step;
use super::{DecoySpec, FaultSpec, Lie, LieSpec, Shape};
use crate::sandbox::World;
use crate::sandbox::params::{GROWING, params_of};
use crate::sandbox::truth::is_felt;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use zizhi_types::{FaultKind, ManagedObject, Metric, ObjectKind};

/// A crowd or a surge lasts longer than any scenario is watched: waiting is no remedy.
const ENDLESS_S: f64 = 7200.0;
/// What a quiet fault is, beside something loud.
const QUIET: [FaultKind; 4] = [
    FaultKind::LinkLossy,
    FaultKind::InstanceSlow,
    FaultKind::WrongCost,
    FaultKind::InstanceCrash,
];
const SILENT: [FaultKind; 4] = [
    FaultKind::LinkSilent,
    FaultKind::RouterCrash,
    FaultKind::InstanceSlow,
    FaultKind::StalePolicy,
];
/// Kinds whose harm stays until the cause goes: steering or routing does not lead around them.
const LASTING: [FaultKind; 6] = [
    FaultKind::StalePolicy,
    FaultKind::SiteOverload,
    FaultKind::LinkLossy,
    FaultKind::CellOutage,
    FaultKind::LinkRateCut,
    FaultKind::TrafficSurge,
];
/// Look-alikes that are announced.
const ANNOUNCED: [FaultKind; 4] = [
    FaultKind::LinkDown,
    FaultKind::WrongCost,
    FaultKind::InstanceCrash,
    FaultKind::CellOutage,
];

/// What happens.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub faults: Vec<FaultSpec>,
    pub lies: Vec<LieSpec>,
    pub decoys: Vec<DecoySpec>,
}

/// A warm network and the dice.
pub(super) struct Draw<'a> {
    pub warm: &'a World,
    pub rng: ChaCha8Rng,
    /// What the first fault is wanted to be.
    pub wanted: Option<FaultKind>,
}

impl Draw<'_> {
    /// Draws a scenario of a shape; `None` where the network has no place for what was drawn.
    pub fn draft(&mut self, shape: Shape) -> Option<Draft> {
        match shape {
            Shape::Single => self.first(FaultKind::ALL).map(with_fault),
            Shape::Concurrent => self.concurrent(),
            Shape::CrossDomain => self.cross_domain(),
            Shape::Slow => {
                let mut draft = with_fault(self.first(GROWING)?);
                draft.faults[0].ramp_s = 30 * self.rng.random_range(4..=20);
                Some(draft)
            }
            Shape::Flapping => self.pick(FaultKind::LinkFlapping).map(with_fault),
            Shape::LoudNoise => self.loud(),
            Shape::Silent => {
                let mut fault = self.first(&SILENT)?;
                if fault.kind == FaultKind::RouterCrash {
                    fault.params.insert("lasers_lit".to_owned(), 1.0);
                }
                Some(with_fault(fault))
            }
            Shape::WrongSteering => self.wrong_steering(),
            Shape::LyingTelemetry => self.lying(),
            Shape::PlannedWork => self.planned(),
        }
    }

    /// An explicit fault of a kind where the seeded choice puts it.
    fn pick(&mut self, kind: FaultKind) -> Option<FaultSpec> {
        let mut world = self.warm.clone();
        world.rechoose(self.rng.random());
        let choice = world.choose(kind)?;
        let mut params = choice.params.clone();
        if let Some(service) = choice.service {
            params.insert("service_number".to_owned(), service as f64 + 1.0);
        }
        params
            .entry("lasts_s".to_owned())
            .and_modify(|s| *s = ENDLESS_S);
        params.retain(|name, _| params_of(kind).any(|p| p.name == name));
        for value in params.values_mut() {
            *value = three_digits(*value);
        }
        Some(FaultSpec {
            kind,
            object: choice.object,
            at_s: 0,
            params,
            ramp_s: 0,
            cures: vec![],
        })
    }

    fn first(&mut self, kinds: &[FaultKind]) -> Option<FaultSpec> {
        let kind = match self.wanted {
            Some(wanted) => kinds.contains(&wanted).then_some(wanted)?,
            None => *kinds.choose(&mut self.rng)?,
        };
        self.pick(kind)
    }

    fn concurrent(&mut self) -> Option<Draft> {
        let count = self.rng.random_range(2..=3);
        let mut faults = vec![self.first(FaultKind::ALL)?];
        let mut kinds = FaultKind::ALL.to_vec();
        kinds.shuffle(&mut self.rng);
        for kind in kinds {
            if faults.len() < count && faults.iter().all(|f| f.object.kind() != kind.object_kind())
            {
                let mut fault = self.pick(kind)?;
                fault.at_s = 10 * self.rng.random_range(0..=6);
                faults.push(fault);
            }
        }
        Some(Draft {
            faults,
            ..Draft::default()
        })
    }

    /// A fault that hurts, then one of another domain that hurts some of the same users.
    fn cross_domain(&mut self) -> Option<Draft> {
        let first = self.first(&LASTING)?;
        let mut world = self.warm.clone();
        world.inject_as(&first).ok()?;
        let mut victims = BTreeSet::new();
        for _ in 0..12 {
            victims.extend(step(&mut world).into_iter().filter(|(_, m)| is_felt(*m)));
        }
        let groups: BTreeSet<String> = victims
            .iter()
            .flat_map(|(o, _)| super::claims::groups_of(self.warm.network(), o))
            .collect();
        let victim = groups
            .into_iter()
            .collect::<Vec<_>>()
            .choose(&mut self.rng)?
            .clone();
        let kind = *LASTING.choose(&mut self.rng)?;
        let mut second = self.pick(kind)?;
        if second.object.domain() == first.object.domain() {
            return None;
        }
        self.aim(&mut second, &victim)?;
        second.at_s = 10 * self.rng.random_range(0..=6);
        Some(Draft {
            faults: vec![first, second],
            ..Draft::default()
        })
    }

    /// Moves a fault to an object that the victim depends on, where its kind has one.
    fn aim(&self, fault: &mut FaultSpec, victim: &str) -> Option<()> {
        let network = self.warm.network();
        let group = network.groups.iter().find(|g| g.id == victim)?;
        let (kind, name) = match fault.kind {
            FaultKind::CellOutage => (ObjectKind::Cell, group.cell.clone()),
            FaultKind::StalePolicy => (ObjectKind::Gateway, group.gateway.clone()),
            _ => return Some(()),
        };
        fault.object = ManagedObject::new(kind, name).ok()?;
        if kind == ObjectKind::Gateway {
            let number = network
                .services
                .iter()
                .position(|s| s.id == group.service)?
                + 1;
            fault
                .params
                .insert("service_number".to_owned(), number as f64);
        }
        Some(())
    }

    /// Something quiet, beside two or three things that are loud.
    fn loud(&mut self) -> Option<Draft> {
        let mut fault = self.first(&QUIET)?;
        fault.at_s = 30;
        if fault.kind == FaultKind::LinkLossy {
            fault.params.insert("loss_ratio_ab".to_owned(), 0.03);
            fault.params.insert("loss_ratio_ba".to_owned(), 0.03);
        }
        let mut loud = vec![
            FaultKind::TrafficSurge,
            FaultKind::LinkDown,
            FaultKind::CellOutage,
            FaultKind::SiteOverload,
        ];
        loud.shuffle(&mut self.rng);
        loud.truncate(3);
        let decoys = loud.into_iter().enumerate();
        Some(Draft {
            faults: vec![fault],
            decoys: decoys.map(|(n, kind)| decoy(kind, 10 * n as u64)).collect(),
            ..Draft::default()
        })
    }

    /// A stale policy: alone, with a surge beside it, or with a change of prices that shifts steering elsewhere.
    fn wrong_steering(&mut self) -> Option<Draft> {
        let mut draft = with_fault(self.pick(FaultKind::StalePolicy)?);
        match self.rng.random_range(0..3) {
            0 => {}
            1 => {
                let mut surge = self.pick(FaultKind::TrafficSurge)?;
                surge.at_s = 30;
                draft.faults.push(surge);
            }
            _ => draft.decoys.push(decoy(FaultKind::StalePolicy, 20)),
        }
        Some(draft)
    }

    fn lying(&mut self) -> Option<Draft> {
        let fault = self.first(FaultKind::ALL)?;
        let mut lies = vec![];
        if self.rng.random_bool(0.7) {
            lies.extend(self.cover_up(&fault));
        }
        if lies.is_empty() || self.rng.random_bool(0.3) {
            lies.extend(self.fake(&fault));
        }
        Some(Draft {
            lies,
            ..with_fault(fault)
        })
    }

    /// The meter nearest to the fault, made to look as if nothing were wrong.
    fn cover_up(&mut self, fault: &FaultSpec) -> Option<LieSpec> {
        let link = |m| Some((self.end_of(&fault.object)?, m));
        let (object, metric) = match fault.kind {
            FaultKind::LinkDown | FaultKind::LinkFlapping => link(Metric::PortOperUp)?,
            FaultKind::LinkSilent => link(Metric::PortAdjacencyUp)?,
            FaultKind::LinkRateCut => link(Metric::PortRate)?,
            FaultKind::LinkLossy => link(Metric::PortError)?,
            FaultKind::WrongCost => link(Metric::PortCost)?,
            FaultKind::InstanceCrash => (fault.object.clone(), Metric::InstanceUp),
            FaultKind::InstanceSlow => (fault.object.clone(), Metric::InstanceService),
            FaultKind::SiteOverload => (fault.object.clone(), Metric::SiteUtilization),
            FaultKind::StalePolicy => (fault.object.clone(), Metric::GatewayPolicyAge),
            FaultKind::CellOutage => (fault.object.clone(), Metric::CellUp),
            FaultKind::TrafficSurge => (fault.object.clone(), Metric::DemandRate),
            FaultKind::RouterCrash => return None,
        };
        Some(lie(object, metric, Lie::Frozen))
    }

    /// One end of a link.
    fn end_of(&self, link: &ManagedObject) -> Option<ManagedObject> {
        let ports = self.warm.objects(ObjectKind::Port);
        ports
            .into_iter()
            .find(|p| p.link_of_port().as_ref() == Some(link))
    }

    /// A meter far from the fault that shows what is not there.
    fn fake(&mut self, fault: &FaultSpec) -> Option<LieSpec> {
        let fakes = [
            (ObjectKind::Port, Metric::PortError, Lie::Value(0.04)),
            (
                ObjectKind::Instance,
                Metric::InstanceService,
                Lie::Times(3.5),
            ),
            (ObjectKind::Instance, Metric::InstanceUp, Lie::Value(0.0)),
            (
                ObjectKind::Gateway,
                Metric::GatewayPolicyAge,
                Lie::Value(240.0),
            ),
            (ObjectKind::Cell, Metric::CellFailure, Lie::Value(0.4)),
            (ObjectKind::Path, Metric::PathLoss, Lie::Value(0.2)),
        ];
        let (kind, metric, says) = *fakes.choose(&mut self.rng)?;
        let near = |o: &ManagedObject| {
            *o == fault.object || o.link_of_port().as_ref() == Some(&fault.object)
        };
        let mut objects = self.warm.objects(kind);
        objects.retain(|o| !near(o));
        let object = objects.choose(&mut self.rng)?.clone();
        Some(lie(object, metric, says))
    }

    fn planned(&mut self) -> Option<Draft> {
        let mut fault = self.first(FaultKind::ALL)?;
        fault.at_s = 40;
        let kinds: Vec<FaultKind> = ANNOUNCED.into_iter().filter(|k| *k != fault.kind).collect();
        let kind = *kinds.choose(&mut self.rng)?;
        // A rolling restart is short: it begins with the fault, the others a little before it.
        let at_s = if kind == FaultKind::InstanceCrash {
            30
        } else {
            0
        };
        Some(Draft {
            decoys: vec![decoy(kind, at_s)],
            ..with_fault(fault)
        })
    }
}

fn with_fault(fault: FaultSpec) -> Draft {
    Draft {
        faults: vec![fault],
        ..Draft::default()
    }
}

const fn decoy(kind: FaultKind, at_s: u64) -> DecoySpec {
    DecoySpec { kind, at_s }
}

const fn lie(object: ManagedObject, metric: Metric, says: Lie) -> LieSpec {
    LieSpec {
        object,
        metric,
        says,
        at_s: 0,
        lasts_s: 1800,
    }
}

/// Rounded to three digits, so that files read well.
fn three_digits(value: f64) -> f64 {
    if value == 0.0 || value.abs() >= 1000.0 {
        return value.round();
    }
    let scale = 10_f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}
