//! The threshold baseline on the sandbox: what it fixes, what it is fooled by, and that a seed decides everything.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use zizhi_bus::{Bus, EmbeddedBus, Journal};
use zizhi_evaluation::baseline::{Baseline, Rules};
use zizhi_evaluation::sandbox::{Sandbox, network};
use zizhi_types::action::Verb;
use zizhi_types::record::Ending;
use zizhi_types::{Body, FaultKind, NetTime, Record, RecordId};

const START: NetTime = NetTime::from_secs(8 * 3600);

struct Bench {
    sandbox: Sandbox,
    bus: Arc<dyn Bus>,
    journal: Arc<Journal>,
    baseline: Baseline,
    records: Vec<Record>,
}

impl Bench {
    /// A baseline that has watched a calm network for two minutes.
    async fn new(seed: u64, journal: Journal) -> Self {
        let sandbox = Sandbox::new(&network::load("abilene").unwrap(), seed, START);
        let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::start(4096));
        let journal = Arc::new(journal);
        journal.watch();
        let (hears, writes) = (Arc::clone(&bus), Arc::clone(&journal));
        let rules = Rules::builtin().unwrap();
        let baseline = Baseline::start(hears, writes, sandbox.driver(), rules, START).await;
        sandbox.announce(&*bus).await.unwrap();
        let mut bench = Self {
            sandbox,
            bus,
            journal,
            baseline,
            records: vec![],
        };
        bench.steps(12).await;
        assert_eq!(bench.opened(), 0, "a calm network raises no alert");
        bench
    }

    async fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.sandbox.step(&*self.bus).await.unwrap();
            self.bus.settle().await;
            self.records.extend(self.journal.take_new());
        }
    }

    fn opened(&self) -> usize {
        let opened = |r: &&Record| matches!(r.body, Body::IncidentOpened { .. });
        self.records.iter().filter(opened).count()
    }

    fn endings(&self) -> Vec<Ending> {
        let ending = |r: &Record| match r.body {
            Body::IncidentClosed { ending } => Some(ending),
            _ => None,
        };
        self.records.iter().filter_map(ending).collect()
    }
}

#[tokio::test]
async fn a_link_that_is_down_is_reset_once_and_the_cleared_alert_closes_it() {
    let mut bench = Bench::new(1, Journal::in_memory()).await;
    let truth = bench.sandbox.inject(FaultKind::LinkDown).unwrap();
    bench.steps(20).await;
    assert_eq!(bench.endings(), [Ending::Fixed], "{:#?}", bench.records);
    let applied = bench.sandbox.driver().drain_applied();
    let [reset] = &applied[..] else {
        panic!("one action was enough: {applied:?}")
    };
    assert_eq!(reset.action.verb, Verb::LinkReset);
    assert_eq!(reset.action.object, truth.object);
    let done = |f: &zizhi_evaluation::sandbox::GroundTruth| f.cleared_at.is_some();
    assert!(bench.sandbox.ground_truth().iter().all(done));
    let step = |r: &&Record| matches!(r.body, Body::StepStarted { .. });
    let step = bench.records.iter().find(step).unwrap();
    let raw = evidence(&bench.records, step);
    assert!(raw.contains("oper_up"), "{raw}");
}

/// The raw message that a record rests on.
fn evidence(records: &[Record], from: &Record) -> String {
    let by_id: BTreeMap<&RecordId, &Record> = records.iter().map(|r| (&r.id, r)).collect();
    let mut record = from;
    loop {
        if let Body::Raw { payload, .. } = &record.body {
            return payload.clone();
        }
        record = by_id[record.causes.first().expect("every record names its cause")];
    }
}

#[tokio::test]
async fn a_burst_of_traffic_that_looks_like_a_cut_rate_raises_no_alert() {
    let mut bench = Bench::new(1, Journal::in_memory()).await;
    bench.sandbox.inject_double(FaultKind::LinkRateCut).unwrap();
    bench.steps(30).await;
    // The burst is over before three samples in a row are above the limit, and the rate is what was built.
    assert_eq!(bench.opened(), 0, "{:#?}", bench.records);
    assert!(bench.sandbox.driver().drain_applied().is_empty());
}

#[tokio::test]
async fn a_router_that_only_says_nothing_is_restarted_all_the_same() {
    let mut bench = Bench::new(1, Journal::in_memory()).await;
    bench.sandbox.inject_double(FaultKind::RouterCrash).unwrap();
    bench.steps(30).await;
    let applied = bench.sandbox.driver().drain_applied();
    assert!(
        applied.iter().any(|a| a.action.verb == Verb::RouterRestart),
        "silence is all that a threshold sees: {applied:?}"
    );
}

#[tokio::test]
async fn announced_work_is_left_alone() {
    let mut bench = Bench::new(1, Journal::in_memory()).await;
    let double = bench.sandbox.inject_double(FaultKind::LinkDown).unwrap();
    assert!(double.announced);
    bench.steps(60).await;
    assert_eq!(bench.opened(), 0, "{:#?}", bench.records);
    assert!(bench.sandbox.driver().drain_applied().is_empty());
}

async fn story(seed: u64, path: &Path) -> Vec<u8> {
    let mut bench = Bench::new(seed, Journal::create(path).unwrap()).await;
    for kind in [FaultKind::LinkLossy, FaultKind::InstanceCrash] {
        bench.sandbox.inject(kind).unwrap();
        bench.steps(15).await;
    }
    assert!(bench.opened() >= 2);
    let now = bench.sandbox.now();
    bench
        .baseline
        .drain(now, "the story is over")
        .await
        .unwrap();
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn equal_seeds_give_byte_equal_journals_that_are_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let first = story(3, &path("first")).await;
    assert!(first == story(3, &path("second")).await);
    assert!(first != story(4, &path("third")).await);
    let audit = zizhi_bus::journal::audit(&path("first")).unwrap();
    assert_eq!(audit.damage, None);
}
