//! Which messages of a source never came?
//!
//! In: the source and number of each message as it arrives. Out: whether it came in order, late, twice or after a gap, and
//! counts of these per source. Core NATS drops silently at a slow subscriber, so only numbers tell what was lost.
//!
//! Pure: no I/O, no clock; memory bounded by the number of sources that it was told to remember.

mod sequence;

pub use sequence::{Counts, EPOCH_MAX, Seen, Sequence, epoch_of, number};
