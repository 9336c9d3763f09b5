//! Reading points in time.

/// Seconds since 1970 of an RFC 3339 time in UTC (`2026-06-23T09:45:00Z`, with or without a fraction); `None` where it is none.
pub fn utc_seconds(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers::<3>(date, '-')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers::<3>(clock, ':')?;
    let within = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    let whole = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    within.then_some(whole as f64 + fraction)
}

fn numbers<const N: usize>(text: &str, between: char) -> Option<[i64; N]> {
    let digits = |s: &str| s.len() <= 4 && s.bytes().all(|b| b.is_ascii_digit());
    let parts: Option<Vec<i64>> = text
        .split(between)
        .map(|s| digits(s).then(|| s.parse().ok())?)
        .collect();
    parts?.try_into().ok()
}

/// Days since 1970-01-01 in the Gregorian calendar, with the year beginning in March so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap = year / 4 - year / 100 + year / 400;
    // 719 468 days from 0000-03-01 to 1970-01-01.
    year * 365 + leap + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::utc_seconds;

    #[test]
    fn times_are_read_and_nonsense_is_not() {
        assert_eq!(utc_seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(utc_seconds("2026-06-23T09:45:00Z"), Some(1_782_207_900.0));
        assert_eq!(utc_seconds("2024-02-29T00:00:00.5Z"), Some(1_709_164_800.5));
        for bad in [
            "",
            "Z",
            "2026-13-01T00:00:00Z",
            "2026-06-23 09:45:00",
            "-1-01-01T00:00:00Z",
            "9".repeat(400).as_str(),
        ] {
            assert_eq!(utc_seconds(bad), None, "{bad}");
        }
    }
}
