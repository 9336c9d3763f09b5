//! Builds a lab and takes it down again.
//!
//! In: a [`LabConfig`]. Out: a [`Rig`] with everything started and routed; after `down`, nothing. Blocking; called by
//! the command-line program and [`super::Lab`]. Kills only what the lab started.

use super::clock::Stopwatch;
use super::error::LabError;
use super::frr::Daemon;
use super::namespace;
use super::process::{Process, end, has_mark, marked};
use super::rig::{LabConfig, Rig, daemon_folder, wait};
use super::state::{LabId, State, StateFile, boot_id};
use std::path::Path;

/// Builds the network and waits until every router knows every route and the services answer.
pub fn up(config: LabConfig, progress: &dyn Fn(&str)) -> Result<Rig, LabError> {
    let begun = Stopwatch::start();
    if daemon_folder().is_none() {
        return Err(LabError::Missing(
            "no FRR daemons: install them with `apt install frr`; `zizhi lab doctor` tells more"
                .into(),
        ));
    }
    clear_leftover(&config, progress)?;
    let rig = record(config)?;
    let built = build(&rig, progress);
    if let Err(e) = built {
        progress("that failed; removing what was made");
        down(&rig.root(), rig.id())?;
        return Err(e);
    }
    progress(&format!(
        "ready after {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
    Ok(rig)
}

/// Removes a lab of this name whose owner died without removing it.
fn clear_leftover(config: &LabConfig, progress: &dyn Fn(&str)) -> Result<(), LabError> {
    let Ok(file) = StateFile::open(&config.root, &config.id) else {
        return Ok(());
    };
    let state = file.state();
    if state.boot == boot_id() && (state.keep || state.owner.is_alive()) {
        return Err(LabError::AlreadyUp(config.id.to_string()));
    }
    progress("removing what a lab of this name left behind when its owner died");
    down(&config.root, &config.id).map(drop)
}

fn record(config: LabConfig) -> Result<Rig, LabError> {
    let plan = super::Plan::three_domain();
    let owner =
        Process::this("owner").ok_or_else(|| LabError::Missing("/proc is not readable".into()))?;
    let state = State {
        lab: config.id.clone(),
        boot: boot_id(),
        owner,
        keep: config.keep,
        namespaces: plan.nodes().map(|n| config.id.namespace(n)).collect(),
        processes: vec![],
    };
    if let Some(taken) = state.namespaces.iter().find(|n| namespace::exists(n)) {
        return Err(LabError::Missing(format!(
            "the namespace {taken} is already there and not ours: use another lab name"
        )));
    }
    let file = StateFile::create(&config.root, state)?;
    Rig::new(config, file)
}

fn build(rig: &Rig, progress: &dyn Fn(&str)) -> Result<(), LabError> {
    let plan = rig.plan();
    progress(&format!(
        "making {} namespaces and {} shaped links",
        plan.nodes().count(),
        plan.wires.len()
    ));
    for node in plan.nodes() {
        namespace::create(&rig.id().namespace(node))?;
        rig.prepare(node)?;
    }
    namespace::wire_up(plan, rig.id())?;
    progress("starting 8 routers, 2 services, 1 gateway");
    plan.routers.iter().try_for_each(|r| rig.start_zebra(r))?;
    plan.instances
        .iter()
        .try_for_each(|i| rig.start_instance(i))?;
    rig.start_gateway()?;
    plan.routers
        .iter()
        .try_for_each(|r| rig.start_protocols(r))?;
    progress("waiting until every router knows every network");
    wait(
        "full routing",
        40,
        || missing_routes(rig) == 0,
        || format!("{} routes are missing", missing_routes(rig)),
    )
}

/// How many (router, network) pairs have no route yet.
pub fn missing_routes(rig: &Rig) -> usize {
    let plan = rig.plan();
    let loopbacks = plan.routers.iter().map(|r| format!("{}/32", r.loopback));
    let hosts = plan.hosts.iter().map(|h| {
        let [a, b, c, _] = h.address.octets();
        format!("{a}.{b}.{c}.0/24")
    });
    let wanted: Vec<String> = loopbacks.chain(hosts).collect();
    let missing = |router: &str| {
        let routes = rig
            .vty(router, Daemon::Zebra)
            .ok()
            .and_then(|mut vty| vty.ask("show ip route json").ok());
        let Some(routes) = routes else {
            return wanted.len();
        };
        wanted
            .iter()
            .filter(|w| routes.get(w.as_str()).is_none())
            .count()
    };
    plan.routers.iter().map(|r| missing(&r.id)).sum()
}

/// What `down` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Processes ended.
    pub processes: usize,
    /// Namespaces removed.
    pub namespaces: usize,
    /// Processes of other people that still are inside a namespace of the lab; they were left alone.
    pub foreign: Vec<i32>,
}

/// Removes everything a lab has made, whoever made it and however it ended. An owner that still runs in another process
/// is ended first.
pub fn down(root: &Path, lab: &LabId) -> Result<Removed, LabError> {
    let file = match StateFile::open(root, lab) {
        Ok(file) => file,
        Err(e) => {
            // A folder without a state was made just before a crash: nothing else was made yet.
            let empty = std::fs::remove_dir(root.join(lab.as_str()));
            return if empty.is_ok() {
                Ok(Removed::default())
            } else {
                Err(e)
            };
        }
    };
    let state = file.state();
    let mut removed = Removed::default();
    if state.boot == boot_id() {
        removed = remove(state)?;
    }
    let folder = file.folder();
    std::fs::remove_dir_all(folder).map_err(LabError::file("remove", folder))?;
    // Other labs may be in it; then it stays.
    let _ = std::fs::remove_dir(root);
    Ok(removed)
}

fn remove(state: &State) -> Result<Removed, LabError> {
    let me = std::process::id();
    if state.owner.pid.unsigned_abs() != me && state.owner.is_alive() {
        end(std::slice::from_ref(&state.owner))?;
    }
    let mut removed = Removed::default();
    let recorded = state.processes.iter().filter(|p| p.is_alive());
    let mut ours: Vec<Process> = recorded.cloned().collect();
    removed.processes += ours.len();
    end(&ours)?;
    let present = state.namespaces.iter().filter(|n| namespace::exists(n));
    for name in present.collect::<Vec<_>>() {
        let left = namespace::processes(name).into_iter();
        removed.foreign.extend(
            left.filter(|pid| pid.unsigned_abs() != me && !has_mark(*pid, state.lab.as_str())),
        );
        namespace::remove(name)?;
        removed.namespaces += 1;
    }
    // Started, but the owner died before writing it down. The names are gone now, so that a process that was just being
    // started either is already marked or fails to enter.
    loop {
        ours = marked(state.lab.as_str());
        ours.retain(|p| p.pid.unsigned_abs() != me);
        if ours.is_empty() {
            return Ok(removed);
        }
        removed.processes += ours.len();
        end(&ours)?;
    }
}
