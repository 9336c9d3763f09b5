//! What caused it, by someone who knows no dependency: the object with the loudest anomaly.
//!
//! In: the symptoms. Out: one hypothesis. The kind of fault is what the table of signs says of that anomaly alone: the
//! fault of the object itself, or of the link of a port, that shows the sign most strongly. What no fault shows at
//! itself (a path, a group of users) names no cause and is passed over, as anyone with a list of alarms would do.
//! Silence is no anomaly and names none either.

use std::cmp::Ordering;
use zizhi_knowledge::diagnose::Diagnosis;
use zizhi_knowledge::relation::Relation;
use zizhi_knowledge::symptoms::{Necessity, Sign, signs};
use zizhi_types::hypothesis::{Evidence, HypothesisState, Situation};
use zizhi_types::{Anomaly, FaultKind, Hypothesis, ManagedObject};

/// The loudest object is the cause, as surely as the detector is that anything is wrong with it.
pub(super) fn diagnose(situation: &Situation) -> Diagnosis {
    let named = |a: &'_ Anomaly| cause_of(a);
    let mut loudest: Vec<_> = situation
        .symptoms
        .iter()
        .filter_map(|a| named(a).map(|cause| (a, cause)))
        .collect();
    loudest.sort_by(|a, b| louder(a.0, b.0));
    let Some((anomaly, (object, fault))) = loudest.into_iter().next() else {
        return Diagnosis {
            other: 1.0,
            ..Diagnosis::default()
        };
    };
    let probability = anomaly.score.clamp(0.0, 1.0);
    let evidence_for = situation
        .symptoms
        .iter()
        .filter(|a| belongs(a, &object))
        .map(|a| evidence(a, &object))
        .collect();
    let hypothesis = Hypothesis {
        object,
        fault,
        probability,
        state: HypothesisState::Supported,
        evidence_for,
        evidence_against: vec![],
    };
    Diagnosis {
        hypotheses: vec![hypothesis],
        other: 1.0 - probability,
        need: None,
    }
}

/// Whether an anomaly is of this object; those of ports are of their link.
pub(super) fn belongs(anomaly: &Anomaly, suspect: &ManagedObject) -> bool {
    anomaly.object == *suspect || anomaly.object.link_of_port().as_ref() == Some(suspect)
}

/// Higher score first, then earlier, then by name.
fn louder(a: &Anomaly, b: &Anomaly) -> Ordering {
    let by_score = b.score.total_cmp(&a.score);
    by_score.then_with(|| (a.onset, &a.object, a.metric).cmp(&(b.onset, &b.object, b.metric)))
}

/// Which fault at which object shows this anomaly at itself most strongly; of equals the first in the list of faults.
fn cause_of(anomaly: &Anomaly) -> Option<(ManagedObject, FaultKind)> {
    let mut best: Option<(f64, ManagedObject, FaultKind)> = None;
    for &fault in FaultKind::ALL {
        for sign in signs(fault).filter(|s| shows(s, anomaly)) {
            let Some(object) = place(sign.at, fault, anomaly) else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|(weight, ..)| sign.weight > *weight)
            {
                best = Some((sign.weight, object, fault));
            }
        }
    }
    best.map(|(_, object, fault)| (object, fault))
}

fn shows(sign: &Sign, anomaly: &Anomaly) -> bool {
    sign.necessity != Necessity::Against && sign.sight.fits(Some(anomaly))
}

/// The object at fault, where it can be told from the anomaly's own name.
fn place(at: Relation, fault: FaultKind, anomaly: &Anomaly) -> Option<ManagedObject> {
    let object = match at {
        Relation::Itself => Some(anomaly.object.clone()),
        Relation::Ports => anomaly.object.link_of_port(),
        _ => None,
    };
    object.filter(|o| o.kind() == fault.object_kind())
}

fn evidence(anomaly: &Anomaly, suspect: &ManagedObject) -> Evidence {
    let mut path = vec![anomaly.object.clone()];
    if anomaly.object != *suspect {
        path.push(suspect.clone());
    }
    Evidence {
        anomaly: anomaly.id.clone(),
        object: anomaly.object.clone(),
        metric: anomaly.metric,
        path,
        weight: anomaly.score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, down, object, situation};
    use zizhi_types::Metric;

    fn seen(number: u64, text: &str, metric: Metric, score: f64, value: f64) -> Anomaly {
        Anomaly {
            score,
            expected: 0.1,
            observed: value,
            ..down(number, text, metric, at(100))
        }
    }

    fn cause(symptoms: &[&Anomaly]) -> Option<(String, FaultKind)> {
        let diagnosis = diagnose(&situation(symptoms));
        let first = diagnosis.hypotheses.into_iter().next();
        first.map(|h| (h.object.to_string(), h.fault))
    }

    #[test]
    fn the_loudest_is_the_cause_whatever_depends_on_what() {
        let link = down(1, "port/A:A-B", Metric::PortOperUp, at(100));
        let quiet = Anomaly {
            score: 0.9,
            ..link.clone()
        };
        let busy = seen(2, "site/s1", Metric::SiteUtilization, 0.95, 0.99);
        let told = cause(&[&quiet, &busy]);
        assert_eq!(told, Some(("site/s1".to_owned(), FaultKind::SiteOverload)));
        let told = cause(&[&link, &busy]);
        assert_eq!(told, Some(("link/A-B".to_owned(), FaultKind::LinkDown)));
    }

    #[test]
    fn of_equally_loud_ones_the_earlier_then_the_first_by_name_is_taken() {
        let later = down(1, "port/A:A-B", Metric::PortOperUp, at(110));
        let early = down(2, "port/C:C-D", Metric::PortOperUp, at(100));
        let same = down(3, "port/B:B-C", Metric::PortOperUp, at(100));
        let name = |symptoms: &[&Anomaly]| cause(symptoms).unwrap().0;
        assert_eq!(name(&[&later, &early]), "link/C-D");
        assert_eq!(name(&[&later, &early, &same]), "link/B-C");
    }

    #[test]
    fn what_cannot_be_at_fault_itself_names_no_cause() {
        let users = down(1, "group/g1", Metric::GroupSuccess, at(100));
        assert_eq!(cause(&[&users]), None);
        let diagnosis = diagnose(&situation(&[&users]));
        assert!((diagnosis.other - 1.0).abs() < 1e-9);
    }

    #[test]
    fn only_what_is_seen_at_the_object_itself_belongs_to_it() {
        let link = object("link/A-B");
        let port = down(1, "port/A:A-B", Metric::PortOperUp, at(100));
        let users = down(2, "group/g1", Metric::GroupSuccess, at(100));
        assert!(belongs(&port, &link) && !belongs(&users, &link));
        let diagnosis = diagnose(&situation(&[&port, &users]));
        let evidence = &diagnosis.hypotheses[0].evidence_for;
        assert_eq!(evidence.len(), 1);
        assert_eq!(evidence[0].anomaly, port.id);
    }
}
