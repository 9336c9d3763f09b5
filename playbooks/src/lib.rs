//! What may be done, how, and is it safe?

pub mod driver;

pub use driver::{Driver, DriverError};
