//! What may be done, how, and is it safe?

pub mod context;
pub mod driver;
mod duration;
pub mod expr;
mod parse;
mod paths;
pub mod playbook;
pub mod problem;
mod schema;
mod suggest;

pub use context::Context;
pub use driver::{Driver, DriverError};
pub use playbook::Playbook;
