//! Faults exactly as they are asked for: the named object, the named severity, nothing drawn.
//!
//! In: a [`FaultSpec`]. Out: the same [`Choice`] that the seeded choice makes, or why it cannot be.

use super::choose::Choice;
use super::layout::object;
use super::params;
use super::scene::{FaultSpec, SceneError};
use super::world::World;
use zizhi_types::{FaultKind, ManagedObject, ObjectKind};

/// Middle severities, where they are numbers: see [`params::PARAMS`].
const MIDDLE_OVER: f64 = 1.25;
const MIDDLE_LOSS: f64 = 0.05;
const MIDDLE_SLOW: f64 = 3.3;
const MIDDLE_CROWD: f64 = 1.375;
const MIDDLE_SURGE_S: f64 = 1200.0;
const MIDDLE_CROWD_S: f64 = 1500.0;
/// A cut that leaves more than this share of the capacity is none.
const CUT_AT_MOST: f64 = 0.9;
/// Objects named in an error.
const NAMED: usize = 12;

impl World {
    /// Every object of a kind, in the network's order.
    pub(crate) fn objects(&self, kind: ObjectKind) -> Vec<ManagedObject> {
        let l = &self.layout;
        match kind {
            ObjectKind::Router => l.routers.clone(),
            ObjectKind::Port => l.ports.iter().map(|p| p.object.clone()).collect(),
            ObjectKind::Link => l.links.clone(),
            ObjectKind::Path => l.paths.iter().map(|p| p.object.clone()).collect(),
            ObjectKind::Demand => l.demands.iter().map(|d| d.object.clone()).collect(),
            ObjectKind::Site => l.sites.iter().map(|s| s.object.clone()).collect(),
            ObjectKind::Instance => self.instances.iter().map(|i| i.object.clone()).collect(),
            ObjectKind::Gateway => l.gateways.iter().map(|g| g.object.clone()).collect(),
            ObjectKind::Service => {
                let services = self.network.services.iter();
                services.map(|s| object(kind, &s.id)).collect()
            }
            ObjectKind::Group => l.groups.iter().map(|g| g.object.clone()).collect(),
            ObjectKind::Steer => self.steers(),
            ObjectKind::Cell => l.cells.iter().map(|c| c.object.clone()).collect(),
            ObjectKind::Node => vec![],
        }
    }

    fn steers(&self) -> Vec<ManagedObject> {
        let mut steers = vec![];
        for group in &self.layout.groups {
            for i in self.instances.iter().filter(|i| i.service == group.service) {
                let name = format!("{}:{}", group.object.name(), i.object.name());
                steers.push(object(ObjectKind::Steer, &name));
            }
        }
        steers
    }

    /// The number of an object among those of its kind.
    pub(crate) fn index_among(&self, wanted: &ManagedObject) -> Result<usize, SceneError> {
        let known = self.objects(wanted.kind());
        known.iter().position(|o| o == wanted).ok_or_else(|| {
            let more = known.len().saturating_sub(NAMED);
            let names: Vec<&str> = known.iter().take(NAMED).map(ManagedObject::name).collect();
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            SceneError::UnknownObject {
                object: wanted.clone(),
                network: self.network.name.clone(),
                known: format!("{}{rest}", names.join(", ")),
            }
        })
    }

    /// What a fault that is asked for means here.
    pub(crate) fn choice_of(&self, spec: &FaultSpec) -> Result<Choice, SceneError> {
        let expected = spec.kind.object_kind();
        if spec.object.kind() != expected {
            return Err(SceneError::WrongKind {
                kind: spec.kind,
                expected: expected.as_str(),
                object: spec.object.clone(),
            });
        }
        params::check(spec.kind, &spec.params)?;
        params::check_growth(spec.kind, spec.ramp_s)?;
        let index = self.index_among(&spec.object)?;
        if self.has_already(spec) {
            return Err(cannot(spec, "it has this fault already"));
        }
        let choice = Choice::new(&spec.object, index);
        match spec.kind {
            FaultKind::LinkRateCut => self.named_rate_cut(spec, choice),
            FaultKind::LinkLossy => named_loss(spec, choice),
            FaultKind::WrongCost => self.named_cost(spec, choice),
            FaultKind::RouterCrash => Ok(choice.with("lasers_lit", given(spec, "lasers_lit", 0.0))),
            FaultKind::TrafficSurge => self.named_surge(spec, choice),
            FaultKind::InstanceSlow => {
                Ok(choice.with("factor", given(spec, "factor", MIDDLE_SLOW)))
            }
            FaultKind::SiteOverload => self.named_crowd(spec, choice),
            FaultKind::StalePolicy => self.named_policy(spec, choice),
            FaultKind::LinkDown
            | FaultKind::LinkFlapping
            | FaultKind::LinkSilent
            | FaultKind::InstanceCrash
            | FaultKind::CellOutage => Ok(choice),
        }
    }

    fn has_already(&self, spec: &FaultSpec) -> bool {
        self.faults.iter().any(|f| {
            let t = &f.truth;
            t.cleared_at.is_none() && t.kind == spec.kind && t.object == spec.object
        })
    }

    fn named_rate_cut(&self, spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
        let (link, capacity) = (choice.index, self.network.links[choice.index].capacity_mbps);
        let load = self.loads_with(|p| self.cost_now(p));
        let carried = load[2 * link].max(load[2 * link + 1]);
        let middle = (carried / MIDDLE_OVER).min(0.5 * capacity).round().max(1.0);
        let rate = given(spec, "rate_mbps", middle);
        let most = CUT_AT_MOST * capacity;
        if rate > most {
            let why =
                format!("rate_mbps is {rate}, and it carries {capacity}: write at most {most}");
            return Err(cannot(spec, &why));
        }
        Ok(choice.with("rate_mbps", rate))
    }

    fn named_cost(&self, spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
        let built = f64::from(self.network.links[choice.index].cost);
        let cost = given(spec, "cost", (built * 10.0).min(65_535.0)).round();
        if (cost - built).abs() < 0.5 {
            let why = format!("{built} is its intended cost: write another one");
            return Err(cannot(spec, &why));
        }
        Ok(choice.with("cost", cost))
    }

    fn named_surge(&self, spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
        let demand = choice.index;
        let load = self.loads_with(|p| self.cost_now(p));
        let Some((middle, _, port)) = self.surge_factor(demand, &load, MIDDLE_OVER) else {
            return Err(cannot(
                spec,
                "no growth of it fills a port: name another demand",
            ));
        };
        let factor = given(spec, "factor", middle);
        let lasts_s = given(spec, "lasts_s", MIDDLE_SURGE_S);
        outlasts(spec, lasts_s)?;
        let tried = || self.relief((factor, demand, port)).map(f64::from);
        let relief = spec.params.get("relief_cost").copied().or_else(tried);
        let choice = choice.with("factor", factor).with("lasts_s", lasts_s);
        Ok(match relief {
            Some(cost) => choice.with("relief_cost", cost.round()),
            None => choice,
        })
    }

    /// The services that a parameter allows: one, or all in order.
    fn services_of(&self, spec: &FaultSpec) -> Result<Vec<usize>, SceneError> {
        let count = self.network.services.len();
        match spec.params.get("service_number") {
            None => Ok((0..count).collect()),
            Some(number) if *number <= count as f64 => Ok(vec![*number as usize - 1]),
            Some(number) => Err(SceneError::OutOfRange {
                what: format!("service_number of {}", spec.kind),
                value: *number,
                low: 1.0,
                high: count as f64,
            }),
        }
    }

    fn named_crowd(&self, spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
        let site = choice.index;
        let lasts_s = given(spec, "lasts_s", MIDDLE_CROWD_S);
        outlasts(spec, lasts_s)?;
        let wanted = spec.params.get("extra_rps").copied();
        let found = self.services_of(spec)?.into_iter().find_map(|service| {
            let extra = wanted.unwrap_or_else(|| MIDDLE_CROWD * self.serves(site, service));
            (self.serves(site, service) > 0.0).then_some(())?;
            Some((service, self.crowd_of(service, extra)?))
        });
        let Some((service, crowd)) = found else {
            return Err(cannot(
                spec,
                "no such crowd can reach it: its instances serve no such service, or the cells cannot carry so many: \
                 write a lower extra_rps, or another service_number or site",
            ));
        };
        let mut choice = choice
            .with("extra_rps", crowd.iter().map(|c| c.1).sum())
            .with("service_number", service as f64 + 1.0)
            .with("lasts_s", lasts_s);
        choice.crowd = crowd;
        Ok(choice)
    }

    fn named_policy(&self, spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
        let found = self
            .services_of(spec)?
            .into_iter()
            .filter_map(|s| Some((s, self.misguided(choice.index, s)?)))
            .filter(|(_, m)| !m.groups.is_empty())
            .max_by(|x, y| {
                x.1.load_ratio
                    .total_cmp(&y.1.load_ratio)
                    .then(y.0.cmp(&x.0))
            });
        let Some((service, misguided)) = found else {
            return Err(cannot(
                spec,
                "it steers no users of that service to a working instance: write another service_number",
            ));
        };
        let mut choice = choice
            .with("service_number", service as f64 + 1.0)
            .with("load_ratio", misguided.load_ratio);
        choice.other = misguided.instance;
        choice.crowd = misguided.groups.into_iter().map(|g| (g, 0.0)).collect();
        Ok(choice)
    }
}

fn named_loss(spec: &FaultSpec, choice: Choice) -> Result<Choice, SceneError> {
    let ab = given(spec, "loss_ratio_ab", MIDDLE_LOSS);
    let ba = given(spec, "loss_ratio_ba", MIDDLE_LOSS);
    if ab + ba <= 0.0 {
        return Err(cannot(spec, "both loss ratios are 0: write one above 0"));
    }
    Ok(choice.with("loss_ratio_ab", ab).with("loss_ratio_ba", ba))
}

fn given(spec: &FaultSpec, name: &str, middle: f64) -> f64 {
    spec.params.get(name).copied().unwrap_or(middle)
}

fn outlasts(spec: &FaultSpec, lasts_s: f64) -> Result<(), SceneError> {
    if (spec.ramp_s as f64) < lasts_s {
        return Ok(());
    }
    Err(cannot(
        spec,
        "it would end before it has grown: write a shorter ramp_s or a longer lasts_s",
    ))
}

fn cannot(spec: &FaultSpec, why: &str) -> SceneError {
    SceneError::CannotHave {
        kind: spec.kind,
        object: spec.object.clone(),
        why: why.to_owned(),
    }
}
