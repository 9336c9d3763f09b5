//! What truly happened in an interval: every metric of every object, without measurement noise.
//!
//! In: the world's counters. Out: [`Reading`]s, in a fixed order; the counters start again. Telemetry blurs them;
//! the judge reads them as they are.

use super::layout::object;
use super::world::World;
use std::sync::Arc;
use zizhi_types::{ManagedObject, Metric, ObjectKind};

/// An exporter's window.
const WINDOW_US: u64 = 60 * super::world::SECOND_US;

/// A line is never quite idle: the receiver checks idle codes and hellos too, so a bad one shows without any traffic. Our
/// choice: too little to move the share of a line that carries something.
const IDLE_MBIT: f64 = 0.01;

/// Who would report a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Router(usize),
    Site(usize),
    Gateway(usize),
    Cell(usize),
}

/// One true value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub source: Source,
    pub object: ManagedObject,
    pub metric: Metric,
    pub value: f64,
}

/// Collects readings of one source.
struct Sheet {
    source: Source,
    readings: Vec<Reading>,
}

impl Sheet {
    fn add(&mut self, object: &ManagedObject, metric: Metric, value: f64) {
        self.readings.push(Reading {
            source: self.source,
            object: object.clone(),
            metric,
            value,
        });
    }
}

/// The 95th percentile; `None` of nothing.
pub(crate) fn p95(values: &mut [f32]) -> Option<f64> {
    quantile(values, 0.95)
}

fn quantile(values: &mut [f32], q: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let rank = ((values.len() as f64 * q).ceil() as usize).clamp(1, values.len()) - 1;
    let (_, value, _) = values.select_nth_unstable_by(rank, f32::total_cmp);
    Some(f64::from(*value))
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        (part / whole).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

const fn state(good: bool) -> f64 {
    if good { 1.0 } else { 0.0 }
}

impl World {
    /// Ends the interval: its readings are kept for the judge and returned.
    pub(crate) fn close_interval(&mut self) -> Arc<Vec<Reading>> {
        let mut sheet = Sheet {
            source: Source::Router(0),
            readings: Vec::with_capacity(2048),
        };
        for router in 0..self.routers.len() {
            sheet.source = Source::Router(router);
            self.read_router(router, &mut sheet);
        }
        for site in 0..self.sites.len() {
            sheet.source = Source::Site(site);
            self.read_site(site, &mut sheet);
        }
        for gateway in 0..self.gateways.len() {
            sheet.source = Source::Gateway(gateway);
            self.read_gateway(gateway, &mut sheet);
        }
        for cell in 0..self.cells.len() {
            sheet.source = Source::Cell(cell);
            self.read_cell(cell, &mut sheet);
        }
        self.interval_began_us = self.now_us;
        let readings = Arc::new(sheet.readings);
        self.history.push_back(Arc::clone(&readings));
        if self.history.len() > super::world::HISTORY {
            self.history.pop_front();
        }
        readings
    }

    fn interval_s(&self) -> f64 {
        ((self.now_us - self.interval_began_us) as f64 / 1e6).max(1e-3)
    }

    fn read_router(&mut self, router: usize, sheet: &mut Sheet) {
        let layout = Arc::clone(&self.layout);
        let own = &layout.routers[router];
        let r = &self.routers[router];
        sheet.add(own, Metric::RouterUp, state(r.up));
        let uptime_s = self.now_us.saturating_sub(r.booted_us) as f64 / 1e6;
        sheet.add(own, Metric::RouterUptime, uptime_s.floor());
        for &port in &layout.ports_of[router] {
            self.read_port(port, sheet);
        }
        for (index, place) in layout.demands.iter().enumerate() {
            if place.from == router {
                let d = &mut self.demands[index];
                sheet.add(
                    &place.object,
                    Metric::DemandRate,
                    d.sum / f64::from(d.slots.max(1)),
                );
                (d.sum, d.slots) = (0.0, 0);
            }
        }
        for (index, place) in layout.paths.iter().enumerate() {
            if place.from == router {
                let mut p = std::mem::take(&mut self.paths[index]);
                let answered = p.rtts_ms.len() as f64;
                let sent = f64::from(p.sent);
                if p.sent > 0 {
                    sheet.add(&place.object, Metric::PathLoss, 1.0 - ratio(answered, sent));
                }
                if let Some(median) = quantile(&mut p.rtts_ms, 0.5) {
                    sheet.add(&place.object, Metric::PathRtt, median);
                }
            }
        }
    }

    fn read_port(&mut self, port: usize, sheet: &mut Sheet) {
        let own = &self.layout.ports[port].object;
        let link = &self.links[port / 2];
        let p = &mut self.ports[port];
        let slots = f64::from(p.slots.max(1));
        let nominal = self.network.links[port / 2].capacity_mbps;
        let out_mbps = p.sum_sent / slots;
        let adjacent = link.adjacent && !link.graceful_restart;
        sheet.add(own, Metric::PortOperUp, state(link.carrier));
        sheet.add(own, Metric::PortAdjacencyUp, state(adjacent));
        sheet.add(own, Metric::PortCost, f64::from(link.cost[port % 2]));
        sheet.add(own, Metric::PortRate, link.rate_mbps);
        sheet.add(own, Metric::PortOut, out_mbps);
        sheet.add(
            own,
            Metric::PortUtilization,
            (out_mbps / nominal).clamp(0.0, 1.0),
        );
        sheet.add(
            own,
            Metric::PortDiscard,
            ratio(p.sum_dropped, p.sum_offered),
        );
        let idle = if link.silent { 0.0 } else { IDLE_MBIT };
        let damaged = p.sum_damaged + idle * link.loss[port % 2];
        sheet.add(own, Metric::PortError, ratio(damaged, p.sum_sent + idle));
        sheet.add(own, Metric::PortQueue, p.sum_delay_ms / slots);
        sheet.add(own, Metric::PortFlaps, f64::from(p.transitions));
        p.slots = 0;
        p.transitions = 0;
        (
            p.sum_sent,
            p.sum_offered,
            p.sum_dropped,
            p.sum_damaged,
            p.sum_delay_ms,
        ) = (0.0, 0.0, 0.0, 0.0, 0.0);
    }

    fn read_site(&mut self, site: usize, sheet: &mut Sheet) {
        let span_us = self.interval_s() * 1e6;
        let now_us = self.now_us;
        let (mut busy, mut workers) = (0.0, 0.0);
        for instance in self
            .instances
            .iter_mut()
            .filter(|i| i.site == site && i.present)
        {
            instance.note_busy(now_us, 0);
            busy += instance.busy_area / span_us;
            workers += if instance.up() {
                f64::from(instance.workers)
            } else {
                0.0
            };
            read_instance(instance, span_us, now_us, sheet);
        }
        let own = &self.layout.sites[site].object;
        sheet.add(own, Metric::SiteUtilization, ratio(busy, workers));
    }

    fn read_gateway(&mut self, gateway: usize, sheet: &mut Sheet) {
        let span_s = self.interval_s();
        let layout = Arc::clone(&self.layout);
        let own = &layout.gateways[gateway].object;
        let age_s = self
            .now_us
            .saturating_sub(self.gateways[gateway].policy_at_us) as f64
            / 1e6;
        sheet.add(own, Metric::GatewayUp, 1.0);
        sheet.add(own, Metric::GatewayPolicyAge, age_s);
        for &group in &layout.groups_of_gateway[gateway] {
            let place = &layout.groups[group];
            self.read_steering(group, sheet);
            let g = &mut self.groups[group];
            let ended = f64::from(g.ok + g.failed);
            sheet.add(
                &place.object,
                Metric::GroupRate,
                f64::from(g.offered) / span_s,
            );
            if ended > 0.0 {
                sheet.add(&place.object, Metric::GroupSuccess, f64::from(g.ok) / ended);
            }
            if let Some(latency) = p95(&mut g.latencies_ms) {
                sheet.add(&place.object, Metric::GroupLatency, latency);
            }
            (g.offered, g.ok, g.failed) = (0, 0, 0);
            g.latencies_ms.clear();
        }
    }

    fn read_steering(&mut self, group: usize, sheet: &mut Sheet) {
        let name = self.layout.groups[group].object.name();
        let service = self.layout.groups[group].service;
        let state = &mut self.groups[group];
        let total: u32 = state.sent.iter().sum();
        for (sent, instance) in state.sent.iter_mut().zip(&self.instances) {
            if instance.service == service && instance.present && total > 0 {
                let steer = object(
                    ObjectKind::Steer,
                    &format!("{name}:{}", instance.object.name()),
                );
                sheet.add(
                    &steer,
                    Metric::SteerShare,
                    f64::from(*sent) / f64::from(total),
                );
            }
            *sent = 0;
        }
    }

    fn read_cell(&mut self, cell: usize, sheet: &mut Sheet) {
        let span_s = self.interval_s();
        let own = &self.layout.cells[cell].object;
        let home: f64 = self
            .layout
            .groups
            .iter()
            .zip(&self.groups)
            .filter(|(place, _)| place.cell == cell)
            .map(|(_, state)| state.rate_now)
            .sum();
        let c = &mut self.cells[cell];
        let capacity = self.layout.cells[cell].capacity_rps * span_s;
        let attempts = f64::from(c.carried) + f64::from(c.failed);
        sheet.add(own, Metric::CellUp, state(!c.off));
        sheet.add(
            own,
            Metric::CellUtilization,
            (f64::from(c.carried) / capacity).min(1.0),
        );
        // About twenty users make one request per second.
        sheet.add(
            own,
            Metric::CellUsers,
            if c.off { 0.0 } else { (home * 20.0).round() },
        );
        sheet.add(
            own,
            Metric::CellFailure,
            ratio(f64::from(c.failed), attempts),
        );
        (c.attempts, c.carried, c.failed) = (0, 0, 0);
    }
}

fn read_instance(
    i: &mut super::state::InstanceState,
    span_us: f64,
    now_us: u64,
    sheet: &mut Sheet,
) {
    let own = i.object.clone();
    let workers = f64::from(i.workers);
    let slow = i.host_slow[i.host];
    // A neighbour that makes the host `slow` times slower takes 1 - 1/slow of the processor.
    let steal = (1.0 - 1.0 / slow).max(0.0).max(i.batch_steal);
    sheet.add(&own, Metric::InstanceUp, state(i.up()));
    sheet.add(
        &own,
        Metric::InstanceUtilization,
        ratio(i.busy_area / span_us, workers),
    );
    read_times(i, now_us, sheet);
    sheet.add(
        &own,
        Metric::InstanceRate,
        f64::from(i.served) / (span_us / 1e6),
    );
    sheet.add(
        &own,
        Metric::InstanceRejected,
        ratio(f64::from(i.rejected), f64::from(i.arrived)),
    );
    sheet.add(&own, Metric::InstanceSteal, steal);
    (i.served, i.arrived, i.rejected) = (0, 0, 0);
    i.busy_area = 0.0;
}

/// Service time and latency over this interval's requests, but at least over the last twenty of the last minute:
/// the exporter's window, so that an almost idle instance does not look erratic. Nothing where there was nothing.
fn read_times(i: &mut super::state::InstanceState, now_us: u64, sheet: &mut Sheet) {
    while i
        .recent
        .front()
        .is_some_and(|r| now_us.saturating_sub(r.at_us) > WINDOW_US)
    {
        i.recent.pop_front();
    }
    let spare = i.recent.len().saturating_sub((i.served as usize).max(20));
    i.recent.drain(..spare);
    if i.recent.is_empty() {
        return;
    }
    let mean = i
        .recent
        .iter()
        .map(|r| f64::from(r.service_ms))
        .sum::<f64>()
        / i.recent.len() as f64;
    let mut totals: Vec<f32> = i.recent.iter().map(|r| r.total_ms).collect();
    sheet.add(&i.object, Metric::InstanceService, mean);
    if let Some(latency) = p95(&mut totals) {
        sheet.add(&i.object, Metric::InstanceLatency, latency);
    }
}
