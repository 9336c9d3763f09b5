//! How a failure is told: what, then why, then why of that, on standard error.

use std::error::Error;

/// A failure of a command. Its message says what to do; its sources say why.
pub type Failure = Box<dyn Error>;

/// Prints a failure with its chain of reasons.
pub fn tell(error: &dyn Error) {
    eprintln!("zizhi: {error}");
    let mut source = error.source();
    while let Some(reason) = source {
        eprintln!("  because: {reason}");
        source = reason.source();
    }
}
