//! Practice: what the swarm lives through before it is measured, so that learning has something to be worth.
//!
//! In: how many scenarios. Out: the cases that their journals teach. The scenarios are generated from seeds of their own, so
//! none of them is in any suite; they are kept in the folder with their journals. A swarm without learning forgets them.

use super::learn::{LearnError, lessons, play_all};
use super::policy::Policy;
use super::run::{Progress, RunConfig};
use super::stage::Set;
use crate::sandbox::network::BUILT_IN;
use crate::scenario::{GenerateConfig, GenerateError, Scenario, Shape, generate};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use zizhi_knowledge::Case;

/// The first seed; far from those that people choose.
const FIRST_SEED: u64 = 7_000_001;

/// Why there was no practice.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// A scenario could not be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A scenario could not be played, or not be learnt from.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

/// Lets the whole swarm, without experience, play `count` scenarios; gives what they teach.
pub fn practise(
    count: u32,
    folder: &Path,
    jobs: usize,
    set: &Set,
    stop: &AtomicBool,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<Case>, PracticeError> {
    if count == 0 {
        return Ok(vec![]);
    }
    let config = RunConfig {
        scenarios: scenarios(count, jobs)?,
        policies: vec![Policy::Whole],
        first_repeat: 0,
        repeats: 1,
        doubles: false,
        jobs,
        folder: folder.join("practice"),
    };
    let played = play_all(&config, set, stop, tell)?;
    Ok(lessons(
        &config.folder.join("journals"),
        "practice",
        &played,
    )?)
}

/// Networks in turn, and a shape for each round of them.
fn scenarios(count: u32, jobs: usize) -> Result<Vec<Scenario>, GenerateError> {
    let configs: Vec<GenerateConfig> = (0..u64::from(count))
        .map(|n| GenerateConfig {
            network: BUILT_IN[n as usize % BUILT_IN.len()].0.to_owned(),
            shape: Shape::ALL[n as usize / BUILT_IN.len() % Shape::ALL.len()],
            seed: FIRST_SEED + n,
            fault: None,
        })
        .collect();
    let share = configs.len().div_ceil(jobs.max(1));
    std::thread::scope(|scope| {
        let makers: Vec<_> = configs
            .chunks(share)
            .map(|part| {
                scope.spawn(move || part.iter().map(generate).collect::<Result<Vec<_>, _>>())
            })
            .collect();
        let mut made = vec![];
        for maker in makers {
            // A panic of a maker is a defect, and goes on as one.
            made.extend(
                maker
                    .join()
                    .unwrap_or_else(|e| std::panic::resume_unwind(e))?,
            );
        }
        Ok(made)
    })
}
