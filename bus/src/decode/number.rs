//! What number does a text mean, and when is a stamp?

use super::item::Value;
use zizhi_types::NetTime;

/// Largest whole number that a float holds exactly together with all smaller ones: 2^53.
const EXACT: u64 = 1 << 53;

/// The value of a whole number: exact, however large.
pub(crate) fn whole(number: u64) -> Value {
    if number <= EXACT {
        Value::Number(number as f64)
    } else {
        Value::Whole(number)
    }
}

/// The value of a text that is a number in JSON's way of writing (a sign `+` and a leading `.` are forgiven).
///
/// `None`: it is no number, but a word. `Some(Err)`: it is one, but not finite. `007` is a name, not 7.
pub(crate) fn number(text: &str) -> Option<Result<Value, &'static str>> {
    const ENDLESS: &str = "not a finite number";
    let digits = text.trim_start_matches(['+', '-']);
    if ["nan", "inf", "infinity"].contains(&digits.to_ascii_lowercase().as_str()) {
        return Some(Err(ENDLESS));
    }
    if text.len() - digits.len() > 1
        || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return None;
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit() {
        return None;
    }
    if let Ok(whole_number) = text.parse::<u64>() {
        return Some(Ok(whole(whole_number)));
    }
    let float: f64 = text.parse().ok()?;
    Some(if float.is_finite() {
        Ok(Value::Number(float))
    } else {
        Err(ENDLESS)
    })
}

/// The value of a text: a number where it is one, else a state by name.
pub(crate) fn text(text: &str) -> Result<Value, &'static str> {
    number(text).unwrap_or_else(|| Ok(Value::Text(text.to_owned())))
}

/// The moment of a number since 1970, its unit told by its size: below 10^11 seconds (until the year 5138), below
/// 10^14 milliseconds, below 10^17 microseconds, else nanoseconds. Zero is "no stamp".
///
/// Our choice: whatever senders document, their settings change it, and no real stamp of the years 1974 to 5138 is ambiguous.
pub(crate) fn moment(text: &str) -> Result<Option<NetTime>, String> {
    let bad = || format!("`{}` is no time since 1970", super::gather::start(text, 40));
    if let Ok(count) = text.parse::<u64>() {
        return Ok((count > 0).then(|| NetTime(to_ms(count))));
    }
    let count: f64 = text.parse().map_err(|_| bad())?;
    if !(0.0..1e20).contains(&count) {
        return Err(bad());
    }
    // Fractions are of seconds or of milliseconds; below that they are far under our resolution.
    let ms = if count < 1e11 {
        (count * 1000.0).round() as u64
    } else {
        to_ms(count as u64)
    };
    Ok((ms > 0).then_some(NetTime(ms)))
}

const fn to_ms(count: u64) -> u64 {
    match count {
        0..100_000_000_000 => count * 1000,
        100_000_000_000..100_000_000_000_000 => count,
        100_000_000_000_000..100_000_000_000_000_000 => count / 1000,
        _ => count / 1_000_000,
    }
}

/// The moment of an RFC 3339 text. Before 1970, which is how Go writes "never", is "no stamp": `None`. The error says what to write.
pub fn rfc3339(text: &str) -> Result<Option<NetTime>, String> {
    let stamp: jiff::Timestamp = text.trim().parse().map_err(|_| {
        let start = super::gather::start(text, 40);
        format!("`{start}` is no RFC 3339 time such as 2026-11-20T08:00:03Z")
    })?;
    Ok(u64::try_from(stamp.as_millisecond())
        .ok()
        .filter(|ms| *ms > 0)
        .map(NetTime))
}

/// The moment of a stamp as senders write it: a number since 1970 or an RFC 3339 text.
pub(crate) fn stamp(text: &str) -> Result<Option<NetTime>, String> {
    if text.contains([':', 'T']) {
        rfc3339(text)
    } else {
        moment(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_beyond_a_floats_reach_stays_exact() {
        assert_eq!(
            number("9007199254740992"),
            Some(Ok(Value::Number(9_007_199_254_740_992.0)))
        );
        assert_eq!(
            number("9007199254740993"),
            Some(Ok(Value::Whole(9_007_199_254_740_993)))
        );
        assert_eq!(
            number("18446744073709551615"),
            Some(Ok(Value::Whole(u64::MAX)))
        );
        assert_eq!(
            number("18446744073709551616"),
            Some(Ok(Value::Number(18_446_744_073_709_551_616.0)))
        );
    }

    #[test]
    fn words_are_no_numbers_and_endless_numbers_are_refused() {
        for word in [
            "", "UP", "007", "1.2.3", "--1", "+", "-", ".", "0x10", "1e", "e5", "10.0.0.1",
        ] {
            assert_eq!(number(word), None, "{word}");
        }
        for endless in ["NaN", "-Inf", "+Infinity", "1e400", "-1e309"] {
            assert!(matches!(number(endless), Some(Err(_))), "{endless}");
        }
        for (text, value) in [
            ("-3", -3.0),
            ("+4", 4.0),
            ("1e308", 1e308),
            (".5", 0.5),
            ("0", 0.0),
            ("-0.0", 0.0),
        ] {
            assert_eq!(number(text), Some(Ok(Value::Number(value))), "{text}");
        }
    }

    #[test]
    fn the_unit_of_a_stamp_is_told_by_its_size() {
        let at = Ok(Some(NetTime(1_795_161_603_114)));
        assert_eq!(moment("1795161603.114"), at);
        assert_eq!(moment("1795161603114"), at);
        assert_eq!(moment("1795161603114000"), at);
        assert_eq!(moment("1795161603114000000"), at);
        assert_eq!(moment("1795161603"), Ok(Some(NetTime(1_795_161_603_000))));
        assert_eq!(stamp("2026-11-20T08:00:03.114Z"), at);
        assert_eq!(stamp("2026-11-20T16:00:03.114+08:00"), at);
        assert_eq!(stamp("0001-01-01T00:00:00Z"), Ok(None));
        assert_eq!(moment("0"), Ok(None));
        for bad in ["-5", "1e30", "nan", "soon", ""] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
