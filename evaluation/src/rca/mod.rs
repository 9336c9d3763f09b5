//! How good is root-cause ranking on public cases, by the reference figures, beside published methods?
//!
//! In: a folder of recorded cases with known faults. Out: answers of the product's one ranker, their score per set and per
//! fault kind, and every miss explained. Nothing of a case's truth reaches the ranker, and nothing of its set's name.

mod apart;
mod method;
mod peers;
mod read;
mod replay;
mod report;
mod score;
mod stats;
mod stopwatch;
#[cfg(test)]
mod tests;
mod words;

pub use apart::{Arrow, EdgeScore, NONE, Verdict, Verdicts, edges, verdict};
pub use peers::{PEERS, Peer, PeerFigures};
pub use read::{RcaError, edge_list};
pub use replay::{
    Alarms, Answers, IncidentResult, Incidents, Macro, Miss, Replay, SetResult, answer, judge,
    read_answers,
};
pub use report::page;
pub use score::{Prediction, Score, Truth, score};
pub use words::{because, why_missed};
