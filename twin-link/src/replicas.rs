//! How many instances run at a site in a branch, and what changes it.
//!
//! In: a branch and an action on a site. Out: the branch with instances added or taken away.

use crate::TwinError;
use crate::apply::{bad, number, text};
use crate::branch::Branch;
use zizhi_types::action::Action;

impl Branch {
    pub(crate) fn scale_out(&mut self, action: &Action) -> Result<(), TwinError> {
        let site = number(&self.built.names.sites, action)?;
        let name = text(action, "service")?;
        let room = self.room(site);
        let service = self.built.names.services.get(name).copied();
        let like = |s: &usize| {
            self.built
                .instances
                .iter()
                .any(|i| i.site == site && i.service == *s)
        };
        match service.filter(like) {
            Some(service) if room > 0 => {
                *self.overlay().added.entry((site, service)).or_insert(0) += 1;
                Ok(())
            }
            _ => Err(TwinError::NoRoom {
                object: action.object.clone(),
                service: name.to_owned(),
            }),
        }
    }

    /// Takes away an instance of the inventory by its name, or one added in this branch by its service.
    pub(crate) fn scale_in(&mut self, action: &Action) -> Result<(), TwinError> {
        let site = number(&self.built.names.sites, action)?;
        let name = text(action, "instance")?;
        if let Some(number) = self.built.names.instances.get(name).copied() {
            self.overlay().removed.insert(number);
            return Ok(());
        }
        let service = self.built.names.services.get(name).copied();
        let key = service
            .map(|s| (site, s))
            .filter(|k| self.overlay.added.contains_key(k));
        let Some(key) = key else {
            return Err(bad(action, "instance"));
        };
        let added = &mut self.overlay().added;
        let left = added.remove(&key).unwrap_or(0).saturating_sub(1);
        if left > 0 {
            added.insert(key, left);
        }
        Ok(())
    }

    /// Instances that a site has room for, beyond those added in this branch.
    fn room(&self, site: usize) -> u32 {
        let at_site = (site, 0)..=(site, usize::MAX);
        let used: u32 = self.overlay.added.range(at_site).map(|(_, n)| n).sum();
        let spare = self.built.sites.get(site).map_or(0, |s| s.spare);
        spare.saturating_sub(used)
    }

    /// Instances of the action's service at its site: of the inventory, and added in this branch.
    pub(crate) fn replicas(&self, action: &Action) -> Result<(u32, u32), TwinError> {
        let site = number(&self.built.names.sites, action)?;
        let service = self.built.names.services.get(text(action, "service")?);
        let service = *service.ok_or_else(|| bad(action, "service"))?;
        let listed = self.built.instances.iter().enumerate().filter(|(n, i)| {
            i.site == site && i.service == service && !self.overlay.removed.contains(n)
        });
        let added = self.overlay.added.get(&(site, service)).copied();
        Ok((listed.count() as u32, added.unwrap_or(0)))
    }

    /// Not below what the inventory lists: which of those would go is the driver's choice, and the twin cannot know it.
    pub(crate) fn set_replicas(&mut self, action: &Action) -> Result<(), TwinError> {
        let site = number(&self.built.names.sites, action)?;
        let (listed, added) = self.replicas(action)?;
        let most = listed + added + self.room(site);
        let range = f64::from(listed)..=f64::from(most);
        let wanted = action.number("replicas");
        let wanted = wanted.filter(|w| w.fract() == 0.0 && range.contains(w));
        let wanted = wanted.ok_or_else(|| bad(action, "replicas"))? as u32 - listed;
        let service = self.built.names.services.get(text(action, "service")?);
        let key = (site, *service.ok_or_else(|| bad(action, "service"))?);
        if wanted > 0 && listed == 0 {
            return Err(bad(action, "service"));
        }
        let places = &mut self.overlay().added;
        if wanted == 0 {
            places.remove(&key);
        } else {
            places.insert(key, wanted);
        }
        Ok(())
    }
}
