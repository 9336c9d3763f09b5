//! Levels worked out by hand, ways of cheating, and what must hold for any journal.

mod gaming;
mod indicators;
mod laws;
mod modes;
mod page;
mod table;
