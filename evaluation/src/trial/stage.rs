//! The stage: plays one scenario with one policy in a simulated network, and watches.
//!
//! In: a [`Trial`] and a place for its journal. Out: a [`TrialResult`]. Everything runs on one thread at the network's own
//! clock, so equal trials are equal byte for byte, on any machine.

use super::counted::CountedBus;
use super::judge::{Label, Watched, is_mitigated, judge};
use super::objects::ObjectGraph;
use super::policy::Policy;
use super::result::TrialResult;
use crate::baseline::{Baseline, BaselineError, Rules};
use crate::sandbox::truth::is_felt;
use crate::sandbox::{Sandbox, SceneError, network};
use crate::scenario::{DecoySpec, Scenario};
use std::path::Path;
use std::sync::Arc;
use zizhi_agents::{Ground, Swarm, SwarmConfig, SwarmError};
use zizhi_bus::{Bus, BusError, Journal, JournalError};
use zizhi_knowledge::Case;
use zizhi_playbooks::Catalog;
use zizhi_types::{Body, NetTime};

/// Messages that wait on the bus before telemetry is dropped: twenty intervals of the largest built-in network.
const BUS_CAPACITY: usize = 4096;
/// The network's time at the start: a busy morning.
const START: NetTime = NetTime::from_secs(8 * 3600);
/// When all is done and nobody is hurt, this long is watched on: a remedy that only seems to help is found out.
const CALM_MS: u64 = 120_000;
/// A double is watched for this long after the last thing that happens in it.
const DOUBLE_MS: u64 = 420_000;
/// Noise of the next repeat: any odd number does.
const NEXT_SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// What is played.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Who is at work.
    pub policy: Policy,
    /// Counts from 0; each has its own noise.
    pub repeat: u32,
    /// The no-fault double.
    pub double: bool,
}

/// What every trial of a run has in common.
#[derive(Clone)]
pub struct Set {
    /// The playbooks.
    pub catalog: Arc<Catalog>,
    /// The swarm's settings.
    pub config: SwarmConfig,
    /// What the swarm learnt before.
    pub memory: Vec<Case>,
    /// What the threshold policy goes by.
    pub rules: Rules,
}

impl Set {
    /// All of it as text, so that two sets can be told apart.
    pub(super) fn content(&self) -> String {
        let Self {
            catalog,
            config,
            memory,
            rules,
        } = self;
        format!("{catalog:?}\n{config:?}\n{memory:?}\n{rules:?}")
    }
}

/// Why a trial could not be played.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    /// The scenario does not fit the network.
    #[error("scenario {scenario}")]
    Scene {
        /// Which.
        scenario: String,
        /// What does not fit.
        source: SceneError,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The bus refused a message.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The swarm could not start or end.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    /// The rules could not start or end.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// The runtime could not be made.
    #[error("cannot start a runtime")]
    Runtime(#[source] std::io::Error),
}

impl Trial<'_> {
    /// A name that is unique in a run, usable as a file name.
    pub fn name(&self) -> String {
        let kind = if self.double { "double" } else { "fault" };
        format!(
            "{}.{}.{}.{kind}",
            self.scenario.name, self.policy, self.repeat
        )
    }

    /// The seed of its noise: the scenario's own for repeat 0.
    pub fn seed(&self) -> u64 {
        let step = u64::from(self.repeat).wrapping_mul(NEXT_SEED);
        self.scenario.seed.wrapping_add(step)
    }

    /// Plays it on this thread; the journal is written to `journal`, which must not exist.
    pub fn play(&self, set: &Set, journal: &Path) -> Result<TrialResult, TrialError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(TrialError::Runtime)?;
        runtime.block_on(self.play_out(set, journal))
    }

    async fn play_out(&self, set: &Set, path: &Path) -> Result<TrialResult, TrialError> {
        let network = network::load(&self.scenario.network)?;
        let sandbox = Sandbox::new(&network, self.seed(), START);
        let counted = Arc::new(CountedBus::start(BUS_CAPACITY));
        let bus: Arc<dyn Bus> = counted.clone();
        let journal = Arc::new(Journal::create(path)?);
        journal.watch();
        let crew = Crew::start(self, set, &network.name, &bus, &journal, &sandbox).await?;
        let mut show = Show::new(self, sandbox, Arc::clone(&bus), Arc::clone(&journal));
        show.warm_up().await?;
        show.play().await?;
        crew.dismiss(show.sandbox.now(), &bus, &journal).await?;
        let seen = show.curtain(counted.said());
        let label = Label {
            scenario: self.scenario,
            network: &network.name,
            policy: self.policy.as_str(),
            repeat: self.repeat,
            seed: self.seed(),
            double: self.double,
            journal: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        Ok(judge(label, &ObjectGraph::of(&network), &seen))
    }
}

/// Whoever is at work.
enum Crew {
    Nobody,
    Rules(Baseline),
    Swarm(Swarm),
}

impl Crew {
    async fn start(
        trial: &Trial<'_>,
        set: &Set,
        network: &str,
        bus: &Arc<dyn Bus>,
        journal: &Arc<Journal>,
        sandbox: &Sandbox,
    ) -> Result<Self, TrialError> {
        if trial.policy == Policy::Nothing {
            return Ok(Self::Nobody);
        } else if trial.policy == Policy::Threshold {
            let (bus, journal) = (Arc::clone(bus), Arc::clone(journal));
            let baseline =
                Baseline::start(bus, journal, sandbox.driver(), set.rules.clone(), START);
            return Ok(Self::Rules(baseline.await));
        }
        let ground = Ground {
            bus: Arc::clone(bus),
            journal: Arc::clone(journal),
            driver: sandbox.driver(),
            catalog: Arc::clone(&set.catalog),
            network: network.to_owned(),
            seed: Some(trial.seed()),
            memory: set.memory.clone(),
            now: START,
            share: None,
            resume: None,
        };
        let mut config = set.config.clone();
        if let Policy::Without(part) = trial.policy {
            config.agent.without.insert(part);
        }
        Ok(Self::Swarm(Swarm::start(ground, config).await?))
    }

    async fn dismiss(
        self,
        now: NetTime,
        bus: &Arc<dyn Bus>,
        journal: &Arc<Journal>,
    ) -> Result<(), TrialError> {
        match self {
            Self::Nobody => {
                bus.close().await;
                journal.seal(now)?;
            }
            Self::Rules(baseline) => baseline.drain(now, "the trial is over").await?,
            Self::Swarm(swarm) => swarm.drain(now, "the trial is over").await?,
        }
        Ok(())
    }
}

/// What is still to happen.
enum Cue<'a> {
    Fault(&'a crate::scenario::FaultSpec),
    Lie(&'a crate::scenario::LieSpec),
    Decoy(&'a DecoySpec),
}

/// A scenario that is being played.
struct Show<'a> {
    trial: &'a Trial<'a>,
    sandbox: Sandbox,
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    /// In order of time, the last first.
    cues: Vec<(u64, Cue<'a>)>,
    zero: NetTime,
    seen: Watched,
    open: usize,
}

impl<'a> Show<'a> {
    fn new(
        trial: &'a Trial<'a>,
        sandbox: Sandbox,
        bus: Arc<dyn Bus>,
        journal: Arc<Journal>,
    ) -> Self {
        let seen = Watched {
            began: sandbox.now(),
            zero: sandbox.now(),
            ended: sandbox.now(),
            faults: vec![],
            records: vec![],
            applied: vec![],
            hurt: vec![],
            messages: 0,
        };
        Self {
            cues: cues(trial),
            zero: sandbox.now(),
            trial,
            sandbox,
            bus,
            journal,
            seen,
            open: 0,
        }
    }

    async fn warm_up(&mut self) -> Result<(), TrialError> {
        self.sandbox.announce(&*self.bus).await?;
        let warm_up_ms = self.trial.scenario.warm_up_s * 1000;
        while self.sandbox.now().since(self.seen.began) < warm_up_ms {
            self.step().await?;
        }
        self.zero = self.sandbox.now();
        self.seen.zero = self.zero;
        Ok(())
    }

    async fn play(&mut self) -> Result<(), TrialError> {
        let last_cue_ms = self.cues.first().map_or(0, |(at_ms, _)| *at_ms);
        let mut watch_ms = self.trial.scenario.budget.watch_s * 1000;
        if self.trial.double {
            watch_ms = watch_ms.min(last_cue_ms + DOUBLE_MS);
        }
        let mut calm_since: Option<NetTime> = None;
        loop {
            self.give_cues()?;
            self.step().await?;
            let now = self.sandbox.now();
            let hurt = self
                .sandbox
                .truly_violated()
                .iter()
                .any(|v| is_felt(v.metric));
            self.seen.hurt.push((now, hurt));
            self.seen
                .applied
                .extend(self.sandbox.driver().drain_applied());
            calm_since = if hurt || !self.is_done() {
                None
            } else {
                calm_since.or(Some(now))
            };
            let calm = calm_since.is_some_and(|since| now.since(since) >= CALM_MS);
            if now.since(self.zero) >= watch_ms || calm && !self.trial.double {
                return Ok(());
            }
        }
    }

    /// Everything happened that was to happen, every fault is mitigated, and nobody has anything left to do.
    fn is_done(&mut self) -> bool {
        if !self.cues.is_empty() || self.open > 0 {
            return false;
        }
        self.seen.faults = self.sandbox.ground_truth();
        self.seen.faults.iter().all(|f| is_mitigated(f, &self.seen))
    }

    fn give_cues(&mut self) -> Result<(), TrialError> {
        let now_ms = self.sandbox.now().since(self.zero);
        while self.cues.last().is_some_and(|(at_ms, _)| *at_ms <= now_ms) {
            let Some((_, cue)) = self.cues.pop() else {
                break;
            };
            self.give(&cue).map_err(|source| TrialError::Scene {
                scenario: self.trial.scenario.name.clone(),
                source,
            })?;
        }
        Ok(())
    }

    fn give(&self, cue: &Cue<'_>) -> Result<(), SceneError> {
        match cue {
            Cue::Fault(fault) => self.sandbox.inject_as(fault).map(drop),
            Cue::Lie(lie) => self.sandbox.lie(lie),
            // A decoy that finds no place now is left out: it is there to mislead, not to be found.
            Cue::Decoy(decoy) => {
                let _ = self.sandbox.inject_double(decoy.kind);
                Ok(())
            }
        }
    }

    async fn step(&mut self) -> Result<(), TrialError> {
        self.sandbox.step(&*self.bus).await?;
        self.bus.settle().await;
        self.journal.flush()?;
        self.take_records();
        Ok(())
    }

    fn take_records(&mut self) {
        for record in self.journal.take_new() {
            match &record.body {
                Body::IncidentOpened { .. } => self.open += 1,
                Body::IncidentClosed { .. } => self.open = self.open.saturating_sub(1),
                _ => {}
            }
            self.seen.records.push(record);
        }
    }

    fn curtain(mut self, messages: u64) -> Watched {
        self.take_records();
        self.seen.ended = self.sandbox.now();
        self.seen.faults = self.sandbox.ground_truth();
        self.seen.messages = messages;
        self.seen
    }
}

/// What happens, the last first, so that the next is at the end.
fn cues<'a>(trial: &Trial<'a>) -> Vec<(u64, Cue<'a>)> {
    let s = trial.scenario;
    let mut cues: Vec<(u64, Cue<'a>)> = vec![];
    cues.extend(s.lies.iter().map(|l| (l.at_s * 1000, Cue::Lie(l))));
    cues.extend(s.decoys.iter().map(|d| (d.at_s * 1000, Cue::Decoy(d))));
    if trial.double {
        cues.extend(s.double.iter().map(|d| (d.at_s * 1000, Cue::Decoy(d))));
    } else {
        cues.extend(s.faults.iter().map(|f| (f.at_s * 1000, Cue::Fault(f))));
    }
    // A stable sort: what is at the same moment keeps its order; then turned round.
    cues.sort_by_key(|(at_ms, _)| *at_ms);
    cues.reverse();
    cues
}
