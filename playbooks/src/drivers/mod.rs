//! How is a real network changed, and who says so?
//!
//! An operator's file says which driver does which verb and where ([`check()`]). For one action that gives a [`Script`]:
//! everything that will be read and sent, as data, which a dry run prints. Only [`Hands`] can carry it out; [`OwnNetwork`]
//! reads, acts, reads back, and [`Gate`] remembers every key on disk before the network is touched, so that nothing is done
//! twice and no older term does anything. No program is started through a shell.

mod ansible;
mod call;
mod check;
mod cluster;
mod compile;
mod custom;
mod gate;
mod hands;
mod kubernetes;
mod memory;
pub mod network;
mod own;
mod pattern;
mod process;
mod reach;
pub mod sandbox;
mod schema;
pub mod script;
pub mod secret;
mod take;
mod template;
mod web;

pub use check::{Finding, check};
pub use compile::{Drivers, Refusal};
pub use gate::Gate;
pub use hands::Hands;
pub use memory::{Memory, MemoryError};
pub use own::OwnNetwork;
pub use script::Script;
