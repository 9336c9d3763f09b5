//! When is `Nov 20 08:00:03`? Dates as routers write them: without a year, without a zone, or with both in odd places.

use crate::decode::number;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use zizhi_types::NetTime;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A date at the start of `text`, and what follows it. The year, where it is missing, is the one that brings the date
/// nearest to `received`; a time without a zone, or with a zone that is only a name, is UTC.
pub(super) fn leading(text: &str, received: NetTime) -> Option<(NetTime, &str)> {
    // Cisco marks a clock that was never set by `*`, and one that lost its server by `.`.
    let text = text.trim_start_matches(['*', '.']);
    let (first, rest) = split(text)?;
    if first.contains('T') && first.contains(':') {
        let at = number::rfc3339(first.trim_end_matches(':')).ok()??;
        return Some((at, rest));
    }
    let (mut year, month, rest) = if let Some(month) = month(first) {
        (None, month, rest)
    } else {
        let (second, rest) = split(rest)?;
        (Some(year_of(first)?), month(second)?, rest)
    };
    let (day, rest) = split(rest)?;
    let day: i8 = day.parse().ok()?;
    let (mut clock, mut rest) = split(rest)?;
    if let Some(found) = year_of(clock) {
        year = Some(found);
        (clock, rest) = split(rest)?;
    }
    let time = clock_of(clock.trim_end_matches(':'))?;
    if year.is_none()
        && let Some((word, after)) = split(rest)
        && let Some(found) = year_of(word.trim_end_matches(':'))
    {
        (year, rest) = (Some(found), after);
    }
    let at = moment(year, month, day, time, received)?;
    Some((at, without_zone(rest)))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (!word.is_empty()).then_some((word, rest))
}

fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(word))?;
    i8::try_from(at + 1).ok()
}

fn year_of(word: &str) -> Option<i16> {
    let year: i16 = word.parse().ok()?;
    (word.len() == 4 && (1970..=9000).contains(&year)).then_some(year)
}

/// `08:00:03` or `08:00:03.114`, in milliseconds of the day.
fn clock_of(word: &str) -> Option<u64> {
    let (clock, fraction) = word.split_once(['.', ',']).unwrap_or((word, "0"));
    let mut parts = clock.split(':').map(|part| {
        let short = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        short.then(|| part.parse::<u64>().ok()).flatten()
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let three: String = fraction.chars().chain("000".chars()).take(3).collect();
    let ms: u64 = three.parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1000 + ms)
}

fn moment(
    year: Option<i16>,
    month: i8,
    day: i8,
    time_ms: u64,
    received: NetTime,
) -> Option<NetTime> {
    let midnight = |year: i16| {
        let day = DateTime::new(year, month, day, 0, 0, 0, 0).ok()?;
        let ms = Offset::UTC.to_timestamp(day).ok()?.as_millisecond();
        Some(NetTime(u64::try_from(ms).ok()? + time_ms))
    };
    if let Some(year) = year {
        return midnight(year);
    }
    let now = jiff::Timestamp::from_millisecond(i64::try_from(received.0).ok()?).ok()?;
    let this = Offset::UTC.to_datetime(now).year();
    let near = [this - 1, this, this + 1].into_iter().filter_map(midnight);
    near.min_by_key(|at| at.0.abs_diff(received.0))
}

/// What follows a date's zone, if there is one: one short word in capitals before a colon, or `UTC`, `GMT`, `Z`.
fn without_zone(rest: &str) -> &str {
    let Some((word, after)) = split(rest) else {
        return rest;
    };
    let zone = word.trim_end_matches(':');
    let is_zone = ["UTC", "GMT", "Z"].contains(&zone)
        || (zone.len() < word.len()
            && (2..=5).contains(&zone.len())
            && zone.bytes().all(|b| b.is_ascii_uppercase()));
    if is_zone { after } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T08:00:05Z
    const RECEIVED: NetTime = NetTime(1_795_161_605_000);

    #[test]
    fn every_way_to_write_a_date_is_read() {
        for (text, ms, rest) in [
            ("Nov 20 08:00:03 pe1 x", 1_795_161_603_000, "pe1 x"),
            ("*Nov 20 08:00:03.114: %X", 1_795_161_603_114, "%X"),
            ("Nov 20 2026 08:00:03.1 UTC: %X", 1_795_161_603_100, "%X"),
            ("2026 Nov 20 08:00:03 CST: %X", 1_795_161_603_000, "%X"),
            ("Nov 20 08:00:03 2026 pe1", 1_795_161_603_000, "pe1"),
            ("2026-11-20T16:00:03+08:00 pe1", 1_795_161_603_000, "pe1"),
            ("Nov  1 08:00:03 pe1", 1_793_520_003_000, "pe1"),
        ] {
            assert_eq!(leading(text, RECEIVED), Some((NetTime(ms), rest)), "{text}");
        }
        for no_date in [
            "",
            "pe1 x",
            "Nov",
            "Nov 31 08:00:03",
            "Nov 20 25:00:03",
            "Nov 20 08:00",
            "Foo 20 08:00:03",
        ] {
            assert_eq!(leading(no_date, RECEIVED), None, "{no_date}");
        }
    }

    #[test]
    fn a_missing_year_is_the_nearest() {
        let new_year = NetTime(1_798_761_605_000); // 2027-01-01T00:00:05Z
        let (at, _) = leading("Dec 31 23:59:59 x", new_year).unwrap();
        assert_eq!(at, NetTime(1_798_761_599_000));
        let new_years_eve = NetTime(1_798_761_595_000);
        let (at, _) = leading("Jan  1 00:00:01 x", new_years_eve).unwrap();
        assert_eq!(at, NetTime(1_798_761_601_000));
    }
}
