//! How does a person's word reach the swarm?
//!
//! The pages and the API only know this port. Behind it is a bus, or a demo's own queue; a journal that is only looked at
//! has none, and then nothing can be ordered. An order that was sent has not been obeyed yet: what became of it is in the
//! journal, as a record, like everything else.

use crate::access::refusal::Refusal;
use async_trait::async_trait;
use std::sync::Arc;
use zizhi_bus::{Bus, BusError};
use zizhi_types::wire::{self, Approval, BreakerOrder, KillOrder};
use zizhi_types::{Domain, NetTime};

/// What a person tells the swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Yes or no to a plan that waits.
    Answer {
        /// Whose executor asked.
        domain: Domain,
        /// The answer.
        approval: Approval,
    },
    /// The kill switch.
    Kill(KillOrder),
    /// The breaker of a playbook is closed again.
    Breaker(BreakerOrder),
}

impl Order {
    /// The subject under which the swarm hears it.
    pub fn subject(&self) -> String {
        match self {
            Self::Answer { domain, .. } => wire::subject(*domain, "plan", "approval"),
            Self::Kill(_) => wire::KILL_SWITCH.to_owned(),
            Self::Breaker(_) => wire::BREAKER.to_owned(),
        }
    }

    /// Its JSON.
    pub fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Answer { approval, .. } => serde_json::to_vec(approval),
            Self::Kill(order) => serde_json::to_vec(order),
            Self::Breaker(order) => serde_json::to_vec(order),
        }
    }
}

/// Why an order was not sent. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The bus did not take it.
    #[error("the order was not sent")]
    Bus(#[from] BusError),
    /// It cannot be written.
    #[error("the order cannot be written as json")]
    Encode(#[from] serde_json::Error),
    /// Whoever gives it may not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Whoever took orders is gone.
    #[error("the swarm behind this dashboard has ended")]
    Gone,
}

/// Takes orders to the swarm.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Sends one; it comes back when the order is on its way.
    async fn send(&self, order: Order) -> Result<(), DeskError>;
}

/// Orders over a bus.
pub struct BusDesk {
    bus: Arc<dyn Bus>,
    now: fn() -> NetTime,
}

impl BusDesk {
    /// With the clock that stamps the orders.
    pub fn new(bus: Arc<dyn Bus>, now: fn() -> NetTime) -> Self {
        Self { bus, now }
    }
}

#[async_trait]
impl Desk for BusDesk {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        let payload = order.payload()?;
        let subject = order.subject();
        self.bus
            .publish("operator", &subject, (self.now)(), payload)
            .await?;
        Ok(())
    }
}
