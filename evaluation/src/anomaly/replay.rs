//! One series, row by row, through every method.
//!
//! In: a series and the methods. Out: for each method one score a row, and its own alarms where it raises any. A method
//! gets a row when its time has come and never sees a later one, nor a label.

use super::baselines::{FixedRobustZ, RandomScores};
use super::channel::Channel;
use super::error::AnomalyError;
use super::fusion::fuse;
use super::manifest::Entry;
use super::metrics::finite;
use super::rates::Rates;
use super::series::{Row, SeriesReader};
use zizhi_models::DetectorConfig;
use zizhi_types::time::NetTime;
use zizhi_types::topology::Bilingual;

/// What a method says about one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowScore {
    /// How anomalous it is; higher is more.
    pub score: f64,
    /// It raises an alarm; nothing if the method never does.
    pub alarm: Option<bool>,
}

/// Something that scores rows in the order of time.
pub trait Scorer {
    /// Takes a row measured at `at_s`, and adds scores for it or for rows before it that it still owes. Once the test part
    /// has begun it owes none. A value may be no number: the channel has none in this row.
    fn row(&mut self, at_s: u64, values: &[f64], scores: &mut Vec<RowScore>);
}

/// How the time constants of the product's detector are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// As they ship: seconds, fit for a sample every 10 s.
    Seconds,
    /// As many samples as they are at one every 10 s, whatever the series' cadence.
    Samples,
}

/// A way of scoring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The detector of the agents, one a channel, fused.
    Product(Cadence),
    /// Distance from the training rows' median.
    FixedRobustZ,
    /// Chance.
    Random,
}

/// Milliseconds between two samples that the detector's time constants were chosen for.
const PRODUCT_INTERVAL_MS: f64 = 10_000.0;

impl Method {
    /// All methods; the first is the one that is evaluated, the others are there to compare.
    pub const ALL: [Self; 4] = [
        Self::Product(Cadence::Seconds),
        Self::Product(Cadence::Samples),
        Self::FixedRobustZ,
        Self::Random,
    ];

    /// The name for machines.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Product(Cadence::Seconds) => "zizhi",
            Self::Product(Cadence::Samples) => "zizhi_by_samples",
            Self::FixedRobustZ => "fixed_robust_z",
            Self::Random => "random",
        }
    }

    /// The name for people.
    pub fn name(self) -> Bilingual {
        let (en, zh) = match self {
            Self::Product(Cadence::Seconds) => ("Zizhi as it ships", "自智（出厂设置）"),
            Self::Product(Cadence::Samples) => ("Zizhi in samples", "自智（按样本数计）"),
            Self::FixedRobustZ => ("robust z", "稳健 z 分数"),
            Self::Random => ("random", "随机"),
        };
        Bilingual {
            en: en.to_owned(),
            zh: zh.to_owned(),
        }
    }

    /// A scorer for one series that has seen nothing.
    pub fn scorer(self, entry: &Entry) -> Box<dyn Scorer> {
        match self {
            Self::Product(cadence) => Box::new(Product::new(entry, cadence)),
            Self::FixedRobustZ => Box::new(FixedRobustZ::new(entry.channels, entry.train_rows)),
            Self::Random => Box::new(RandomScores::new(&entry.id)),
        }
    }
}

/// The product's detector: one [`Channel`] a channel.
struct Product {
    channels: Vec<Channel>,
    surprises: Vec<f64>,
}

impl Product {
    fn new(entry: &Entry, cadence: Cadence) -> Self {
        let config = match cadence {
            Cadence::Seconds => DetectorConfig::default(),
            Cadence::Samples => in_samples(entry.interval_s),
        };
        Self {
            channels: vec![Channel::new(config); entry.channels],
            surprises: vec![],
        }
    }
}

impl Scorer for Product {
    fn row(&mut self, at_s: u64, values: &[f64], scores: &mut Vec<RowScore>) {
        let at = NetTime(at_s.saturating_mul(1000));
        self.surprises.clear();
        let mut alarm = false;
        for (channel, value) in self.channels.iter_mut().zip(values) {
            let seen = channel.observe(at, *value);
            self.surprises.push(seen.surprise);
            alarm |= seen.anomalous;
        }
        scores.push(RowScore {
            score: fuse(&mut self.surprises),
            alarm: Some(alarm),
        });
    }
}

/// The default settings with time constants of as many samples as at the cadence they were chosen for.
fn in_samples(interval_s: f64) -> DetectorConfig {
    let usual = DetectorConfig::default();
    let factor = interval_s * 1000.0 / PRODUCT_INTERVAL_MS;
    let scaled = |ms: u64| (ms as f64 * factor).round() as u64;
    DetectorConfig {
        level_tau_ms: scaled(usual.level_tau_ms),
        scale_tau_ms: scaled(usual.scale_tau_ms),
        accept_shift_ms: scaled(usual.accept_shift_ms),
        gap_ms: scaled(usual.gap_ms),
        ..usual
    }
}

/// What a method said about a series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scored {
    /// One score a row, finite.
    pub score: Vec<f64>,
    /// Its own alarms, one a row; empty if it raises none.
    pub alarm: Vec<bool>,
}

/// A series after its replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// Which series.
    pub entry: Entry,
    /// One label a row.
    pub label: Vec<bool>,
    /// What the methods said, in their order.
    pub scored: Vec<Scored>,
    /// SHA-256 of the unpacked file.
    pub sha256: String,
}

/// Replays a series through the methods.
pub fn replay(entry: &Entry, methods: &[Method]) -> Result<Replayed, AnomalyError> {
    let mut reader = SeriesReader::open(entry)?;
    let mut rates = Rates::new(reader.channels(), entry.interval_s);
    let mut scorers: Vec<Box<dyn Scorer>> = methods.iter().map(|m| m.scorer(entry)).collect();
    let mut said: Vec<Vec<RowScore>> = vec![vec![]; methods.len()];
    let mut label = vec![];
    let mut row = Row::default();
    while reader.next_row(&mut row)? {
        rates.apply(row.at_s, &mut row.values);
        label.push(row.anomalous);
        for (scorer, said) in scorers.iter_mut().zip(&mut said) {
            scorer.row(row.at_s, &row.values, said);
        }
    }
    Ok(Replayed {
        entry: entry.clone(),
        label,
        scored: said.into_iter().map(apart).collect(),
        sha256: reader.sha256(),
    })
}

fn apart(said: Vec<RowScore>) -> Scored {
    Scored {
        score: said.iter().map(|s| finite(s.score)).collect(),
        alarm: said.iter().filter_map(|s| s.alarm).collect(),
    }
}

impl Replayed {
    /// The labels of the test part.
    pub fn test_label(&self) -> &[bool] {
        self.label.get(self.entry.train_rows..).unwrap_or_default()
    }
}

impl Scored {
    /// The scores before the test part, and in it.
    pub fn parts(&self, train_rows: usize) -> (&[f64], &[f64]) {
        self.score
            .split_at_checked(train_rows)
            .unwrap_or((&self.score, &[]))
    }

    /// The alarms of the test part; empty if the method raises none.
    pub fn test_alarm(&self, train_rows: usize) -> &[bool] {
        self.alarm.get(train_rows..).unwrap_or_default()
    }
}
