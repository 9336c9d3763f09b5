//! How is a text or a number from outside kept within its bounds?

use super::{Reject, Value};

/// Bytes of a bad part that are shown to a person.
const SAMPLE_BYTES: usize = 120;

/// Whole numbers up to here are exact as a float (2^53).
const EXACT_MAX: u64 = 1 << 53;

/// The text, cut at a character boundary so that it has at most `bytes` bytes.
pub(crate) fn clip(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

/// The first bytes of a part, as text.
pub(crate) fn sample(part: &[u8]) -> String {
    String::from_utf8_lossy(&part[..part.len().min(SAMPLE_BYTES)]).into_owned()
}

/// A reject of a part that is best shown as text.
pub(crate) fn reject(reason: impl Into<String>, part: &str) -> Reject {
    Reject {
        reason: reason.into(),
        sample: clip(part, SAMPLE_BYTES),
    }
}

/// A whole number as a value: a float where that is exact or negative, else kept whole.
pub(crate) fn whole(number: i64) -> Value {
    match u64::try_from(number) {
        Ok(number) => count(number),
        Err(_) => Value::Number(number as f64),
    }
}

/// A count as a value: a float where that is exact, else kept whole.
pub(crate) fn count(number: u64) -> Value {
    if number <= EXACT_MAX {
        Value::Number(number as f64)
    } else {
        Value::Whole(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip("自智", 4), "自");
        assert_eq!(clip("ab", 4), "ab");
    }

    #[test]
    fn a_large_counter_stays_exact() {
        assert_eq!(count(u64::MAX), Value::Whole(u64::MAX));
        assert_eq!(whole(-5), Value::Number(-5.0));
        assert_eq!(whole(7), Value::Number(7.0));
    }
}
