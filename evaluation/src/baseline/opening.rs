//! From alerts to an incident: what is raised, joined or opened, and what it is taken for.

use super::book::About;
use super::incidents::{Alert, Incident};
use super::threshold::Threshold;
use super::watch::{Sight, Spot};
use std::collections::BTreeMap;
use zizhi_types::hypothesis::{Evidence, HypothesisState};
use zizhi_types::negotiation::Lease;
use zizhi_types::objective::Violation;
use zizhi_types::{Anomaly, AnomalyId, Body, Hypothesis, IncidentId, ManagedObject};

impl Threshold {
    pub(super) fn alert(&mut self, spot: Spot, seen: Vec<(ManagedObject, Sight)>) {
        let alerts: Vec<(ManagedObject, Alert)> = seen
            .into_iter()
            .map(|(object, sight)| {
                let alert = self.raise(&object, &sight);
                (object, alert)
            })
            .collect();
        let symptoms: Vec<AnomalyId> = alerts.iter().map(|(_, a)| a.id.clone()).collect();
        let causes = alerts.iter().map(|(_, a)| a.record.clone()).collect();
        if let Some(incident) = self.incidents.get_mut(&spot) {
            incident.alerts.extend(alerts);
            if incident.handed_over {
                return;
            }
            let about = About {
                domain: Some(spot.1.domain()),
                incident: Some(&incident.id),
                causes,
                ..About::default()
            };
            self.book.write(about, Body::SymptomsJoined { symptoms });
            return;
        }
        let incident = self.open(&spot, alerts.into_iter().collect());
        self.incidents.insert(spot, incident);
    }

    fn raise(&mut self, object: &ManagedObject, sight: &Sight) -> Alert {
        let domain = object.domain();
        let counts = self.counts.entry(domain).or_default();
        counts.anomalies += 1;
        let anomaly = Anomaly {
            id: AnomalyId::new(domain, counts.anomalies),
            object: object.clone(),
            metric: sight.metric,
            score: 1.0,
            expected: sight.limit,
            observed: sight.value,
            onset: sight.onset,
            at: self.book.now(),
            source: sight.message.id.clone(),
            violates: Some(sight.limit),
        };
        let id = anomaly.id.clone();
        let raw = self.book.keep(&sight.message, domain);
        let about = About {
            domain: Some(domain),
            object: Some(object),
            causes: vec![raw],
            ..About::default()
        };
        let record = self.book.write(about, Body::AnomalyRaised { anomaly });
        let violation = Violation {
            object: object.clone(),
            metric: sight.metric,
            limit: sight.limit,
            value: sight.value,
        };
        Alert {
            id,
            record,
            violation,
        }
    }

    fn open(&mut self, spot: &Spot, alerts: BTreeMap<ManagedObject, Alert>) -> Incident {
        let domain = spot.1.domain();
        let counts = self.counts.entry(domain).or_default();
        counts.incidents += 1;
        self.leases += 1;
        let lease = Lease {
            leader: domain,
            token: self.leases,
        };
        let id = IncidentId::new(domain, counts.incidents);
        let opened = Body::IncidentOpened {
            lease,
            symptoms: alerts.values().map(|a| a.id.clone()).collect(),
            violations: alerts.values().map(|a| a.violation.clone()).collect(),
        };
        let about = |causes| About {
            domain: Some(domain),
            object: Some(&spot.1),
            incident: Some(&id),
            causes,
        };
        let seen = alerts.values().map(|a| a.record.clone()).collect();
        let opened = self.book.write(about(seen), opened);
        let hypotheses = vec![self.hypothesis(spot, &alerts)];
        let diagnosed = Body::Diagnosed {
            hypotheses,
            other: 0.0,
        };
        let last = self.book.write(about(vec![opened]), diagnosed);
        Incident {
            id,
            lease,
            alerts,
            tries: 0,
            done: None,
            before: vec![],
            due: self.book.now(),
            last,
            handed_over: false,
        }
    }

    /// A rule names its cause without a doubt.
    fn hypothesis(&self, spot: &Spot, alerts: &BTreeMap<ManagedObject, Alert>) -> Hypothesis {
        let evidence = |(object, alert): (&ManagedObject, &Alert)| Evidence {
            anomaly: alert.id.clone(),
            object: object.clone(),
            metric: alert.violation.metric,
            path: vec![object.clone(), spot.1.clone()],
            weight: 1.0,
        };
        Hypothesis {
            object: spot.1.clone(),
            fault: self.rules.rules[spot.0].fault,
            probability: 1.0,
            state: HypothesisState::Supported,
            evidence_for: alerts.iter().map(evidence).collect(),
            evidence_against: vec![],
        }
    }
}
