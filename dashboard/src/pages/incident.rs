//! One incident from the top down.

use super::Asked;
use super::frame::Frame;
use crate::failure::Failure;
use crate::story::{Story, story};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use zizhi_types::IncidentId;

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    frame: Frame,
    story: Story,
}

/// One incident.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, mut frame| {
            let id: IncidentId = id.parse()?;
            let incident = view.incident(&id);
            let incident = incident.ok_or_else(|| Failure::NoIncident(id.to_string()))?;
            let story = story(view, incident, frame.language);
            frame.title = format!("{id}: {}", story.row.cause);
            Ok(IncidentPage { frame, story }.render()?)
        })
        .await
}
