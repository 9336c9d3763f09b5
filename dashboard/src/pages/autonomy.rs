//! How autonomous was the swarm in this journal, and what keeps it from the next level?

use super::Asked;
use super::frame::Frame;
use crate::autonomy::{Activity, Level, Scorer};
use crate::failure::Failure;
use crate::sheet::{Cell, Choice, Part, Sheet, to};
use crate::view::View;
use axum::Json;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use zizhi_types::text::Language;
use zizhi_types::{IncidentId, Record};

/// Incidents that a line names. Our choice; the export has all.
const NAMED: usize = 5;

/// Moments of the trend, evenly over the journal.
const STEPS: usize = 4;

/// Records from which on the trend is left out: it reckons everything once more for each moment. Our choice.
const TREND_RECORDS_MAX: usize = 20_000;

fn reckoned(
    scorer: &dyn Scorer,
    view: &View,
    upto: usize,
    language: Language,
) -> Result<Vec<Level>, Failure> {
    let records: Vec<&Record> = view.entries.iter().take(upto).map(|e| &e.record).collect();
    scorer.score(&records, language).map_err(Failure::Score)
}

fn scorer(asked: &Asked) -> Result<Arc<dyn Scorer>, Failure> {
    let found = asked.house.scorer.clone();
    found.ok_or_else(|| Failure::NoPage("/autonomy".to_owned()))
}

/// The levels, their trend, and what they are made of.
pub async fn show(asked: Asked) -> Response {
    let scorer = match scorer(&asked) {
        Ok(scorer) => scorer,
        Err(failure) => return asked.fail(&failure),
    };
    let title = asked.words().autonomy;
    asked
        .draw(title, |view, frame| {
            let language = frame.language;
            let levels = reckoned(&*scorer, view, view.entries.len(), language)?;
            let mut sheet = Sheet {
                title: frame.words.autonomy.to_owned(),
                lead: vec![frame.words.autonomy_means.to_owned()],
                ways: vec![to(
                    format!("/autonomy/export{}", frame.keep),
                    frame.words.take_away,
                )],
                ..Sheet::default()
            };
            sheet
                .parts
                .extend(levels.iter().map(|level| made_of(level, &frame)));
            if view.entries.len() <= TREND_RECORDS_MAX {
                sheet.parts.push(trend(&*scorer, view, &frame)?);
            }
            sheet.render(frame)
        })
        .await
}

fn named(incidents: &[IncidentId], frame: &Frame) -> Cell {
    let open = |id: &IncidentId| to(format!("/incidents/{id}{}", frame.keep), id.to_string());
    let shown: Vec<Choice> = incidents.iter().take(NAMED).map(open).collect();
    if shown.is_empty() {
        return Cell::text("–");
    }
    Cell::links(shown)
}

fn made_of(level: &Level, frame: &Frame) -> Part {
    let words = frame.words;
    let row = |a: &Activity| {
        let [system, both, people] = a.by;
        vec![
            Cell::text(&a.name),
            Cell::text(&a.scenario),
            Cell::number(format!("{system} / {both} / {people}")),
            Cell::text(&a.actor),
            Cell::text(&a.ceiling),
            Cell::text(&a.because),
            named(&a.incidents, frame),
        ]
    };
    let heads = vec![
        words.activity,
        words.scenario,
        words.by_whom,
        words.as_built,
        words.ceiling,
        words.because,
        words.incidents,
    ];
    let mut rows: Vec<Vec<Cell>> = level.activities.iter().map(row).collect();
    // What holds the level stands first: it is what somebody can change.
    for (at, (sentence, incidents)) in level.holds.iter().enumerate() {
        let mut hold = vec![
            Cell::text(words.holds),
            Cell::default(),
            Cell::default(),
            Cell::default(),
            Cell::default(),
        ];
        hold.push(Cell::text(sentence));
        hold.push(named(incidents, frame));
        rows.insert(at, hold);
    }
    Part::new(&level.flow)
        .text(&level.verdict)
        .table(heads, rows)
}

fn trend(scorer: &dyn Scorer, view: &View, frame: &Frame) -> Result<Part, Failure> {
    let words = frame.words;
    let last = view.entries.len();
    let mut rows = vec![];
    for step in 1..=STEPS {
        let upto = last * step / STEPS;
        let Some(entry) = upto.checked_sub(1).and_then(|i| view.entries.get(i)) else {
            continue;
        };
        for level in reckoned(scorer, view, upto, frame.language)? {
            rows.push(vec![
                Cell::at(entry.record.at),
                Cell::text(level.flow),
                Cell::text(level.level),
                Cell::number(level.incidents),
                Cell::record(Some(&entry.record.id), frame.keep),
            ]);
        }
    }
    let heads = vec![
        words.moment_shown,
        words.autonomy,
        words.level,
        words.incidents,
        words.record,
    ];
    Ok(Part::new(words.trend).table(heads, rows))
}

/// Everything, for programs and for whoever checks it.
pub async fn export(asked: Asked) -> Response {
    let made = async {
        let scorer = scorer(&asked)?;
        let view = asked.house.source.current().await?;
        reckoned(&*scorer, &view, view.entries.len(), Language::En)
    };
    match made.await {
        Ok(levels) => {
            let all: Vec<_> = levels.into_iter().map(|l| l.export).collect();
            let file = [(
                CONTENT_DISPOSITION,
                "attachment; filename=\"autonomy.json\"",
            )];
            (file, Json(all)).into_response()
        }
        Err(failure) => asked.fail(&failure),
    }
}
