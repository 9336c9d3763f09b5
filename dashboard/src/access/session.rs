//! Who is signed in, and until when?
//!
//! In: hashes of tokens with the time. Out: whose session it is, or nothing. A session ends by signing out, after an hour
//! without a page opened, after twelve hours in any case, and when the account's password or role changes: then its stamp
//! is another one.

use super::secret::Hash;
use std::collections::HashMap;
use zizhi_types::NetTime;

/// Longest rest between two pages, in ms. NIST SP 800-63B-4 gives an hour for AAL2.
pub const IDLE_MS: u64 = 60 * 60 * 1000;

/// Longest session, in ms: a shift. NIST SP 800-63B-4 gives a day.
pub const WHOLE_MS: u64 = 12 * 60 * 60 * 1000;

/// Sessions that one person can have; the oldest goes first. Our choice: more browsers than anybody uses at once.
pub const EACH_MAX: usize = 8;

/// One browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account.
    pub name: String,
    /// The account's stamp at sign-in.
    pub stamp: String,
    begun: NetTime,
    seen: NetTime,
}

/// Every session.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<Hash, Session>,
}

impl Sessions {
    /// Begins one.
    pub fn begin(&mut self, hash: Hash, name: &str, stamp: &str, now: NetTime) {
        self.open.retain(|_, s| s.lives(now));
        let mut theirs: Vec<(NetTime, Hash)> = self
            .open
            .iter()
            .filter(|(_, s)| s.name == name)
            .map(|(hash, s)| (s.begun, *hash))
            .collect();
        theirs.sort_unstable();
        for (_, oldest) in theirs.iter().rev().skip(EACH_MAX - 1) {
            self.open.remove(oldest);
        }
        let session = Session {
            name: name.to_owned(),
            stamp: stamp.to_owned(),
            begun: now,
            seen: now,
        };
        self.open.insert(hash, session);
    }

    /// Finds one that has not ended. Only what a person does keeps it awake; a page that refreshes itself does not.
    pub fn find(&mut self, hash: &Hash, now: NetTime, by_hand: bool) -> Option<&Session> {
        if !self.open.get(hash)?.lives(now) {
            self.open.remove(hash);
            return None;
        }
        let session = self.open.get_mut(hash)?;
        if by_hand {
            session.seen = session.seen.max(now);
        }
        Some(session)
    }

    /// Ends one; says whose it was.
    pub fn end(&mut self, hash: &Hash) -> Option<String> {
        self.open.remove(hash).map(|s| s.name)
    }

    /// Ends all of an account.
    pub fn end_all_of(&mut self, name: &str) {
        self.open.retain(|_, s| s.name != name);
    }
}

impl Session {
    fn lives(&self, now: NetTime) -> bool {
        now.since(self.seen) < IDLE_MS && now.since(self.begun) < WHOLE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Hash = [1; 32];

    fn begun() -> Sessions {
        let mut sessions = Sessions::default();
        sessions.begin(A, "li", "s1", NetTime(0));
        sessions
    }

    #[test]
    fn a_session_ends_after_an_hour_without_a_hand() {
        let mut sessions = begun();
        assert!(sessions.find(&A, NetTime(IDLE_MS - 1), false).is_some());
        assert!(sessions.find(&A, NetTime(IDLE_MS), false).is_none());
        assert!(sessions.find(&A, NetTime(1), false).is_none(), "it is gone");
    }

    #[test]
    fn a_session_ends_after_a_shift_however_busy() {
        let mut sessions = begun();
        let mut now = 0;
        while now + IDLE_MS / 2 < WHOLE_MS {
            now += IDLE_MS / 2;
            if now < WHOLE_MS {
                assert!(sessions.find(&A, NetTime(now), true).is_some(), "{now}");
            }
        }
        assert!(sessions.find(&A, NetTime(WHOLE_MS), true).is_none());
    }

    #[test]
    fn one_person_has_a_bounded_number_of_sessions() {
        let mut sessions = begun();
        for n in 0..EACH_MAX {
            let hash = [u8::try_from(n + 2).unwrap(); 32];
            sessions.begin(hash, "li", "s1", NetTime(1 + n as u64));
        }
        assert_eq!(sessions.open.len(), EACH_MAX);
        assert!(!sessions.open.contains_key(&A), "the oldest went");
        sessions.end_all_of("li");
        assert!(sessions.open.is_empty());
    }
}
