//! How autonomous was the swarm, by whose reckoning?
//!
//! The reckoning is the evaluation's, which knows more than the dashboard may; here is only what a page needs of it. Whoever
//! starts the dashboard hands in a [`Scorer`].

use serde_json::Value as Json;
use zizhi_types::text::Language;
use zizhi_types::{IncidentId, Record};

/// Reckons levels from the records of a journal.
pub trait Scorer: Send + Sync {
    /// One level for each workflow, in the reader's words; or why there is none.
    fn score(&self, records: &[&Record], language: Language) -> Result<Vec<Level>, String>;
}

/// The level of one workflow.
#[derive(Debug, Clone)]
pub struct Level {
    /// Which workflow.
    pub flow: String,
    /// `L3`, or that it is not known.
    pub level: String,
    /// The level in a sentence.
    pub verdict: String,
    /// How many incidents count.
    pub incidents: usize,
    /// Scenario by scenario, activity by activity.
    pub activities: Vec<Activity>,
    /// What keeps it from the next level, with the incidents where that was so.
    pub holds: Vec<(String, Vec<IncidentId>)>,
    /// Everything, for programs.
    pub export: Json,
}

/// One activity of a scenario.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The scenario.
    pub scenario: String,
    /// What is done.
    pub name: String,
    /// Incidents in which the system did it, both did, a person or nobody did.
    pub by: [usize; 3],
    /// Who it is over all of them, and the level that this shows.
    pub actor: String,
    /// The ceiling of the highest class that was acted on.
    pub ceiling: String,
    /// Why it is so.
    pub because: String,
    /// Where it was so.
    pub incidents: Vec<IncidentId>,
}
