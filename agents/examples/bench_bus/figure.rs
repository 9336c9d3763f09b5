//! One measured figure with its limit, and what the process and the machine were doing.

use serde_json::json;
use std::path::Path;

/// A figure: the median of its rounds against its limit.
pub struct Figure {
    name: &'static str,
    unit: &'static str,
    rounds: Vec<f64>,
    limit: Option<Limit>,
}

/// What the median must keep to.
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Figure {
    pub fn new(name: &'static str, unit: &'static str, rounds: Vec<f64>) -> Self {
        Self {
            name,
            unit,
            rounds,
            limit: None,
        }
    }

    pub fn with(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn is_met(&self) -> bool {
        match self.limit {
            None => true,
            Some(Limit::AtMost(most)) => self.median() <= most,
            Some(Limit::AtLeast(least)) => self.median() >= least,
        }
    }

    pub fn line(&self, as_json: bool) -> String {
        let (median, met) = (self.median(), self.is_met());
        let (sign, limit) = match self.limit {
            None => ("", None),
            Some(Limit::AtMost(limit)) => ("<=", Some(limit)),
            Some(Limit::AtLeast(limit)) => (">=", Some(limit)),
        };
        let round = |v: f64| (v * 1000.0).round() / 1000.0;
        if as_json {
            let rounds: Vec<f64> = self.rounds.iter().copied().map(round).collect();
            let line = json!({
                "figure": self.name, "value": round(median), "unit": self.unit, "rounds": rounds,
                "limit": limit, "sign": sign, "ratio": limit.map(|l| round(median / l)), "met": met,
                "load": load(), "cpu": cpu(),
            });
            return line.to_string();
        }
        let bound = limit.map_or(String::new(), |l| format!(" ({sign} {l}: {met})"));
        format!(
            "{}: {} {}{bound}, load {}, {}",
            self.name,
            round(median),
            self.unit,
            load(),
            cpu()
        )
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(path)).unwrap_or_default()
}

/// Load average of the last minute.
fn load() -> f64 {
    let text = read("/proc/loadavg");
    text.split(' ')
        .next()
        .and_then(|t| t.parse().ok())
        .unwrap_or(f64::NAN)
}

/// What the processor calls itself.
fn cpu() -> String {
    let text = read("/proc/cpuinfo");
    let name = text.lines().find_map(|l| l.strip_prefix("model name"));
    name.unwrap_or("unknown")
        .trim_matches([' ', '\t', ':'])
        .to_owned()
}

/// Nanoseconds of processor time that this thread has used.
pub fn thread_cpu_ns() -> f64 {
    let text = read("/proc/thread-self/schedstat");
    text.split(' ')
        .next()
        .and_then(|t| t.parse().ok())
        .unwrap_or(f64::NAN)
}

/// Processor time of all threads of this process but those of a name, in nanoseconds.
pub fn cpu_ns_without(name: &str) -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let of = |task: std::path::PathBuf| {
        let of = |file: &str| std::fs::read_to_string(task.join(file)).unwrap_or_default();
        let spent: f64 = of("schedstat").split(' ').next()?.parse().ok()?;
        (of("comm").trim() != name).then_some(spent)
    };
    tasks.flatten().filter_map(|t| of(t.path())).sum()
}

/// Resident memory of this process in bytes.
pub fn resident() -> f64 {
    let text = read("/proc/self/status");
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|l| l.trim().split(' ').next()?.parse().ok())
        .unwrap_or(f64::NAN);
    kib * 1024.0
}
