//! The sandbox's driver: the door through which the executor changes the simulated network.
//!
//! In: actions with keys. Out: receipts read back from the world; and for the evaluator a log of what was applied,
//! with the world as it was just before. A used key changes nothing and gets the first answer again.

use super::world::World;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zizhi_playbooks::driver::{Driver, DriverError, Recall};
use zizhi_types::NetTime;
use zizhi_types::action::{Action, Receipt, Verb};

/// An action that the driver applied.
#[derive(Debug, Clone)]
pub struct AppliedAction {
    /// When.
    pub at: NetTime,
    /// Under which key.
    pub key: String,
    /// What.
    pub action: Action,
    /// The world just before.
    pub world_before: Box<World>,
}

#[derive(Debug, Default)]
struct Log {
    answers: BTreeMap<String, Result<Receipt, DriverError>>,
    applied: Vec<AppliedAction>,
}

/// Changes the sandbox.
#[derive(Debug)]
pub struct SandboxDriver {
    world: Arc<Mutex<World>>,
    log: Mutex<Log>,
}

/// The value behind a lock. A panic in another thread leaves the world whole enough to read: it is data only.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SandboxDriver {
    pub(crate) fn new(world: Arc<Mutex<World>>) -> Self {
        Self {
            world,
            log: Mutex::new(Log::default()),
        }
    }

    /// The actions applied since the last call.
    pub fn drain_applied(&self) -> Vec<AppliedAction> {
        std::mem::take(&mut lock(&self.log).applied)
    }

    fn apply_once(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        self.apply_scoped(key, key, action)
    }

    /// Makes a change whose key is `bare` in the journal that it is of, and `key` among those of all journals.
    pub fn apply_scoped(
        &self,
        key: &str,
        bare: &str,
        action: &Action,
    ) -> Result<Receipt, DriverError> {
        let mut log = lock(&self.log);
        if let Some(answer) = log.answers.get(key) {
            return answer.clone();
        }
        let mut world = lock(&self.world);
        let before = Box::new(world.clone());
        let answer = world.apply(action).map_err(DriverError::Refused);
        if answer.is_ok() {
            log.applied.push(AppliedAction {
                at: world.now(),
                key: bare.to_owned(),
                action: action.clone(),
                world_before: before,
            });
        }
        log.answers.insert(key.to_owned(), answer.clone());
        answer
    }
}

#[async_trait]
impl Driver for SandboxDriver {
    fn supports(&self, _verb: Verb) -> bool {
        true
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        self.apply_once(key, action)
    }

    async fn recall(&self, key: &str) -> Recall {
        match lock(&self.log).answers.get(key) {
            Some(answer) => Recall::Answered(answer.clone()),
            None => Recall::NeverCame,
        }
    }
}
