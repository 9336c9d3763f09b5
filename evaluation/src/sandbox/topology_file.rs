//! Reads a `topo-v1` JSON map and lays a computing power network over it; reads traffic matrices.
//!
//! In: a map of nodes and links, often with demands. Out: a [`Network`]. Sites, gateways, cells and groups are
//! generated from the map alone, so the same map always gives the same network. Nothing is drawn at random.

use serde::Deserialize;
use std::collections::BTreeMap;
use zizhi_types::topology::{
    Bilingual, Cell, Demand, Gateway, Group, Instance, Link, Network, Preference, Router, Service,
    Site, Tier, Traffic,
};

/// The parts of `topo-v1` that are used; the format has more.
#[derive(Debug, Deserialize)]
struct Map {
    format: String,
    name: String,
    source: String,
    #[serde(default)]
    licence: String,
    nodes: Vec<Node>,
    links: Vec<Edge>,
    #[serde(default)]
    demands: Vec<(String, String, f64)>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    lon: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    a: String,
    b: String,
    capacity_mbps: f64,
    delay_ms: f64,
}

/// The parts of `tm-series-v1` that are used.
#[derive(Debug, Deserialize)]
struct Series {
    format: String,
    order: Vec<String>,
    tm: Vec<Vec<f64>>,
}

/// Kilometres of fibre are about this many times the distance on the map, our choice.
const FIBRE_OVER_DISTANCE: f64 = 1.2;
/// Traffic on a map that comes with none, and how loaded any map is.
const GRAVITY_DEMANDS: usize = 400;
const PEAK_UTILIZATION: f64 = 0.55;

/// Turns the text of a `topo-v1` file into a network. The error says what is wrong with the text.
pub(crate) fn read_map(text: &str) -> Result<Network, String> {
    let map: Map = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if map.format != "topo-v1" {
        return Err(format!("format is `{}`, but must be `topo-v1`", map.format));
    }
    let names = names(&map.nodes);
    let name = |id: &String| {
        names
            .get(id.as_str())
            .cloned()
            .ok_or_else(|| format!("a link or demand names node `{id}`, which is not listed"))
    };
    let mut network = Network::empty(&plain(&map.name));
    network.title = Bilingual {
        en: map.name.clone(),
        zh: map.name.clone(),
    };
    network.source = format!("{} {}", map.source, map.licence);
    for node in &map.nodes {
        network.routers.push(Router {
            id: name(&node.id)?,
            tier: Tier::Edge,
            lat: node.lat,
            lon: node.lon,
            weight: 1.0,
        });
    }
    for edge in &map.links {
        let (a, b) = (name(&edge.a)?, name(&edge.b)?);
        let delay_ms = (edge.delay_ms * FIBRE_OVER_DISTANCE).max(0.02);
        let cost = ((delay_ms * 20.0).round() as u32).clamp(1, 6000);
        let id = format!("{a}-{b}");
        network.links.push(Link {
            id,
            a,
            b,
            capacity_mbps: edge.capacity_mbps,
            delay_ms,
            cost,
        });
    }
    let both_ways = map.demands.len() <= map.nodes.len() * map.nodes.len().saturating_sub(1) / 2;
    let mut demands = vec![];
    for (from, to, mbps) in &map.demands {
        let (from, to) = (name(from)?, name(to)?);
        if both_ways {
            demands.push(Demand {
                from: to.clone(),
                to: from.clone(),
                mbps: *mbps,
            });
        }
        demands.push(Demand {
            from,
            to,
            mbps: *mbps,
        });
    }
    network.traffic = Traffic {
        peak_utilization: PEAK_UTILIZATION,
        daily_swing: 0.35,
        peak_hour: 14.0,
        gravity_demands: if demands.is_empty() {
            GRAVITY_DEMANDS
        } else {
            0
        },
        demands,
    };
    lay_over(&mut network);
    Ok(network)
}

/// Puts one matrix of a `tm-series-v1` file in place of the network's demands. Rows follow the file's own order.
pub(crate) fn read_matrix(
    network: &mut Network,
    text: &str,
    interval: usize,
) -> Result<(), String> {
    let series: Series = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if series.format != "tm-series-v1" {
        return Err(format!(
            "format is `{}`, but must be `tm-series-v1`",
            series.format
        ));
    }
    let index = super::layout::index_of(network.routers.iter().map(|r| &r.id));
    let place = |name: &String| {
        index.get(plain(name).as_str()).copied().ok_or_else(|| {
            format!("the matrix names router `{name}`, which the network does not have")
        })
    };
    let order: Vec<usize> = series.order.iter().map(place).collect::<Result<_, _>>()?;
    let count = order.len();
    let matrix = series
        .tm
        .get(interval)
        .filter(|m| m.len() == count * count)
        .ok_or_else(|| {
            format!(
                "there is no whole matrix {interval}: the file has {}",
                series.tm.len()
            )
        })?;
    network.traffic.gravity_demands = 0;
    network.traffic.demands.clear();
    for (cell, mbps) in matrix.iter().enumerate() {
        let (from, to) = (order[cell / count], order[cell % count]);
        if from != to && *mbps > 0.0 {
            network.traffic.demands.push(Demand {
                from: network.routers[from].id.clone(),
                to: network.routers[to].id.clone(),
                mbps: *mbps,
            });
        }
    }
    Ok(())
}

/// The label where every node has its own and it can be a name, else the id.
fn names(nodes: &[Node]) -> BTreeMap<&str, String> {
    let label = |n: &Node| n.label.as_deref().map(plain).filter(|l| !l.is_empty());
    let labels: Vec<_> = nodes.iter().map(label).collect();
    let own = |l: &Option<String>| l.is_some() && labels.iter().filter(|x| *x == l).count() == 1;
    nodes
        .iter()
        .zip(&labels)
        .map(|(n, l)| {
            let name = if own(l) {
                l.clone().unwrap_or_default()
            } else {
                plain(&n.id)
            };
            (n.id.as_str(), name)
        })
        .collect()
}

/// The text with what a name cannot carry left out.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || "._-".contains(*c))
        .collect()
}

/// Adds services, sites, instances, gateways, cells and groups.
fn lay_over(network: &mut Network) {
    let delay = delays(network);
    let degree = degrees(network);
    for (router, degree) in network.routers.iter_mut().zip(&degree) {
        router.weight = (*degree as f64).max(1.0);
        router.tier = match degree {
            0..=1 => Tier::Edge,
            2..=3 => Tier::Aggregation,
            _ => Tier::Core,
        };
    }
    let count = network.routers.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|r| (std::cmp::Reverse(degree[*r]), *r));
    let gateways = spread(&order, &delay, 3.min(count), 0);
    let sites = spread(&order, &delay, 6.min(count), 1);
    let cells = spread(&order, &delay, 12.min(count), 2);
    network.services = [("infer", "/v1/infer"), ("render", "/v1/render")]
        .map(|(id, url_path)| Service {
            id: id.to_owned(),
            url_path: url_path.to_owned(),
        })
        .to_vec();
    add_sites(network, &sites);
    add_gateways(network, &gateways);
    add_cells(network, &cells, &gateways, &sites, &delay);
}

fn degrees(network: &Network) -> Vec<usize> {
    let ends = |r: &Router| {
        network
            .links
            .iter()
            .filter(|l| l.a == r.id || l.b == r.id)
            .count()
    };
    network.routers.iter().map(ends).collect()
}

/// Shortest delay between all routers in ms (Floyd and Warshall).
fn delays(network: &Network) -> Vec<Vec<f64>> {
    let count = network.routers.len();
    let index = super::layout::index_of(network.routers.iter().map(|r| &r.id));
    let mut delay = vec![vec![f64::INFINITY; count]; count];
    for (r, row) in delay.iter_mut().enumerate() {
        row[r] = 0.0;
    }
    for l in &network.links {
        let (a, b) = (index[l.a.as_str()], index[l.b.as_str()]);
        delay[a][b] = delay[a][b].min(l.delay_ms);
        delay[b][a] = delay[a][b];
    }
    for via in 0..count {
        for a in 0..count {
            for b in 0..count {
                let through = delay[a][via] + delay[via][b];
                if through < delay[a][b] {
                    delay[a][b] = through;
                }
            }
        }
    }
    delay
}

/// Picks routers far from each other, beginning with the `first`-th of `order`.
fn spread(order: &[usize], delay: &[Vec<f64>], wanted: usize, first: usize) -> Vec<usize> {
    let mut picked: Vec<usize> = order
        .get(first.min(order.len().saturating_sub(1)))
        .copied()
        .into_iter()
        .collect();
    while picked.len() < wanted {
        let nearest = |r: usize| {
            picked
                .iter()
                .map(|p| delay[r][*p])
                .fold(f64::INFINITY, f64::min)
        };
        let free = order.iter().copied().filter(|r| !picked.contains(r));
        let Some(next) = free.max_by(|x, y| nearest(*x).total_cmp(&nearest(*y)).then(y.cmp(x)))
        else {
            break;
        };
        picked.push(next);
    }
    picked
}

fn add_sites(network: &mut Network, sites: &[usize]) {
    for (n, router) in sites.iter().enumerate() {
        let central = n < 2;
        let id = format!("{}-{}", if central { "dc" } else { "edge" }, n + 1);
        let router = network.routers[*router].id.clone();
        network.sites.push(Site {
            id: id.clone(),
            router,
            spare_instances: if central { 2 } else { 1 },
        });
        let price = if central { 1.0 } else { 1.6 } + 0.05 * n as f64;
        let both = [
            ("infer", if central { 5 } else { 2 }, 60.0, 1.0),
            ("render", if central { 6 } else { 3 }, 90.0, 2.0),
        ];
        for (service, workers, base_ms, factor) in both {
            network.instances.push(Instance {
                id: format!("{id}-{service}-1"),
                site: id.clone(),
                service: service.to_owned(),
                workers,
                base_ms,
                price: (price * factor * 100.0).round() / 100.0,
            });
        }
    }
}

fn add_gateways(network: &mut Network, gateways: &[usize]) {
    for (n, router) in gateways.iter().enumerate() {
        let router = network.routers[*router].id.clone();
        network.gateways.push(Gateway {
            id: format!("gw-{}", n + 1),
            router,
        });
    }
}

fn add_cells(
    network: &mut Network,
    cells: &[usize],
    gateways: &[usize],
    sites: &[usize],
    delay: &[Vec<f64>],
) {
    let id = |n: usize| format!("cell-{}", n + 1);
    // About a hundredth of the smallest link's capacity per request per second keeps service traffic in proportion.
    let smallest = network
        .links
        .iter()
        .map(|l| l.capacity_mbps)
        .fold(f64::INFINITY, f64::min);
    for (n, &router) in cells.iter().enumerate() {
        let near = |list: &[usize]| {
            (0..list.len())
                .min_by(|x, y| delay[router][list[*x]].total_cmp(&delay[router][list[*y]]))
        };
        let mut others: Vec<usize> = (0..cells.len()).filter(|o| *o != n).collect();
        others.sort_by(|x, y| {
            delay[router][cells[*x]]
                .total_cmp(&delay[router][cells[*y]])
                .then(x.cmp(y))
        });
        network.cells.push(Cell {
            id: id(n),
            router: network.routers[router].id.clone(),
            capacity_rps: 55.0,
            neighbours: others.into_iter().take(2).map(id).collect(),
        });
        let Some(gateway) = near(gateways) else {
            continue;
        };
        let furthest = sites
            .iter()
            .map(|s| delay[gateways[gateway]][*s])
            .filter(|d| d.is_finite())
            .fold(0.0, f64::max);
        let trip_ms = 2.0 * (delay[router][gateways[gateway]] + furthest);
        let (service, p95_ms) = if n % 3 == 2 {
            ("render", 190.0)
        } else {
            ("infer", 130.0)
        };
        network.groups.push(Group {
            id: format!("{}-{service}", id(n)),
            cell: id(n),
            gateway: format!("gw-{}", gateway + 1),
            service: service.to_owned(),
            rate_rps: 10.0 + (n % 4) as f64,
            mbps_per_rps: (smallest / 100.0).clamp(0.1, 25.0),
            prefer: if n % 2 == 0 {
                Preference::Price
            } else {
                Preference::Latency
            },
            latency_ms_max: (p95_ms * 2.9 + trip_ms * 1.5).round(),
        });
    }
}
