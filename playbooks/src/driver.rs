//! The only door through which a network is changed.
//!
//! In: one [`Action`] with a key that is never used twice. Out: what the network said when it was read back.
//! Only the executor calls it; everything else in Zizhi can only propose.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zizhi_types::action::{Action, Receipt, Verb};

/// Changes a network. One implementation per sort of network: the sandbox, the lab, a user's own.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Whether this driver can do the action at all.
    fn supports(&self, verb: Verb) -> bool;

    /// Makes the change and reads it back. A second call with a used `key` must change nothing and return the
    /// first call's answer.
    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError>;

    /// What came of a key that was used before the caller died. Asked after a restart, and nothing is changed by asking.
    ///
    /// A driver whose memory of keys does not outlive its caller cannot tell, and says so: then the effect counts as unknown.
    async fn recall(&self, _key: &str) -> Recall {
        Recall::Unknown
    }
}

/// What a driver remembers of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recall {
    /// The change was made, or refused, with this answer.
    Answered(Result<Receipt, DriverError>),
    /// It never came, and will be refused if it comes late.
    NeverCame,
    /// Nobody can tell.
    Unknown,
}

/// Why a change was not made, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
