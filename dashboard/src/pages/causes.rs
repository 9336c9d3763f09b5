//! Where did it start, and what followed from it?

use super::Asked;
use super::frame::Frame;
use super::incident::about;
use crate::graph::{Edge, Strength, draw, edges};
use crate::sheet::{Cell, Part};
use axum::extract::Path;
use axum::response::Response;
use zizhi_types::text::{duration, label, object, share};
use zizhi_types::{Body, Record};

/// Hypotheses that are drawn, most probable first. Our choice: more than three pictures over each other tell nothing.
const DRAWN: usize = 3;

/// The causes of one incident.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, frame| {
            let (incident, mut sheet) = about(view, &id, &frame, 2)?;
            let words = frame.words;
            let newest = view.records(incident).filter_map(|r| match &r.body {
                Body::Diagnosed { hypotheses, .. } => Some((r, hypotheses)),
                _ => None,
            });
            let Some((record, hypotheses)) = newest.last() else {
                sheet.lead.push(words.not_yet.to_owned());
                return sheet.render(frame);
            };
            let shown = &hypotheses[..hypotheses.len().min(DRAWN)];
            let end = incident.closed.or(view.now()).unwrap_or(record.at);
            let all = edges(shown, |a| match view.raised(a).map(|r| &r.body) {
                Some(Body::AnomalyRaised { anomaly }) => Some(end.since(anomaly.onset)),
                _ => None,
            });
            sheet.lead.push(words.graph_means.to_owned());
            let mut picture = Part::new(words.cause_graph);
            picture.picture = Some(draw(shown, &all, frame.language));
            sheet.parts = vec![
                picture,
                table(&all, record, &frame, |a| {
                    view.raised(a).map(|r| r.id.clone())
                }),
            ];
            sheet.render(frame)
        })
        .await
}

fn table(
    edges: &[Edge],
    ranked: &Record,
    frame: &Frame,
    raised: impl Fn(&zizhi_types::AnomalyId) -> Option<zizhi_types::RecordId>,
) -> Part {
    let words = frame.words;
    let row = |e: &Edge| {
        let strength = match e.strength() {
            Strength::Strong => words.strong,
            Strength::Medium => words.medium,
            Strength::Weak => words.weak,
        };
        let age = e.age_ms.map(|ms| duration(ms, frame.language));
        vec![
            Cell::text(format!(
                "{} → {}",
                object(&e.from, frame.language),
                object(&e.to, frame.language)
            )),
            Cell::text(format!("{strength} ({})", share(e.weight))),
            Cell::text(age.unwrap_or_else(|| "–".to_owned())),
            Cell::text(format!(
                "#{} {}",
                e.rank + 1,
                label(e.fault, frame.language)
            )),
            Cell::text(label(e.metric, frame.language)),
            Cell::record(
                raised(&e.anomaly).or(Some(ranked.id.clone())).as_ref(),
                frame.keep,
            ),
        ]
    };
    let heads = vec![
        words.edge,
        words.strength,
        words.age,
        words.cause,
        words.symptoms,
        words.evidence,
    ];
    Part::new(words.same_as_table).table(heads, edges.iter().map(row).collect())
}
