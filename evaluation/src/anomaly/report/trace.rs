//! A series short enough to draw.
//!
//! In: a replayed series and its file. Out: a few hundred points of its most telling channel, with score, label and
//! alarm. The file is read twice; a handful of sums per channel is held.

use crate::anomaly::error::AnomalyError;
use crate::anomaly::rates::Rates;
use crate::anomaly::replay::Replayed;
use crate::anomaly::series::{Row, SeriesReader};

/// Points of a drawing; the screen has few more.
const POINTS: usize = 400;

/// Points in time order, all vectors of one length.
pub(super) struct Trace {
    /// The channel's name.
    pub channel: String,
    /// Hours since the test part began.
    pub hours: Vec<f64>,
    /// The channel's value that is farthest from its mean.
    pub value: Vec<f64>,
    /// The highest score.
    pub score: Vec<f64>,
    /// Some row is anomalous.
    pub label: Vec<bool>,
    /// Some row has an own alarm.
    pub alarm: Vec<bool>,
}

/// Sums of one channel over some rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn take(&mut self, value: f64) {
        if value.is_finite() {
            self.count += 1.0;
            self.sum += value;
            self.squares += value * value;
        }
    }

    fn mean(self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    fn deviation(self) -> f64 {
        let variance = self.squares / self.count.max(1.0) - self.mean().powi(2);
        variance.max(0.0).sqrt()
    }
}

impl Trace {
    /// Reads the file again; the scores are the first method's.
    pub(super) fn of(series: &Replayed) -> Result<Self, AnomalyError> {
        let (channel, mean) = telling(series)?;
        let entry = &series.entry;
        let rows = entry.rows - entry.train_rows;
        let width = rows.div_ceil(POINTS).max(1);
        let mut trace = Self::empty(entry.interval_s, rows, width);
        trace.channel = each_row(series, |row, values| {
            let place = row.checked_sub(entry.train_rows).map(|row| row / width);
            let slot = place.and_then(|place| trace.value.get_mut(place));
            let value = values.get(channel).copied().unwrap_or(f64::NAN);
            if let Some(slot) = slot
                && (slot.is_nan() || (value - mean).abs() > (*slot - mean).abs())
            {
                *slot = value;
            }
        })?
        .swap_remove(channel);
        let Some(scored) = series.scored.first() else {
            return Ok(trace);
        };
        let (_, score) = scored.parts(entry.train_rows);
        let highest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
        let any = |part: &[bool]| part.contains(&true);
        trace.score = score.chunks(width).map(highest).collect();
        trace.label = series.test_label().chunks(width).map(any).collect();
        trace.alarm = scored
            .test_alarm(entry.train_rows)
            .chunks(width)
            .map(any)
            .collect();
        Ok(trace)
    }

    fn empty(interval_s: f64, rows: usize, width: usize) -> Self {
        let points = rows.div_ceil(width);
        let hour = |point: usize| (point * width) as f64 * interval_s / 3600.0;
        Self {
            channel: String::new(),
            hours: (0..points).map(hour).collect(),
            value: vec![f64::NAN; points],
            score: vec![],
            label: vec![],
            alarm: vec![],
        }
    }
}

/// The channel whose mean inside the events is farthest from that outside, in deviations, and its mean outside.
fn telling(series: &Replayed) -> Result<(usize, f64), AnomalyError> {
    let mut sums = vec![[Sums::default(); 2]; series.entry.channels];
    each_row(series, |row, values| {
        let inside = series.label.get(row).copied().unwrap_or(false);
        if row < series.entry.train_rows {
            return;
        }
        for (sums, value) in sums.iter_mut().zip(values) {
            sums[usize::from(inside)].take(*value);
        }
    })?;
    let distance = |[outside, inside]: &[Sums; 2]| {
        (inside.mean() - outside.mean()).abs() / outside.deviation().max(1e-9)
    };
    let best = sums
        .iter()
        .enumerate()
        .max_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    Ok(best.map_or((0, 0.0), |(place, sums)| (place, sums[0].mean())))
}

/// Shows every row, counters as rates; answers the names of the channels.
fn each_row(
    series: &Replayed,
    mut show: impl FnMut(usize, &[f64]),
) -> Result<Vec<String>, AnomalyError> {
    let mut reader = SeriesReader::open(&series.entry)?;
    let mut rates = Rates::new(reader.channels(), series.entry.interval_s);
    let names = reader.channels().map(str::to_owned).collect();
    let mut row = Row::default();
    let mut number = 0;
    while reader.next_row(&mut row)? {
        rates.apply(row.at_s, &mut row.values);
        show(number, &row.values);
        number += 1;
    }
    Ok(names)
}
