//! How autonomous was it, by what really happened?
//!
//! In: the records of journals, an instrument (weights, thresholds, classes), optionally a list of incidents in which
//! there was no fault. Out: per closed incident and task who did it, with the ids of the records that prove it, and from
//! that an autonomy level after 3GPP TS 28.100 and TM Forum IG1252. Nobody is asked anything. Called by `zizhi score`.
//! Everything here is pure: files are read and written by the caller.
//!
//! The order of reading: [`lattice`] and [`flow`] (tasks, categories, cells), [`rules`] (which records make which task whose),
//! [`signs`] (what each rule looks for), [`observe`] (records to rows), [`score`] (rows to a level).

pub mod case;
pub mod ceiling;
pub mod flow;
pub mod holds;
pub mod indicators;
pub mod instrument;
pub mod lattice;
pub mod methods;
pub mod observe;
pub mod outcome;
pub mod reason;
pub mod report;
pub mod row;
pub mod rules;
pub mod score;
pub mod signs;
#[cfg(test)]
mod story;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod truth;
pub mod wording;

pub use case::{Case, JournalRecords, LeftOut};
pub use flow::Flow;
pub use indicators::{Indicators, indicators};
pub use instrument::{Instrument, InstrumentError, SubScenarios};
pub use lattice::{Actor, Category, Cell, Task};
pub use methods::{Levels, Methods};
pub use observe::observe;
pub use outcome::{Scope, Score};
pub use row::{Row, RowError};
pub use score::score;

/// Something that a person reads, in English and Chinese.
pub type Words = [&'static str; 2];

/// The wanted one of two texts.
pub fn say(words: Words, lang: zizhi_types::text::Language) -> &'static str {
    match lang {
        zizhi_types::text::Language::En => words[0],
        zizhi_types::text::Language::Zh => words[1],
    }
}
