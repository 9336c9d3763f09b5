//! What would an operator have got from these alarms: events found, how late, and how many false alarms?

use super::stretches;

/// An alarm so many rows after an event's end still counts as its detection.
const TOLERANCE: usize = 5;
/// False alarm rows no farther apart than this are one false alarm.
const GAP: usize = 5;
/// A false alarm counts again after so many rows: one that is stuck is not one cheap mistake.
const BLOCK: usize = 60;

/// What alarms were worth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmStats {
    /// Labelled events.
    pub events: usize,
    /// Events with an alarm from their first row to 5 rows after their last (not into the next event).
    pub detected: usize,
    /// Rows from the event's start to its first alarm, of the detected events in time order.
    pub delays: Vec<usize>,
    /// Alarms outside all those stretches, grouped; a long one counts once every 60 rows.
    pub false_alarms: usize,
}

/// Holds alarms against labels.
pub fn alarm_stats(label: &[bool], alarm: impl Fn(usize) -> bool) -> AlarmStats {
    let events = stretches(label.iter().copied());
    let mut stats = AlarmStats {
        events: events.len(),
        ..AlarmStats::default()
    };
    let mut outside = 0;
    let mut group = None;
    for (i, event) in events.iter().enumerate() {
        let next = events.get(i + 1).map_or(label.len(), |e| e.start);
        let end = (event.end + TOLERANCE).min(next);
        let found = (event.start..end).find(|row| alarm(*row));
        stats.delays.extend(found.map(|row| row - event.start));
        for row in (outside..event.start).filter(|row| alarm(*row)) {
            stats.false_alarms += grouped(&mut group, row);
        }
        outside = end;
    }
    for row in (outside..label.len()).filter(|row| alarm(*row)) {
        stats.false_alarms += grouped(&mut group, row);
    }
    stats.detected = stats.delays.len();
    stats
}

/// The first and the last row of the false alarm that lasts.
type Group = Option<(usize, usize)>;

/// Takes a false alarm's row; answers how many false alarms it adds (0 or 1, more after a gap within a group).
fn grouped(group: &mut Group, row: usize) -> usize {
    let blocks = |from: usize, to: usize| (to - from + 1).div_ceil(BLOCK);
    match *group {
        Some((first, last)) if row - last <= GAP => {
            *group = Some((first, row));
            blocks(first, row) - blocks(first, last)
        }
        _ => {
            *group = Some((row, row));
            1
        }
    }
}
