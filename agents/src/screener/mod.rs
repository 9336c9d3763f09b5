//! Watch what nobody placed: is any of these numbers unusual?
//!
//! In: interned sample batches ([`zizhi_bus::batch`]) under `zizhi.v1.*.obs.samples`: telemetry in bulk, also of series that
//! no mapping places on a managed object. Out: the few unusual ones, as events under `evt.unusual` of the same domain
//! ([`UnusualEvent`]). The domain agents judge what is in the inventory and act on it; the screener judges the rest, so that
//! nothing is unseen, and nobody acts on it but a person.
//!
//! Samples never enter an actor's mailbox. They wait in a queue with a bound ([`Intake`]), which drops the oldest and counts;
//! publishers number their batches, so that what was lost anywhere on the way is counted too.

pub mod actor;
mod config;
mod engine;
mod intake;
mod messages;

pub use config::ScreenerConfig;
pub use engine::{Screened, Screener};
pub use intake::{Intake, IntakeCounts};
pub use messages::{Input, UnusualEvent};
