//! Remembering how runs ended, and recalling what is alike.

use super::{Input, Output};
use crate::planner::{Recalled, features, name_of};
use crate::role::Engine;
use std::collections::BTreeSet;
use zizhi_models::remedy::PastOutcome;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::{Hypothesis, IncidentId, NetTime, Plan};

/// Cases kept; the oldest go first. Our choice: a year of one incident a day.
const CASES_MAX: usize = 365;

/// The learner of one domain.
#[derive(Default)]
pub struct Learner {
    cases: Vec<(IncidentId, PastOutcome)>,
}

impl Learner {
    /// A learner with an empty case base.
    pub const fn new() -> Self {
        Self { cases: vec![] }
    }

    /// A plan that was never run teaches nothing about its playbook.
    fn remember(&mut self, plan: &Plan, outcome: RunEnd, seen: BTreeSet<String>) {
        if outcome == RunEnd::NotRun {
            return;
        }
        if self.cases.len() == CASES_MAX {
            self.cases.remove(0);
        }
        let past = PastOutcome {
            playbook: name_of(plan),
            features: features(plan, seen),
            worked: outcome == RunEnd::Helped,
        };
        self.cases.push((plan.incident.clone(), past));
    }

    fn recall(&self, hypotheses: &[Hypothesis]) -> Recalled {
        let best = hypotheses.first().map(|h| {
            let (fault, kind) = (
                format!("fault:{}", h.fault),
                format!("kind:{}", h.object.kind().as_str()),
            );
            let object = format!("object:{}", h.object);
            (fault, kind, object)
        });
        let alike = |past: &&(IncidentId, PastOutcome)| {
            best.as_ref()
                .is_some_and(|(fault, _, _)| past.1.worked && past.1.features.contains(fault))
        };
        let closeness = |past: &PastOutcome| {
            best.as_ref().map_or(0, |(_, kind, object)| {
                u32::from(past.features.contains(kind))
                    + 2 * u32::from(past.features.contains(object))
            })
        };
        let best_case = self
            .cases
            .iter()
            .filter(alike)
            .max_by_key(|(_, past)| closeness(past))
            .map(|(incident, past)| (incident.clone(), past.playbook.clone()));
        Recalled {
            past: self.cases.iter().map(|(_, p)| p.clone()).collect(),
            best_case,
        }
    }
}

impl Engine for Learner {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, _: NetTime) -> Vec<Output> {
        match input {
            Input::Remember {
                plan,
                outcome,
                seen,
            } => {
                self.remember(&plan, outcome, seen);
                vec![]
            }
            Input::Recall {
                incident,
                hypotheses,
                situation,
            } => {
                let recalled = self.recall(&hypotheses);
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
