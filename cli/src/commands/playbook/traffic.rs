//! How much traffic does a network carry before anything is measured?
//!
//! In: a network file. Out: the same with its demands written out, scaled as the file says. The twin is told measured
//! demands in production; a rehearsal at a desk starts from these. Pure.

use zizhi_twin_link::TwinState;
use zizhi_types::topology::{Demand, Network};

/// The network at its daily mean: listed demands, or the largest of a gravity model (product of the routers' weights),
/// scaled so that the busiest link is as loaded as the file's peak says.
pub fn written_out(mut network: Network) -> Network {
    if network.traffic.demands.is_empty() {
        network.traffic.demands = gravity(&network);
    }
    let busiest = TwinState::new(&network).fork().predict().max_utilization;
    let wanted = network.traffic.peak_utilization / (1.0 + network.traffic.daily_swing);
    if busiest > 0.0 && wanted > 0.0 {
        for demand in &mut network.traffic.demands {
            demand.mbps *= wanted / busiest;
        }
    }
    network
}

fn gravity(network: &Network) -> Vec<Demand> {
    let mut demands = vec![];
    for a in &network.routers {
        for b in network.routers.iter().filter(|b| b.id != a.id) {
            let (from, to, mbps) = (a.id.clone(), b.id.clone(), a.weight * b.weight);
            if mbps > 0.0 {
                demands.push(Demand { from, to, mbps });
            }
        }
    }
    demands.sort_by(|x, y| y.mbps.total_cmp(&x.mbps));
    demands.truncate(network.traffic.gravity_demands);
    demands
}
