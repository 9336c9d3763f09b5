//! One record with its causes and effects.

use super::Asked;
use super::frame::Frame;
use crate::failure::Failure;
use crate::phrases::Phrases;
use crate::story::{Line, line};
use crate::view::View;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use zizhi_types::record::Who;
use zizhi_types::text::{Language, agent, label, object};
use zizhi_types::{Body, Record, RecordId};

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    line: Line,
    facts: Vec<(&'static str, String)>,
    incident: Option<String>,
    causes: Vec<Line>,
    effects: Vec<Line>,
    raw: Vec<Line>,
    json: String,
    payload: Option<String>,
}

/// One record.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, mut frame| {
            let id: RecordId = id.parse()?;
            frame.title = id.to_string();
            draw(view, frame, &id)
        })
        .await
}

fn draw(view: &View, frame: Frame, id: &RecordId) -> Result<String, Failure> {
    let entry = view.entry(id);
    let entry = entry.ok_or_else(|| Failure::NoRecord(id.to_string()))?;
    let record = &entry.record;
    let language = frame.language;
    let lines = |ids: &[RecordId]| -> Vec<Line> {
        let known = ids.iter().filter_map(|id| view.record(id));
        known.map(|r| line(r, language)).collect()
    };
    let mut facts = record_facts(record, frame.words, language);
    facts.push((frame.words.position, entry.position.to_string()));
    facts.push((frame.words.hash, entry.hash.clone()));
    let raw = view.raw_sources(id).into_iter().filter(|r| r.id != *id);
    let page = RecordPage {
        line: line(record, language),
        facts,
        incident: record.incident.as_ref().map(ToString::to_string),
        causes: lines(&record.causes),
        effects: lines(view.effects(id)),
        raw: raw.map(|r| line(r, language)).collect(),
        // A record came out of JSON, so it goes into JSON; an empty text would only be an empty box.
        json: serde_json::to_string_pretty(record).unwrap_or_default(),
        payload: payload(record),
        frame,
    };
    Ok(page.render()?)
}

fn record_facts(
    record: &Record,
    words: &Phrases,
    language: Language,
) -> Vec<(&'static str, String)> {
    let who = match &record.who {
        Who::System => words.system.to_owned(),
        Who::Human { name } => format!("{name} ({})", words.human),
        Who::Both { name } => format!("{name} ({})", words.both),
    };
    let mut facts = vec![
        (words.time, record.at.to_string()),
        (words.stage, label(record.stage, language)),
        (
            words.who,
            format!("{} · {who}", agent(record.domain, language)),
        ),
    ];
    facts.extend(
        record
            .object
            .as_ref()
            .map(|o| (words.object, object(o, language))),
    );
    facts
}

/// The raw message's text, indented if it is JSON.
fn payload(record: &Record) -> Option<String> {
    let Body::Raw { payload, .. } = &record.body else {
        return None;
    };
    let parsed = serde_json::from_str::<serde_json::Value>(payload);
    let pretty = parsed.and_then(|v| serde_json::to_string_pretty(&v));
    Some(pretty.unwrap_or_else(|_| payload.clone()))
}
