//! How an incident goes, for journals made by hand.

use zizhi_types::action::Verb;
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ending, Who};
use zizhi_types::{FaultKind, ManagedObject};

/// How an incident went.
#[derive(Debug, Clone)]
pub struct Story {
    /// The mode in force.
    pub mode: Mode,
    /// The fault ranked first, on an object of its kind.
    pub fault: FaultKind,
    /// What is done.
    pub verb: Verb,
    /// How an asking plan is answered: by whom, yes or no, real time taken, network time taken.
    pub answer: Option<Answer>,
    /// The plan is run this often before it helps.
    pub rolled_back: usize,
    /// How it ends; a verified pass comes before `Fixed`.
    pub ending: Ending,
    /// Objectives are broken at the opening.
    pub hurt: bool,
    /// The anomaly keeps its raw message.
    pub traced: bool,
}

/// An answer to a request for approval.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Who answers.
    pub who: Who,
    /// Yes or no.
    pub granted: bool,
    /// Real time, if it was measured.
    pub considered_ms: Option<u64>,
    /// Network time.
    pub waited_ms: u64,
}

/// A person.
pub fn person() -> Who {
    Who::Human {
        name: "noc".to_owned(),
    }
}

impl Story {
    /// Found, explained, remedied and verified by the system alone.
    pub fn auto() -> Self {
        Self {
            mode: Mode::Auto,
            fault: FaultKind::LinkDown,
            verb: Verb::LinkSetCost,
            answer: None,
            rolled_back: 0,
            ending: Ending::Fixed,
            hurt: true,
            traced: true,
        }
    }

    /// The same after a person's yes, thought over for 20 s of real time while the network's time stood still.
    pub fn approved() -> Self {
        Self::answered(person(), true, Some(20_000), 0)
    }

    /// With this answer.
    pub fn answered(who: Who, granted: bool, considered_ms: Option<u64>, waited_ms: u64) -> Self {
        Self {
            mode: Mode::Approve,
            answer: Some(Answer {
                who,
                granted,
                considered_ms,
                waited_ms,
            }),
            ..Self::auto()
        }
    }

    /// Shown to a person, who does it.
    pub fn suggested() -> Self {
        Self {
            mode: Mode::Suggest,
            ending: Ending::Escalated,
            ..Self::auto()
        }
    }

    /// Only logged.
    pub fn observed() -> Self {
        Self {
            mode: Mode::Observe,
            ..Self::suggested()
        }
    }

    /// The suspect.
    pub fn object(&self) -> ManagedObject {
        ManagedObject::new(self.fault.object_kind(), "A-B").unwrap()
    }
}
