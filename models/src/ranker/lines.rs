//! Who writes more lines about errors than before?

use super::{Channel, Reason, keep};
use std::collections::BTreeMap;

/// One log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Who wrote it.
    pub node: String,
    /// It tells of an error; see [`tells_of_error`] where the source gives no severity.
    pub error: bool,
}

/// The lines of one stretch of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LineWindow {
    /// The lines, in any order.
    pub lines: Vec<Line>,
    /// How long it was watched, in seconds.
    pub seconds: f64,
}

/// Words of lines that tell of errors, in small letters.
const WORDS: [&str; 10] = [
    "error",
    "exception",
    "fail",
    "fatal",
    "panic",
    "refused",
    "severe",
    "timed out",
    "timeout",
    "traceback",
];

/// Whether a line's text tells of an error. A word list, so a line that denies an error counts too.
pub fn tells_of_error(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

fn errors(window: &LineWindow) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for line in window.lines.iter().filter(|l| l.error) {
        *counts.entry(line.node.as_str()).or_default() += 1;
    }
    counts
}

/// The excess of error lines of each node, in multiples of a Poisson count's noise (one line of mistrust added).
pub(crate) fn channel(before: &LineWindow, during: &LineWindow) -> Channel {
    let (past, now) = (errors(before), errors(during));
    let usable = before.seconds > 0.0 && during.seconds > 0.0;
    let longer = if usable {
        during.seconds / before.seconds
    } else {
        0.0
    };
    let mut channel = Channel::new();
    for (node, lines) in now {
        let expected = past.get(node).copied().unwrap_or(0) as f64 * longer;
        let scales = (lines as f64 - expected) / (expected + 1.0).sqrt();
        if scales > 0.0 {
            let reason = Reason::ErrorLines {
                lines,
                expected,
                scales,
            };
            keep(&mut channel, node, scales, reason);
        }
    }
    channel
}
