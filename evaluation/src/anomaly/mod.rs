//! How good are the detectors on real, labelled telemetry?
//!
//! In: a folder with `manifest.csv` and one CSV a series (see [`manifest`]). Every series is replayed row by row through
//! the detector that the agents use, and through two simple ones to compare with; nobody sees a row before its time,
//! and one set of parameters serves all series. Out: [`Outcome`], figures by series, by group, and over all groups.
//! `zizhi eval anomaly` calls [`run`] and prints it; nothing here prints.
//!
//! What is held in memory: one score per row and method, and the state of the detectors; no series as a whole.

mod baselines;
mod channel;
mod error;
mod figures;
pub mod fusion;
pub mod manifest;
pub mod metrics;
mod outcome;
pub mod present;
pub mod published;
mod rates;
mod replay;
pub mod report;
mod run;
mod scores_file;
mod series;

pub use baselines::{FixedRobustZ, RandomScores};
pub use channel::{Channel, Seen};
pub use error::AnomalyError;
pub use figures::{FIGURES, Figure, Figures, Unit};
pub use manifest::{Entry, Manifest};
pub use outcome::{Compared, Outcome};
pub use rates::Rates;
pub use replay::{Cadence, Method, Replayed, RowScore, Scored, Scorer, replay};
pub use run::{Progress, Settings, run};
pub use scores_file::write as write_scores;
pub use series::{Row, SeriesReader};
