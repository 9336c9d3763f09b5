//! The engine alone, interval by interval, on three ports of a built-in network.

use super::{BadRules, Command, Heard, Rules, Threshold};
use crate::sandbox::network;
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_playbooks::DriverError;
use zizhi_types::action::{Receipt, Verb};
use zizhi_types::record::Ending;
use zizhi_types::topology::{Bilingual, Link, Network};
use zizhi_types::wire::{Inventory, Maintenance, Sample, TelemetryBatch};
use zizhi_types::{
    Action, Body, Domain, ManagedObject, MessageId, Metric, NetTime, ObjectKind, Record, RunId,
};

struct Story {
    engine: Threshold,
    network: Network,
    now: NetTime,
    sent: u64,
    records: Vec<Record>,
    driven: Vec<Action>,
    /// The driver refuses.
    refuses: bool,
}

impl Story {
    fn new() -> Self {
        let network = network::load("abilene").unwrap();
        let mut story = Self {
            engine: Threshold::new(Rules::builtin().unwrap()),
            network: network.clone(),
            now: NetTime::from_secs(100),
            sent: 0,
            records: vec![],
            driven: vec![],
            refuses: false,
        };
        for domain in Domain::ALL {
            let part = network.part(domain);
            story.hears(Heard::Inventory(Box::new(Inventory { domain, part })));
        }
        story
    }

    fn link(&self) -> Link {
        self.network.links[0].clone()
    }

    fn port(&self) -> ManagedObject {
        let link = self.link();
        ManagedObject::port(&link.a, &link.id).unwrap()
    }

    fn hears(&mut self, heard: Heard) {
        let mut todo = self.engine.handle(heard, self.now);
        while !todo.is_empty() {
            for command in std::mem::take(&mut todo) {
                match command {
                    Command::Append(record) => self.records.push(*record),
                    Command::Drive { run, action, .. } => todo.extend(self.drives(run, action)),
                }
            }
        }
    }

    fn drives(&mut self, run: RunId, action: Action) -> Vec<Command> {
        self.driven.push(action);
        let result = if self.refuses {
            Err(DriverError::Refused("not today".to_owned()))
        } else {
            Ok(Receipt {
                before: "down".to_owned(),
                after: "up".to_owned(),
                undo: None,
            })
        };
        self.engine.handle(Heard::Driven { run, result }, self.now)
    }

    /// One interval: the routers of the first link send, but for those that say nothing, and the clock moves.
    fn interval(&mut self, values: &[(Metric, f64)], silent: bool) {
        self.now = self.now + 10_000;
        let link = self.link();
        for (router, silent) in [(&link.a, silent), (&link.b, false)] {
            if silent {
                continue;
            }
            let port = ManagedObject::port(router, &link.id).unwrap();
            let sample = |(metric, value): &(Metric, f64)| Sample {
                object: port.clone(),
                metric: *metric,
                value: *value,
            };
            self.sends(router, values.iter().map(sample).collect());
        }
        self.hears(Heard::Tick);
    }

    fn sends(&mut self, router: &str, samples: Vec<Sample>) {
        self.sent += 1;
        let batch = TelemetryBatch {
            source: ManagedObject::new(ObjectKind::Router, router).unwrap(),
            at: self.now,
            samples,
        };
        let message = Message {
            id: MessageId::new("router", self.sent),
            subject: "zizhi.v1.transport.obs.telemetry".to_owned(),
            at: self.now,
            payload: serde_json::to_vec(&batch).unwrap(),
        };
        self.hears(Heard::Telemetry(batch, Arc::new(message)));
    }

    fn intervals(&mut self, count: usize, values: &[(Metric, f64)]) {
        for _ in 0..count {
            self.interval(values, false);
        }
    }

    fn endings(&self) -> Vec<Ending> {
        let ending = |r: &Record| match r.body {
            Body::IncidentClosed { ending } => Some(ending),
            _ => None,
        };
        self.records.iter().filter_map(ending).collect()
    }

    fn verbs(&self) -> Vec<Verb> {
        self.driven.iter().map(|a| a.verb).collect()
    }
}

const UP: [(Metric, f64); 1] = [(Metric::PortOperUp, 1.0)];
const DOWN: [(Metric, f64); 2] = [(Metric::PortOperUp, 0.0), (Metric::PortAdjacencyUp, 0.0)];

#[test]
fn one_bad_reading_is_no_alert_and_two_ports_are_one_incident_with_one_action() {
    let mut story = Story::new();
    story.intervals(1, &DOWN);
    story.intervals(2, &UP);
    assert!(story.records.is_empty(), "{:?}", story.records);
    story.intervals(5, &DOWN);
    assert_eq!(story.verbs(), [Verb::LinkReset]);
    let symptoms = story.records.iter().find_map(|r| match &r.body {
        Body::IncidentOpened { symptoms, .. } => Some(symptoms.len()),
        _ => None,
    });
    assert_eq!(symptoms, Some(2));
    story.intervals(2, &UP);
    assert_eq!(story.endings(), [Ending::Fixed]);
}

#[test]
fn after_its_tries_a_person_is_asked_once_and_nothing_more_is_done() {
    let mut story = Story::new();
    story.intervals(60, &DOWN);
    // The second try waits for the cool-down of three minutes, and so does the word that it did not help.
    assert_eq!(story.verbs(), [Verb::LinkReset; 2]);
    assert_eq!(story.endings(), [Ending::Escalated]);
    story.intervals(5, &UP);
    assert_eq!(story.endings(), [Ending::Escalated], "it ended once");
    story.intervals(3, &DOWN);
    assert_eq!(story.verbs().len(), 3, "a new alert is a new incident");
}

#[test]
fn what_the_driver_refused_did_not_fix_anything() {
    let mut story = Story::new();
    story.refuses = true;
    story.intervals(4, &DOWN);
    let failed = |r: &&Record| matches!(r.body, Body::StepFailed { .. });
    assert_eq!(story.records.iter().filter(failed).count(), 1);
    story.intervals(2, &UP);
    assert_eq!(story.endings(), [Ending::RecoveredAlone]);
}

#[test]
fn the_links_of_a_silent_router_are_left_alone() {
    let mut story = Story::new();
    story.intervals(2, &UP);
    for _ in 0..10 {
        story.interval(&DOWN, true);
    }
    assert_eq!(story.verbs(), [Verb::RouterRestart]);
    let router = story.link().a;
    assert_eq!(story.driven[0].object.name(), router);
}

#[test]
fn announced_work_silences_what_it_names() {
    let mut story = Story::new();
    let work = Maintenance {
        ticket: "CHG-1".to_owned(),
        objects: vec![ManagedObject::new(ObjectKind::Link, story.link().id).unwrap()],
        from: NetTime::from_secs(100),
        until: NetTime::from_secs(300),
        title: Bilingual {
            en: "work".to_owned(),
            zh: "作业".to_owned(),
        },
        intended: vec![Sample {
            object: story.port(),
            metric: Metric::PortCost,
            value: 777.0,
        }],
    };
    story.hears(Heard::Maintenance(work));
    story.intervals(20, &DOWN);
    assert_eq!(story.driven, []);
    // Two minutes after its end it is an excuse no more.
    story.intervals(20, &DOWN);
    assert_eq!(story.verbs(), [Verb::LinkReset]);
}

#[test]
fn a_cost_that_nobody_announced_is_set_back_and_one_that_the_rules_set_is_not() {
    let mut story = Story::new();
    let built = f64::from(story.link().cost);
    story.intervals(3, &[(Metric::PortCost, built + 500.0)]);
    assert_eq!(story.verbs(), [Verb::LinkSetCost]);
    assert_eq!(story.driven[0].number("cost"), Some(built));
    // Twenty intervals later its cool-down is over.
    story.intervals(20, &[(Metric::PortCost, built)]);

    story.intervals(3, &[(Metric::PortCost, built), (Metric::PortError, 0.2)]);
    assert_eq!(story.driven[1].number("cost"), Some(65_000.0));
    // It is costed out now, on purpose: neither its cost nor what it measures is an alert.
    let drained = [(Metric::PortCost, 65_000.0), (Metric::PortError, 0.2)];
    story.intervals(40, &drained);
    assert_eq!(story.verbs().len(), 2, "{:?}", story.driven);
    assert_eq!(story.endings(), [Ending::Fixed, Ending::Fixed]);
}

#[test]
fn a_pressed_kill_switch_leaves_the_network_as_it_is() {
    let mut story = Story::new();
    story.hears(Heard::Kill);
    story.intervals(10, &DOWN);
    assert_eq!(story.driven, []);
    story.intervals(2, &UP);
    assert_eq!(story.endings(), [Ending::RecoveredAlone]);
}

const RULE: &str = "
  - name: link-down
    fault: link-down
    when: {metric: port.oper_up, below: 1, samples: 2}
    do: link.reset
    coolDownS: 180
    tries: 2
";

fn refused(rule: &str) -> String {
    let text = format!("rules:{rule}");
    match Rules::parse("mine.yaml", &text) {
        Err(error @ (BadRules::Syntax { .. } | BadRules::Rule { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_that_cannot_be_followed_is_refused_with_its_name_and_what_to_write() {
    let with = |from: &str, to: &str| {
        assert!(RULE.contains(from), "{from}");
        refused(&RULE.replacen(from, to, 1))
    };
    for (message, needle) in [
        (with("samples: 2", "samples: 0"), "at least one sample"),
        (with("tries: 2", "tries: 0"), "one try"),
        (with("tries: 2", "tries: 2\n    unless: [power]"), "`power`"),
        (with("link.reset", "cell.restart"), "acts on a cell"),
        (with("link.reset", "link.set-cost"), "must set `cost`"),
        (
            with("tries: 2", "tries: 2\n    with: {cost: 1}"),
            "does not take",
        ),
        (refused(&format!("{RULE}{RULE}")), "twice"),
    ] {
        assert!(
            message.contains("mine.yaml: rule `link-down`") && message.contains(needle),
            "{message}"
        );
    }
    for (message, needle) in [
        (with("below: 1", "under: 1"), "above | below"),
        (with("below: 1", "below: .nan"), "non-finite"),
        (with("coolDownS", "coolDown"), "coolDown"),
        (with("port.oper_up", "port.mood"), "mine.yaml"),
    ] {
        assert!(message.contains(needle), "{message}");
    }
}
