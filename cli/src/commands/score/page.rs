//! The score as the dashboard's page shows it.

use super::show::because;
use serde_json::json;
use std::collections::BTreeSet;
use zizhi_dashboard::autonomy::{Activity, Level, Scorer};
use zizhi_evaluation::autonomy::outcome::{SubScore, TaskScore};
use zizhi_evaluation::autonomy::{
    Flow, Instrument, JournalRecords, Row, Scope, Score, case, observe, say, score, wording,
};
use zizhi_types::text::Language;
use zizhi_types::{IncidentId, Record};

/// What the journal is called in the evidence.
const JOURNAL: &str = "journal";

/// Scores with the instrument that comes with Zizhi, as `zizhi score` does.
pub struct PageScorer;

impl Scorer for PageScorer {
    fn score(&self, records: &[&Record], language: Language) -> Result<Vec<Level>, String> {
        let instrument = Instrument::builtin().map_err(|e| e.to_string())?;
        let journal = JournalRecords {
            name: JOURNAL.to_owned(),
            records: records.iter().map(|r| (*r).clone()).collect(),
        };
        let (cases, _) = case::cases(&journal, &BTreeSet::new());
        let one = |flow: &Flow| {
            let rows = observe(*flow, &cases, &instrument);
            let made = score(
                *flow,
                &rows,
                &Scope::default(),
                &instrument.sub_scenarios,
                &instrument,
            );
            level(&made, language)
        };
        Ok(Flow::ALL.iter().map(one).collect())
    }
}

fn level(score: &Score, language: Language) -> Level {
    let subs = score.sub_scenarios.iter().filter(|s| s.incidents > 0);
    let activities = subs.clone().flat_map(|sub| {
        sub.tasks
            .iter()
            .map(move |task| activity(score.flow, sub, task, language))
    });
    let holds = subs.clone().flat_map(|sub| &sub.holds).map(|hold| {
        let ids = hold.because.iter().flat_map(|b| &b.incidents);
        (hold.sentence(score.flow, language), incidents(ids))
    });
    Level {
        flow: say(score.flow.words(), language).to_owned(),
        level: wording::level(score.level, language),
        verdict: wording::verdict(score, language),
        incidents: score.incidents,
        activities: activities.collect(),
        holds: holds.collect(),
        export: json!(score),
    }
}

fn activity(flow: Flow, sub: &SubScore, task: &TaskScore, language: Language) -> Activity {
    let words = Row::task_of(flow, task.task).map_or("", |t| say(t.words, language));
    Activity {
        scenario: match (sub.name.as_str(), language) {
            ("all", Language::En) => "all".to_owned(),
            ("all", Language::Zh) => "全部".to_owned(),
            (name, _) => name.to_owned(),
        },
        name: format!("{} {words}", task.task),
        by: [task.s, task.hs, task.h],
        actor: wording::both(task.actor, task.level, language),
        ceiling: wording::ceiling(task.class, task.ceiling, language),
        because: because(task, language),
        incidents: incidents(task.reasons.iter().flat_map(|r| &r.incidents)),
    }
}

/// Evidence names an incident as `journal#incident`.
fn incidents<'a>(evidence: impl Iterator<Item = &'a String>) -> Vec<IncidentId> {
    let ids: BTreeSet<IncidentId> = evidence
        .filter_map(|e| e.split_once('#')?.1.parse().ok())
        .collect();
    ids.into_iter().collect()
}
