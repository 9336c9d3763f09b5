//! Changes the real network: the lab's [`Driver`].
//!
//! In: an action with its key. Out: what the routers, the kernel and the gateway say before and after. Called by the
//! executor. A key that was used gives the first answer again and changes nothing.

use super::control;
use super::error::LabError;
use super::frr::{Daemon, border_map};
use super::namespace;
use super::plan::{End, InstancePlan, Protocol, RouterPlan, Wire, local_preference};
use super::process::end;
use super::reading;
use super::rig::{Rig, refused, wait};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use zizhi_playbooks::drivers::network as words;
use zizhi_playbooks::{Driver, DriverError};
use zizhi_types::action::{Action, Receipt, Value, Verb};

type Answer = Result<Receipt, DriverError>;

/// Changes one lab.
#[derive(Debug)]
pub struct LabDriver {
    rig: Arc<Rig>,
    /// Held while an action runs: actions on one lab come one after another.
    done: Mutex<BTreeMap<String, Answer>>,
}

impl LabDriver {
    /// The driver of a lab.
    pub fn new(rig: Arc<Rig>) -> Self {
        Self {
            rig,
            done: Mutex::new(BTreeMap::new()),
        }
    }
}

#[async_trait]
impl Driver for LabDriver {
    fn supports(&self, verb: Verb) -> bool {
        matches!(
            verb,
            Verb::LinkSetCost
                | Verb::LinkSetRate
                | Verb::LinkReset
                | Verb::RouterRestart
                | Verb::InstanceRestart
                | Verb::InstanceSteerLimit
                | Verb::GatewayRefreshPolicy
        )
    }

    async fn apply(&self, key: &str, action: &Action) -> Answer {
        let mut done = self.done.lock().await;
        if let Some(answer) = done.get(key) {
            return answer.clone();
        }
        let (rig, wanted) = (Arc::clone(&self.rig), action.clone());
        let answer = tokio::task::spawn_blocking(move || apply(&rig, &wanted))
            .await
            .unwrap_or_else(|e| Err(DriverError::Unknown(format!("the driver broke off: {e}"))));
        done.insert(key.to_owned(), answer.clone());
        answer
    }
}

fn apply(rig: &Rig, action: &Action) -> Answer {
    let name = action.object.name();
    if action.object.kind() != action.verb.object_kind() {
        let kind = action.verb.object_kind().as_str();
        return Err(DriverError::Refused(format!(
            "{} is done to a {kind}, not to {}",
            action.verb, action.object
        )));
    }
    let none = || DriverError::Refused(format!("the lab has no {}", action.object));
    let plan = rig.plan();
    match action.verb {
        Verb::LinkSetCost => set_cost(rig, plan.wire(name).ok_or_else(none)?, action),
        Verb::LinkSetRate => set_rate(rig, plan.wire(name).ok_or_else(none)?, action),
        Verb::LinkReset => reset(rig, plan.wire(name).ok_or_else(none)?),
        Verb::RouterRestart => restart_router(rig, plan.router(name).ok_or_else(none)?),
        Verb::InstanceRestart => restart_instance(rig, plan.instance(name).ok_or_else(none)?),
        Verb::InstanceSteerLimit => limit(rig, plan.instance(name).ok_or_else(none)?, action),
        Verb::GatewayRefreshPolicy => refresh(rig),
        Verb::InstanceMigrate
        | Verb::SiteScaleOut
        | Verb::SiteScaleIn
        | Verb::CellRestart
        | Verb::CellLock
        | Verb::CellUnlock
        | Verb::CellLimitAdmission
        | Verb::SiteSetReplicas
        | Verb::NodeCordon
        | Verb::NodeUncordon
        | Verb::NodeDrain => Err(DriverError::Refused(format!(
            "the lab cannot {}: it has one host per site, no machines below it and no radio",
            action.verb
        ))),
    }
}

/// A change was begun: what went wrong may have left something.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unknown(error: LabError) -> DriverError {
    DriverError::Unknown(error.to_string())
}

/// Nothing was begun yet.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: LabError) -> DriverError {
    DriverError::Failed(error.to_string())
}

fn number(
    action: &Action,
    key: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Result<f64, DriverError> {
    let (low, high) = (*range.start(), *range.end());
    let value = action.number(key).filter(|v| range.contains(v));
    value.ok_or_else(|| {
        DriverError::Refused(format!(
            "{action}: {key} must be a number from {low} to {high}"
        ))
    })
}

/// One value read at both ends of a wire.
fn both_ends<T>(
    wire: &Wire,
    read: impl Fn(&str, &str) -> Result<T, LabError>,
) -> Result<[T; 2], LabError> {
    let [a, b] = &wire.ends;
    Ok([
        read(&a.router, &a.interface)?,
        read(&b.router, &b.interface)?,
    ])
}

fn describe<T: std::fmt::Display>(wire: &Wire, what: &str, values: &[T; 2]) -> String {
    let [a, b] = &wire.ends;
    format!(
        "{what} {}={} {}={}",
        a.router, values[0], b.router, values[1]
    )
}

// --- cost ---------------------------------------------------------------------------------------------------------

fn read_costs(rig: &Rig, wire: &Wire) -> Result<[f64; 2], LabError> {
    both_ends(wire, |router, _| {
        let none = || LabError::NoObject(format!("cost of {} at {router}", wire.link));
        let plan = rig.plan().router(router).ok_or_else(none)?;
        reading::costs(rig, plan)?
            .get(&wire.link)
            .copied()
            .ok_or_else(none)
    })
}

fn set_cost(rig: &Rig, wire: &Wire, action: &Action) -> Answer {
    let cost = number(action, "cost", 1.0..=65_535.0)?.round();
    let before = read_costs(rig, wire).map_err(failed)?;
    check_cost(rig, wire, cost as u32).map_err(failed)?;
    if let Err(e) = configure_cost(rig, wire, [cost, cost]) {
        // One end may have it and the other not: put both back, and be sure of it, or say that nobody knows.
        let back = configure_cost(rig, wire, before).and_then(|()| read_costs(rig, wire));
        return Err(if back.is_ok_and(|c| same(c, before)) {
            failed(e)
        } else {
            unknown(e)
        });
    }
    let after = read_costs(rig, wire).map_err(unknown)?;
    if !same(after, [cost, cost]) {
        let seen = describe(wire, "cost", &after);
        return Err(DriverError::Unknown(format!(
            "{action} was accepted, but reads back as {seen}"
        )));
    }
    let undo = Action::new(Verb::LinkSetCost, action.object.clone());
    Ok(Receipt {
        before: describe(wire, "cost", &before),
        after: describe(wire, "cost", &after),
        // Where the ends differed, the larger is the one that kept traffic away.
        undo: Some(undo.with("cost", Value::Number(before[0].max(before[1])))),
    })
}

/// Costs are whole numbers.
fn same(a: [f64; 2], b: [f64; 2]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.5)
}

fn cost_commands(wire: &Wire, interface: &str, cost: u32) -> Vec<String> {
    match wire.protocol {
        Protocol::Ospf => words::cost_commands(words::Igp::Ospf, interface, cost).into(),
        Protocol::Isis => words::cost_commands(words::Igp::Isis, interface, cost).into(),
        Protocol::Bgp => vec![
            format!("route-map {} permit 10", border_map(&wire.link)),
            format!("set local-preference {}", local_preference(cost)),
        ],
    }
}

/// Lets FRR's own parser read the commands before any daemon does.
fn check_cost(rig: &Rig, wire: &Wire, cost: u32) -> Result<(), LabError> {
    let commands = cost_commands(wire, &wire.ends[0].interface, cost);
    rig.check_config(&format!("{}\n", commands.join("\n ")))
}

/// Gives each end its cost; also used by the wrong-cost fault.
pub fn configure_cost(rig: &Rig, wire: &Wire, costs: [f64; 2]) -> Result<(), LabError> {
    for (end, cost) in wire.ends.iter().zip(costs) {
        let daemon = wire.protocol.daemon();
        let mut vty = rig.vty(&end.router, daemon)?;
        let error = |e| refused(&end.router, daemon, &e);
        vty.configure(&cost_commands(wire, &end.interface, cost as u32))
            .map_err(error)?;
        if wire.protocol == Protocol::Bgp {
            vty.say("clear bgp ipv4 unicast * soft in").map_err(error)?;
        }
    }
    Ok(())
}

// --- rate and carrier ----------------------------------------------------------------------------------------------

fn read_rates(rig: &Rig, wire: &Wire) -> Result<[f64; 2], LabError> {
    both_ends(wire, |router, interface| {
        let queues = reading::queues(&rig.id().namespace(router))?;
        let queue = queues.get(interface);
        queue
            .map(|q| q.rate_mbps)
            .ok_or_else(|| LabError::NoObject(format!("queue on {router} {interface}")))
    })
}

fn set_rate(rig: &Rig, wire: &Wire, action: &Action) -> Answer {
    let mbps = number(action, "mbps", 0.1..=10_000.0)?;
    let before = read_rates(rig, wire).map_err(failed)?;
    namespace::set_rate(rig.id(), wire, mbps).map_err(unknown)?;
    let after = read_rates(rig, wire).map_err(unknown)?;
    if after.iter().any(|rate| (rate - mbps).abs() > mbps * 0.001) {
        let seen = describe(wire, "Mbit/s", &after);
        return Err(DriverError::Unknown(format!(
            "{action} was accepted, but reads back as {seen}"
        )));
    }
    let undo = Action::new(Verb::LinkSetRate, action.object.clone());
    Ok(Receipt {
        before: describe(wire, "Mbit/s", &before),
        after: describe(wire, "Mbit/s", &after),
        undo: Some(undo.with("mbps", Value::Number(before[0].min(before[1])))),
    })
}

fn read_carrier(rig: &Rig, wire: &Wire) -> Result<[String; 2], LabError> {
    both_ends(wire, |router, interface| {
        namespace::oper_state(rig.id(), router, interface)
    })
}

fn set_both(rig: &Rig, wire: &Wire, up: bool) -> Result<(), DriverError> {
    let set = |e: &End| namespace::set_up(rig.id(), &e.router, &e.interface, up).map_err(unknown);
    wire.ends.iter().try_for_each(set)
}

fn reset(rig: &Rig, wire: &Wire) -> Answer {
    let before = read_carrier(rig, wire).map_err(failed)?;
    set_both(rig, wire, false)?;
    std::thread::sleep(words::RESET_PAUSE);
    set_both(rig, wire, true)?;
    let trained = || read_carrier(rig, wire).is_ok_and(|s| s == ["UP", "UP"]);
    wait("carrier at both ends", 3, trained, || {
        format!("{:?}", read_carrier(rig, wire))
    })
    .map_err(unknown)?;
    let after = read_carrier(rig, wire).map_err(unknown)?;
    Ok(Receipt {
        before: describe(wire, "carrier", &before),
        after: describe(wire, "carrier", &after),
        undo: None,
    })
}

// --- routers, instances, gateway -----------------------------------------------------------------------------------

fn programs(rig: &Rig, node: &str) -> String {
    let living = rig.living(node);
    let list: Vec<String> = living
        .iter()
        .map(|p| format!("{}[{}]", p.what, p.pid))
        .collect();
    if list.is_empty() {
        "nothing runs".into()
    } else {
        list.join(" ")
    }
}

fn restart_router(rig: &Rig, router: &RouterPlan) -> Answer {
    let before = programs(rig, &router.id);
    rig.stop_node(&router.id).map_err(unknown)?;
    rig.start_zebra(router).map_err(unknown)?;
    rig.start_protocols(router).map_err(unknown)?;
    let daemons = Daemon::of(router);
    let answers = || daemons.iter().all(|d| rig.vty(&router.id, *d).is_ok());
    wait("an answer of all daemons", 10, answers, || {
        programs(rig, &router.id)
    })
    .map_err(unknown)?;
    Ok(Receipt {
        before,
        after: programs(rig, &router.id),
        undo: None,
    })
}

fn restart_instance(rig: &Rig, instance: &InstancePlan) -> Answer {
    let before = programs(rig, &instance.host);
    if let Some(process) = rig.instance_process(instance) {
        end(&[process]).map_err(unknown)?;
    }
    rig.start_instance(instance).map_err(unknown)?;
    let answers = || rig.listens(instance);
    wait("the service to listen", 5, answers, || {
        programs(rig, &instance.host)
    })
    .map_err(unknown)?;
    Ok(Receipt {
        before,
        after: format!("{}, listening", programs(rig, &instance.host)),
        undo: None,
    })
}

fn limit(rig: &Rig, instance: &InstancePlan, action: &Action) -> Answer {
    let share = number(action, "share", 0.0..=1.0)?;
    let socket = rig.control_socket();
    let silent =
        |e: std::io::Error| DriverError::Failed(format!("the gateway does not answer: {e}"));
    let before = control::stats(&socket)
        .map_err(silent)?
        .limits
        .get(&instance.id)
        .copied();
    let before = before.ok_or_else(|| {
        DriverError::Refused(format!("the gateway does not know {}", instance.id))
    })?;
    let after = control::limit(&socket, &instance.id, share)
        .map_err(|e| DriverError::Unknown(e.to_string()))?;
    let after = after.limits.get(&instance.id).copied().unwrap_or(f64::NAN);
    if (after - share).abs() > 1e-9 {
        return Err(DriverError::Unknown(format!(
            "{action} was accepted, but reads back as {after}"
        )));
    }
    let undo = Action::new(Verb::InstanceSteerLimit, action.object.clone());
    Ok(Receipt {
        before: format!("share {before}"),
        after: format!("share {after}"),
        undo: Some(undo.with("share", Value::Number(before))),
    })
}

fn refresh(rig: &Rig) -> Answer {
    let socket = rig.control_socket();
    let silent =
        |e: std::io::Error| DriverError::Failed(format!("the gateway does not answer: {e}"));
    let before = control::stats(&socket).map_err(silent)?;
    let after = control::refresh(&socket).map_err(|e| DriverError::Unknown(e.to_string()))?;
    Ok(Receipt {
        before: format!("policy {:.0} s old", before.policy_age_s),
        after: format!(
            "policy {:.0} s old, {:?}",
            after.policy_age_s, after.weights
        ),
        undo: None,
    })
}
