//! How long does a what-if take? `cargo run --release -p zizhi-twin-link --example whatif`
//!
//! Prints the median time of a whole rehearsal (with and without, all objectives), of one prediction and of a fork, on
//! made-up meshes of 10, 50, 60 and 145 routers.

#![allow(clippy::disallowed_methods)] // a measurement of our own speed reads the clock

use std::time::{Duration, Instant};
use zizhi_twin_link::{TwinError, TwinState, rehearse};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::object::{BadObject, ManagedObject, ObjectKind};
use zizhi_types::time::NetTime;
use zizhi_types::topology::{Demand, Link, Network, Router, Tier};

/// Rounds per figure.
const ROUNDS: usize = 200;

/// A ring with chords.
fn mesh(routers: usize, links: usize, demands: usize) -> Network {
    let mut network = Network::empty("mesh");
    let id = |n: usize| format!("r{n}");
    for n in 0..routers {
        network.routers.push(Router {
            id: id(n),
            tier: Tier::Core,
            lat: None,
            lon: None,
            weight: 1.0,
        });
    }
    for n in 0..links {
        let a = n % routers;
        let b = (a + 1 + (n / routers) * (3 + n % 7)) % routers;
        if a != b {
            network.links.push(Link {
                id: format!("l{n}"),
                a: id(a),
                b: id(b),
                capacity_mbps: 10_000.0,
                delay_ms: 1.0,
                cost: 10 + (n % 3) as u32,
            });
        }
    }
    for n in 0..demands {
        let (from, step) = (n % routers, 1 + n / routers);
        network.traffic.demands.push(Demand {
            from: id(from),
            to: id((from + step) % routers),
            mbps: 5.0,
        });
    }
    network
}

fn median(mut run: impl FnMut() -> Result<(), TwinError>) -> Result<Duration, TwinError> {
    let mut times = vec![];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("routers  links  demands  rehearsal      one what-if    fork");
    for (routers, links, demands) in [
        (10, 15, 90),
        (50, 88, 1324),
        (60, 110, 1800),
        (145, 260, 6000),
    ] {
        let network = mesh(routers, links, demands);
        let state = TwinState::new(&network);
        let objectives = network.objectives();
        let drain = drain()?;
        let actions = [drain.clone()];
        let whole = median(|| rehearse(&state, &actions, &objectives, NetTime(0)).map(drop))?;
        let one = median(|| {
            let mut branch = state.fork();
            branch.apply(&drain)?;
            std::hint::black_box(branch.predict());
            Ok(())
        })?;
        let fork = median(|| {
            std::hint::black_box(state.fork());
            Ok(())
        })?;
        println!(
            "{routers:>7}  {links:>5}  {demands:>7}  {whole:<13.1?}  {one:<13.1?}  {fork:.1?}"
        );
    }
    Ok(())
}

fn drain() -> Result<Action, BadObject> {
    let link = ManagedObject::new(ObjectKind::Link, "l0")?;
    Ok(Action::new(Verb::LinkSetCost, link).with("cost", Value::Number(65_000.0)))
}
