//! How do a million samples travel without a word of JSON for each?
//!
//! In: samples of series that a publisher has given numbers. Out: messages of up to a few hundred samples each, and the
//! samples again at the other end. Two uses of one format:
//!
//! - **interned** (subject `obs.samples`): [`Encoder`] numbers each series once and sends the number from then on;
//!   [`Decoder`] keeps, per publisher, what the numbers mean. 12 bytes a sample.
//! - **self-contained** (subject `obs.telemetry`): a message that says everything itself, so that it can be kept as evidence;
//!   see [`telemetry`].
//!
//! Version 1, all numbers little-endian, nothing aligned, nothing compressed, no checksum (the transport has one):
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `FA 5A 53 42`: a byte that no text begins with, then `ZSB` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | flags: bit 0 samples have time offsets, bit 1 self-contained; the others are 0 |
//! | 6 | 2 | samples, `s`, at most [`SAMPLES_MAX`] |
//! | 8 | 8 | epoch: grows each time that the publisher starts to number its series anew |
//! | 16 | 8 | sequence number: 1 for the first message of an epoch, then one more each; 0 only where self-contained |
//! | 24 | 8 | base time, milliseconds |
//! | 32 | 2 | dictionary entries, `d`, at most [`SAMPLES_MAX`] |
//! | 34 | 2 | length of the publisher's name, 1 to [`NAME_MAX`] |
//! | 36 | 2 | length of the source, 0 to [`TEXT_MAX`] |
//! | 38 | 2 | 0 |
//! | 40 | | publisher, source: UTF-8 |
//! | | `d` × | id (4), lengths of object, metric, unit (2 each), then the three texts: UTF-8; only the unit may be empty |
//! | | `s` × | id (4), milliseconds after the base time (4, signed, only with flag bit 0), value (8, IEEE 754) |
//!
//! A receiver that starts late or missed a message learns the numbers soon: the entry of a series travels with its 1st, 2nd
//! and 4th sample, then after pauses that grow to 32 samples ([`REPEAT`]). Until then its samples mean nothing: they are
//! dropped and counted, since keeping what may never get a name needs memory without bound.
//!
//! Pure: no I/O, no clock, no panic on any bytes, memory bounded by [`Limits`].

mod decode;
mod dictionary;
mod encode;
mod order;
pub mod telemetry;
mod view;

pub use decode::{Counts, Decoder, Heard, Limits, Reading, Refused};
pub use dictionary::Named;
pub use encode::{Encoder, GROUP, REPEAT};
pub use order::{Arrival, Order};
pub use view::{Batch, Entry, is_batch};

/// What every batch begins with. `FA` begins no UTF-8 text, so the first byte tells a batch from JSON.
pub const MAGIC: [u8; 4] = [0xFA, b'Z', b'S', b'B'];
/// The version that is written and read.
pub const VERSION: u8 = 1;
/// Most samples, and most dictionary entries, of one message. Our choice: what a large router says in one interval.
pub const SAMPLES_MAX: usize = 4096;
/// Longest message in bytes: what a NATS server accepts by default.
pub const BYTES_MAX: usize = 1 << 20;
/// Longest publisher's name in bytes.
pub const NAME_MAX: usize = 128;
/// Longest object, metric or source in bytes. Our choice: a managed object has at most 120 characters of at most 4 bytes.
pub const TEXT_MAX: usize = 512;
/// Longest unit in bytes.
pub const UNIT_MAX: usize = 64;

const HEADER: usize = 40;
const FLAG_TIMES: u8 = 1;
const FLAG_SELF_CONTAINED: u8 = 2;

/// Why bytes are no batch, or a batch cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// It does not begin with [`MAGIC`].
    #[error("no sample batch: it does not begin with FA 5A 53 42")]
    NoBatch,
    /// A version that this program does not know.
    #[error(
        "sample batch of version {0}: this program reads version {VERSION}, bring both ends to the same release"
    )]
    Version(u8),
    /// A flag that this program does not know, or a reserved field that is not zero.
    #[error("sample batch with unknown flags {0:#04x} or a reserved field that is not 0")]
    Flags(u8),
    /// The message ends inside a part.
    #[error("sample batch is cut off inside its {0}: send it whole")]
    Short(&'static str),
    /// There are bytes after the last sample.
    #[error("sample batch has {0} bytes too many at its end")]
    Trailing(usize),
    /// A count or length beyond its bound.
    #[error(
        "sample batch with {found} {what}: at most {most} are read, send more and smaller messages"
    )]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        found: usize,
        /// How much is read.
        most: usize,
    },
    /// A text is empty where it may not be.
    #[error("sample batch with an empty {0}: name it")]
    Empty(&'static str),
    /// A text is no UTF-8.
    #[error("sample batch whose {0} is no UTF-8 text")]
    NoText(&'static str),
    /// An interned batch with sequence number 0, or none left.
    #[error("sample batch without a sequence number: count from 1 in each epoch")]
    Unnumbered,
    /// The form that belongs on the other subject.
    #[error("this sample batch belongs on `{0}`: send it there")]
    OtherForm(&'static str),
    /// A self-contained batch gives a number two meanings.
    #[error("sample batch gives number {0} two meanings: give each series its own")]
    Ambiguous(u32),
    /// A self-contained batch has a sample without a name.
    #[error(
        "sample batch does not say what number {0} means: put its dictionary entry into the same message"
    )]
    Nameless(u32),
    /// A self-contained batch has samples of several times.
    #[error("sample batch with samples of several times: send one message for each interval")]
    Times,
    /// A publisher has more series than its numbers reach.
    #[error("{0} series are numbered already: give the rest to another publisher")]
    Numbers(usize),
}
