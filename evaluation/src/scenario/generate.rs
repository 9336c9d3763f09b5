//! Makes scenarios without end: from a network, a shape and a seed, each checked by simulation before it is given out.
//!
//! In: [`GenerateConfig`]. Out: a [`Scenario`] that is what it claims (see [`super::claims`]), or a [`GenerateError`].
//! Equal configurations give equal scenarios. Whether the swarm solves them plays no part.

use super::claims::{check_warm, full_s};
use super::draw::{Draft, Draw};
use super::rehearse::{Broken, warm};
use super::words;
use super::{Budget, DecoySpec, Objectives, SCHEMA, Scenario, Shape};
use crate::sandbox::{World, network};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use zizhi_types::FaultKind;

/// Draws that are tried before it is said that there is none.
const TRIES: u64 = 40;
/// Seconds of ordinary life before anything happens.
const WARM_UP_S: u64 = 600;
/// Seconds in which a fault should be found once it has grown, and in which users should be helped, with one fault and with
/// several; and how much longer is watched. Our choice: three detection windows, ten minutes, a quarter of an hour.
const DETECT_S: u64 = 120;
const RESTORE_S: u64 = 600;
const RESTORE_MANY_S: u64 = 900;
const AFTER_S: u64 = 300;
/// Changes of the network that one fault may cost, those taken back included. Our choice.
const ACTIONS_PER_FAULT: u32 = 4;

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateConfig {
    /// A built-in network's name, or a file.
    pub network: String,
    /// What makes it hard.
    pub shape: Shape,
    /// Of everything that is drawn, and of the scenario's noise.
    pub seed: u64,
    /// What the first fault is, where the shape has such ones; `None`: drawn.
    pub fault: Option<FaultKind>,
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The network cannot be read.
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    /// The network is not healthy, or nothing that was drawn was what its shape claims.
    #[error(
        "no {shape} scenario of network `{network}` from seed {seed} in {tries} draws (the last: {last}): \
         take another seed, shape or network"
    )]
    NoneFound {
        /// Which network.
        network: String,
        /// Which shape.
        shape: &'static str,
        /// Which seed.
        seed: u64,
        /// How many were drawn.
        tries: u64,
        /// What was wrong with the last.
        last: String,
    },
}

/// Makes one scenario.
pub fn generate(config: &GenerateConfig) -> Result<Scenario, GenerateError> {
    let network = network::load(&config.network)?;
    let (world, before) = warm(&network, config.seed, WARM_UP_S);
    let mut last = "nothing was drawn".to_owned();
    for attempt in 0..TRIES {
        match attempt_one(config, &world, &before, attempt) {
            Ok(scenario) => return Ok(scenario),
            Err(why) => last = why,
        }
    }
    Err(GenerateError::NoneFound {
        network: config.network.clone(),
        shape: config.shape.as_str(),
        seed: config.seed,
        tries: TRIES,
        last,
    })
}

fn attempt_one(
    config: &GenerateConfig,
    warm: &World,
    before: &Broken,
    attempt: u64,
) -> Result<Scenario, String> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    rng.set_stream(1 + 64 * (config.shape as u64) + attempt);
    let mut draw = Draw {
        warm,
        rng,
        wanted: config.fault,
    };
    let draft = draw
        .draft(config.shape)
        .ok_or_else(|| "the network has no place for it".to_owned())?;
    let mut scenario = framed(config, warm, draft);
    let claims = check_warm(&scenario, warm, before).map_err(|e| e.to_string())?;
    words::tell(&mut scenario, warm.network(), claims.users_hurt);
    match scenario.problems().into_iter().next() {
        None => Ok(scenario),
        Some(problem) => Err(problem),
    }
}

/// The draft with everything around it but its words.
fn framed(config: &GenerateConfig, warm: &World, draft: Draft) -> Scenario {
    let kinds: Vec<&str> = draft.faults.iter().map(|f| f.kind.as_str()).collect();
    let name = format!(
        "{}-{}-{}-{}",
        warm.network().name,
        config.shape.as_str(),
        kinds.join("-"),
        config.seed
    );
    let mut double: Vec<DecoySpec> = vec![];
    for fault in &draft.faults {
        if double.iter().all(|d| d.kind != fault.kind) {
            double.push(DecoySpec {
                kind: fault.kind,
                at_s: fault.at_s,
            });
        }
    }
    let mut scenario = Scenario {
        schema: SCHEMA.to_owned(),
        name,
        title: words::nothing(),
        description: words::nothing(),
        network: config.network.clone(),
        seed: config.seed,
        shape: config.shape,
        warm_up_s: WARM_UP_S,
        faults: draft.faults,
        lies: draft.lies,
        decoys: draft.decoys,
        double,
        objectives: Objectives {
            detect_s: DETECT_S,
            restore_s: RESTORE_S,
        },
        budget: Budget {
            actions: 0,
            watch_s: 0,
        },
    };
    set_bounds(&mut scenario);
    scenario
}

fn set_bounds(scenario: &mut Scenario) {
    let many = scenario.faults.len() > 1;
    let last_s = scenario.last_fault_s();
    let grows_s = full_s(scenario) - last_s;
    let restore_s = grows_s + if many { RESTORE_MANY_S } else { RESTORE_S };
    scenario.objectives = Objectives {
        detect_s: grows_s + DETECT_S,
        restore_s,
    };
    scenario.budget = Budget {
        actions: ACTIONS_PER_FAULT * scenario.faults.len() as u32,
        watch_s: last_s + restore_s + AFTER_S,
    };
}
