//! Cutting a recording after an incident, to hand it on.
//!
//! What came before stays: the detectors have learnt from it, and without it they would decide otherwise.

use std::path::Path;
use zizhi_bus::recording::{Header, Item, Reader, Recorder, RecordingError, Written};
use zizhi_types::{IncidentId, NetTime};

/// Why a recording could not be cut.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// It cannot be read or written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It is over before the incident is.
    #[error(
        "the recording ends at {ends}, before incident {incident} was closed at {closed}: it is of another run, or was cut off"
    )]
    TooShort {
        /// Which.
        incident: IncidentId,
        /// When it was closed.
        closed: NetTime,
        /// The last time in the recording.
        ends: NetTime,
    },
}

/// Copies `recording` to `target` up to the first settled state at or after `closed`.
pub fn cut(
    mut recording: Reader,
    target: &Path,
    incident: &IncidentId,
    closed: NetTime,
) -> Result<Written, CutError> {
    let header = Header {
        segment: 1,
        ..recording.header().clone()
    };
    let recorder = Recorder::create(target, header, u64::MAX)?;
    let mut now = NetTime(0);
    loop {
        let batch = recording.next_batch()?;
        if batch.is_empty() {
            drop(recorder);
            return Err(too_short(target, incident, closed, now));
        }
        for item in batch {
            match &item {
                Item::Message { at, .. } | Item::End { at, .. } => now = now.max(*at),
                Item::Answer { .. } | Item::Settled => {}
            }
            let settled = matches!(item, Item::Settled);
            let over = matches!(item, Item::End { .. });
            if over && now < closed {
                drop(recorder);
                return Err(too_short(target, incident, closed, now));
            }
            recorder.add(item);
            // Two settled states have this time: what follows from the clock comes in the second.
            if over || (settled && now > closed) {
                if !over {
                    let reason = format!("cut after {incident}");
                    recorder.add(Item::End { at: now, reason });
                }
                return Ok(recorder.finish()?);
            }
        }
    }
}

fn too_short(target: &Path, incident: &IncidentId, closed: NetTime, ends: NetTime) -> CutError {
    // Half a recording helps nobody; it may be gone already.
    let _ = std::fs::remove_file(target);
    CutError::TooShort {
        incident: incident.clone(),
        closed,
        ends,
    }
}
