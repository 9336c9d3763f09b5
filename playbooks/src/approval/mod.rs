//! Whose yes counts, for what, and until when?
//!
//! In: requests, answers, the time, the state of the topology. Out: what became of a request, or why an answer does not
//! count. A request is for one content of a plan ([`Fingerprint`]) on one state of the topology ([`Revision`]); it ends
//! once. Pure and serialisable: the executor writes down what was asked and answered, and a restart begins with that.
//!
//! What always holds: an answer before the question counts for nothing, not even later; one after the end changes nothing;
//! two yeses are of two people; nobody's silence is a yes.

mod revision;

pub use revision::{Revision, revision};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use zizhi_types::plan::Fingerprint;
use zizhi_types::{IncidentId, NetTime, PlanId};

/// Ended requests that are remembered, so that a late answer is told what happened. Our choice.
const ENDED_MAX: usize = 1_000;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It waits for people.
    Pending,
    /// Enough people said yes.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The topology is another one.
    Superseded,
    /// The incident is over.
    Withdrawn,
    /// The kill switch was pressed.
    Stopped,
}

impl State {
    /// The word that records use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// For which plan.
    pub plan: PlanId,
    /// Of which incident.
    pub incident: IncidentId,
    /// Its content.
    pub fingerprint: Fingerprint,
    /// The topology that it rests on.
    pub revision: Revision,
    /// Without enough answers until then it is not done.
    pub expires: NetTime,
    /// How many different people have to say yes, at least 1.
    pub people: u8,
    /// Whose word does not count: who wrote the playbook, where two people are needed.
    pub barred: BTreeSet<String>,
    /// Who said yes.
    pub yes: Vec<String>,
    /// Where it stands.
    pub state: State,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The plan's content that the person saw.
    pub fingerprint: Fingerprint,
    /// The topology that the person saw; `None` is the one that the request rests on.
    pub revision: Option<Revision>,
    /// Yes or no.
    pub granted: bool,
    /// Who.
    pub by: String,
}

/// What an answer that counts brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More people are needed.
    Waiting {
        /// Who said yes.
        given: usize,
        /// Who have to.
        needed: u8,
    },
    /// It may be done, if the guards still agree.
    Approved,
    /// It is not done.
    Rejected,
}

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such request: it was not asked yet, or the plan has another content.
    #[error("nobody was asked about this plan")]
    NotAsked,
    /// The person saw another topology.
    #[error("the topology has changed since it was asked")]
    OtherRevision,
    /// It is over.
    #[error("it comes too late: the request is {0}")]
    TooLate(State),
    /// Two people are needed, and this one answered.
    #[error("this person has answered already")]
    SamePerson,
    /// Who wrote the playbook does not approve it too.
    #[error("who wrote the playbook does not approve it too")]
    Author,
    /// An answer without a name.
    #[error("an answer needs a name")]
    Nameless,
}

/// All requests of one executor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals {
    requests: BTreeMap<Fingerprint, Request>,
    /// Ended ones, oldest first.
    ended: Vec<Fingerprint>,
}

impl Approvals {
    /// Begins a request; one for the same content that still waits is replaced.
    pub fn ask(&mut self, request: Request) {
        self.ended.retain(|f| *f != request.fingerprint);
        self.requests.insert(request.fingerprint.clone(), request);
    }

    /// The request that waits, if one does.
    pub fn pending(&self, fingerprint: &Fingerprint) -> Option<&Request> {
        let request = self.requests.get(fingerprint)?;
        (request.state == State::Pending).then_some(request)
    }

    /// All that wait.
    pub fn all_pending(&self) -> impl Iterator<Item = &Request> {
        let waits = |r: &&Request| r.state == State::Pending;
        self.requests.values().filter(waits)
    }

    /// Takes an answer.
    pub fn answer(&mut self, answer: &Answer, now: NetTime) -> Result<Progress, Refusal> {
        let request = self.requests.get_mut(&answer.fingerprint);
        let request = request.ok_or(Refusal::NotAsked)?;
        let progress = request.take(answer, now)?;
        if request.state != State::Pending {
            let fingerprint = request.fingerprint.clone();
            self.bury(fingerprint);
        }
        Ok(progress)
    }

    /// Ends requests that still wait, and says which.
    pub fn end(&mut self, state: State, which: impl Fn(&Request) -> bool) -> Vec<Request> {
        let waiting = self.all_pending().filter(|r| which(r));
        let ending: Vec<Fingerprint> = waiting.map(|r| r.fingerprint.clone()).collect();
        let mut over = vec![];
        for fingerprint in ending {
            if let Some(request) = self.requests.get_mut(&fingerprint) {
                request.state = state;
                over.push(request.clone());
            }
            self.bury(fingerprint);
        }
        over
    }

    /// Nobody answered in time: expiry means stop.
    pub fn expire(&mut self, now: NetTime) -> Vec<Request> {
        self.end(State::Expired, |r| now >= r.expires)
    }

    fn bury(&mut self, fingerprint: Fingerprint) {
        self.ended.push(fingerprint);
        if self.ended.len() > ENDED_MAX {
            let oldest = self.ended.remove(0);
            self.requests.remove(&oldest);
        }
    }
}

impl Request {
    fn take(&mut self, answer: &Answer, now: NetTime) -> Result<Progress, Refusal> {
        let name = person(&answer.by);
        if self.state != State::Pending {
            return Err(Refusal::TooLate(self.state));
        }
        if now >= self.expires {
            return Err(Refusal::TooLate(State::Expired));
        }
        if name.is_empty() {
            return Err(Refusal::Nameless);
        }
        let other = |seen: &Revision| *seen != self.revision;
        if answer.revision.as_ref().is_some_and(other) {
            return Err(Refusal::OtherRevision);
        }
        if !answer.granted {
            self.state = State::Rejected;
            return Ok(Progress::Rejected);
        }
        if self.barred.iter().any(|b| person(b) == name) {
            return Err(Refusal::Author);
        }
        if self.yes.iter().any(|y| person(y) == name) {
            return Err(Refusal::SamePerson);
        }
        self.yes.push(answer.by.clone());
        let (given, needed) = (self.yes.len(), self.people.max(1));
        if given < usize::from(needed) {
            return Ok(Progress::Waiting { given, needed });
        }
        self.state = State::Approved;
        Ok(Progress::Approved)
    }
}

/// Who is meant: `Wang Wei` and `wang wei ` are one person.
pub fn person(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}
