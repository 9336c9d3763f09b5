//! What does an action set on purpose, and what was last read of it?
//!
//! In: an action. Out: the samples that are intended after it, or the present reading for people.

use super::Picture;
use zizhi_types::action::{Action, Verb};
use zizhi_types::wire::Sample;
use zizhi_types::{Metric, ObjectKind};

impl Picture {
    /// What an action sets on purpose: cost or rate at the ports of its link, or whether its cell is in service.
    pub fn sets(&self, action: &Action) -> Vec<Sample> {
        let (metric, value) = match action.verb {
            Verb::LinkSetCost => (Metric::PortCost, action.number("cost")),
            Verb::LinkSetRate => (Metric::PortRate, action.number("mbps")),
            Verb::CellLock => (Metric::CellUp, Some(0.0)),
            Verb::CellUnlock => (Metric::CellUp, Some(1.0)),
            _ => return vec![],
        };
        let Some(value) = value else { return vec![] };
        let objects = match action.object.kind() {
            ObjectKind::Link => self.ports_of(&action.object),
            _ => vec![action.object.clone()],
        };
        let one = |object| Sample {
            object,
            metric,
            value,
        };
        objects.into_iter().map(one).collect()
    }

    /// What was last measured of the setting that an action sets, for people; nothing where it is not measured.
    pub fn settings_of(&self, action: &Action) -> Option<String> {
        let read = |set: Sample| {
            let (object, metric) = (set.object, set.metric);
            let value = self.last(&object, metric)?;
            Some(format!("{object} {} {value}", metric.as_str()))
        };
        let read: Vec<String> = self.sets(action).into_iter().filter_map(read).collect();
        (!read.is_empty()).then(|| read.join(", "))
    }
}
