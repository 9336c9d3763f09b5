//! Numbers for people: with their unit, short, and no more digits than they deserve.

use super::{Language, format};
use crate::metric::{Metric, Nature};
use fluent_bundle::FluentArgs;

/// A value of a metric with its unit: `97.5 %`, `12.3 ms`, `up`.
pub fn quantity(value: f64, metric: Metric, language: Language) -> String {
    match (metric.nature(), metric.unit()) {
        (Nature::State, _) => state(value, language),
        (_, "1") if is_share(metric) => percent(value),
        (_, "1") => number(value),
        (_, "1/s") => unit("unit-per-second", &number(value), language),
        (_, "s") => duration((value.max(0.0) * 1000.0) as u64, language),
        (_, other) => {
            let mut args = FluentArgs::new();
            args.set("number", number(value));
            args.set("unit", other);
            format(language, "unit-other", &args)
        }
    }
}

/// A time span: seconds up to two minutes, then minutes and whole seconds.
pub fn duration(milliseconds: u64, language: Language) -> String {
    if milliseconds < 120_000 {
        return unit(
            "unit-second",
            &number(milliseconds as f64 / 1000.0),
            language,
        );
    }
    let (minutes, seconds) = (milliseconds / 60_000, milliseconds % 60_000 / 1000);
    let minutes = unit("unit-minute", &minutes.to_string(), language);
    if seconds == 0 {
        return minutes;
    }
    format!(
        "{minutes} {}",
        unit("unit-second", &seconds.to_string(), language)
    )
}

/// A probability as a percentage and in words, for example `87 % (likely)`.
///
/// The words and their bounds are the IPCC's calibrated language (AR5 guidance note on uncertainty, table 1).
pub fn probability(value: f64, language: Language) -> String {
    let word = match value {
        p if p >= 0.99 => "virtually-certain",
        p if p >= 0.90 => "very-likely",
        p if p >= 0.66 => "likely",
        p if p >= 0.33 => "even",
        p if p >= 0.10 => "unlikely",
        _ => "very-unlikely",
    };
    let mut args = FluentArgs::new();
    args.set("percent", share(value));
    let none = FluentArgs::new();
    args.set(
        "words",
        format(language, &format!("likelihood-{word}"), &none),
    );
    format(language, "probability", &args)
}

/// A share from 0 to 1 in whole per cent; what is neither 0 nor 1 is never rounded to them.
pub fn share(value: f64) -> String {
    match value {
        v if v > 0.0 && v < 0.005 => "<1 %".to_owned(),
        v if v > 0.995 && v < 1.0 => ">99 %".to_owned(),
        v => format!("{:.0} %", v * 100.0),
    }
}

/// A share from 0 to 1 as a percentage; two digits after the point below one per cent.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 1.0 {
        format!("{} %", trimmed(&format!("{value:.2}")))
    } else {
        format!("{} %", number(value))
    }
}

/// At most one digit after the point from 10 on, two below, none where they are zero.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    trimmed(&text)
}

fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

fn state(value: f64, language: Language) -> String {
    let key = if value >= 0.5 {
        "state-up"
    } else {
        "state-down"
    };
    format(language, key, &FluentArgs::new())
}

fn unit(key: &str, number: &str, language: Language) -> String {
    let mut args = FluentArgs::new();
    args.set("number", number);
    format(language, key, &args)
}

/// Unit `1` with a meaning of "part of a whole"; the others are costs and counts.
fn is_share(metric: Metric) -> bool {
    let name = metric.as_str();
    ["ratio", "utilization", "share"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit() {
        let en = |v, m| quantity(v, m, Language::En);
        assert_eq!(en(0.975, Metric::GroupSuccess), "97.5 %");
        assert_eq!(en(0.0042, Metric::PortDiscard), "0.42 %");
        assert_eq!(en(12.345, Metric::PathRtt), "12.3 ms");
        assert_eq!(en(9953.0, Metric::PortRate), "9953 Mbit/s");
        assert_eq!(en(0.0, Metric::PortOperUp), "down");
        assert_eq!(en(10.0, Metric::PortCost), "10");
        assert_eq!(en(300.0, Metric::GatewayPolicyAge), "5 min");
        assert_eq!(duration(130_000, Language::Zh), "2 分钟 10 秒");
        assert_eq!(quantity(40.0, Metric::GroupRate, Language::Zh), "40 次/秒");
    }

    #[test]
    fn a_probability_comes_with_a_word() {
        assert_eq!(probability(0.87, Language::En), "87 % (likely)");
        assert_eq!(probability(0.999, Language::Zh), ">99 %（几乎可以确定）");
        assert_eq!(probability(0.001, Language::En), "<1 % (very unlikely)");
    }
}
