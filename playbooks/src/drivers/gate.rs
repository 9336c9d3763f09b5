//! Through which every change of an operator's network goes, one after another.
//!
//! In: a question with its term and key. Out: the answer. What was answered once is answered so again and nothing is
//! changed; an older term is refused; a change that was begun by a process that died is looked up and never begun again.

use super::memory::{Begun, Memory, MemoryError};
use super::own::OwnNetwork;
use crate::door::{Answer, Question, Verdict};
use crate::driver::{DriverError, Recall};
use std::sync::Arc;
use tokio::sync::Mutex;
use zizhi_types::Verb;
use zizhi_types::action::{Action, Receipt};

/// The door of one network, its memory, and the network behind it.
#[derive(Debug, Clone)]
pub struct Gate {
    network: Arc<OwnNetwork>,
    memory: Arc<Mutex<Memory>>,
}

impl Gate {
    /// The gate of a network; `memory` must be its own.
    pub fn new(network: Arc<OwnNetwork>, memory: Memory) -> Self {
        Self {
            network,
            memory: Arc::new(Mutex::new(memory)),
        }
    }

    /// Whether any rule does the verb.
    pub fn supports(&self, verb: Verb) -> bool {
        self.network.supports(verb)
    }

    /// Answers. What was begun is carried to its end even if the caller goes away: the answer is then in the memory.
    pub async fn ask(&self, question: Question) -> Answer {
        let change = question.action.is_some();
        let gate = self.clone();
        let work = tokio::spawn(async move { gate.answer(question).await });
        work.await.unwrap_or_else(|error| {
            let why = format!("the driver broke off: {error}");
            if change {
                Answer::Applied(Err(DriverError::Unknown(why)))
            } else {
                Answer::Recalled(Recall::Unknown)
            }
        })
    }

    async fn answer(&self, question: Question) -> Answer {
        let mut memory = self.memory.lock().await;
        let (key, change) = (question.key.clone(), question.action.is_some());
        match memory.ask(question) {
            Err(error) => forgetful(&error, change),
            Ok(Verdict::Open(action)) => self.change(&mut memory, &key, *action).await,
            Ok(Verdict::Say(answer)) => match memory.left_open(&key).filter(|_| is_open(&answer)) {
                Some(begun) => self.look_up(&mut memory, begun, answer).await,
                None => answer,
            },
        }
    }

    async fn change(&self, memory: &mut Memory, key: &str, action: Action) -> Answer {
        let prepared = match self.network.prepare(key, &action).await {
            Ok(prepared) => prepared,
            Err(error) => return remember(memory, key, Err(error)),
        };
        let begun = Begun {
            key: key.to_owned(),
            action,
            before: prepared.before.clone(),
        };
        if let Err(error) = memory.begin(begun) {
            return forgetful(&error, true);
        }
        let answer = self.network.carry_out(&prepared).await;
        remember(memory, key, answer)
    }

    async fn look_up(&self, memory: &mut Memory, begun: Begun, unknown: Answer) -> Answer {
        let found = self
            .network
            .look_up(&begun.key, &begun.action, &begun.before);
        let Some(receipt) = found.await else {
            return unknown;
        };
        let answer = remember(memory, &begun.key, Ok(receipt));
        match (answer, unknown) {
            (Answer::Applied(result), Answer::Recalled(_)) => {
                Answer::Recalled(Recall::Answered(result))
            }
            (answer, _) => answer,
        }
    }
}

fn remember(memory: &mut Memory, key: &str, answer: Result<Receipt, DriverError>) -> Answer {
    if let Err(error) = memory.done(key, &answer) {
        // It is known now; after a restart it will be looked up.
        tracing::error!(%error, key, "the answer to a change was not kept");
    }
    Answer::Applied(answer)
}

/// Whether the door itself cannot tell.
const fn is_open(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Applied(Err(DriverError::Unknown(_))) | Answer::Recalled(Recall::Unknown)
    )
}

/// Without its memory nothing is changed.
fn forgetful(error: &MemoryError, change: bool) -> Answer {
    tracing::error!(%error, "the memory of keys cannot be written");
    if change {
        return Answer::Applied(Err(DriverError::Failed(format!(
            "nothing was sent: {error}"
        ))));
    }
    Answer::Recalled(Recall::Unknown)
}
