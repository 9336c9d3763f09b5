//! The decoders, held to fixtures, to bad input, and to each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod bad_input;
mod fixture;
mod golden;
mod mapped;
mod property;
