//! How are the requests of the groups served?
//!
//! In: a branch and the ways. Out: the answers' traffic, then the metrics of cells, instances, sites and groups.
//! A request goes from the user's cell over the gateway to an instance, its answer the same way back. Where a cell is
//! down, its first neighbour that is up takes its users.

use crate::branch::Branch;
use crate::predict::{Model, Ways};
use crate::queue::{Part, overload, p95_ms, request_wait_ms};
use crate::route::Routes;
use crate::steer::{self, Server, Shares};
use zizhi_types::metric::Metric;

/// ln 20: the 95th percentile of an exponential over its mean.
const P95: f64 = 2.995_732;

/// A cell as it serves in a branch.
#[derive(Debug, Clone, Copy)]
struct Radio {
    /// Requests per second that it is asked to carry.
    offered_rps: f64,
    /// Share of them that it carries.
    carried: f64,
    /// Share of what its users ask that it lets in; the others are barred and not counted by the cell.
    admitted: f64,
}

/// What a server makes of its load.
#[derive(Debug, Clone, Copy)]
struct Served {
    rps: f64,
    busy: f64,
    rejected: f64,
    mean_ms: f64,
}

/// The requests of a branch.
pub(crate) struct Requests {
    /// The cell that serves each group now, if any does.
    cells: Vec<Option<usize>>,
    radio: Vec<Radio>,
    /// What each group offers, in requests per second.
    offered_rps: Vec<f64>,
    /// What of it reaches the gateway.
    steered_rps: Vec<f64>,
    servers: Vec<Server>,
    shares: Shares,
    served: Vec<Served>,
}

impl Requests {
    /// Follows the requests of a branch up to the servers.
    pub(crate) fn new(branch: &Branch, routes: &mut Routes<'_>) -> Self {
        let groups = &branch.built.groups;
        let rate = |slot| branch.get_or(slot, Metric::GroupRate, 0.0).max(0.0);
        let offered_rps: Vec<f64> = groups.iter().map(|g| rate(g.slot)).collect();
        let cells: Vec<Option<usize>> = groups
            .iter()
            .map(|g| serving_cell(branch, g.cell))
            .collect();
        let radio = radios(branch, &cells, &offered_rps);
        let carried = |cell: &Option<usize>| {
            cell.and_then(|c| radio.get(c))
                .map_or(0.0, |r| r.carried * r.admitted)
        };
        let steered_rps: Vec<f64> = groups
            .iter()
            .zip(&cells)
            .zip(&offered_rps)
            .map(|((group, cell), rps)| rps * carried(cell) * gateway_works(branch, group.gateway))
            .collect();
        let servers = steer::servers(branch);
        let round_trips = idle_round_trips(branch, routes, &cells, &servers);
        let network_ms = |group: usize, server: usize| {
            let of_group: Option<&Vec<f64>> = round_trips.get(group);
            of_group.and_then(|t| t.get(server)).copied().unwrap_or(0.0)
        };
        let shares = steer::shares(branch, &servers, &steered_rps, network_ms);
        let loads = steer::loads(&servers, &shares, &steered_rps);
        let served = servers
            .iter()
            .zip(&loads)
            .map(|(s, l)| serve(s, *l))
            .collect();
        Self {
            cells,
            radio,
            offered_rps,
            steered_rps,
            servers,
            shares,
            served,
        }
    }

    /// The answers on the transport network: from, to, Mbit/s.
    pub(crate) fn traffic(&self, branch: &Branch) -> Vec<(usize, usize, f64)> {
        let mut flows = vec![];
        for (number, group) in branch.built.groups.iter().enumerate() {
            let cell = self.cells.get(number).copied().flatten();
            let gateway = branch.built.gateways.get(group.gateway);
            let user = cell.and_then(|c| branch.built.cells.get(c));
            let (Some(gateway), Some(user)) = (gateway, user) else {
                continue;
            };
            let rps = self.steered_rps.get(number).copied().unwrap_or(0.0);
            let mut all = 0.0;
            for (n, w) in self.shares.get(number).into_iter().flatten() {
                if let Some((server, served)) = self.servers.get(*n).zip(self.served.get(*n)) {
                    let mbps = rps * w * (1.0 - served.rejected) * group.mbps_per_rps;
                    flows.push((server.router, gateway.router, mbps));
                    all += mbps;
                }
            }
            flows.push((gateway.router, user.router, all));
        }
        flows
    }

    /// Puts the metrics of cells, instances, sites and groups.
    pub(crate) fn answer(&self, branch: &Branch, ways: &mut Ways<'_>, model: &mut Model) {
        self.put_cells(branch, model);
        self.put_compute(branch, model);
        for number in 0..branch.built.groups.len() {
            self.put_group(branch, ways, model, number);
        }
    }

    fn put_cells(&self, branch: &Branch, model: &mut Model) {
        for (number, (cell, radio)) in branch.built.cells.iter().zip(&self.radio).enumerate() {
            let up = branch.is_up(cell.slot, Metric::CellUp);
            let busy = if up {
                (radio.offered_rps / cell.capacity_rps).min(1.0)
            } else {
                0.0
            };
            model.put(cell.slot, Metric::CellUtilization, busy);
            // A locked cell hears nobody, so it fails nobody.
            let locked = branch.overlay.locked.contains_key(&number);
            let failed = if locked { 0.0 } else { 1.0 - radio.carried };
            model.put(cell.slot, Metric::CellFailure, failed);
        }
    }

    fn put_compute(&self, branch: &Branch, model: &mut Model) {
        let mut busy = vec![(0.0, 0.0); branch.built.sites.len()];
        for (server, served) in self.servers.iter().zip(&self.served) {
            if let Some((work, workers)) = busy.get_mut(server.site).filter(|_| server.up) {
                *work += served.busy * f64::from(server.workers);
                *workers += f64::from(server.workers);
            }
        }
        for (site, (work, workers)) in branch.built.sites.iter().zip(busy) {
            let share = if workers > 0.0 { work / workers } else { 0.0 };
            model.put(site.slot, Metric::SiteUtilization, share);
        }
        for ((instance, server), served) in branch
            .built
            .instances
            .iter()
            .zip(&self.servers)
            .zip(&self.served)
        {
            // A dead instance refuses everything, but nobody counts it.
            let rejected = if server.up { served.rejected } else { f64::NAN };
            model.put(instance.slot, Metric::InstanceUtilization, served.busy);
            model.put(
                instance.slot,
                Metric::InstanceRate,
                served.rps * (1.0 - served.rejected),
            );
            model.put(instance.slot, Metric::InstanceRejected, rejected);
            model.put(instance.slot, Metric::InstanceLatency, P95 * served.mean_ms);
            model.instance_rps.push(served.rps);
        }
    }

    fn put_group(&self, branch: &Branch, ways: &mut Ways<'_>, model: &mut Model, number: usize) {
        let Some(group) = branch.built.groups.get(number) else {
            return;
        };
        let cell = self.cells.get(number).copied().flatten();
        let user = cell
            .and_then(|c| branch.built.cells.get(c))
            .map(|c| c.router);
        let gateway = branch.built.gateways.get(group.gateway).map(|g| g.router);
        let offered = self.offered_rps.get(number).copied().unwrap_or(0.0);
        let steered = self.steered_rps.get(number).copied().unwrap_or(0.0);
        let reaches = if offered > 0.0 {
            steered / offered
        } else {
            1.0
        };
        let (mut success, mut parts) = (0.0, vec![]);
        if let (Some(user), Some(gateway)) = (user, gateway) {
            for (n, share) in self.shares.get(number).into_iter().flatten() {
                let Some((server, served)) = self.servers.get(*n).zip(self.served.get(*n)) else {
                    continue;
                };
                let (fixed_ms, arrives) = round_trip(ways, [user, gateway, server.router]);
                let answered = share * arrives * (1.0 - served.rejected);
                success += answered;
                if answered > 0.0 && fixed_ms.is_finite() {
                    parts.push(Part {
                        share: answered,
                        fixed_ms,
                        mean_ms: served.mean_ms,
                    });
                }
            }
        }
        model.put(
            group.slot,
            Metric::GroupSuccess,
            (success * reaches).clamp(0.0, 1.0),
        );
        let latency = p95_ms(&parts).unwrap_or(f64::NAN);
        model.put(group.slot, Metric::GroupLatency, latency);
    }
}

fn round_trip(ways: &mut Ways<'_>, stops: [usize; 3]) -> (f64, f64) {
    let [user, gateway, server] = stops;
    let legs = [
        (user, gateway),
        (gateway, server),
        (server, gateway),
        (gateway, user),
    ];
    legs.into_iter()
        .fold((0.0, 1.0), |(ms, arrives), (from, to)| {
            let (leg_ms, leg_arrives) = ways.between(from, to);
            (ms + leg_ms, arrives * leg_arrives)
        })
}

fn gateway_works(branch: &Branch, gateway: usize) -> f64 {
    let slot = branch.built.gateways.get(gateway).map(|g| g.slot);
    f64::from(u8::from(
        slot.is_some_and(|s| branch.is_up(s, Metric::GatewayUp)),
    ))
}

/// The cell that serves the users of a cell: itself, or the first neighbour that is up.
fn serving_cell(branch: &Branch, cell: usize) -> Option<usize> {
    let cells = &branch.built.cells;
    let up = |n: &usize| {
        cells
            .get(*n)
            .is_some_and(|c| branch.is_up(c.slot, Metric::CellUp))
    };
    let neighbours = cells
        .get(cell)
        .map(|c| c.neighbours.clone())
        .unwrap_or_default();
    std::iter::once(cell).chain(neighbours).find(up)
}

fn radios(branch: &Branch, cells: &[Option<usize>], offered_rps: &[f64]) -> Vec<Radio> {
    let mut radios: Vec<Radio> = branch
        .built
        .cells
        .iter()
        .enumerate()
        .map(|(number, c)| Radio {
            offered_rps: 0.0,
            carried: f64::from(u8::from(branch.is_up(c.slot, Metric::CellUp))),
            admitted: branch.admitted(number),
        })
        .collect();
    for (cell, rps) in cells.iter().zip(offered_rps) {
        if let Some(radio) = cell.and_then(|c| radios.get_mut(c)) {
            radio.offered_rps += rps * radio.admitted;
        }
    }
    for (radio, cell) in radios.iter_mut().zip(&branch.built.cells) {
        radio.carried *= 1.0 - overload(radio.offered_rps, cell.capacity_rps);
    }
    radios
}

/// Round trips of each group to each server over empty links; only a gateway that steers anew needs them.
fn idle_round_trips(
    branch: &Branch,
    routes: &mut Routes<'_>,
    cells: &[Option<usize>],
    servers: &[Server],
) -> Vec<Vec<f64>> {
    if branch.overlay.refreshed.is_empty() {
        return vec![];
    }
    let delay_ms: Vec<f64> = branch.built.edges.iter().map(|e| e.delay_ms).collect();
    let arrives = vec![1.0; delay_ms.len()];
    let mut ways = Ways::new(routes.clone(), delay_ms, arrives);
    let mut all = vec![];
    for (group, cell) in branch.built.groups.iter().zip(cells) {
        let user = cell.and_then(|c| branch.built.cells.get(c));
        let gateway = branch.built.gateways.get(group.gateway);
        let one = |s: &Server| match (user, gateway) {
            (Some(u), Some(g)) => round_trip(&mut ways, [u.router, g.router, s.router]).0,
            _ => 0.0,
        };
        all.push(servers.iter().map(one).collect());
    }
    all
}

fn serve(server: &Server, rps: f64) -> Served {
    if !server.up {
        return Served {
            rps,
            busy: 0.0,
            rejected: 1.0,
            mean_ms: f64::NAN,
        };
    }
    let offered = rps * server.service_ms / 1000.0;
    let workers = f64::from(server.workers);
    let mean_ms = request_wait_ms(offered, server.workers, server.service_ms) + server.service_ms;
    // The tail is taken as exponential, whose 95th percentile is three means.
    let most_ms = server
        .full_ms
        .map_or(f64::INFINITY, |full| (full / 3.0).max(server.service_ms));
    Served {
        rps,
        busy: (offered / workers).min(1.0),
        rejected: overload(offered, workers),
        mean_ms: mean_ms.min(most_ms),
    }
}
