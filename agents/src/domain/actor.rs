//! The actor of one domain: carries out the loop's commands, one after the other.

use super::command::{Answer, Command, Event, Task};
use super::engine::{AgentConfig, Loop};
use super::roles::actor::Roles;
use crate::brake::Brake;
use crate::learner;
use crate::recovery::Recovered;
use crate::role::{Died, Engine, Role};
use crate::supervision::{Measure, RoleName, measure};
use crate::tenure::{Change, Tenure};
use ractor::{
    Actor, ActorCell, ActorProcessingErr, ActorRef, RpcReplyPort, SpawnErr, SupervisionEvent,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{Bus, Delivery, Journal, Subscription};
use zizhi_knowledge::Case;
use zizhi_playbooks::{Catalog, Driver, DriverError};
use zizhi_types::domain::Domain;
use zizhi_types::plan::Mode;
use zizhi_types::wire::{self, KillOrder};

/// What a domain's agent is made of.
#[derive(Clone)]
pub struct Parts {
    /// Which domain.
    pub domain: Domain,
    /// How it is set.
    pub config: AgentConfig,
    /// The highest mode that any playbook may run in.
    pub ceiling: Mode,
    /// Where it meets the others.
    pub bus: Arc<dyn Bus>,
    /// Where it writes.
    pub journal: Arc<Journal>,
    /// What changes its network.
    pub driver: Arc<dyn Driver>,
    /// The playbooks, checked.
    pub catalog: Arc<Catalog>,
    /// What other runs taught, oldest first.
    pub memory: Arc<[Case]>,
    /// Its leases, where it is not alone in one process with its peers.
    pub tenure: Option<Arc<Tenure>>,
    /// What its journal tells, after a restart.
    pub recovered: Option<Arc<Recovered>>,
}

/// What the actor is sent.
pub enum Incoming {
    /// One delivery at a time, since the intake waits until it was handled.
    Delivery {
        /// What came.
        delivery: Delivery,
        /// Told when all that follows from it was done.
        handled: tokio::sync::oneshot::Sender<()>,
    },
    /// Leases changed hands.
    Noticed(Change),
    /// The file of the kill switch says something else.
    Switched(KillOrder),
    /// What does the learner hold?
    Recite(RpcReplyPort<Vec<Case>>),
}

struct DomainActor;

/// The actor's state.
struct Running {
    parts: Parts,
    engine: Loop,
    roles: Roles,
    deaths: BTreeMap<RoleName, u32>,
    myself: ActorCell,
    brake: Arc<Brake>,
}

impl Actor for DomainActor {
    type Msg = Incoming;
    type State = Running;
    type Arguments = (Parts, Arc<Brake>);

    async fn pre_start(
        &self,
        myself: ActorRef<Incoming>,
        (parts, brake): (Parts, Arc<Brake>),
    ) -> Result<Running, ActorProcessingErr> {
        let over = myself.get_cell();
        let roles = Roles::start(&parts, &over).await?;
        let engine = Loop::new(parts.domain, parts.config.clone())
            .with_memory(Arc::clone(&parts.memory))
            .with_catalog(Arc::clone(&parts.catalog));
        let mut running = Running {
            parts,
            engine,
            roles,
            deaths: BTreeMap::new(),
            myself: over,
            brake,
        };
        let taught = running.engine.teach(RoleName::Learner);
        running.carry_out_all(taught).await;
        if running.parts.tenure.is_some() {
            running.engine.expect_hello();
        }
        if let Some(recovered) = running.parts.recovered.clone() {
            let commands = running.engine.restore((*recovered).clone());
            running.carry_out_all(commands).await;
        }
        let accepted = running.engine.accept();
        running.carry_out_all(accepted).await;
        if let Some(order) = running.brake.pulled() {
            running.react(Event::Switched(order)).await;
        }
        if running.parts.tenure.is_some() {
            let hello = running.engine.say_hello();
            running.carry_out_all(vec![hello]).await;
        }
        Ok(running)
    }

    async fn handle(
        &self,
        _: ActorRef<Incoming>,
        incoming: Incoming,
        state: &mut Running,
    ) -> Result<(), ActorProcessingErr> {
        match incoming {
            Incoming::Delivery { delivery, handled } => {
                let message = Arc::clone(&delivery.message);
                state.react(Event::Message(message)).await;
                drop(delivery);
                let _ = handled.send(());
            }
            Incoming::Noticed(change) => state.react(noticed(change)).await,
            Incoming::Switched(order) => state.react(Event::Switched(order)).await,
            Incoming::Recite(reply) => {
                let _ = reply.send(state.recite().await);
            }
        }
        Ok(())
    }

    /// A dead role is dealt with where its answer is missed; here it is only kept from ending the agent.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Incoming>,
        _: SupervisionEvent,
        _: &mut Running,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Incoming>,
        state: &mut Running,
    ) -> Result<(), ActorProcessingErr> {
        state.roles.stop();
        Ok(())
    }
}

impl Running {
    /// Carries out what the loop wants, depth first: the commands that follow from an answer come before the rest.
    async fn react(&mut self, event: Event) {
        let commands = self.engine.handle(event);
        self.carry_out_all(commands).await;
    }

    async fn carry_out_all(&mut self, commands: Vec<Command>) {
        let mut todo: VecDeque<Command> = commands.into();
        while let Some(command) = todo.pop_front() {
            let follow_up = self.carry_out(command).await;
            for command in follow_up.into_iter().rev() {
                todo.push_front(command);
            }
        }
    }

    async fn carry_out(&mut self, command: Command) -> Vec<Command> {
        match command {
            Command::Append(record) => {
                // A failed journal stays failed; whoever runs the swarm asks it and stops.
                if let Err(error) = self.parts.journal.append(*record) {
                    tracing::error!(%error, domain = %self.parts.domain, "record not written");
                }
                vec![]
            }
            Command::Sync => {
                if let Err(error) = self.parts.journal.durable().await {
                    tracing::error!(%error, domain = %self.parts.domain, "journal not durable");
                }
                vec![]
            }
            Command::Publish { subject, payload } => {
                if !self.is_sure(&subject).await {
                    return vec![];
                }
                let (source, at) = (self.parts.domain.as_str(), self.engine.now());
                if let Err(error) = self.parts.bus.publish(source, &subject, at, payload).await {
                    tracing::warn!(%error, subject, "message not published");
                }
                vec![]
            }
            Command::Drive {
                run,
                step,
                key,
                action,
                timeout_ms,
                undo,
            } => {
                let result = match self.parts.journal.durable().await {
                    // What cannot be written down is not done.
                    Err(error) => Err(DriverError::Refused(error.to_string())),
                    Ok(()) if !undo && self.brake.pulled().is_some() => Err(DriverError::Refused(
                        "the kill switch was pressed before the step began".to_owned(),
                    )),
                    Ok(()) if !self.may_act(timeout_ms).await => Err(DriverError::Refused(
                        "this process does not hold the lease of its domain".to_owned(),
                    )),
                    Ok(()) => match self.roles.executor.drive(key, action, timeout_ms).await {
                        Ok(result) => result,
                        Err(Died) => Err(DriverError::Unknown(
                            "the executor died during the step".to_owned(),
                        )),
                    },
                };
                self.engine.handle(Event::Driven { run, step, result })
            }
            Command::Recall { run, step, key } => {
                let found = self.parts.driver.recall(&key).await;
                self.engine.handle(Event::Recalled { run, step, found })
            }
            Command::TakeLease { incident, purpose } => {
                let taken = match &self.parts.tenure {
                    Some(tenure) => tenure.lead(&incident).await,
                    None => true,
                };
                self.engine.handle(Event::Lease {
                    incident,
                    purpose,
                    taken,
                })
            }
            Command::IfLeading { incident, commands } => match &self.parts.tenure {
                Some(tenure) if !tenure.still_leads(&incident).await => vec![],
                _ => commands,
            },
            Command::GiveUpLease(incident) => {
                if let Some(tenure) = &self.parts.tenure {
                    tenure.resign(&incident).await;
                }
                vec![]
            }
            Command::GoOn => self.engine.handle(Event::Sensed),
            Command::Ask(task) => self.ask(*task).await,
        }
    }

    /// What other processes are told outlives this one: the records that it rests on are on the disk before it leaves. A
    /// peer that heard of an end which no journal knows would wait for nothing, or forget what is still open.
    async fn is_sure(&self, subject: &str) -> bool {
        let is_telemetry = zizhi_bus::subject::is_telemetry(subject);
        if self.parts.tenure.is_none() || is_telemetry {
            return true;
        }
        let durable = self.parts.journal.durable().await;
        if let Err(error) = &durable {
            tracing::error!(%error, subject, "journal not durable: message not published");
        }
        durable.is_ok()
    }

    /// Whether this process surely acts for its domain; waits for as long as the step may take.
    async fn may_act(&self, limit_ms: u64) -> bool {
        match &self.parts.tenure {
            Some(tenure) => tenure.may_act(Duration::from_millis(limit_ms)).await,
            None => true,
        }
    }

    async fn recite(&self) -> Vec<Case> {
        let asked = learner::Input::Recite;
        let told = self.roles.learner.ask(asked, self.engine.now()).await;
        let held = told.into_iter().flatten().find_map(|o| match o {
            learner::Output::Recited(cases) => Some(cases),
            _ => None,
        });
        held.unwrap_or_default()
    }

    async fn ask(&mut self, task: Task) -> Vec<Command> {
        let now = self.engine.now();
        let roles = &self.roles;
        let (role, answer) = match task {
            Task::Collector(i) => (
                RoleName::Collector,
                put(&roles.collector, i, now, Answer::Collector).await,
            ),
            Task::Detector(i) => (
                RoleName::Detector,
                put(&roles.detector, i, now, Answer::Detector).await,
            ),
            Task::Correlator(i) => (
                RoleName::Correlator,
                put(&roles.correlator, i, now, Answer::Correlator).await,
            ),
            Task::Diagnoser(i) => (
                RoleName::Diagnoser,
                put(&roles.diagnoser, i, now, Answer::Diagnoser).await,
            ),
            Task::Planner(i) => (
                RoleName::Planner,
                put(&roles.planner, i, now, Answer::Planner).await,
            ),
            Task::Negotiator(i) => (
                RoleName::Negotiator,
                put(&roles.negotiator, i, now, Answer::Negotiator).await,
            ),
            Task::Executor(i) => (
                RoleName::Executor,
                roles.executor.ask(i, now).await.map(Answer::Executor),
            ),
            Task::Verifier(i) => (
                RoleName::Verifier,
                put(&roles.verifier, i, now, Answer::Verifier).await,
            ),
            Task::Learner(i) => (
                RoleName::Learner,
                put(&roles.learner, i, now, Answer::Learner).await,
            ),
        };
        match answer {
            Ok(answer) => self.engine.handle(Event::Answer(answer)),
            Err(Died) => self.bury(role).await,
        }
    }

    /// Deals with a dead role by the supervision table. A role that stays dead is told once.
    async fn bury(&mut self, role: RoleName) -> Vec<Command> {
        let deaths = self.deaths.entry(role).or_insert(0);
        *deaths += 1;
        let (deaths, mut what) = (*deaths, measure(role, *deaths));
        if what == Measure::Restart
            && self
                .roles
                .restart(role, &self.parts, &self.myself)
                .await
                .is_err()
        {
            what = Measure::Freeze;
        }
        if what == Measure::Freeze && deaths > 1 && role == RoleName::Executor {
            return vec![];
        }
        tracing::error!(domain = %self.parts.domain, %role, measure = what.as_str(), "role died");
        let mut commands = self.engine.handle(Event::RoleDied {
            role,
            measure: what,
        });
        if what == Measure::Restart {
            commands.extend(self.engine.teach(role));
        }
        commands
    }
}

async fn put<E: Engine>(
    role: &Role<E>,
    input: E::Input,
    now: zizhi_types::NetTime,
    wrap: impl Fn(Vec<E::Output>) -> Answer,
) -> Result<Answer, Died> {
    role.ask(input, now).await.map(wrap)
}

/// A running domain agent.
pub struct Agent {
    actor: ActorRef<Incoming>,
    done: tokio::task::JoinHandle<()>,
    intake: tokio::task::JoinHandle<()>,
    watch: Option<(Arc<Tenure>, tokio::task::JoinHandle<()>)>,
    listening: tokio::task::JoinHandle<()>,
    looking: Option<tokio::task::JoinHandle<()>>,
}

impl Agent {
    /// Starts the agent and its intake. `over` hears when the agent itself ends.
    pub async fn start(parts: Parts, over: ActorCell) -> Result<Self, SpawnErr> {
        // Not all of its own: samples in bulk are for the screener, an actor is too slow for them.
        let telemetry = wire::subject(parts.domain, "obs", "telemetry");
        let approvals = wire::subject(parts.domain, "plan", "approval");
        let patterns = [
            telemetry.as_str(),
            approvals.as_str(),
            "zizhi.v1.*.evt.>",
            "zizhi.v1.*.neg.>",
            "zizhi.v1.*.obs.inventory",
            "zizhi.v1.*.obs.maintenance",
            wire::CLOCK,
            wire::KILL_SWITCH,
            wire::BREAKER,
        ];
        let subscription = parts.bus.subscribe(parts.domain.as_str(), &patterns).await;
        let tenure = parts.tenure.clone();
        // Kept from the first moment: to take up what a journal tells may take longer than a lease lasts.
        let (told, changes) = tokio::sync::mpsc::channel(CHANGES_WAITING);
        let keeping = tenure
            .clone()
            .map(|tenure| tokio::spawn(keep(tenure, told)));
        let brake = Arc::new(Brake::new(parts.config.executor.kill_file.clone()));
        let listener = format!("{}-kill", parts.domain);
        let orders = parts.bus.subscribe(&listener, &[wire::KILL_SWITCH]).await;
        let listening = tokio::spawn(listen(orders, Arc::clone(&brake)));
        let starting = (parts, Arc::clone(&brake));
        let (actor, done) = Actor::spawn_linked(None, DomainActor, starting, over).await?;
        let looking = brake
            .has_file()
            .then(|| tokio::spawn(look(brake, actor.clone())));
        let intake = tokio::spawn(take_in(subscription, changes, actor.clone()));
        Ok(Self {
            actor,
            done,
            intake,
            watch: tenure.zip(keeping),
            listening,
            looking,
        })
    }

    /// What its learner holds, oldest first; nothing, if the agent is gone.
    pub async fn cases(&self) -> Vec<Case> {
        match self.actor.call(Incoming::Recite, None).await {
            Ok(ractor::rpc::CallResult::Success(cases)) => cases,
            _ => vec![],
        }
    }

    /// Ends the agent after what it is doing; the intake has ended with the bus.
    pub async fn stop(self) {
        let _ = self.intake.await;
        let _ = self.listening.await;
        if let Some(looking) = self.looking {
            looking.abort();
        }
        self.actor.stop(None);
        let _ = self.done.await;
        if let Some((tenure, watch)) = self.watch {
            watch.abort();
            tenure.end().await;
        }
    }
}

/// Changes of leases that wait for the agent; more than peers and led incidents there can hardly be at once.
const CHANGES_WAITING: usize = 64;

/// Keeps the leases and tells what changes, until it is aborted.
async fn keep(tenure: Arc<Tenure>, told: tokio::sync::mpsc::Sender<Change>) {
    loop {
        for change in tenure.look().await {
            if told.send(change).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(tenure.beat()).await;
    }
}

/// How often the file of the kill switch is looked at between steps; before each step it is read anyway.
const LOOK_AT_FILE: Duration = Duration::from_millis(250);

/// Hears the kill switch while the loop is busy with a run. Ends with the bus.
async fn listen(mut orders: Subscription, brake: Arc<Brake>) {
    while let Some(delivery) = orders.next().await {
        brake.hear(&KillOrder::read(&delivery.message.payload));
    }
}

/// Tells the loop when the file of the kill switch says something else, until it is aborted.
async fn look(brake: Arc<Brake>, actor: ActorRef<Incoming>) {
    let mut last = brake.pulled();
    loop {
        tokio::time::sleep(LOOK_AT_FILE).await;
        let now = brake.pulled();
        if now == last {
            continue;
        }
        let order = now.clone().unwrap_or_else(|| KillOrder {
            on: false,
            by: last.map_or_else(String::new, |o| o.by),
            reason: "its file was cleared".to_owned(),
        });
        last = now;
        if actor.cast(Incoming::Switched(order)).is_err() {
            return;
        }
    }
}

fn noticed(change: Change) -> Event {
    match change {
        Change::PeerLost(domain) => Event::Peer { domain, lost: true },
        Change::PeerBack(domain) => Event::Peer {
            domain,
            lost: false,
        },
        Change::IncidentLost(incident) => Event::LeaseLost(incident),
    }
}

/// Hands deliveries to the actor one by one. The actor's own mailbox has no bound, so the next delivery is taken only
/// after the last was handled: what waits, waits in the bus, which counts what it drops.
async fn take_in(
    mut subscription: Subscription,
    mut changes: tokio::sync::mpsc::Receiver<Change>,
    actor: ActorRef<Incoming>,
) {
    loop {
        let delivery = tokio::select! {
            biased;
            Some(change) = changes.recv() => {
                let _ = actor.cast(Incoming::Noticed(change));
                continue;
            }
            delivery = subscription.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let (handled, wait) = tokio::sync::oneshot::channel();
        if actor
            .cast(Incoming::Delivery { delivery, handled })
            .is_err()
        {
            break;
        }
        let _ = wait.await;
    }
}
