//! How do messages travel and last?
//!
//! Two ports, [`Bus`] and [`journal`], and the embedded implementation of the first. Everything that crosses
//! from one domain to another crosses here as bytes under a subject.

pub mod bus;

pub use bus::{Bus, BusError, BusStats, Delivery, Message, Subscription};
