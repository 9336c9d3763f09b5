//! How many instances run at a site, and what changes it.
//!
//! In: an action that adds or removes instances. Out: a receipt, or why it was refused. Only instances that were added are
//! ever removed: those that the network was built with stay.

use super::actions::{number, position, receipt, text};
use super::clockwork::Event;
use super::layout::object;
use super::world::{Notice, SECOND_US, World};
use std::sync::Arc;
use zizhi_types::ObjectKind;
use zizhi_types::action::{Action, Receipt, Value, Verb};

/// The time to add an instance. Our choice, near what operators see with small systems; it varies by up to a fifth.
const SCALE_OUT_US: u64 = 10 * SECOND_US;

impl World {
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

    pub(super) fn scale_out(&mut self, action: &Action) -> Result<Receipt, String> {
        let site = position(self.layout.sites.iter().map(|s| &s.object), &action.object)?;
        let service = self.service_index(text(action, "service")?)?;
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

    pub(super) fn scale_in(&mut self, action: &Action) -> Result<Receipt, String> {
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
        self.remove_instance(index);
        let undo = Action::new(Verb::SiteScaleOut, action.object.clone())
            .with("service", Value::Text(service));
        Ok(receipt(before, self.site_text(site), Some(undo)))
    }

    /// Takes an added instance out of the network; gateways spread its share over the others.
    fn remove_instance(&mut self, index: usize) {
        let (site, name) = {
            let i = &self.instances[index];
            (i.site, i.object.name().to_owned())
        };
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
    }

    /// As many instances of a service at a site as are asked for. The same number again changes nothing.
    pub(super) fn set_replicas(&mut self, action: &Action) -> Result<Receipt, String> {
        let site = position(self.layout.sites.iter().map(|s| &s.object), &action.object)?;
        let service = self.service_index(text(action, "service")?)?;
        let here: Vec<usize> = (0..self.instances.len())
            .filter(|i| {
                let i = &self.instances[*i];
                i.present && i.site == site && i.service == service
            })
            .collect();
        let most = here.len() + self.sites[site].spare as usize;
        let built = here.iter().filter(|i| !self.instances[**i].added).count();
        let wanted = number(action, "replicas", built as f64..=most as f64)?;
        if wanted.fract() > 0.0 {
            return Err(format!("replicas is {wanted}, but must be a whole number"));
        }
        let wanted = wanted as usize;
        let before = self.site_text(site);
        for _ in here.len()..wanted {
            self.add_instance(site, service)?;
        }
        let added = here.iter().rev().filter(|i| self.instances[**i].added);
        let spare: Vec<usize> = added
            .copied()
            .take(here.len().saturating_sub(wanted))
            .collect();
        for index in spare {
            self.remove_instance(index);
        }
        let undo = action
            .clone()
            .with("replicas", Value::Number(here.len() as f64));
        Ok(receipt(before, self.site_text(site), Some(undo)))
    }

    fn service_index(&self, wanted: &str) -> Result<usize, String> {
        self.network
            .services
            .iter()
            .position(|s| s.id == wanted)
            .ok_or_else(|| format!("service `{wanted}` is not in this network"))
    }
}
