//! Remembering how runs ended, and recalling what is alike: the case base is a part of the knowledge graph.

use super::{Input, Output};
use crate::planner::{PastCase, Recalled, features_of, name_of};
use crate::role::Engine;
use std::collections::BTreeSet;
use zizhi_knowledge::{Case, KnowledgeError, KnowledgeGraph, signature};
use zizhi_models::remedy::PastOutcome;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::{Hypothesis, Metric, NetTime, Plan};

/// Cases kept; the oldest go first. Our choice: a year of one incident a day.
const CASES_MAX: usize = 365;

/// The learner of one domain.
pub struct Learner {
    memory: Memory,
}

/// Where outcomes are kept.
enum Memory {
    /// In the case base; or why it could not be made.
    Graph(Box<Result<KnowledgeGraph, KnowledgeError>>),
    /// Nowhere.
    Nothing,
}

impl Default for Learner {
    fn default() -> Self {
        Self::new()
    }
}

impl Learner {
    /// A learner with an empty case base.
    pub fn new() -> Self {
        Self {
            memory: Memory::Graph(Box::new(KnowledgeGraph::new())),
        }
    }

    /// One that remembers nothing and recalls nothing.
    pub const fn without_memory() -> Self {
        Self {
            memory: Memory::Nothing,
        }
    }

    /// A plan that was never run teaches nothing about its playbook.
    fn remember(
        &mut self,
        plan: &Plan,
        outcome: RunEnd,
        seen: BTreeSet<Metric>,
        now: NetTime,
    ) -> Vec<Output> {
        if outcome == RunEnd::NotRun {
            return vec![];
        }
        self.keep(Case {
            origin: None,
            incident: plan.incident.clone(),
            fault: plan.fault,
            suspect: plan.suspect.clone(),
            playbook: plan.playbook.clone(),
            outcome,
            at: now,
            signature: seen,
        })
    }

    fn keep(&mut self, case: Case) -> Vec<Output> {
        let Memory::Graph(graph) = &mut self.memory else {
            return vec![];
        };
        let refused = match &mut **graph {
            Ok(graph) => {
                let kept = graph
                    .remember(case)
                    .and_then(|()| graph.keep_newest(CASES_MAX));
                kept.err().map(|e| e.to_string())
            }
            Err(error) => Some(error.to_string()),
        };
        refused
            .map(|reason| Output::NotRemembered { reason })
            .into_iter()
            .collect()
    }

    /// Of what other runs taught, the last so many: more would only be forgotten again.
    fn bring(&mut self, mut cases: Vec<Case>) -> Vec<Output> {
        let newest = cases.split_off(cases.len().saturating_sub(CASES_MAX));
        newest.into_iter().flat_map(|c| self.keep(c)).collect()
    }

    /// What is held, oldest first.
    fn held(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = self
            .graph()
            .map(|graph| graph.cases().cloned().collect())
            .unwrap_or_default();
        cases.sort_by_key(Case::age);
        cases
    }

    fn graph(&self) -> Option<&KnowledgeGraph> {
        match &self.memory {
            Memory::Graph(graph) => graph.as_ref().as_ref().ok(),
            Memory::Nothing => None,
        }
    }

    /// How every remedy fared, and the most alike incident of the same fault whose remedy helped.
    fn recall(&self, hypotheses: &[Hypothesis], situation: &Situation) -> Recalled {
        let Some(graph) = self.graph() else {
            return Recalled::default();
        };
        let past = graph.cases().map(past_outcome).collect();
        let best_case = hypotheses.first().and_then(|h| {
            let alike = graph.similar(h.fault, &h.object, &signature(situation));
            let helped = |case: &Case| case.fault == h.fault && case.outcome == RunEnd::Helped;
            let best = alike.into_iter().map(|s| s.case).find(helped)?;
            let case = PastCase {
                origin: best.origin,
                incident: best.incident,
            };
            Some((case, unversioned(&best.playbook)))
        });
        Recalled { past, best_case }
    }
}

fn past_outcome(case: &Case) -> PastOutcome {
    PastOutcome {
        playbook: unversioned(&case.playbook),
        features: features_of(case.fault, &case.suspect, case.signature.iter().copied()),
        worked: case.outcome == RunEnd::Helped,
    }
}

fn unversioned(playbook: &str) -> String {
    name_of(playbook).to_owned()
}

impl Engine for Learner {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: NetTime) -> Vec<Output> {
        match input {
            Input::Bring(cases) => self.bring(cases),
            Input::Recite => vec![Output::Recited(self.held())],
            Input::Remember {
                plan,
                outcome,
                seen,
            } => self.remember(&plan, outcome, seen, now),
            Input::Recall {
                incident,
                hypotheses,
                situation,
            } => {
                let recalled = self.recall(&hypotheses, &situation);
                vec![Output::Recalled {
                    incident,
                    hypotheses,
                    situation,
                    recalled,
                }]
            }
        }
    }
}
