//! Every incident, newest first.

use super::Asked;
use super::frame::Frame;
use crate::phrases::{Phrases, text};
use crate::reader::link;
use crate::story::{Line, Row, quiet_line, row};
use crate::view::View;
use askama::Template;
use axum::response::Response;
use zizhi_types::Body;
use zizhi_types::text::{Language, label};

/// Incidents on one page. Our choice: what one scrolls through, and a page that stays small however long the journal is.
const SHOWN: usize = 100;

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
    /// The way to those before, and what it says.
    older: Option<(String, String)>,
}

/// Incidents, newest first.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().incidents;
    // Counted from the first one, so that a page keeps its incidents while new ones are opened.
    let upto = asked
        .reader
        .asked("upto")
        .and_then(|n| n.parse::<usize>().ok());
    asked
        .draw(title, |view, frame| {
            let language = frame.language;
            let quiet = view.entries.iter().rev().map(|e| &e.record);
            let quiet = quiet.filter(|r| matches!(r.body, Body::Suppressed { .. }));
            let all = view.incidents();
            let upto = upto.map_or(all.len(), |n| n.min(all.len()));
            let before = upto.saturating_sub(SHOWN);
            let incidents = all.iter().take(upto).skip(before).rev();
            let older = (before > 0).then(|| {
                let href = link("/incidents", &[("upto", &before.to_string())], frame.keep);
                (
                    href,
                    text(language, "older", &[("count", &before.to_string())]),
                )
            });
            let page = IncidentsPage {
                facts: run_facts(view, frame.words, language),
                rows: incidents.map(|i| row(view, i, language)).collect(),
                quiet: quiet
                    .take(QUIET_SHOWN)
                    .map(|r| quiet_line(view, r, language))
                    .collect(),
                older,
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
