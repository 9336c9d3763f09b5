//! Which series is this? A number of 128 bits for any mixture of texts, the same in every run.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Names a series. Two different ones share a key with a chance that does not matter.
pub(super) type Key = (u64, u64);

/// The key of anything that can be hashed.
pub(super) fn of(what: &impl Hash) -> Key {
    let hash = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        what.hash(&mut hasher);
        hasher.finish()
    };
    (hash(0), hash(1))
}
