//! The JSON API: the same journal for programs.

use crate::failure::Failure;
use crate::house::House;
use crate::view::View;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use zizhi_types::text::{Language, sentence};
use zizhi_types::{Incident, IncidentId, Record, RecordId, Severity};

/// A failure as `{"error": "..."}` with its status.
pub struct ApiFailure(Failure);

impl<E: Into<Failure>> From<E> for ApiFailure {
    fn from(failure: E) -> Self {
        Self(failure.into())
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.0.explain() }));
        (self.0.status(), body).into_response()
    }
}

#[derive(Serialize)]
struct Rated<'a> {
    severity: Severity,
    #[serde(flatten)]
    incident: &'a Incident,
}

/// A sentence in every language.
#[derive(Serialize)]
struct Sentences {
    en: String,
    zh: String,
}

impl Sentences {
    fn of(record: &Record) -> Self {
        Self {
            en: sentence(record, Language::En),
            zh: sentence(record, Language::Zh),
        }
    }
}

fn rated<'a>(view: &View, incident: &'a Incident) -> Rated<'a> {
    Rated {
        severity: view.severity(incident),
        incident,
    }
}

/// Every incident, newest first.
pub async fn incidents(State(house): State<Arc<House>>) -> Result<Response, ApiFailure> {
    let view = house.source.current().await?;
    let all: Vec<Rated> = view
        .incidents()
        .iter()
        .rev()
        .map(|i| rated(&view, i))
        .collect();
    Ok(Json(json!({ "incidents": all, "damage": view.damage })).into_response())
}

/// One incident with all its records.
pub async fn incident(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
) -> Result<Response, ApiFailure> {
    let id: IncidentId = id.parse().map_err(Failure::BadId)?;
    let view = house.source.current().await?;
    let missing = || Failure::NoIncident(id.to_string());
    let incident = view.incident(&id).ok_or_else(missing)?;
    let records: Vec<&Record> = view.records(incident).collect();
    let body = json!({ "incident": rated(&view, incident), "records": records });
    Ok(Json(body).into_response())
}

/// One record with its place in the chain, its effects and the raw messages it rests on.
pub async fn record(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
) -> Result<Response, ApiFailure> {
    let id: RecordId = id.parse().map_err(Failure::BadId)?;
    let view = house.source.current().await?;
    let missing = || Failure::NoRecord(id.to_string());
    let entry = view.entry(&id).ok_or_else(missing)?;
    let raw: Vec<&RecordId> = view.raw_sources(&id).iter().map(|r| &r.id).collect();
    let body = json!({
        "position": entry.position,
        "hash": entry.hash,
        "prev": entry.prev,
        "record": entry.record,
        "effects": view.effects(&id),
        "raw_sources": raw,
        "sentence": Sentences::of(&entry.record),
    });
    Ok(Json(body).into_response())
}

/// Whether the journal can be read, and how far it is whole.
pub async fn health(State(house): State<Arc<House>>) -> Result<Response, ApiFailure> {
    let view = house.source.current().await?;
    let body = json!({ "records": view.entries.len(), "damage": view.damage });
    Ok(Json(body).into_response())
}

/// The description of this API (`OpenAPI` 3.1).
pub async fn description() -> impl IntoResponse {
    let text = include_str!("../assets/openapi.json");
    ([(CONTENT_TYPE, "application/json")], text)
}
