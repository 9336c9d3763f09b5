//! What did an earlier run teach? Its journal tells, so experience can be carried from run to run.
//!
//! In: a journal's records, in order. Out: the cases that the learner of each incident's leader held at the end of that
//! run, each labelled with the run, because ids are counted anew in every run. Pure; reading the file is the caller's.
//!
//! Peers of the leader hold the same cases, but see a little less: symptoms that joined an incident later are known to
//! its leader alone.

use std::collections::{BTreeMap, BTreeSet};
use zizhi_knowledge::{Case, Signature};
use zizhi_types::{AnomalyId, Body, IncidentId, Metric, Record};

/// The cases of the run that is called `origin`, oldest first. What the run itself had been brought from earlier ones is
/// not in its journal: give those journals too.
///
/// A `Remembered` record that names no incident or no suspect teaches nothing and is left out.
pub fn cases_of<'r>(records: impl IntoIterator<Item = &'r Record>, origin: &str) -> Vec<Case> {
    let mut reader = Reader::default();
    let mut cases: BTreeMap<(IncidentId, String), Case> = BTreeMap::new();
    for record in records {
        reader.read(record);
        if let Some(case) = reader.case(record, origin) {
            cases.insert((case.incident.clone(), case.playbook.clone()), case);
        }
    }
    let mut cases: Vec<Case> = cases.into_values().collect();
    cases.sort_by_key(Case::age);
    cases
}

/// What the leader of each incident knew of its symptoms, as far as the journal was read.
#[derive(Default)]
struct Reader {
    /// Anomalies that last.
    lasting: BTreeMap<AnomalyId, Metric>,
    /// What was seen of each incident that is open.
    seen: BTreeMap<IncidentId, Signature>,
}

impl Reader {
    fn read(&mut self, record: &Record) {
        match (&record.body, &record.incident) {
            (Body::AnomalyRaised { anomaly }, _) => {
                self.lasting.insert(anomaly.id.clone(), anomaly.metric);
            }
            (Body::AnomalyCleared { anomaly }, _) => {
                self.lasting.remove(anomaly);
            }
            (
                Body::IncidentOpened { symptoms, .. } | Body::SymptomsJoined { symptoms },
                Some(incident),
            ) => self.belong(symptoms, incident),
            (Body::IncidentClosed { .. }, Some(incident)) => {
                self.seen.remove(incident);
            }
            _ => {}
        }
    }

    /// A symptom that was over when it was joined is known by its record alone, and describes nothing any more.
    fn belong(&mut self, symptoms: &[AnomalyId], incident: &IncidentId) {
        let lasting: BTreeSet<Metric> = symptoms
            .iter()
            .filter_map(|s| self.lasting.get(s).copied())
            .collect();
        self.seen
            .entry(incident.clone())
            .or_default()
            .extend(lasting);
    }

    fn case(&self, record: &Record, origin: &str) -> Option<Case> {
        let Body::Remembered {
            fault,
            playbook,
            outcome,
            ..
        } = &record.body
        else {
            return None;
        };
        let incident = record.incident.clone()?;
        Some(Case {
            origin: Some(origin.to_owned()),
            fault: *fault,
            suspect: record.object.clone()?,
            playbook: playbook.clone(),
            outcome: *outcome,
            at: record.at,
            signature: self.seen.get(&incident).cloned().unwrap_or_default(),
            incident,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, down, incident, lease, object};
    use zizhi_types::negotiation::RunEnd;
    use zizhi_types::{Anomaly, Domain, FaultKind, RecordId, Who};

    struct Book(Vec<Record>);

    impl Book {
        fn write(&mut self, body: Body) -> &mut Record {
            let number = self.0.len() as u64 + 1;
            self.0.push(Record {
                id: RecordId::new("transport", number),
                at: at(number),
                who: Who::System,
                domain: Some(Domain::Transport),
                stage: body.stage(),
                object: Some(object("link/A-B")),
                incident: Some(incident("inc-transport-1")),
                causes: vec![],
                body,
            });
            let last = self.0.len() - 1;
            &mut self.0[last]
        }

        fn remembered(&mut self) -> &mut Record {
            self.write(Body::Remembered {
                fault: FaultKind::LinkDown,
                playbook: "transport.link-down.reset@1.0.0".to_owned(),
                outcome: RunEnd::Helped,
                twin_error: None,
            })
        }
    }

    fn raised(anomaly: &Anomaly) -> Body {
        Body::AnomalyRaised {
            anomaly: anomaly.clone(),
        }
    }

    #[test]
    fn a_case_looks_like_what_lasted_when_it_was_seen_to_belong() {
        let over = down(1, "port/A:A-B", Metric::PortFlaps, at(1));
        let first = down(2, "port/A:A-B", Metric::PortOperUp, at(1));
        let later = down(3, "group/g1", Metric::GroupSuccess, at(1));
        let mut book = Book(vec![]);
        for anomaly in [&over, &first, &later] {
            book.write(raised(anomaly));
        }
        book.write(Body::AnomalyCleared {
            anomaly: over.id.clone(),
        });
        book.write(Body::IncidentOpened {
            lease: lease(Domain::Transport, 1),
            symptoms: vec![over.id, first.id],
            violations: vec![],
        });
        book.write(Body::SymptomsJoined {
            symptoms: vec![later.id],
        });
        book.remembered();
        let [case] = &cases_of(&book.0, "monday")[..] else {
            panic!("one run was remembered")
        };
        assert_eq!(case.origin.as_deref(), Some("monday"));
        let seen = Signature::from([Metric::PortOperUp, Metric::GroupSuccess]);
        assert_eq!(case.signature, seen);
        assert_eq!((case.at, case.outcome), (at(7), RunEnd::Helped));
    }

    #[test]
    fn a_record_that_names_no_suspect_teaches_nothing() {
        let mut book = Book(vec![]);
        book.remembered().object = None;
        book.remembered().incident = None;
        assert_eq!(cases_of(&book.0, "monday"), []);
    }
}
