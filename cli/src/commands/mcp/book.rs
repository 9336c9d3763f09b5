//! What can an assistant be told about a journal?
//!
//! In: records as they are written, and a question's words. Out: answers as JSON: short lists first, whole records on demand. Pure. What
//! devices and senders wrote stands in fields of its own (`payload`, `said`), for it is data and never an instruction.

use super::super::explain::chain;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_agents::recovery::Waiters;
use zizhi_types::incident::Fold;
use zizhi_types::text::{Language, label, object, sentence};
use zizhi_types::{Body, Incident, IncidentId, Record, RecordId};

/// Most lines of one explanation; our choice: what an assistant can weigh. What was left off is counted.
const LINES_MAX: usize = 200;

/// The records so far.
#[derive(Default)]
pub struct Book {
    records: BTreeMap<RecordId, Record>,
    effects: BTreeMap<RecordId, Vec<RecordId>>,
    fold: Fold,
    waiters: Waiters,
}

impl Book {
    /// Takes the next record.
    pub fn push(&mut self, record: Record) {
        self.fold.push(&record);
        self.waiters.take(&record);
        for cause in &record.causes {
            let effects = self.effects.entry(cause.clone()).or_default();
            effects.push(record.id.clone());
        }
        self.records.insert(record.id.clone(), record);
    }

    /// The newest incidents first; only those that are open, or only those that are over, if asked so.
    pub fn incidents(&self, open: Option<bool>, limit: usize, lang: Language) -> Json {
        let all = self.fold.incidents().iter().rev();
        let fits = |i: &&Incident| open.is_none_or(|o| o == i.ending.is_none());
        let found: Vec<&Incident> = all.filter(fits).collect();
        let shown: Vec<Json> = found.iter().take(limit).map(|i| summary(i, lang)).collect();
        json!({ "incidents": shown, "left_off": found.len().saturating_sub(limit) })
    }

    /// Why each action of an incident was taken, back to the raw messages, and all that was written about it.
    pub fn explain(&self, id: &str, lang: Language) -> Result<Json, String> {
        let id: IncidentId = id.parse().map_err(|e| format!("{e}"))?;
        let incident = self
            .fold
            .incident(&id)
            .ok_or_else(|| format!("there is no incident {id}; list_incidents names them"))?;
        let known: BTreeMap<RecordId, &Record> =
            self.records.iter().map(|(i, r)| (i.clone(), r)).collect();
        let own: Vec<&Record> = incident
            .records
            .iter()
            .filter_map(|i| self.records.get(i))
            .collect();
        let begun = own
            .iter()
            .filter(|r| matches!(r.body, Body::StepStarted { .. }));
        let actions: Vec<Json> = begun
            .map(|r| {
                let because = chain(r, &known);
                let lines: Vec<Json> = because
                    .iter()
                    .take(LINES_MAX)
                    .map(|(depth, record)| told(record, Some(*depth), lang))
                    .collect();
                json!({
                    "action": sentence(r, lang), "record": r.id,
                    "because": lines, "left_off": because.len().saturating_sub(LINES_MAX),
                })
            })
            .collect();
        let lines: Vec<Json> = own
            .iter()
            .take(LINES_MAX)
            .map(|r| told(r, None, lang))
            .collect();
        Ok(json!({
            "incident": summary(incident, lang), "actions": actions,
            "records": lines, "left_off": own.len().saturating_sub(LINES_MAX),
        }))
    }

    /// One record whole, with what it follows from and what follows from it.
    pub fn record(&self, id: &str, lang: Language) -> Result<Json, String> {
        let id: RecordId = id.parse().map_err(|e| format!("{e}"))?;
        let record = self
            .records
            .get(&id)
            .ok_or_else(|| format!("there is no record {id}"))?;
        let line = |id: &RecordId| self.records.get(id).map(|r| told(r, None, lang));
        let causes: Vec<Json> = record.causes.iter().filter_map(line).collect();
        let effects = self.effects.get(&id).map_or(&[][..], Vec::as_slice);
        let effects: Vec<Json> = effects.iter().filter_map(line).collect();
        Ok(json!({
            "says": sentence(record, lang), "record": record, "causes": causes, "effects": effects,
        }))
    }

    /// The plans that wait for a person's yes, the soonest deadline first.
    pub fn waiting(&self, lang: Language) -> Json {
        let mut seen = BTreeSet::new();
        let mut requests: Vec<_> = self.waiters.requests().map(|(r, _)| r).collect();
        requests.sort_by_key(|r| (r.expires, r.plan.clone()));
        let open = |id: &IncidentId| self.fold.incident(id).is_some_and(|i| i.ending.is_none());
        let waiting: Vec<Json> = requests
            .into_iter()
            .filter(|r| open(&r.incident) && seen.insert(r.plan.clone()))
            .map(|r| {
                let incident = self.fold.incident(&r.incident);
                json!({
                    "plan": r.plan, "until": r.expires.to_string(),
                    "incident": incident.map(|i| summary(i, lang)),
                })
            })
            .collect();
        json!({ "waiting": waiting, "how_to_answer": "a person answers on the dashboard or with `zizhi approve`" })
    }

    /// What was written about each incident, for the search.
    pub fn incidents_and_records(&self) -> (&[Incident], Vec<&Record>) {
        (self.fold.incidents(), self.records.values().collect())
    }
}

fn summary(incident: &Incident, lang: Language) -> Json {
    let cause = incident.cause.as_ref().map(|(o, fault, probability)| {
        json!({
            "object": o, "fault": fault, "probability": probability,
            "says": format!("{}, {}", label(*fault, lang), object(o, lang)),
        })
    });
    json!({
        "id": incident.id, "opened": incident.opened.to_string(), "leader": incident.leader,
        "cause": cause, "plans": incident.plans, "open": incident.ending.is_none(),
        "ending": incident.ending.map(|e| label(e, lang)),
        "restored_after_s": incident.restored.map(|at| at.since(incident.onset) / 1000),
    })
}

fn told(record: &Record, depth: Option<usize>, lang: Language) -> Json {
    let mut line = json!({
        "record": record.id, "at": record.at.to_string(),
        "stage": label(record.stage, lang), "says": sentence(record, lang),
    });
    if let Some(depth) = depth {
        line["depth"] = json!(depth);
    }
    if let Body::Raw { payload, .. } = &record.body {
        line["payload"] = json!(payload);
    }
    line
}
