//! Which object gets a fault, and how badly: chosen by the seed among those where it hurts or puts at risk.
//!
//! In: the world as it is. Out: a [`Choice`]. Loads are worked out on trial routes; nothing is changed here.

use super::routing::Fib;
use super::world::World;
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;
use zizhi_types::{FaultKind, ManagedObject};

/// A link carries something worth protecting from this share of its capacity on.
const CARRIES: f64 = 0.08;
/// At most this many candidates are tried on trial routes.
const TRIALS: usize = 16;

/// Costs tried to relieve a link, in tenths of the intended one.
const RELIEF_TENTHS: [u32; 11] = [11, 12, 14, 15, 17, 20, 25, 30, 40, 80, 10_000];
/// A demand does not grow by more than this, our choice.
const MAX_SURGE: f64 = 100.0;
/// The mildest surge: the busiest port gets this many times what it can carry.
const MILD_SURGE: f64 = 1.08;

/// Factor, demand, port that is overloaded most.
type Surge = (f64, usize, usize);

/// An object and a severity.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub object: ManagedObject,
    pub index: usize,
    /// A second index: the instance of a stale policy.
    pub other: usize,
    /// The service of a crowd or of a stale policy.
    pub service: Option<usize>,
    pub params: BTreeMap<String, f64>,
    /// Groups and the extra requests per second they bring.
    pub crowd: Vec<(usize, f64)>,
}

/// What a stale policy does.
#[derive(Debug, Clone)]
pub(crate) struct Misguided {
    /// Where everything goes.
    pub instance: usize,
    /// What it gets over what it can serve.
    pub load_ratio: f64,
    /// Whose requests.
    pub groups: Vec<usize>,
}

impl Choice {
    pub fn new(object: &ManagedObject, index: usize) -> Self {
        Self {
            object: object.clone(),
            index,
            other: 0,
            service: None,
            params: BTreeMap::new(),
            crowd: vec![],
        }
    }

    /// A parameter; 0 where it is not set.
    pub fn param(&self, name: &str) -> f64 {
        self.params.get(name).copied().unwrap_or(0.0)
    }

    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }
}

impl World {
    /// Chooses where and how a fault of a kind begins; `None` when nothing fits.
    pub(crate) fn choose(&mut self, kind: FaultKind) -> Option<Choice> {
        match kind {
            FaultKind::LinkDown | FaultKind::LinkFlapping | FaultKind::LinkSilent => self
                .busy_link()
                .map(|l| Choice::new(&self.layout.links[l], l)),
            FaultKind::LinkRateCut => self.choose_rate_cut(),
            FaultKind::LinkLossy => self.choose_lossy(),
            FaultKind::WrongCost => self.choose_wrong_cost(),
            FaultKind::RouterCrash => self.choose_router(),
            FaultKind::TrafficSurge => self.choose_surge(),
            FaultKind::InstanceCrash => self
                .busy_instance()
                .map(|i| Choice::new(&self.instances[i].object, i)),
            FaultKind::InstanceSlow => {
                let factor = self.rng.choose.random_range(2.6..4.0);
                let i = self.busy_instance()?;
                Some(Choice::new(&self.instances[i].object, i).with("factor", factor))
            }
            FaultKind::SiteOverload => self.choose_site(),
            FaultKind::StalePolicy => self.choose_gateway(),
            FaultKind::CellOutage => self.choose_cell(),
        }
    }

    /// Offered traffic per port on routes with given costs, at this hour's means.
    pub(crate) fn loads_with(&self, cost: impl Fn(usize) -> Option<u32>) -> Vec<f64> {
        self.loads_if(cost, |d| self.demands[d].factor)
    }

    /// The same if demands had other factors.
    fn loads_if(
        &self,
        cost: impl Fn(usize) -> Option<u32>,
        factor: impl Fn(usize) -> f64,
    ) -> Vec<f64> {
        let fib = Fib::compute(&self.layout.ports, &self.layout.ports_of, cost);
        let daily = self.daily(self.now_us);
        let shares = self.shares_on(&fib);
        let rate = |d: usize| self.layout.demands[d].mean_mbps * daily * factor(d);
        self.offered(&shares, rate, |_| 1.0)
    }

    pub(crate) fn cost_now(&self, port: usize) -> Option<u32> {
        let link = &self.links[port / 2];
        link.adjacent.then_some(link.cost[port % 2])
    }

    pub(crate) fn utilization(&self, load: &[f64], port: usize) -> f64 {
        load[port] / self.links[port / 2].rate_mbps
    }

    pub(crate) fn busiest(&self, load: &[f64]) -> f64 {
        (0..load.len())
            .map(|p| self.utilization(load, p))
            .fold(0.0, f64::max)
    }

    /// Whether the two ends still reach each other without the link.
    pub(crate) fn has_detour(&self, link: usize) -> bool {
        let fib = Fib::compute(&self.layout.ports, &self.layout.ports_of, |p| {
            if p / 2 == link {
                None
            } else {
                self.cost_now(p)
            }
        });
        let place = &self.layout.ports[2 * link];
        fib.hops(place.router, place.peer).pick(0).is_some()
    }

    fn is_untouched(&self, link: usize) -> bool {
        let l = &self.links[link];
        let built = &self.network.links[link];
        l.passes && l.adjacent && !l.flapping && !l.is_lossy() && l.cost == [built.cost; 2]
    }

    /// Healthy links that carry traffic and have a detour (where any has), the busier half, in random order.
    pub(crate) fn busy_links(&mut self) -> Vec<usize> {
        let load = self.loads_with(|p| self.cost_now(p));
        let busy = |l: usize| {
            self.utilization(&load, 2 * l)
                .max(self.utilization(&load, 2 * l + 1))
        };
        let mut links: Vec<usize> = (0..self.links.len())
            .filter(|l| self.is_untouched(*l) && busy(*l) > CARRIES)
            .collect();
        let safe: Vec<usize> = links
            .iter()
            .copied()
            .filter(|l| self.has_detour(*l))
            .collect();
        if !safe.is_empty() {
            links = safe;
        }
        links.sort_by(|x, y| busy(*y).total_cmp(&busy(*x)).then(x.cmp(y)));
        links.truncate(links.len().div_ceil(2).max(3));
        links.shuffle(&mut self.rng.choose);
        links
    }

    fn busy_link(&mut self) -> Option<usize> {
        self.busy_links().first().copied()
    }

    fn choose_rate_cut(&mut self) -> Option<Choice> {
        let link = self.busy_link()?;
        let load = self.loads_with(|p| self.cost_now(p));
        let carried = load[2 * link].max(load[2 * link + 1]);
        let over = self.rng.choose.random_range(1.15..1.4);
        let rate = (carried / over)
            .min(0.5 * self.network.links[link].capacity_mbps)
            .round();
        Some(Choice::new(&self.layout.links[link], link).with("rate_mbps", rate.max(1.0)))
    }

    fn choose_lossy(&mut self) -> Option<Choice> {
        let links = self.busy_links();
        // Where users' answers pass, it hurts most.
        let served = |l: &&usize| {
            let pairs = self.shares.site_gateway.iter().zip(&self.site_gateway_mbps);
            let mut ports = pairs
                .filter(|(_, mbps)| **mbps > 1.0)
                .flat_map(|(list, _)| list);
            ports.any(|(port, share)| port / 2 == **l && *share > 0.3)
        };
        let link = links.iter().find(served).or(links.first()).copied()?;
        let rng = &mut self.rng.choose;
        let loss = rng.random_range(0.03..0.08);
        let (ab, ba) = match rng.random_range(0..4) {
            0 => (loss, 0.0),
            1 => (0.0, loss),
            _ => (loss, loss * 0.8),
        };
        let choice = Choice::new(&self.layout.links[link], link);
        Some(choice.with("loss_ratio_ab", ab).with("loss_ratio_ba", ba))
    }

    /// A typing mistake in a cost that shifts traffic: a digit too many or too few.
    fn choose_wrong_cost(&mut self) -> Option<Choice> {
        let before = self.loads_with(|p| self.cost_now(p));
        let mut links: Vec<usize> = (0..self.links.len())
            .filter(|l| self.is_untouched(*l))
            .collect();
        links.shuffle(&mut self.rng.choose);
        links.truncate(2 * TRIALS);
        let mut found: Vec<(f64, usize, u32)> = vec![];
        for link in links {
            let built = self.network.links[link].cost;
            for wrong in [(built / 10).max(1), (built * 10).min(65_535)] {
                if wrong == built {
                    continue;
                }
                let cost = |p: usize| {
                    if p / 2 == link {
                        Some(wrong)
                    } else {
                        self.cost_now(p)
                    }
                };
                let after = self.loads_with(cost);
                let moved = (0..after.len())
                    .map(|p| self.utilization(&after, p) - self.utilization(&before, p))
                    .fold(0.0, f64::max);
                if moved > 0.05 {
                    found.push((self.busiest(&after), link, wrong));
                }
            }
        }
        found.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
        found.truncate(4);
        let pick = self.rng.choose.random_range(0..found.len().max(1));
        let (_, link, wrong) = *found.get(pick)?;
        Some(Choice::new(&self.layout.links[link], link).with("cost", f64::from(wrong)))
    }

    fn choose_router(&mut self) -> Option<Choice> {
        let load = self.loads_with(|p| self.cost_now(p));
        let carried = |r: usize| {
            self.layout.ports_of[r]
                .iter()
                .map(|p| load[*p])
                .sum::<f64>()
        };
        let has_gateway = |r: usize| self.layout.gateways.iter().any(|g| g.router == r);
        let mut routers: Vec<usize> = (0..self.routers.len())
            .filter(|r| {
                self.routers[*r].up && carried(*r) > 0.0 && self.layout.ports_of[*r].len() > 1
            })
            .collect();
        let others: Vec<usize> = routers
            .iter()
            .copied()
            .filter(|r| !has_gateway(*r))
            .collect();
        if !others.is_empty() {
            routers = others;
        }
        routers.sort_by(|x, y| carried(*y).total_cmp(&carried(*x)).then(x.cmp(y)));
        routers.truncate(routers.len().div_ceil(2));
        let pick = self.rng.choose.random_range(0..routers.len().max(1));
        let lit = self.rng.choose.random_bool(0.3);
        let router = *routers.get(pick)?;
        let choice = Choice::new(&self.layout.routers[router], router);
        Some(choice.with("lasers_lit", if lit { 1.0 } else { 0.0 }))
    }

    /// A demand and the factor with which its busiest port gets 1.15 to 1.4 times what it can carry; preferably one
    /// for which a higher cost of that port's link makes everything fit again.
    fn choose_surge(&mut self) -> Option<Choice> {
        let load = self.loads_with(|p| self.cost_now(p));
        let over = self.rng.choose.random_range(1.15..1.35);
        let lasts_s = self.rng.choose.random_range(900.0..1500.0);
        let mut order: Vec<usize> = (0..self.demands.len()).collect();
        order.shuffle(&mut self.rng.choose);
        // A milder surge where the strong one could only be waited out.
        let grown = |over: f64| -> Vec<Surge> {
            let all = order
                .iter()
                .filter_map(|d| self.surge_factor(*d, &load, over));
            all.filter(|s| s.0 <= MAX_SURGE).take(4 * TRIALS).collect()
        };
        let strong = grown(over);
        let mild = grown(MILD_SURGE);
        let relieved = strong
            .iter()
            .chain(&mild)
            .find_map(|s| Some((*s, Some(self.relief(*s)?))));
        let ((factor, demand, _), relief) = relieved.or_else(|| Some((*strong.first()?, None)))?;
        let choice = Choice::new(&self.layout.demands[demand].object, demand)
            .with("factor", factor)
            .with("lasts_s", lasts_s);
        Some(match relief {
            Some(cost) => choice.with("relief_cost", f64::from(cost)),
            None => choice,
        })
    }

    /// Factor, demand, port that is overloaded.
    pub(crate) fn surge_factor(&self, demand: usize, load: &[f64], over: f64) -> Option<Surge> {
        let daily = self.daily(self.now_us);
        let own = self.layout.demands[demand].mean_mbps * daily;
        if self.demands[demand].factor > 1.0 || own <= 0.0 {
            return None;
        }
        let alone = self.offered_by(demand, own);
        let busiest = alone
            .iter()
            .map(|(port, mbps)| {
                let rate = self.links[port / 2].rate_mbps;
                (1.0 + (over * rate - load[*port]) / mbps, *port)
            })
            .min_by(|x, y| x.0.total_cmp(&y.0))?;
        (busiest.0 > 1.2).then_some((busiest.0, demand, busiest.1))
    }

    /// What one demand puts on each port.
    fn offered_by(&self, demand: usize, mbps: f64) -> Vec<(usize, f64)> {
        let one = |d: usize| if d == demand { mbps } else { 0.0 };
        let none = self.offered_background(&self.shares, one, |_| 1.0);
        none.into_iter()
            .enumerate()
            .filter(|(_, mbps)| *mbps > 0.0)
            .collect()
    }

    /// A cost of the overloaded link with which everything fits.
    pub(crate) fn relief(&self, (factor, demand, port): Surge) -> Option<u32> {
        let built = self.network.links[port / 2].cost;
        let tried = |tenths: &u32| (built * tenths / 10).clamp(built + 1, 65_535);
        RELIEF_TENTHS.iter().map(tried).find(|tried| {
            let cost = |p: usize| {
                if p / 2 == port / 2 {
                    Some(*tried)
                } else {
                    self.cost_now(p)
                }
            };
            let grown = |d: usize| {
                if d == demand {
                    factor
                } else {
                    self.demands[d].factor
                }
            };
            self.busiest(&self.loads_if(cost, grown)) < 0.92
        })
    }

    fn busy_instance(&mut self) -> Option<usize> {
        let rate = |i: usize| {
            self.groups
                .iter()
                .map(|g| g.weights[i] * g.rate_seen)
                .sum::<f64>()
        };
        let mut busy: Vec<usize> = (0..self.instances.len())
            .filter(|i| {
                self.instances[*i].up() && rate(*i) > 0.25 * self.instances[*i].capacity_rps()
            })
            .collect();
        busy.shuffle(&mut self.rng.choose);
        busy.first().copied()
    }

    fn choose_cell(&mut self) -> Option<Choice> {
        let used = |c: usize| self.layout.groups.iter().any(|g| g.cell == c);
        let mut cells: Vec<usize> = (0..self.cells.len())
            .filter(|c| !self.cells[*c].off && used(*c))
            .collect();
        cells.shuffle(&mut self.rng.choose);
        let cell = *cells.first()?;
        Some(Choice::new(&self.layout.cells[cell].object, cell))
    }

    /// A gateway, and the instance that all requests of its largest service go to though it cannot carry them.
    fn choose_gateway(&mut self) -> Option<Choice> {
        let mut found: Vec<(usize, usize, Misguided)> = vec![];
        for gateway in (0..self.gateways.len()).filter(|g| !self.gateways[*g].frozen) {
            for service in 0..self.network.services.len() {
                found.extend(
                    self.misguided(gateway, service)
                        .map(|m| (gateway, service, m)),
                );
            }
        }
        found.sort_by(|x, y| {
            let by_load = y.2.load_ratio.total_cmp(&x.2.load_ratio);
            by_load.then((x.0, x.2.instance).cmp(&(y.0, y.2.instance)))
        });
        let enough = found.iter().filter(|f| f.2.load_ratio > 1.15).count();
        let pick = self.rng.choose.random_range(0..enough.max(1));
        let (gateway, service, misguided) = found.into_iter().nth(pick)?;
        let mut choice = Choice::new(&self.layout.gateways[gateway].object, gateway)
            .with("load_ratio", misguided.load_ratio);
        choice.service = Some(service);
        choice.other = misguided.instance;
        choice.crowd = misguided.groups.into_iter().map(|g| (g, 0.0)).collect();
        Some(choice)
    }

    /// What would happen if a gateway sent all requests for a service to that service's smallest working instance.
    pub(crate) fn misguided(&self, gateway: usize, service: usize) -> Option<Misguided> {
        let groups: Vec<usize> = self.layout.groups_of_gateway[gateway]
            .iter()
            .copied()
            .filter(|g| self.layout.groups[*g].service == service)
            .collect();
        let rate: f64 = groups.iter().map(|g| self.groups[*g].rate_seen).sum();
        let capacity = |i: usize| self.instances[i].capacity_rps();
        let instance = (0..self.instances.len())
            .filter(|i| self.instances[*i].service == service && self.instances[*i].up())
            .min_by(|x, y| capacity(*x).total_cmp(&capacity(*y)))?;
        Some(Misguided {
            instance,
            load_ratio: rate / capacity(instance),
            groups,
        })
    }

    /// A site, and a crowd that sticks to it and is 1.25 to 1.5 times what its instances can serve.
    fn choose_site(&mut self) -> Option<Choice> {
        let over = self.rng.choose.random_range(1.25..1.5);
        let lasts_s = self.rng.choose.random_range(1200.0..1800.0);
        let mut sites: Vec<(usize, usize)> = (0..self.sites.len())
            .flat_map(|s| (0..self.network.services.len()).map(move |v| (s, v)))
            .collect();
        sites.shuffle(&mut self.rng.choose);
        let (site, crowd) = sites.into_iter().find_map(|(site, service)| {
            Some(((site, service), self.crowd(site, service, over)?))
        })?;
        let (site, service) = site;
        let extra = crowd.iter().map(|c| c.1).sum();
        let mut choice = Choice::new(&self.layout.sites[site].object, site)
            .with("extra_rps", extra)
            .with("lasts_s", lasts_s);
        choice.service = Some(service);
        choice.crowd = crowd;
        Some(choice)
    }

    /// Groups and extra requests that overload a site's instances of a service, within what their cells can carry
    /// and the other sites' instances could serve.
    fn crowd(&self, site: usize, service: usize, over: f64) -> Option<Vec<(usize, f64)>> {
        let wanted = self.serves(site, service) * over;
        let elsewhere = self.capacity_of(service, |s| s != site);
        // Where some site has a spare instance the crowd comes to such a one; where none has, users can only be steered away.
        let spares = self.sites.iter().any(|s| s.spare > 0);
        if wanted <= 0.0
            || spares && self.sites[site].spare == 0
            || self.usual_rps(service) + wanted * 0.5 > elsewhere * 0.9
        {
            return None;
        }
        self.crowd_of(service, wanted)
    }

    /// Requests per second that a site's working instances of a service can serve.
    pub(crate) fn serves(&self, site: usize, service: usize) -> f64 {
        self.capacity_of(service, |s| s == site)
    }

    fn capacity_of(&self, service: usize, at: impl Fn(usize) -> bool) -> f64 {
        self.instances
            .iter()
            .filter(|i| i.service == service && i.up() && at(i.site))
            .map(super::state::InstanceState::capacity_rps)
            .sum()
    }

    fn usual_rps(&self, service: usize) -> f64 {
        (0..self.groups.len())
            .filter(|g| self.layout.groups[*g].service == service)
            .map(|g| self.groups[g].rate_seen)
            .sum()
    }

    /// Groups of a service and the extra requests per second of each, `wanted` together, within what their cells can
    /// carry.
    pub(crate) fn crowd_of(&self, service: usize, wanted: f64) -> Option<Vec<(usize, f64)>> {
        let of_service =
            (0..self.groups.len()).filter(|g| self.layout.groups[*g].service == service);
        let room = |g: usize| {
            let cell = self.layout.groups[g].cell;
            let in_cell = (0..self.groups.len()).filter(|o| self.layout.groups[*o].cell == cell);
            let now: f64 = in_cell.map(|o| self.groups[o].rate_seen).sum();
            (self.layout.cells[cell].capacity_rps * 0.7 - now).max(0.0)
        };
        let mut crowd = vec![];
        let mut cells = std::collections::BTreeSet::new();
        let free: Vec<(usize, f64)> = of_service
            .filter(|g| cells.insert(self.layout.groups[*g].cell))
            .map(|g| (g, room(g)))
            .collect();
        let total: f64 = free.iter().map(|f| f.1).sum();
        if total < wanted {
            return None;
        }
        for (group, room) in free {
            crowd.push((group, wanted * room / total));
        }
        crowd.retain(|c| c.1 > 0.0);
        Some(crowd)
    }
}
