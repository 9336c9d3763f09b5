//! Why this plan?
//!
//! In: a view of the journal and a plan. Out: five slots of text, always the same: what is claimed, what it rests on, what
//! else was looked at and why it was not taken, what it would change, what takes it back. Pure.

use crate::phrases::{phrases, text};
use crate::story::{Badge, Cause, Line, Teller, badge, line};
use crate::view::View;
use zizhi_types::plan::StepUndo;
use zizhi_types::record::GuardResult;
use zizhi_types::text::{
    Language, action, agent, label, object, quantity, reason, sentence, share,
};
use zizhi_types::{Body, NetTime, Plan, PlanId, Record};

/// A decision, ready for the template.
pub struct Card {
    pub plan: String,
    pub incident: String,
    pub playbook: String,
    pub severity: Badge,
    /// Fault and object in one line.
    pub claim: String,
    /// How sure the diagnosis is of it, and what speaks for and against.
    pub cause: Option<Cause>,
    /// Raw messages below the diagnosis.
    pub raw: Vec<Line>,
    pub steps: Vec<Step>,
    /// What was looked at and not taken.
    pub alternatives: Vec<Alternative>,
    pub effects: Vec<Effect>,
    /// What the twin is known to be wrong by, in words.
    pub twin: String,
    pub risk: String,
    pub cost: f64,
    pub guards: Vec<GuardResult>,
    /// The record of the decision.
    pub decided: Line,
    pub ask: Option<Ask>,
    /// Everything that happened to the plan after the decision.
    pub after: Vec<Line>,
}

/// A step.
pub struct Step {
    pub id: String,
    pub does: String,
    pub undo: String,
}

/// A remedy that was not taken.
pub struct Alternative {
    pub what: String,
    pub why: String,
    pub record: String,
}

/// A change that the twin expects.
pub struct Effect {
    pub what: String,
    pub without: String,
    pub with: String,
    /// With the twin's own past error.
    pub range: String,
}

/// The question to a person.
pub struct Ask {
    pub fingerprint: String,
    pub revision: String,
    pub expires: NetTime,
    pub people: u8,
    pub yes: Vec<String>,
}

/// The card of a plan that was decided on.
pub fn card(view: &View, plan: &PlanId, language: Language) -> Option<Card> {
    let (decided, plan) = view.decided(plan)?;
    let incident = view.incident(&plan.incident)?;
    let teller = Teller { view, language };
    let records: Vec<&Record> = view.records(incident).collect();
    let diagnosis = cause_of(&records, plan);
    let names = [label(plan.fault, language), object(&plan.suspect, language)];
    let guards = match &decided.body {
        Body::Decided { guards, .. } => guards.iter().map(|g| teller.guard(g)).collect(),
        _ => vec![],
    };
    let waiting = view
        .waiting()
        .into_iter()
        .find(|w| w.request.plan == plan.id);
    Some(Card {
        plan: plan.id.to_string(),
        incident: incident.id.to_string(),
        playbook: plan.playbook.clone(),
        severity: badge(view.severity(incident), language),
        claim: text(
            language,
            "fault-at",
            &[("fault", &names[0]), ("object", &names[1])],
        ),
        cause: diagnosis.map(|(_, h)| teller.cause(h)),
        raw: diagnosis.map_or_else(Vec::new, |(r, _)| {
            view.raw_sources(&r.id)
                .into_iter()
                .map(|r| line(r, language))
                .collect()
        }),
        steps: steps(plan, language),
        alternatives: alternatives(&records, plan, language),
        effects: effects(&records, plan, language),
        twin: twin(&records, plan, language),
        risk: share(plan.risk),
        cost: plan.cost_tokens,
        guards,
        decided: line(decided, language),
        ask: waiting.map(|w| Ask {
            fingerprint: w.request.fingerprint.to_string(),
            revision: w.request.revision.0.clone(),
            expires: w.request.expires,
            people: w.request.people,
            yes: w.request.yes.clone(),
        }),
        after: after(&records, decided, language),
    })
}

/// The newest ranking that has the plan's cause in it.
fn cause_of<'a>(
    records: &[&'a Record],
    plan: &Plan,
) -> Option<(&'a Record, &'a zizhi_types::Hypothesis)> {
    records.iter().rev().find_map(|record| match &record.body {
        Body::Diagnosed { hypotheses, .. } => {
            let meant =
                |h: &&zizhi_types::Hypothesis| h.object == plan.suspect && h.fault == plan.fault;
            hypotheses.iter().find(meant).map(|h| (*record, h))
        }
        _ => None,
    })
}

fn steps(plan: &Plan, language: Language) -> Vec<Step> {
    let words = phrases(language);
    let step = |s: &zizhi_types::plan::PlannedStep| Step {
        id: s.id.clone(),
        does: action(&s.action, language),
        undo: match &s.policy.undo {
            _ if !s.can_undo() => words.cannot_be_undone.to_owned(),
            StepUndo::Action(undo) => action(undo, language),
            StepUndo::Auto | StepUndo::None => words.back_to_before.to_owned(),
        },
    };
    plan.steps.iter().map(step).collect()
}

fn alternatives(records: &[&Record], plan: &Plan, language: Language) -> Vec<Alternative> {
    let mut found = vec![];
    for record in records {
        let mut add = |what: String, why: String| {
            let record = record.id.to_string();
            found.push(Alternative { what, why, record });
        };
        match &record.body {
            Body::Planned { rejected, .. } => {
                for (playbook, why) in rejected {
                    add(playbook.clone(), reason(why, language));
                }
            }
            Body::BidReceived { from, bid } if bid.plan.id != plan.id => {
                let what = format!("{} ({})", bid.plan.playbook, agent(Some(*from), language));
                add(what, phrases(language).ranked_lower.to_owned());
            }
            Body::Refused {
                from, plan: other, ..
            } => {
                let who = agent(Some(*from), language);
                let what = other
                    .as_ref()
                    .map_or(who.clone(), |p| format!("{p} ({who})"));
                add(what, sentence(record, language));
            }
            _ => {}
        }
    }
    found
}

/// The newest rehearsal of a plan.
pub fn rehearsals<'a>(
    records: &[&'a Record],
    plan: &Plan,
) -> Option<&'a zizhi_types::plan::Rehearsal> {
    records.iter().rev().find_map(|record| match &record.body {
        Body::Rehearsed {
            plan: of,
            rehearsal,
        } if *of == plan.id => Some(rehearsal),
        Body::BidReceived { bid, .. } if bid.plan.id == plan.id => Some(&bid.rehearsal),
        _ => None,
    })
}

/// What the twin expects of a plan.
pub fn effects(records: &[&Record], plan: &Plan, language: Language) -> Vec<Effect> {
    let Some(rehearsal) = rehearsals(records, plan) else {
        return vec![];
    };
    let effect = |c: &zizhi_types::plan::PredictedChange| {
        let written = |value| quantity(value, c.metric, language);
        let off = c.with.abs() * rehearsal.error;
        Effect {
            what: format!(
                "{} · {}",
                object(&c.object, language),
                label(c.metric, language)
            ),
            without: written(c.without),
            with: written(c.with),
            // A twin that was never measured is right by luck: no range is better than one of no width.
            range: match rehearsal.error_samples {
                0 => "–".to_owned(),
                _ => format!("{} – {}", written(c.with - off), written(c.with + off)),
            },
        }
    };
    rehearsal.changes.iter().map(effect).collect()
}

/// What the twin is known to be wrong by.
pub fn twin(records: &[&Record], plan: &Plan, language: Language) -> String {
    match rehearsals(records, plan) {
        None => phrases(language).not_rehearsed.to_owned(),
        Some(r) if r.error_samples == 0 => phrases(language).twin_untested.to_owned(),
        Some(r) => text(
            language,
            "twin-error",
            &[
                ("error", &share(r.error)),
                ("count", &r.error_samples.to_string()),
            ],
        ),
    }
}

/// What happened after the decision, of this incident.
fn after(records: &[&Record], decided: &Record, language: Language) -> Vec<Line> {
    let later = records.iter().skip_while(|r| r.id != decided.id).skip(1);
    later.map(|r| line(r, language)).collect()
}
