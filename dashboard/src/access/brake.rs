//! How long must somebody wait who has guessed wrongly?
//!
//! In: failed sign-ins by account name and by address. Out: a wait that doubles, up to a minute. It is the same for a
//! name that does not exist, so it tells nothing. Nobody is locked out: a wait ends by itself, trying while it lasts
//! does not lengthen it, and an address from which a person has signed in before has a count of its own, which strangers
//! who guess at that person's name cannot raise.

use std::collections::{HashMap, HashSet};
use zizhi_types::NetTime;

/// Wrong tries at one account before the first wait (our choice: a person who cannot remember which keyboard layout is on).
const FREE_ACCOUNT: u32 = 4;

/// Wrong tries from one address before the first wait: several people can share one.
const FREE_ADDRESS: u32 = 12;

/// The longest wait, in ms: about 1,400 guesses a day at one account.
pub const WAIT_MAX_MS: u64 = 60_000;

/// After this rest, in ms, wrong tries are forgotten.
const FORGET_MS: u64 = 30 * 60 * 1000;

/// Counts kept at most; those whose wait ends first go first.
const COUNTS_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(String),
    /// A person at an address that is known for this person.
    Known(String, String),
}

impl Key {
    const fn free(&self) -> u32 {
        match self {
            Self::Address(_) => FREE_ADDRESS,
            Self::Account(_) | Self::Known(..) => FREE_ACCOUNT,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    wrong: u32,
    last: NetTime,
}

/// All counts.
#[derive(Debug, Default)]
pub struct Brake {
    counts: HashMap<Key, Count>,
    known: HashSet<(String, String)>,
}

impl Brake {
    /// How many ms are left to wait before `name` may be tried from `address`; `None` where it may be tried now.
    pub fn wait_ms(&self, name: &str, address: &str, now: NetTime) -> Option<u64> {
        let left = |key: &Key| {
            let count = self.counts.get(key)?;
            let until = count.last + wait_after(count.wrong, key.free());
            (until > now).then(|| until.since(now))
        };
        self.keys(name, address).iter().filter_map(left).max()
    }

    /// Counts a wrong try. Counted before the password is looked at, so that tries at the same time count too.
    pub fn tried(&mut self, name: &str, address: &str, now: NetTime) {
        for key in self.keys(name, address) {
            let fresh = Count {
                wrong: 0,
                last: now,
            };
            let count = self.counts.entry(key).or_insert(fresh);
            if now.since(count.last) >= FORGET_MS {
                *count = fresh;
            }
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
        }
        self.bound(now);
    }

    /// The try was right: it does not count, and the address is known for this person from now on.
    pub fn right(&mut self, name: &str, address: &str) {
        for key in self.keys(name, address) {
            if !matches!(key, Key::Address(_)) {
                self.counts.remove(&key);
            } else if let Some(count) = self.counts.get_mut(&key) {
                // Others may guess from the same address: only this one try is taken back.
                count.wrong = count.wrong.saturating_sub(1);
            }
        }
        if self.known.len() < COUNTS_MAX {
            self.known.insert((name.to_owned(), address.to_owned()));
        }
    }

    fn keys(&self, name: &str, address: &str) -> Vec<Key> {
        let pair = (name.to_owned(), address.to_owned());
        if self.known.contains(&pair) {
            return vec![Key::Known(pair.0, pair.1)];
        }
        vec![Key::Account(pair.0), Key::Address(pair.1)]
    }

    fn bound(&mut self, now: NetTime) {
        if self.counts.len() <= COUNTS_MAX {
            return;
        }
        self.counts.retain(|_, c| now.since(c.last) < FORGET_MS);
        let until = |(key, c): (&Key, &Count)| c.last + wait_after(c.wrong, key.free());
        while self.counts.len() > COUNTS_MAX {
            let first = self.counts.iter().min_by_key(|entry| until(*entry));
            let Some(key) = first.map(|(key, _)| key.clone()) else {
                return;
            };
            self.counts.remove(&key);
        }
    }
}

/// 1 s after the first try that is too many, then twice as long each time.
const fn wait_after(wrong: u32, free: u32) -> u64 {
    if wrong <= free {
        return 0;
    }
    let doublings = wrong - free - 1;
    if doublings >= 6 {
        WAIT_MAX_MS
    } else {
        1000 << doublings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    /// Guesses as fast as it is let for `span` ms; returns how many guesses that were.
    fn guess(brake: &mut Brake, name: &str, address: &str, from: u64, span: u64) -> u32 {
        let (mut now, mut guesses) = (from, 0);
        while now < from + span {
            if let Some(wait) = brake.wait_ms(name, address, NetTime(now)) {
                now += wait;
            } else {
                brake.tried(name, address, NetTime(now));
                guesses += 1;
            }
        }
        guesses
    }

    #[test]
    fn guessing_becomes_slow_at_names_that_exist_or_not() {
        let mut brake = Brake::default();
        let guesses = guess(&mut brake, "li", "10.0.0.9", 0, HOUR);
        assert!((60..80).contains(&guesses), "{guesses}");
        let others = guess(&mut Brake::default(), "nobody", "10.0.0.9", 0, HOUR);
        assert_eq!(guesses, others);
    }

    #[test]
    fn guessing_one_password_at_many_names_becomes_slow_too() {
        let mut brake = Brake::default();
        let mut guesses = 0;
        for n in 0..500 {
            let name = format!("name-{n}");
            if brake.wait_ms(&name, "10.0.0.9", NetTime(n)).is_none() {
                brake.tried(&name, "10.0.0.9", NetTime(n));
                guesses += 1;
            }
        }
        assert_eq!(guesses, FREE_ADDRESS + 1);
    }

    #[test]
    fn nobody_is_locked_out_by_strangers() {
        let mut brake = Brake::default();
        brake.tried("li", "10.0.0.5", NetTime(0));
        brake.right("li", "10.0.0.5");
        for n in 0..50 {
            guess(&mut brake, "li", &format!("192.0.2.{n}"), n, 1);
        }
        guess(&mut brake, "li", "192.0.2.99", 100, HOUR);
        let now = NetTime(HOUR + 50);
        assert!(brake.wait_ms("li", "192.0.2.1", now).is_some());
        assert_eq!(brake.wait_ms("li", "10.0.0.5", now), None, "known");
        let longest = brake.wait_ms("li", "10.0.0.6", now).unwrap();
        assert!(longest <= WAIT_MAX_MS, "from elsewhere it is a minute");
    }

    #[test]
    fn a_right_try_does_not_wash_an_address_clean() {
        let mut brake = Brake::default();
        for n in 0..FREE_ADDRESS {
            brake.tried(&format!("n{n}"), "10.0.0.9", NetTime(0));
        }
        brake.tried("mallory", "10.0.0.9", NetTime(0));
        brake.right("mallory", "10.0.0.9");
        brake.tried("li", "10.0.0.9", NetTime(1));
        assert!(brake.wait_ms("li", "10.0.0.9", NetTime(2)).is_some());
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut brake = Brake::default();
        for n in 0..COUNTS_MAX + 50 {
            brake.tried(&format!("n{n}"), "a", NetTime(0));
        }
        assert_eq!(brake.counts.len(), COUNTS_MAX);
    }
}
