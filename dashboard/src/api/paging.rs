//! Where does the next page begin?
//!
//! In: everything in the order in which it came. Out: a page, newest first, and a cursor. What comes while somebody pages does
//! not move what they have not seen: a cursor names a place in the journal, not a count from its end.

use super::problem::Refusal;
use super::said::WholeQuery;

/// Items on a page where nobody says.
const LIMIT: u64 = 50;

const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// The place before which the next page begins, as twelve letters that nobody has to read.
pub fn cursor(place: usize) -> String {
    let digit = |i: u32| char::from(DIGITS[place >> (5 * i) & 31]);
    (0..12).rev().map(digit).collect()
}

fn place(cursor: &str) -> Result<usize, Refusal> {
    if cursor.len() != 12 {
        return Err(Refusal::Cursor);
    }
    let digit = |b: u8| DIGITS.iter().position(|d| *d == b).ok_or(Refusal::Cursor);
    cursor.bytes().try_fold(0, |at, b| Ok(at << 5 | digit(b)?))
}

/// At most `limit` of `all`, the last first, of those before the cursor that pass; and the next cursor, if there is more.
pub fn page<T>(
    all: impl DoubleEndedIterator<Item = T> + ExactSizeIterator,
    passes: impl Fn(&T) -> bool,
    (after, limit): (Option<&str>, Option<u64>),
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let limit = limit.unwrap_or(LIMIT);
    if !(1..=WholeQuery::LIMIT_MAX).contains(&limit) {
        return Err(Refusal::Limit(limit));
    }
    let end = after.map(place).transpose()?.unwrap_or(usize::MAX);
    let placed = all.enumerate().rev().filter(|(at, _)| *at < end);
    let mut found = placed.filter(|(_, item)| passes(item));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page: Vec<(usize, T)> = found.by_ref().take(limit).collect();
    let last = page.last().map(|(at, _)| *at);
    let next = found.next().and(last).map(cursor);
    Ok((page.into_iter().map(|(_, item)| item).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_while_more_comes() {
        let odd = |n: &i32| n % 2 == 1;
        let (first, next) = page(0..10, odd, (None, Some(2))).unwrap();
        assert_eq!(first, [9, 7]);
        let next = next.unwrap();
        let (second, next) = page(0..20, odd, (Some(&next), Some(2))).unwrap();
        assert_eq!(second, [5, 3]);
        let (third, next) = page(0..20, odd, (next.as_deref(), Some(2))).unwrap();
        assert_eq!((third, next), (vec![1], None));
    }

    #[test]
    fn a_page_that_just_fits_names_no_next_one() {
        let (all, next) = page(0..3, |_| true, (None, Some(3))).unwrap();
        assert_eq!((all.len(), next), (3, None));
    }

    #[test]
    fn bounds_and_cursors_are_refused_with_a_reason() {
        for limit in [0, 201] {
            let wrong = page(0..3, |_| true, (None, Some(limit))).unwrap_err();
            assert!(wrong.to_string().contains("from 1 to 200"), "{wrong}");
        }
        for text in ["", "x", "00000000000z", "0000000000000", "００００"] {
            assert!(page(0..3, |_| true, (Some(text), None)).is_err(), "{text}");
        }
        assert_eq!(place(&cursor(123_456)).unwrap(), 123_456);
    }
}
