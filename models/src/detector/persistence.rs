//! Is it more than a blip?
//!
//! In: what each sample was. Out: whether an anomaly lasts, and since when. Two unusual samples out of three
//! begin one (two samples in a row that break an objective do as well); some normal samples in a row end it.

use zizhi_types::time::NetTime;

/// Unusual samples out of the last [`WINDOW`] that begin an anomaly.
const NEEDED: u32 = 2;
/// The window, as a mask over the last samples.
const WINDOW: u8 = 0b111;
/// Samples in a row that break an objective and begin an anomaly.
const BROKEN_NEEDED: u8 = 2;

/// Counts of one series.
#[derive(Debug, Clone)]
pub(super) struct Persistence {
    unusual: u8,
    broken_run: u8,
    normal_run: u8,
    clear_samples: u8,
    anomalous: bool,
    first: Option<NetTime>,
}

impl Persistence {
    /// Nothing seen; `clear_samples` normal samples in a row end an anomaly.
    pub(super) const fn new(clear_samples: u8) -> Self {
        Self {
            unusual: 0,
            broken_run: 0,
            normal_run: 0,
            clear_samples,
            anomalous: false,
            first: None,
        }
    }

    /// Takes one sample; answers whether an anomaly ended with it.
    pub(super) fn note(&mut self, unusual: bool, broken: bool, normal: bool, at: NetTime) -> bool {
        self.unusual = (self.unusual << 1 | u8::from(unusual)) & WINDOW;
        self.broken_run = if broken {
            self.broken_run.saturating_add(1)
        } else {
            0
        };
        self.normal_run = if normal {
            self.normal_run.saturating_add(1)
        } else {
            0
        };
        if self.anomalous {
            return self.normal_run >= self.clear_samples && self.force(false, at);
        }
        if self.unusual == 0 && self.broken_run == 0 {
            self.first = None;
        } else if self.first.is_none() {
            self.first = Some(at);
        }
        self.anomalous = self.unusual.count_ones() >= NEEDED || self.broken_run >= BROKEN_NEEDED;
        false
    }

    /// Decides without counting; answers whether an anomaly ended by it.
    pub(super) fn force(&mut self, anomalous: bool, at: NetTime) -> bool {
        let ended = self.anomalous && !anomalous;
        if anomalous && !self.anomalous {
            self.first = Some(at);
        }
        if !anomalous {
            *self = Self::new(self.clear_samples);
        }
        self.anomalous = anomalous;
        ended
    }

    /// An anomaly lasts.
    pub(super) const fn anomalous(&self) -> bool {
        self.anomalous
    }

    /// Its first sample.
    pub(super) fn onset(&self) -> Option<NetTime> {
        self.first.filter(|_| self.anomalous)
    }
}
