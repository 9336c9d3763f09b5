//! Which symptoms an open incident explains, and what caused the rest.

use super::insight::Insight;
use super::{Input, Output};
use crate::correlator::Known;
use crate::picture::Picture;
use crate::role::Engine;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::hypothesis::Situation;
use zizhi_types::{Anomaly, AnomalyId, IncidentId, ManagedObject, Metric, NetTime};

/// The diagnoser of one domain, with its own copy of the graph.
pub struct Diagnoser {
    insight: Insight,
}

impl Diagnoser {
    /// A diagnoser that knows faults and their signs, and no network yet.
    pub fn new() -> Self {
        Self {
            insight: Insight::graph(),
        }
    }

    /// One without a graph, that takes the loudest for the cause.
    pub const fn without_graph() -> Self {
        Self {
            insight: Insight::Loudest,
        }
    }

    fn diagnose(
        &self,
        situation: Situation,
        open: &[Known],
        picture: &Picture,
        at: NetTime,
    ) -> Vec<Output> {
        if self.insight.is_blind() {
            return vec![];
        }
        let (joined, rest) = split(&self.insight, &situation, open);
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
        let answer = self.insight.diagnose(&rest, &healthy);
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
    insight: &Insight,
    situation: &Situation,
    open: &[Known],
) -> (Vec<(IncidentId, Vec<AnomalyId>)>, Vec<Anomaly>) {
    let mut joined: BTreeMap<IncidentId, Vec<AnomalyId>> = BTreeMap::new();
    let mut rest = vec![];
    for anomaly in &situation.symptoms {
        let by = |known: &&Known| insight.explains(known, anomaly);
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
                let learnt = self.insight.learn(domain, *part);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, down, incident, lease, network, object};
    use std::sync::Arc;
    use zizhi_types::{Domain, FaultKind};

    /// What each kind of diagnoser makes of users that suffer while the incident of a cut link is open.
    fn joined_of(mut diagnoser: Diagnoser) -> usize {
        for domain in Domain::ALL {
            let part = Box::new(network().part(domain));
            let refused = diagnoser.handle(Input::Learn { domain, part }, at(90));
            assert_eq!(refused, []);
        }
        let users = down(1, "group/g1", Metric::GroupSuccess, at(100));
        let port = down(2, "port/A:A-B", Metric::PortAdjacencyUp, at(100));
        let known = Known {
            incident: incident("inc-transport-1"),
            lease: lease(Domain::Transport, 1),
            suspect: object("link/A-B"),
            fault: FaultKind::LinkDown,
        };
        let input = Input::Diagnose {
            situation: crate::testing::situation(&[&users, &port]),
            open: vec![known],
            picture: Arc::new(Picture::empty()),
            at: at(110),
        };
        let Output::Diagnosis { joined, .. } = diagnoser.handle(input, at(110)).remove(0) else {
            panic!("it answers")
        };
        joined.iter().map(|(_, symptoms)| symptoms.len()).sum()
    }

    #[test]
    fn what_lies_upstream_explains_users_only_to_who_knows_the_graph() {
        assert_eq!(joined_of(Diagnoser::new()), 2);
        assert_eq!(joined_of(Diagnoser::without_graph()), 1);
    }
}
