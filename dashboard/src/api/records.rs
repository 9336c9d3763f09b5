//! What stands in the journal?

use super::problem::{ApiFailure, Finding};
use super::said::{Id, Nothing, WholeQuery};
use super::words::{DomainWord, StageWord};
use crate::failure::Failure;
use crate::house::House;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use zizhi_types::text::{Language, sentence};
use zizhi_types::{Record, RecordId};

/// A sentence in every language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sentences {
    pub en: String,
    pub zh: String,
}

/// Who did it (3GPP TS 28.100).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Who)]
pub struct WhoOut {
    /// `system`, `human`, or `both`: an agent after a person's word.
    by: By,
    /// As signed in; missing where an agent acted alone.
    #[schema(nullable = false)]
    name: Option<String>,
}

/// An agent, a person, or both.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only described")]
pub enum By {
    System,
    Human,
    Both,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Body)]
pub struct BodyOut {
    /// The sort of the record, in kebab-case; its other fields depend on it.
    #[schema(pattern = "^[a-z]+(-[a-z]+)*$", examples("anomaly-raised"))]
    kind: String,
}

/// One line of the journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Record)]
pub struct RecordOut {
    #[schema(examples("rec-transport-42"))]
    id: String,
    /// Milliseconds of the network's own time.
    at: u64,
    who: WhoOut,
    /// Missing where the swarm as a whole wrote it.
    #[schema(value_type = Option<DomainWord>, nullable = false)]
    domain: Option<String>,
    #[schema(value_type = StageWord)]
    stage: String,
    #[schema(nullable = false)]
    object: Option<String>,
    #[schema(nullable = false)]
    incident: Option<String>,
    /// The records without which this one would not be; missing where there are none.
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    causes: Option<Vec<String>>,
    body: BodyOut,
}

/// A record and what it says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToldRecord)]
pub struct Told {
    #[schema(value_type = RecordOut)]
    record: Value,
    sentence: Sentences,
}

impl Told {
    /// A record came out of JSON, so it goes into JSON.
    pub fn of(record: &Record) -> Self {
        Self {
            record: serde_json::to_value(record).unwrap_or_default(),
            sentence: Sentences {
                en: sentence(record, Language::En),
                zh: sentence(record, Language::Zh),
            },
        }
    }
}

/// A record with its place in the chain, its causes and its effects.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacedRecord {
    /// Its line in its journal.
    position: u64,
    /// SHA-256 of this line and of what stands before it.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
    /// The hash of the line before.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    prev: String,
    #[schema(value_type = RecordOut)]
    record: Value,
    sentence: Sentences,
    /// The records that name it as a cause.
    #[schema(value_type = Vec<String>)]
    effects: Vec<RecordId>,
    /// The raw messages that it rests on.
    #[schema(value_type = Vec<String>)]
    raw_sources: Vec<RecordId>,
}

/// One record with its causes and effects
#[utoipa::path(get, path = "/api/v1/records/{record}", tag = "records",
    params(("record" = String, Path, pattern = "^rec-[^/]+-(0|[1-9][0-9]{0,18})$", example = "rec-transport-42")),
    responses((status = 200, description = "The record", body = PlacedRecord), Finding))]
pub async fn one(
    State(house): State<Arc<House>>,
    Id(id): Id<RecordId>,
    _: WholeQuery<Nothing>,
) -> Result<Json<PlacedRecord>, ApiFailure> {
    let view = house.source.current().await?;
    let missing = || Failure::NoRecord(id.to_string());
    let entry = view.entry(&id).ok_or_else(missing)?;
    let raw = view.raw_sources(&id).into_iter();
    let Told { record, sentence } = Told::of(&entry.record);
    Ok(Json(PlacedRecord {
        position: entry.position,
        hash: entry.hash.clone(),
        prev: entry.prev.clone(),
        record,
        sentence,
        effects: view.effects(&id).to_vec(),
        raw_sources: raw.map(|r| r.id.clone()).collect(),
    }))
}
