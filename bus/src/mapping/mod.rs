//! Which object and which quantity is an item of somebody else's telemetry about?
//!
//! In: [`crate::decode::Item`]s and tables of rules. Out: readings, states, events and alarms ([`Mapped`]), each with
//! where it came from. The tables are data: names with stars, templates with variables, numbers. Nothing in them is ever
//! evaluated. Pure, except for [`folder`], which reads a user's packs.

pub mod folder;
pub mod identity;
mod key;
mod line;
mod mapper;
mod pack;
pub mod pattern;
mod pins;
mod rates;
mod reading;

pub use line::json;
pub use mapper::{Mapper, SHIPPED};
pub use pack::PackError;
pub use pins::Pins;
pub use rates::{RateCounts, Rates};
pub use reading::{
    AlarmReading, Becomes, Counter, EventReading, Mapped, Reading, ReadingSource, StateReading,
};
