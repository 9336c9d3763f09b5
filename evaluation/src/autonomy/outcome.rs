//! What a score says: a level, what it is made of, and what was meant.

use super::flow::Flow;
use super::holds::{Because, Hold};
use super::instrument::Instrument;
use super::lattice::{Actor, Category};
use super::methods::Methods;
use serde::Serialize;
use zizhi_types::FaultKind;
use zizhi_types::domain::Domain;

/// Which incidents are meant. Both empty: all; else those of one of the domains or faults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// Of the suspect.
    pub domains: Vec<Domain>,
    /// Ranked first.
    pub faults: Vec<FaultKind>,
}

impl Scope {
    /// Whether an incident of this domain and fault is meant.
    pub fn has(&self, domain: Domain, fault: Option<FaultKind>) -> bool {
        let all = self.domains.is_empty() && self.faults.is_empty();
        all || self.domains.contains(&domain) || fault.is_some_and(|f| self.faults.contains(&f))
    }

    /// The faults that the scope and the flow are about.
    pub(super) fn faults(&self, flow: Flow, instrument: &Instrument) -> Vec<FaultKind> {
        let in_flow = |f: &FaultKind| {
            flow == Flow::FaultManagement || instrument.optimisation_faults.contains(f)
        };
        let all = FaultKind::ALL.iter().copied();
        all.filter(|f| in_flow(f) && self.has(Domain::of(f.object_kind()), Some(*f)))
            .collect()
    }
}

/// The level of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Of which workflow.
    pub flow: Flow,
    /// Which incidents were meant.
    pub scope: Scope,
    /// The level, 0 to 4; none: unknown.
    pub level: Option<u8>,
    /// No task was done above the ceiling of its class.
    pub passed: bool,
    /// Incidents that count.
    pub incidents: usize,
    /// Older than the newest that count, or of no weighted sub-scenario.
    pub left_out: usize,
    /// Both methods over the weighted sub-scenarios; none: unknown.
    pub methods: Option<Methods>,
    /// What a network in which people do everything gets by the same formulas: the zero of the scale.
    pub floor: Methods,
    /// What it is made of.
    pub sub_scenarios: Vec<SubScore>,
    /// What was done above a ceiling.
    pub breaches: Vec<Breach>,
    /// Incidents with an approval too fast to have been read.
    pub rubber_stamps: Vec<String>,
    /// The incidents that count: `journal#incident`.
    #[serde(skip)]
    pub counted: Vec<String>,
}

/// A part of the scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SubScore {
    /// Its name.
    pub name: String,
    /// Its share of the scenario, 0 to 1.
    pub weight: f64,
    /// Incidents that count.
    pub incidents: usize,
    /// How many more are needed before anything can be said.
    pub lacking: usize,
    /// The level, 0 to 4; none: unknown.
    pub level: Option<u8>,
    /// Both methods; none: unknown.
    pub methods: Option<Methods>,
    /// Task by task.
    pub tasks: Vec<TaskScore>,
    /// What keeps it from the next level.
    pub holds: Vec<Hold>,
}

/// One task in one sub-scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskScore {
    /// Its letter.
    pub task: char,
    /// Its name in English.
    pub name: &'static str,
    /// Its category.
    pub category: Category,
    /// Its weight, 0 to 1.
    pub weight: f64,
    /// Incidents that count.
    pub incidents: usize,
    /// Of them done by the system alone.
    pub s: usize,
    /// By both together, or in part.
    pub hs: usize,
    /// By a person alone or nobody.
    pub h: usize,
    /// As built: who it is over all of them; none: unknown.
    pub actor: Option<Actor>,
    /// As built: the level, 0 to 4; none: unknown.
    pub level: Option<u8>,
    /// What would lift it to the next level although it is the system's already, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
    /// Specified: who may do it by the lowest mode in force.
    pub specified: Option<Actor>,
    /// Specified: the highest level that this allows, 0 to 4.
    pub specified_level: Option<u8>,
    /// The highest class of object that was acted on or would have been, 1 to 4.
    pub class: Option<u8>,
    /// The ceiling of that class, 0 to 5.
    pub ceiling: Option<u8>,
    /// Why it is as built, most frequent first.
    pub reasons: Vec<Because>,
}

/// A task done above the ceiling of its object's class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Where: `journal#incident`.
    pub incident: String,
    /// Which task.
    pub task: char,
    /// Who did it.
    pub actor: Actor,
    /// The class.
    pub class: u8,
    /// The level that this shows.
    pub shown: u8,
    /// The ceiling.
    pub ceiling: u8,
}
