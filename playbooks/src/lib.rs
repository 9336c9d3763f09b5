//! What may be done, how, and is it safe?

pub mod catalog;
mod check;
mod compile;
pub mod context;
pub mod driver;
mod duration;
pub mod expr;
mod parse;
mod paths;
pub mod playbook;
pub mod problem;
mod sample;
mod schema;
mod suggest;
mod values;

pub use catalog::{Catalog, CatalogError};
pub use context::Context;
pub use driver::{Driver, DriverError};
pub use playbook::Playbook;
pub use problem::Problem;
