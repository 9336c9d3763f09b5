//! Which objects does a line of a drivers file mean?
//!
//! In: a text with `*` for any characters, and an object. Out: yes or no.

/// Whether `pattern` means `name`; `*` stands for any characters, also none.
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("link/*", "link/A-B"),
            ("*", "x"),
            ("link/A-B", "link/A-B"),
            ("*/A*-*", "link/A1-B"),
            ("a*b*b", "abb"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("link/*", "links/A"),
            ("a", "ab"),
            ("a*b*b", "ab"),
            ("", "x"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
