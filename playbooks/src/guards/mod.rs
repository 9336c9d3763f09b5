//! Is it safe to run this plan, or its next step, now?
//!
//! In: a plan, what is going on ([`GuardState`]), the swarm's ceiling and the time. Out: what every guard says, in words
//! for the person at the console, and the ruling. Called before the approval and again before each step, with fresh
//! state. A guard refuses, or says that a person decides; nothing here can raise a mode.

mod evidence;
mod limits;
mod pace;
mod reach;
mod risk;
mod safety;
mod spread;
mod window;

pub use limits::Limits;
pub use reach::{Reach, reach};
pub use risk::risk;

use crate::playbook::{BlastRadius, Throttle};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_types::plan::{Fingerprint, Mode, Plan};
use zizhi_types::record::{GuardResult, Ruling};
use zizhi_types::{Domain, IncidentId, ManagedObject, NetTime};

/// Announced work on objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// The ticket.
    pub ticket: String,
    /// What is worked on.
    pub objects: BTreeSet<ManagedObject>,
    /// From.
    pub from: NetTime,
    /// Until, not included.
    pub until: NetTime,
}

/// Another run that has begun and has no verdict yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// Of which incident.
    pub incident: IncidentId,
    /// Whose executor runs it.
    pub domain: Domain,
    /// The compute sites that it touches.
    pub sites: BTreeSet<String>,
}

/// A run that did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Of which incident.
    pub incident: IncidentId,
    /// Id and version of the playbook.
    pub playbook: String,
    /// What it acted on.
    pub objects: BTreeSet<ManagedObject>,
    /// When it ended.
    pub at: NetTime,
}

/// A run that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Id and version of the playbook.
    pub playbook: String,
    /// What it was a remedy for.
    pub suspect: ManagedObject,
    /// Of which incident.
    pub incident: IncidentId,
    /// When it was begun.
    pub at: NetTime,
}

/// What the guards look at. The caller gathers it; the default says that nothing is going on, with no evidence at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardState {
    /// Bounds.
    pub limits: Limits,
    /// The operator's calendar and classes.
    pub policy: Arc<Policy>,
    /// What the playbook allows; without it no plan passes.
    pub blast_radius: Option<BlastRadius>,
    /// Services that depend on the touched objects.
    pub services: BTreeSet<String>,
    /// What the plan would take out of the live network; without it no plan passes.
    pub reach: Option<Reach>,
    /// Objects another run is at work on, with its incident.
    pub busy: BTreeMap<ManagedObject, IncidentId>,
    /// Other runs in flight, of every domain as far as it is known.
    pub in_flight: Vec<InFlight>,
    /// When each object was acted on.
    pub acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    /// When runs were begun in this domain.
    pub begun: Vec<NetTime>,
    /// How often the playbook may be run, where it says so.
    pub throttle: Option<Throttle>,
    /// Runs that were begun in this domain; the run at hand left out.
    pub ran: Vec<Ran>,
    /// Runs of this domain that did not help.
    pub failures: Vec<Failure>,
    /// When a person closed the breaker of a playbook.
    pub breakers_closed: BTreeMap<String, NetTime>,
    /// When the newest evidence for the diagnosis was measured.
    pub evidence_at: Option<NetTime>,
    /// When each touched object was last heard of through its own telemetry.
    pub heard_at: BTreeMap<ManagedObject, NetTime>,
    /// The playbook says in its `when` that a target without telemetry is what it is for.
    pub silence_expected: bool,
    /// Who pressed the kill switch, and why.
    pub kill_switch: Option<String>,
    /// Announced work.
    pub maintenance: Vec<Maintenance>,
    /// Objects that only a person may change, with the reason.
    pub frozen: BTreeMap<ManagedObject, String>,
    /// The fingerprint that a person approved, if one was.
    pub approved: Option<Fingerprint>,
}

/// What follows from what the guards say.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What every guard said.
    pub guards: Vec<GuardResult>,
    /// The mode in force: the lowest of the playbook's, the ceiling, the classes' ceilings and what guards leave to a person.
    pub mode: Mode,
    /// The ruling.
    pub ruling: Ruling,
}

/// What one guard says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Say {
    /// Go on.
    Pass(String),
    /// A person decides.
    Person(String),
    /// No.
    Deny(String),
}

type Guard = (&'static str, Say);

/// The mode in force before the guards were asked: the lower of the playbook's and the ceiling.
pub fn mode_in_force(plan: &Plan, ceiling: Mode) -> Mode {
    plan.mode.min(ceiling)
}

/// What every guard says, and what follows. All guards are asked, so that a person sees every obstacle at once.
pub fn rule(plan: &Plan, state: &GuardState, ceiling: Mode, now: NetTime) -> Decision {
    let said = ask_all(plan, state, ceiling, now);
    let denied = said.iter().any(|(_, say)| matches!(say, Say::Deny(_)));
    let person = said.iter().any(|(_, say)| matches!(say, Say::Person(_)));
    let highest = if person { Mode::Approve } else { Mode::Auto };
    let class = state.policy.ceiling(touched(plan));
    let mode = mode_in_force(plan, ceiling).min(class).min(highest);
    let approved = state.approved.as_ref() == Some(&plan.fingerprint);
    let ruling = match mode {
        _ if denied => Ruling::Deny,
        Mode::Observe | Mode::Suggest => Ruling::ShowOnly,
        Mode::Approve if !approved => Ruling::Ask,
        Mode::Approve | Mode::Auto => Ruling::Proceed,
    };
    Decision {
        guards: said.into_iter().map(result).collect(),
        mode,
        ruling,
    }
}

fn ask_all(plan: &Plan, state: &GuardState, ceiling: Mode, now: NetTime) -> Vec<Guard> {
    vec![
        ("kill-switch", safety::kill_switch(state)),
        ("fingerprint", safety::unchanged(plan)),
        ("not-frozen", safety::not_frozen(plan, state)),
        ("blast-radius", spread::blast_radius(plan, state)),
        ("capacity", spread::capacity(state)),
        ("one-location", spread::one_location(state)),
        ("redundancy", spread::redundancy(state)),
        ("risk", risk::guard(plan, state)),
        ("one-at-a-time", pace::one_at_a_time(plan, state)),
        ("concurrency", pace::concurrency(plan, state)),
        ("rate", pace::rate(plan, state, now)),
        ("throttle", pace::throttle(plan, state, now)),
        ("cool-down", pace::cool_down(plan, state, now)),
        ("breaker", pace::breaker(plan, state, now)),
        ("fresh-evidence", evidence::fresh(state, now)),
        ("target-heard", evidence::target_heard(plan, state, now)),
        ("change-freeze", window::planned_work(plan, state, now)),
        ("calendar", window::calendar(plan, state, now)),
        ("mode", safety::mode(plan, state, ceiling)),
    ]
}

fn result((guard, say): Guard) -> GuardResult {
    let (pass, reason) = match say {
        Say::Pass(reason) => (true, reason),
        Say::Person(reason) => (true, format!("{reason}: a person decides")),
        Say::Deny(reason) => (false, reason),
    };
    GuardResult {
        guard: guard.to_owned(),
        pass,
        reason,
    }
}

/// The objects that the plan acts on.
pub fn touched(plan: &Plan) -> BTreeSet<&ManagedObject> {
    plan.steps.iter().map(|s| &s.action.object).collect()
}

/// The playbook's id without its version.
pub(crate) fn bare(reference: &str) -> &str {
    reference.split_once('@').map_or(reference, |(id, _)| id)
}

/// The playbook's id without the mark of a variant: what is said of a playbook holds for all of them together.
fn family(reference: &str) -> &str {
    let id = bare(reference);
    id.split_once('~').map_or(id, |(id, _)| id)
}

fn first_few<'s>(names: impl Iterator<Item = &'s String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).take(4).collect();
    names.join(", ")
}
