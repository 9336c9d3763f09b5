//! What is printed for people, on standard output.
//!
//! In: lines from the commands. Out: the lines. A reader that has gone (`zizhi explain ... | head`) is no failure: the rest
//! is not printed, and what was begun goes on to its end. Any other failed write (a full disk) is told once and makes
//! the exit code 1. Nothing here panics, as the standard `println!` would.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

static FAILED: AtomicBool = AtomicBool::new(false);

/// Prints a line; stands in the whole program for the standard macro of the same name.
macro_rules! println {
    () => { println!("") };
    ($($text:tt)*) => {{
        $crate::out::line(format_args!($($text)*));
    }};
}

/// Prints a line.
pub fn line(text: Arguments<'_>) {
    let written = writeln!(std::io::stdout().lock(), "{text}");
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !FAILED.swap(true, Ordering::Relaxed)
    {
        eprintln!("zizhi: cannot print: {error}");
    }
}

/// Whether something could not be printed although somebody was there to read it.
pub fn failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}
