//! One decision: why this, what else, what it would change, what takes it back; and the answer.

use super::Asked;
use super::frame::Frame;
use crate::card::{Card, card};
use crate::desk::Order;
use crate::failure::Failure;
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;
use zizhi_types::PlanId;
use zizhi_types::plan::Fingerprint;
use zizhi_types::wire::Approval;

#[derive(Template)]
#[template(path = "decision.html")]
struct DecisionPage {
    frame: Frame,
    card: Card,
}

/// One plan.
pub async fn show(asked: Asked, Path(plan): Path<String>) -> Response {
    asked
        .draw("", |view, mut frame| {
            let plan: PlanId = plan.parse()?;
            let card = card(view, &plan, frame.language);
            let card = card.ok_or_else(|| Failure::NoPlan(plan.to_string()))?;
            frame.title = format!("{}: {}", plan, card.claim);
            Ok(DecisionPage { frame, card }.render()?)
        })
        .await
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct Answered {
    granted: bool,
    #[serde(default)]
    reason: String,
    /// The content and the topology that the person saw: another one is refused by the executor.
    fingerprint: String,
    revision: String,
}

/// Says yes or no.
pub async fn answer(
    asked: Asked,
    Path(plan): Path<String>,
    Form(form): Form<Answered>,
) -> Response {
    match send(&asked, &plan, form).await {
        Ok(()) => asked.see(&format!("/decisions/{plan}")),
        Err(failure) => asked.fail(&failure),
    }
}

async fn send(asked: &Asked, plan: &str, form: Answered) -> Result<(), Failure> {
    let plan: PlanId = plan.parse()?;
    let domain = {
        let view = asked.house.source.current().await?;
        let found = view.waiting().into_iter().find(|w| w.request.plan == plan);
        found.map(|w| w.plan.domain)
    };
    let domain = domain.ok_or_else(|| Failure::NotWaiting(plan.to_string()))?;
    let approval = Approval {
        fingerprint: Fingerprint(form.fingerprint),
        revision: Some(form.revision),
        granted: form.granted,
        by: asked.person.name.clone(),
        reason: form.reason.trim().to_owned(),
        considered_ms: None,
    };
    // A yes needs no reason; a no is what the swarm learns from.
    let reason = if form.granted { "yes" } else { &form.reason };
    asked.give(Order::Answer { domain, approval }, reason).await
}
