//! The measured quantities: one table of names, units and what "bad" means for each.

use crate::object::ObjectKind;
use serde::{Deserialize, Serialize};

/// How a value of the metric is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// 1 is healthy, 0 is not.
    State,
    /// A set value that should equal what is intended; any difference is drift.
    Setting,
    /// Moves with load and time of day; unusual when high.
    HighIsBad,
    /// Moves with load and time of day; unusual when low.
    LowIsBad,
    /// Context only: carried to the twin, never raised as an anomaly by itself.
    Context,
}

macro_rules! metrics {
    ($($variant:ident, $name:literal, $unit:literal, $kind:ident, $nature:ident, $doc:literal;)*) => {
        /// A measured quantity. The serialised name is `<object kind>.<quantity>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Metric {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The unit (UCUM-like): `1` for ratios and states, `ms`, `s`, `Mbit/s`, `1/s`, or a count.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// The kind of object it is measured on.
            pub const fn object_kind(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$kind,)* }
            }

            /// How a value is judged.
            pub const fn nature(self) -> Nature {
                match self { $(Self::$variant => Nature::$nature,)* }
            }
        }
    };
}

metrics! {
    RouterUp, "router.up", "1", Router, State, "The management plane of the router answers.";
    RouterUptime, "router.uptime_s", "s", Router, Context, "Seconds since the router started.";
    PortOperUp, "port.oper_up", "1", Port, State, "Operational state of the port (carrier).";
    PortAdjacencyUp, "port.adjacency_up", "1", Port, State, "The routing protocol has a full adjacency over the port.";
    PortCost, "port.cost", "1", Port, Setting, "Configured IGP cost.";
    PortRate, "port.rate_mbps", "Mbit/s", Port, Setting, "Rate the port is set or negotiated to.";
    PortOut, "port.out_mbps", "Mbit/s", Port, Context, "Traffic sent.";
    PortUtilization, "port.utilization", "1", Port, HighIsBad, "Traffic sent over the nominal capacity, 0 to 1.";
    PortDiscard, "port.discard_ratio", "1", Port, HighIsBad, "Share of the offered traffic dropped by a full queue.";
    PortError, "port.error_ratio", "1", Port, HighIsBad, "Share of the sent packets that arrive damaged or not at all.";
    PortQueue, "port.queue_ms", "ms", Port, HighIsBad, "Mean queueing delay.";
    PortFlaps, "port.carrier_transitions", "1", Port, HighIsBad, "Changes of carrier in the interval.";
    PathRtt, "path.rtt_ms", "ms", Path, HighIsBad, "Median round trip of active probes.";
    PathLoss, "path.loss_ratio", "1", Path, HighIsBad, "Share of active probes without an answer.";
    DemandRate, "demand.mbps", "Mbit/s", Demand, HighIsBad, "Traffic entering for this destination, before any drop.";
    SiteUtilization, "site.utilization", "1", Site, HighIsBad, "Busy share of the site's serving capacity, 0 to 1.";
    InstanceUp, "instance.up", "1", Instance, State, "The instance answers its health check.";
    InstanceUtilization, "instance.utilization", "1", Instance, HighIsBad, "Busy share of the instance's workers, 0 to 1.";
    InstanceService, "instance.service_ms", "ms", Instance, HighIsBad, "Mean time a worker spends on a request.";
    InstanceLatency, "instance.latency_ms_p95", "ms", Instance, HighIsBad, "95th percentile of waiting plus service.";
    InstanceRate, "instance.rps", "1/s", Instance, Context, "Requests answered per second.";
    InstanceRejected, "instance.rejected_ratio", "1", Instance, HighIsBad, "Share of requests refused by a full queue.";
    InstanceSteal, "instance.steal_ratio", "1", Instance, HighIsBad, "Share of processor time taken by neighbours on the host.";
    GatewayUp, "gateway.up", "1", Gateway, State, "The gateway answers its health check.";
    GatewayPolicyAge, "gateway.policy_age_s", "s", Gateway, HighIsBad, "Seconds since the steering policy was last computed.";
    GroupRate, "group.rps", "1/s", Group, HighIsBad, "Requests per second offered by the group.";
    GroupSuccess, "group.success_ratio", "1", Group, LowIsBad, "Share of requests answered in time.";
    GroupLatency, "group.latency_ms_p95", "ms", Group, HighIsBad, "95th percentile end to end.";
    SteerShare, "steer.share", "1", Steer, Context, "Share of the group's requests sent to the instance.";
    CellUp, "cell.up", "1", Cell, State, "The cell is on the air.";
    CellUtilization, "cell.utilization", "1", Cell, HighIsBad, "Busy share of the cell's radio capacity, 0 to 1.";
    CellUsers, "cell.attached_users", "1", Cell, Context, "Users attached.";
    CellFailure, "cell.failure_ratio", "1", Cell, HighIsBad, "Share of attempts that the cell could not carry.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serialised_name_is_the_name_on_the_wire() {
        for metric in Metric::ALL {
            let json = serde_json::to_string(metric).unwrap();
            assert_eq!(json, format!("\"{}\"", metric.as_str()));
            assert!(metric.as_str().starts_with(metric.object_kind().as_str()));
        }
    }
}
