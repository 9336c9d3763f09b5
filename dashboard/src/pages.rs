//! The pages.

use crate::failure::Failure;
use crate::phrases::{Phrases, phrases};
use crate::reader::{Reader, suffix};
use crate::source::Source;
use crate::story::{Line, Row, Story, line, quiet_line, row, story};
use crate::view::View;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;
use zizhi_bus::journal::Damage;
use zizhi_types::record::Who;
use zizhi_types::text::{Language, agent, label, object};
use zizhi_types::{Body, IncidentId, Record, RecordId};

/// Records left alone that the first page shows, newest first.
const QUIET_SHOWN: usize = 20;

/// What every page has.
struct Frame {
    words: &'static Phrases,
    language: Language,
    /// What links end with.
    keep: &'static str,
    /// This page in the other language.
    other: String,
    other_tag: &'static str,
    title: String,
    /// What is wrong with the journal itself.
    warning: Option<String>,
    /// The newest position, where the live stream goes on.
    position: u64,
}

impl Frame {
    fn new(reader: &Reader, title: String, view: Option<&View>) -> Self {
        let words = phrases(reader.language);
        let other = match reader.language {
            Language::En => Language::Zh,
            Language::Zh => Language::En,
        };
        let damage = view.and_then(|v| v.damage.as_ref());
        Self {
            words,
            language: reader.language,
            keep: reader.keep,
            other: format!("{}{}", reader.path, suffix(other)),
            other_tag: other.as_str(),
            title,
            warning: damage.map(|d| match d {
                Damage::TornLine { .. } => words.torn.to_owned(),
                damage => format!("{} {damage}", words.damaged),
            }),
            position: view.map_or(0, |v| v.entries.len() as u64),
        }
    }
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    frame: Frame,
    /// Label and value of what is known about the run.
    facts: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    quiet: Vec<Line>,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    frame: Frame,
    story: Story,
}

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

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    frame: Frame,
    reason: String,
}

/// A page, or a page that says why there is none.
fn answer(reader: &Reader, page: Result<String, Failure>) -> Response {
    let failure = match page {
        Ok(text) => return Html(text).into_response(),
        Err(failure) => failure,
    };
    let page = FailurePage {
        frame: Frame::new(reader, phrases(reader.language).trouble.to_owned(), None),
        reason: failure.explain(),
    };
    let text = page.render().unwrap_or(page.reason);
    (failure.status(), Html(text)).into_response()
}

/// Incidents, newest first.
pub async fn incidents(State(source): State<Arc<Source>>, reader: Reader) -> Response {
    let page = match source.current().await {
        Ok(view) => draw_incidents(&view, &reader),
        Err(error) => Err(error.into()),
    };
    answer(&reader, page)
}

/// One incident.
pub async fn incident(
    State(source): State<Arc<Source>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    let page = match source.current().await {
        Ok(view) => draw_incident(&view, &reader, &id),
        Err(error) => Err(error.into()),
    };
    answer(&reader, page)
}

/// One record.
pub async fn record(
    State(source): State<Arc<Source>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Response {
    let page = match source.current().await {
        Ok(view) => draw_record(&view, &reader, &id),
        Err(error) => Err(error.into()),
    };
    answer(&reader, page)
}

/// Any other path.
pub async fn nowhere(reader: Reader) -> Response {
    let failure = Failure::NoPage(reader.path.clone());
    answer(&reader, Err(failure))
}

/// The one style sheet.
pub async fn style() -> impl IntoResponse {
    let text = include_str!("../assets/style.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], text)
}

/// The one script: tells the reader that there are new records.
pub async fn live() -> impl IntoResponse {
    let text = include_str!("../assets/live.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], text)
}

fn draw_incidents(view: &View, reader: &Reader) -> Result<String, Failure> {
    let words = phrases(reader.language);
    let quiet = view.entries.iter().rev().map(|e| &e.record);
    let quiet = quiet.filter(|r| matches!(r.body, Body::Suppressed { .. }));
    let page = IncidentsPage {
        facts: run_facts(view, words, reader.language),
        rows: view
            .incidents()
            .iter()
            .rev()
            .map(|i| row(view, i, reader.language))
            .collect(),
        quiet: quiet
            .take(QUIET_SHOWN)
            .map(|r| quiet_line(view, r, reader.language))
            .collect(),
        frame: Frame::new(reader, words.incidents.to_owned(), Some(view)),
    };
    Ok(page.render()?)
}

fn run_facts(view: &View, words: &Phrases, language: Language) -> Vec<(&'static str, String)> {
    let mut facts = vec![];
    for entry in &view.entries {
        match &entry.record.body {
            Body::SwarmStarted {
                version,
                network,
                seed,
                mode,
                ..
            } => {
                facts.push((words.network, network.clone()));
                facts.push((words.mode, label(*mode, language)));
                facts.extend(seed.map(|s| (words.seed, s.to_string())));
                facts.push((words.version, version.clone()));
            }
            Body::SwarmDrained {
                messages, dropped, ..
            } => {
                facts.push((words.messages, messages.to_string()));
                facts.push((words.dropped, dropped.to_string()));
            }
            _ => {}
        }
    }
    facts.push((words.records, view.entries.len().to_string()));
    facts.extend(
        view.entries
            .last()
            .map(|e| (words.time, e.record.at.to_string())),
    );
    facts
}

fn draw_incident(view: &View, reader: &Reader, id: &str) -> Result<String, Failure> {
    let id: IncidentId = id.parse()?;
    let incident = view
        .incident(&id)
        .ok_or_else(|| Failure::NoIncident(id.to_string()))?;
    let story = story(view, incident, reader.language);
    let title = format!("{id}: {}", story.row.cause);
    let page = IncidentPage {
        frame: Frame::new(reader, title, Some(view)),
        story,
    };
    Ok(page.render()?)
}

fn draw_record(view: &View, reader: &Reader, id: &str) -> Result<String, Failure> {
    let id: RecordId = id.parse()?;
    let entry = view
        .entry(&id)
        .ok_or_else(|| Failure::NoRecord(id.to_string()))?;
    let record = &entry.record;
    let language = reader.language;
    let words = phrases(language);
    let lines = |ids: &[RecordId]| -> Vec<Line> {
        let known = ids.iter().filter_map(|id| view.record(id));
        known.map(|r| line(r, language)).collect()
    };
    let mut facts = record_facts(record, words, language);
    facts.push((words.position, entry.position.to_string()));
    facts.push((words.hash, entry.hash.clone()));
    let raw = view.raw_sources(&id);
    let page = RecordPage {
        frame: Frame::new(reader, id.to_string(), Some(view)),
        line: line(record, language),
        facts,
        incident: record.incident.as_ref().map(ToString::to_string),
        causes: lines(&record.causes),
        effects: lines(view.effects(&id)),
        raw: raw
            .into_iter()
            .filter(|r| r.id != id)
            .map(|r| line(r, language))
            .collect(),
        // A record came out of JSON, so it goes into JSON; an empty text would only be an empty box.
        json: serde_json::to_string_pretty(record).unwrap_or_default(),
        payload: payload(record),
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
