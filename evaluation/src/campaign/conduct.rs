//! Conducting: warm up, make something happen, let the swarm work, judge, clean up, again.

use super::judge::{Injected, SlotResult, Summary, judge};
use super::schedule::{Schedule, Slot};
use crate::sandbox::truth::true_violations;
use crate::sandbox::{GroundTruth, GroundTruthDouble, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use zizhi_bus::{Bus, BusError, Journal, JournalError};
use zizhi_types::record::{Ending, Ruling};
use zizhi_types::wire::{self, Approval};
use zizhi_types::{Body, Domain, FaultKind, IncidentId, NetTime, Plan, PlanId, Record, RunId};

/// What is made to happen, and how long is waited. Times are milliseconds of network time.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignConfig {
    /// Faults.
    pub faults: usize,
    /// Out of these kinds.
    pub kinds: Vec<FaultKind>,
    /// Chooses order and doubles.
    pub seed: u64,
    /// Before the first fault: the detectors have to see what is usual.
    pub warm_up_ms: u64,
    /// Longest time that the swarm gets for one fault.
    pub patience_ms: u64,
    /// Time that a double is watched for.
    pub double_ms: u64,
    /// Longest time that the network gets to become calm again.
    pub calm_ms: u64,
}

impl Default for CampaignConfig {
    fn default() -> Self {
        Self {
            faults: 6,
            kinds: FaultKind::ALL.to_vec(),
            seed: 1,
            warm_up_ms: 600_000,
            patience_ms: 600_000,
            double_ms: 240_000,
            calm_ms: 600_000,
        }
    }
}

/// What the conductor tells while it works.
pub enum Happening<'a> {
    /// The detectors are learning what is usual.
    WarmUp {
        /// Done, in milliseconds of network time.
        done_ms: u64,
        /// Of so much.
        of_ms: u64,
    },
    /// A fault begins.
    Fault(&'a GroundTruth),
    /// A double begins.
    Double(&'a GroundTruthDouble),
    /// A fault that this network cannot have was left out.
    Skipped(FaultKind),
    /// The swarm wrote something.
    Record(&'a Record),
    /// One interval of network time is over.
    Tick(NetTime),
    /// A slot was judged.
    Judged(&'a SlotResult),
    /// The field crew removed what was left of the fault.
    Repaired(&'a str),
}

/// Why a campaign stopped.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The bus refused a message.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A campaign on a sandbox whose swarm is running.
pub struct Campaign {
    sandbox: Sandbox,
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    config: CampaignConfig,
    approver: Option<Approver>,
    open: BTreeSet<IncidentId>,
    temporary: BTreeSet<PlanId>,
    plans: BTreeMap<RunId, PlanId>,
    standing: BTreeSet<RunId>,
    records: Vec<Record>,
}

/// A person who is asked about plans, while the network's time stands still. None is no answer: time goes on, and the
/// request ends when its own time is over.
pub type Approver = Box<dyn FnMut(&Plan) -> Option<Approval>>;

type Listener<'l> = &'l mut dyn FnMut(Happening<'_>) -> ControlFlow<()>;

impl Campaign {
    /// A campaign over a sandbox and the journal of its swarm.
    pub fn new(
        sandbox: Sandbox,
        bus: Arc<dyn Bus>,
        journal: Arc<Journal>,
        config: CampaignConfig,
    ) -> Self {
        journal.watch();
        Self {
            sandbox,
            bus,
            journal,
            config,
            approver: None,
            open: BTreeSet::new(),
            temporary: BTreeSet::new(),
            plans: BTreeMap::new(),
            standing: BTreeSet::new(),
            records: vec![],
        }
    }

    /// Asks this person where a plan needs approval.
    #[must_use]
    pub fn with_approver(mut self, approver: Approver) -> Self {
        self.approver = Some(approver);
        self
    }

    /// The network's time.
    pub fn now(&self) -> NetTime {
        self.sandbox.now()
    }

    /// Runs to the end, or until the listener breaks it off. Gives what was judged so far.
    pub async fn run(
        &mut self,
        listen: Listener<'_>,
    ) -> Result<(Vec<SlotResult>, Summary), CampaignError> {
        let mut results = vec![];
        let mut summary = Summary::default();
        self.sandbox.announce(&*self.bus).await?;
        if self.warm_up(listen).await?.is_break() {
            return Ok((results, summary));
        }
        let mut schedule = Schedule::new(&self.config.kinds, self.config.seed);
        let mut skipped = 0;
        // A network that can have none of the kinds must not keep the campaign going for ever.
        while summary.faults < self.config.faults && skipped < 2 * self.config.kinds.len() {
            let double_next = summary.faults > 0
                && summary.faults % 2 == 0
                && summary.doubles < summary.faults / 2;
            let slot = if double_next {
                schedule.double()
            } else {
                schedule.fault()
            };
            let Some(slot) = slot else { break };
            let (result, flow) = self.slot(slot, results.len() + 1, listen).await?;
            skipped = if result.is_some() { 0 } else { skipped + 1 };
            if let Some(result) = result {
                summary.add(&result);
                results.push(result);
            }
            if flow.is_break() {
                break;
            }
        }
        self.last_double(&mut schedule, &mut results, &mut summary, listen)
            .await?;
        Ok((results, summary))
    }

    /// An even number of faults ends with the double that is due.
    async fn last_double(
        &mut self,
        schedule: &mut Schedule,
        results: &mut Vec<SlotResult>,
        summary: &mut Summary,
        listen: Listener<'_>,
    ) -> Result<(), CampaignError> {
        let due = summary.faults == self.config.faults && summary.doubles < summary.faults / 2;
        let Some(slot) = schedule.double().filter(|_| due) else {
            return Ok(());
        };
        let (result, _) = self.slot(slot, results.len() + 1, listen).await?;
        if let Some(result) = result {
            summary.add(&result);
            results.push(result);
        }
        Ok(())
    }

    async fn warm_up(&mut self, listen: Listener<'_>) -> Result<ControlFlow<()>, CampaignError> {
        let start = self.sandbox.now();
        loop {
            let done_ms = self.sandbox.now().since(start);
            let of_ms = self.config.warm_up_ms;
            if listen(Happening::WarmUp { done_ms, of_ms }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if done_ms >= of_ms {
                return Ok(ControlFlow::Continue(()));
            }
            if self.step(listen).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    async fn slot(
        &mut self,
        slot: Slot,
        number: usize,
        listen: Listener<'_>,
    ) -> Result<(Option<SlotResult>, ControlFlow<()>), CampaignError> {
        let injected = match slot {
            Slot::Fault(kind) => self
                .sandbox
                .inject(kind)
                .map(Injected::Fault)
                .map_err(|_| kind),
            Slot::Double(kind) => self
                .sandbox
                .inject_double(kind)
                .map(Injected::Double)
                .map_err(|_| kind),
        };
        let injected = match injected {
            Ok(injected) => injected,
            Err(kind) => return Ok((None, listen(Happening::Skipped(kind)))),
        };
        let told = match &injected {
            Injected::Fault(truth) => listen(Happening::Fault(truth)),
            Injected::Double(double) => listen(Happening::Double(double)),
        };
        if told.is_break() {
            return Ok((None, told));
        }
        self.records.clear();
        self.sandbox.driver().drain_applied();
        if self.watch(&injected, listen).await?.is_break() {
            return Ok((None, ControlFlow::Break(())));
        }
        let applied = self.sandbox.driver().drain_applied();
        let result = judge(
            number,
            &injected,
            &self.records,
            &applied,
            &self.sandbox.snapshot(),
        );
        let mut flow = listen(Happening::Judged(&result));
        if flow.is_continue() {
            flow = self.calm_down(&injected, listen).await?;
        }
        Ok((Some(result), flow))
    }

    /// Lets the swarm work until it is done with the fault, or its time is over.
    async fn watch(
        &mut self,
        injected: &Injected,
        listen: Listener<'_>,
    ) -> Result<ControlFlow<()>, CampaignError> {
        let begun = injected.at();
        let mut handled_since: Option<NetTime> = None;
        loop {
            if self.step(listen).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let now = self.sandbox.now();
            let over = match injected {
                Injected::Double(double) => {
                    now.since(begun) >= self.config.double_ms && now >= double.until
                }
                Injected::Fault(_) => {
                    let seen = self.records.iter().any(|r| matches!(r.body, Body::IncidentClosed { ending } if ending != Ending::Merged));
                    if seen && self.open.is_empty() {
                        handled_since.get_or_insert(now);
                    } else {
                        handled_since = None;
                    }
                    // A while longer, so that a remedy that only seems to help is found out.
                    handled_since.is_some_and(|since| now.since(since) >= 30_000)
                        || now.since(begun) >= self.config.patience_ms
                }
            };
            if over {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    /// The field crew repairs what is left, standing remedies are taken back, everything becomes usual again.
    async fn calm_down(
        &mut self,
        injected: &Injected,
        listen: Listener<'_>,
    ) -> Result<ControlFlow<()>, CampaignError> {
        if let Injected::Fault(truth) = injected
            && self.sandbox.repair(&truth.id)
            && listen(Happening::Repaired(&truth.id)).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        let begun = self.sandbox.now();
        let mut calm_for = 0;
        while self.sandbox.now().since(begun) < self.config.calm_ms && calm_for < 6 {
            if self.step(listen).await?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let calm = self.open.is_empty()
                && self.standing.is_empty()
                && true_violations(&self.sandbox.snapshot()).is_empty();
            calm_for = if calm { calm_for + 1 } else { 0 };
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn step(&mut self, listen: Listener<'_>) -> Result<ControlFlow<()>, CampaignError> {
        let now = self.sandbox.step(&*self.bus).await?;
        self.bus.settle().await;
        self.journal.flush()?;
        loop {
            let asked = match self.take_records(listen) {
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
                ControlFlow::Continue(asked) => asked,
            };
            if !self.ask_person(asked).await? {
                return Ok(listen(Happening::Tick(now)));
            }
        }
    }

    /// Takes what was written, and gives the plans that wait for a person.
    fn take_records(&mut self, listen: Listener<'_>) -> ControlFlow<(), Vec<Plan>> {
        let mut asked = vec![];
        for record in self.journal.take_new() {
            self.note(&record);
            if let Body::Decided {
                plan,
                ruling: Ruling::Ask,
                ..
            } = &record.body
            {
                asked.push((**plan).clone());
            }
            listen(Happening::Record(&record))?;
            self.records.push(record);
        }
        ControlFlow::Continue(asked)
    }

    /// Says whether anything was answered, so that more may have been written.
    async fn ask_person(&mut self, asked: Vec<Plan>) -> Result<bool, CampaignError> {
        let Some(approver) = &mut self.approver else {
            return Ok(false);
        };
        let answers: Vec<(Domain, Approval)> = asked
            .iter()
            .filter_map(|plan| Some((plan.domain, approver(plan)?)))
            .collect();
        for (domain, answer) in &answers {
            self.answer(*domain, answer).await?;
        }
        Ok(!answers.is_empty())
    }

    fn note(&mut self, record: &Record) {
        match (&record.body, &record.incident) {
            (Body::IncidentOpened { .. }, Some(incident)) => {
                self.open.insert(incident.clone());
            }
            (Body::IncidentClosed { .. }, Some(incident)) => {
                self.open.remove(incident);
            }
            (Body::Decided { plan, .. }, _) if plan.temporary => {
                self.temporary.insert(plan.id.clone());
            }
            (Body::StepStarted { run, plan, .. }, _) => {
                self.plans.insert(run.clone(), plan.clone());
            }
            (Body::StepDone { run, .. }, _)
                if self
                    .plans
                    .get(run)
                    .is_some_and(|p| self.temporary.contains(p)) =>
            {
                self.standing.insert(run.clone());
            }
            (Body::UndoDone { run, .. } | Body::UndoFailed { run, .. }, _) => {
                self.standing.remove(run);
            }
            _ => {}
        }
    }

    /// Answers a request for approval in the name of a person.
    async fn answer(&self, domain: Domain, approval: &Approval) -> Result<(), CampaignError> {
        let payload = serde_json::to_vec(approval).unwrap_or_default();
        let subject = wire::subject(domain, "plan", "approval");
        self.bus
            .publish("operator", &subject, self.sandbox.now(), payload)
            .await?;
        self.bus.settle().await;
        Ok(())
    }
}
