//! What is there of a lab right now.
//!
//! In: a lab's folder. Out: namespaces, processes, adjacencies and routes, as they are and as they should be. Called by
//! `zizhi lab status`. Changes nothing.

use super::error::LabError;
use super::namespace;
use super::reading;
use super::rig::{LabConfig, Rig};
use super::state::{LabId, StateFile};
use super::up::missing_routes;
use serde::Serialize;
use std::path::Path;

/// A lab at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Which.
    pub lab: LabId,
    /// It lives on without its owner (`lab up`).
    pub keep: bool,
    /// The process that made it still runs.
    pub owner_alive: bool,
    /// Namespaces that are there, and how many were made.
    pub namespaces: (usize, usize),
    /// Routers, then hosts.
    pub nodes: Vec<NodeStatus>,
    /// Ports whose protocol has its neighbour, and how many should.
    pub adjacencies: (usize, usize),
    /// Pairs of router and network without a route; 0 when all is well.
    pub missing_routes: usize,
}

/// A node at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub node: String,
    /// Its namespace, for `ip netns exec`.
    pub namespace: String,
    /// What runs there, with process ids.
    pub running: Vec<(String, i32)>,
    /// What was started there and ended by itself.
    pub ended: Vec<String>,
}

/// The labs whose folders are in `root`.
pub fn list(root: &Path) -> Vec<LabId> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut labs: Vec<LabId> = entries
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .collect();
    labs.sort();
    labs
}

/// Looks at one lab.
pub fn of(config: LabConfig) -> Result<Status, LabError> {
    let file = StateFile::open(&config.root, &config.id)?;
    let state = file.state().clone();
    let rig = Rig::new(config, file)?;
    let plan = rig.plan();
    let present = state
        .namespaces
        .iter()
        .filter(|n| namespace::exists(n))
        .count();
    let ports: Vec<_> = plan
        .routers
        .iter()
        .flat_map(|r| reading::router(&rig, r).ports.into_values())
        .collect();
    Ok(Status {
        keep: state.keep,
        owner_alive: state.owner.is_alive(),
        namespaces: (present, state.namespaces.len()),
        nodes: plan.nodes().map(|n| node(&rig, n)).collect(),
        adjacencies: (
            ports.iter().filter(|p| p.adjacent == Some(true)).count(),
            ports.len(),
        ),
        missing_routes: missing_routes(&rig),
        lab: state.lab,
    })
}

fn node(rig: &Rig, node: &str) -> NodeStatus {
    let (living, ended): (Vec<_>, Vec<_>) = rig
        .processes()
        .into_iter()
        .filter(|p| p.node == node)
        .partition(super::process::Process::is_alive);
    NodeStatus {
        node: node.to_owned(),
        namespace: rig.id().namespace(node),
        running: living.into_iter().map(|p| (p.what, p.pid)).collect(),
        ended: ended.into_iter().map(|p| p.what).collect(),
    }
}
