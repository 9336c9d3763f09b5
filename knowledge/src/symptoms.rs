//! Which fault shows which signs, where, how surely and how soon.
//!
//! One table. Diagnosis reads it; the graph carries the same rows as triples so that SPARQL and people can read them.
//! The weights are our choice, from what each fault does to a routed network and to a queue: 0.95 for what the fault
//! itself is, 0.5 to 0.8 for what it mostly causes, 0.2 to 0.4 for what depends on load and detours.

use crate::ontology::{BadIri, class, graph, quad, word};
use crate::relation::Relation;
use oxigraph::model::vocab::rdf;
use oxigraph::model::{Literal, Quad};
use zizhi_types::anomaly::Anomaly;
use zizhi_types::fault::FaultKind;
use zizhi_types::metric::Metric;

/// How surely the fault shows the sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity {
    /// The fault is this; where it is measured and normal, the fault is most unlikely.
    Must,
    /// As `Must`, but one of the related objects is enough.
    MustOnOne,
    /// Mostly.
    Likely,
    /// Depends on load and detours; its absence says nothing.
    May,
    /// Speaks against the fault.
    Against,
}

/// Which way the value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Above what was expected.
    High,
    /// Below what was expected.
    Low,
    /// Different from what was expected.
    Changed,
    /// One change in the interval, or none that was counted.
    Once,
    /// Two or more changes in the interval.
    Repeated,
    /// A share above what was expected, but not all.
    Partly,
    /// A share of nearly all.
    Wholly,
}

/// What is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A metric goes to a side.
    Metric(Metric, Side),
    /// The object's telemetry stopped, or the state metric fell.
    SilentOr(Metric),
    /// The object's telemetry stopped.
    Silent,
}

/// One row: this fault shows this sign there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sign {
    /// Where, seen from the suspect.
    pub at: Relation,
    /// What.
    pub sight: Sight,
    /// How surely.
    pub necessity: Necessity,
    /// 0 to 1: how strongly the sign speaks for the fault.
    pub weight: f64,
    /// Typical time from the fault to the sign, in seconds.
    pub lag_s: f64,
}

impl Side {
    fn fits(self, a: &Anomaly) -> bool {
        match self {
            Self::High => a.observed > a.expected,
            Self::Low => a.observed < a.expected,
            Self::Changed => true,
            // Between one and two changes of carrier in an interval.
            Self::Once => a.observed < 1.5,
            Self::Repeated => a.observed >= 1.5,
            // A damaged link still carries something; 0.9 is our choice between the two.
            Self::Partly => a.observed > a.expected && a.observed < 0.9,
            Self::Wholly => a.observed >= 0.9,
        }
    }
}

impl Sight {
    /// Whether an anomaly, or silence where there is none, is this sight.
    pub fn fits(self, anomaly: Option<&Anomaly>) -> bool {
        match (self, anomaly) {
            (Self::Metric(metric, side), Some(a)) => a.metric == metric && side.fits(a),
            (Self::SilentOr(metric), Some(a)) => a.metric == metric && Side::Low.fits(a),
            (Self::SilentOr(_) | Self::Silent, None) => true,
            _ => false,
        }
    }

    /// The metric that tells whether the sign is there.
    pub const fn metric(self) -> Option<Metric> {
        match self {
            Self::Metric(metric, _) | Self::SilentOr(metric) => Some(metric),
            Self::Silent => None,
        }
    }

    const fn side(self) -> &'static str {
        match self {
            Self::Metric(_, Side::High) => "high",
            Self::Metric(_, Side::Low) => "low",
            Self::Metric(_, Side::Changed) => "changed",
            Self::Metric(_, Side::Once) => "once",
            Self::Metric(_, Side::Repeated) => "repeated",
            Self::Metric(_, Side::Partly) => "partly",
            Self::Metric(_, Side::Wholly) => "wholly",
            Self::SilentOr(_) => "silent-or-low",
            Self::Silent => "silent",
        }
    }
}

const fn sign(at: Relation, sight: Sight, necessity: Necessity, weight: f64, lag_s: f64) -> Sign {
    Sign {
        at,
        sight,
        necessity,
        weight,
        lag_s,
    }
}

const fn high(metric: Metric) -> Sight {
    Sight::Metric(metric, Side::High)
}

const fn low(metric: Metric) -> Sight {
    Sight::Metric(metric, Side::Low)
}

use Metric as M;
use Necessity::{Against, Likely, May, Must, MustOnOne};
use Relation as R;
use Sight::{Silent, SilentOr};

/// What users of a part of the network feel, and what detours do to the rest; shared by most transport faults.
macro_rules! felt {
    ($loss:literal, $rtt:literal, $group:literal, $detour:literal) => {
        [
            sign(R::Crossing, high(M::PathLoss), May, $loss, 10.0),
            sign(R::Crossing, high(M::PathRtt), May, $rtt, 10.0),
            sign(R::Users, low(M::GroupSuccess), May, $group, 10.0),
            sign(R::Users, high(M::GroupLatency), May, $group, 10.0),
            sign(R::OtherPorts, high(M::PortUtilization), May, $detour, 10.0),
            sign(R::OtherPorts, high(M::PortDiscard), May, $detour, 20.0),
            sign(R::OtherPorts, high(M::PortQueue), May, $detour, 20.0),
        ]
    };
}

const LINK_DOWN: &[Sign] = &[
    sign(R::Ports, low(M::PortOperUp), Must, 0.95, 0.0),
    sign(R::Ports, low(M::PortAdjacencyUp), Must, 0.9, 10.0),
    sign(
        R::Ports,
        Sight::Metric(M::PortFlaps, Side::Once),
        May,
        0.4,
        0.0,
    ),
    sign(R::Ports, high(M::PortError), May, 0.4, 0.0),
    sign(R::Ports, high(M::PortDiscard), May, 0.3, 0.0),
    sign(R::Behind, Silent, May, 0.5, 20.0),
    sign(
        R::Ports,
        Sight::Metric(M::PortFlaps, Side::Repeated),
        Against,
        1.0,
        0.0,
    ),
];
const LINK_RATE_CUT: &[Sign] = &[
    sign(R::Ports, low(M::PortRate), MustOnOne, 0.95, 0.0),
    sign(R::Ports, high(M::PortDiscard), Likely, 0.7, 10.0),
    sign(R::Ports, high(M::PortQueue), Likely, 0.6, 10.0),
    sign(
        R::Ports,
        Sight::Metric(M::PortUtilization, Side::Changed),
        May,
        0.3,
        10.0,
    ),
];
const LINK_LOSSY: &[Sign] = &[
    sign(
        R::Ports,
        Sight::Metric(M::PortError, Side::Partly),
        MustOnOne,
        0.95,
        0.0,
    ),
    sign(R::Ports, low(M::PortAdjacencyUp), May, 0.2, 30.0),
    sign(R::Ports, low(M::PortOperUp), Against, 0.2, 0.0),
];
const LINK_FLAPPING: &[Sign] = &[
    sign(
        R::Ports,
        Sight::Metric(M::PortFlaps, Side::Repeated),
        MustOnOne,
        0.95,
        0.0,
    ),
    sign(
        R::Ports,
        Sight::Metric(M::PortFlaps, Side::Once),
        May,
        0.4,
        0.0,
    ),
    sign(R::Ports, low(M::PortOperUp), May, 0.6, 0.0),
    sign(R::Ports, low(M::PortAdjacencyUp), May, 0.6, 0.0),
    sign(R::Ports, high(M::PortError), May, 0.4, 0.0),
    sign(R::Ports, high(M::PortDiscard), May, 0.3, 0.0),
];
const LINK_SILENT: &[Sign] = &[
    sign(R::Ports, low(M::PortAdjacencyUp), Must, 0.95, 30.0),
    sign(
        R::Ports,
        Sight::Metric(M::PortError, Side::Wholly),
        Likely,
        0.8,
        0.0,
    ),
    sign(R::Ports, high(M::PortError), May, 0.3, 0.0),
    sign(R::Ports, low(M::PortOperUp), Against, 0.5, 0.0),
    sign(R::Behind, Silent, May, 0.5, 20.0),
    sign(
        R::Ports,
        Sight::Metric(M::PortFlaps, Side::Repeated),
        Against,
        1.0,
        0.0,
    ),
];
const WRONG_COST: &[Sign] = &[
    sign(
        R::Ports,
        Sight::Metric(M::PortCost, Side::Changed),
        MustOnOne,
        0.95,
        0.0,
    ),
    sign(
        R::Ports,
        Sight::Metric(M::PortUtilization, Side::Changed),
        May,
        0.4,
        10.0,
    ),
    sign(R::Ports, high(M::PortDiscard), May, 0.4, 10.0),
    sign(R::Ports, high(M::PortQueue), May, 0.4, 10.0),
];
const ROUTER_CRASH: &[Sign] = &[
    sign(R::Itself, SilentOr(M::RouterUp), Must, 0.95, 20.0),
    sign(R::FarPorts, low(M::PortAdjacencyUp), Must, 0.9, 30.0),
    sign(R::FarPorts, low(M::PortOperUp), Likely, 0.8, 0.0),
    sign(
        R::FarPorts,
        Sight::Metric(M::PortFlaps, Side::Once),
        May,
        0.3,
        0.0,
    ),
    sign(R::FarPorts, high(M::PortError), May, 0.4, 0.0),
    sign(R::FarPorts, high(M::PortDiscard), May, 0.3, 0.0),
    sign(R::Ports, low(M::PortOperUp), May, 0.4, 0.0),
    sign(R::Ports, low(M::PortAdjacencyUp), May, 0.4, 0.0),
    sign(R::Behind, Silent, May, 0.5, 20.0),
    sign(R::Behind, high(M::CellFailure), May, 0.5, 10.0),
    sign(R::Behind, low(M::CellUp), May, 0.3, 10.0),
    sign(R::Behind, low(M::GatewayUp), May, 0.3, 10.0),
    sign(R::Behind, low(M::InstanceUp), May, 0.3, 10.0),
    sign(R::Behind, high(M::GatewayPolicyAge), May, 0.3, 120.0),
    sign(
        R::FarPorts,
        Sight::Metric(M::PortFlaps, Side::Repeated),
        Against,
        0.5,
        0.0,
    ),
];
const TRAFFIC_SURGE: &[Sign] = &[
    sign(R::Itself, high(M::DemandRate), Must, 0.95, 0.0),
    sign(R::PathPorts, high(M::PortUtilization), May, 0.6, 0.0),
    sign(R::PathPorts, high(M::PortDiscard), May, 0.6, 10.0),
    sign(R::PathPorts, high(M::PortQueue), May, 0.6, 10.0),
];
const INSTANCE_CRASH: &[Sign] = &[
    sign(R::Itself, low(M::InstanceUp), Must, 0.95, 0.0),
    sign(R::Itself, high(M::InstanceRejected), May, 0.4, 0.0),
    sign(R::Itself, high(M::InstanceLatency), May, 0.2, 0.0),
    sign(R::Siblings, high(M::InstanceUtilization), May, 0.35, 10.0),
    sign(R::Siblings, high(M::InstanceLatency), May, 0.35, 10.0),
    sign(R::Siblings, high(M::InstanceRejected), May, 0.35, 10.0),
    sign(R::Home, high(M::SiteUtilization), May, 0.4, 10.0),
    sign(R::Users, low(M::GroupSuccess), May, 0.4, 10.0),
    sign(R::Users, high(M::GroupLatency), May, 0.4, 10.0),
];
const INSTANCE_SLOW: &[Sign] = &[
    sign(R::Itself, high(M::InstanceService), Must, 0.95, 0.0),
    sign(R::Itself, high(M::InstanceSteal), Likely, 0.7, 0.0),
    sign(R::Itself, high(M::InstanceLatency), Likely, 0.6, 10.0),
    sign(R::Itself, high(M::InstanceUtilization), May, 0.5, 10.0),
    sign(R::Itself, high(M::InstanceRejected), May, 0.5, 10.0),
    sign(R::Home, high(M::SiteUtilization), May, 0.4, 10.0),
    sign(R::Siblings, high(M::InstanceUtilization), May, 0.2, 20.0),
    sign(R::Siblings, high(M::InstanceLatency), May, 0.2, 20.0),
    sign(R::Users, low(M::GroupSuccess), May, 0.4, 10.0),
    sign(R::Users, high(M::GroupLatency), May, 0.4, 10.0),
];
// A crowd may fill the instances of one service while the site's others idle: its mark is the rate, not the site's mean.
const SITE_OVERLOAD: &[Sign] = &[
    sign(R::Users, high(M::GroupRate), MustOnOne, 0.7, 0.0),
    sign(R::Itself, high(M::SiteUtilization), Likely, 0.9, 0.0),
    sign(R::Members, high(M::InstanceUtilization), Likely, 0.6, 0.0),
    sign(R::Members, high(M::InstanceLatency), MustOnOne, 0.6, 0.0),
    sign(R::Members, high(M::InstanceRejected), Likely, 0.8, 10.0),
    sign(R::Members, high(M::InstanceService), Against, 0.35, 0.0),
    sign(R::Members, high(M::InstanceSteal), Against, 0.2, 0.0),
    sign(R::Members, low(M::InstanceUp), Against, 0.35, 0.0),
    sign(R::SteeredBy, high(M::GatewayPolicyAge), Against, 0.4, 0.0),
    sign(R::Users, low(M::GroupSuccess), May, 0.4, 10.0),
    sign(R::Users, high(M::GroupLatency), May, 0.4, 10.0),
];
const STALE_POLICY: &[Sign] = &[
    sign(R::Itself, high(M::GatewayPolicyAge), Must, 0.95, 120.0),
    sign(R::Steered, high(M::InstanceUtilization), May, 0.5, 0.0),
    sign(R::Steered, high(M::InstanceLatency), May, 0.5, 0.0),
    sign(R::Steered, high(M::InstanceRejected), May, 0.5, 0.0),
    sign(R::SteeredSites, high(M::SiteUtilization), May, 0.4, 0.0),
    sign(R::Users, low(M::GroupSuccess), May, 0.5, 0.0),
    sign(R::Users, high(M::GroupLatency), May, 0.5, 0.0),
];
const CELL_OUTAGE: &[Sign] = &[
    sign(R::Itself, SilentOr(M::CellUp), Must, 0.95, 0.0),
    sign(R::Itself, high(M::CellFailure), Likely, 0.6, 0.0),
    sign(
        R::Itself,
        Sight::Metric(M::CellUtilization, Side::Changed),
        May,
        0.3,
        0.0,
    ),
    sign(R::Neighbours, high(M::CellUtilization), May, 0.4, 10.0),
    sign(R::Neighbours, high(M::CellFailure), May, 0.4, 10.0),
    sign(
        R::Users,
        Sight::Metric(M::GroupRate, Side::Changed),
        May,
        0.4,
        0.0,
    ),
    sign(R::Users, low(M::GroupSuccess), May, 0.5, 0.0),
    sign(R::Users, high(M::GroupLatency), May, 0.3, 0.0),
];

/// Paths, groups and other ports, as strongly as the fault touches them: full stop, loss, detour, load.
const FELT_STOP: &[Sign] = &felt!(0.4, 0.4, 0.35, 0.3);
const FELT_LOSS: &[Sign] = &felt!(0.6, 0.3, 0.4, 0.1);
const FELT_DETOUR: &[Sign] = &felt!(0.2, 0.4, 0.25, 0.35);
const FELT_LOAD: &[Sign] = &felt!(0.4, 0.4, 0.3, 0.1);

/// The signs of a fault: its own, then what others feel of it.
pub fn signs(fault: FaultKind) -> impl Iterator<Item = &'static Sign> {
    let (own, felt): (&[Sign], &[Sign]) = match fault {
        FaultKind::LinkDown => (LINK_DOWN, FELT_STOP),
        FaultKind::LinkRateCut => (LINK_RATE_CUT, FELT_LOAD),
        FaultKind::LinkLossy => (LINK_LOSSY, FELT_LOSS),
        FaultKind::LinkFlapping => (LINK_FLAPPING, FELT_STOP),
        FaultKind::LinkSilent => (LINK_SILENT, FELT_STOP),
        FaultKind::WrongCost => (WRONG_COST, FELT_DETOUR),
        FaultKind::RouterCrash => (ROUTER_CRASH, FELT_STOP),
        FaultKind::TrafficSurge => (TRAFFIC_SURGE, FELT_LOAD),
        FaultKind::InstanceCrash => (INSTANCE_CRASH, &[]),
        FaultKind::InstanceSlow => (INSTANCE_SLOW, &[]),
        FaultKind::SiteOverload => (SITE_OVERLOAD, &[]),
        FaultKind::StalePolicy => (STALE_POLICY, &[]),
        FaultKind::CellOutage => (CELL_OUTAGE, &[]),
    };
    own.iter().chain(felt)
}

/// How much rarer than a link that goes down the fault is, as a natural logarithm, 0 or less. Our choice: enough to
/// settle ties, never enough to outweigh one sign.
pub const fn prior(fault: FaultKind) -> f64 {
    match fault {
        FaultKind::RouterCrash => -0.6,
        FaultKind::LinkSilent | FaultKind::SiteOverload => -0.4,
        FaultKind::LinkFlapping | FaultKind::WrongCost | FaultKind::TrafficSurge => -0.2,
        _ => 0.0,
    }
}

/// The table as triples of the ontology: `urn:zizhi:sign:<fault>:<n>`.
pub fn triples() -> Result<Vec<Quad>, BadIri> {
    let here = graph("ontology")?;
    let mut out = vec![];
    for fault in FaultKind::ALL {
        let cause = word(&format!("fault:{fault}"))?;
        out.push(quad(&here, &cause, rdf::TYPE.into(), word("Fault")?));
        out.push(quad(
            &here,
            &cause,
            word("faultOf")?,
            class(fault.object_kind())?,
        ));
        for (n, sign) in signs(*fault).enumerate() {
            let row = word(&format!("sign:{fault}:{n}"))?;
            let text = |t: &str| Literal::new_simple_literal(t);
            let metric = sign.sight.metric().map_or("-", Metric::as_str);
            let necessity = format!("{:?}", sign.necessity).to_lowercase();
            out.push(quad(&here, &cause, word("shows")?, row.clone()));
            out.push(quad(&here, &row, word("metric")?, text(metric)));
            out.push(quad(&here, &row, word("side")?, text(sign.sight.side())));
            out.push(quad(&here, &row, word("at")?, text(sign.at.as_str())));
            out.push(quad(&here, &row, word("necessity")?, text(&necessity)));
            out.push(quad(
                &here,
                &row,
                word("weight")?,
                Literal::from(sign.weight),
            ));
            out.push(quad(&here, &row, word("lag_s")?, Literal::from(sign.lag_s)));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_sign_that_must_be_there_and_sane_weights() {
        for fault in FaultKind::ALL {
            let must = |s: &&Sign| matches!(s.necessity, Must | MustOnOne);
            assert!(signs(*fault).any(|s| must(&s)), "{fault}");
            for s in signs(*fault) {
                assert!((0.0..=1.0).contains(&s.weight) && s.lag_s >= 0.0, "{fault}");
            }
        }
    }
}
