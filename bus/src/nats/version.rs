//! Is the server new enough?

use std::fmt;

/// A server's version, without what follows the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// The oldest server whose key-value buckets and multi-filter consumers this client understands.
pub const OLDEST: Version = Version {
    major: 2,
    minor: 10,
    patch: 0,
};

impl Version {
    /// Reads `2.10.29`, `v2.11.0-preview.2` and the like; `None` if it does not begin with three numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            major: next()?,
            minor: next()?,
            patch: next()?,
        })
    }

    /// Whether Zizhi can work with it.
    pub fn is_enough(self) -> bool {
        self >= OLDEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_debian_12_is_too_old_and_later_ones_are_not() {
        for (text, enough) in [
            ("2.9.10", Some(false)),
            ("2.10.0", Some(true)),
            ("2.15.1", Some(true)),
            ("v2.11.0-preview.2", Some(true)),
            ("1.99.99", Some(false)),
            ("10.0.0", Some(true)),
            ("2.10", None),
            ("", None),
            ("nats", None),
            ("2.99999999999.0", None),
        ] {
            assert_eq!(
                Version::parse(text).map(Version::is_enough),
                enough,
                "{text}"
            );
        }
    }
}
