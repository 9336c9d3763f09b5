//! The kill switch: what is in flight, what will be taken back, and the button.

use super::Asked;
use super::frame::Frame;
use crate::desk::Order;
use crate::failure::Failure;
use crate::house::House;
use crate::story::{Row, row};
use askama::Template;
use axum::Form;
use axum::response::Response;
use serde::Deserialize;
use zizhi_types::wire::KillOrder;

/// Longest reason. Our choice: a sentence or two; it stands in every journal.
pub const REASON_MAX: usize = 500;

#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage {
    frame: Frame,
    /// Incidents with a change under way.
    in_flight: Vec<Row>,
    waiting: Vec<String>,
}

/// What pressing it would mean.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().kill_switch;
    asked
        .draw(title, |view, frame| {
            let open = view.incidents().iter().filter(|i| i.ending.is_none());
            let acting = open.filter(|i| i.acted.is_some());
            let page = StopPage {
                in_flight: acting.map(|i| row(view, i, frame.language)).collect(),
                waiting: view
                    .waiting()
                    .iter()
                    .map(|w| w.request.plan.to_string())
                    .collect(),
                frame,
            };
            Ok(page.render()?)
        })
        .await
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct Pressed {
    on: bool,
    reason: String,
}

/// Presses or releases it.
pub async fn order(asked: Asked, Form(form): Form<Pressed>) -> Response {
    let order = KillOrder {
        on: form.on,
        by: asked.person.name.clone(),
        reason: form.reason.trim().to_owned(),
    };
    match asked.give(Order::Kill(order), &form.reason).await {
        Ok(()) => asked.see("/stop"),
        Err(failure) => asked.fail(&failure),
    }
}

impl Asked {
    /// Sends an order with its reason checked.
    pub(super) async fn give(&self, order: Order, reason: &str) -> Result<(), Failure> {
        give(&self.house, order, reason).await
    }
}

/// Sends an order with its reason checked.
pub async fn give(house: &House, order: Order, reason: &str) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::NoReason);
    }
    if reason.chars().count() > REASON_MAX {
        return Err(Failure::LongReason(REASON_MAX));
    }
    let desk = house.desk.as_ref().ok_or(Failure::NoDesk)?;
    Ok(desk.send(order).await?)
}
