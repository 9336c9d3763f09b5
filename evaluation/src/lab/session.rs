//! One fault on the running lab, from the healthy network to the swarm's last word.
//!
//! In: a [`Lab`] whose swarm is running, and a kind of fault. Out: what was seen, as it happens, and a [`Report`]. Called by
//! `zizhi lab run`. The ground truth stays here: the swarm sees only what the routers, hosts and services say.

use super::error::LabError;
use super::evidence::Statement;
use super::fault::GroundTruth;
use super::{Lab, ROUND_MS, clock};
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::Duration;
use zizhi_bus::{Bus, Journal, JournalError};
use zizhi_types::record::Ending;
use zizhi_types::{Body, FaultKind, Incident, ManagedObject, NetTime, Record, incident};

/// How long the parts of a session may take, in milliseconds of real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionConfig {
    /// Before the fault: what is usual has to be learnt. 45 rounds are twice what a detector needs.
    pub warm_up_ms: u64,
    /// For the swarm.
    pub patience_ms: u64,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            warm_up_ms: 45_000,
            patience_ms: 240_000,
        }
    }
}

/// What happens in a session.
pub enum Event<'a> {
    /// What is usual is being learnt.
    WarmUp {
        /// Done, in milliseconds.
        done_ms: u64,
        /// Of so much.
        of_ms: u64,
    },
    /// The fault was injected.
    Injected(&'a GroundTruth),
    /// The swarm wrote something.
    Record(&'a Record),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was truly wrong.
    pub fault: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// The incident that the swarm led.
    pub incident: Option<Incident>,
    /// It named the object and the kind first.
    pub cause_right: bool,
    /// It verified a remedy.
    pub fixed: bool,
    /// Seconds from the fault to the incident.
    pub detect_s: Option<f64>,
    /// Seconds from the fault to the verified remedy.
    pub repair_s: Option<f64>,
    /// The network's own words about the object, after all was done.
    pub evidence: Vec<Statement>,
}

/// Why a session ended early.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The lab failed.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Plays one fault. `listen` may break it off; then the report tells how far it came.
pub async fn play(
    lab: &Lab,
    bus: &dyn Bus,
    journal: &Journal,
    kind: FaultKind,
    config: SessionConfig,
    listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Option<Report>, SessionError> {
    journal.watch();
    lab.publish_inventory(bus).await?;
    let begun = clock::now();
    let mut records = vec![];
    loop {
        let done_ms = clock::now().since(begun);
        if listen(Event::WarmUp {
            done_ms,
            of_ms: config.warm_up_ms,
        })
        .is_break()
        {
            return Ok(None);
        }
        if done_ms >= config.warm_up_ms {
            break;
        }
        if round(lab, bus, journal, &mut records, listen)
            .await?
            .is_break()
        {
            return Ok(None);
        }
    }
    let truth = lab.inject(kind, None)?;
    records.retain(|r: &Record| matches!(r.body, Body::AnomalyRaised { .. }));
    if listen(Event::Injected(&truth)).is_continue() {
        while !is_over(&records) && clock::now().since(truth.at) < config.patience_ms {
            if round(lab, bus, journal, &mut records, listen)
                .await?
                .is_break()
            {
                break;
            }
        }
    }
    Ok(Some(report(lab, &truth, &records)))
}

async fn round(
    lab: &Lab,
    bus: &dyn Bus,
    journal: &Journal,
    records: &mut Vec<Record>,
    listen: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, SessionError> {
    let watch = clock::Stopwatch::start();
    lab.publish_round(bus).await?;
    bus.settle().await;
    journal.flush()?;
    for record in journal.take_new() {
        let flow = listen(Event::Record(&record));
        records.push(record);
        if flow.is_break() {
            return Ok(flow);
        }
    }
    let rest = Duration::from_millis(ROUND_MS).saturating_sub(watch.elapsed());
    tokio::time::sleep(rest).await;
    Ok(ControlFlow::Continue(()))
}

fn is_over(records: &[Record]) -> bool {
    let incidents = incident::fold(records);
    let settled = |i: &Incident| i.ending.is_some_and(|e| e != Ending::Merged);
    incidents.iter().any(settled) && incidents.iter().all(|i| i.ending.is_some())
}

fn report(lab: &Lab, truth: &GroundTruth, records: &[Record]) -> Report {
    let incidents = incident::fold(records);
    let acted = incidents
        .iter()
        .find(|i| i.acted.is_some())
        .or_else(|| incidents.first());
    let right = |i: &Incident| {
        i.cause
            .as_ref()
            .is_some_and(|(o, k, _)| *o == truth.object && *k == truth.kind)
    };
    let since = |at: NetTime| at.since(truth.at) as f64 / 1000.0;
    let fixed = acted.is_some_and(|i| i.ending == Some(Ending::Fixed));
    Report {
        fault: truth.kind,
        object: truth.object.clone(),
        cause_right: acted.is_some_and(right),
        fixed,
        detect_s: acted.map(|i| since(i.opened)),
        repair_s: acted.filter(|_| fixed).and_then(|i| i.restored).map(since),
        incident: acted.cloned(),
        evidence: lab.evidence(&truth.object),
    }
}
