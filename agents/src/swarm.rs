//! The swarm: one agent per domain on one bus, started together and drained in order.

use crate::domain::AgentConfig;
use crate::domain::actor::{Agent, Parts};
use crate::part::Part;
use crate::recovery::{self, Recovered};
use crate::screener::ScreenerConfig;
use crate::screener::actor::Screening;
use crate::tenure::Tenure;
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_bus::{Bus, Journal, JournalError};
use zizhi_knowledge::Case;
use zizhi_playbooks::{Catalog, Driver};
use zizhi_types::domain::Domain;
use zizhi_types::plan::Mode;
use zizhi_types::{Body, NetTime, Record, RecordId, Who};

/// How a swarm is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwarmConfig {
    /// The highest mode that any playbook may run in.
    pub mode: Mode,
    /// Every agent's settings.
    pub agent: AgentConfig,
    /// The watch over samples in bulk; on unless switched off.
    pub screener: ScreenerConfig,
}

impl Default for SwarmConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            agent: AgentConfig::default(),
            screener: ScreenerConfig::default(),
        }
    }
}

/// What a swarm runs on.
pub struct Ground {
    /// Where agents meet.
    pub bus: Arc<dyn Bus>,
    /// Where they write.
    pub journal: Arc<Journal>,
    /// What changes the network.
    pub driver: Arc<dyn Driver>,
    /// The playbooks, checked.
    pub catalog: Arc<Catalog>,
    /// The network's name, for the record.
    pub network: String,
    /// The seed, where there is one.
    pub seed: Option<u64>,
    /// What other runs taught, oldest first, each case with its run; empty to start without experience. Every learner
    /// is told it ([`crate::memory`] reads it from journals).
    pub memory: Vec<Case>,
    /// The network's time at the start.
    pub now: NetTime,
    /// Where the swarm is spread over processes: which part of it this one is.
    pub share: Option<Share>,
    /// What the journal tells, where it was written before.
    pub resume: Option<Resume>,
}

/// This process' part of a swarm.
pub struct Share {
    /// The domains that it looks after, with their leases.
    pub tenures: BTreeMap<Domain, Arc<Tenure>>,
    /// What changes the network of each, where it is not the common driver.
    pub drivers: BTreeMap<Domain, Arc<dyn Driver>>,
}

/// What a journal tells the swarm that goes on with it.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// Of each domain that wrote anything.
    pub domains: BTreeMap<Domain, Arc<Recovered>>,
    /// Records that were written for the process as a whole.
    pub written: u64,
}

impl Resume {
    /// Reads it from the records of a journal.
    pub fn from_records(records: &[Record]) -> Self {
        let recovered = |domain| {
            let recovered = recovery::recover(domain, records);
            (!recovered.is_empty()).then(|| (domain, Arc::new(recovered)))
        };
        let of_process = records.iter().filter(|r| r.domain.is_none());
        Self {
            domains: Domain::ALL.into_iter().filter_map(recovered).collect(),
            written: of_process.map(|r| r.id.number).max().unwrap_or(0),
        }
    }
}

/// Why a swarm could not start or end in order.
#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    /// An actor could not be started.
    #[error("agent of the {domain} domain could not be started")]
    Start {
        /// Which.
        domain: &'static str,
        /// Why.
        source: Box<SpawnErr>,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The root of the supervision tree: keeps the death of one agent from ending the others.
struct Root;

impl Actor for Root {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, reason) = event {
            // The others go on: an agent that is gone answers no call, and what needs it is escalated.
            tracing::error!(%reason, "a domain agent died");
        }
        Ok(())
    }
}

/// A running swarm.
pub struct Swarm {
    root: ActorRef<()>,
    agents: Vec<Agent>,
    screening: Option<Screening>,
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    written: u64,
    told_drops: u64,
}

impl Swarm {
    /// Starts an agent for every domain. Telemetry that is published before this returns is not heard.
    pub async fn start(ground: Ground, config: SwarmConfig) -> Result<Self, SwarmError> {
        let failed = |domain| {
            move |source| SwarmError::Start {
                domain,
                source: Box::new(source),
            }
        };
        let (root, _) = Actor::spawn(None, Root, ()).await.map_err(failed("root"))?;
        let mut swarm = Self {
            root,
            agents: vec![],
            screening: None,
            bus: ground.bus,
            journal: ground.journal,
            written: ground.resume.as_ref().map_or(0, |r| r.written),
            told_drops: 0,
        };
        let body = Body::SwarmStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: ground.network,
            seed: ground.seed,
            mode: config.mode,
            cases: ground.memory.len() as u64,
            without: config.agent.without.iter().map(Part::to_string).collect(),
        };
        let memory: Arc<[Case]> = ground.memory.into();
        swarm.note(body, ground.now)?;
        let resume = ground.resume.unwrap_or_default();
        let mut here = vec![];
        for domain in Domain::ALL {
            let tenure = match &ground.share {
                None => None,
                Some(share) => match share.tenures.get(&domain) {
                    Some(tenure) => Some(Arc::clone(tenure)),
                    None => continue,
                },
            };
            let own = ground.share.as_ref().and_then(|s| s.drivers.get(&domain));
            let parts = Parts {
                domain,
                config: config.agent.clone(),
                ceiling: config.mode,
                bus: Arc::clone(&swarm.bus),
                journal: Arc::clone(&swarm.journal),
                driver: Arc::clone(own.unwrap_or(&ground.driver)),
                catalog: Arc::clone(&ground.catalog),
                memory: Arc::clone(&memory),
                tenure,
                recovered: resume.domains.get(&domain).cloned(),
            };
            let agent = Agent::start(parts, swarm.root.get_cell())
                .await
                .map_err(failed(domain.as_str()))?;
            swarm.agents.push(agent);
            here.push(domain);
        }
        if config.screener.enabled {
            let bus = Arc::clone(&swarm.bus);
            swarm.screening = Some(Screening::start(bus, &here, &config.screener).await);
        }
        Ok(swarm)
    }

    fn note(&mut self, body: Body, now: NetTime) -> Result<(), JournalError> {
        self.written += 1;
        self.journal.append(Record {
            id: RecordId::new(self.journal.own("swarm"), self.written),
            at: now,
            who: Who::System,
            domain: None,
            stage: body.stage(),
            object: None,
            incident: None,
            causes: vec![],
            body,
        })
    }

    /// Writes down how much telemetry was dropped since the last call, if any was.
    pub fn tell_drops(&mut self, now: NetTime) -> Result<(), JournalError> {
        let screening = self.screening.as_ref();
        let unscreened = screening.map_or(0, |s| s.intake().dropped);
        let dropped = self.bus.stats().dropped + unscreened;
        let messages = dropped - self.told_drops;
        self.told_drops = dropped;
        if messages == 0 {
            return Ok(());
        }
        self.note(Body::Dropped { messages }, now)
    }

    /// The watch over samples in bulk, unless it is switched off.
    pub const fn screening(&self) -> Option<&Screening> {
        self.screening.as_ref()
    }

    /// What the learner of every domain holds now, oldest first, in the order of [`Domain::ALL`].
    pub async fn cases(&self) -> Vec<Vec<Case>> {
        let mut held = vec![];
        for agent in &self.agents {
            held.push(agent.cases().await);
        }
        held
    }

    /// Drains: what is queued is handled, then the agents stop, then the journal is sealed. Nothing is cut off inside a
    /// step, as a step is part of handling one message.
    pub async fn drain(mut self, now: NetTime, reason: &str) -> Result<(), SwarmError> {
        self.stop(now, reason).await?;
        self.journal.seal(now)?;
        Ok(())
    }

    /// The same, but the journal stays open: a later start goes on with it.
    pub async fn pause(mut self, now: NetTime, reason: &str) -> Result<(), SwarmError> {
        self.stop(now, reason).await?;
        self.journal.sync()?;
        Ok(())
    }

    async fn stop(&mut self, now: NetTime, reason: &str) -> Result<(), SwarmError> {
        self.bus.close().await;
        for agent in std::mem::take(&mut self.agents) {
            agent.stop().await;
        }
        if let Some(screening) = self.screening.take() {
            screening.stop().await;
        }
        self.root.stop(None);
        let stats = self.bus.stats();
        let body = Body::SwarmDrained {
            reason: reason.to_owned(),
            messages: stats.published,
            dropped: stats.dropped,
        };
        self.note(body, now)?;
        Ok(())
    }
}
