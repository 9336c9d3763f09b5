//! Who may change the network, and what was asked before: pure.
//!
//! In: questions with their term and key. Out: whether the change is to be made, or what is answered instead. Used at the
//! far end of the bus, and by the drivers of an operator's own network with a memory on disk.

use crate::driver::{DriverError, Recall};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::Term;
use zizhi_types::action::{Action, Receipt};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Under which term the asking process acts.
    pub term: Term,
    /// Never used twice.
    pub key: String,
    /// What to do; `None` asks what came of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// To a change.
    Applied(Result<Receipt, DriverError>),
    /// To a key.
    Recalled(Recall),
}

/// What the door says to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Make the change, then tell [`Door::done`].
    Open(Box<Action>),
    /// Answer so; nothing is changed.
    Say(Answer),
}

/// The memory of one domain's network: the highest term, and every key.
#[derive(Debug, Default)]
pub struct Door {
    term: Term,
    answers: BTreeMap<String, Result<Receipt, DriverError>>,
    /// Keys that were looked up before they came.
    closed: BTreeSet<String>,
    /// Keys whose change was begun and not answered yet.
    begun: BTreeSet<String>,
}

impl Door {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a question.
    pub fn ask(&mut self, question: Question) -> Verdict {
        let Question { term, key, action } = question;
        if term < self.term {
            return Verdict::Say(stale(term, self.term, action.is_some()));
        }
        self.term = term;
        match (action, self.answers.get(&key)) {
            (Some(_), Some(first)) => Verdict::Say(Answer::Applied(first.clone())),
            (Some(_), None) if self.closed.contains(&key) => {
                let why = "it comes after it was looked up and found missing".to_owned();
                Verdict::Say(Answer::Applied(Err(DriverError::Refused(why))))
            }
            (Some(_), None) if self.begun.contains(&key) => {
                let why =
                    "it was begun before, and nobody answered; it is not begun again".to_owned();
                Verdict::Say(Answer::Applied(Err(DriverError::Unknown(why))))
            }
            (Some(action), None) => match self.before(&key) {
                Some(why) => Verdict::Say(Answer::Applied(Err(why))),
                None => Verdict::Open(Box::new(action)),
            },
            (None, None) if self.begun.contains(&key) => {
                Verdict::Say(Answer::Recalled(Recall::Unknown))
            }
            (None, Some(first)) => Verdict::Say(Answer::Recalled(Recall::Answered(first.clone()))),
            (None, None) => {
                self.closed.insert(key);
                Verdict::Say(Answer::Recalled(Recall::NeverCame))
            }
        }
    }

    /// Why a further try (`<run>/<step>/do-2`) may not be made: a try before it was done, or nobody knows whether it was.
    fn before(&self, key: &str) -> Option<DriverError> {
        let (first, number) = key.rsplit_once('-')?;
        let number: u8 = number.parse().ok()?;
        if !first.ends_with("/do") && !first.ends_with("/undo") {
            return None;
        }
        let earlier = (2..number).map(|n| format!("{first}-{n}"));
        std::iter::once(first.to_owned())
            .chain(earlier)
            .find_map(|k| {
                let unknown = || DriverError::Unknown(format!("nobody knows what came of {k}"));
                match self.answers.get(&k) {
                    Some(Ok(_)) => Some(DriverError::Refused(format!("{k} was done"))),
                    Some(Err(DriverError::Unknown(_))) => Some(unknown()),
                    Some(Err(_)) => None,
                    None => self.begun.contains(&k).then(unknown),
                }
            })
    }

    /// The highest term that asked.
    pub const fn term(&self) -> Term {
        self.term
    }

    /// Remembers a term.
    pub fn raise(&mut self, term: Term) {
        self.term = self.term.max(term);
    }

    /// Remembers that a key was looked up before it came.
    pub fn close(&mut self, key: &str) {
        self.closed.insert(key.to_owned());
    }

    /// Whether a question will close its key.
    pub fn would_close(&self, question: &Question) -> bool {
        let Question { term, key, action } = question;
        let known = self.answers.contains_key(key) || self.begun.contains(key);
        action.is_none() && *term >= self.term && !known && !self.closed.contains(key)
    }

    /// Remembers that the change of a key is about to be made.
    pub fn begin(&mut self, key: &str) {
        self.begun.insert(key.to_owned());
    }

    /// Remembers the answer to a change that was made.
    pub fn done(&mut self, key: &str, answer: Result<Receipt, DriverError>) -> Answer {
        self.begun.remove(key);
        self.answers.insert(key.to_owned(), answer.clone());
        Answer::Applied(answer)
    }
}

fn stale(term: Term, newest: Term, change: bool) -> Answer {
    if !change {
        return Answer::Recalled(Recall::Unknown);
    }
    let why = format!(
        "term {} is over: a process with term {} acts for this domain",
        term.0, newest.0
    );
    Answer::Applied(Err(DriverError::Refused(why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zizhi_types::Verb;

    fn ask(term: u64, key: &str, change: bool) -> Question {
        let link = "link/A-B".parse().unwrap();
        Question {
            term: Term(term),
            key: key.to_owned(),
            action: change.then(|| Action::new(Verb::LinkReset, link)),
        }
    }

    fn receipt() -> Receipt {
        Receipt {
            before: "down".to_owned(),
            after: "up".to_owned(),
            undo: None,
        }
    }

    #[test]
    fn a_used_key_changes_nothing_and_gets_its_first_answer() {
        let mut door = Door::new();
        assert!(matches!(door.ask(ask(1, "k", true)), Verdict::Open(_)));
        let first = door.done("k", Ok(receipt()));
        assert_eq!(door.ask(ask(1, "k", true)), Verdict::Say(first));
        let recalled = Answer::Recalled(Recall::Answered(Ok(receipt())));
        assert_eq!(door.ask(ask(2, "k", false)), Verdict::Say(recalled));
    }

    #[test]
    fn a_process_that_was_replaced_changes_nothing_any_more() {
        let mut door = Door::new();
        door.ask(ask(2, "new", true));
        let Verdict::Say(Answer::Applied(Err(DriverError::Refused(why)))) =
            door.ask(ask(1, "old", true))
        else {
            panic!("a stale term was let through");
        };
        assert!(why.contains("term 1 is over"), "{why}");
    }

    #[test]
    fn a_change_that_was_begun_and_never_answered_is_not_begun_again() {
        let mut door = Door::new();
        door.begin("k");
        assert!(matches!(
            door.ask(ask(1, "k", true)),
            Verdict::Say(Answer::Applied(Err(DriverError::Unknown(_))))
        ));
        let unknown = Verdict::Say(Answer::Recalled(Recall::Unknown));
        assert_eq!(door.ask(ask(1, "k", false)), unknown);
    }

    #[test]
    fn a_further_try_is_made_only_after_tries_that_surely_changed_nothing() {
        let failed = || Err(DriverError::Failed("busy".to_owned()));
        let mut door = Door::new();
        door.done("r/s/do", failed());
        door.done("r/s/do-2", failed());
        assert!(matches!(
            door.ask(ask(1, "r/s/do-3", true)),
            Verdict::Open(_)
        ));
        door.done("r/s/do-3", Ok(receipt()));
        assert!(matches!(
            door.ask(ask(1, "r/s/do-4", true)),
            Verdict::Say(Answer::Applied(Err(DriverError::Refused(_))))
        ));
        door.begin("r/t/do");
        assert!(matches!(
            door.ask(ask(1, "r/t/do-2", true)),
            Verdict::Say(Answer::Applied(Err(DriverError::Unknown(_))))
        ));
        assert!(matches!(
            door.ask(ask(1, "r/link-2/do", true)),
            Verdict::Open(_)
        ));
    }

    #[test]
    fn a_change_that_comes_after_it_was_found_missing_is_refused() {
        let mut door = Door::new();
        let missing = Verdict::Say(Answer::Recalled(Recall::NeverCame));
        assert_eq!(door.ask(ask(2, "k", false)), missing);
        assert!(matches!(
            door.ask(ask(2, "k", true)),
            Verdict::Say(Answer::Applied(Err(DriverError::Refused(_))))
        ));
    }
}
