//! What was decided, and what waits for a person?

use super::paging;
use super::problem::{ApiFailure, Finding, Looking};
use super::said::{Id, Nothing, WholeQuery};
use super::words::{DomainWord, FaultWord, ModeWord, RulingWord};
use crate::failure::Failure;
use crate::house::House;
use crate::view::{View, Waiting};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ruling, Who};
use zizhi_types::{Body, Domain, FaultKind, IncidentId, NetTime, Plan, PlanId, Record, RecordId};

/// Whether a person is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionState {
    Waiting,
    Decided,
}

/// The question to a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Question {
    /// The topology that the plan rests on; an answer names it.
    revision: String,
    /// Without an answer until then, it is not done.
    #[schema(value_type = u64)]
    expires: NetTime,
    /// How many different people have to say yes.
    people: u8,
    /// Who said yes.
    yes: Vec<String>,
}

/// What became of the question.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// `granted`, `rejected`, `expired`, `superseded` or `withdrawn`.
    state: String,
    /// Who answered.
    by: Option<String>,
    reason: String,
    #[schema(value_type = String)]
    record: RecordId,
}

/// What a guard said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guard)]
pub struct Said {
    guard: String,
    pass: bool,
    reason: String,
}

/// A decision about a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionOut {
    #[schema(value_type = String, examples("plan-transport-1"))]
    plan: PlanId,
    state: DecisionState,
    #[schema(value_type = String)]
    incident: IncidentId,
    #[schema(value_type = DomainWord)]
    domain: Domain,
    /// The playbook and its version.
    playbook: String,
    #[schema(value_type = FaultWord)]
    fault: FaultKind,
    /// The suspected object.
    suspect: String,
    /// By the playbook's author.
    #[schema(minimum = 0, maximum = 1)]
    risk: f64,
    cost_tokens: f64,
    /// Every step can be taken back.
    reversible: bool,
    #[schema(value_type = ModeWord)]
    mode: Mode,
    #[schema(value_type = RulingWord)]
    ruling: Ruling,
    guards: Vec<Said>,
    /// SHA-256 of the plan's content; an answer names it.
    fingerprint: String,
    /// When it was decided.
    #[schema(value_type = u64)]
    at: NetTime,
    /// The record of the decision.
    #[schema(value_type = String)]
    record: RecordId,
    /// Null where nobody is asked now.
    question: Option<Question>,
    /// Null where nobody was asked, or nobody has answered.
    outcome: Option<Outcome>,
}

impl DecisionOut {
    /// As the journal tells it now.
    pub fn of(view: &View, plan: &PlanId) -> Option<Self> {
        let waiting = view.waiting();
        let (record, plan) = view.decided(plan)?;
        Self::with(view, (record, plan), &waiting)
    }

    fn with(view: &View, (record, plan): (&Record, &Plan), waiting: &[Waiting]) -> Option<Self> {
        let Body::Decided {
            mode,
            guards,
            ruling,
            ..
        } = &record.body
        else {
            return None;
        };
        let asked = waiting.iter().find(|w| w.request.plan == plan.id);
        let guards = guards.iter().map(|g| Said {
            guard: g.guard.clone(),
            pass: g.pass,
            reason: g.reason.clone(),
        });
        Some(Self {
            plan: plan.id.clone(),
            state: asked.map_or(DecisionState::Decided, |_| DecisionState::Waiting),
            incident: plan.incident.clone(),
            domain: plan.domain,
            playbook: plan.playbook.clone(),
            fault: plan.fault,
            suspect: plan.suspect.to_string(),
            risk: plan.risk,
            cost_tokens: plan.cost_tokens,
            reversible: plan.reversible(),
            mode: *mode,
            ruling: *ruling,
            guards: guards.collect(),
            fingerprint: plan.fingerprint.to_string(),
            at: record.at,
            record: record.id.clone(),
            question: asked.map(|w| Question {
                revision: w.request.revision.0.clone(),
                expires: w.request.expires,
                people: w.request.people,
                yes: w.request.yes.clone(),
            }),
            outcome: asked.map_or_else(|| outcome(view, plan), |_| None),
        })
    }
}

/// The newest word about the question.
fn outcome(view: &View, plan: &Plan) -> Option<Outcome> {
    let incident = view.incident(&plan.incident)?;
    let records: Vec<&Record> = view.records(incident).collect();
    records.into_iter().rev().find_map(|record| {
        let (state, reason) = match &record.body {
            Body::Approved {
                fingerprint,
                granted,
                reason,
                ..
            } if *fingerprint == plan.fingerprint => {
                let state = if *granted { "granted" } else { "rejected" };
                (state.to_owned(), reason.clone())
            }
            Body::ApprovalEnded {
                plan: of, state, ..
            } if *of == plan.id => (state.clone(), String::new()),
            _ => return None,
        };
        let by = match &record.who {
            Who::Human { name } | Who::Both { name } => Some(name.clone()),
            Who::System => None,
        };
        let record = record.id.clone();
        Some(Outcome {
            state,
            by,
            reason,
            record,
        })
    })
}

/// A page of decisions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decisions {
    items: Vec<DecisionOut>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// A decision with the whole plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionWithPlan {
    decision: DecisionOut,
    /// The plan as it would be run: steps, parameters, checks.
    #[schema(value_type = Object)]
    plan: Value,
    /// What the twin says, with its own past error; null where it was not asked.
    #[schema(value_type = Option<Object>)]
    rehearsal: Option<Value>,
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// `next` of the page before
    #[param(pattern = "^[0-9a-v]{12}$")]
    cursor: Option<String>,
    /// Items on a page; 50 where nothing is said
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Only those that wait for a person, or only the others
    #[param(inline)]
    state: Option<DecisionState>,
    /// Only those that this domain's agent would carry out
    #[param(value_type = Option<DomainWord>)]
    domain: Option<Domain>,
}

/// Decisions about plans, newest first
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(Which),
    responses((status = 200, description = "A page", body = Decisions), Looking))]
pub async fn list(
    State(house): State<Arc<House>>,
    WholeQuery(which): WholeQuery<Which>,
) -> Result<Json<Decisions>, ApiFailure> {
    let view = house.source.current().await?;
    let waiting = view.waiting();
    let waits = |plan: &PlanId| waiting.iter().any(|w| w.request.plan == *plan);
    let passes = |entry: &&zizhi_bus::journal::Entry| {
        let Body::Decided { plan, .. } = &entry.record.body else {
            return false;
        };
        // Of a plan that was decided on twice only the newest counts.
        let newest = view
            .decided(&plan.id)
            .is_some_and(|(r, _)| r.id == entry.record.id);
        newest
            && which.domain.is_none_or(|d| d == plan.domain)
            && which
                .state
                .is_none_or(|s| (s == DecisionState::Waiting) == waits(&plan.id))
    };
    let from = (which.cursor.as_deref(), which.limit);
    let (found, next) = paging::page(view.entries.iter(), passes, from)?;
    let items = found
        .into_iter()
        .filter_map(|entry| match &entry.record.body {
            Body::Decided { plan, .. } => DecisionOut::with(&view, (&entry.record, plan), &waiting),
            _ => None,
        });
    let items = items.collect();
    Ok(Json(Decisions { items, next }))
}

/// One decision with its plan and what the twin says
#[utoipa::path(get, path = "/api/v1/decisions/{plan}", tag = "decisions",
    params(("plan" = String, Path, pattern = "^plan-(transport|compute|service|access)-(0|[1-9][0-9]{0,18})$", example = "plan-transport-1")),
    responses((status = 200, description = "The decision", body = DecisionWithPlan), Finding))]
pub async fn one(
    State(house): State<Arc<House>>,
    Id(id): Id<PlanId>,
    _: WholeQuery<Nothing>,
) -> Result<Json<DecisionWithPlan>, ApiFailure> {
    let view = house.source.current().await?;
    let missing = || Failure::NoPlan(id.to_string());
    let decision = DecisionOut::of(&view, &id).ok_or_else(missing)?;
    let (_, plan) = view.decided(&id).ok_or_else(missing)?;
    let records = view.incident(&plan.incident).map(|i| view.records(i));
    let rehearsal = records.into_iter().flatten().filter_map(|r| match &r.body {
        Body::Rehearsed {
            plan: of,
            rehearsal,
        } if *of == id => Some(rehearsal),
        Body::BidReceived { bid, .. } if bid.plan.id == id => Some(&bid.rehearsal),
        _ => None,
    });
    Ok(Json(DecisionWithPlan {
        decision,
        plan: serde_json::to_value(plan).unwrap_or_default(),
        rehearsal: rehearsal.last().and_then(|r| serde_json::to_value(r).ok()),
    }))
}
