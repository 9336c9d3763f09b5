//! Turns readings into telemetry: one batch per router, site, gateway and cell.
//!
//! In: the routers' readings now and one round ago, the probes' and users' results. Out: [`TelemetryBatch`]es. Pure
//! arithmetic; the reading is done by the observer that calls it.

use super::gateway::GatewayStats;
use super::ledger::Judged;
use super::plan::{Plan, RouterPlan};
use super::reading::{PortReading, RouterReading};
use super::recent::Summary;
use super::service::ServiceStats;
use std::collections::BTreeMap;
use zizhi_types::wire::{Sample, TelemetryBatch};
use zizhi_types::{ManagedObject, Metric, NetTime, ObjectKind};

/// Everything that was seen in one round.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// End of the round.
    pub at: NetTime,
    /// Milliseconds since the round before; 0 in the first, then nothing that needs a difference is told.
    pub elapsed_ms: u64,
    /// Routers by name.
    pub routers: BTreeMap<String, RouterReading>,
    /// Link probes sent from a port, by (router, link).
    pub ports: BTreeMap<(String, String), Judged>,
    /// Path probes by (from router, to router).
    pub paths: BTreeMap<(String, String), Judged>,
    /// Instances by name; `None` if the health check failed.
    pub instances: BTreeMap<String, Option<ServiceStats>>,
    /// What the gateway says; `None` if it does not answer.
    pub gateway: Option<GatewayStats>,
    /// What each group's users got.
    pub groups: BTreeMap<String, Summary>,
}

/// Samples of one source under construction.
struct Batch {
    samples: Vec<Sample>,
}

impl Batch {
    fn add(&mut self, name: &str, metric: Metric, value: impl Into<Option<f64>>) {
        // Names come from the plan, which was checked.
        let object = ManagedObject::new(metric.object_kind(), name).ok();
        let value = value.into().filter(|v| v.is_finite());
        if let (Some(object), Some(value)) = (object, value) {
            self.samples.push(Sample {
                object,
                metric,
                value,
            });
        }
    }
}

fn batch(
    kind: ObjectKind,
    name: &str,
    at: NetTime,
    fill: impl FnOnce(&mut Batch),
) -> Option<TelemetryBatch> {
    let mut batch = Batch { samples: vec![] };
    fill(&mut batch);
    Some(TelemetryBatch {
        source: ManagedObject::new(kind, name).ok()?,
        at,
        samples: batch.samples,
    })
}

const fn state(good: bool) -> f64 {
    if good { 1.0 } else { 0.0 }
}

/// The telemetry of a round.
pub fn telemetry(plan: &Plan, before: Option<&Round>, now: &Round) -> Vec<TelemetryBatch> {
    let routers = plan
        .routers
        .iter()
        .filter_map(|r| router_batch(plan, r, before, now));
    let sites = plan
        .network
        .sites
        .iter()
        .filter_map(|s| site_batch(plan, &s.id, before, now));
    let gateways = plan
        .network
        .gateways
        .iter()
        .filter_map(|g| gateway_batch(&g.id, now));
    let cells = plan
        .network
        .cells
        .iter()
        .filter_map(|c| cell_batch(plan, &c.id, now));
    routers.chain(sites).chain(gateways).chain(cells).collect()
}

fn router_batch(
    plan: &Plan,
    router: &RouterPlan,
    before: Option<&Round>,
    now: &Round,
) -> Option<TelemetryBatch> {
    let reading = now.routers.get(&router.id)?;
    let earlier = before.and_then(|b| b.routers.get(&router.id));
    batch(ObjectKind::Router, &router.id, now.at, |out| {
        out.add(&router.id, Metric::RouterUp, state(reading.answers));
        for (wire, _, _) in plan.wires_of(&router.id) {
            let Some(port) = reading.ports.get(&wire.link) else {
                continue;
            };
            let name = format!("{}:{}", router.id, wire.link);
            let earlier = earlier.and_then(|r| r.ports.get(&wire.link));
            port_state(out, &name, port);
            if let Some(earlier) = earlier {
                port_change(
                    out,
                    &name,
                    port,
                    earlier,
                    now.elapsed_ms,
                    wire.capacity_mbps,
                );
            }
            let key = (router.id.clone(), wire.link.clone());
            // A port without carrier sends nothing, so nothing of it is lost: the carrier tells that story.
            if let Some(judged) = now
                .ports
                .get(&key)
                .filter(|_| port.kernel.is_some_and(|k| k.up))
            {
                out.add(&name, Metric::PortError, judged.loss_ratio());
            }
        }
        for ((from, to), judged) in now.paths.iter().filter(|((from, _), _)| *from == router.id) {
            let name = format!("{from}:{to}");
            out.add(&name, Metric::PathRtt, judged.median_ms());
            out.add(&name, Metric::PathLoss, judged.loss_ratio());
        }
    })
}

fn port_state(out: &mut Batch, name: &str, port: &PortReading) {
    out.add(name, Metric::PortOperUp, port.kernel.map(|k| state(k.up)));
    out.add(name, Metric::PortAdjacencyUp, port.adjacent.map(state));
    out.add(name, Metric::PortCost, port.cost);
    out.add(name, Metric::PortRate, port.queue.map(|q| q.rate_mbps));
    let queue_ms =
        |q: super::reading::QueueReading| q.backlog_bytes as f64 * 8.0 / (q.rate_mbps * 1000.0);
    out.add(name, Metric::PortQueue, port.queue.map(queue_ms));
}

fn port_change(
    out: &mut Batch,
    name: &str,
    now: &PortReading,
    before: &PortReading,
    elapsed_ms: u64,
    capacity_mbps: f64,
) {
    if let (Some(k), Some(b)) = (now.kernel, before.kernel)
        && elapsed_ms > 0
    {
        let sent = k.sent_bytes.saturating_sub(b.sent_bytes) as f64 * 8.0;
        let mbps = sent / 1000.0 / elapsed_ms as f64;
        out.add(name, Metric::PortOut, mbps);
        out.add(
            name,
            Metric::PortUtilization,
            (mbps / capacity_mbps).min(1.0),
        );
        let flaps = k.carrier_changes.saturating_sub(b.carrier_changes);
        out.add(name, Metric::PortFlaps, flaps as f64);
    }
    if let (Some(q), Some(b)) = (now.queue, before.queue) {
        let drops = q.drops.saturating_sub(b.drops) as f64;
        let packets = q.packets.saturating_sub(b.packets) as f64;
        out.add(
            name,
            Metric::PortDiscard,
            drops / (drops + packets).max(1.0),
        );
    }
}

fn site_batch(
    plan: &Plan,
    site: &str,
    before: Option<&Round>,
    now: &Round,
) -> Option<TelemetryBatch> {
    let here: Vec<_> = plan
        .network
        .instances
        .iter()
        .filter(|i| i.site == site)
        .collect();
    batch(ObjectKind::Site, site, now.at, |out| {
        let mut busy = 0.0;
        for instance in &here {
            let stats = now.instances.get(&instance.id).copied().flatten();
            let id = &instance.id;
            out.add(id, Metric::InstanceUp, state(stats.is_some()));
            let Some(stats) = stats else {
                out.add(id, Metric::InstanceRate, 0.0);
                continue;
            };
            let recent = stats.recent;
            let share = recent.rps * recent.service_ms.unwrap_or_default()
                / 1000.0
                / f64::from(instance.workers);
            busy += share.min(1.0) / here.len() as f64;
            out.add(id, Metric::InstanceRate, recent.rps);
            out.add(id, Metric::InstanceService, recent.service_ms);
            out.add(id, Metric::InstanceLatency, recent.latency_ms_p95);
            out.add(id, Metric::InstanceUtilization, share.min(1.0));
            let earlier = before.and_then(|b| b.instances.get(id).copied().flatten());
            out.add(
                id,
                Metric::InstanceRejected,
                earlier.map(|e| refused_ratio(&e, &stats)),
            );
        }
        out.add(site, Metric::SiteUtilization, busy);
    })
}

fn refused_ratio(before: &ServiceStats, now: &ServiceStats) -> f64 {
    let refused = now.refused.saturating_sub(before.refused) as f64;
    let accepted = now.accepted.saturating_sub(before.accepted) as f64;
    refused / (refused + accepted).max(1.0)
}

fn gateway_batch(gateway: &str, now: &Round) -> Option<TelemetryBatch> {
    batch(ObjectKind::Gateway, gateway, now.at, |out| {
        out.add(gateway, Metric::GatewayUp, state(now.gateway.is_some()));
        if let Some(stats) = &now.gateway {
            out.add(gateway, Metric::GatewayPolicyAge, stats.policy_age_s);
            for (group, shares) in &stats.shares {
                for (instance, share) in shares {
                    out.add(&format!("{group}:{instance}"), Metric::SteerShare, *share);
                }
            }
        }
        for (group, got) in &now.groups {
            out.add(group, Metric::GroupRate, got.rps);
            out.add(group, Metric::GroupSuccess, got.success_ratio);
            out.add(group, Metric::GroupLatency, got.latency_ms_p95);
        }
    })
}

fn cell_batch(plan: &Plan, cell: &str, now: &Round) -> Option<TelemetryBatch> {
    let cells = &plan.network.cells;
    let capacity = cells.iter().find(|c| c.id == cell)?.capacity_rps;
    let groups = plan.network.groups.iter().filter(|g| g.cell == cell);
    let rps: f64 = groups
        .filter_map(|g| now.groups.get(&g.id))
        .map(|s| s.rps)
        .sum();
    batch(ObjectKind::Cell, cell, now.at, |out| {
        out.add(cell, Metric::CellUp, 1.0);
        out.add(cell, Metric::CellUtilization, rps / capacity);
    })
}

#[cfg(test)]
mod tests {
    use super::super::reading::{KernelReading, QueueReading};
    use super::*;

    fn round(at: u64, up: bool, sent_bytes: u64, drops: u64) -> Round {
        let port = PortReading {
            adjacent: Some(up),
            cost: Some(10.0),
            kernel: Some(KernelReading {
                up,
                carrier_changes: 2,
                sent_bytes,
            }),
            queue: Some(QueueReading {
                rate_mbps: 5.0,
                backlog_bytes: 6_250,
                packets: 90 * (at / 1000),
                drops,
            }),
        };
        let reading = RouterReading {
            answers: true,
            ports: BTreeMap::from([("c1-c3".to_owned(), port)]),
        };
        let lost = Judged {
            sent: 10,
            lost: 10,
            took_ms: vec![],
        };
        Round {
            at: NetTime(at),
            elapsed_ms: 1000,
            routers: BTreeMap::from([("c1".to_owned(), reading)]),
            ports: BTreeMap::from([(("c1".to_owned(), "c1-c3".to_owned()), lost)]),
            ..Round::default()
        }
    }

    fn value(batches: &[TelemetryBatch], object: &str, metric: Metric) -> Option<f64> {
        let mut samples = batches.iter().flat_map(|b| &b.samples);
        samples
            .find(|s| s.object.to_string() == object && s.metric == metric)
            .map(|s| s.value)
    }

    #[test]
    fn rates_come_from_differences_and_queues_from_now() {
        let plan = Plan::three_domain();
        let (before, now) = (round(1000, true, 0, 0), round(2000, true, 625_000, 10));
        let out = telemetry(&plan, Some(&before), &now);
        let port = |metric| value(&out, "port/c1:c1-c3", metric);
        assert_eq!(port(Metric::PortOut), Some(5.0));
        assert_eq!(
            port(Metric::PortUtilization),
            Some(0.1),
            "over the intended 50 Mbit/s"
        );
        assert_eq!(port(Metric::PortDiscard), Some(0.1));
        assert_eq!(port(Metric::PortQueue), Some(10.0));
        assert_eq!(port(Metric::PortError), Some(1.0));
        assert_eq!(value(&out, "router/c1", Metric::RouterUp), Some(1.0));
        assert_eq!(
            value(&out, "instance/infer@dc1", Metric::InstanceUp),
            Some(0.0)
        );
    }

    #[test]
    fn the_first_round_and_a_dead_port_tell_no_rates_and_no_errors() {
        let plan = Plan::three_domain();
        let out = telemetry(&plan, None, &round(1000, false, 5, 0));
        assert_eq!(value(&out, "port/c1:c1-c3", Metric::PortOut), None);
        assert_eq!(value(&out, "port/c1:c1-c3", Metric::PortError), None);
        assert_eq!(value(&out, "port/c1:c1-c3", Metric::PortOperUp), Some(0.0));
    }

    #[test]
    fn every_sample_belongs_to_its_source_s_domain() {
        let plan = Plan::three_domain();
        for batch in telemetry(&plan, None, &round(1000, true, 5, 0)) {
            for sample in &batch.samples {
                assert_eq!(sample.object.domain(), batch.source.domain(), "{sample:?}");
            }
        }
    }
}
