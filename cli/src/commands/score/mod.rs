//! `zizhi score`: an autonomy level computed from what really happened.

mod levels;
pub mod page;
mod read;
mod show;

use super::{FOUND, json_line, pick};
use crate::args::ScoreArgs;
use crate::args::score::ByArg;
use crate::fail::Failure;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use zizhi_evaluation::autonomy::instrument::By;
use zizhi_evaluation::autonomy::{
    Case, Flow, Indicators, Instrument, JournalRecords, LeftOut, Row, Scope, Score, SubScenarios,
    case, indicators, observe, report, row, score, truth,
};
use zizhi_types::IncidentId;
use zizhi_types::text::Language;

/// A score with what stands beside it.
pub struct Scored {
    /// The level and what it is made of.
    pub score: Score,
    /// Without a journal there are none.
    pub indicators: Option<Indicators>,
}

/// Computes a score.
pub fn run(args: ScoreArgs, lang: Language) -> Result<ExitCode, Failure> {
    // Everything that can be refused is refused before a journal is read.
    let instrument = read::instrument(args.instrument.as_deref())?;
    if let Some(text) = &args.levels {
        return levels::run(text, &args, &instrument, lang);
    }
    let question = Question {
        scope: read::scope(&args.scenario)?,
        by: sub_scenarios(args.by, &instrument),
        flows: args.flow.map_or_else(|| Flow::ALL.to_vec(), |f| vec![f]),
        instrument,
    };
    match &args.actors {
        Some(table) => from_rows(table, &args, &question, lang),
        None => from_journals(&args, &question, lang),
    }
}

/// What is asked of the evidence.
struct Question {
    scope: Scope,
    by: SubScenarios,
    flows: Vec<Flow>,
    instrument: Instrument,
}

impl Question {
    fn score(&self, flow: Flow, rows: &[Row]) -> Score {
        score(flow, rows, &self.scope, &self.by, &self.instrument)
    }
}

fn sub_scenarios(by: Option<ByArg>, instrument: &Instrument) -> SubScenarios {
    let by = match by {
        None => return instrument.sub_scenarios.clone(),
        Some(ByArg::Domain) => By::Domain,
        Some(ByArg::Fault) => By::Fault,
    };
    // The instrument's weights go with its own division.
    if by == instrument.sub_scenarios.by {
        return instrument.sub_scenarios.clone();
    }
    SubScenarios {
        by,
        weights: std::collections::BTreeMap::new(),
    }
}

/// From a table of evidence that somebody may have changed.
fn from_rows(
    table: &Path,
    args: &ScoreArgs,
    question: &Question,
    lang: Language,
) -> Result<ExitCode, Failure> {
    let text = read::text(table, "table of evidence")?;
    let rows = row::from_csv(&text).map_err(|e| read::in_file(table, e))?;
    if let Some(path) = &args.csv {
        read::write(path, &row::to_csv(&rows))?;
    }
    let present: BTreeSet<Flow> = rows.iter().map(|r| r.flow).collect();
    let flows = question.flows.iter().filter(|f| present.contains(f));
    let scored: Vec<Scored> = flows
        .map(|flow| Scored {
            score: question.score(*flow, &rows),
            indicators: None,
        })
        .collect();
    if scored.is_empty() {
        return Err(format!("{} has no rows of that flow", table.display()).into());
    }
    tell(&scored, &[], LeftOut::default(), question, args.json, lang)
}

fn from_journals(
    args: &ScoreArgs,
    question: &Question,
    lang: Language,
) -> Result<ExitCode, Failure> {
    let journals = read::journals(&args.journal, args.allow_damaged, lang)?;
    let listed = match &args.false_actions {
        Some(file) => {
            let text = read::text(file, "list of false actions")?;
            truth::false_actions(&text, &journals).map_err(|e| read::in_file(file, e))?
        }
        None => BTreeSet::new(),
    };
    let (cases, left_out) = all_cases(&journals, &listed);
    let mut rows = vec![];
    let mut scored = vec![];
    for flow in &question.flows {
        let own = observe(*flow, &cases, &question.instrument);
        let score = question.score(*flow, &own);
        let judged = judged(&cases, *flow, &score, question);
        let indicators = Some(indicators(&judged, &journals, &question.instrument));
        scored.push(Scored { score, indicators });
        rows.extend(
            own.into_iter()
                .filter(|r| question.scope.has(r.domain, r.fault)),
        );
    }
    if let Some(path) = &args.csv {
        read::write(path, &row::to_csv(&rows))?;
    }
    if let Some(path) = &args.report {
        let pairs: Vec<(&Score, Option<&Indicators>)> = scored
            .iter()
            .map(|s| (&s.score, s.indicators.as_ref()))
            .collect();
        let page = report::page(&pairs, &rows, &journals, &question.instrument, lang);
        read::write(path, &page.render())?;
    }
    tell(&scored, &journals, left_out, question, args.json, lang)
}

fn all_cases<'j>(
    journals: &'j [JournalRecords],
    listed: &BTreeSet<(String, IncidentId)>,
) -> (Vec<Case<'j>>, LeftOut) {
    let mut all = vec![];
    let mut left_out = LeftOut::default();
    for journal in journals {
        let (cases, left) = case::cases(journal, listed);
        all.extend(cases);
        left_out.merged += left.merged;
        left_out.open += left.open;
    }
    (all, left_out)
}

/// The cases behind a score, for its indicators.
fn judged<'c, 'r>(
    cases: &'c [Case<'r>],
    flow: Flow,
    score: &Score,
    question: &Question,
) -> Vec<&'c Case<'r>> {
    let named: BTreeSet<&String> = score.counted.iter().collect();
    let counted = |c: &&Case<'_>| {
        let name = format!("{}#{}", c.journal, c.incident.id);
        zizhi_evaluation::autonomy::observe::belongs(flow, c, &question.instrument)
            && named.contains(&name)
    };
    cases.iter().filter(counted).collect()
}

fn tell(
    scored: &[Scored],
    journals: &[JournalRecords],
    left_out: LeftOut,
    question: &Question,
    json: bool,
    lang: Language,
) -> Result<ExitCode, Failure> {
    if json {
        for one in scored {
            json_line(&json!({
                "score": one.score,
                "indicators": one.indicators,
                "left_out": left_out,
                "journals": journals.iter().map(|j| &j.name).collect::<Vec<_>>(),
                "instrument": question.instrument,
            }))?;
        }
    } else {
        show::instrument(&question.instrument, lang);
        show::left_out(left_out, lang);
        for one in scored {
            show::score(one, &question.instrument, lang);
        }
    }
    let failed = scored.iter().any(|s| !s.score.passed);
    Ok(if failed {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}
