//! What is to be done after an answer of the collector: on, again later, or give up?

use std::time::Duration;

/// Tries of one batch; with the pauses between them about half a minute.
pub(super) const TRIES_MAX: u32 = 5;

/// The first pause.
const PAUSE_FIRST_MS: u64 = 1_000;

/// The longest pause, whatever the collector asks for.
const PAUSE_MAX_MS: u64 = 30_000;

/// How one sending of a batch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The collector answered with success, and did not take so many of the spans.
    Taken { rejected: u64 },
    /// It answered something else.
    Answered {
        status: u16,
        retry_after_s: Option<u64>,
    },
    /// It did not answer.
    Unreachable { why: String },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The next batch; so many spans of this one were refused.
    Done { rejected: u64 },
    /// The same batch after a pause.
    Again { pause: Duration },
    /// The batch is dropped.
    GiveUp { why: String },
}

/// What to do after the `tried`-th try, counted from 1. OTLP 1.x names 429, 502, 503 and 504 as worth another try.
pub(super) fn after(sent: Sent, tried: u32) -> Next {
    let (asked_s, why) = match sent {
        Sent::Taken { rejected } => return Next::Done { rejected },
        Sent::Answered {
            status: status @ (429 | 502..=504),
            retry_after_s,
        } => (retry_after_s, format!("it answers {status}")),
        Sent::Answered { status, .. } => {
            return Next::GiveUp {
                why: format!("it answers {status}"),
            };
        }
        Sent::Unreachable { why } => (None, why),
    };
    if tried >= TRIES_MAX {
        return Next::GiveUp { why };
    }
    let doubled = PAUSE_FIRST_MS << tried.saturating_sub(1).min(10);
    let pause = asked_s.map_or(doubled, |s| s.saturating_mul(1_000).max(doubled));
    Next::Again {
        pause: Duration::from_millis(pause.min(PAUSE_MAX_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(ms: u64) -> Next {
        Next::Again {
            pause: Duration::from_millis(ms),
        }
    }

    fn answered(status: u16, retry_after_s: Option<u64>) -> Sent {
        Sent::Answered {
            status,
            retry_after_s,
        }
    }

    #[test]
    fn a_busy_collector_is_asked_again_at_growing_distances_and_then_no_more() {
        let pauses: Vec<Next> = (1..=5).map(|n| after(answered(503, None), n)).collect();
        assert_eq!(
            pauses[..4],
            [again(1_000), again(2_000), again(4_000), again(8_000)]
        );
        assert!(matches!(&pauses[4], Next::GiveUp { why } if why == "it answers 503"));
    }

    #[test]
    fn what_a_collector_asks_for_is_kept_within_bounds() {
        assert_eq!(after(answered(429, Some(7)), 1), again(7_000));
        assert_eq!(after(answered(429, Some(0)), 1), again(1_000));
        assert_eq!(after(answered(429, Some(u64::MAX)), 1), again(30_000));
    }

    #[test]
    fn a_refusal_for_good_is_not_repeated() {
        for status in [400, 401, 404, 413, 500] {
            assert!(matches!(
                after(answered(status, None), 1),
                Next::GiveUp { .. }
            ));
        }
    }
}
