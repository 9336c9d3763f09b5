//! Which holding of a name does a process act under?

use serde::{Deserialize, Serialize};

/// Which holding of a name it is, from 1; 0 where nothing is held. Terms of one name only ever grow, and whoever is acted
/// upon refuses a term lower than the highest that it has seen (the fencing token of M. Kleppmann, "How to do distributed
/// locking", 2016).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Term(pub u64);
