//! Everything that a run says, in one value: by policy, by what makes a scenario hard, by domain and network.

use super::compare::{Comparison, Finding, compare};

use super::result::TrialResult;
use super::run::{RunError, write_whole};
use super::score::Scores;
use crate::report::both;
use crate::scenario::Scenario;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use zizhi_types::topology::Bilingual;

/// Scores by policy name.
pub type ByPolicy = BTreeMap<String, Scores>;

/// What a run says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Over all scenarios.
    pub policies: ByPolicy,
    /// By what makes a scenario hard.
    pub by_shape: BTreeMap<String, ByPolicy>,
    /// By the domain of the first fault.
    pub by_domain: BTreeMap<String, ByPolicy>,
    /// By network.
    pub by_network: BTreeMap<String, ByPolicy>,
    /// By the kind of the first fault.
    pub by_fault: BTreeMap<String, ByPolicy>,
    /// What each part is worth.
    pub comparisons: Vec<Comparison>,
}

impl Summary {
    /// The summary of results.
    pub fn over(results: &[TrialResult]) -> Self {
        let first = first_faults(results);
        let domain = |r: &TrialResult| first.get(&r.scenario).map(|f| f.0.clone());
        let fault = |r: &TrialResult| first.get(&r.scenario).map(|f| f.1.clone());
        Self {
            policies: by_policy(results.iter()),
            by_shape: by(results, |r| Some(r.shape.as_str().to_owned())),
            by_domain: by(results, domain),
            by_network: by(results, |r| Some(r.network.clone())),
            by_fault: by(results, fault),
            comparisons: compare(results),
        }
    }

    /// Writes `summary.json` and `report.html`.
    pub fn write(
        &self,
        folder: &Path,
        results: &[TrialResult],
        scenarios: &[Scenario],
    ) -> Result<(), RunError> {
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        write_whole(&folder.join("summary.json"), &json)?;
        let page = super::page::page(self, results, scenarios);
        write_whole(&folder.join("report.html"), &page)
    }
}

/// Domain and kind of each scenario's first fault; a double has none of its own and goes with its scenario.
fn first_faults(results: &[TrialResult]) -> BTreeMap<String, (String, String)> {
    results
        .iter()
        .filter_map(|r| {
            let fault = r.faults.first()?;
            let words = (fault.domain.to_string(), fault.kind.to_string());
            Some((r.scenario.clone(), words))
        })
        .collect()
}

fn by(
    results: &[TrialResult],
    key: impl Fn(&TrialResult) -> Option<String>,
) -> BTreeMap<String, ByPolicy> {
    let mut parts: BTreeMap<String, Vec<&TrialResult>> = BTreeMap::new();
    for result in results {
        if let Some(key) = key(result) {
            parts.entry(key).or_default().push(result);
        }
    }
    parts
        .into_iter()
        .map(|(key, part)| (key, by_policy(part.into_iter())))
        .collect()
}

fn by_policy<'a>(results: impl Iterator<Item = &'a TrialResult>) -> ByPolicy {
    let mut parts: BTreeMap<&str, Vec<&TrialResult>> = BTreeMap::new();
    for result in results {
        parts.entry(&result.policy).or_default().push(result);
    }
    parts
        .into_iter()
        .map(|(policy, part)| (policy.to_owned(), Scores::over(part)))
        .collect()
}

impl Finding {
    /// What a person reads.
    pub fn title(self) -> Bilingual {
        match self {
            Self::Pays => both("it pays", "有效"),
            Self::NotShown => both("no clear difference", "差异不显著"),
            Self::Costs => both("it costs more than it brings", "得不偿失"),
            Self::Mixed => both("it pays in one thing and costs in another", "有得有失"),
        }
    }
}
