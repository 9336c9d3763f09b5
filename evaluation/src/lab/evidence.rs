//! The network's own words, for a person who wants to see that the telemetry tells the truth.
//!
//! In: an object. Out: commands and what routers, kernel and gateway answered. Called by `zizhi lab` and its report.
//! Nothing is interpreted here.

use super::command::run;
use super::frr::Daemon;
use super::plan::{Plan, Protocol};
use super::rig::Rig;
use std::collections::BTreeSet;
use zizhi_types::{ManagedObject, ObjectKind};

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Statement {
    /// Who was asked, for example `c1 isisd`.
    pub who: String,
    /// The command, as a person would type it there.
    pub command: String,
    /// The answer, or why there is none.
    pub answer: String,
}

/// What the network says about an object.
pub fn about(rig: &Rig, object: &ManagedObject) -> Vec<Statement> {
    let plan = rig.plan();
    let mut said = vec![];
    for router in concerned(plan, object) {
        let Some(router) = plan.router(router) else {
            continue;
        };
        said.push(daemon(rig, &router.id, Daemon::Zebra, "show ip route"));
        let igp = match router.igp {
            Protocol::Isis => "show isis neighbor",
            Protocol::Ospf | Protocol::Bgp => "show ip ospf neighbor",
        };
        said.push(daemon(rig, &router.id, router.igp.daemon(), igp));
        said.push(daemon(
            rig,
            &router.id,
            Daemon::Bgpd,
            "show bgp ipv4 unicast summary",
        ));
        let namespace = rig.id().namespace(&router.id);
        said.push(program(
            &router.id,
            "ip",
            &["-n", &namespace, "-br", "link"],
        ));
        said.push(program(
            &router.id,
            "tc",
            &["-n", &namespace, "-s", "qdisc", "show"],
        ));
    }
    if matches!(
        object.kind(),
        ObjectKind::Instance | ObjectKind::Site | ObjectKind::Gateway | ObjectKind::Group
    ) {
        said.push(gateway(rig));
    }
    said
}

/// The routers that can say something about an object.
fn concerned<'a>(plan: &'a Plan, object: &'a ManagedObject) -> BTreeSet<&'a str> {
    let name = object.name();
    let link = |link: &str| {
        plan.wire(link)
            .into_iter()
            .flat_map(|w| w.ends.iter().map(|e| e.router.as_str()))
    };
    match (object.kind(), object.parts()) {
        (ObjectKind::Router, _) => BTreeSet::from([name]),
        (ObjectKind::Link, _) => link(name).collect(),
        (ObjectKind::Port, Some((_, of))) => link(of).collect(),
        (ObjectKind::Path | ObjectKind::Demand, Some((from, to))) => BTreeSet::from([from, to]),
        _ => BTreeSet::new(),
    }
}

fn daemon(rig: &Rig, router: &str, daemon: Daemon, command: &str) -> Statement {
    let answer = rig.vty(router, daemon).and_then(|mut vty| {
        vty.say(command)
            .map_err(|e| super::rig::refused(router, daemon, &e))
    });
    Statement {
        who: format!("{router} {}", daemon.name()),
        command: command.to_owned(),
        answer: answer.unwrap_or_else(|e| e.to_string()),
    }
}

fn program(node: &str, program: &str, arguments: &[&str]) -> Statement {
    Statement {
        who: format!("{node} kernel"),
        command: format!("{program} {}", arguments.join(" ")),
        answer: run(program, arguments).unwrap_or_else(|e| e.to_string()),
    }
}

fn gateway(rig: &Rig) -> Statement {
    let answer = super::control::stats(&rig.control_socket());
    Statement {
        who: "gateway".into(),
        command: "GET /stats".into(),
        answer: answer.map_or_else(|e| e.to_string(), |s| format!("{s:#?}")),
    }
}
