//! How long: `90s`, `5m`, `500ms`, `1h`.
//!
//! In: a word from a playbook. Out: milliseconds. One number and one unit; no sums, no fractions.

/// The longest duration a playbook may name: a day (our choice: longer work is a change, not a remedy).
pub const MAX_MS: u64 = 86_400_000;

/// Milliseconds of a duration between 1 ms and [`MAX_MS`]; `None` when the text is no such duration.
pub fn parse_ms(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (1..=MAX_MS).contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse_ms("90s"), Some(90_000));
        assert_eq!(parse_ms("5m"), Some(300_000));
        assert_eq!(parse_ms("500ms"), Some(500));
        for bad in [
            "",
            "90",
            "s",
            "1.5s",
            "-1s",
            "0s",
            "25h",
            "9 s",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_ms(bad), None, "{bad}");
        }
    }
}
