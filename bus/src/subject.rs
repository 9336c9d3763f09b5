//! Subjects and patterns, with the meaning that NATS gives them.

/// Whether `subject` can be published under: non-empty tokens between dots, no wildcards, no white space.
pub fn is_publishable(subject: &str) -> bool {
    subject.split('.').all(|token| {
        !token.is_empty() && !token.contains(['*', '>']) && !token.contains(char::is_whitespace)
    })
}

/// Whether `pattern` covers `subject`: `*` stands for one token, a last `>` for one or more.
pub fn matches(pattern: &str, subject: &str) -> bool {
    let mut wanted = pattern.split('.');
    let mut got = subject.split('.');
    loop {
        match (wanted.next(), got.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some(w), Some(g)) if w == "*" || w == g => {}
            _ => return false,
        }
    }
}

/// Whether a subject carries telemetry (plane `obs`), which may be dropped at a full queue.
pub fn is_telemetry(subject: &str) -> bool {
    subject.split('.').nth(3) == Some("obs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_nats() {
        for (pattern, subject, expected) in [
            ("a.b.c", "a.b.c", true),
            ("a.*.c", "a.b.c", true),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.*", "a.b.c", false),
            ("a.b", "a", false),
            (">", "a", true),
        ] {
            assert_eq!(
                matches(pattern, subject),
                expected,
                "{pattern} on {subject}"
            );
        }
    }

    #[test]
    fn wildcards_and_gaps_cannot_be_published() {
        assert!(is_publishable("zizhi.v1.transport.obs.telemetry"));
        for bad in ["", "a..b", "a.*", "a.>", "a b.c"] {
            assert!(!is_publishable(bad), "{bad}");
        }
    }
}
