//! Would the swarm decide the same again? Living through a recording with a fresh swarm, without a network.

mod cut;
mod decisions;
mod driver;
mod play;

pub use cut::{CutError, cut};
pub use decisions::{Decision, decisions, differences};
pub use driver::{RecordedAnswers, RecordingDriver};
pub use play::{Moment, Played, ReplayError, play};

use serde::{Deserialize, Serialize};
use zizhi_agents::SwarmConfig;
use zizhi_bus::recording::{Header, VERSION};
use zizhi_knowledge::Case;
use zizhi_playbooks::Driver;
use zizhi_types::NetTime;
use zizhi_types::action::Verb;

/// What a swarm was started with: in the header of its recording, so that a replay needs nothing else but the playbooks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Mode and agents' settings.
    pub config: SwarmConfig,
    /// What other runs had taught, oldest first.
    pub memory: Vec<Case>,
    /// Messages that wait on the bus before telemetry is dropped.
    pub bus_capacity: usize,
}

/// The header of a new recording.
pub fn header(
    network: &str,
    seed: Option<u64>,
    start: NetTime,
    driver: &dyn Driver,
    setting: &Setting,
) -> Result<Header, serde_json::Error> {
    let supported = Verb::ALL.iter().copied().filter(|v| driver.supports(*v));
    Ok(Header {
        zizhi_recording: VERSION,
        swarm: env!("CARGO_PKG_VERSION").to_owned(),
        network: network.to_owned(),
        seed,
        start,
        verbs: supported.collect(),
        setting: serde_json::to_value(setting)?,
        segment: 1,
        dropped_segments: 0,
    })
}
