//! What was tried before on incidents like this, and did it help?
//!
//! In: how runs ended. Out: similar cases with a similarity, and how often a playbook helped. Called by the learner
//! (remember), the planner and the dashboard (similar, success). A case is a node of the graph, so SPARQL reads it and
//! a snapshot carries it; the compact copy in memory is rebuilt from those triples.

use crate::error::KnowledgeError;
use crate::graph::KnowledgeGraph;
use crate::ontology::{class, graph, object, object_of, quad, word};
use oxigraph::model::vocab::rdf;
use oxigraph::model::{Literal, NamedNode, Term};
use oxigraph::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::fault::FaultKind;
use zizhi_types::hypothesis::Situation;
use zizhi_types::ids::IncidentId;
use zizhi_types::metric::Metric;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::object::ManagedObject;
use zizhi_types::time::NetTime;

/// What an incident looked like: the metrics that were unusual, wherever they were.
pub type Signature = BTreeSet<Metric>;

/// One run of a playbook on one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The run that it was learnt in, where that was not this one: ids are counted anew in every run, so an incident of
    /// another run is told apart by it. Any short text, such as a journal's name.
    pub origin: Option<String>,
    /// The incident.
    pub incident: IncidentId,
    /// What it was taken for.
    pub fault: FaultKind,
    /// The suspect; its kind is the fault's.
    pub suspect: ManagedObject,
    /// Id and version of the playbook, for example `transport.link.drain@1.0.0`.
    pub playbook: String,
    /// How the run ended.
    pub outcome: RunEnd,
    /// When.
    pub at: NetTime,
    /// What it looked like.
    pub signature: Signature,
}

/// A past case with its similarity to the present one, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// The case.
    pub case: Case,
    /// 1 is the same fault at the same object with the same symptoms.
    pub similarity: f64,
}

/// How often a playbook was run on a kind of fault, and how often it helped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Success {
    /// Runs that were verified.
    pub helped: u32,
    /// Runs that changed the network.
    pub tried: u32,
}

/// What a case is known by: its run, empty for this one; its incident; its playbook.
pub(crate) type Key = (String, String, String);

/// Cases in memory.
pub(crate) type Cases = BTreeMap<Key, Case>;

impl Case {
    fn key(&self) -> Key {
        let origin = self.origin.clone().unwrap_or_default();
        (origin, self.incident.to_string(), self.playbook.clone())
    }

    /// Orders by age: what was brought from other runs is older than anything of this one.
    pub fn age(&self) -> impl Ord + use<> {
        (self.origin.is_none(), self.at, self.incident.number)
    }
}

/// Same fault, same symptoms, same object or kind of object: our choice, in the order of what a remedy depends on.
const SAME_FAULT: f64 = 0.5;
const SAME_SYMPTOMS: f64 = 0.3;
const SAME_OBJECT: f64 = 0.2;
const SAME_KIND: f64 = 0.1;

/// The signature of a situation.
pub fn signature(situation: &Situation) -> Signature {
    situation.symptoms.iter().map(|a| a.metric).collect()
}

/// The id of a playbook without its version.
fn unversioned(playbook: &str) -> &str {
    playbook.split_once('@').map_or(playbook, |(id, _)| id)
}

fn similarity(case: &Case, fault: FaultKind, suspect: &ManagedObject, seen: &Signature) -> f64 {
    let both = case.signature.intersection(seen).count();
    let either = case.signature.union(seen).count().max(1);
    let place = match (
        case.suspect == *suspect,
        case.suspect.kind() == suspect.kind(),
    ) {
        (true, _) => SAME_OBJECT,
        (false, true) => SAME_KIND,
        (false, false) => 0.0,
    };
    let fault = if case.fault == fault { SAME_FAULT } else { 0.0 };
    fault + SAME_SYMPTOMS * both as f64 / either as f64 + place
}

impl KnowledgeGraph {
    /// Writes a case down; a case of the same run, incident and playbook is replaced.
    pub fn remember(&mut self, case: Case) -> Result<(), KnowledgeError> {
        let node = node(&case)?;
        let here = graph("cases")?;
        self.unwrite(&node)?;
        self.store.extend(triples(&case, &node, &here)?)?;
        self.cases.insert(case.key(), case);
        Ok(())
    }

    /// Forgets the oldest cases beyond so many.
    pub fn keep_newest(&mut self, most: usize) -> Result<(), KnowledgeError> {
        while self.cases.len() > most {
            let oldest = self.cases.values().min_by_key(|case| case.age());
            let Some(oldest) = oldest.cloned() else {
                break;
            };
            self.unwrite(&node(&oldest)?)?;
            self.cases.remove(&oldest.key());
        }
        Ok(())
    }

    /// Takes a case's triples out of the store.
    fn unwrite(&self, node: &NamedNode) -> Result<(), KnowledgeError> {
        let here = graph("cases")?;
        let (subject, here) = (node.as_ref().into(), here.as_ref().into());
        let old = self
            .store
            .quads_for_pattern(Some(subject), None, None, Some(here));
        for quad in old.collect::<Result<Vec<_>, _>>()? {
            self.store.remove(&quad)?;
        }
        Ok(())
    }

    /// Every case, by run, incident and playbook.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// Cases of the same fault, or of other faults that looked alike, most similar and then newest first.
    pub fn similar(
        &self,
        fault: FaultKind,
        suspect: &ManagedObject,
        seen: &Signature,
    ) -> Vec<Similar> {
        let mut found: Vec<Similar> = self
            .cases
            .values()
            .map(|case| Similar {
                similarity: similarity(case, fault, suspect, seen),
                case: case.clone(),
            })
            // Below this a case shares no more than the kind of object and some symptoms.
            .filter(|s| s.similarity >= SAME_SYMPTOMS)
            .collect();
        found.sort_by(|a, b| {
            let by = b.similarity.total_cmp(&a.similarity);
            let newer = |s: &Similar| (s.case.origin.is_none(), s.case.at);
            by.then(newer(b).cmp(&newer(a)))
        });
        found
    }

    /// How often any version of the playbook helped against the fault.
    pub fn success(&self, playbook: &str, fault: FaultKind) -> Success {
        let wanted =
            |c: &&Case| c.fault == fault && unversioned(&c.playbook) == unversioned(playbook);
        let mut success = Success::default();
        for case in self.cases.values().filter(wanted) {
            success.tried += u32::from(case.outcome != RunEnd::NotRun);
            success.helped += u32::from(case.outcome == RunEnd::Helped);
        }
        success
    }
}

fn node(case: &Case) -> Result<NamedNode, KnowledgeError> {
    // A playbook's name is free text to this package: what an IRI cannot carry is written as its code.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let code = |c: char| {
        if plain(c) {
            c.to_string()
        } else {
            format!("+{:x}+", u32::from(c))
        }
    };
    let coded = |text: &str| text.chars().map(code).collect::<Vec<_>>().concat();
    let run = case.origin.as_deref().map(coded);
    let run = run.map_or_else(String::new, |run| format!("{run}:"));
    let name = coded(&case.playbook);
    Ok(word(&format!("case:{run}{}:{name}", case.incident))?)
}

const fn outcome_text(outcome: RunEnd) -> &'static str {
    match outcome {
        RunEnd::Helped => "helped",
        RunEnd::Undone => "undone",
        RunEnd::Stuck => "stuck",
        RunEnd::NotRun => "not-run",
    }
}

fn outcome_of(text: &str) -> Option<RunEnd> {
    let all = [
        RunEnd::Helped,
        RunEnd::Undone,
        RunEnd::Stuck,
        RunEnd::NotRun,
    ];
    all.into_iter().find(|o| outcome_text(*o) == text)
}

fn triples(
    case: &Case,
    node: &NamedNode,
    here: &NamedNode,
) -> Result<Vec<oxigraph::model::Quad>, KnowledgeError> {
    let text = |t: &str| Literal::new_simple_literal(t);
    let mut out = vec![
        quad(here, node, rdf::TYPE.into(), word("Case")?),
        quad(
            here,
            node,
            word("incident")?,
            text(&case.incident.to_string()),
        ),
        quad(
            here,
            node,
            word("fault")?,
            word(&format!("fault:{}", case.fault))?,
        ),
        quad(here, node, word("suspect")?, object(&case.suspect)?),
        quad(
            here,
            node,
            word("suspectKind")?,
            class(case.suspect.kind())?,
        ),
        quad(here, node, word("playbook")?, text(&case.playbook)),
        quad(
            here,
            node,
            word("outcome")?,
            text(outcome_text(case.outcome)),
        ),
        quad(here, node, word("at_ms")?, Literal::from(case.at.0)),
    ];
    if let Some(origin) = &case.origin {
        out.push(quad(here, node, word("origin")?, text(origin)));
    }
    for metric in &case.signature {
        out.push(quad(here, node, word("symptom")?, text(metric.as_str())));
    }
    Ok(out)
}

/// Reads every case of a store back.
pub(crate) fn read(store: &Store) -> Result<Cases, KnowledgeError> {
    let here = graph("cases")?;
    let mut nodes: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for quad in store.quads_for_pattern(None, None, None, Some(here.as_ref().into())) {
        let quad = quad?;
        let value = match &quad.object {
            Term::NamedNode(iri) => iri.as_str().to_owned(),
            Term::Literal(literal) => literal.value().to_owned(),
            Term::BlankNode(_) => continue,
        };
        let properties = nodes.entry(quad.subject.to_string()).or_default();
        properties
            .entry(quad.predicate.as_str().replace("urn:zizhi:", ""))
            .or_default()
            .push(value);
    }
    let mut cases = Cases::new();
    for (node, properties) in nodes {
        let case = case(&properties).ok_or(KnowledgeError::Case { node })?;
        cases.insert(case.key(), case);
    }
    Ok(cases)
}

fn case(properties: &BTreeMap<String, Vec<String>>) -> Option<Case> {
    let one = |name: &str| properties.get(name).and_then(|v| v.first());
    let symptoms = properties.get("symptom").map_or(&[][..], Vec::as_slice);
    let metric = |text: &String| Metric::ALL.iter().copied().find(|m| m.as_str() == text);
    Some(Case {
        origin: one("origin").cloned(),
        incident: one("incident")?.parse().ok()?,
        fault: one("fault")?
            .strip_prefix("urn:zizhi:fault:")?
            .parse()
            .ok()?,
        suspect: object_of(one("suspect")?)?,
        playbook: one("playbook")?.clone(),
        outcome: outcome_of(one("outcome")?)?,
        at: NetTime(one("at_ms")?.parse().ok()?),
        signature: symptoms.iter().map(metric).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
#[path = "cases_tests.rs"]
mod tests;
