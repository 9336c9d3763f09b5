//! The only door through which a network is changed.
//!
//! In: one [`Action`] with a key that is never used twice. Out: what the network said when it was read back.
//! Only the executor calls it; everything else in Zizhi can only propose.

use async_trait::async_trait;
use zizhi_types::action::{Action, Receipt, Verb};

/// Changes a network. One implementation per sort of network: the sandbox, the lab, a user's own.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Whether this driver can do the action at all.
    fn supports(&self, verb: Verb) -> bool;

    /// Makes the change and reads it back. A second call with a used `key` must change nothing and return the
    /// first call's answer.
    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError>;
}

/// Why a change was not made, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// The driver will not do it; nothing was changed.
    #[error("refused: {0}")]
    Refused(String),
    /// It was tried and failed; nothing was changed, or what was changed is back as it was.
    #[error("failed without effect: {0}")]
    Failed(String),
    /// Nobody knows whether the network was changed: never repeat it, ask a person.
    #[error("effect unknown: {0}")]
    Unknown(String),
}
