//! How symptoms are connected: by the knowledge graph, or not at all.

use super::loudest;
use crate::correlator::Known;
use zizhi_knowledge::diagnose::{self, Diagnosis, Healthy};
use zizhi_knowledge::{KnowledgeError, KnowledgeGraph};
use zizhi_types::Anomaly;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::topology::Network;

/// What a diagnoser goes by.
pub(super) enum Insight {
    /// By what depends on what; or why the graph could not be made.
    Graph(Box<Result<KnowledgeGraph, KnowledgeError>>),
    /// By what is loudest.
    Loudest,
}

impl Insight {
    /// A graph that knows faults and their signs, and no network yet.
    pub(super) fn graph() -> Self {
        Self::Graph(Box::new(KnowledgeGraph::new()))
    }

    /// There was to be a graph, and there is none.
    pub(super) fn is_blind(&self) -> bool {
        matches!(self, Self::Graph(graph) if graph.is_err())
    }

    /// Takes over a domain's part of the network; why not, if it was refused.
    pub(super) fn learn(&mut self, domain: Domain, part: Network) -> Result<(), String> {
        match self {
            Self::Graph(graph) => match &mut **graph {
                Ok(graph) => graph
                    .learn(domain, part)
                    .map(|_| ())
                    .map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            },
            Self::Loudest => Ok(()),
        }
    }

    /// Whether an open incident explains the anomaly.
    pub(super) fn explains(&self, known: &Known, anomaly: &Anomaly) -> bool {
        match self {
            Self::Graph(graph) => graph.as_ref().as_ref().is_ok_and(|graph| {
                diagnose::explained_by(graph, &known.suspect, known.fault, anomaly).is_some()
            }),
            Self::Loudest => loudest::belongs(anomaly, &known.suspect),
        }
    }

    /// Ranks the causes of a situation.
    pub(super) fn diagnose(&self, situation: &Situation, healthy: &Healthy<'_>) -> Diagnosis {
        match self {
            Self::Graph(graph) => match graph.as_ref() {
                Ok(graph) => diagnose::diagnose(graph, situation, healthy),
                Err(_) => Diagnosis::default(),
            },
            Self::Loudest => loudest::diagnose(situation),
        }
    }
}
