//! The learning curve: does experience make outcomes better, and is what was learnt before kept?
//!
//! In: a suite, rounds. The suite is halved into old tasks and new tasks. First the old ones are played round after round, then
//! the new ones, then the old ones again. After every round the swarm remembers how its remedies fared, from the journals.
//! The same rounds with the same noise are played by a swarm that remembers nothing: the difference is what learning
//! brings, and not luck with the noise. Out: one [`Round`] each.

use super::figures::{Gap, Rate, mean};
use super::policy::Policy;
use super::present::gap;
use super::result::TrialResult;
use super::run::{Progress, RunConfig, RunError, run};
use super::stage::Set;
use super::survival::{Observed, Span};
use crate::report::plot::{Axis, Lines, Series};
use crate::report::{Cell, Figure, Page, Section, Table, both, same};
use crate::scenario::Scenario;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use zizhi_agents::memory::cases_of;
use zizhi_bus::journal;
use zizhi_knowledge::Case;
use zizhi_types::topology::Bilingual;

/// Which tasks a round is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The first half, for the first time.
    Old,
    /// The second half.
    New,
    /// The first half again.
    OldAgain,
}

/// What one round came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// Counts from 1.
    pub number: u32,
    /// Which tasks.
    pub phase: Phase,
    /// Cases that the learning swarm remembered at its beginning.
    pub remembered: usize,
    /// With learning.
    pub with: RoundScores,
    /// Without.
    pub without: RoundScores,
    /// More trials solved with learning, over pairs with the same noise.
    pub success_gap: Option<Gap>,
    /// Fewer seconds in which somebody is hurt with learning.
    pub hurt_gap: Option<Gap>,
}

/// The scores of a round that learning can change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RoundScores {
    /// Trials solved.
    pub success: Rate,
    /// Faults whose first remedy is a cure.
    pub first_remedy_fits: Rate,
    /// Plans taken back.
    pub rolled_back: Rate,
    /// Seconds to restore.
    pub restore: Span,
    /// Mean seconds in which somebody is hurt.
    pub hurt_s: Option<f64>,
}

/// What a learning curve is drawn from.
pub struct LearnConfig {
    /// Halved in order: every other one is old.
    pub scenarios: Vec<Scenario>,
    /// Rounds of each phase; the old tasks come back for one.
    pub rounds: u32,
    /// Trials side by side.
    pub jobs: usize,
    /// Where everything is written.
    pub folder: PathBuf,
}

/// Why there is no learning curve.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// A round could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A journal cannot be learnt from.
    #[error(transparent)]
    Journal(#[from] zizhi_bus::JournalError),
    /// A trial could not be played.
    #[error("{trial} was not played: {reason}")]
    Failed {
        /// Which.
        trial: String,
        /// Why.
        reason: String,
    },
    /// It was stopped.
    #[error("stopped; the same command goes on from here")]
    Stopped,
}

/// Plays the rounds.
pub fn learn(
    config: &LearnConfig,
    set: &Set,
    stop: &AtomicBool,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<Round>, LearnError> {
    let half = |rest: usize| -> Vec<Scenario> {
        let own = config
            .scenarios
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 2 == rest);
        own.map(|(_, s)| s.clone()).collect()
    };
    let (old, new) = (half(0), half(1));
    let phases = [
        (Phase::Old, &old, config.rounds),
        (Phase::New, &new, config.rounds),
        (Phase::OldAgain, &old, 1),
    ];
    let mut memory: Vec<Case> = set.memory.clone();
    let mut rounds = vec![];
    for (phase, scenarios, count) in phases {
        for _ in 0..count {
            let number = rounds.len() as u32 + 1;
            let play = |policy: Policy, memory: Vec<Case>| {
                let run_config = round_config(config, scenarios, number, policy);
                let set = Set {
                    memory,
                    ..set.clone()
                };
                play_all(&run_config, &set, stop, tell)
            };
            let remembered = memory.len();
            let with = play(Policy::Whole, memory.clone())?;
            let without = play(Policy::WITHOUT_LEARNING, vec![])?;
            let journals = round_folder(&config.folder, number, Policy::Whole).join("journals");
            memory.extend(lessons(&journals, &format!("round-{number}"), &with)?);
            rounds.push(summed_up(number, phase, remembered, &with, &without));
        }
    }
    Ok(rounds)
}

fn round_folder(folder: &Path, number: u32, policy: Policy) -> PathBuf {
    folder.join(format!("round-{number}-{policy}"))
}

fn round_config(
    config: &LearnConfig,
    scenarios: &[Scenario],
    number: u32,
    policy: Policy,
) -> RunConfig {
    RunConfig {
        scenarios: scenarios.to_vec(),
        policies: vec![policy],
        // Every round has noise of its own: what is learnt must hold for other noise.
        first_repeat: number - 1,
        repeats: 1,
        doubles: false,
        jobs: config.jobs,
        folder: round_folder(&config.folder, number, policy),
    }
}

/// Plays everything, and takes a trial that cannot be played for a failure of the whole.
pub(super) fn play_all(
    config: &RunConfig,
    set: &Set,
    stop: &AtomicBool,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<TrialResult>, LearnError> {
    let mut outcome = run(config, set, stop, tell)?;
    if let Some((trial, reason)) = outcome.failed.pop() {
        return Err(LearnError::Failed { trial, reason });
    }
    if outcome.stopped {
        return Err(LearnError::Stopped);
    }
    Ok(outcome.results)
}

/// What the journals of some trials teach; `run` is what they are called in the cases.
pub(super) fn lessons(
    journals: &Path,
    run: &str,
    played: &[TrialResult],
) -> Result<Vec<Case>, LearnError> {
    let mut cases = vec![];
    for result in played {
        let entries = journal::read(&journals.join(&result.journal))?;
        let records: Vec<_> = entries.into_iter().map(|e| e.record).collect();
        cases.extend(cases_of(&records, &format!("{run}-{}", result.scenario)));
    }
    Ok(cases)
}

fn summed_up(
    number: u32,
    phase: Phase,
    remembered: usize,
    with: &[TrialResult],
    without: &[TrialResult],
) -> Round {
    let gap = |of: fn(&TrialResult) -> f64| {
        let pairs = with.iter().zip(without);
        Gap::over(&pairs.map(|(w, o)| of(w) - of(o)).collect::<Vec<_>>())
    };
    Round {
        number,
        phase,
        remembered,
        with: RoundScores::over(with),
        without: RoundScores::over(without),
        success_gap: gap(|t| f64::from(u8::from(t.success))),
        hurt_gap: gap(|t| -t.hurt_s),
    }
}

impl RoundScores {
    fn over(trials: &[TrialResult]) -> Self {
        let faults = trials.iter().flat_map(|t| &t.faults);
        let sum = |of: fn(&TrialResult) -> usize| trials.iter().map(of).sum::<usize>();
        let hurt = trials.iter().filter(|t| t.ever_hurt);
        Self {
            success: Rate::over(trials, |t| t.success),
            first_remedy_fits: Rate::over(faults, |f| f.plan_fits == Some(true)),
            rolled_back: Rate::new(sum(|t| t.actions.rolled_back), sum(|t| t.actions.plans)),
            restore: Span::over(&hurt.map(super::score::restored).collect::<Vec<Observed>>()),
            hurt_s: mean(trials.iter().map(|t| t.hurt_s)),
        }
    }
}

/// The curve as a page.
pub fn page(rounds: &[Round]) -> String {
    let curve = |name, of: fn(&RoundScores) -> Rate, with: bool| {
        let points = rounds.iter().map(|r| {
            let scores = if with { &r.with } else { &r.without };
            (
                f64::from(r.number),
                100.0 * of(scores).share.unwrap_or(f64::NAN),
            )
        });
        Series::new(name, points.collect())
    };
    let plot = |y, of: fn(&RoundScores) -> Rate| {
        Lines::new(
            Axis::new(both("round", "轮次")),
            Axis::new(y).from(0.0).to(100.0),
        )
        .series(curve(both("learning", "学习"), of, true))
        .series(curve(both("not learning", "不学习"), of, false))
    };
    let success = plot(both("trials solved, %", "用例解决率，%"), |s| {
        s.success
    });
    let fits = plot(
        both("first remedy a cure, %", "首个方案对症，%"),
        |s| s.first_remedy_fits,
    );
    let rolled = plot(both("plans rolled back, %", "方案回退率，%"), |s| {
        s.rolled_back
    });
    let mut table = Table::new(vec![
        both("Round", "轮次"),
        both("Tasks", "任务"),
        both("Cases remembered", "已记忆案例"),
        both("More solved with learning, %", "学习带来的解决率提升，%"),
        both("Seconds hurt spared", "减少用户受损秒数"),
    ]);
    for r in rounds {
        table = table.row(vec![
            Cell::number(f64::from(r.number), 0),
            Cell::text(r.phase.title()),
            Cell::number(r.remembered as f64, 0),
            Cell::figure(same(gap(r.success_gap, true))),
            Cell::figure(same(gap(r.hurt_gap, false))),
        ]);
    }
    Page::new(both("Learning curve", "学习曲线"))
        .lead(both(
            "The same tasks round after round, with new noise in every round: a swarm that remembers how its remedies fared, beside one that remembers nothing.",
            "逐轮处理相同任务，每轮噪声不同：一组智能体群记忆处置结果，另一组不作任何记忆。",
        ))
        .section(
            Section::new(both("Rounds", "各轮结果"))
                .figure(Figure::lines(both("Trials solved", "解决的用例"), &success))
                .figure(Figure::lines(both("First remedy is a cure", "首个方案对症"), &fits))
                .figure(Figure::lines(both("Plans rolled back", "方案回退"), &rolled))
                .table(table),
        )
        .render()
}

impl Phase {
    /// What people call it.
    pub fn title(self) -> Bilingual {
        match self {
            Self::Old => both("old", "旧任务"),
            Self::New => both("new", "新任务"),
            Self::OldAgain => both("old again", "旧任务复测"),
        }
    }
}
