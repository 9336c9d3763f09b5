//! Is this value normal, what caused this trouble, and which remedy worked before?
//!
//! In: one sample after the other of one series; the evidence of an incident; the outcomes of past remedies. Out:
//! assessments and rankings.
//! The agents call it; it calls nobody. It never reads a clock, draws a number, looks ahead or does I/O.
//!
//! ```
//! use zizhi_models::{Detector, DetectorConfig};
//! use zizhi_types::{metric::Metric, time::NetTime};
//!
//! let mut detector = Detector::new(DetectorConfig::default());
//! let seen = detector.observe(Metric::PortOperUp, 0.0, NetTime::from_secs(10), None);
//! assert!(seen.anomalous);
//! ```

pub mod detector;
pub mod ranker;
pub mod remedy;
pub mod screen;

pub use detector::{Assessment, Detector, DetectorConfig};
pub use remedy::{Candidate, PastOutcome, Ranked, rank};
pub use screen::{Screen, ScreenConfig, ScreenCounts, Unusual};
