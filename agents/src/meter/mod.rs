//! How is the swarm doing, in numbers? Counts what is written down, and shows it as `OpenMetrics`.
//!
//! `names` is the one table of what is shown; `instruments` holds the numbers; [`Meter`] turns records and readings into
//! them; `classic` rewrites the page for scrapers that do not know `OpenMetrics`; `shell` answers over HTTP.

mod classic;
mod engine;
mod instruments;
mod names;
mod readings;
pub mod shell;
mod watched;
pub(crate) mod words;

pub use classic::classic;
pub use engine::Meter;
pub use instruments::SERIES_MAX;
pub use names::{Kind, Name};
pub use readings::{Readings, Source};
