//! What travels over the bus, as JSON, and under which subject.
//!
//! Subjects are `zizhi.v1.<domain>.<plane>.<kind>`; the plane is one of `obs`, `evt`, `neg`, `plan`, `act`.

use crate::anomaly::Anomaly;
use crate::domain::Domain;
use crate::fault::FaultKind;
use crate::ids::{AnomalyId, IncidentId, RecordId};
use crate::metric::Metric;
use crate::negotiation::Lease;
use crate::object::ManagedObject;
use crate::plan::{Fingerprint, Plan};
use crate::time::NetTime;
use crate::topology::{Bilingual, Network};
use serde::{Deserialize, Serialize};

/// The subject of a plane and kind in a domain.
pub fn subject(domain: Domain, plane: &str, kind: &str) -> String {
    format!("zizhi.v1.{domain}.{plane}.{kind}")
}

/// The subject of the network's clock.
pub const CLOCK: &str = "zizhi.v1.network.obs.clock";

/// The subject of the kill switch: a [`KillOrder`]. Any message on it that is not one that switches it off stops every
/// executor at its next step boundary.
pub const KILL_SWITCH: &str = "zizhi.v1.operator.act.kill";

/// The subject on which a person closes the breaker of a playbook: a [`BreakerOrder`].
pub const BREAKER: &str = "zizhi.v1.operator.act.breaker";

/// A person presses or releases the kill switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillOrder {
    /// Pressed.
    pub on: bool,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl KillOrder {
    /// Reads an order. What cannot be read presses the switch: whoever sent it wanted something stopped.
    pub fn read(payload: &[u8]) -> Self {
        serde_json::from_slice(payload).unwrap_or_else(|_| Self {
            on: true,
            by: String::new(),
            reason: "pressed by an operator".to_owned(),
        })
    }
}

/// A person closes a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerOrder {
    /// The playbook's id.
    pub playbook: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// The network's time has moved on. Everything observed up to `now` was published before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The new time.
    pub now: NetTime,
}

/// One value in a telemetry batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// What was measured.
    pub object: ManagedObject,
    /// Which quantity.
    pub metric: Metric,
    /// In [`Metric::unit`].
    pub value: f64,
}

/// Zizhi's own telemetry format: what one source (a router, a site, a gateway, a cell) saw in one interval.
/// Subject: `obs.telemetry` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryBatch {
    /// Who measured.
    pub source: ManagedObject,
    /// End of the interval.
    pub at: NetTime,
    /// What was measured.
    pub samples: Vec<Sample>,
}

/// What a domain consists of. Subject: `obs.inventory` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Whose.
    pub domain: Domain,
    /// The part that it owns, see [`Network::part`].
    pub part: Network,
}

/// Work that people announced: what happens to these objects meanwhile needs no action. Subject: `obs.maintenance`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// A ticket's name.
    pub ticket: String,
    /// What is worked on.
    pub objects: Vec<ManagedObject>,
    /// From.
    pub from: NetTime,
    /// Until.
    pub until: NetTime,
    /// For people.
    pub title: Bilingual,
    /// Settings that are intended from now on.
    #[serde(default)]
    pub intended: Vec<Sample>,
}

/// The latest values of a domain, shared with peers once per interval. Subject: `evt.state` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateDigest {
    /// Whose.
    pub domain: Domain,
    /// When.
    pub at: NetTime,
    /// What peers' twins need.
    pub values: Vec<Sample>,
    /// Sources that stopped sending.
    pub silent: Vec<ManagedObject>,
}

/// An anomaly begins or ends. Subject: `evt.anomaly` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AnomalyEvent {
    /// It began.
    Raised {
        /// What.
        anomaly: Anomaly,
        /// The detector's record of it.
        record: RecordId,
    },
    /// It ended.
    Cleared {
        /// Which.
        id: AnomalyId,
        /// When.
        at: NetTime,
    },
}

/// A domain takes the lead of an incident, or gives it up. Subject: `evt.lead` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LeadEvent {
    /// From now on it leads.
    Claimed {
        /// Which incident.
        incident: IncidentId,
        /// Under which lease.
        lease: Lease,
        /// The anomalies that the incident explains.
        symptoms: Vec<AnomalyId>,
        /// The suspected object.
        suspect: ManagedObject,
        /// What is thought to be wrong with it.
        fault: FaultKind,
    },
    /// The incident was closed.
    Closed {
        /// Which incident.
        incident: IncidentId,
        /// By a verified remedy: what is still broken a while later is free again, since one remedy may have cured one cause
        /// of several. Otherwise a person has it.
        #[serde(default)]
        fixed: bool,
    },
}

/// A plan waits for a person. Subject: `plan.approval-request` of the domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRequest {
    /// For which incident.
    pub incident: IncidentId,
    /// What would be done.
    pub plan: Plan,
    /// The decision that asks.
    pub cause: RecordId,
    /// Without an answer until then, it is not done.
    pub expires: NetTime,
    /// The state of the topology that the plan rests on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revision: String,
}

/// A person's answer. Subject: `plan.approval` of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Names the plan's exact content.
    pub fingerprint: Fingerprint,
    /// The state of the topology that the person saw; where it is not said, the one that the request rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Yes or no.
    pub granted: bool,
    /// Who.
    pub by: String,
    /// Why not.
    #[serde(default)]
    pub reason: String,
    /// How long the person had the plan in view, in milliseconds of real time, where whoever asked measured it: the
    /// network's time may stand still while a person reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub considered_ms: Option<u64>,
}
