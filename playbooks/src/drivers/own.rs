//! Changes an operator's network once, reads it back, and says plainly when nobody can know.
//!
//! In: an action with its key. Out: a receipt with the state before and after, or what went wrong: refused, failed without
//! effect, effect unknown. Called by [`super::Gate`], which sees to it that a key comes here once.

use super::compile::Drivers;
use super::hands::{Hands, Trouble};
use super::script::{Script, Want};
use super::take::take;
use crate::driver::DriverError;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zizhi_types::action::{Action, Receipt, Verb};

/// Values by the label of their reading.
pub type State = BTreeMap<String, String>;

type Answer = Result<Receipt, DriverError>;

/// How often the state is looked at until it is as wanted.
const LOOK: Duration = Duration::from_millis(250);

/// A network that is changed as a drivers file says.
#[derive(Debug)]
pub struct OwnNetwork {
    drivers: Arc<Drivers>,
    hands: Hands,
}

/// An action that may be done: its script, and the state before.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    action: Action,
    script: Script,
    /// As the network reported it.
    pub before: State,
}

impl OwnNetwork {
    /// With the program that builds the boxes of commands: `zizhi` itself.
    pub fn new(drivers: Drivers, helper: PathBuf) -> Self {
        let drivers = Arc::new(drivers);
        Self {
            hands: Hands::new(Arc::clone(&drivers), helper),
            drivers,
        }
    }

    /// Whether any rule does the verb.
    pub fn supports(&self, verb: Verb) -> bool {
        self.drivers.supports(verb)
    }

    /// Writes the script and reads the state before. Changes nothing.
    pub async fn prepare(&self, key: &str, action: &Action) -> Result<Prepared, DriverError> {
        let script = self.drivers.script(key, action);
        let script = script.map_err(|e| DriverError::Refused(e.to_string()))?;
        let before = self.read(&script).await.map_err(|why| {
            DriverError::Failed(format!(
                "the state before cannot be read, so nothing was sent: {why}"
            ))
        })?;
        Ok(Prepared {
            action: action.clone(),
            script,
            before,
        })
    }

    /// Makes the change and reads it back.
    pub async fn carry_out(&self, prepared: &Prepared) -> Answer {
        for (number, call) in prepared.script.calls.iter().enumerate() {
            if let Err(trouble) = self.hands.send(call).await {
                return self.broken_off(prepared, number, trouble).await;
            }
        }
        let after = self.settled(prepared).await;
        let after = after.map_err(|why| {
            DriverError::Unknown(format!(
                "{} was sent, but cannot be read back: {why}",
                prepared.action
            ))
        })?;
        if met(&prepared.script, &prepared.before, &after) {
            return Ok(prepared.receipt(&after));
        }
        Err(DriverError::Unknown(format!(
            "{} was accepted, but reads back as {} instead of {}",
            prepared.action,
            told(&after),
            wanted(&prepared.script)
        )))
    }

    /// What came of an action that was begun by a process that died. Only reads.
    ///
    /// The state being as wanted is an answer; its being otherwise is none, for what was sent may still be on its way.
    pub async fn look_up(&self, key: &str, action: &Action, before: &State) -> Option<Receipt> {
        let script = self.drivers.script(key, action).ok()?;
        let compared = script.declares.compared;
        let prepared = Prepared {
            action: action.clone(),
            script,
            before: before.clone(),
        };
        let after = self.settled(&prepared).await.ok()?;
        (compared && met(&prepared.script, before, &after)).then(|| prepared.receipt(&after))
    }

    async fn read(&self, script: &Script) -> Result<State, String> {
        let mut state = State::new();
        for reading in &script.readings {
            let answer = self.hands.send(&reading.call).await;
            let answer = answer.map_err(|t| t.why().to_owned())?;
            let value =
                take(&answer, &reading.take).map_err(|e| format!("{}: {e}", reading.label))?;
            state.insert(reading.label.clone(), value);
        }
        Ok(state)
    }

    /// The state once it is as wanted, or when the time for that is over.
    #[expect(
        clippy::disallowed_methods,
        reason = "waits for the outside; nothing is computed from it"
    )]
    async fn settled(&self, prepared: &Prepared) -> Result<State, String> {
        let end = Instant::now() + prepared.script.settle;
        loop {
            let seen = self.read(&prepared.script).await;
            let done = seen
                .as_ref()
                .is_ok_and(|after| met(&prepared.script, &prepared.before, after));
            if done || Instant::now() >= end {
                return seen;
            }
            sleep(LOOK).await;
        }
    }

    /// A call went wrong; those before it were done.
    async fn broken_off(&self, prepared: &Prepared, number: usize, trouble: Trouble) -> Answer {
        let why = trouble.why().to_owned();
        match trouble {
            Trouble::NotSent(_) if number == 0 => Err(DriverError::Failed(why)),
            Trouble::NotSent(_) | Trouble::Refused(_) => self.put_back(prepared, why).await,
            Trouble::Unknown(_) => self.in_doubt(prepared, why).await,
        }
    }

    /// Nothing is on its way any more, so the state decides: as it was, or made so again.
    async fn put_back(&self, prepared: &Prepared, why: String) -> Answer {
        let script = &prepared.script;
        if self.read(script).await.is_ok_and(|s| s == prepared.before) {
            return Err(DriverError::Failed(why));
        }
        let undo = script.undo.after(&prepared.action, &prepared.before);
        let undo = undo.and_then(|u| self.drivers.script("put-back", &u).ok());
        for call in undo.iter().flat_map(|u| &u.calls) {
            if self.hands.send(call).await.is_err() {
                break;
            }
        }
        let now = self.read(script).await;
        if now.as_ref().is_ok_and(|s| *s == prepared.before) {
            return Err(DriverError::Failed(format!(
                "{why}; what was changed is back as it was"
            )));
        }
        let now = now.map_or_else(|e| format!("it cannot be read: {e}"), |s| told(&s));
        let was = told(&prepared.before);
        Err(DriverError::Unknown(format!(
            "{why}; it was {was}, now {now}"
        )))
    }

    /// What was sent may come late. Where doing it twice is as doing it once, a state that is as wanted settles it.
    async fn in_doubt(&self, prepared: &Prepared, why: String) -> Answer {
        let script = &prepared.script;
        let settles = script.declares.idempotent && script.declares.compared;
        let after = self.read(script).await;
        match after {
            Ok(after) if settles && met(script, &prepared.before, &after) => {
                Ok(prepared.receipt(&after))
            }
            Ok(after) => Err(DriverError::Unknown(format!(
                "{why}; it reads {}",
                told(&after)
            ))),
            Err(silent) => Err(DriverError::Unknown(format!(
                "{why}; and it cannot be read: {silent}"
            ))),
        }
    }
}

impl Prepared {
    fn receipt(&self, after: &State) -> Receipt {
        Receipt {
            before: told(&self.before),
            after: told(after),
            undo: self.script.undo.after(&self.action, &self.before),
        }
    }
}

fn met(script: &Script, before: &State, after: &State) -> bool {
    script.readings.iter().all(|reading| {
        let old = before.get(&reading.label).map(String::as_str);
        let new = after.get(&reading.label);
        new.is_some_and(|value| reading.want.is_met(old, value))
    })
}

fn told(state: &State) -> String {
    let words: Vec<String> = state.iter().map(|(l, v)| format!("{l}={v}")).collect();
    words.join(" ")
}

fn wanted(script: &Script) -> String {
    let word = |reading: &super::script::Reading| {
        let want = match &reading.want {
            Want::Text(text) => text.clone(),
            Want::Number(number) => number.to_string(),
            Want::Changed => "another value than before".to_owned(),
            Want::Anything => return None,
        };
        Some(format!("{}={want}", reading.label))
    };
    let words: Vec<String> = script.readings.iter().filter_map(word).collect();
    words.join(" ")
}
