//! What happens over all rates of the experiment?

use super::{INSTANCES, RATES, Reading, Window, anycast, url_path};

/// All rates, both ways of steering.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// How the paper was read.
    pub reading: Reading,
    /// Anycast at 1/s, 2/s, ...
    pub anycast: Vec<Window>,
    /// URL path at 1/s, 2/s, ...
    pub url_path: Vec<Window>,
}

/// Computes all rates.
pub fn sweep(reading: Reading) -> Sweep {
    Sweep {
        reading,
        anycast: RATES.map(|rate| anycast(rate, reading.compute)).collect(),
        url_path: RATES.map(|rate| url_path(rate, reading)).collect(),
    }
}

/// What a sweep comes down to. Rates in requests/s of each user.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Most requests of u1 answered in a second.
    pub u1_served_max: u32,
    /// First rate at which a request of u1, u2 is not answered.
    pub first_short_at: [Option<u32>; 2],
    /// Answered at the highest rate.
    pub served_at_end: [u32; 2],
    /// Highest latency in ms of u1 and u2 over all rates, counted when placed.
    pub max_ms: [f64; 2],
    /// The same of u1, judged at the end of each second.
    pub u1_final_max_ms: f64,
    /// First rate at which each instance is used.
    pub first_used_at: [Option<u32>; INSTANCES],
}

impl Sweep {
    /// The windows with their rates.
    pub fn rated(windows: &[Window]) -> impl Iterator<Item = (u32, &Window)> {
        RATES.zip(windows)
    }

    /// The URL-path window at a rate, if it is one of the experiment's.
    pub fn url_path_at(&self, rate: u32) -> Option<&Window> {
        Self::rated(&self.url_path)
            .find(|(r, _)| *r == rate)
            .map(|(_, window)| window)
    }

    /// First rate at which something holds for a window.
    pub fn first(windows: &[Window], holds: impl Fn(u32, &Window) -> bool) -> Option<u32> {
        Self::rated(windows)
            .find(|(rate, window)| holds(*rate, window))
            .map(|(rate, _)| rate)
    }

    /// Highest value over all rates.
    pub fn highest(windows: &[Window], of: impl Fn(&Window) -> f64) -> f64 {
        windows.iter().map(of).fold(0.0, f64::max)
    }

    /// The URL-path side in short.
    pub fn summary(&self) -> Summary {
        let windows = &self.url_path;
        Summary {
            u1_served_max: windows.iter().map(|w| w.served()[0]).max().unwrap_or(0),
            first_short_at: [0, 1]
                .map(|user| Self::first(windows, |rate, w| w.served()[user] < rate)),
            served_at_end: windows.last().map_or([0, 0], Window::served),
            max_ms: [0, 1].map(|user| Self::highest(windows, |w| w.max_ms(user))),
            u1_final_max_ms: Self::highest(windows, |w| w.final_max_ms(0)),
            first_used_at: std::array::from_fn(|i| Self::first(windows, |_, w| w.load[i] > 0)),
        }
    }
}
