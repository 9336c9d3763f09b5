//! Who wanted what, and what decided?

use super::Asked;
use super::frame::Frame;
use super::incident::about;
use crate::phrases::text;
use crate::sheet::{Cell, Part, to};
use crate::view::View;
use axum::extract::Path;
use axum::response::Response;
use zizhi_types::negotiation::Bid;
use zizhi_types::text::{action, agent, sentence, share};
use zizhi_types::{Body, Incident, PlanId, Record, Stage};

/// The negotiation about one incident.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, frame| {
            let (incident, mut sheet) = about(view, &id, &frame, 1)?;
            let records: Vec<&Record> = view.records(incident).collect();
            sheet.parts = vec![
                wanted(&records, &frame),
                ended(&records, &frame),
                said(view, incident, &frame),
            ];
            sheet.render(frame)
        })
        .await
}

/// One row for each remedy on offer and each refusal.
fn wanted(records: &[&Record], frame: &Frame) -> Part {
    let words = frame.words;
    let mut rows = vec![];
    for record in records {
        let (from, what) = match &record.body {
            Body::BidReceived { from, bid } => (*from, offer(records, bid, frame)),
            Body::Refused { from, .. } => (
                *from,
                [
                    Cell::text(words.refusal),
                    Cell::text("–"),
                    Cell::number("–"),
                    Cell::number("–"),
                    Cell::number("–"),
                    Cell::text(sentence(record, frame.language)),
                ],
            ),
            _ => continue,
        };
        let mut row = vec![Cell::text(agent(Some(from), frame.language))];
        row.extend(what);
        row.push(Cell::record(Some(&record.id), frame.keep));
        rows.push(row);
    }
    let heads = vec![
        words.from,
        words.wants,
        words.steps,
        words.violated_with,
        words.risk,
        words.cost,
        words.became,
        words.evidence,
    ];
    Part::new(words.who_wanted_what).table(heads, rows)
}

fn offer(records: &[&Record], bid: &Bid, frame: &Frame) -> [Cell; 6] {
    let steps = bid.plan.steps.iter();
    let steps: Vec<String> = steps.map(|s| action(&s.action, frame.language)).collect();
    let what = format!("{} · {}", bid.plan.id, bid.plan.playbook);
    let known = records
        .iter()
        .any(|r| matches!(&r.body, Body::Decided { plan, .. } if plan.id == bid.plan.id));
    let what = if known {
        Cell::link(format!("/decisions/{}{}", bid.plan.id, frame.keep), what)
    } else {
        Cell::text(what)
    };
    let left = format!(
        "{} → {}",
        bid.rehearsal.without.len(),
        bid.rehearsal.with.len()
    );
    [
        what,
        Cell::text(steps.join("; ")),
        Cell::number(left),
        Cell::number(share(bid.plan.risk)),
        Cell::number(bid.plan.cost_tokens),
        Cell::text(fate(records, &bid.plan.id, frame)),
    ]
}

/// What became of an offer: the newest word about it.
fn fate(records: &[&Record], wanted: &PlanId, frame: &Frame) -> String {
    let told = records.iter().rev().find_map(|r| match &r.body {
        Body::Awarded { plan, .. } if plan == wanted => Some(format!("✓ {}", frame.words.chosen)),
        Body::Aborted { plan, .. } if plan == wanted => Some(sentence(r, frame.language)),
        Body::Refused {
            plan: Some(plan), ..
        } if plan == wanted => Some(sentence(r, frame.language)),
        _ => None,
    });
    let over = records
        .iter()
        .any(|r| matches!(r.body, Body::Awarded { .. }));
    told.unwrap_or_else(|| {
        let words = frame.words;
        let told = if over {
            words.ranked_lower
        } else {
            words.not_yet
        };
        told.to_owned()
    })
}

/// What decided: every award with who agreed, and the end of what was not awarded.
fn ended(records: &[&Record], frame: &Frame) -> Part {
    let words = frame.words;
    let mut part = Part::new(words.what_decided);
    let mut rows = vec![];
    for record in records {
        if let Body::Awarded {
            plan,
            to: winner,
            agreed,
        } = &record.body
        {
            let names: Vec<String> = agreed
                .iter()
                .map(|d| agent(Some(*d), frame.language))
                .collect();
            let asked = records
                .iter()
                .filter(|r| matches!(r.body, Body::BidReceived { .. }))
                .count();
            let lowest = records.iter().find_map(|r| match &r.body {
                Body::BidReceived { bid, .. } if bid.plan.id == *plan => Some(bid),
                _ => None,
            });
            let why = lowest.map_or_else(String::new, |bid| {
                let (without, with) = (bid.rehearsal.without.len(), bid.rehearsal.with.len());
                text(
                    frame.language,
                    "award-because",
                    &[
                        ("without", &without.to_string()),
                        ("with", &with.to_string()),
                        ("risk", &share(bid.plan.risk)),
                        ("offers", &asked.to_string()),
                    ],
                )
            });
            rows.push(vec![
                Cell::link(format!("/decisions/{plan}{}", frame.keep), plan.to_string()),
                Cell::text(agent(Some(*winner), frame.language)),
                Cell::text(names.join(" · ")),
                Cell::text(why),
                Cell::record(Some(&record.id), frame.keep),
            ]);
        }
    }
    if rows.is_empty() {
        part = part.text(words.not_yet);
    } else {
        let heads = vec![
            words.plan,
            words.awarded_to,
            words.agreed,
            words.reason,
            words.evidence,
        ];
        part = part.table(heads, rows);
    }
    part
}

/// Every word of it, in order.
fn said(view: &View, incident: &Incident, frame: &Frame) -> Part {
    let words = frame.words;
    let talks = view
        .records(incident)
        .filter(|r| r.stage == Stage::Negotiate);
    let row = |r: &Record| {
        vec![
            Cell::at(r.at),
            Cell::text(agent(r.domain, frame.language)),
            Cell::text(sentence(r, frame.language)),
            Cell::links(vec![to(
                format!("/records/{}{}", r.id, frame.keep),
                r.id.to_string(),
            )]),
        ]
    };
    let heads = vec![words.time, words.who, words.what_happened, words.evidence];
    Part::new(words.in_order).table(heads, talks.map(row).collect())
}
