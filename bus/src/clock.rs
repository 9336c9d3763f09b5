//! The one place of the outside where wall time becomes network time.

use std::time::{SystemTime, UNIX_EPOCH};
use zizhi_types::NetTime;

/// Milliseconds since 1970 in UTC, by this machine's clock; 0 on a machine whose clock is before that. Only for shells at
/// the edge of the process.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the process: here network time is made from wall time"
)]
pub fn wall() -> NetTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    NetTime(since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
}
