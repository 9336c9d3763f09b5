//! Who depends on whom?

use std::collections::{BTreeMap, BTreeSet};

/// Calls between nodes, from caller to callee. Trouble travels against the call: from callee to caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    callees: BTreeMap<String, BTreeSet<String>>,
}

impl Dependencies {
    /// From pairs of caller and callee, in any order; a node that calls itself is left out.
    pub fn from_calls<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut callees: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (caller, callee) in calls.into_iter().filter(|(a, b)| a != b) {
            let of = callees.entry(caller.to_owned()).or_default();
            of.insert(callee.to_owned());
        }
        Self { callees }
    }

    /// Whom a node calls, by name.
    pub fn callees(&self, node: &str) -> impl Iterator<Item = &str> {
        self.callees
            .get(node)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Every pair of caller and callee, by name.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.callees.iter();
        all.flat_map(|(caller, of)| {
            of.iter()
                .map(move |callee| (caller.as_str(), callee.as_str()))
        })
    }
}
