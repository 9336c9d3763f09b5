//! The real-router network: FRR routers, hosts, HTTP services and shaped links in network namespaces of one machine.
//!
//! In: a [`LabConfig`]. Out: a running [`Lab`], its telemetry on a bus, a [`driver::LabDriver`] that really changes it,
//! faults with ground truth, the routers' own words as evidence. Called by `zizhi lab`. What it makes it writes down
//! before, and removes after, also after a crash; it never touches what it has not made.

pub mod command;
pub mod error;
pub mod frr;
pub mod gateway;
pub mod http;
pub mod inside;
pub mod namespace;
pub mod plan;
pub mod process;
pub mod recent;
pub mod rig;
pub mod rootless;
pub mod service;
pub mod state;
pub mod steering;
pub mod up;
pub mod vty;
pub mod worker;

pub use error::LabError;
pub use plan::Plan;
pub use rig::LabConfig;
pub use state::LabId;
