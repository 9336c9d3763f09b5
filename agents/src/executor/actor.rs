//! The executor's shell: an engine like the others, and the one driver.

use super::engine::Executor;
use super::{Input, Output};
use crate::role::{Died, Engine};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use std::sync::Arc;
use std::time::Duration;
use zizhi_playbooks::{Driver, DriverError};
use zizhi_types::NetTime;
use zizhi_types::action::{Action, Receipt};

/// What the executor's actor is asked.
pub enum Ask {
    /// Think.
    Think(Input, NetTime, RpcReplyPort<Vec<Output>>),
    /// Change the network.
    Drive {
        /// Never used twice.
        key: String,
        /// What to do.
        action: Action,
        /// Longest time it may take, in milliseconds of real time.
        timeout_ms: u64,
        /// For the answer.
        reply: RpcReplyPort<Result<Receipt, DriverError>>,
    },
}

struct Shell {
    driver: Arc<dyn Driver>,
}

impl Actor for Shell {
    type Msg = Ask;
    type State = Executor;
    type Arguments = Executor;

    async fn pre_start(
        &self,
        _: ActorRef<Ask>,
        engine: Executor,
    ) -> Result<Executor, ActorProcessingErr> {
        Ok(engine)
    }

    async fn handle(
        &self,
        _: ActorRef<Ask>,
        ask: Ask,
        engine: &mut Executor,
    ) -> Result<(), ActorProcessingErr> {
        match ask {
            Ask::Think(input, now, reply) => {
                let _ = reply.send(engine.handle(input, now));
            }
            Ask::Drive {
                key,
                action,
                timeout_ms,
                reply,
            } => {
                let _ = reply.send(self.drive(&key, &action, timeout_ms).await);
            }
        }
        Ok(())
    }
}

impl Shell {
    async fn drive(
        &self,
        key: &str,
        action: &Action,
        timeout_ms: u64,
    ) -> Result<Receipt, DriverError> {
        if !self.driver.supports(action.verb) {
            return Err(DriverError::Refused(format!(
                "this network's driver cannot do {}",
                action.verb
            )));
        }
        let limit = Duration::from_millis(timeout_ms);
        match tokio::time::timeout(limit, self.driver.apply(key, action)).await {
            Ok(answer) => answer,
            Err(_) => Err(DriverError::Unknown(format!(
                "no answer within {timeout_ms} ms"
            ))),
        }
    }
}

/// The running executor of one domain.
pub struct ExecutorRole {
    actor: ActorRef<Ask>,
}

impl ExecutorRole {
    /// Starts it under `supervisor` with the driver of its network.
    pub async fn start(
        engine: Executor,
        driver: Arc<dyn Driver>,
        supervisor: ractor::ActorCell,
    ) -> Result<Self, ractor::SpawnErr> {
        let (actor, _) = Actor::spawn_linked(None, Shell { driver }, engine, supervisor).await?;
        Ok(Self { actor })
    }

    /// Asks the engine.
    pub async fn ask(&self, input: Input, now: NetTime) -> Result<Vec<Output>, Died> {
        answer(
            self.actor
                .call(|reply| Ask::Think(input, now, reply), None)
                .await,
        )
    }

    /// Has the driver change the network.
    pub async fn drive(
        &self,
        key: String,
        action: Action,
        timeout_ms: u64,
    ) -> Result<Result<Receipt, DriverError>, Died> {
        answer(
            self.actor
                .call(
                    |reply| Ask::Drive {
                        key,
                        action,
                        timeout_ms,
                        reply,
                    },
                    None,
                )
                .await,
        )
    }

    /// Stops it after what it is doing.
    pub fn stop(&self) {
        self.actor.stop(None);
    }
}

fn answer<T>(
    result: Result<ractor::rpc::CallResult<T>, ractor::MessagingErr<Ask>>,
) -> Result<T, Died> {
    match result {
        Ok(ractor::rpc::CallResult::Success(answer)) => Ok(answer),
        _ => Err(Died),
    }
}
