//! Where do requests lose time that they did not lose before?
//!
//! Two measures, in microseconds. The **gap** of a call is how much longer the caller's span is than the callee's: time
//! on the way, so a slow network shows at the callee whose every caller waits. The **own time** of an operation is its
//! span without the time that its child spans cover. Each is compared with its own past by median and scale, as series are;
//! a scale is never below the median scale of all gaps (of all own times), nor below a microsecond. A gap is laid to the
//! callee: measured on the development cases, sharing it with the caller blamed callers.

use super::series::{median, usual};
use super::{Channel, Reason, keep};
use std::collections::BTreeMap;

/// One span of a distributed trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace: String,
    /// Its id within the trace.
    pub id: String,
    /// The id of the span that caused it; an id that is not in the trace means none.
    pub parent: String,
    /// The node that worked.
    pub node: String,
    /// What it did.
    pub operation: String,
    /// Start in microseconds; any origin, the same for all spans of a trace.
    pub start_us: f64,
    /// How long it took in microseconds, at least 0.
    pub duration_us: f64,
}

impl Span {
    fn end_us(&self) -> f64 {
        self.start_us + self.duration_us
    }
}

/// Caller and callee, node and operation, or trace and span.
type Pair<'a> = (&'a str, &'a str);
/// Microseconds, each time it was seen.
type Times<'a> = BTreeMap<Pair<'a>, Vec<f64>>;

#[derive(Default)]
struct Measured<'a> {
    gaps: Times<'a>,
    own: Times<'a>,
}

/// Below this, a scale is the clock's resolution.
const CLOCK_US: f64 = 1.0;

fn measure(spans: &[Span]) -> Measured<'_> {
    let mut children: BTreeMap<Pair<'_>, Vec<&Span>> = BTreeMap::new();
    for span in spans.iter().filter(|s| s.parent != s.id) {
        let of = children.entry((&span.trace, &span.parent)).or_default();
        of.push(span);
    }
    let mut measured = Measured::default();
    for span in spans
        .iter()
        .filter(|s| s.start_us.is_finite() && s.duration_us.is_finite())
    {
        let of = children.get(&(span.trace.as_str(), span.id.as_str()));
        measured.add(span, of.map_or(&[], Vec::as_slice));
    }
    measured
}

impl<'a> Measured<'a> {
    fn add(&mut self, span: &'a Span, children: &[&'a Span]) {
        if let [only] = children
            && only.node != span.node
        {
            let gap = (span.duration_us - only.duration_us).max(0.0);
            let of = self.gaps.entry((&span.node, &only.node)).or_default();
            of.push(gap);
        } else {
            let own = span.duration_us - covered(span, children);
            let of = self.own.entry((&span.node, &span.operation)).or_default();
            of.push(own);
        }
    }
}

/// Microseconds of a span in which at least one child worked.
fn covered(span: &Span, children: &[&Span]) -> f64 {
    let mut times: Vec<(f64, f64)> = children.iter().map(|c| (c.start_us, c.end_us())).collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut covered, mut until) = (0.0, span.start_us);
    for (start, end) in times {
        let (start, end) = (start.max(until), end.min(span.end_us()));
        if end > start {
            covered += end - start;
            until = end;
        }
    }
    covered
}

/// A pair's time against its past: microseconds more, and that in scales.
struct Longer<'a> {
    pair: Pair<'a>,
    extra_us: f64,
    scales: f64,
}

fn compare<'a>(before: &Times<'_>, during: &Times<'a>) -> Vec<Longer<'a>> {
    let usuals: BTreeMap<Pair<'_>, (f64, f64)> = before
        .iter()
        .filter(|(_, times)| times.len() > 1)
        .filter_map(|(pair, times)| Some((*pair, usual(times.iter().copied())?)))
        .collect();
    let mut scales: Vec<f64> = usuals.values().map(|(_, scale)| *scale).collect();
    let floor = median(&mut scales).unwrap_or(0.0).max(CLOCK_US);
    let compared = during.iter().filter_map(|(pair, times)| {
        let (center, scale) = usuals.get(pair)?;
        let extra_us = median(&mut times.clone())? - center;
        Some(Longer {
            pair: *pair,
            extra_us,
            scales: extra_us / scale.max(floor),
        })
    });
    compared.collect()
}

/// The strongest deviation of each node.
pub(crate) fn channel(before: &[Span], during: &[Span]) -> Channel {
    let (before, during) = (measure(before), measure(during));
    let mut channel = Channel::new();
    for longer in compare(&before.gaps, &during.gaps) {
        let (caller, callee) = longer.pair;
        let reason = Reason::CallGap {
            caller: caller.to_owned(),
            extra_ms: longer.extra_us / 1000.0,
            scales: longer.scales,
        };
        keep(&mut channel, callee, longer.scales.abs(), reason);
    }
    for longer in compare(&before.own, &during.own) {
        let (node, operation) = longer.pair;
        let reason = Reason::OwnTime {
            operation: operation.to_owned(),
            extra_ms: longer.extra_us / 1000.0,
            scales: longer.scales,
        };
        keep(&mut channel, node, longer.scales.abs(), reason);
    }
    channel
}
