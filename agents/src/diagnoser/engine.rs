//! Asking the graph.

use super::{Input, Output};
use crate::correlator::Known;
use crate::picture::Picture;
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_knowledge::{KnowledgeError, KnowledgeGraph, diagnose};
use zizhi_types::hypothesis::Situation;
use zizhi_types::{Anomaly, AnomalyId, IncidentId, ManagedObject, Metric, NetTime};

/// The diagnoser of one domain, with its own copy of the graph.
pub struct Diagnoser {
    graph: Result<KnowledgeGraph, KnowledgeError>,
}

impl Diagnoser {
    /// A diagnoser that knows faults and their signs, and no network yet.
    pub fn new() -> Self {
        Self {
            graph: KnowledgeGraph::new(),
        }
    }

    fn diagnose(
        &self,
        situation: Situation,
        open: &[Known],
        picture: &Picture,
        at: NetTime,
    ) -> Vec<Output> {
        let Ok(graph) = &self.graph else {
            return vec![];
        };
        let (joined, rest) = split(graph, &situation, open);
        let rest = Situation {
            symptoms: rest,
            silent: situation.silent.clone(),
        };
        let seen: BTreeSet<(&ManagedObject, Metric)> = rest
            .symptoms
            .iter()
            .map(|a| (&a.object, a.metric))
            .collect();
        let healthy = |object: &ManagedObject, metric: Metric| {
            let value = picture.value(object, metric, at)?;
            let kept = picture
                .objective(object, metric)
                .is_none_or(|o| o.holds(value));
            Some(kept && !seen.contains(&(object, metric)))
        };
        let answer = diagnose::diagnose(graph, &rest, &healthy);
        vec![Output::Diagnosis {
            situation,
            joined,
            hypotheses: answer.hypotheses,
            other: answer.other,
            need: answer.need,
        }]
    }
}

impl Default for Diagnoser {
    fn default() -> Self {
        Self::new()
    }
}

/// Symptoms by the open incident that explains them, and those that none explains.
fn split(
    graph: &KnowledgeGraph,
    situation: &Situation,
    open: &[Known],
) -> (Vec<(IncidentId, Vec<AnomalyId>)>, Vec<Anomaly>) {
    let mut joined: BTreeMap<IncidentId, Vec<AnomalyId>> = BTreeMap::new();
    let mut rest = vec![];
    for anomaly in &situation.symptoms {
        let by = |known: &&Known| {
            diagnose::explained_by(graph, &known.suspect, known.fault, anomaly).is_some()
        };
        match open.iter().find(by) {
            Some(known) => joined
                .entry(known.incident.clone())
                .or_default()
                .push(anomaly.id.clone()),
            None => rest.push(anomaly.clone()),
        }
    }
    (joined.into_iter().collect(), rest)
}

impl Engine for Diagnoser {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, _: NetTime) -> Vec<Output> {
        match input {
            Input::Learn { domain, part } => {
                let learnt = match &mut self.graph {
                    Ok(graph) => graph
                        .learn(domain, *part)
                        .map(|_| ())
                        .map_err(|e| e.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                learnt
                    .err()
                    .map(|reason| Output::NotLearnt { domain, reason })
                    .into_iter()
                    .collect()
            }
            Input::Diagnose {
                situation,
                open,
                picture,
                at,
            } => self.diagnose(situation, &open, &picture, at),
        }
    }
}
