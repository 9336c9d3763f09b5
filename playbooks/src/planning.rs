//! From a suspected cause to plans that could cure it.
//!
//! In: the catalogue, a hypothesis and its [`Context`]. Out: filled-in drafts, and the playbooks that were looked at and
//! left out, each with its reason. Called by a domain's planner. Nothing is chosen and nothing is run here; equal inputs
//! give equal drafts in the order of playbook ids.

use crate::catalog::Catalog;
use crate::context::Context;
use crate::expr::Scope;
use crate::fingerprint::fingerprint;
use crate::limits::Limits;
use crate::playbook::{BlastRadius, CheckTemplate, Param, Playbook, Step, Undo};
use crate::{sample, values};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::action::{Action, Value};
use zizhi_types::plan::{
    Check, Fingerprint, Mode, Plan, PlanPolicy, PlannedStep, StepPolicy, StepUndo,
};
use zizhi_types::topology::Bilingual;
use zizhi_types::{Domain, FaultKind, Hypothesis, IncidentId, ManagedObject, PlanId};

/// A plan without a number.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanDraft {
    /// Id and version of the playbook.
    pub playbook: String,
    /// The playbook's title.
    pub title: Bilingual,
    /// Whose executor would run it.
    pub domain: Domain,
    /// The suspected object.
    pub suspect: ManagedObject,
    /// The suspected fault.
    pub fault: FaultKind,
    /// Parameters as filled in.
    pub params: BTreeMap<String, Value>,
    /// In this order.
    pub steps: Vec<PlannedStep>,
    /// Checked after the last step.
    pub verify: Vec<Check>,
    /// How long the checks are given.
    pub verify_ms: u64,
    /// Compute tokens.
    pub cost_tokens: f64,
    /// By the playbook's author, 0 to 1.
    pub risk: f64,
    /// Kept only until the suspect is healthy again.
    pub temporary: bool,
    /// The playbook's mode.
    pub mode: Mode,
    /// How it is watched and taken back, where that is not as usual.
    pub policy: PlanPolicy,
    /// The most it may touch.
    pub blast_radius: BlastRadius,
    /// How long a request for approval stays open.
    pub approval_ms: u64,
    /// How long the symptoms must have lasted before it is proposed, in milliseconds.
    pub hold_ms: u64,
}

/// A playbook that was looked at and left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Id and version.
    pub playbook: String,
    /// Why, for people.
    pub reason: Bilingual,
}

/// The drafts for a hypothesis, and the playbooks for its fault that do not fit, with the reason.
///
/// A playbook for another fault appears in neither list.
pub fn candidates(
    catalog: &Catalog,
    hypothesis: &Hypothesis,
    context: &Context,
) -> (Vec<PlanDraft>, Vec<Rejected>) {
    let mut drafts = vec![];
    let mut rejected = vec![];
    let meant = |p: &&Playbook| p.faults.contains(&hypothesis.fault);
    for playbook in catalog.playbooks().iter().filter(meant) {
        match of_playbook(playbook, hypothesis, context) {
            Ok(made) => drafts.extend(made),
            Err(reason) => rejected.push(Rejected {
                playbook: playbook.reference(),
                reason,
            }),
        }
    }
    (drafts, rejected)
}

/// The drafts of one playbook for a hypothesis, one for each variant that fits, whether or not the playbook is meant for
/// its fault. It is left out only if none of its variants fits; the first says why.
pub(crate) fn of_playbook(
    playbook: &Playbook,
    hypothesis: &Hypothesis,
    context: &Context,
) -> Result<Vec<PlanDraft>, Bilingual> {
    let mut drafts = vec![];
    let mut first = None;
    for variant in variants(&playbook.params) {
        match draft(playbook, &variant, hypothesis, context) {
            Ok(draft) => drafts.push(draft),
            Err(reason) => {
                first.get_or_insert(reason);
            }
        }
    }
    match first {
        Some(reason) if drafts.is_empty() => Err(reason),
        _ => Ok(drafts),
    }
}

/// One value for each parameter that has several candidates.
pub(crate) type Variant<'p> = BTreeMap<&'p str, &'p Value>;

/// Every combination of candidate values, in the order in which they are written; one empty one where there is none.
pub(crate) fn variants(params: &[Param]) -> Vec<Variant<'_>> {
    let mut out = vec![Variant::new()];
    for param in params.iter().filter(|p| !p.choices.is_empty()) {
        let mut longer = vec![];
        for variant in &out {
            for value in &param.choices {
                let mut more = variant.clone();
                more.insert(param.name.as_str(), value);
                longer.push(more);
            }
        }
        out = longer;
    }
    out
}

/// Each variant has a name of its own, so that experience with one is not counted for another:
/// `transport.surge.shift~1.5@1.0.0`.
fn referenced(playbook: &Playbook, variant: &Variant<'_>) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    let mut marks = String::new();
    for value in variant.values() {
        marks.push('~');
        marks.extend(value.to_string().chars().map(plain));
    }
    format!("{}{marks}@{}", playbook.id, playbook.version)
}

/// The title with what sets this variant apart: `Shift a surge (shift 1.5)`.
fn titled(title: &Bilingual, variant: &Variant<'_>) -> Bilingual {
    if variant.is_empty() {
        return title.clone();
    }
    let said: Vec<String> = variant.iter().map(|(k, v)| format!("{k} {v}")).collect();
    Bilingual {
        en: format!("{} ({})", title.en, said.join(", ")),
        zh: format!("{}（{}）", title.zh, said.join("，")),
    }
}

fn draft(
    playbook: &Playbook,
    variant: &Variant<'_>,
    hypothesis: &Hypothesis,
    context: &Context,
) -> Result<PlanDraft, Bilingual> {
    probable(playbook, hypothesis.probability)?;
    let (params, scope) = scoped(playbook, variant, context.scope())?;
    conditions(playbook, &scope)?;
    Ok(PlanDraft {
        playbook: referenced(playbook, variant),
        title: titled(&playbook.title, variant),
        domain: playbook.domain,
        suspect: context.suspect().clone(),
        fault: hypothesis.fault,
        params,
        steps: steps(playbook, &scope)?,
        verify: checks(playbook, &scope)?,
        verify_ms: playbook.verify_ms,
        cost_tokens: playbook.cost_tokens,
        risk: playbook.risk,
        temporary: playbook.temporary,
        mode: playbook.mode,
        policy: playbook.policy.clone(),
        blast_radius: playbook.blast_radius,
        approval_ms: playbook.approval_ms,
        hold_ms: playbook.hold_ms,
    })
}

fn probable(playbook: &Playbook, probability: f64) -> Result<(), Bilingual> {
    let least = playbook.min_probability;
    if probability >= least {
        return Ok(());
    }
    Err(Bilingual {
        en: format!("the cause has probability {probability:.2}, less than {least:.2}"),
        zh: format!("该原因的概率为 {probability:.2}，低于要求的 {least:.2}"),
    })
}

/// The parameters as filled in, and the variables with them.
fn scoped(
    playbook: &Playbook,
    variant: &Variant<'_>,
    context: &Scope,
) -> Result<(BTreeMap<String, Value>, Scope), Bilingual> {
    let mut scope = context.clone();
    let params = fill(&playbook.params, variant, &scope)?;
    let filled: Map<String, Json> = params.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    scope.insert("params".to_owned(), Json::Object(filled));
    Ok((params, scope))
}

fn fill(
    params: &[Param],
    variant: &Variant<'_>,
    scope: &Scope,
) -> Result<BTreeMap<String, Value>, Bilingual> {
    let one = |param: &Param| {
        let value = filled(param, variant, scope).map_err(untold)?;
        Ok((param.name.clone(), value))
    };
    params.iter().map(one).collect()
}

/// One parameter's value.
pub(crate) fn filled(param: &Param, variant: &Variant<'_>, scope: &Scope) -> Result<Value, String> {
    let value = match variant.get(param.name.as_str()) {
        Some(value) => (*value).clone(),
        None => values::value(&param.value, scope)?,
    };
    param.accepts(&value)?;
    Ok(value)
}

/// What the playbook would do on the sample network, for each of its variants that fits there.
pub(crate) fn sample_plans(playbook: &Playbook, fault: FaultKind) -> Vec<Vec<Action>> {
    let Ok(context) = sample::context(fault) else {
        return vec![];
    };
    let of = |variant: &Variant<'_>| {
        let (_, scope) = scoped(playbook, variant, context.scope()).ok()?;
        let steps = steps(playbook, &scope).ok()?;
        Some(steps.into_iter().map(|s| s.action).collect())
    };
    variants(&playbook.params).iter().filter_map(of).collect()
}

/// The first condition that does not hold decides.
fn conditions(playbook: &Playbook, scope: &Scope) -> Result<(), Bilingual> {
    for condition in &playbook.when {
        match condition.check.eval_bool(scope) {
            Ok(true) => {}
            Ok(false) => return Err(condition.message.clone()),
            Err(e) => return Err(untold(e.to_string())),
        }
    }
    Ok(())
}

/// Each step once for every object it means; several get `-1`, `-2` after the step's id.
fn steps(playbook: &Playbook, scope: &Scope) -> Result<Vec<PlannedStep>, Bilingual> {
    let mut out = vec![];
    for step in &playbook.steps {
        if applies(step, scope).map_err(untold)? {
            out.extend(planned(step, scope).map_err(untold)?);
        }
    }
    if out.is_empty() {
        return Err(Bilingual {
            en: "the condition of every step is false: nothing is to be done".to_owned(),
            zh: "所有步骤的条件都不成立，无事可做".to_owned(),
        });
    }
    let ids: BTreeSet<_> = out.iter().map(|s| s.id.as_str()).collect();
    if ids.len() != out.len() {
        return Err(untold("two steps of the plan would have one id".to_owned()));
    }
    let touched: BTreeSet<_> = out.iter().map(|s| &s.action.object).collect();
    let most = playbook.blast_radius.max_objects;
    if touched.len() > most as usize {
        let count = touched.len();
        return Err(Bilingual {
            en: format!("it would touch {count} objects, more than the {most} it may"),
            zh: format!("将涉及 {count} 个对象，超出允许的 {most} 个"),
        });
    }
    Ok(out)
}

/// A step without a condition always applies.
fn applies(step: &Step, scope: &Scope) -> Result<bool, String> {
    match &step.when {
        Some(when) => when.eval_bool(scope).map_err(|e| e.to_string()),
        None => Ok(true),
    }
}

fn planned(step: &Step, scope: &Scope) -> Result<Vec<PlannedStep>, String> {
    let objects = values::objects(&step.on, scope)?;
    if objects.is_empty() {
        return Err(format!("step `{}` has no object to act on", step.id));
    }
    let single = objects.len() == 1;
    let place = |(i, object)| {
        let id = if single {
            step.id.clone()
        } else {
            format!("{}-{}", step.id, i + 1)
        };
        let undo = undo(step, &object, scope)?;
        Ok(PlannedStep {
            id,
            action: action(step, object, scope)?,
            timeout_ms: step.timeout_ms,
            policy: StepPolicy {
                continue_on_error: step.continue_on_error,
                undo,
                retry: step.retry,
            },
        })
    };
    objects.into_iter().enumerate().map(place).collect()
}

fn action(step: &Step, object: ManagedObject, scope: &Scope) -> Result<Action, String> {
    let wanted = step.verb.object_kind();
    if object.kind() != wanted {
        let (verb, kind) = (step.verb, wanted.as_str());
        return Err(format!("{verb} acts on a {kind}, and {object} is none"));
    }
    let mut action = Action::new(step.verb, object);
    for (key, operand) in &step.with {
        let value = values::value(operand, scope)?;
        action = action.with(key, value);
    }
    Ok(action)
}

fn undo(step: &Step, object: &ManagedObject, scope: &Scope) -> Result<StepUndo, String> {
    let (verb, with) = match &step.undo {
        Undo::Auto => return Ok(StepUndo::Auto),
        Undo::None => return Ok(StepUndo::None),
        Undo::Action(verb, with) => (*verb, with),
    };
    let mut action = Action::new(verb, object.clone());
    for (key, operand) in with {
        action = action.with(key, values::value(operand, scope)?);
    }
    Ok(StepUndo::Action(action))
}

fn checks(playbook: &Playbook, scope: &Scope) -> Result<Vec<Check>, Bilingual> {
    let mut out = vec![];
    for template in &playbook.checks {
        out.extend(check(template, scope).map_err(untold)?);
    }
    Ok(out)
}

fn check(template: &CheckTemplate, scope: &Scope) -> Result<Vec<Check>, String> {
    let Limits {
        comparison,
        limit,
        pass,
        fail,
    } = template.limits(scope)?;
    let objects = values::objects(&template.on, scope)?;
    let made = objects.into_iter().map(|object| Check {
        object,
        metric: template.metric,
        comparison,
        limit,
        pass: pass.clone(),
        fail: fail.clone(),
    });
    Ok(made.collect())
}

fn untold(reason: String) -> Bilingual {
    Bilingual {
        zh: format!("无法判断：{reason}"),
        en: reason,
    }
}

impl PlanDraft {
    /// Numbers the draft and seals it: from here on its content has a fingerprint and is never changed.
    pub fn into_plan(self, id: PlanId, incident: IncidentId) -> Plan {
        let mut plan = Plan {
            id,
            playbook: self.playbook,
            domain: self.domain,
            incident,
            suspect: self.suspect,
            fault: self.fault,
            params: self.params,
            steps: self.steps,
            verify: self.verify,
            verify_ms: self.verify_ms,
            cost_tokens: self.cost_tokens,
            risk: self.risk,
            temporary: self.temporary,
            mode: self.mode,
            policy: self.policy,
            fingerprint: Fingerprint(String::new()),
        };
        plan.fingerprint = fingerprint(&plan);
        plan
    }
}
