//! In which unit is a number, and may two numbers be compared?
//!
//! In: the [`Shape`] of an expression. Out: what does not fit, in words. A unit comes from the metric that a name stands
//! for, or from the end of the name (`delay_ms`, `rateMbps`); a number of unknown unit fits everywhere.

use super::Shape;
use zizhi_types::metric::{Metric, Nature};

/// The unit of a number in a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0 to 1.
    Ratio,
    /// 0 or 1.
    State,
    /// How many, or a setting without a dimension.
    Count,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Megabits a second.
    Mbps,
    /// Requests a second.
    PerSecond,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 7] = [
        Self::Ratio,
        Self::State,
        Self::Count,
        Self::Ms,
        Self::Seconds,
        Self::Mbps,
        Self::PerSecond,
    ];

    /// As playbooks write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::State => "state",
            Self::Count => "count",
            Self::Ms => "ms",
            Self::Seconds => "s",
            Self::Mbps => "Mbit/s",
            Self::PerSecond => "1/s",
        }
    }

    /// The unit that a metric is measured in.
    pub fn of_metric(metric: Metric) -> Self {
        match (metric.unit(), metric.nature()) {
            ("ms", _) => Self::Ms,
            ("s", _) => Self::Seconds,
            ("Mbit/s", _) => Self::Mbps,
            ("1/s", _) => Self::PerSecond,
            (_, Nature::State) => Self::State,
            _ => Self::of_name(metric.as_str()).unwrap_or(Self::Count),
        }
    }

    /// The unit that a name ends with; `None` where it does not say.
    pub fn of_name(name: &str) -> Option<Self> {
        let last = name.rsplit('.').next().unwrap_or(name);
        let snake = snake(last);
        let words: Vec<&str> = snake.split('_').collect();
        let unit = match *words.as_slice() {
            [.., "ms"] | [.., "ms", "p50" | "p95" | "p99"] => Self::Ms,
            [.., "s" | "seconds"] => Self::Seconds,
            [.., "mbps"] => Self::Mbps,
            [.., "rps"] => Self::PerSecond,
            [.., "ratio" | "share" | "utilization" | "probability"] => Self::Ratio,
            _ => return None,
        };
        Some(unit)
    }

    /// The numbers that it can be.
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Ratio | Self::State => (0.0, 1.0),
            _ => (0.0, f64::INFINITY),
        }
    }

    /// Why a written number cannot be in this unit, and what to write.
    pub fn refuses(self, number: f64) -> Option<(String, String)> {
        let (low, high) = self.range();
        if !number.is_finite() || (low..=high).contains(&number) {
            return None;
        }
        let percent = self == Self::Ratio && (1.0..=100.0).contains(&number);
        Some(match self {
            _ if percent => (
                format!("{number} is no ratio: ratios go from 0 to 1"),
                format!("write {} for {number} %", number / 100.0),
            ),
            Self::Ratio | Self::State => (
                format!("{number} is no {}: it goes from 0 to 1", self.as_str()),
                "write a number from 0 to 1".to_owned(),
            ),
            _ => (
                format!("{number} {} is below 0", self.as_str()),
                "write 0 or more".to_owned(),
            ),
        })
    }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The unit of a name, by its dotted path.
pub type UnitOf<'a> = &'a dyn Fn(&str) -> Option<Unit>;

/// The unit of a name of the context: `state.port.utilization`, `suspect.delay_ms`, `suspect.cost`.
pub fn of_path(path: &str) -> Option<Unit> {
    let measured = path
        .strip_prefix("state.")
        .and_then(|name| Metric::ALL.iter().find(|m| m.as_str() == name));
    match measured {
        Some(metric) => Some(Unit::of_metric(*metric)),
        None if path.rsplit('.').next() == Some("cost") => Some(Unit::Count),
        None => Unit::of_name(path),
    }
}

/// The unit of a whole expression, where it can be told.
pub fn unit(shape: &Shape, of: UnitOf<'_>) -> Option<Unit> {
    match shape {
        Shape::Path(path) => of(path),
        Shape::Call(name, parts) => match (name.as_str(), parts.as_slice()) {
            ("_+_" | "_-_", [a, b]) => unit(a, of).or_else(|| unit(b, of)),
            ("_?_:_", [_, a, b]) => unit(a, of).or_else(|| unit(b, of)),
            ("double" | "-_", [a]) => unit(a, of),
            ("size", _) => Some(Unit::Count),
            _ => None,
        },
        _ => None,
    }
}

/// The first comparison, sum or difference whose two sides do not fit: what is wrong and what to write.
pub fn mismatch(shape: &Shape, of: UnitOf<'_>) -> Option<(String, String)> {
    let Shape::Call(name, parts) = shape else {
        return None;
    };
    let inner = parts.iter().find_map(|p| mismatch(p, of));
    if inner.is_some() {
        return inner;
    }
    let together = ["_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "_+_", "_-_"];
    match parts.as_slice() {
        [a, b] if together.contains(&name.as_str()) => sides(a, b, name.trim_matches('_'), of),
        _ => None,
    }
}

fn sides(a: &Shape, b: &Shape, operator: &str, of: UnitOf<'_>) -> Option<(String, String)> {
    let compares = !operator.starts_with(['+', '-']);
    match (unit(a, of), unit(b, of), a, b) {
        (Some(left), Some(right), ..) if left != right => Some(differ(left, right)),
        (Some(unit), None, _, Shape::Number(n)) | (None, Some(unit), Shape::Number(n), _)
            if compares =>
        {
            unit.refuses(*n)
        }
        _ => None,
    }
}

/// Two units that cannot stand side by side.
pub fn differ(left: Unit, right: Unit) -> (String, String) {
    let message = format!("{} is compared with {}", left.as_str(), right.as_str());
    let fix = match (left, right) {
        (Unit::Ms, Unit::Seconds) => "divide the milliseconds by 1000.0".to_owned(),
        (Unit::Seconds, Unit::Ms) => "multiply the seconds by 1000.0".to_owned(),
        _ => "compare quantities of one unit".to_owned(),
    };
    (message, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    fn wrong(text: &str) -> Option<String> {
        let shape = Expr::compile(text).unwrap().shape();
        mismatch(&shape, &of_path).map(|(message, fix)| format!("{message}; {fix}"))
    }

    #[test]
    fn a_percentage_is_no_ratio_and_seconds_are_no_milliseconds() {
        let said = wrong("state.port.utilization > 80").unwrap();
        assert!(said.contains("write 0.8 for 80 %"), "{said}");
        assert!(wrong("80 < state.port.utilization").is_some());
        assert!(wrong("suspect.delay_ms > state.router.uptime_s").is_some());
        assert!(wrong("a || suspect.delay_ms + suspect.capacity_mbps > 5").is_some());
        assert!(wrong("state.path.rtt_ms > -5").is_some());
        assert!(wrong("state.port.oper_up == 2").is_some());
    }

    #[test]
    fn what_fits_or_is_converted_is_left_alone() {
        for fine in [
            "state.port.utilization * 100 > 80",
            "state.port.utilization > 0.8",
            "suspect.cost > 500",
            "suspect.delay_ms / 1000 > state.router.uptime_s",
            "state.port.carrier_transitions > 3",
            "state.group.latency_ms_p95 > suspect.delay_ms",
            "size(suspect.ports) > 1",
        ] {
            assert_eq!(wrong(fine), None, "{fine}");
        }
    }

    #[test]
    fn every_metric_has_a_unit_that_agrees_with_its_name() {
        for metric in Metric::ALL {
            let named = Unit::of_name(metric.as_str());
            let unit = Unit::of_metric(*metric);
            assert!(named.is_none_or(|n| n == unit), "{}", metric.as_str());
        }
    }
}
