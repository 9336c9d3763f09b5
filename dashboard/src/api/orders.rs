//! How does a program say yes, no or stop?
//!
//! In: an order with a reason. Out: that it was sent. What became of it is in the journal, as a record, like everything else.

use super::once::Once;
use super::problem::{ApiFailure, Looking, Ordering};
use super::said::{Id, Nothing, Told, WholeQuery};
use crate::access::Person;
use crate::desk::Order;
use crate::failure::Failure;
use crate::house::House;
use crate::pages::give;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use zizhi_types::plan::Fingerprint;
use zizhi_types::wire::{Approval, KillOrder};
use zizhi_types::{NetTime, PlanId, RecordId};

/// A yes. It names what was seen: a plan or a topology that is another one by then is refused by the executor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Yes {
    /// `fingerprint` of the decision.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    fingerprint: String,
    /// `question.revision` of the decision.
    revision: String,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct No {
    /// `fingerprint` of the decision.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    fingerprint: String,
    /// `question.revision` of the decision.
    revision: String,
    /// It stands in the journal, and the swarm learns from it.
    #[schema(min_length = 1, max_length = 500, pattern = "[!-~]|[^ -~\\s]")]
    reason: String,
}

/// The kill switch is pressed or released.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// True stops every executor at its next step boundary.
    on: bool,
    /// It stands in the journal.
    #[schema(min_length = 1, max_length = 500, pattern = "[!-~]|[^ -~\\s]")]
    reason: String,
}

/// The order is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sent)]
pub struct OnItsWay {
    /// Always true; what became of the order is in the journal.
    sent: bool,
    /// Who gave it, as records name them.
    by: String,
    /// Where to see what became of it.
    see: String,
}

fn sent(by: &str, see: String) -> Response {
    let body = OnItsWay {
        sent: true,
        by: by.to_owned(),
        see,
    };
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

async fn answer(
    house: &House,
    by: &str,
    plan: &PlanId,
    (granted, seen, reason): (bool, (String, String), String),
) -> Result<Response, ApiFailure> {
    let domain = {
        let view = house.source.current().await?;
        let found = view.waiting().into_iter().find(|w| w.request.plan == *plan);
        found.map(|w| w.plan.domain)
    };
    let domain = domain.ok_or_else(|| Failure::NotWaiting(plan.to_string()))?;
    let approval = Approval {
        fingerprint: Fingerprint(seen.0),
        revision: Some(seen.1),
        granted,
        by: by.to_owned(),
        reason: reason.trim().to_owned(),
        considered_ms: None,
    };
    let said = if granted { "yes" } else { &reason };
    give(house, Order::Answer { domain, approval }, said).await?;
    Ok(sent(by, format!("/api/v1/decisions/{plan}")))
}

/// Says yes to a plan that waits
#[utoipa::path(post, path = "/api/v1/decisions/{plan}/approve", tag = "orders",
    params(("plan" = String, Path, pattern = "^plan-(transport|compute|service|access)-(0|[1-9][0-9]{0,18})$", example = "plan-transport-1"),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,128}$", description = "The same key with the same request gives the first answer again, for 24 hours or 1,000 orders")),
    request_body = Yes, responses((status = 202, description = "It is on its way", body = OnItsWay), Ordering))]
pub async fn approve(
    State(house): State<Arc<House>>,
    Extension(once): Extension<Arc<Once>>,
    person: Person,
    Id(plan): Id<PlanId>,
    _: WholeQuery<Nothing>,
    told: Told<Yes>,
) -> Response {
    let give = async |yes: Yes| {
        let seen = (yes.fingerprint, yes.revision);
        answer(&house, &person.name, &plan, (true, seen, String::new())).await
    };
    once.give(&person.name, told, give).await
}

/// Says no to a plan that waits
#[utoipa::path(post, path = "/api/v1/decisions/{plan}/reject", tag = "orders",
    params(("plan" = String, Path, pattern = "^plan-(transport|compute|service|access)-(0|[1-9][0-9]{0,18})$", example = "plan-transport-1"),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,128}$", description = "The same key with the same request gives the first answer again, for 24 hours or 1,000 orders")),
    request_body = No, responses((status = 202, description = "It is on its way", body = OnItsWay), Ordering))]
pub async fn reject(
    State(house): State<Arc<House>>,
    Extension(once): Extension<Arc<Once>>,
    person: Person,
    Id(plan): Id<PlanId>,
    _: WholeQuery<Nothing>,
    told: Told<No>,
) -> Response {
    let give = async |no: No| {
        let seen = (no.fingerprint, no.revision);
        answer(&house, &person.name, &plan, (false, seen, no.reason)).await
    };
    once.give(&person.name, told, give).await
}

/// Presses or releases the kill switch
#[utoipa::path(post, path = "/api/v1/kill-switch", tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,128}$", description = "The same key with the same request gives the first answer again, for 24 hours or 1,000 orders")),
    request_body = Press, responses((status = 202, description = "It is on its way", body = OnItsWay), Ordering))]
pub async fn press(
    State(house): State<Arc<House>>,
    Extension(once): Extension<Arc<Once>>,
    person: Person,
    _: WholeQuery<Nothing>,
    told: Told<Press>,
) -> Response {
    let by = person.name;
    let give = async |press: Press| {
        let order = KillOrder {
            on: press.on,
            by: by.clone(),
            reason: press.reason.trim().to_owned(),
        };
        give(&house, Order::Kill(order), &press.reason).await?;
        Ok(sent(&by, "/api/v1/kill-switch".to_owned()))
    };
    once.give(&by, told, give).await
}

/// The kill switch.
#[derive(Debug, Serialize, ToSchema)]
pub struct KillSwitch {
    /// On until every domain says that it is off.
    on: bool,
    /// Null where it is off.
    #[schema(value_type = Option<u64>)]
    since: Option<NetTime>,
    /// Who pressed it; null where nobody said.
    by: Option<String>,
    reason: Option<String>,
    #[schema(value_type = Option<String>)]
    record: Option<RecordId>,
}

impl KillSwitch {
    /// As the journal tells it now.
    pub fn of(view: &crate::view::View) -> Self {
        let killed = view.pulse.killed();
        Self {
            on: killed.is_some(),
            since: killed.map(|k| k.since),
            by: killed.and_then(|k| k.by.clone()),
            reason: killed.map(|k| k.reason.clone()),
            record: killed.map(|k| k.record.clone()),
        }
    }
}

/// Whether the kill switch is on
#[utoipa::path(get, path = "/api/v1/kill-switch", tag = "now",
    responses((status = 200, description = "Its state", body = KillSwitch), Looking))]
pub async fn switch(
    State(house): State<Arc<House>>,
    _: WholeQuery<Nothing>,
) -> Result<Json<KillSwitch>, ApiFailure> {
    let view = house.source.current().await?;
    Ok(Json(KillSwitch::of(&view)))
}
