//! `zizhi explain`: from the action back to the raw telemetry message, cause by cause.

use super::playbook::explain_code::{self, is_code};
use super::timeline::pad;
use super::{json_line, pick};
use crate::args::ExplainArgs;
use crate::fail::Failure;
use crate::journals;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use zizhi_bus::journal;
use zizhi_types::text::{Language, label, sentence};
use zizhi_types::{Body, IncidentId, Record, RecordId, incident};

/// Explains an incident.
pub fn run(args: ExplainArgs, lang: Language) -> Result<ExitCode, Failure> {
    if is_code(&args.incident) {
        return explain_code::run(&args.incident, args.journal.json, lang);
    }
    let id: IncidentId = args.incident.parse()?;
    let path = journals::existing(args.journal.journal)?;
    let entries = journal::read_all(&path)?;
    let records: BTreeMap<RecordId, &Record> = entries
        .iter()
        .map(|e| (e.record.id.clone(), &e.record))
        .collect();
    let incidents = incident::fold(entries.iter().map(|e| &e.record));
    let Some(found) = incidents.iter().find(|i| i.id == id) else {
        let known: Vec<String> = incidents.iter().map(|i| i.id.to_string()).collect();
        return Err(format!(
            "no incident {id} in {}: it has {}",
            path.display(),
            known.join(", ")
        )
        .into());
    };
    let own: Vec<&Record> = entries
        .iter()
        .map(|e| &e.record)
        .filter(|r| r.incident.as_ref() == Some(&id))
        .collect();
    let actions: Vec<&Record> = own
        .iter()
        .copied()
        .filter(|r| matches!(r.body, Body::StepStarted { .. }))
        .collect();
    if args.journal.json {
        return as_json(found, &actions, &own, &records);
    }
    println!("{id}\n");
    if actions.is_empty() {
        println!(
            "{}\n",
            pick(
                lang,
                "No action was taken. How it went:",
                "未采取动作。经过如下："
            )
        );
        for record in &own {
            line(record, 0, lang);
        }
        return Ok(ExitCode::SUCCESS);
    }
    for action in actions {
        println!(
            "{}\n",
            pick(
                lang,
                "Why was this done? Read downwards: each line because of the next.",
                "为什么这样做？自上而下阅读：每一行的原因是下一行。"
            )
        );
        for (depth, record) in chain(action, &records) {
            line(record, depth, lang);
        }
        println!();
    }
    println!("{}\n", pick(lang, "What came of it:", "结果："));
    let after = own.iter().filter(|r| is_outcome(&r.body));
    after.for_each(|record| line(record, 0, lang));
    Ok(ExitCode::SUCCESS)
}

const fn is_outcome(body: &Body) -> bool {
    matches!(
        body,
        Body::StepDone { .. }
            | Body::StepFailed { .. }
            | Body::UndoStarted { .. }
            | Body::UndoDone { .. }
            | Body::UndoFailed { .. }
            | Body::Verified { .. }
            | Body::Remembered { .. }
            | Body::Escalated { .. }
            | Body::IncidentClosed { .. }
    )
}

fn as_json(
    found: &zizhi_types::Incident,
    actions: &[&Record],
    own: &[&Record],
    records: &BTreeMap<RecordId, &Record>,
) -> Result<ExitCode, Failure> {
    let chains: Vec<Vec<&Record>> = actions
        .iter()
        .map(|a| chain(a, records).into_iter().map(|(_, r)| r).collect())
        .collect();
    json_line(&serde_json::json!({ "incident": found, "chains": chains, "records": own }))?;
    Ok(ExitCode::SUCCESS)
}

/// The record and everything it follows from, nearest first, each once, with its distance.
pub(super) fn chain<'r>(
    from: &'r Record,
    records: &BTreeMap<RecordId, &'r Record>,
) -> Vec<(usize, &'r Record)> {
    let mut seen = BTreeSet::from([from.id.clone()]);
    let mut layer = vec![from];
    let mut found = vec![];
    let mut depth = 0;
    while !layer.is_empty() {
        let mut next = vec![];
        for record in layer {
            found.push((depth, record));
            for cause in &record.causes {
                if let Some(cause) = records.get(cause).filter(|c| seen.insert(c.id.clone())) {
                    next.push(*cause);
                }
            }
        }
        layer = next;
        depth += 1;
    }
    found
}

fn line(record: &Record, depth: usize, lang: Language) {
    let stage = pad(&label(record.stage, lang), 9);
    let indent = "  ".repeat(depth.min(12));
    println!(
        "{:>8}  {stage} {indent}{}  [{}]",
        record.at.to_string(),
        sentence(record, lang),
        record.id
    );
    if let Body::Raw { payload, .. } = &record.body {
        println!("{:>19} {indent}{payload}", "");
    }
}
