//! How long did this thread compute?

use std::time::Instant;

/// Runs `work` and tells the CPU milliseconds that this thread spent in it; wall milliseconds where the system does not
/// count them per thread.
pub fn cpu_ms<T>(work: impl FnOnce() -> T) -> (T, f64) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement of our own speed; no answer depends on it"
    )]
    let clock = Instant::now();
    let before = spent_ns();
    let done = work();
    let ms = match (before, spent_ns()) {
        (Some(before), Some(after)) => after.saturating_sub(before) as f64 / 1e6,
        _ => clock.elapsed().as_secs_f64() * 1e3,
    };
    (done, ms)
}

/// Nanoseconds of this thread on a processor. Yielding first makes the system bring its count up to date.
fn spent_ns() -> Option<u64> {
    std::thread::yield_now();
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    counts.split_whitespace().next()?.parse().ok()
}
