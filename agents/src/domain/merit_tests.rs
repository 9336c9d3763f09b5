//! A playbook's life: what it does well and badly, who lowers and who raises it, and what a kill leaves of that.

use super::command::Answer;
use super::{AgentConfig, Command, Loop, Task};
use crate::executor::{Input, Output};
use crate::recovery::recover;
use crate::testing::{drain, incident, lease, object, violation};
use crate::verifier;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use zizhi_playbooks::Catalog;
use zizhi_playbooks::autonomy::{Change, Track};
use zizhi_playbooks::policy::{Policy, PolicyFile};
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::wire::Approval;
use zizhi_types::{Body, Domain, Metric, NetTime, Plan, Record, RecordId, RunId, Who};

const DRAIN: &str = "transport.link.drain";
/// In class `core` of the policy.
const CORE: &str = "link/A-B";
/// In no class.
const EDGE: &str = "link/C-E";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Helps,
    Fails,
    Harms,
    IsRefused,
}

struct Life {
    catalog: Arc<Catalog>,
    policy: Policy,
    config: AgentConfig,
    engine: Loop,
    records: Vec<Record>,
    standing: BTreeMap<Track, Mode>,
    played: u64,
}

impl Life {
    fn new() -> Self {
        let policy = "apiVersion: zizhi/v1\nkind: Policy\nclasses: [{name: core, objects: [link/A-B], ceiling: approve}]";
        let mut config = AgentConfig::default();
        config.executor.policy = PolicyFile::parse(policy).unwrap();
        let mut life = Self {
            catalog: Arc::new(Catalog::builtin().unwrap()),
            policy: config.executor.policy.compile().unwrap(),
            engine: Loop::new(Domain::Transport, config.clone()),
            config,
            records: vec![],
            standing: BTreeMap::new(),
            played: 0,
        };
        life.start();
        life
    }

    /// Starts afresh with what the journal tells, as a killed process does.
    fn start(&mut self) {
        let fresh = Loop::new(Domain::Transport, self.config.clone());
        self.engine = fresh.with_catalog(Arc::clone(&self.catalog));
        self.standing.clear();
        let recovered = recover(Domain::Transport, &self.records);
        if !recovered.is_empty() {
            let commands = self.engine.restore(recovered);
            self.carry_out(commands);
        }
        let commands = self.engine.accept();
        self.carry_out(commands);
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Append(record) => self.records.push(*record),
                Command::Ask(task) => {
                    if let Task::Executor(Input::Stand { track, mode }) = *task {
                        self.standing.insert(track, mode);
                    }
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, answer: Answer) {
        let commands = self.engine.handle(super::Event::Answer(answer));
        self.carry_out(commands);
    }

    fn plays(&mut self, link: &str, fate: Fate) {
        self.played += 1;
        let plan = drain(self.played, &incident("inc-transport-1"), link);
        self.decides(&plan, Ruling::Proceed);
        if fate == Fate::IsRefused {
            let approval = Approval {
                fingerprint: plan.fingerprint.clone(),
                revision: None,
                granted: false,
                by: "noc".to_owned(),
                reason: String::new(),
                considered_ms: None,
            };
            let plan = Box::new(plan);
            self.tell(Answer::Executor(vec![Output::Approved { plan, approval }]));
            return;
        }
        let run = self.begins(&plan);
        let harmed = vec![violation("port/B:B-C", Metric::PortOperUp)];
        let verdict = if fate == Fate::Helps {
            Verdict::Pass
        } else {
            Verdict::Fail
        };
        self.tell(Answer::Verifier(vec![verifier::Output::Verdict {
            run,
            verdict,
            before: vec![],
            after: if fate == Fate::Harms { harmed } else { vec![] },
            reason: "it was looked at".to_owned(),
            twin_error: None,
            actions: vec![],
        }]));
    }

    fn decides(&mut self, plan: &Plan, ruling: Ruling) {
        self.tell(Answer::Executor(vec![Output::Decided {
            plan: Box::new(plan.clone()),
            mode: Mode::Auto,
            guards: vec![],
            ruling,
        }]));
    }

    fn begins(&mut self, plan: &Plan) -> RunId {
        let run = RunId::new(Domain::Transport, self.played);
        let step = &plan.steps[0];
        self.tell(Answer::Executor(vec![
            Output::Commit {
                run: run.clone(),
                plan: Box::new(plan.clone()),
                lease: lease(Domain::Transport, 1),
                before: vec![],
            },
            Output::Do {
                run: run.clone(),
                plan: Box::new(plan.clone()),
                step: step.id.clone(),
                key: format!("key-{}", self.played),
                action: step.action.clone(),
                timeout_ms: 1_000,
            },
        ]));
        run
    }

    /// A step failed, and the one before it is taken back.
    fn breaks_off(&mut self, link: &str, stopped_by_guard: bool) {
        self.played += 1;
        let plan = drain(self.played, &incident("inc-transport-1"), link);
        self.decides(&plan, Ruling::Proceed);
        let run = self.begins(&plan);
        if stopped_by_guard {
            self.decides(&plan, Ruling::Deny);
        }
        self.tell(Answer::Executor(vec![Output::Undo {
            run,
            step: "drain".to_owned(),
            key: format!("undo-{}", self.played),
            action: plan.steps[0].action.clone(),
            plan: Box::new(plan),
            timeout_ms: 1_000,
            reason: "step-failed".to_owned(),
        }]));
    }

    /// The mode under which the executor would run it on this link.
    fn mode(&self, link: &str) -> Mode {
        let link = object(link);
        let own = self.catalog.get(DRAIN).unwrap().mode;
        let standing = self.standing.iter();
        let counts = standing.filter(|(track, _)| track.has(DRAIN, [&link], &self.policy));
        let lowest = counts.map(|(_, mode)| *mode).min().unwrap_or(Mode::Auto);
        lowest.min(own).min(self.policy.ceiling([&link]))
    }

    fn changes(&self) -> Vec<(&Record, Mode, Mode)> {
        let changed = |r: &'_ Record| match &r.body {
            Body::ModeChanged { from, to, .. } => Some((*from, *to)),
            _ => None,
        };
        let all = self.records.iter();
        all.filter_map(|r| changed(r).map(|(from, to)| (r, from, to)))
            .collect()
    }

    fn proposals(&self) -> Vec<(Option<&str>, Mode, Mode)> {
        let proposed = |r: &'_ Record| matches!(r.body, Body::ModeProposed { .. });
        let all = self.records.iter().filter(|r| proposed(r));
        all.filter_map(|r| match &r.body {
            Body::ModeProposed {
                class, from, to, ..
            } => Some((class.as_deref(), *from, *to)),
            _ => None,
        })
        .collect()
    }

    /// A person sets what was proposed, and the process is started again.
    fn accepts(&mut self, number: u64, from: Mode, to: Mode) {
        let track = Track {
            playbook: DRAIN.to_owned(),
            class: None,
        };
        let change = Change {
            mode: to,
            from: Some(from),
            by: "Li Na".to_owned(),
            at: NetTime(0),
            record: RecordId::new("autonomy", number),
        };
        self.config.executor.accepted.set(track, change);
        self.start();
    }
}

#[test]
fn one_harmful_action_lowers_it_at_once_with_its_evidence() {
    let mut life = Life::new();
    for _ in 0..30 {
        life.plays(EDGE, Fate::Helps);
    }
    assert_eq!(life.mode(EDGE), Mode::Auto);
    life.plays(EDGE, Fate::Harms);
    assert_eq!(life.mode(EDGE), Mode::Approve);
    let harm = life.records.iter().rev();
    let mut harm = harm.filter(|r| matches!(r.body, Body::Verified { .. }));
    let harm = harm.next().unwrap().id.clone();
    let (record, from, to) = life.changes()[0];
    assert_eq!((from, to), (Mode::Auto, Mode::Approve));
    assert_eq!(record.causes, vec![harm.clone()]);
    assert_eq!(record.who, Who::System);
    let Body::ModeChanged { evidence, .. } = &record.body else {
        panic!("{record:?}");
    };
    assert_eq!((evidence.len(), evidence.last()), (31, Some(&harm)));
}

/// However good it was before: eight bad outcomes in a row take any playbook down a rung, whatever kind they are.
#[test]
fn outcomes_that_get_bad_lower_it_within_eight() {
    for seed in 0..20 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut life = Life::new();
        for _ in 0..dice.random_range(0..60) {
            life.plays(EDGE, Fate::Helps);
        }
        assert_eq!(life.mode(EDGE), Mode::Auto, "seed {seed}");
        let mut bad = 0;
        while life.mode(EDGE) == Mode::Auto {
            let fates = [Fate::Fails, Fate::IsRefused];
            life.plays(EDGE, fates[dice.random_range(0..2)]);
            bad += 1;
        }
        assert!((3..=8).contains(&bad), "seed {seed}: {bad}");
        assert_eq!(life.mode(EDGE), Mode::Approve, "seed {seed}: one rung");
    }
}

#[test]
fn it_gets_good_again_and_a_person_takes_the_proposal_up() {
    let mut life = Life::new();
    life.plays(EDGE, Fate::Harms);
    for n in 0..25 {
        life.plays(EDGE, Fate::Helps);
        assert_eq!(life.mode(EDGE), Mode::Approve, "after {n}: nobody accepted");
    }
    let wanted = (None, Mode::Approve, Mode::Auto);
    assert_eq!(life.proposals(), vec![wanted], "proposed once");
    life.start();
    assert_eq!(life.proposals().len(), 1, "and not again after a restart");
    life.accepts(1, Mode::Approve, Mode::Auto);
    assert_eq!(life.mode(EDGE), Mode::Auto);
    let (record, ..) = *life.changes().last().unwrap();
    assert_eq!(record.causes, vec![RecordId::new("autonomy", 1)]);
    let by = Who::Both {
        name: "Li Na".to_owned(),
    };
    assert_eq!(record.who, by);
    life.plays(EDGE, Fate::Harms);
    life.start();
    assert_eq!(life.mode(EDGE), Mode::Approve, "an old word counts once");
}

#[test]
fn a_word_from_before_the_last_demotion_is_stale() {
    let mut life = Life::new();
    life.plays(EDGE, Fate::Harms);
    life.plays(EDGE, Fate::Harms);
    assert_eq!(life.mode(EDGE), Mode::Suggest);
    life.accepts(1, Mode::Approve, Mode::Auto);
    assert_eq!(life.mode(EDGE), Mode::Suggest);
}

#[test]
fn what_it_does_badly_to_one_class_lowers_it_there_first() {
    let mut life = Life::new();
    for _ in 0..12 {
        life.plays(EDGE, Fate::Helps);
    }
    for _ in 0..3 {
        life.plays(CORE, Fate::Fails);
    }
    assert_eq!(life.mode(CORE), Mode::Suggest);
    assert_eq!(life.mode(EDGE), Mode::Auto);
}

#[test]
fn a_run_that_broke_off_counts_once_and_one_that_a_guard_stopped_does_not() {
    let mut life = Life::new();
    for _ in 0..10 {
        life.breaks_off(EDGE, true);
    }
    assert_eq!(life.mode(EDGE), Mode::Auto);
    for _ in 0..2 {
        life.breaks_off(EDGE, false);
    }
    assert_eq!(life.mode(EDGE), Mode::Auto, "two are no pattern");
    life.breaks_off(EDGE, false);
    assert_eq!(life.mode(EDGE), Mode::Approve);
}

/// Whatever happens, and wherever it is killed: the mode is what the journal up to there calls for, one rung at a time, and never
/// above the ceiling of a class.
#[test]
fn a_kill_between_any_two_records_loses_nothing() {
    for seed in 0..10 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut life = Life::new();
        for _ in 0..40 {
            let link = if dice.random_bool(0.5) { CORE } else { EDGE };
            let fate = match dice.random_range(0..10) {
                0 => Fate::Harms,
                1..4 => Fate::Fails,
                _ => Fate::Helps,
            };
            life.plays(link, fate);
            assert!(life.mode(CORE) <= Mode::Approve, "seed {seed}");
        }
        for (_, from, to) in life.changes() {
            assert_eq!(to as i32, from as i32 - 1, "seed {seed}: one rung");
        }
        for (class, _, to) in life.proposals() {
            assert!(class.is_none() || to <= Mode::Approve, "seed {seed}");
        }
        let whole = life.records.clone();
        let last = dice.random_range(0..whole.len());
        for cut in last.saturating_sub(12)..=last {
            life.records = whole[..cut].to_vec();
            life.start();
            // What the uncut life had written right after this point, the restart writes now.
            let next = whole[cut..].iter();
            let due = next.take_while(|r| {
                matches!(r.body, Body::ModeChanged { .. } | Body::ModeProposed { .. })
            });
            let due: Vec<&Body> = due.map(|r| &r.body).collect();
            let written = life.records[cut..].iter().map(|r| &r.body);
            let written: Vec<&Body> = written
                .filter(|b| !matches!(b, Body::Resumed { .. }))
                .collect();
            assert_eq!(written, due, "seed {seed}, cut at {cut}");
            let known = life.records.len();
            life.start();
            assert_eq!(
                life.records.len(),
                known + 1,
                "seed {seed}: only the restart itself"
            );
        }
    }
}

#[test]
fn a_drill_changes_no_mode() {
    let mut life = Life::new();
    life.config.executor.for_drills();
    life.start();
    for _ in 0..9 {
        life.plays(EDGE, Fate::Harms);
    }
    assert_eq!(life.mode(EDGE), Mode::Auto);
    assert!(life.changes().is_empty());
}
