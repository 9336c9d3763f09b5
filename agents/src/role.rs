//! The one actor shell that every role runs in.
//!
//! A role is an [`Engine`]: `(state, input, now) -> outputs`, pure. The shell receives an input, calls the engine,
//! answers with the outputs, and does nothing else. There is one shell instead of nine copies because the copies
//! would differ in nothing (docs/adr/0002).

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use std::marker::PhantomData;
use zizhi_types::NetTime;

/// A role's thinking. Never awaits, reads a clock, draws an unseeded number or does I/O.
pub trait Engine: Send + Sync + 'static {
    /// What it is told or asked.
    type Input: Send + 'static;
    /// What it concludes.
    type Output: Send + 'static;

    /// Handles one input. Bad input is an output, not a panic.
    fn handle(&mut self, input: Self::Input, now: NetTime) -> Vec<Self::Output>;
}

/// The question that a role's actor answers.
pub struct Ask<E: Engine> {
    input: E::Input,
    now: NetTime,
    reply: RpcReplyPort<Vec<E::Output>>,
}

struct Shell<E>(PhantomData<E>);

impl<E: Engine> Actor for Shell<E> {
    type Msg = Ask<E>;
    type State = E;
    type Arguments = E;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, engine: E) -> Result<E, ActorProcessingErr> {
        Ok(engine)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        ask: Self::Msg,
        engine: &mut E,
    ) -> Result<(), ActorProcessingErr> {
        let outputs = engine.handle(ask.input, ask.now);
        // The asker may have been stopped meanwhile; then nobody needs the answer.
        let _ = ask.reply.send(outputs);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Self::Msg>,
        _: SupervisionEvent,
        _: &mut E,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// The role's actor did not answer: it died on the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the role died while it handled an input")]
pub struct Died;

/// A running role.
pub struct Role<E: Engine> {
    actor: ActorRef<Ask<E>>,
}

impl<E: Engine> Role<E> {
    /// Starts the role under `supervisor`.
    pub async fn start(engine: E, supervisor: ractor::ActorCell) -> Result<Self, ractor::SpawnErr> {
        let (actor, _) = Actor::spawn_linked(None, Shell(PhantomData), engine, supervisor).await?;
        Ok(Self { actor })
    }

    /// Asks the role and waits for what it concludes.
    pub async fn ask(&self, input: E::Input, now: NetTime) -> Result<Vec<E::Output>, Died> {
        let message = |reply| Ask { input, now, reply };
        match self.actor.call(message, None).await {
            Ok(ractor::rpc::CallResult::Success(outputs)) => Ok(outputs),
            _ => Err(Died),
        }
    }

    /// Stops the role after what it is working on.
    pub fn stop(&self) {
        self.actor.stop(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fragile;

    impl Engine for Fragile {
        type Input = u32;
        type Output = u32;

        fn handle(&mut self, input: u32, _: NetTime) -> Vec<u32> {
            assert!(input != 13, "bad luck");
            vec![input + 1]
        }
    }

    struct Parent;

    impl Actor for Parent {
        type Msg = ();
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }

        async fn handle_supervisor_evt(
            &self,
            _: ActorRef<()>,
            _: SupervisionEvent,
            (): &mut (),
        ) -> Result<(), ActorProcessingErr> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_panic_ends_the_role_and_is_told_to_the_asker() {
        let (parent, _) = Actor::spawn(None, Parent, ()).await.unwrap();
        let role = Role::start(Fragile, parent.get_cell()).await.unwrap();
        assert_eq!(role.ask(1, NetTime(0)).await, Ok(vec![2]));
        assert_eq!(role.ask(13, NetTime(0)).await, Err(Died));
        assert_eq!(role.ask(1, NetTime(0)).await, Err(Died));
        parent.stop(None);
    }
}
