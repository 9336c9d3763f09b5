//! Where does the value of a metric of an object lie?
//!
//! All values of a network lie in one vector. An object has a slot, the place of its first metric; its kind decides
//! how many follow, in the order of [`Metric::ALL`].

use std::collections::HashMap;
use zizhi_types::metric::Metric;
use zizhi_types::object::{ManagedObject, ObjectKind};

/// Position of each metric among those of its kind, by `metric as usize`.
const ORDINALS: [usize; Metric::ALL.len()] = {
    let mut ordinals = [0; Metric::ALL.len()];
    let mut i = 0;
    while i < ordinals.len() {
        let mut j = 0;
        while j < i {
            if Metric::ALL[j].object_kind() as u8 == Metric::ALL[i].object_kind() as u8 {
                ordinals[i] += 1;
            }
            j += 1;
        }
        i += 1;
    }
    ordinals
};

/// Place of an object's first metric.
pub(crate) type Slot = usize;

/// Where the value of a metric lies, for the object at `slot`, which must be of the metric's kind.
pub(crate) fn at(slot: Slot, metric: Metric) -> usize {
    slot + ORDINALS.get(metric as usize).copied().unwrap_or(0)
}

/// An object's number among its kind, slot, and who measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    /// Number of the router, site, gateway or cell whose telemetry carries it.
    pub(crate) owner: usize,
}

/// The places of all objects. The map is only asked, never walked, so its order does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    places: HashMap<ManagedObject, Place>,
    objects: Vec<ManagedObject>,
    width: usize,
    owners: usize,
}

impl Layout {
    /// Gives an object a slot; one that has one keeps it.
    pub(crate) fn add(&mut self, object: ManagedObject, owner: usize) -> Slot {
        if let Some(place) = self.places.get(&object) {
            return place.slot;
        }
        let slot = self.width;
        self.width += Metric::ALL
            .iter()
            .filter(|m| m.object_kind() == object.kind())
            .count();
        self.places.insert(object.clone(), Place { slot, owner });
        self.objects.push(object);
        slot
    }

    /// The number of the next object that measures others.
    pub(crate) fn new_owner(&mut self) -> usize {
        self.owners += 1;
        self.owners - 1
    }

    /// How many objects measure others.
    pub(crate) const fn owners(&self) -> usize {
        self.owners
    }

    /// An object's place.
    pub(crate) fn place(&self, object: &ManagedObject) -> Option<Place> {
        self.places.get(object).copied()
    }

    /// A named object's slot.
    pub(crate) fn slot(&self, kind: ObjectKind, name: &str) -> Option<Slot> {
        let object = ManagedObject::new(kind, name).ok()?;
        self.place(&object).map(|p| p.slot)
    }

    /// Where the value lies; nothing for an unknown object or a metric of another kind.
    pub(crate) fn index(&self, object: &ManagedObject, metric: Metric) -> Option<usize> {
        if metric.object_kind() != object.kind() {
            return None;
        }
        self.place(object).map(|p| at(p.slot, metric))
    }

    /// Every object, in the order in which it became known.
    pub(crate) fn objects(&self) -> &[ManagedObject] {
        &self.objects
    }

    /// Length of a vector of all values.
    pub(crate) const fn width(&self) -> usize {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_values_share_a_place() {
        let mut layout = Layout::default();
        let objects: Vec<ManagedObject> = ["router/A", "port/A:x", "port/B:x", "cell/c"]
            .iter()
            .map(|t| t.parse().unwrap())
            .collect();
        for object in &objects {
            layout.add(object.clone(), 0);
        }
        let mut seen = BTreeSet::new();
        for object in &objects {
            for metric in Metric::ALL {
                if let Some(index) = layout.index(object, *metric) {
                    assert!(index < layout.width() && seen.insert(index));
                }
            }
        }
        assert_eq!(seen.len(), layout.width());
    }
}
