//! Who holds a name, among processes that share no clock?
//!
//! One key per name in a bucket; its revision is the term. Taking is a create, or a compare-and-set on the revision that
//! is seen; renewing is a compare-and-set on the holder's last revision; giving up deletes that revision. The server orders these, so two never
//! win. Revisions grow over the whole bucket, so terms do.
//!
//! Time is measured on one clock at a time. The holder counts its ttl from the moment *before* it asked for the last renewal. Whoever
//! wants the name counts the holder's ttl from the moment *after* it first saw the revision that still stands. The second moment is
//! later, so the holder stops before the other may start, as long as both clocks run equally fast; what they show does not matter. So a
//! newcomer waits a whole ttl before it takes over from a holder that died.
//!
//! A holder that cannot reach the server hears [`LeaseError::Unavailable`] and must stop once its ttl has passed; `renew` says
//! [`LeaseError::Lost`] from then on, whether the server is there or not. Only the [`NatsLeases`] that took a name can renew it: after a
//! restart a process takes it anew.

use super::shared::{Shared, lock};
use crate::lease::{Holding, LeaseError, Leases, Term, now};
use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, UpdateErrorKind};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long one question to the server may take. Our choice: below any useful ttl.
const ANSWER: Duration = Duration::from_secs(3);

/// Leases that all processes on a bus share. Cloning gives another handle.
#[derive(Clone)]
pub struct NatsLeases {
    shared: Arc<Shared>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    own: BTreeMap<String, Own>,
    seen: BTreeMap<String, Sight>,
}

/// A name that we hold.
#[derive(Clone)]
struct Own {
    term: u64,
    revision: u64,
    value: Value,
    until: Instant,
}

/// Since when a revision stands, as far as we saw.
#[derive(Clone, Copy)]
struct Sight {
    revision: u64,
    since: Instant,
}

/// What the bucket has under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Value {
    holder: String,
    ttl_ms: u64,
    /// 0 in the first revision, which is the term itself.
    term: u64,
    /// Tells two processes that call themselves the same apart.
    epoch: u64,
}

/// What stands under a name.
struct Standing {
    value: Value,
    revision: u64,
    /// Whether its holder may still act.
    is_live: bool,
}

impl Standing {
    fn term(&self) -> Term {
        Term(if self.value.term == 0 {
            self.revision
        } else {
            self.value.term
        })
    }
}

impl NatsLeases {
    pub(super) fn over(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            state: Arc::default(),
        }
    }

    /// What stands under a key now; notes since when.
    async fn look(&self, key: &str) -> Result<Option<Standing>, LeaseError> {
        let asked = self.shared.leases.entry(key);
        let entry = within(asked).await.map_err(|e| self.unavailable(e))?;
        let now = now();
        let Some((value, revision)) = entry.and_then(standing) else {
            lock(&self.state).seen.remove(key);
            return Ok(None);
        };
        let mut state = lock(&self.state);
        let sight = state.seen.entry(key.to_owned()).or_insert(Sight {
            revision,
            since: now,
        });
        if sight.revision != revision {
            *sight = Sight {
                revision,
                since: now,
            };
        }
        let ttl = Duration::from_millis(value.ttl_ms);
        let is_live = now.duration_since(sight.since) < ttl;
        Ok(Some(Standing {
            value,
            revision,
            is_live,
        }))
    }

    /// Writes where `after` still stands; `None` if something else does.
    async fn write(
        &self,
        key: &str,
        value: &Value,
        after: Option<u64>,
    ) -> Result<Option<u64>, LeaseError> {
        let text = serde_json::to_vec(value).map_err(|e| self.unavailable(e))?;
        let leases = &self.shared.leases;
        match after {
            None => match within(leases.create(key, text.into())).await {
                Ok(revision) => Ok(Some(revision)),
                Err(Failed::Refused(e)) if e.kind() == CreateErrorKind::AlreadyExists => Ok(None),
                Err(error) => Err(self.unavailable(error)),
            },
            Some(after) => match within(leases.update(key, text.into(), after)).await {
                Ok(revision) => Ok(Some(revision)),
                Err(Failed::Refused(e)) if e.kind() == UpdateErrorKind::WrongLastRevision => {
                    Ok(None)
                }
                Err(error) => Err(self.unavailable(error)),
            },
        }
    }

    /// The name as we hold it under a term, if our ttl has not passed.
    fn own(&self, name: &str, term: Term) -> Result<Own, LeaseError> {
        let mut state = lock(&self.state);
        match state.own.get(name) {
            Some(own) if own.term == term.0 && own.until > now() => Ok(own.clone()),
            Some(own) if own.term == term.0 => {
                state.own.remove(name);
                Err(lost(name))
            }
            _ => Err(lost(name)),
        }
    }

    fn keep(&self, name: &str, own: Own) {
        lock(&self.state).own.insert(name.to_owned(), own);
    }

    fn unavailable(&self, error: impl Display) -> LeaseError {
        LeaseError::Unavailable(self.shared.unavailable(error).to_string())
    }

    /// Our own revision, should a renewal have arrived whose confirmation did not.
    async fn own_revision(&self, key: &str, own: &Own) -> Result<Option<u64>, LeaseError> {
        let Some(standing) = self.look(key).await? else {
            return Ok(None);
        };
        let is_ours = standing.value.epoch == own.value.epoch && standing.term() == Term(own.term);
        Ok(is_ours.then_some(standing.revision))
    }
}

#[async_trait]
impl Leases for NatsLeases {
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Term, LeaseError> {
        let key = key_of(name);
        let stands = self.look(&key).await?;
        if let Some(standing) = stands.as_ref().filter(|s| s.is_live) {
            return Err(held(name, standing));
        }
        let value = Value {
            holder: holder.to_owned(),
            ttl_ms: u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            term: 0,
            epoch: self.shared.epoch,
        };
        let asked = now();
        let written = self.write(&key, &value, stands.map(|s| s.revision)).await?;
        let Some(revision) = written else {
            let winner = self.look(&key).await?;
            let unknown = || self.unavailable("somebody else takes it at this moment: try again");
            return Err(winner.map_or_else(unknown, |w| held(name, &w)));
        };
        let own = Own {
            term: revision,
            revision,
            value: Value {
                term: revision,
                ..value
            },
            until: asked + ttl,
        };
        self.keep(name, own);
        Ok(Term(revision))
    }

    async fn renew(&self, name: &str, term: Term) -> Result<(), LeaseError> {
        let (key, mut own) = (key_of(name), self.own(name, term)?);
        let asked = now();
        let mut written = self.write(&key, &own.value, Some(own.revision)).await?;
        if written.is_none()
            && let Some(revision) = self.own_revision(&key, &own).await?
        {
            written = self.write(&key, &own.value, Some(revision)).await?;
        }
        let Some(revision) = written else {
            lock(&self.state).own.remove(name);
            return Err(lost(name));
        };
        own.revision = revision;
        own.until = asked + Duration::from_millis(own.value.ttl_ms);
        self.keep(name, own);
        Ok(())
    }

    async fn give_up(&self, name: &str, term: Term) -> Result<(), LeaseError> {
        let Ok(own) = self.own(name, term) else {
            return Ok(());
        };
        // From here on we do not act for it, whatever the server says.
        lock(&self.state).own.remove(name);
        let key = key_of(name);
        let Some(revision) = self.own_revision(&key, &own).await? else {
            return Ok(());
        };
        let leases = &self.shared.leases;
        let deleted = within(leases.delete_expect_revision(&key, Some(revision))).await;
        match deleted {
            Err(Failed::Refused(e)) if e.kind() == UpdateErrorKind::WrongLastRevision => Ok(()),
            other => other.map_err(|e| self.unavailable(e)),
        }
    }

    async fn holding(&self, name: &str) -> Result<Option<Holding>, LeaseError> {
        let standing = self.look(&key_of(name)).await?;
        Ok(standing.filter(|s| s.is_live).map(|s| Holding {
            term: s.term(),
            holder: s.value.holder,
        }))
    }
}

/// Why a question to the server has no answer.
enum Failed<E> {
    Refused(E),
    Late,
}

impl<E: Display> Display for Failed<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Late => write!(f, "no answer within {} ms", ANSWER.as_millis()),
        }
    }
}

async fn within<T, E>(asked: impl Future<Output = Result<T, E>>) -> Result<T, Failed<E>> {
    match tokio::time::timeout(ANSWER, asked).await {
        Ok(answer) => answer.map_err(Failed::Refused),
        Err(_) => Err(Failed::Late),
    }
}

/// A value that somebody else wrote by hand, and that cannot be read, is nobody's lease.
fn standing(entry: Entry) -> Option<(Value, u64)> {
    if entry.operation != Operation::Put {
        return None;
    }
    let value = serde_json::from_slice(&entry.value).ok()?;
    Some((value, entry.revision))
}

fn held(name: &str, standing: &Standing) -> LeaseError {
    LeaseError::Held {
        name: name.to_owned(),
        holder: standing.value.holder.clone(),
    }
}

fn lost(name: &str) -> LeaseError {
    LeaseError::Lost(name.to_owned())
}

/// A name as a key: what keys may not have becomes `=` and two hexadecimal digits. Dots stay, so that permissions can name a
/// family of keys.
fn key_of(name: &str) -> String {
    let mut key = String::new();
    let mut last = b'.';
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        // Keys neither begin nor end with a dot, nor have two in a row.
        if is_plain || (byte == b'.' && last != b'.') {
            key.push(char::from(byte));
        } else {
            let _ = write!(key, "={byte:02x}");
        }
        last = byte;
    }
    if key.is_empty() || key.ends_with('.') {
        key.push('=');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_keep_their_dots_and_lose_what_keys_may_not_have() {
        assert_eq!(key_of("agent.transport"), "agent.transport");
        assert_eq!(key_of("link:r1/r2"), "link=3ar1=2fr2");
        assert_eq!(key_of(".a..b."), "=2ea.=2eb.=");
        assert_eq!(key_of(""), "=");
    }

    proptest! {
        #[test]
        fn different_names_have_different_and_good_keys(a in ".{0,12}", b in ".{0,12}") {
            let key = key_of(&a);
            prop_assert!(!key.starts_with('.') && !key.ends_with('.') && !key.contains(".."));
            prop_assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || "-_=.".contains(c)));
            prop_assert_eq!(a == b, key == key_of(&b));
        }
    }
}
