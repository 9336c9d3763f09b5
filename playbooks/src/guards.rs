//! Is it safe to run this plan now?
//!
//! In: a plan, what is going on ([`GuardState`]), the swarm's ceiling and the time. Out: what every guard says, in words
//! for the person at the console, and the ruling. Called before the approval and again before the first step. A guard
//! only ever refuses; nothing here can raise a mode.

use crate::fingerprint::fingerprint;
use crate::playbook::BlastRadius;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::plan::{Fingerprint, Mode, Plan};
use zizhi_types::record::{GuardResult, Ruling};
use zizhi_types::{IncidentId, ManagedObject, NetTime};

/// Bounds that the operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most actions on one object within [`Limits::rate_window_ms`]. Our choice: 3, a cure, one other try and an undo.
    pub actions_per_object: usize,
    /// The window of the rate. Our choice: ten minutes, so that routing and telemetry settle in between.
    pub rate_window_ms: u64,
    /// Oldest evidence that may be acted on. Our choice: two minutes, several telemetry intervals.
    pub evidence_age_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            actions_per_object: 3,
            rate_window_ms: 600_000,
            evidence_age_ms: 120_000,
        }
    }
}

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

/// What the guards look at. The caller gathers it; the default says that nothing is going on, with no evidence at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuardState {
    /// Bounds.
    pub limits: Limits,
    /// What the playbook allows; without it no plan passes.
    pub blast_radius: Option<BlastRadius>,
    /// Services that depend on the touched objects.
    pub services: BTreeSet<String>,
    /// Objects another run is at work on, with its incident.
    pub busy: BTreeMap<ManagedObject, IncidentId>,
    /// When each object was acted on.
    pub acted: BTreeMap<ManagedObject, Vec<NetTime>>,
    /// When the newest evidence for the diagnosis was measured.
    pub evidence_at: Option<NetTime>,
    /// Who pressed the kill switch, and why.
    pub kill_switch: Option<String>,
    /// Announced work.
    pub maintenance: Vec<Maintenance>,
    /// Objects that only a person may change, with the reason.
    pub frozen: BTreeMap<ManagedObject, String>,
    /// The fingerprint that a person approved, if one was.
    pub approved: Option<Fingerprint>,
}

/// The mode in force: the lower of the playbook's and the ceiling.
pub fn mode_in_force(plan: &Plan, ceiling: Mode) -> Mode {
    plan.mode.min(ceiling)
}

/// What every guard says, and what follows. All guards are asked, so that a person sees every obstacle at once.
pub fn rule(
    plan: &Plan,
    state: &GuardState,
    ceiling: Mode,
    now: NetTime,
) -> (Vec<GuardResult>, Ruling) {
    let guards = vec![
        kill_switch(state),
        unchanged(plan),
        blast_radius(plan, state),
        one_at_a_time(plan, state),
        rate(plan, state, now),
        freshness(state, now),
        maintenance(plan, state, now),
        not_frozen(plan, state),
        mode(plan, ceiling),
    ];
    let ruling = ruling(plan, state, ceiling, guards.iter().all(|g| g.pass));
    (guards, ruling)
}

fn ruling(plan: &Plan, state: &GuardState, ceiling: Mode, pass: bool) -> Ruling {
    let approved = state.approved.as_ref() == Some(&plan.fingerprint);
    match mode_in_force(plan, ceiling) {
        _ if !pass => Ruling::Deny,
        Mode::Observe | Mode::Suggest => Ruling::ShowOnly,
        Mode::Approve if !approved => Ruling::Ask,
        Mode::Approve | Mode::Auto => Ruling::Proceed,
    }
}

fn says(guard: &str, verdict: Result<String, String>) -> GuardResult {
    let pass = verdict.is_ok();
    GuardResult {
        guard: guard.to_owned(),
        pass,
        reason: verdict.unwrap_or_else(|why| why),
    }
}

/// The objects that the plan acts on.
pub fn touched(plan: &Plan) -> BTreeSet<&ManagedObject> {
    plan.steps.iter().map(|s| &s.action.object).collect()
}

fn kill_switch(state: &GuardState) -> GuardResult {
    says(
        "kill-switch",
        match &state.kill_switch {
            Some(why) => Err(format!("the kill switch is on: {why}")),
            None => Ok("the kill switch is off".to_owned()),
        },
    )
}

fn unchanged(plan: &Plan) -> GuardResult {
    let found = fingerprint(plan);
    let verdict = if found == plan.fingerprint {
        Ok(format!("the plan's content is {}", found.short()))
    } else {
        let said = plan.fingerprint.short();
        Err(format!(
            "the plan's content is {}, but it says {said}: it was changed",
            found.short()
        ))
    };
    says("fingerprint", verdict)
}

fn blast_radius(plan: &Plan, state: &GuardState) -> GuardResult {
    let (objects, services) = (touched(plan).len(), state.services.len());
    let verdict = match state.blast_radius {
        None => Err("the playbook's blast radius is not known here".to_owned()),
        Some(most) if objects > most.max_objects as usize => Err(format!(
            "it touches {objects} objects; the playbook allows {}",
            most.max_objects
        )),
        Some(most) if services > most.max_services as usize => {
            let names = first_few(state.services.iter());
            let most = most.max_services;
            Err(format!(
                "{services} services depend on it ({names}); the playbook allows {most}"
            ))
        }
        Some(_) => Ok(format!("{objects} objects, {services} services")),
    };
    says("blast-radius", verdict)
}

fn one_at_a_time(plan: &Plan, state: &GuardState) -> GuardResult {
    let busy = touched(plan)
        .into_iter()
        .find_map(|o| Some((o, state.busy.get(o)?)));
    says(
        "one-at-a-time",
        match busy {
            Some((object, incident)) => Err(format!("a run of {incident} is at work on {object}")),
            None => Ok("no other run is at work on its objects".to_owned()),
        },
    )
}

fn rate(plan: &Plan, state: &GuardState, now: NetTime) -> GuardResult {
    let Limits {
        actions_per_object: most,
        rate_window_ms: window,
        ..
    } = state.limits;
    let recent = |object: &ManagedObject| {
        let times = state.acted.get(object).into_iter().flatten();
        times.filter(|at| now.since(**at) < window).count()
    };
    let planned = |object: &ManagedObject| {
        let steps = plan.steps.iter();
        steps.filter(|s| s.action.object == *object).count()
    };
    let minutes = window / 60_000;
    let over = touched(plan)
        .into_iter()
        .find(|o| recent(o) + planned(o) > most);
    says(
        "rate",
        match over {
            Some(object) => {
                let before = recent(object);
                Err(format!(
                    "{object} was acted on {before} times in {minutes} minutes; at most {most} are allowed"
                ))
            }
            None => Ok(format!(
                "within {most} actions per object in {minutes} minutes"
            )),
        },
    )
}

fn freshness(state: &GuardState, now: NetTime) -> GuardResult {
    let most = state.limits.evidence_age_ms;
    let seconds = |ms: u64| ms / 1_000;
    let verdict = match state.evidence_at.map(|at| now.since(at)) {
        None => Err("there is no evidence".to_owned()),
        Some(age) if age > most => Err(format!(
            "the newest evidence is {} s old; at most {} s are allowed",
            seconds(age),
            seconds(most)
        )),
        Some(age) => Ok(format!("the newest evidence is {} s old", seconds(age))),
    };
    says("fresh-evidence", verdict)
}

fn maintenance(plan: &Plan, state: &GuardState, now: NetTime) -> GuardResult {
    let mut about = touched(plan);
    about.insert(&plan.suspect);
    let work = state
        .maintenance
        .iter()
        .filter(|m| m.from <= now && now < m.until)
        .find_map(|m| Some((m, about.iter().find(|o| m.objects.contains(**o))?)));
    says(
        "change-freeze",
        match work {
            Some((work, object)) => Err(format!(
                "{object} is under planned work {} until {}",
                work.ticket, work.until
            )),
            None => Ok("no planned work on its objects".to_owned()),
        },
    )
}

fn not_frozen(plan: &Plan, state: &GuardState) -> GuardResult {
    let frozen = touched(plan)
        .into_iter()
        .find_map(|o| Some((o, state.frozen.get(o)?)));
    says(
        "not-frozen",
        match frozen {
            Some((object, why)) => {
                Err(format!("{object} is frozen until a person frees it: {why}"))
            }
            None => Ok("none of its objects is frozen".to_owned()),
        },
    )
}

fn mode(plan: &Plan, ceiling: Mode) -> GuardResult {
    let reason = if plan.mode > ceiling {
        format!(
            "the playbook's mode {} is lowered to the ceiling {ceiling}",
            plan.mode
        )
    } else {
        format!("mode {}, ceiling {ceiling}", plan.mode)
    };
    says("mode", Ok(reason))
}

fn first_few<'s>(names: impl Iterator<Item = &'s String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).take(4).collect();
    names.join(", ")
}
