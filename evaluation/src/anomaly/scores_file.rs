//! The scores as files, one CSV a series: `score,alarm`, one line a row, so that other tools can judge them too.

use super::error::AnomalyError;
use super::outcome::Outcome;
use super::replay::{Replayed, Scored};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes what the method at `place` said to `<folder>/<id>.csv` for every series. The column `alarm` is there if the
/// method raises alarms.
pub fn write(outcome: &Outcome, place: usize, folder: &Path) -> Result<(), AnomalyError> {
    for series in &outcome.replayed {
        if let Some(scored) = series.scored.get(place) {
            write_one(series, scored, folder)?;
        }
    }
    Ok(())
}

fn write_one(series: &Replayed, scored: &Scored, folder: &Path) -> Result<(), AnomalyError> {
    let path = folder.join(format!("{}.csv", series.entry.id));
    let written = || -> std::io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut file = BufWriter::new(File::create(&path)?);
        lines(&mut file, scored)?;
        file.flush()
    };
    written().map_err(|source| AnomalyError::Write {
        path: path.clone(),
        source,
    })
}

/// Numbers are written with as many digits as give back the same number.
fn lines(file: &mut impl Write, scored: &Scored) -> std::io::Result<()> {
    if scored.alarm.is_empty() {
        writeln!(file, "score")?;
        return scored.score.iter().try_for_each(|s| writeln!(file, "{s}"));
    }
    writeln!(file, "score,alarm")?;
    let rows = scored.score.iter().zip(&scored.alarm);
    rows.into_iter()
        .try_for_each(|(s, alarm)| writeln!(file, "{s},{}", u8::from(*alarm)))
}
