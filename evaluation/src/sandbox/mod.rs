//! The sandbox: a seeded simulation of a computing power network, in process and far faster than real time.
//!
//! In: a network, a seed, faults. Out: telemetry as bus payloads only, at the network's own clock; changes come in
//! through its [`driver::SandboxDriver`] only. It simulates requests and packets with noise and hidden state; it
//! shares no physics with the twin. What is truly wrong is known to [`truth`] and to nobody on the bus.

mod actions;
mod cells;
mod choose;
mod clockwork;
mod doubles;
pub mod driver;
mod explicit;
mod faults;
mod growth;
mod instances;
mod layout;
mod lies;
mod links;
pub mod network;
pub mod params;
mod readings;
mod replicas;
mod requests;
mod routing;
mod run;
mod scene;
mod state;
mod steering;
mod telemetry;
mod topology_file;
mod traffic;
pub mod truth;
mod world;

pub use doubles::GroundTruthDouble;
pub use driver::{AppliedAction, SandboxDriver};
pub use faults::{GroundTruth, NoTarget};
pub use run::Sandbox;
pub use scene::{DecoySpec, FaultSpec, Lie, LieSpec, SceneError};
pub use world::World;

/// The longest time that one simulated network is run for, in seconds of its time. Our choice: two days.
pub const SCENE_LIMIT_S: u64 = 2 * 24 * 3600;
