//! The driver's answers: written down while there is a network, given again when there is none.

use crate::sandbox::driver::lock;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use zizhi_bus::recording::{Answer, Item, Recorder};
use zizhi_playbooks::driver::{Driver, DriverError};
use zizhi_types::action::{Action, Receipt, Verb};

/// A driver whose answers are recorded.
pub struct RecordingDriver {
    inner: Arc<dyn Driver>,
    recorder: Arc<Recorder>,
}

impl RecordingDriver {
    /// Over `inner`, into `recorder`.
    pub fn new(inner: Arc<dyn Driver>, recorder: Arc<Recorder>) -> Self {
        Self { inner, recorder }
    }
}

#[async_trait]
impl Driver for RecordingDriver {
    fn supports(&self, verb: Verb) -> bool {
        self.inner.supports(verb)
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        let result = self.inner.apply(key, action).await;
        self.recorder.add(Item::Answer {
            key: key.to_owned(),
            action: action.clone(),
            answer: answer(&result),
        });
        result
    }
}

fn answer(result: &Result<Receipt, DriverError>) -> Answer {
    match result.clone() {
        Ok(receipt) => Answer::Done { receipt },
        Err(DriverError::Refused(reason)) => Answer::Refused { reason },
        Err(DriverError::Failed(reason)) => Answer::Failed { reason },
        Err(DriverError::Unknown(reason)) => Answer::Unknown { reason },
    }
}

/// A driver that changes nothing and answers as the recorded one did; it refuses what that one was never asked.
#[derive(Debug, Default)]
pub struct RecordedAnswers {
    verbs: Vec<Verb>,
    answers: Mutex<BTreeMap<String, (Action, Answer)>>,
    strangers: Mutex<Vec<String>>,
}

impl RecordedAnswers {
    /// Knows nothing yet, but what it can do.
    pub fn new(verbs: Vec<Verb>) -> Self {
        Self {
            verbs,
            ..Self::default()
        }
    }

    /// Teaches an answer.
    pub fn learn(&self, key: String, action: Action, answer: Answer) {
        lock(&self.answers).insert(key, (action, answer));
    }

    /// What was asked and never recorded, in words.
    pub fn strangers(&self) -> Vec<String> {
        lock(&self.strangers).clone()
    }

    fn stranger(&self, key: &str, action: &Action) -> DriverError {
        let text = format!("{} on {} ({key})", action.verb, action.object);
        lock(&self.strangers).push(text);
        DriverError::Refused("this action is not in the recording".to_owned())
    }
}

#[async_trait]
impl Driver for RecordedAnswers {
    fn supports(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        let known = lock(&self.answers).get(key).cloned();
        match known {
            Some((asked, answer)) if asked == *action => match answer {
                Answer::Done { receipt } => Ok(receipt),
                Answer::Refused { reason } => Err(DriverError::Refused(reason)),
                Answer::Failed { reason } => Err(DriverError::Failed(reason)),
                Answer::Unknown { reason } => Err(DriverError::Unknown(reason)),
            },
            _ => Err(self.stranger(key, action)),
        }
    }
}
