//! Which playbooks are there, and are they healthy?

use super::Asked;
use super::frame::Frame;
use crate::books::{Health, health};
use crate::failure::Failure;
use crate::sheet::{Cell, Part, Sheet, to};
use crate::story::line;
use crate::view::View;
use axum::extract::Path;
use axum::response::Response;
use zizhi_playbooks::{Catalog, Playbook};
use zizhi_types::text::{Language, agent, label, share};
use zizhi_types::topology::Bilingual;

fn said(text: &Bilingual, language: Language) -> &str {
    match language {
        Language::En => &text.en,
        Language::Zh => &text.zh,
    }
}

fn rate(part: usize, all: usize) -> String {
    match all {
        0 => "–".to_owned(),
        all => format!("{} ({part} / {all})", share(part as f64 / all as f64)),
    }
}

fn mode(book: &Playbook, health: &Health, frame: &Frame) -> String {
    match &health.mode {
        Some((mode, _)) => label(*mode, frame.language),
        None => label(book.mode, frame.language),
    }
}

/// All of them.
pub async fn list(asked: Asked) -> Response {
    let title = asked.words().playbooks;
    let catalog = asked.house.catalog();
    asked
        .draw(title, |view, frame| {
            let words = frame.words;
            let found = health(view.entries.iter().map(|e| &e.record));
            let none = Health::default();
            let row = |book: &Playbook| {
                let h = found.get(book.id.as_str()).unwrap_or(&none);
                vec![
                    Cell::link(
                        format!("/playbooks/{}{}", book.id, frame.keep),
                        said(&book.title, frame.language),
                    ),
                    Cell::text(&book.id),
                    Cell::text(agent(Some(book.domain), frame.language)),
                    Cell::text(mode(book, h, &frame)),
                    Cell::number(rate(h.helped, h.runs())),
                    Cell::number(rate(h.undone + h.stuck, h.runs())),
                    Cell::number(h.overridden),
                ]
            };
            let books = catalog.map(Catalog::playbooks).unwrap_or_default();
            let rows = books.iter().map(row).collect();
            let heads = vec![
                words.playbook,
                words.name,
                words.who,
                words.mode,
                words.helped,
                words.rolled_back,
                words.overridden,
            ];
            let sheet = Sheet {
                title: words.playbooks.to_owned(),
                parts: vec![
                    Part::new(words.health)
                        .text(words.health_means)
                        .table(heads, rows),
                ],
                ..Sheet::default()
            };
            sheet.render(frame)
        })
        .await
}

/// One of them.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    let catalog = asked.house.catalog();
    asked
        .draw("", |view, frame| {
            let books = catalog.map(Catalog::playbooks).unwrap_or_default();
            let book = books.iter().find(|b| b.id == id);
            let book = book.ok_or_else(|| Failure::NoPage(format!("/playbooks/{id}")))?;
            one(view, book, &frame).render(frame)
        })
        .await
}

fn one(view: &View, book: &Playbook, frame: &Frame) -> Sheet {
    let (words, language) = (frame.words, frame.language);
    let mut found = health(view.entries.iter().map(|e| &e.record));
    let health = found.remove(book.id.as_str()).unwrap_or_default();
    let facts = [
        (words.version, book.version.clone()),
        (words.mode, mode(book, &health, frame)),
        (words.helped, rate(health.helped, health.runs())),
        (
            words.rolled_back,
            rate(health.undone + health.stuck, health.runs()),
        ),
        (words.overridden, health.overridden.to_string()),
        (words.not_run, health.not_run.to_string()),
        (words.risk, share(book.risk)),
        (words.owner, book.owner.clone()),
    ];
    let facts = facts.map(|(name, value)| vec![Cell::text(name), Cell::text(value)]);
    let row = |id| {
        let record = view.record(id)?;
        let told = line(record, language);
        let incident = record.incident.as_ref();
        Some(vec![
            Cell::record(Some(id), frame.keep),
            Cell::at(told.at),
            Cell::text(told.sentence),
            incident.map_or_else(Cell::default, |i| {
                Cell::link(format!("/incidents/{i}{}", frame.keep), i.to_string())
            }),
        ])
    };
    let rows = health.records.iter().rev().filter_map(row).collect();
    let heads = vec![
        words.record,
        words.time,
        words.what_happened,
        words.incident,
    ];
    let mut text = Part::new(words.as_in_file);
    text.written = Some(book.source.clone());
    Sheet {
        crumbs: vec![to(format!("/playbooks{}", frame.keep), words.playbooks)],
        title: said(&book.title, language).to_owned(),
        lead: vec![said(&book.what, language).to_owned()],
        parts: vec![
            Part::new(words.when_not).text(said(&book.when_not_to_use, language)),
            Part::new(words.health).table(vec![words.what, words.count], facts.into()),
            Part::new(words.outcomes).table(heads, rows),
            text,
        ],
        ..Sheet::default()
    }
}
