//! Asking and answering over the bus.

use super::{Answer, Door, Question, Verdict, apply_subject, recall_subject, scoped};
use crate::tenure::Tenure;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use zizhi_bus::{Bus, BusError, Request, Service, Term};
use zizhi_playbooks::drivers::Gate;
use zizhi_playbooks::{Driver, DriverError, Recall};
use zizhi_types::action::{Action, Receipt, Verb};
use zizhi_types::domain::Domain;

/// How long one question may take before the key is looked up.
const ASK: Duration = Duration::from_secs(10);

/// How often a key is looked up when no answer came, and how long is waited between.
const LOOK_UPS: u32 = 20;
const LOOK_UP_PAUSE: Duration = Duration::from_millis(500);

/// Changes a network that is at the other end of the bus.
pub struct RemoteDriver {
    bus: Arc<dyn Bus>,
    domain: Domain,
    /// What makes keys of this journal different from those of any other.
    scope: String,
    tenure: Option<Arc<Tenure>>,
}

impl RemoteDriver {
    /// For one domain. `scope` must be the same after a restart with the same journal, and different for every journal.
    pub fn new(
        bus: Arc<dyn Bus>,
        domain: Domain,
        scope: String,
        tenure: Option<Arc<Tenure>>,
    ) -> Self {
        Self {
            bus,
            domain,
            scope,
            tenure,
        }
    }

    async fn ask(
        &self,
        subject: String,
        key: &str,
        action: Option<Action>,
    ) -> Result<Answer, BusError> {
        let question = Question {
            term: self.tenure.as_ref().map_or(Term(0), |t| t.term()),
            key: scoped(&self.scope, key),
            action,
        };
        let payload = serde_json::to_vec(&question).unwrap_or_default();
        let source = self.domain.as_str();
        let answer = self.bus.request(source, &subject, payload, ASK).await?;
        serde_json::from_slice(&answer).map_err(|e| BusError::Unavailable(e.to_string()))
    }
}

#[async_trait]
impl Driver for RemoteDriver {
    /// What the network cannot do it refuses.
    fn supports(&self, _: Verb) -> bool {
        true
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        let asked = self.ask(apply_subject(self.domain), key, Some(action.clone()));
        let reason = match asked.await {
            Ok(Answer::Applied(result)) => return result,
            Ok(Answer::Recalled(_)) => "the network answered another question".to_owned(),
            Err(error @ BusError::Unserved(_)) => {
                return Err(DriverError::Failed(error.to_string()));
            }
            Err(error) => error.to_string(),
        };
        match self.recall(key).await {
            Recall::Answered(result) => result,
            Recall::NeverCame => Err(DriverError::Failed(reason)),
            Recall::Unknown => Err(DriverError::Unknown(reason)),
        }
    }

    async fn recall(&self, key: &str) -> Recall {
        for _ in 0..LOOK_UPS {
            match self.ask(recall_subject(self.domain), key, None).await {
                Ok(Answer::Recalled(found)) => return found,
                Ok(Answer::Applied(_)) => return Recall::Unknown,
                Err(error) => {
                    tracing::warn!(%error, key, "the network cannot be asked about a change");
                    tokio::time::sleep(LOOK_UP_PAUSE).await;
                }
            }
        }
        Recall::Unknown
    }
}

/// Changes a network that this process reaches itself, through its gate.
pub struct GatedDriver {
    gate: Gate,
    scope: String,
    tenure: Option<Arc<Tenure>>,
}

impl GatedDriver {
    /// Behind a gate of its own. `scope` and `tenure` are as for [`RemoteDriver::new`].
    pub const fn new(gate: Gate, scope: String, tenure: Option<Arc<Tenure>>) -> Self {
        Self {
            gate,
            scope,
            tenure,
        }
    }

    async fn ask(&self, key: &str, action: Option<Action>) -> Answer {
        let question = Question {
            term: self.tenure.as_ref().map_or(Term(0), |t| t.term()),
            key: scoped(&self.scope, key),
            action,
        };
        self.gate.ask(question).await
    }
}

#[async_trait]
impl Driver for GatedDriver {
    fn supports(&self, verb: Verb) -> bool {
        self.gate.supports(verb)
    }

    async fn apply(&self, key: &str, action: &Action) -> Result<Receipt, DriverError> {
        match self.ask(key, Some(action.clone())).await {
            Answer::Applied(result) => result,
            Answer::Recalled(_) => {
                let why = "the gate answered another question".to_owned();
                Err(DriverError::Unknown(why))
            }
        }
    }

    async fn recall(&self, key: &str) -> Recall {
        match self.ask(key, None).await {
            Answer::Recalled(found) => found,
            Answer::Applied(_) => Recall::Unknown,
        }
    }
}

/// Answers for one domain's network until the bus is closed.
pub async fn serve(
    bus: Arc<dyn Bus>,
    domain: Domain,
    driver: Arc<dyn Driver>,
) -> Result<(), BusError> {
    let mut changes = bus.serve(&apply_subject(domain)).await?;
    let mut keys = bus.serve(&recall_subject(domain)).await?;
    tokio::spawn(async move {
        let mut door = Door::new();
        while let Some(request) = either(&mut changes, &mut keys).await {
            let answer = answer(&mut door, &*driver, &request.payload).await;
            let payload = serde_json::to_vec(&answer).unwrap_or_default();
            request.answer(payload);
        }
    });
    Ok(())
}

async fn either(changes: &mut Service, keys: &mut Service) -> Option<Request> {
    tokio::select! {
        biased;
        request = changes.next() => request,
        request = keys.next() => request,
    }
}

async fn answer(door: &mut Door, driver: &dyn Driver, payload: &[u8]) -> Answer {
    let question: Question = match serde_json::from_slice(payload) {
        Ok(question) => question,
        Err(error) => {
            let why = format!("the question cannot be read: {error}");
            return Answer::Applied(Err(DriverError::Refused(why)));
        }
    };
    let key = question.key.clone();
    match door.ask(question) {
        Verdict::Say(answer) => answer,
        Verdict::Open(action) if driver.supports(action.verb) => {
            let result = driver.apply(&key, &action).await;
            door.done(&key, result)
        }
        Verdict::Open(action) => {
            let why = format!("this network cannot do {}", action.verb);
            door.done(&key, Err(DriverError::Refused(why)))
        }
    }
}
