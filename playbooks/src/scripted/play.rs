//! What happens in this situation?
//!
//! In: a playbook and what a test gives. Out: what happened, and the branches that were reached; or why the test cannot
//! be run. Plan, guards and run are the real ones.

use super::Networks;
use super::branch::Branch;
use super::expect::Got;
use super::schema::{
    Answer, Approved, Consent, Given, GivenNetwork, Guarded, Outcome, Person, Sees, Then,
};
use crate::case::{Case, CaseError};
use crate::driver::DriverError;
use crate::examine::{Obstacle, examine_lasting};
use crate::guards::{self, GuardState, Maintenance, Ran, Reach};
use crate::planning::PlanDraft;
use crate::playbook::Playbook;
use crate::run::{Effect, Input, Run, State, UndoReason};
use crate::{duration, guards::touched};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use zizhi_types::action::{Action, Receipt};
use zizhi_types::negotiation::RunEnd;
use zizhi_types::plan::{Check, Mode};
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::verify::Reading;
use zizhi_types::{IncidentId, ManagedObject, Metric, NetTime, Plan, PlanId, RunId};

/// The time at which tests play; nothing moves it.
const NOW: NetTime = NetTime::from_secs(1_000_000);

/// Things that can happen in one run, at most: nothing real comes near.
const TURNS_MAX: usize = 10_000;

type Reached = BTreeSet<Branch>;

pub(super) fn play(
    playbook: &Playbook,
    given: &Given,
    networks: Networks<'_>,
) -> Result<(Got, Reached), String> {
    let case = case(playbook, given, networks)?;
    names_exist(playbook, given)?;
    let (hypothesis, context) = (case.hypothesis(), case.context());
    match examine_lasting(playbook, hypothesis, &context, held_ms(given)?) {
        Err(obstacles) => Ok(kept_out(&obstacles)),
        Ok(drafts) => carried_out(playbook, given, &case, chosen(drafts, given)?),
    }
}

/// How long the symptoms have lasted; for ever, where the test does not say.
fn held_ms(given: &Given) -> Result<u64, String> {
    match &given.lasted {
        None => Ok(u64::MAX),
        Some(text) => duration::parse_ms(&text.value)
            .ok_or_else(|| format!("lasted `{}` is no duration: write 30s", text.value)),
    }
}

/// Of the variants of a playbook the one that the test chooses; the first, where it chooses none.
fn chosen(drafts: Vec<PlanDraft>, given: &Given) -> Result<PlanDraft, String> {
    let meant = |d: &PlanDraft| given.choose.iter().all(|(k, v)| d.params.get(k) == Some(v));
    let mut fitting = drafts.into_iter();
    fitting.find(meant).ok_or_else(|| {
        let wanted = given.choose.iter().map(|(k, v)| format!("{k} = {v}"));
        let wanted: Vec<String> = wanted.collect();
        format!("no variant that fits has {}", wanted.join(", "))
    })
}

fn case(playbook: &Playbook, given: &Given, networks: Networks<'_>) -> Result<Case, String> {
    let network = match &given.network {
        None => Case::sample_network(),
        Some(GivenNetwork::Name(name)) => networks(name)?,
        Some(GivenNetwork::Fragment(fragment)) => fragment.network(),
    };
    let first = playbook.faults.first().copied();
    let fault = given.fault.or(first).ok_or("the playbook has no fault")?;
    if !playbook.faults.contains(&fault) {
        return Err(format!(
            "{} is no remedy for {fault}: name one of its faults",
            playbook.id
        ));
    }
    let told = |e: CaseError| e.to_string();
    let probability = given.probability.unwrap_or(0.9);
    let mut case = Case::new(network, given.suspect.clone(), fault, probability).map_err(told)?;
    for (what, value) in &given.state {
        case.set(what, *value).map_err(told)?;
    }
    Ok(case)
}

/// An answer to a step that does not exist would test nothing.
fn names_exist(playbook: &Playbook, given: &Given) -> Result<(), String> {
    let steps: Vec<&str> = playbook.steps.iter().map(|s| s.id.as_str()).collect();
    let mut named: Vec<&str> = given.answers.keys().map(String::as_str).collect();
    named.extend(given.kill.as_deref().filter(|k| *k != "verify"));
    for name in named {
        let step = name.strip_suffix(".undo").unwrap_or(name);
        if template(step, &steps).is_none() {
            return Err(format!(
                "`{name}` names no step: {}",
                crate::suggest::did_you_mean(name, steps)
            ));
        }
    }
    Ok(())
}

/// The step as its author wrote it: `steer` for `steer-2`.
fn template<'s>(planned: &str, steps: &[&'s str]) -> Option<&'s str> {
    let exact = steps.iter().find(|s| **s == planned);
    let numbered = || {
        let (base, number) = planned.rsplit_once('-')?;
        number.parse::<u32>().ok()?;
        steps.iter().find(|s| **s == base)
    };
    exact.or_else(numbered).copied()
}

fn kept_out(obstacles: &[Obstacle]) -> (Got, Reached) {
    let reached = obstacles.iter().filter_map(|o| match o {
        Obstacle::Probability { .. } => Some(Branch::Improbable),
        Obstacle::Condition { number, .. } => Some(Branch::KeptOut(*number)),
        Obstacle::Hold { .. } => Some(Branch::Held),
        Obstacle::Param { .. } | Obstacle::Plan { .. } => None,
    });
    let reached = reached.collect();
    (
        Got::nothing(obstacles.iter().map(Obstacle::tell).collect()),
        reached,
    )
}

fn carried_out(
    playbook: &Playbook,
    given: &Given,
    case: &Case,
    mut draft: PlanDraft,
) -> Result<(Got, Reached), String> {
    draft.mode = given.mode.unwrap_or(draft.mode);
    let (domain, params) = (draft.domain, draft.params.clone());
    let plan = draft.into_plan(PlanId::new(domain, 1), IncidentId::new(domain, 1));
    let mut got = Got::nothing(vec![]);
    got.params = params;
    got.actions = plan.steps.iter().map(|s| s.action.to_string()).collect();
    let mut reached = Reached::from([Branch::Fits]);
    if allowed(playbook, given, case, &plan, (&mut got, &mut reached))? {
        let mut stage = Stage::new(playbook, given, case, &plan);
        stage.run()?;
        stage.tell(&mut got);
        reached.extend(stage.reached);
    }
    Ok((got, reached))
}

/// What the guards say, and what a person says where one is asked.
fn allowed(
    playbook: &Playbook,
    given: &Given,
    case: &Case,
    plan: &Plan,
    (got, reached): (&mut Got, &mut Reached),
) -> Result<bool, String> {
    let ceiling = given.ceiling.unwrap_or(Mode::Auto);
    let mut state = guard_state(playbook, &given.guards, given.network.is_none(), case, plan)?;
    let decision = guards::rule(plan, &state, ceiling, NOW);
    let mut ruling = decision.ruling;
    got.refused_by = decision
        .guards
        .into_iter()
        .filter(|g| !g.pass)
        .map(|g| g.guard)
        .collect();
    if got.refused_by.iter().any(|g| g == "throttle") {
        reached.insert(Branch::Throttled);
    }
    if ruling == Ruling::Ask {
        got.approval = Consent::Required;
        if given.approval == Approved::Granted {
            state.approved = Some(plan.fingerprint.clone());
            ruling = guards::rule(plan, &state, ceiling, NOW).ruling;
        }
    }
    Ok(ruling == Ruling::Proceed)
}

fn guard_state(
    playbook: &Playbook,
    given: &Guarded,
    is_sample: bool,
    case: &Case,
    plan: &Plan,
) -> Result<GuardState, String> {
    let age_ms = match &given.evidence_age {
        None => 0,
        Some(text) => duration::parse_ms(&text.value)
            .ok_or_else(|| format!("evidenceAge `{}` is no duration: write 90s", text.value))?,
    };
    // The sample network is so small that any object is a large share of it: what a plan takes out is judged on networks that a
    // test names.
    let reach = if is_sample {
        Reach::default()
    } else {
        case.reach(plan)
    };
    let other = IncidentId::new(plan.domain, 2);
    let why = || "as the test says".to_owned();
    Ok(GuardState {
        blast_radius: Some(playbook.blast_radius),
        services: case.services(touched(plan)),
        reach: Some(reach),
        heard_at: touched(plan)
            .into_iter()
            .map(|o| (o.clone(), earlier(age_ms)))
            .collect(),
        silence_expected: playbook.expects_silence(),
        busy: given
            .busy
            .iter()
            .cloned()
            .map(|o| (o, other.clone()))
            .collect(),
        evidence_at: Some(earlier(age_ms)),
        kill_switch: given.kill_switch.then(why),
        throttle: playbook.throttle,
        ran: ran_before(given, plan)?,
        maintenance: works(&given.maintenance),
        frozen: given.frozen.iter().cloned().map(|o| (o, why())).collect(),
        ..GuardState::default()
    })
}

/// The run that the test says was begun for the same suspect in the same incident.
fn ran_before(given: &Guarded, plan: &Plan) -> Result<Vec<Ran>, String> {
    let Some(text) = &given.last_run else {
        return Ok(vec![]);
    };
    let ago_ms = duration::parse_ms(&text.value)
        .ok_or_else(|| format!("lastRun `{}` is no duration: write 5m", text.value))?;
    Ok(vec![Ran {
        playbook: plan.playbook.clone(),
        suspect: plan.suspect.clone(),
        incident: plan.incident.clone(),
        at: earlier(ago_ms),
    }])
}

fn earlier(age_ms: u64) -> NetTime {
    let base_ms = 1_000_000_000_u64 - age_ms.min(1_000_000_000);
    NetTime::from_secs(0) + base_ms
}

fn works(objects: &[ManagedObject]) -> Vec<Maintenance> {
    if objects.is_empty() {
        return vec![];
    }
    vec![Maintenance {
        ticket: "test".to_owned(),
        objects: objects.iter().cloned().collect(),
        from: NetTime::from_secs(0),
        until: NOW + 1,
    }]
}

/// A run whose outside world is what the test wrote down.
struct Stage<'t> {
    given: &'t Given,
    case: &'t Case,
    steps: Vec<&'t str>,
    run: Run,
    answered: BTreeMap<&'t str, usize>,
    inbox: VecDeque<Input>,
    ran: Vec<String>,
    reached: Reached,
}

impl<'t> Stage<'t> {
    fn new(playbook: &'t Playbook, given: &'t Given, case: &'t Case, plan: &Plan) -> Self {
        Self {
            given,
            case,
            steps: playbook.steps.iter().map(|s| s.id.as_str()).collect(),
            run: Run::new(RunId::new(plan.domain, 1), plan.clone()),
            answered: BTreeMap::new(),
            inbox: VecDeque::from([Input::Start]),
            ran: vec![],
            reached: Reached::new(),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for _ in 0..TURNS_MAX {
            let Some(input) = self.inbox.pop_front() else {
                return Ok(());
            };
            let effects = self.run.on(input).map_err(|e| e.to_string())?;
            for effect in effects {
                self.carry_out(effect)?;
            }
        }
        Err("the run does not come to an end".to_owned())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), String> {
        match effect {
            Effect::Do { step, key, action } => {
                self.ran.push(step.clone());
                if self.given.kill.as_deref() == Some(step.as_str()) {
                    self.inbox.push_back(Input::Kill);
                }
                let result = self.answer(&step, "", &action);
                self.note(
                    &step,
                    if result.is_ok() {
                        Branch::Done
                    } else {
                        Branch::Fails
                    },
                );
                self.inbox.push_back(Input::Answer { key, result });
            }
            Effect::Undo {
                step,
                key,
                action,
                reason,
            }
            | Effect::UndoAgain {
                step,
                key,
                action,
                reason,
                ..
            } => {
                self.ran.push(format!("{step}.undo"));
                self.note(&step, Branch::Undone);
                if reason == UndoReason::HealthyAgain {
                    self.reached.insert(Branch::Released);
                }
                let result = self.answer(&step, ".undo", &action);
                self.inbox.push_back(Input::Answer { key, result });
            }
            Effect::TryAgain { step, .. } => {
                self.note(&step, Branch::TriedAgain);
                // A person who ends the run during the step ends it during its waits too.
                if !matches!(self.inbox.back(), Some(Input::Kill)) {
                    self.inbox.push_back(Input::Again);
                }
            }
            Effect::BeginVerify => self.verify()?,
            Effect::Hold => self.inbox.extend(self.given.then.map(|then| match then {
                Then::HealthyAgain => Input::Release,
                Then::Kill => Input::Kill,
            })),
            Effect::AskPerson => self.inbox.extend(self.given.person.map(|said| {
                Input::Verdict(match said {
                    Person::Helped => Verdict::Pass,
                    Person::DidNotHelp => Verdict::Fail,
                })
            })),
            Effect::Freeze { .. } | Effect::Finished(_) => {}
        }
        Ok(())
    }

    fn note(&mut self, planned: &str, branch: impl Fn(String) -> Branch) {
        let step = template(planned, &self.steps);
        self.reached.extend(step.map(|s| branch(s.to_owned())));
    }

    fn answer(&mut self, step: &str, what: &str, action: &Action) -> Result<Receipt, DriverError> {
        let why = || "as the test says".to_owned();
        match self.told(step, what) {
            Answer::Ok => Ok(receipt(action, action.verb.can_undo())),
            Answer::NoUndo => Ok(receipt(action, false)),
            Answer::Refused => Err(DriverError::Refused(why())),
            Answer::Failed => Err(DriverError::Failed(why())),
            Answer::Unknown => Err(DriverError::Unknown(why())),
        }
    }

    /// What the test wrote for this very step (`steer-2`), or for the step as its author wrote it (`steer`), one after
    /// the other.
    fn told(&mut self, planned: &str, what: &str) -> Answer {
        let own = format!("{planned}{what}");
        let shared = template(planned, &self.steps).map(|s| format!("{s}{what}"));
        let found = [Some(own), shared]
            .into_iter()
            .flatten()
            .find_map(|name| self.given.answers.get_key_value(&name));
        let Some((name, answers)) = found else {
            return Answer::Ok;
        };
        let turn = self.answered.entry(name.as_str()).or_default();
        let answer = answers.0.get(*turn).or(answers.0.last());
        *turn += 1;
        answer.cloned().unwrap_or(Answer::Ok)
    }

    fn verify(&mut self) -> Result<(), String> {
        if self.given.kill.as_deref() == Some("verify") {
            self.inbox.push_back(Input::Kill);
            return Ok(());
        }
        let verdict = match &self.given.sees {
            None => Verdict::Pass,
            Some(Sees::Verdict(verdict)) => *verdict,
            Some(Sees::Values(values)) => self.judged(values)?,
        };
        self.reached.insert(match verdict {
            Verdict::Pass => Branch::Passes,
            Verdict::Fail => Branch::Fell,
            Verdict::Inconclusive => Branch::Untold,
        });
        self.inbox.push_back(Input::Verdict(verdict));
        Ok(())
    }

    /// By the plan's own checks, as they stand when the time is over: one that fails decides; one that was not measured,
    /// or that neither passes nor fails, cannot be told.
    fn judged(&self, values: &BTreeMap<String, f64>) -> Result<Verdict, String> {
        let checks = &self.run.plan().verify;
        let seen = seen(self.case, checks, values)?;
        let read = |check: &Check| {
            let value = seen.get(&(check.object.clone(), check.metric));
            value.map(|v| check.read(*v))
        };
        let read: Vec<Option<Reading>> = checks.iter().map(read).collect();
        let any = |wanted: &[Option<Reading>]| read.iter().any(|r| wanted.contains(r));
        Ok(if any(&[Some(Reading::Fail), Some(Reading::Short)]) {
            Verdict::Fail
        } else if any(&[None, Some(Reading::Between)]) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        })
    }

    fn tell(&self, got: &mut Got) {
        got.ran.clone_from(&self.ran);
        got.frozen = self.run.frozen().iter().cloned().collect();
        got.outcome = match self.run.state() {
            State::Ended { end } => match end {
                RunEnd::Helped => Outcome::Helped,
                RunEnd::Undone => Outcome::Undone,
                RunEnd::Stuck => Outcome::Stuck,
                RunEnd::NotRun => Outcome::NotRun,
            },
            State::Held => Outcome::Helped,
            _ => Outcome::Unclear,
        };
    }
}

type Seen = BTreeMap<(ManagedObject, Metric), f64>;

/// A metric without an object is that of every check on it.
fn seen(case: &Case, checks: &[Check], values: &BTreeMap<String, f64>) -> Result<Seen, String> {
    let mut seen = Seen::new();
    for (what, value) in values {
        if what.contains('/') {
            let mut other = case.clone();
            other.set(what, *value).map_err(|e| e.to_string())?;
            let (object, metric) = what.rsplit_once('/').unwrap_or_default();
            let metric = crate::case::metric_named(metric).map_err(|e| e.to_string())?;
            seen.insert(
                (object.parse().map_err(|e| format!("{e}"))?, metric),
                *value,
            );
            continue;
        }
        let metric = crate::case::metric_named(what).map_err(|e| e.to_string())?;
        let on: Vec<&Check> = checks.iter().filter(|c| c.metric == metric).collect();
        if on.is_empty() {
            return Err(format!(
                "no check of the playbook looks at {what}: remove it from sees"
            ));
        }
        seen.extend(on.into_iter().map(|c| ((c.object.clone(), metric), *value)));
    }
    Ok(seen)
}

/// A receipt as a driver gives it. What takes the step back is told by the same action here: only that there is one
/// counts for the run.
fn receipt(action: &Action, undo: bool) -> Receipt {
    Receipt {
        before: String::new(),
        after: action.to_string(),
        undo: undo.then(|| action.clone()),
    }
}
