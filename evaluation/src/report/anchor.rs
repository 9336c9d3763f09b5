//! Under which id is a row or section reached? The same for the target and for every link to it.

use std::fmt::Write as _;

/// An id that is safe in an attribute and an address, different for different names.
///
/// Letters, digits, `-` and `.` stay; everything else becomes its number between underscores. The prefix keeps names
/// of the evidence apart from the page's own ids.
pub fn id(name: &str) -> String {
    let mut id = String::from("at-");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') {
            id.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(id, "_{:x}_", u32::from(c));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn a_hostile_name_becomes_a_plain_id_and_stays_different_from_others() {
        assert_eq!(id("run-1.a"), "at-run-1.a");
        let hostile = id("\"><script>");
        assert!(
            hostile
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
            "{hostile}"
        );
        assert_ne!(id("a b"), id("a-b"));
        assert_ne!(id("a_20_b"), id("a b"));
    }
}
