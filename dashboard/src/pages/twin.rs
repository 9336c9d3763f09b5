//! What did the twin say would change, and how often was it wrong?

use super::Asked;
use super::frame::Frame;
use super::incident::about;
use crate::bars::{Bar, draw};
use crate::card;
use crate::sheet::{Cell, Part};
use axum::extract::Path;
use axum::response::Response;
use std::collections::BTreeSet;
use zizhi_types::text::{label, object, quantity, share, violation};
use zizhi_types::{Body, Plan, Record};

/// Before and after, for every plan that was rehearsed.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, frame| {
            let (incident, mut sheet) = about(view, &id, &frame, 3)?;
            let records: Vec<&Record> = view.records(incident).collect();
            let mut seen = BTreeSet::new();
            let plans = records.iter().filter_map(|r| match &r.body {
                Body::BidReceived { bid, .. } => Some(&bid.plan),
                Body::Decided { plan, .. } => Some(plan.as_ref()),
                _ => None,
            });
            for plan in plans.filter(|p| seen.insert(p.id.clone())) {
                sheet.parts.extend(parts(&records, plan, &frame));
            }
            if sheet.parts.is_empty() {
                sheet.lead.push(frame.words.not_yet.to_owned());
            }
            sheet.lead.extend(measured(&records, &frame));
            sheet.render(frame)
        })
        .await
}

/// What it was off by this time, where that was measured.
fn measured(records: &[&Record], frame: &Frame) -> Option<String> {
    records.iter().rev().find_map(|r| match &r.body {
        Body::Remembered {
            twin_error: Some(error),
            ..
        } => Some(crate::phrases::text(
            frame.language,
            "twin-was-off",
            &[("error", &share(*error))],
        )),
        _ => None,
    })
}

fn parts(records: &[&Record], plan: &Plan, frame: &Frame) -> Option<Part> {
    let words = frame.words;
    let rehearsal = card::rehearsals(records, plan)?;
    let mut part = Part::new(format!("{} · {}", plan.id, plan.playbook));
    part = part.text(card::twin(records, plan, frame.language));
    let list = |all: &[zizhi_types::objective::Violation]| match all {
        [] => words.nothing.to_owned(),
        all => {
            let all: Vec<String> = all.iter().map(|v| violation(v, frame.language)).collect();
            all.join("; ")
        }
    };
    part = part
        .text(format!(
            "{}: {}",
            words.violated_without,
            list(&rehearsal.without)
        ))
        .text(format!(
            "{}: {}",
            words.violated_with,
            list(&rehearsal.with)
        ));
    let range = |with: f64| match rehearsal.error_samples {
        0 => None,
        _ => Some((
            with - with.abs() * rehearsal.error,
            with + with.abs() * rehearsal.error,
        )),
    };
    let bars: Vec<Bar> = rehearsal
        .changes
        .iter()
        .map(|c| Bar {
            name: format!(
                "{} · {}",
                object(&c.object, frame.language),
                label(c.metric, frame.language)
            ),
            before: (c.without, quantity(c.without, c.metric, frame.language)),
            after: (c.with, quantity(c.with, c.metric, frame.language)),
            range: range(c.with),
        })
        .collect();
    if bars.is_empty() {
        return Some(part);
    }
    part.picture = Some(draw(&bars, words));
    let effects = card::effects(records, plan, frame.language);
    let row = |(e, c): (card::Effect, &zizhi_types::plan::PredictedChange)| {
        vec![
            Cell::text(e.what),
            Cell::number(e.without),
            Cell::number(e.with),
            Cell::number(quantity(c.with - c.without, c.metric, frame.language)),
            Cell::number(e.range),
        ]
    };
    let rows = effects
        .into_iter()
        .zip(&rehearsal.changes)
        .map(row)
        .collect();
    let heads = vec![
        words.object,
        words.without,
        words.with,
        words.difference,
        words.range,
    ];
    Some(part.table(heads, rows))
}
