//! What actions do to the world, and what the world says when it is read back.
//!
//! In: one [`Action`] at the world's present moment. Out: a receipt, or why it was refused; side effects (outages,
//! reconvergence) happen over the next seconds. Only the driver and the judge call it.

use super::clockwork::Event;
use super::layout::object;
use super::world::{Notice, SECOND_US, World};
use rand::Rng;
use std::sync::Arc;
use zizhi_types::action::{Action, Receipt, Value, Verb};
use zizhi_types::{ManagedObject, ObjectKind};

/// Outage of a port reset, a router restart, an instance restart, a migration, a cell restart; and the time to add
/// an instance. Our choice, near what operators see with small systems; each varies by up to a fifth.
const RESET_US: u64 = 3 * SECOND_US;
pub(crate) const ROUTER_RESTART_US: u64 = 20 * SECOND_US;
const INSTANCE_RESTART_US: u64 = 5 * SECOND_US;
const MIGRATE_US: u64 = 3 * SECOND_US;
const SCALE_OUT_US: u64 = 10 * SECOND_US;
const CELL_RESTART_US: u64 = 15 * SECOND_US;

fn position<'a>(
    mut objects: impl Iterator<Item = &'a ManagedObject>,
    wanted: &ManagedObject,
) -> Result<usize, String> {
    objects
        .position(|o| o == wanted)
        .ok_or_else(|| format!("{wanted} is not in this network"))
}

fn number(action: &Action, key: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    let value = action
        .number(key)
        .ok_or_else(|| format!("{} needs the number `{key}`", action.verb))?;
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    Err(format!("{key} is {value}, but must be {low} to {high}"))
}

fn text<'a>(action: &'a Action, key: &str) -> Result<&'a str, String> {
    action
        .text(key)
        .ok_or_else(|| format!("{} needs the name `{key}`", action.verb))
}

fn receipt(before: String, after: String, undo: Option<Action>) -> Receipt {
    Receipt {
        before,
        after,
        undo,
    }
}

impl World {
    /// Applies an action now. `Err` says why nothing was changed.
    pub fn apply(&mut self, action: &Action) -> Result<Receipt, String> {
        let expected = action.verb.object_kind();
        if action.object.kind() != expected {
            let kind = expected.as_str();
            return Err(format!(
                "{} acts on a {kind}, not on {}",
                action.verb, action.object
            ));
        }
        let answer = match action.verb {
            Verb::LinkSetCost => self.set_cost(action),
            Verb::LinkSetRate => self.set_rate(action),
            Verb::LinkReset => self.reset_link(action),
            Verb::RouterRestart => self.restart_router(action),
            Verb::InstanceRestart => self.restart(action),
            Verb::InstanceMigrate => self.migrate(action),
            Verb::SiteScaleOut => self.scale_out(action),
            Verb::SiteScaleIn => self.scale_in(action),
            Verb::GatewayRefreshPolicy => self.refresh_policy(action),
            Verb::InstanceSteerLimit => self.steer_limit(action),
            Verb::CellRestart => self.restart_cell(action),
            Verb::SiteSetReplicas | Verb::NodeCordon | Verb::NodeUncordon | Verb::NodeDrain => {
                Err(format!(
                    "the sandbox cannot {}: it has no machines below its instances; use site.scale-out or site.scale-in",
                    action.verb
                ))
            }
        };
        self.review_faults();
        answer
    }

    fn around(&mut self, mean_us: u64) -> u64 {
        self.rng
            .control
            .random_range(mean_us * 4 / 5..=mean_us * 6 / 5)
    }

    pub(crate) fn link_index(&self, object: &ManagedObject) -> Result<usize, String> {
        position(self.layout.links.iter(), object)
    }

    fn instance_index(&self, object: &ManagedObject) -> Result<usize, String> {
        self.instances
            .iter()
            .position(|i| i.present && i.object == *object)
            .ok_or_else(|| format!("{object} is not in this network"))
    }

    fn set_cost(&mut self, action: &Action) -> Result<Receipt, String> {
        let link = self.link_index(&action.object)?;
        let cost = number(action, "cost", 1.0..=65_535.0)?.round() as u32;
        let before = self.links[link].cost;
        self.links[link].cost = [cost; 2];
        if before != [cost; 2] {
            self.reconverge();
        }
        let undo = Action::new(Verb::LinkSetCost, action.object.clone())
            .with("cost", Value::Number(f64::from(before[0].max(before[1]))));
        let now = self.links[link].cost;
        Ok(receipt(
            format!("cost {} / {}", before[0], before[1]),
            format!("cost {} / {}", now[0], now[1]),
            Some(undo),
        ))
    }

    fn set_rate(&mut self, action: &Action) -> Result<Receipt, String> {
        let link = self.link_index(&action.object)?;
        let capacity = self.network.links[link].capacity_mbps;
        let rate = number(action, "mbps", 1.0..=capacity)?;
        let before = self.links[link].rate_mbps;
        self.links[link].rate_mbps = rate;
        let undo = Action::new(Verb::LinkSetRate, action.object.clone())
            .with("mbps", Value::Number(before));
        let after = format!("rate {} Mbit/s", self.links[link].rate_mbps);
        Ok(receipt(format!("rate {before} Mbit/s"), after, Some(undo)))
    }

    fn link_text(&self, link: usize) -> String {
        let l = &self.links[link];
        let word = |up| if up { "up" } else { "down" };
        let busy = if l.resetting { ", resetting" } else { "" };
        format!(
            "carrier {}, adjacency {}{busy}",
            word(l.carrier),
            word(l.adjacent)
        )
    }

    fn reset_link(&mut self, action: &Action) -> Result<Receipt, String> {
        let link = self.link_index(&action.object)?;
        let before = self.link_text(link);
        let l = &mut self.links[link];
        (l.locked, l.silent, l.resetting) = (false, false, true);
        self.refresh_link(link);
        let done_us = self.now_us + self.around(RESET_US);
        self.agenda.at(done_us, Event::ResetDone(link as u32));
        Ok(receipt(before, self.link_text(link), None))
    }

    fn restart_router(&mut self, action: &Action) -> Result<Receipt, String> {
        let router = position(self.layout.routers.iter(), &action.object)?;
        let before = if self.routers[router].up {
            "up"
        } else {
            "not answering"
        };
        self.stop_router(router, false);
        let state = &mut self.routers[router];
        state.crashed = false;
        let epoch = state.epoch;
        let done_us = self.now_us + self.around(ROUTER_RESTART_US);
        self.agenda.at(
            done_us,
            Event::RouterBooted {
                router: router as u32,
                epoch,
            },
        );
        Ok(receipt(before.to_owned(), "booting".to_owned(), None))
    }

    /// Takes a router down; its lasers may stay lit.
    pub(crate) fn stop_router(&mut self, router: usize, lasers_lit: bool) {
        let state = &mut self.routers[router];
        state.up = false;
        state.lasers_lit = lasers_lit;
        state.epoch += 1;
        self.refresh_router_links(router);
    }

    fn refresh_router_links(&mut self, router: usize) {
        for port in self.layout.ports_of[router].clone() {
            self.refresh_link(port / 2);
        }
    }

    pub(crate) fn router_booted(&mut self, router: usize, epoch: u32) {
        let state = &mut self.routers[router];
        if state.epoch != epoch {
            return;
        }
        state.up = true;
        state.lasers_lit = false;
        state.booted_us = self.now_us;
        self.refresh_router_links(router);
    }

    fn instance_text(&self, index: usize) -> String {
        let i = &self.instances[index];
        let word = match (i.up(), i.starting) {
            (true, _) => "up",
            (false, true) => "starting",
            (false, false) => "down",
        };
        format!("{word}, host {}, limit {}", i.host + 1, i.limit)
    }

    fn restart(&mut self, action: &Action) -> Result<Receipt, String> {
        let index = self.instance_index(&action.object)?;
        let before = self.instance_text(index);
        let down_us = self.around(INSTANCE_RESTART_US);
        self.restart_instance(index, down_us);
        Ok(receipt(before, self.instance_text(index), None))
    }

    fn migrate(&mut self, action: &Action) -> Result<Receipt, String> {
        let index = self.instance_index(&action.object)?;
        let before = self.instance_text(index);
        let down_us = self.around(MIGRATE_US);
        self.restart_instance(index, down_us);
        self.instances[index].host ^= 1;
        let undo = Action::new(Verb::InstanceMigrate, action.object.clone());
        Ok(receipt(before, self.instance_text(index), Some(undo)))
    }

    fn site_text(&self, site: usize) -> String {
        let on_site = self
            .instances
            .iter()
            .filter(|i| i.present && i.site == site);
        let count = on_site.count();
        format!(
            "{count} instances, room for {} more",
            self.sites[site].spare
        )
    }

    fn scale_out(&mut self, action: &Action) -> Result<Receipt, String> {
        let site = position(self.layout.sites.iter().map(|s| &s.object), &action.object)?;
        let wanted = text(action, "service")?;
        let service = self
            .network
            .services
            .iter()
            .position(|s| s.id == wanted)
            .ok_or_else(|| format!("service `{wanted}` is not in this network"))?;
        if self.sites[site].spare == 0 {
            return Err(format!(
                "{} has no room for another instance",
                action.object
            ));
        }
        let before = self.site_text(site);
        let name = self.add_instance(site, service)?;
        let undo = Action::new(Verb::SiteScaleIn, action.object.clone())
            .with("instance", Value::Text(name));
        Ok(receipt(before, self.site_text(site), Some(undo)))
    }

    /// Builds a sibling of an instance of the service, at the site where there is one, and plans its start.
    fn add_instance(&mut self, site: usize, service: usize) -> Result<String, String> {
        let network = &self.network;
        let (site_id, service_id) = (&network.sites[site].id, &network.services[service].id);
        let sibling = network
            .instances
            .iter()
            .filter(|i| i.service == *service_id)
            .max_by_key(|i| i.site == *site_id)
            .ok_or_else(|| format!("service `{service_id}` has no instance to copy"))?;
        self.sites[site].added += 1;
        let mut built = sibling.clone();
        built.id = format!("{site_id}-{service_id}-x{}", self.sites[site].added);
        built.site.clone_from(site_id);
        let name = built.id.clone();
        let mut state = super::instances::fresh(&built, site, service, &mut self.rng.control);
        state.starting = true;
        state.added = true;
        state.busy_since_us = self.now_us;
        self.instances.push(state);
        for group in &mut self.groups {
            group.weights.push(0.0);
            group.sent.push(0);
        }
        self.sites[site].spare -= 1;
        Arc::make_mut(&mut self.network).instances.push(built);
        let ready_us = self.now_us + self.around(SCALE_OUT_US);
        let index = self.instances.len() as u32 - 1;
        self.agenda.at(ready_us, Event::ScaledOut(index));
        Ok(name)
    }

    /// The new instance is ready: it answers, and the inventory says so.
    pub(crate) fn scaled_out(&mut self, index: usize) {
        self.instances[index].starting = false;
        self.notices.push(Notice::ComputeInventory);
    }

    fn scale_in(&mut self, action: &Action) -> Result<Receipt, String> {
        let site = position(self.layout.sites.iter().map(|s| &s.object), &action.object)?;
        let name = text(action, "instance")?.to_owned();
        let index = self.instance_index(&object(ObjectKind::Instance, &name))?;
        let instance = &self.instances[index];
        if !instance.added || instance.site != site {
            return Err(format!(
                "instance `{name}` was not added at {}",
                action.object
            ));
        }
        let service = self.network.services[instance.service].id.clone();
        let before = self.site_text(site);
        self.stop_instance(index);
        self.instances[index].present = false;
        for group in &mut self.groups {
            group.weights[index] = 0.0;
            let sum: f64 = group.weights.iter().sum();
            if sum > 0.0 {
                group.weights.iter_mut().for_each(|w| *w /= sum);
            }
        }
        self.sites[site].spare += 1;
        Arc::make_mut(&mut self.network)
            .instances
            .retain(|i| i.id != name);
        self.notices.push(Notice::ComputeInventory);
        let undo = Action::new(Verb::SiteScaleOut, action.object.clone())
            .with("service", Value::Text(service));
        Ok(receipt(before, self.site_text(site), Some(undo)))
    }

    fn refresh_policy(&mut self, action: &Action) -> Result<Receipt, String> {
        let gateway = position(
            self.layout.gateways.iter().map(|g| &g.object),
            &action.object,
        )?;
        let age = |w: &Self| (w.now_us - w.gateways[gateway].policy_at_us) / SECOND_US;
        let before = format!("policy {} s old", age(self));
        self.gateways[gateway].frozen = false;
        self.steer(gateway, true);
        Ok(receipt(before, format!("policy {} s old", age(self)), None))
    }

    fn steer_limit(&mut self, action: &Action) -> Result<Receipt, String> {
        let index = self.instance_index(&action.object)?;
        let share = number(action, "share", 0.0..=1.0)?;
        let before = self.instances[index].limit;
        self.instances[index].limit = share;
        self.instances[index].tokens = 0.0;
        // All gateways enforce the limit at once, but for one whose policy is stale.
        for gateway in 0..self.gateways.len() {
            self.steer(gateway, true);
        }
        let undo = Action::new(Verb::InstanceSteerLimit, action.object.clone())
            .with("share", Value::Number(before));
        let after = format!("limit {}", self.instances[index].limit);
        Ok(receipt(format!("limit {before}"), after, Some(undo)))
    }

    fn restart_cell(&mut self, action: &Action) -> Result<Receipt, String> {
        let cell = position(self.layout.cells.iter().map(|c| &c.object), &action.object)?;
        let before = if self.cells[cell].off {
            "off the air"
        } else {
            "on the air"
        };
        self.switch_off(cell, super::faults::NEIGHBOUR_COVER, false);
        self.cells[cell].broken = false;
        let done_us = self.now_us + self.around(CELL_RESTART_US);
        let epoch = self.cells[cell].epoch;
        self.agenda.at(
            done_us,
            Event::CellStarted {
                cell: cell as u32,
                epoch,
            },
        );
        Ok(receipt(before.to_owned(), "starting".to_owned(), None))
    }

    /// Takes a cell off the air; neighbours can take over a share of its users.
    pub(crate) fn switch_off(&mut self, cell: usize, covered: f64, prepared: bool) {
        let now_us = self.now_us;
        let state = &mut self.cells[cell];
        if !state.off {
            state.off_since_us = now_us;
        }
        state.off = true;
        state.covered = covered;
        state.prepared = prepared;
        state.epoch += 1;
    }
}
