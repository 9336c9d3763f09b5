//! The actor of one domain: carries out the loop's commands, one after the other.

use super::command::{Answer, Command, Event, Task};
use super::engine::{AgentConfig, Loop};
use crate::collector::Collector;
use crate::correlator::Correlator;
use crate::detector::Detecting;
use crate::diagnoser::Diagnoser;
use crate::executor::Executor;
use crate::executor::actor::ExecutorRole;
use crate::learner::Learner;
use crate::negotiator::Negotiator;
use crate::planner::Planner;
use crate::role::{Died, Engine, Role};
use crate::supervision::{Measure, RoleName, measure};
use crate::verifier::Verifier;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use zizhi_bus::{Bus, Delivery, Journal, Subscription};
use zizhi_playbooks::{Catalog, Driver, DriverError};
use zizhi_types::domain::Domain;
use zizhi_types::plan::Mode;

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
}

/// What the actor is sent: one delivery at a time, since the intake waits until it was handled.
pub struct Incoming {
    delivery: Delivery,
    handled: tokio::sync::oneshot::Sender<()>,
}

struct DomainActor;

/// The actor's state.
struct Running {
    parts: Parts,
    engine: Loop,
    roles: Roles,
    deaths: BTreeMap<RoleName, u32>,
    myself: ActorCell,
}

struct Roles {
    collector: Role<Collector>,
    detector: Role<Detecting>,
    correlator: Role<Correlator>,
    diagnoser: Role<Diagnoser>,
    planner: Role<Planner>,
    negotiator: Role<Negotiator>,
    executor: ExecutorRole,
    verifier: Role<Verifier>,
    learner: Role<Learner>,
}

impl Roles {
    async fn start(parts: &Parts, over: &ActorCell) -> Result<Self, SpawnErr> {
        let (domain, config) = (parts.domain, parts.config.clone());
        let executor = Executor::new(
            domain,
            config.executor,
            parts.ceiling,
            Arc::clone(&parts.catalog),
        );
        Ok(Self {
            collector: Role::start(Collector::new(domain), over.clone()).await?,
            detector: Role::start(Detecting::new(domain, config.detector), over.clone()).await?,
            correlator: Role::start(Correlator::new(domain, config.correlator), over.clone())
                .await?,
            diagnoser: Role::start(Diagnoser::new(), over.clone()).await?,
            planner: Role::start(
                Planner::new(domain, config.planner, Arc::clone(&parts.catalog)),
                over.clone(),
            )
            .await?,
            negotiator: Role::start(Negotiator::new(domain, config.negotiator), over.clone())
                .await?,
            executor: ExecutorRole::start(executor, Arc::clone(&parts.driver), over.clone())
                .await?,
            verifier: Role::start(Verifier::default(), over.clone()).await?,
            learner: Role::start(Learner::new(), over.clone()).await?,
        })
    }

    async fn restart(
        &mut self,
        role: RoleName,
        parts: &Parts,
        over: &ActorCell,
    ) -> Result<(), SpawnErr> {
        let (domain, config) = (parts.domain, parts.config.clone());
        match role {
            RoleName::Collector => {
                self.collector = Role::start(Collector::new(domain), over.clone()).await?;
            }
            RoleName::Detector => {
                self.detector =
                    Role::start(Detecting::new(domain, config.detector), over.clone()).await?;
            }
            RoleName::Correlator => {
                self.correlator =
                    Role::start(Correlator::new(domain, config.correlator), over.clone()).await?;
            }
            RoleName::Diagnoser => {
                self.diagnoser = Role::start(Diagnoser::new(), over.clone()).await?;
            }
            RoleName::Planner => {
                let planner = Planner::new(domain, config.planner, Arc::clone(&parts.catalog));
                self.planner = Role::start(planner, over.clone()).await?;
            }
            RoleName::Negotiator => {
                self.negotiator =
                    Role::start(Negotiator::new(domain, config.negotiator), over.clone()).await?;
            }
            RoleName::Verifier => {
                self.verifier = Role::start(Verifier::default(), over.clone()).await?;
            }
            RoleName::Learner => self.learner = Role::start(Learner::new(), over.clone()).await?,
            // The supervision table never restarts it.
            RoleName::Executor => {}
        }
        Ok(())
    }

    fn stop(&self) {
        self.collector.stop();
        self.detector.stop();
        self.correlator.stop();
        self.diagnoser.stop();
        self.planner.stop();
        self.negotiator.stop();
        self.executor.stop();
        self.verifier.stop();
        self.learner.stop();
    }
}

impl Actor for DomainActor {
    type Msg = Incoming;
    type State = Running;
    type Arguments = Parts;

    async fn pre_start(
        &self,
        myself: ActorRef<Incoming>,
        parts: Parts,
    ) -> Result<Running, ActorProcessingErr> {
        let over = myself.get_cell();
        let roles = Roles::start(&parts, &over).await?;
        let engine = Loop::new(parts.domain, parts.config.clone());
        Ok(Running {
            parts,
            engine,
            roles,
            deaths: BTreeMap::new(),
            myself: over,
        })
    }

    async fn handle(
        &self,
        _: ActorRef<Incoming>,
        incoming: Incoming,
        state: &mut Running,
    ) -> Result<(), ActorProcessingErr> {
        state
            .react(Event::Message(Arc::clone(&incoming.delivery.message)))
            .await;
        drop(incoming.delivery);
        let _ = incoming.handled.send(());
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
        let mut todo: VecDeque<Command> = self.engine.handle(event).into();
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
                if let Err(error) = self.parts.journal.sync() {
                    tracing::error!(%error, domain = %self.parts.domain, "journal not durable");
                }
                vec![]
            }
            Command::Publish { subject, payload } => {
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
            } => {
                let result = match self.parts.journal.sync() {
                    // What cannot be written down is not done.
                    Err(error) => Err(DriverError::Refused(error.to_string())),
                    Ok(()) => match self.roles.executor.drive(key, action, timeout_ms).await {
                        Ok(result) => result,
                        Err(Died) => Err(DriverError::Unknown(
                            "the executor died during the step".to_owned(),
                        )),
                    },
                };
                self.engine.handle(Event::Driven { run, step, result })
            }
            Command::GoOn => self.engine.handle(Event::Sensed),
            Command::Ask(task) => self.ask(*task).await,
        }
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
}

impl Agent {
    /// Starts the agent and its intake. `over` hears when the agent itself ends.
    pub async fn start(parts: Parts, over: ActorCell) -> Result<Self, SpawnErr> {
        let own = format!("zizhi.v1.{}.>", parts.domain);
        let patterns = [
            own.as_str(),
            "zizhi.v1.*.evt.>",
            "zizhi.v1.*.neg.>",
            "zizhi.v1.*.obs.inventory",
            "zizhi.v1.*.obs.maintenance",
            zizhi_types::wire::CLOCK,
            zizhi_types::wire::KILL_SWITCH,
        ];
        let subscription = parts.bus.subscribe(parts.domain.as_str(), &patterns).await;
        let (actor, done) = Actor::spawn_linked(None, DomainActor, parts, over).await?;
        let intake = tokio::spawn(take_in(subscription, actor.clone()));
        Ok(Self {
            actor,
            done,
            intake,
        })
    }

    /// Ends the agent after what it is doing; the intake has ended with the bus.
    pub async fn stop(self) {
        let _ = self.intake.await;
        self.actor.stop(None);
        let _ = self.done.await;
    }
}

/// Hands deliveries to the actor one by one. The actor's own mailbox has no bound, so the next delivery is taken only
/// after the last was handled: what waits, waits in the bus, which counts what it drops.
async fn take_in(mut subscription: Subscription, actor: ActorRef<Incoming>) {
    while let Some(delivery) = subscription.next().await {
        let (handled, wait) = tokio::sync::oneshot::channel();
        if actor.cast(Incoming { delivery, handled }).is_err() {
            break;
        }
        let _ = wait.await;
    }
}
