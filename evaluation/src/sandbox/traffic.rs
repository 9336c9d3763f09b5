//! Background traffic: which demands there are, and how large, so that the busiest link is as busy as wanted.

use super::layout::index_of;
use super::world::World;
use std::sync::Arc;
use zizhi_types::topology::Network;

/// Demands as router, router, relative mean: the listed ones and the largest of a gravity model.
pub(crate) fn demands(network: &Network) -> Vec<(usize, usize, f64)> {
    let routers = index_of(network.routers.iter().map(|r| &r.id));
    let mut demands: Vec<(usize, usize, f64)> = network
        .traffic
        .demands
        .iter()
        .map(|d| (routers[d.from.as_str()], routers[d.to.as_str()], d.mbps))
        .filter(|(from, to, mbps)| from != to && *mbps > 0.0)
        .collect();
    let listed: f64 = demands.iter().map(|d| d.2).sum();
    let mut gravity = gravity(network);
    let total: f64 = gravity.iter().map(|d| d.2).sum();
    let unit = if listed > 0.0 {
        listed / total.max(1e-9)
    } else {
        1.0
    };
    for demand in &mut gravity {
        demand.2 *= unit;
    }
    demands.extend(gravity);
    demands
}

fn gravity(network: &Network) -> Vec<(usize, usize, f64)> {
    let weight = |r: usize| network.routers[r].weight;
    let count = network.routers.len();
    let mut pairs: Vec<(usize, usize, f64)> = (0..count)
        .flat_map(|a| (0..count).map(move |b| (a, b)))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (a, b, weight(a) * weight(b)))
        .filter(|p| p.2 > 0.0)
        .collect();
    pairs.sort_by(|x, y| y.2.total_cmp(&x.2).then((x.0, x.1).cmp(&(y.0, y.1))));
    pairs.truncate(network.traffic.gravity_demands);
    pairs
}

/// Scales the demands so that the busiest port has the wanted utilisation at the busiest hour, service traffic
/// included; sets the service traffic of this moment.
pub(crate) fn scale(world: &mut World) {
    let traffic = &world.network.traffic;
    let (wanted, peak) = (traffic.peak_utilization, 1.0 + traffic.daily_swing);
    let shares = world.shares_on(&world.fib);
    let demands: Vec<f64> = world.layout.demands.iter().map(|d| d.mean_mbps).collect();
    let background = world.offered(&shares, |d| demands[d], |_| 1.0);
    set_service_traffic(world, 1.0);
    let both = world.offered(&shares, |d| demands[d], |_| 1.0);
    let mut factor = f64::INFINITY;
    for (port, mbps) in background.iter().enumerate() {
        if *mbps > 0.0 {
            let service = both[port] - mbps;
            let room = wanted * world.links[port / 2].rate_mbps / peak - service;
            factor = factor.min(room / mbps);
        }
    }
    // Where service traffic alone is more than wanted, a little background traffic is left.
    let factor = if factor.is_finite() {
        factor.max(0.0)
    } else {
        0.0
    };
    for demand in &mut Arc::make_mut(&mut world.layout).demands {
        demand.mean_mbps *= factor;
    }
    let daily = world.daily(world.now_us);
    set_service_traffic(world, daily);
}

/// Sets the smoothed service traffic to what the present shares mean at `daily` times the mean rates.
fn set_service_traffic(world: &mut World, daily: f64) {
    let (gateways, cells) = (world.gateways.len(), world.cells.len());
    world.site_gateway_mbps.fill(0.0);
    world.gateway_cell_mbps.fill(0.0);
    for (group, place) in world.layout.groups.iter().enumerate() {
        let mbps = place.rate_rps * place.mbps_per_rps * daily;
        world.gateway_cell_mbps[place.gateway * cells + place.cell] += mbps;
        for (instance, weight) in world.groups[group].weights.iter().enumerate() {
            let site = world.instances[instance].site;
            world.site_gateway_mbps[site * gateways + place.gateway] += mbps * weight;
        }
    }
}
