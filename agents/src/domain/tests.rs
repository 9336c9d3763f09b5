//! The loop of one domain, without actors: what it does when a role dies, and what it makes of what it hears.

use super::{AgentConfig, Command, Event, Loop, Task};
use crate::part::Part;
use crate::supervision::{Measure, RoleName};
use crate::testing::{at, cause, down, incident, lease, object, situation};
use crate::{correlator, detector, learner, negotiator, planner};
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_knowledge::Case;
use zizhi_types::negotiation::RunEnd;
use zizhi_types::record::Ending;
use zizhi_types::wire::{self, AnomalyEvent, Clock, LeadEvent};
use zizhi_types::{Body, Domain, FaultKind, MessageId, Metric, NetTime, RecordId};

struct Story {
    engine: Loop,
    sent: u64,
}

impl Story {
    fn new() -> Self {
        Self {
            engine: Loop::new(Domain::Transport, AgentConfig::default()),
            sent: 0,
        }
    }

    fn hears<T: serde::Serialize>(&mut self, subject: &str, content: &T) -> Vec<Command> {
        self.sent += 1;
        let message = Message {
            id: MessageId::new("net", self.sent),
            subject: subject.to_owned(),
            at: NetTime(0),
            payload: serde_json::to_vec(content).unwrap(),
        };
        self.engine.handle(Event::Message(Arc::new(message)))
    }

    /// An anomaly of its own comes back over the bus, and its correlator leads an incident about it.
    fn leads(&mut self) {
        let anomaly = down(41, "port/A:A-B", Metric::PortOperUp, at(100));
        let raised = detector::Output::Raised(anomaly.clone());
        self.answers(super::command::Answer::Detector(vec![raised]));
        let event = AnomalyEvent::Raised {
            anomaly: anomaly.clone(),
            record: RecordId::new("transport", 1),
        };
        self.hears(&wire::subject(Domain::Transport, "evt", "anomaly"), &event);
        let known = correlator::Known {
            incident: incident("inc-transport-3"),
            lease: lease(Domain::Transport, 8),
            suspect: object("link/A-B"),
            fault: FaultKind::LinkDown,
        };
        let symptoms = vec![anomaly.id.clone()];
        let lead = correlator::Output::Lead {
            known: known.clone(),
            symptoms: symptoms.clone(),
            violations: vec![],
            hypotheses: vec![cause("link/A-B", FaultKind::LinkDown, 0.9, &[&anomaly])],
            other: 0.1,
            situation: situation(&[&anomaly]),
        };
        self.answers(super::command::Answer::Correlator(vec![lead]));
        let claimed = LeadEvent::Claimed {
            incident: known.incident,
            lease: known.lease,
            symptoms,
            suspect: known.suspect,
            fault: known.fault,
        };
        self.hears(&wire::subject(Domain::Transport, "evt", "lead"), &claimed);
    }

    fn answers(&mut self, answer: super::command::Answer) -> Vec<Command> {
        self.engine.handle(Event::Answer(answer))
    }
}

fn body(command: &Command) -> Option<&Body> {
    match command {
        Command::Append(record) => Some(&record.body),
        _ => None,
    }
}

/// The commands, those that depend on a lease too: in these stories the agent is alone and holds all.
fn flat(commands: &[Command]) -> Vec<&Command> {
    let mut found = vec![];
    for command in commands {
        if let Command::IfLeading { commands, .. } = command {
            found.extend(flat(commands));
        } else {
            found.push(command);
        }
    }
    found
}

fn bodies(commands: &[Command]) -> Vec<&Body> {
    flat(commands).into_iter().filter_map(body).collect()
}

fn task(command: &Command) -> Option<&Task> {
    match command {
        Command::Ask(task) => Some(task),
        _ => None,
    }
}

fn tasks(commands: &[Command]) -> Vec<&Task> {
    flat(commands).into_iter().filter_map(task).collect()
}

#[test]
fn time_never_runs_backwards() {
    let mut story = Story::new();
    story.hears(wire::CLOCK, &Clock { now: at(200) });
    story.hears(wire::CLOCK, &Clock { now: at(100) });
    assert_eq!(story.engine.now(), at(200));
}

#[test]
fn what_began_afresh_gives_no_number_twice() {
    let mut story = Story::new();
    story.leads();
    let taught = story.engine.teach(RoleName::Detector);
    assert!(matches!(
        tasks(&taught)[0],
        Task::Detector(detector::Input::CountFrom(41))
    ));
    let taught = story.engine.teach(RoleName::Correlator);
    let wanted = |t: &&Task| {
        matches!(
            t,
            Task::Correlator(correlator::Input::CountFrom {
                incidents: 3,
                token: 8
            })
        )
    };
    assert!(tasks(&taught).iter().any(wanted));
    let taught = story.engine.teach(RoleName::Planner);
    assert!(matches!(
        tasks(&taught)[0],
        Task::Planner(planner::Input::CountFrom(0))
    ));
    assert_eq!(tasks(&taught).len(), 5, "and the inventory of four domains");
}

#[test]
fn what_a_dead_negotiator_led_goes_to_a_person() {
    let mut story = Story::new();
    story.leads();
    let commands = story.engine.handle(Event::RoleDied {
        role: RoleName::Negotiator,
        measure: Measure::Restart,
    });
    let [
        Body::RoleDied { measure, .. },
        Body::Escalated { reason },
        Body::IncidentClosed { ending },
    ] = bodies(&commands)[..]
    else {
        panic!("{:?}", bodies(&commands))
    };
    assert_eq!((measure.as_str(), *ending), ("restart", Ending::Escalated));
    assert!(reason.contains("negotiator died"), "{reason}");
}

#[test]
fn the_death_of_a_role_that_only_thinks_is_told_and_ends_no_incident() {
    for role in [RoleName::Detector, RoleName::Diagnoser, RoleName::Learner] {
        let mut story = Story::new();
        story.leads();
        let measure = Measure::Restart;
        let commands = story.engine.handle(Event::RoleDied { role, measure });
        assert!(matches!(bodies(&commands)[..], [Body::RoleDied { .. }]));
    }
}

#[test]
fn an_incident_that_ends_is_told_to_the_own_correlator_at_once() {
    let mut story = Story::new();
    story.leads();
    let fixed = negotiator::Output::Fixed(incident("inc-transport-3"));
    let commands = story.answers(super::command::Answer::Negotiator(vec![fixed]));
    let closed = |t: &&Task| {
        matches!(
            t,
            Task::Correlator(correlator::Input::Closed { fixed: true, .. })
        )
    };
    assert!(tasks(&commands).iter().any(closed));
}

#[test]
fn a_claim_that_comes_after_the_end_opens_nothing() {
    let mut story = Story::new();
    let lead = |domain| wire::subject(domain, "evt", "lead");
    let theirs = incident("inc-compute-1");
    let closed = LeadEvent::Closed {
        incident: theirs.clone(),
        fixed: true,
    };
    story.hears(&lead(Domain::Compute), &closed);
    let claimed = LeadEvent::Claimed {
        incident: theirs,
        lease: lease(Domain::Compute, 2),
        symptoms: vec![],
        suspect: object("instance/i1"),
        fault: FaultKind::InstanceCrash,
    };
    assert!(story.hears(&lead(Domain::Compute), &claimed).is_empty());
}

#[test]
fn telemetry_of_another_domain_is_not_taken_in() {
    let mut story = Story::new();
    let subject = wire::subject(Domain::Compute, "obs", "telemetry");
    assert!(story.hears(&subject, &"anything").is_empty());
}

#[test]
fn a_learner_that_was_started_afresh_is_told_again_what_other_runs_taught() {
    let case = |number| Case {
        origin: Some("monday".to_owned()),
        incident: incident(&format!("inc-{number}")),
        fault: FaultKind::LinkDown,
        suspect: object("link/A-B"),
        playbook: "transport.link-down.reset@1.0.0".to_owned(),
        outcome: RunEnd::Helped,
        at: at(1),
        signature: [].into(),
    };
    let memory: Arc<[Case]> = [case("transport-1"), case("compute-1")].into();
    let told = |without: &[Part]| {
        let config = AgentConfig {
            without: without.iter().copied().collect(),
            ..AgentConfig::default()
        };
        let engine = Loop::new(Domain::Transport, config).with_memory(Arc::clone(&memory));
        let commands = engine.teach(RoleName::Learner);
        commands.iter().find_map(|c| match c {
            Command::Ask(task) => match &**task {
                Task::Learner(learner::Input::Bring(cases)) => Some(cases.clone()),
                _ => None,
            },
            _ => None,
        })
    };
    assert_eq!(told(&[]), Some(memory.to_vec()));
    // Where nobody reports to others, it would have known its own outcomes only.
    assert_eq!(told(&[Part::Negotiation]), Some(vec![case("transport-1")]));
    let empty = Loop::new(Domain::Transport, AgentConfig::default());
    assert!(empty.teach(RoleName::Learner).is_empty());
}
