//! The loop of one domain: sense, detect, correlate, diagnose, plan, negotiate, rehearse, decide, act, verify, learn.

use super::asking::Elsewhere;
use super::command::{Answer, Command, Event, Task};
use super::merit::Merit;
use super::restoring::{Claim, Restart};
use super::scribe::{Draft, Scribe};
use super::trail::Trail;
use crate::correlator::CorrelatorConfig;
use crate::detector::DetectorRoleConfig;
use crate::executor::ExecutorConfig;
use crate::negotiator::NegotiatorConfig;
use crate::part::Part;
use crate::picture::{Picture, Series};
use crate::planner::PlannerConfig;
use crate::recovery::Taken;
use crate::supervision::{Measure, RoleName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use zizhi_bus::Message;
use zizhi_knowledge::Case;
use zizhi_types::domain::Domain;
use zizhi_types::negotiation::{Lease, NEGOTIATION_VERSION, Negotiation, Say};
use zizhi_types::{
    Anomaly, AnomalyId, Body, IncidentId, ManagedObject, NetTime, Plan, PlanId, RecordId, RunId,
    wire,
};

/// How one domain's agent is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// Detection.
    pub detector: DetectorRoleConfig,
    /// Correlation.
    pub correlator: CorrelatorConfig,
    /// Planning and rehearsal.
    pub planner: PlannerConfig,
    /// Negotiation.
    pub negotiator: NegotiatorConfig,
    /// Decision and execution.
    pub executor: ExecutorConfig,
    /// What the agent goes without, to measure what each part is worth. Default: nothing, all is there.
    pub without: BTreeSet<Part>,
}

impl AgentConfig {
    /// Whether a part is there.
    pub fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }
}

/// The state of one domain's loop.
pub struct Loop {
    pub(super) domain: Domain,
    pub(super) config: AgentConfig,
    /// What other runs taught.
    memory: Arc<[Case]>,
    pub(super) scribe: Scribe,
    pub(super) now: NetTime,
    pub(super) picture: Arc<Picture>,
    /// Anomalies that last, of all domains: what and by which record.
    pub(super) anomalies: BTreeMap<AnomalyId, (Series, RecordId)>,
    /// Incidents that are open somewhere, with their symptoms.
    pub(super) open: BTreeMap<IncidentId, Vec<Series>>,
    /// Incidents that are over: a claim of one that comes late opens nothing.
    pub(super) closed: BTreeSet<IncidentId>,
    pub(super) trails: BTreeMap<IncidentId, Trail>,
    pub(super) leases: BTreeMap<IncidentId, Lease>,
    /// The incident of each own run.
    pub(super) runs: BTreeMap<RunId, IncidentId>,
    /// Runs of peers that have begun.
    pub(super) elsewhere: BTreeMap<PlanId, Elsewhere>,
    /// Plans of peers that may begin.
    pub(super) prepared: BTreeMap<PlanId, Plan>,
    /// The newest own anomaly's number.
    pub(super) raised: u64,
    pub(super) silent: BTreeSet<ManagedObject>,
    pub(super) sent: BTreeMap<Series, f64>,
    /// Own anomalies that last, whole: a peer that was started again is told them.
    pub(super) own: BTreeMap<AnomalyId, (Anomaly, RecordId)>,
    /// Claims of open incidents, of all domains.
    pub(super) claims: BTreeMap<IncidentId, Claim>,
    /// Peers whose agents are lost.
    pub(super) lost: BTreeSet<Domain>,
    /// Numbers that were given before a restart.
    pub(super) taken: Taken,
    /// What a restart has still to do.
    pub(super) restart: Restart,
    /// The message that is being handled, and the record of it once it was kept as evidence.
    pub(super) current: Option<(Arc<Message>, Option<RecordId>)>,
    /// What the own records tell of playbooks, where it is weighed.
    pub(super) merit: Option<Merit>,
}

impl Loop {
    /// The loop of `domain`, knowing nothing yet.
    pub fn new(domain: Domain, config: AgentConfig) -> Self {
        Self {
            domain,
            config,
            memory: Arc::default(),
            scribe: Scribe::new(domain),
            now: NetTime(0),
            picture: Arc::new(Picture::empty()),
            anomalies: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: BTreeSet::new(),
            trails: BTreeMap::new(),
            leases: BTreeMap::new(),
            runs: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            prepared: BTreeMap::new(),
            raised: 0,
            silent: BTreeSet::new(),
            sent: BTreeMap::new(),
            own: BTreeMap::new(),
            claims: BTreeMap::new(),
            lost: BTreeSet::new(),
            taken: Taken::default(),
            restart: Restart::default(),
            current: None,
            merit: None,
        }
    }

    /// The same, with what other runs taught, oldest first.
    #[must_use]
    pub fn with_memory(mut self, memory: Arc<[Case]>) -> Self {
        self.memory = memory;
        self
    }

    /// The time of the last clock message, which is what the roles work with.
    pub const fn now(&self) -> NetTime {
        self.now
    }

    /// What to do about an event.
    pub fn handle(&mut self, event: Event) -> Vec<Command> {
        let mut commands = self.react(event);
        let weighed = self.weigh();
        // Before anything is done that comes after the outcomes: the next step is decided under the new mode.
        let last = commands
            .iter()
            .rposition(|c| matches!(c, Command::Append(_)));
        let place = last.map_or(0, |index| index + 1);
        commands.splice(place..place, weighed);
        commands
    }

    fn react(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Message(message) => self.message(message),
            Event::Answer(answer) => self.answer(answer),
            Event::Driven { run, step, result } => self.driven(run, step, result),
            Event::Recalled { run, step, found } => {
                vec![ask(Task::Executor(crate::executor::Input::Recalled {
                    run,
                    step,
                    found,
                    around: self.around(),
                }))]
            }
            Event::Switched(order) => {
                vec![ask(Task::Executor(crate::executor::Input::Kill(order)))]
            }
            Event::Lease {
                incident,
                purpose,
                taken,
            } => self.leased(&incident, purpose, taken),
            Event::Peer { domain, lost } => self.peer(domain, lost),
            Event::LeaseLost(incident) => Self::lease_lost(&incident),
            Event::Sensed => self.sensed(),
            Event::RoleDied { role, measure } => self.role_died(role, measure),
        }
    }

    fn answer(&mut self, answer: Answer) -> Vec<Command> {
        match answer {
            Answer::Collector(outputs) => each(outputs, |o| self.collected(o)),
            Answer::Detector(outputs) => each(outputs, |o| self.detected(o)),
            Answer::Correlator(outputs) => each(outputs, |o| self.correlated(o)),
            Answer::Diagnoser(outputs) => each(outputs, |o| self.diagnosed(o)),
            Answer::Planner(outputs) => each(outputs, |o| self.planned(o)),
            Answer::Negotiator(outputs) => each(outputs, |o| self.negotiated(o)),
            Answer::Executor(outputs) => each(outputs, |o| self.executed(o)),
            Answer::Verifier(outputs) => each(outputs, |o| self.verified(o)),
            Answer::Learner(outputs) => each(outputs, |o| self.learnt(o)),
        }
    }

    fn role_died(&mut self, role: RoleName, measure: Measure) -> Vec<Command> {
        let body = Body::RoleDied {
            role: role.to_string(),
            reason: "it panicked on an input".to_owned(),
            measure: measure.as_str().to_owned(),
        };
        let mut commands = vec![self.append(Draft::new(body)).1];
        if measure == Measure::Freeze {
            let reason = format!(
                "the {role} of the {} domain died: it changes nothing any more",
                self.domain
            );
            commands.push(self.append(Draft::new(Body::Escalated { reason })).1);
        }
        if role == RoleName::Negotiator {
            commands.extend(self.hand_over_led());
        }
        commands
    }

    /// What a dead negotiator was leading nobody leads any more.
    fn hand_over_led(&mut self) -> Vec<Command> {
        let own = |id: &&IncidentId| self.leases.get(id).is_some_and(|l| l.leader == self.domain);
        let led: Vec<IncidentId> = self.open.keys().filter(own).cloned().collect();
        let reason = || "its negotiation was lost when the negotiator died".to_owned();
        led.iter()
            .flat_map(|id| self.escalate(id, reason()))
            .collect()
    }

    /// Writes a record and remembers it as the newest of its incident.
    pub(super) fn append(&mut self, draft: Draft) -> (RecordId, Command) {
        let record = self.scribe.write(draft, self.now);
        let id = record.id.clone();
        if let Some(merit) = &mut self.merit {
            merit.take(&record);
        }
        if let Some(incident) = &record.incident {
            self.trail(incident).last = Some(id.clone());
        }
        (id, Command::Append(Box::new(record)))
    }

    pub(super) fn trail(&mut self, incident: &IncidentId) -> &mut Trail {
        self.trails.entry(incident.clone()).or_default()
    }

    pub(super) fn last(&self, incident: &IncidentId) -> Vec<RecordId> {
        let trail = self.trails.get(incident);
        trail
            .and_then(|t| t.last.clone().or_else(|| t.heard.clone()))
            .into_iter()
            .collect()
    }

    pub(super) fn publish<T: Serialize>(&self, plane: &str, kind: &str, content: &T) -> Command {
        Command::Publish {
            subject: wire::subject(self.domain, plane, kind),
            // Our own types: their maps have text keys, so writing them as JSON cannot fail.
            payload: serde_json::to_vec(content).unwrap_or_default(),
        }
    }

    pub(super) fn say(
        &self,
        incident: &IncidentId,
        lease: Lease,
        to: Option<Domain>,
        say: Say,
        cause: RecordId,
    ) -> Command {
        let message = Negotiation {
            version: NEGOTIATION_VERSION,
            incident: incident.clone(),
            lease,
            from: self.domain,
            to,
            cause,
            say,
        };
        self.publish("neg", "say", &message)
    }

    /// Series with a lasting anomaly, of all domains.
    pub(super) fn unusual(&self) -> BTreeSet<Series> {
        self.anomalies
            .values()
            .map(|(series, _)| series.clone())
            .collect()
    }
}

pub(super) fn ask(task: Task) -> Command {
    Command::Ask(Box::new(task))
}

fn each<T>(outputs: Vec<T>, mut react: impl FnMut(T) -> Vec<Command>) -> Vec<Command> {
    let mut commands = vec![];
    for output in outputs {
        commands.extend(react(output));
    }
    commands
}

impl Loop {
    /// What a role that was started afresh has to be told again: the inventory, which numbers are taken, since an id is
    /// given once, and what other runs taught. All else comes by itself.
    pub(super) fn teach(&self, role: RoleName) -> Vec<Command> {
        let network = self.picture.network();
        let parts = Domain::ALL.map(|domain| (domain, Box::new(network.part(domain))));
        match role {
            RoleName::Detector => {
                use crate::detector::Input;
                let objectives = self.picture.objectives().cloned().collect();
                vec![
                    ask(Task::Detector(Input::CountFrom(self.raised))),
                    ask(Task::Detector(Input::Learn { objectives })),
                ]
            }
            RoleName::Correlator => {
                let own = self.leases.keys().filter(|i| i.owner == self.domain);
                let incidents = own.map(|i| i.number).max().unwrap_or(0);
                let token = self.leases.values().map(|l| l.token).max().unwrap_or(0);
                let (incidents, token) = (
                    incidents.max(self.taken.incidents),
                    token.max(self.taken.tokens),
                );
                let input = crate::correlator::Input::CountFrom { incidents, token };
                vec![ask(Task::Correlator(input))]
            }
            RoleName::Diagnoser => parts
                .into_iter()
                .map(|(domain, part)| {
                    ask(Task::Diagnoser(crate::diagnoser::Input::Learn {
                        domain,
                        part,
                    }))
                })
                .collect(),
            RoleName::Planner => {
                use crate::planner::Input;
                let plans = self.trails.values().flat_map(|t| t.plans.keys());
                let own = plans.filter(|p| p.owner == self.domain);
                let taken = own.map(|p| p.number).max().unwrap_or(0);
                let taken = taken.max(self.taken.plans);
                let learn = |(domain, part)| ask(Task::Planner(Input::Learn { domain, part }));
                std::iter::once(ask(Task::Planner(Input::CountFrom(taken))))
                    .chain(parts.into_iter().map(learn))
                    .collect()
            }
            RoleName::Learner if !self.memory.is_empty() => {
                let heard = self.memory.iter().filter(|c| self.would_hear(c));
                let input = crate::learner::Input::Bring(heard.cloned().collect());
                vec![ask(Task::Learner(input))]
            }
            _ => vec![],
        }
    }

    /// Whether the outcome would have come here: all domains hear of all, unless nothing is said between them.
    fn would_hear(&self, case: &Case) -> bool {
        self.config.has(Part::Negotiation) || case.incident.owner == self.domain
    }
}
