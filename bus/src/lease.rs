//! The lease port: at most one holder of a name at a time, each with a term that the next holder's exceeds.
//!
//! A holder that was paused, cut off or replaced does not know it; its term does. Whoever acts for a holder carries the
//! term along, and whoever is acted upon refuses a term lower than the highest it has seen (the fencing token of M. Kleppmann,
//! "How to do distributed locking", 2016).

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use zizhi_types::term::Term;

/// Who holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// As it called itself.
    pub holder: String,
    /// Under which term.
    pub term: Term,
}

/// Why a lease was not taken or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("`{name}` is held by {holder}: stop that one, or wait until its lease runs out")]
    Held {
        /// Which name.
        name: String,
        /// By whom.
        holder: String,
    },
    /// It ran out, or somebody took it over.
    #[error("the lease of `{0}` is lost: whoever held it must not act any more")]
    Lost(String),
    /// Nobody can be asked.
    #[error("leases cannot be reached: {0}")]
    Unavailable(String),
}

/// Takes, keeps and gives up names.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes `name` for `ttl` if nobody holds it.
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Term, LeaseError>;

    /// Keeps it for as long again. Once [`LeaseError::Lost`], it stays lost.
    async fn renew(&self, name: &str, term: Term) -> Result<(), LeaseError>;

    /// Gives it up, so that the next one need not wait. Without effect if it was lost.
    async fn give_up(&self, name: &str, term: Term) -> Result<(), LeaseError>;

    /// Who holds it now, if anybody does.
    async fn holding(&self, name: &str) -> Result<Option<Holding>, LeaseError>;
}

/// Leases within this process.
#[derive(Debug, Default)]
pub struct LocalLeases {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    held: BTreeMap<String, Held>,
}

#[derive(Debug)]
struct Held {
    holding: Holding,
    ttl: Duration,
    until: Instant,
}

impl LocalLeases {
    /// Nothing is held.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The live holding of a name.
    fn live(&mut self, name: &str, now: Instant) -> Option<&mut Held> {
        self.held.get_mut(name).filter(|h| h.until > now)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a lease runs out by the clock of whoever holds it or waits for it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[async_trait]
impl Leases for LocalLeases {
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Term, LeaseError> {
        let (mut state, now) = (self.state(), now());
        if let Some(held) = state.live(name, now) {
            let (name, holder) = (name.to_owned(), held.holding.holder.clone());
            return Err(LeaseError::Held { name, holder });
        }
        state.last += 1;
        let term = Term(state.last);
        let holding = Holding {
            holder: holder.to_owned(),
            term,
        };
        let held = Held {
            holding,
            ttl,
            until: now + ttl,
        };
        state.held.insert(name.to_owned(), held);
        Ok(term)
    }

    async fn renew(&self, name: &str, term: Term) -> Result<(), LeaseError> {
        let (mut state, now) = (self.state(), now());
        match state.live(name, now) {
            Some(held) if held.holding.term == term => {
                held.until = now + held.ttl;
                Ok(())
            }
            _ => Err(LeaseError::Lost(name.to_owned())),
        }
    }

    async fn give_up(&self, name: &str, term: Term) -> Result<(), LeaseError> {
        let mut state = self.state();
        if state.held.get(name).is_some_and(|h| h.holding.term == term) {
            state.held.remove(name);
        }
        Ok(())
    }

    async fn holding(&self, name: &str) -> Result<Option<Holding>, LeaseError> {
        let (mut state, now) = (self.state(), now());
        Ok(state.live(name, now).map(|h| h.holding.clone()))
    }
}
