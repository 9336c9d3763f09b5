//! Doubles: for each kind of fault something that looks like it and needs no action.
//!
//! In: a kind; the seed chooses the object. Out: [`GroundTruthDouble`]. Announced work is put up as a notice at once
//! and begins 20 s later, so that the announcement is published before anything happens.

use super::clockwork::Event;
use super::faults::NoTarget;
use super::world::{Notice, SECOND_US, World};
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use std::sync::Arc;
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::{Maintenance, Sample};
use zizhi_types::{Domain, FaultKind, ManagedObject, Metric, NetTime};

/// Seconds between an announcement and the work.
const NOTICE_S: f64 = 20.0;

/// Something loud that needs no action.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruthDouble {
    /// Unique in a world: `double-<n>`.
    pub id: String,
    /// Which fault it looks like.
    pub kind: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// Who sees it first.
    pub domain: Domain,
    /// Since when.
    pub at: NetTime,
    /// When it is over.
    pub until: NetTime,
    /// Whether a maintenance notice goes out first.
    pub announced: bool,
    /// What it is, for people.
    pub title: Bilingual,
}

/// A change that is planned for a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Change {
    DemandFactor(usize, f64),
    CrowdLeaves(usize),
    OutOfService(usize, bool),
    Loss(usize, f64),
    FlapDown(usize, bool),
    GracefulRestart(usize, bool),
    Cost(usize, u32),
    InstanceRestart(usize),
    BatchSteal(usize, f64),
    GroupFactor(usize, f64),
    CellOff(usize),
    CellOn(usize),
    /// The next step of a fault's growth.
    Grow(usize),
}

/// Planned changes by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plans {
    changes: Vec<Change>,
    doubles: u64,
}

/// What a double does: where, for how long, whether announced, and in which words.
struct Script {
    object: ManagedObject,
    begins_s: f64,
    lasts_s: f64,
    announced: bool,
    intended: Vec<Sample>,
    also: Vec<ManagedObject>,
    en: &'static str,
    zh: &'static str,
}

impl Script {
    fn now(object: &ManagedObject, lasts_s: f64, en: &'static str, zh: &'static str) -> Self {
        Self {
            object: object.clone(),
            begins_s: 0.0,
            lasts_s,
            announced: false,
            intended: vec![],
            also: vec![],
            en,
            zh,
        }
    }

    fn announced(object: &ManagedObject, lasts_s: f64, en: &'static str, zh: &'static str) -> Self {
        Self {
            begins_s: NOTICE_S,
            announced: true,
            ..Self::now(object, lasts_s, en, zh)
        }
    }
}

impl World {
    /// Plans a change in `in_s` seconds.
    pub(crate) fn plan(&mut self, in_s: f64, change: Change) {
        let index = self.plans.changes.len() as u32;
        self.plans.changes.push(change);
        let at_us = self.now_us + (in_s.max(0.0) * SECOND_US as f64) as u64;
        self.agenda.at(at_us, Event::Planned(index));
    }

    pub(crate) fn carry_out(&mut self, index: usize) {
        match self.plans.changes[index] {
            Change::DemandFactor(demand, factor) => self.demands[demand].factor = factor,
            Change::CrowdLeaves(site) => self.crowd_leaves(site),
            Change::OutOfService(link, out) => {
                self.links[link].out_of_service = out;
                self.refresh_link(link);
            }
            Change::Loss(link, loss) => self.links[link].loss = [loss; 2],
            Change::FlapDown(link, down) => {
                self.links[link].flap_down = down;
                self.refresh_link(link);
            }
            Change::GracefulRestart(link, on) => self.links[link].graceful_restart = on,
            Change::Cost(link, cost) => {
                self.links[link].cost = [cost; 2];
                Arc::make_mut(&mut self.network).links[link].cost = cost;
                self.reconverge();
            }
            Change::InstanceRestart(instance) => self.restart_instance(instance, 6 * SECOND_US),
            Change::BatchSteal(instance, steal) => self.instances[instance].batch_steal = steal,
            Change::GroupFactor(group, factor) => self.groups[group].factor = factor,
            Change::CellOff(cell) => self.switch_off(cell, 1.0, true),
            Change::CellOn(cell) => {
                let cell = &mut self.cells[cell];
                // A cell that somebody locked meanwhile stays out of service.
                cell.off = cell.locked;
                cell.prepared = cell.locked;
            }
            Change::Grow(fault) => self.grow(fault),
        }
        self.review_faults();
    }

    /// Makes something happen that looks like a fault of a kind and is none.
    pub fn inject_double(&mut self, kind: FaultKind) -> Result<GroundTruthDouble, NoTarget> {
        let script = self.act_out(kind).ok_or_else(|| NoTarget {
            kind,
            network: self.network.name.clone(),
        })?;
        self.plans.doubles += 1;
        let span_ms = ((script.begins_s + script.lasts_s) * 1000.0) as u64;
        let double = GroundTruthDouble {
            id: format!("double-{}", self.plans.doubles),
            kind,
            domain: script.object.domain(),
            object: script.object.clone(),
            at: self.now() + (script.begins_s * 1000.0) as u64,
            until: self.now() + span_ms,
            announced: script.announced,
            title: Bilingual {
                en: script.en.to_owned(),
                zh: script.zh.to_owned(),
            },
        };
        if script.announced {
            self.announce(&double, script);
        }
        Ok(double)
    }

    fn announce(&mut self, double: &GroundTruthDouble, script: Script) {
        let mut objects = vec![script.object];
        objects.extend(script.also);
        let notice = Maintenance {
            ticket: format!("CHG-{}", double.id),
            objects,
            from: self.now(),
            // Things settle for half a minute after the work.
            until: double.until + 30_000,
            title: double.title.clone(),
            intended: script.intended,
        };
        self.notices
            .push(Notice::Maintenance(double.domain, notice));
    }

    fn act_out(&mut self, kind: FaultKind) -> Option<Script> {
        match kind {
            FaultKind::LinkDown => self.link_maintenance(),
            FaultKind::LinkRateCut => self.micro_burst(),
            FaultKind::LinkLossy => self.error_spike(),
            FaultKind::LinkFlapping => self.single_flap(),
            FaultKind::LinkSilent => self.graceful_restart(),
            FaultKind::WrongCost => self.announced_cost(),
            FaultKind::RouterCrash => Some(self.muted_router()),
            FaultKind::TrafficSurge => self.bulk_transfer(),
            FaultKind::InstanceCrash => self.rolling_restart(),
            FaultKind::InstanceSlow => self.batch_job(),
            FaultKind::SiteOverload => self.load_test(),
            FaultKind::StalePolicy => self.price_change(),
            FaultKind::CellOutage => self.power_down(),
        }
    }

    fn ports_of_link(&self, link: usize) -> Vec<ManagedObject> {
        let port = |p: usize| self.layout.ports[p].object.clone();
        vec![port(2 * link), port(2 * link + 1)]
    }

    /// A link with a detour on which everything stays below 80 %.
    fn link_to_spare(&mut self) -> Option<usize> {
        let mut links: Vec<usize> = (0..self.links.len())
            .filter(|l| self.links[*l].adjacent && self.has_detour(*l))
            .collect();
        links.shuffle(&mut self.rng.choose);
        links.into_iter().find(|l| {
            let load = self.loads_with(|p| if p / 2 == *l { None } else { self.cost_now(p) });
            self.busiest(&load) < 0.8
        })
    }

    fn link_maintenance(&mut self) -> Option<Script> {
        let link = self.link_to_spare()?;
        self.plan(NOTICE_S, Change::OutOfService(link, true));
        self.plan(NOTICE_S + 180.0, Change::OutOfService(link, false));
        let mut script = Script::announced(
            &self.layout.links[link],
            180.0,
            "planned work on the fibre",
            "光纤计划检修",
        );
        script.also = self.ports_of_link(link);
        Some(script)
    }

    fn micro_burst(&mut self) -> Option<Script> {
        let link = *self.busy_links().first()?;
        self.ports[2 * link].micro_burst = 1.12;
        let object = self.layout.links[link].clone();
        Some(Script::now(
            &object,
            10.0,
            "one burst of a fraction of a second",
            "一次瞬时微突发",
        ))
    }

    fn error_spike(&mut self) -> Option<Script> {
        let link = *self.busy_links().first()?;
        self.plan(0.0, Change::Loss(link, 0.02));
        self.plan(4.0, Change::Loss(link, 0.0));
        let object = self.layout.links[link].clone();
        Some(Script::now(
            &object,
            10.0,
            "a few seconds of bit errors",
            "数秒误码",
        ))
    }

    /// Down just before an interval ends and up just after.
    fn single_flap(&mut self) -> Option<Script> {
        let link = self.link_to_spare()?;
        self.plan(9.95, Change::FlapDown(link, true));
        self.plan(10.05, Change::FlapDown(link, false));
        let object = self.layout.links[link].clone();
        Some(Script::now(
            &object,
            20.0,
            "carrier lost once for less than a second",
            "载波瞬断一次后恢复",
        ))
    }

    fn graceful_restart(&mut self) -> Option<Script> {
        let link = *self.busy_links().first()?;
        self.plan(5.0, Change::GracefulRestart(link, true));
        self.plan(13.0, Change::GracefulRestart(link, false));
        let object = self.layout.links[link].clone();
        Some(Script::now(
            &object,
            20.0,
            "the routing protocol restarts gracefully",
            "路由协议平滑重启",
        ))
    }

    fn announced_cost(&mut self) -> Option<Script> {
        let mut links: Vec<usize> = (0..self.links.len()).collect();
        links.shuffle(&mut self.rng.choose);
        let (link, cost) = links.into_iter().find_map(|link| {
            let cost = (self.network.links[link].cost + 3).min(65_535);
            let load = self.loads_with(|p| {
                if p / 2 == link {
                    Some(cost)
                } else {
                    self.cost_now(p)
                }
            });
            (self.busiest(&load) < 0.8).then_some((link, cost))
        })?;
        self.plan(NOTICE_S, Change::Cost(link, cost));
        let object = self.layout.links[link].clone();
        let mut script = Script::announced(
            &object,
            60.0,
            "planned change of routing cost",
            "计划调整路由开销",
        );
        script.also = self.ports_of_link(link);
        script.intended = script
            .also
            .iter()
            .map(|port| Sample {
                object: port.clone(),
                metric: Metric::PortCost,
                value: f64::from(cost),
            })
            .collect();
        Some(script)
    }

    fn muted_router(&mut self) -> Script {
        let lasts_s = self.rng.choose.random_range(30.0..40.0);
        let router = self.rng.choose.random_range(0..self.routers.len());
        self.routers[router].mute_until_us = self.now_us + (lasts_s * 1e6) as u64;
        let object = self.layout.routers[router].clone();
        Script::now(
            &object,
            lasts_s,
            "telemetry pauses while the router forwards",
            "遥测暂停，转发正常",
        )
    }

    /// A demand grows, and every port stays below 75 %.
    fn bulk_transfer(&mut self) -> Option<Script> {
        let load = self.loads_with(|p| self.cost_now(p));
        let mut demands: Vec<usize> = (0..self.demands.len()).collect();
        demands.shuffle(&mut self.rng.choose);
        let (demand, factor) = demands.into_iter().find_map(|d| {
            let (factor, _, _) = self.surge_factor(d, &load, 0.72)?;
            (factor > 1.6).then_some((d, factor.min(6.0)))
        })?;
        self.demands[demand].factor = factor;
        self.plan(240.0, Change::DemandFactor(demand, 1.0));
        let object = self.layout.demands[demand].object.clone();
        Some(Script::now(
            &object,
            240.0,
            "a bulk transfer within capacity",
            "容量内的大文件传输",
        ))
    }

    fn any_instance(&mut self) -> Option<usize> {
        let up: Vec<usize> = (0..self.instances.len())
            .filter(|i| self.instances[*i].up())
            .collect();
        up.choose(&mut self.rng.choose).copied()
    }

    /// The instance with the least to do of a service that has others.
    fn rolling_restart(&mut self) -> Option<Script> {
        let rate = |i: usize| {
            self.groups
                .iter()
                .map(|g| g.weights[i] * g.rate_seen)
                .sum::<f64>()
        };
        let instance = (0..self.instances.len())
            .filter(|i| self.instances[*i].up())
            .min_by(|x, y| rate(*x).total_cmp(&rate(*y)).then(x.cmp(y)))?;
        self.plan(NOTICE_S, Change::InstanceRestart(instance));
        let object = self.instances[instance].object.clone();
        Some(Script::announced(
            &object,
            10.0,
            "rolling restart for an update",
            "滚动更新重启",
        ))
    }

    fn batch_job(&mut self) -> Option<Script> {
        let instance = self.any_instance()?;
        let steal = self.rng.choose.random_range(0.3..0.5);
        self.instances[instance].batch_steal = steal;
        self.plan(240.0, Change::BatchSteal(instance, 0.0));
        let object = self.instances[instance].object.clone();
        Some(Script::now(
            &object,
            240.0,
            "a batch job uses idle processor time",
            "批处理占用空闲算力",
        ))
    }

    /// All groups of a service ask a quarter more, which its instances carry.
    fn load_test(&mut self) -> Option<Script> {
        let site = (0..self.sites.len()).max_by_key(|s| {
            let here = self.instances.iter().filter(|i| i.site == *s && i.up());
            here.map(|i| (i.capacity_rps() * 10.0) as u64).sum::<u64>()
        })?;
        let service = self.instances.iter().find(|i| i.site == site)?.service;
        for group in 0..self.groups.len() {
            if self.layout.groups[group].service == service {
                self.groups[group].factor = 1.2;
                self.plan(240.0, Change::GroupFactor(group, 1.0));
            }
        }
        let object = self.layout.sites[site].object.clone();
        Some(Script::now(
            &object,
            240.0,
            "a load test within limits",
            "限额内的压力测试",
        ))
    }

    /// The price of the cheapest instance rises a little; steering shifts and everything stays in bounds.
    fn price_change(&mut self) -> Option<Script> {
        let instance = self.any_instance()?;
        let price = (self.instances[instance].price * 1.3 * 100.0).round() / 100.0;
        self.instances[instance].price = price;
        let id = self.instances[instance].object.name().to_owned();
        for built in &mut Arc::make_mut(&mut self.network).instances {
            if built.id == id {
                built.price = price;
            }
        }
        self.notices.push(Notice::ComputeInventory);
        let service = self.instances[instance].service;
        let user = self.layout.groups.iter().find(|g| g.service == service)?;
        let object = self.layout.gateways[user.gateway].object.clone();
        Some(Script::now(
            &object,
            120.0,
            "a price change shifts steering",
            "价格调整引起调度变化",
        ))
    }

    /// A cell whose neighbours have room for all its users.
    fn power_down(&mut self) -> Option<Script> {
        let rate = |c: usize| {
            let here = (0..self.groups.len()).filter(|g| self.layout.groups[*g].cell == c);
            here.map(|g| self.groups[g].rate_seen).sum::<f64>()
        };
        let mut cells: Vec<usize> = (0..self.cells.len())
            .filter(|c| !self.cells[*c].off)
            .collect();
        cells.shuffle(&mut self.rng.choose);
        let cell = cells.into_iter().find(|c| {
            let place = &self.layout.cells[*c];
            let room: f64 = place
                .neighbours
                .iter()
                .filter(|n| !self.cells[**n].off)
                .map(|n| (self.layout.cells[*n].capacity_rps * 0.7 - rate(*n)).max(0.0))
                .sum();
            room > rate(*c)
        })?;
        self.plan(NOTICE_S, Change::CellOff(cell));
        self.plan(NOTICE_S + 240.0, Change::CellOn(cell));
        let object = self.layout.cells[cell].object.clone();
        Some(Script::announced(
            &object,
            240.0,
            "power saving, neighbours cover",
            "节能关断，邻区覆盖",
        ))
    }
}
