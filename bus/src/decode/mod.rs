//! What does a message of somebody else's format say?
//!
//! In: bytes as a sender sent them, with what the transport knows about them ([`Raw`]). Out: neutral [`Item`]s, and a
//! [`Reject`] with the reason for every part that means nothing ([`Decoded`]). Which object and which quantity an item is
//! about is not decided here but by the tables of [`crate::mapping`].
//!
//! Pure: no I/O, no clock, no panic on any input, memory bounded by [`Limits`].

pub mod otlp;
pub mod remote_write;

pub(crate) mod bounds;
pub(crate) mod fields;
mod format;
mod item;

pub use format::{Format, UnknownFormat};
pub use item::{
    AlarmItem, AlarmState, Decoded, EventItem, Item, Kind, Limits, Point, Raw, Reject, Value,
};
