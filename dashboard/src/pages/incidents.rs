//! Every incident, newest first.

use super::Asked;
use super::frame::Frame;
use crate::phrases::Phrases;
use crate::story::{Line, Row, quiet_line, row};
use crate::view::View;
use askama::Template;
use axum::response::Response;
use zizhi_types::Body;
use zizhi_types::text::{Language, label};

/// Records left alone that the page shows, newest first.
const QUIET_SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    frame: Frame,
    /// Label and value of what is known about the run.
    facts: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    quiet: Vec<Line>,
}

/// Incidents, newest first.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().incidents;
    asked
        .draw(title, |view, frame| {
            let language = frame.language;
            let quiet = view.entries.iter().rev().map(|e| &e.record);
            let quiet = quiet.filter(|r| matches!(r.body, Body::Suppressed { .. }));
            let incidents = view.incidents().iter().rev();
            let page = IncidentsPage {
                facts: run_facts(view, frame.words, language),
                rows: incidents.map(|i| row(view, i, language)).collect(),
                quiet: quiet
                    .take(QUIET_SHOWN)
                    .map(|r| quiet_line(view, r, language))
                    .collect(),
                frame,
            };
            Ok(page.render()?)
        })
        .await
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
