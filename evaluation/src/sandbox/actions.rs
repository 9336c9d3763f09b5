//! What actions do to the world, and what the world says when it is read back.
//!
//! In: one [`Action`] at the world's present moment. Out: a receipt, or why it was refused; side effects (outages,
//! reconvergence) happen over the next seconds. Only the driver and the judge call it.

use super::clockwork::Event;
use super::world::{SECOND_US, World};
use rand::Rng;
use zizhi_types::ManagedObject;
use zizhi_types::action::{Action, Receipt, Value, Verb};

/// Outage of a port reset, a router restart, an instance restart and a migration. Our choice, near what operators see with
/// small systems; each varies by up to a fifth.
const RESET_US: u64 = 3 * SECOND_US;
pub(crate) const ROUTER_RESTART_US: u64 = 20 * SECOND_US;
const INSTANCE_RESTART_US: u64 = 5 * SECOND_US;
const MIGRATE_US: u64 = 3 * SECOND_US;

pub(super) fn position<'a>(
    mut objects: impl Iterator<Item = &'a ManagedObject>,
    wanted: &ManagedObject,
) -> Result<usize, String> {
    objects
        .position(|o| o == wanted)
        .ok_or_else(|| format!("{wanted} is not in this network"))
}

pub(super) fn number(
    action: &Action,
    key: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Result<f64, String> {
    let value = action
        .number(key)
        .ok_or_else(|| format!("{} needs the number `{key}`", action.verb))?;
    if range.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (range.start(), range.end());
    Err(format!("{key} is {value}, but must be {low} to {high}"))
}

pub(super) fn text<'a>(action: &'a Action, key: &str) -> Result<&'a str, String> {
    action
        .text(key)
        .ok_or_else(|| format!("{} needs the name `{key}`", action.verb))
}

pub(super) fn receipt(before: String, after: String, undo: Option<Action>) -> Receipt {
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
            Verb::CellLock => self.lock_cell(action, true),
            Verb::CellUnlock => self.lock_cell(action, false),
            Verb::CellLimitAdmission => self.limit_admission(action),
            Verb::SiteSetReplicas => self.set_replicas(action),
            Verb::NodeCordon | Verb::NodeUncordon | Verb::NodeDrain => Err(format!(
                "the sandbox cannot {}: it has no machines below its instances; use instance.migrate",
                action.verb
            )),
        };
        self.review_faults();
        answer
    }

    pub(super) fn around(&mut self, mean_us: u64) -> u64 {
        self.rng
            .control
            .random_range(mean_us * 4 / 5..=mean_us * 6 / 5)
    }

    pub(crate) fn link_index(&self, object: &ManagedObject) -> Result<usize, String> {
        position(self.layout.links.iter(), object)
    }

    pub(super) fn instance_index(&self, object: &ManagedObject) -> Result<usize, String> {
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
}
