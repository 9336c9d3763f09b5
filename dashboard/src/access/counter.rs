//! May this person give this order?
//!
//! The last place before the swarm: pages and API both end here, so none of them can forget to ask. Who is asking stands
//! beside the request, not in the order: an order in another name, or one that nobody's request carries, is not sent.

use super::Person;
use super::diary::{By, Diary, Event};
use super::refusal::Refusal;
use super::role::least_for;
use crate::desk::{Desk, DeskError, Order};
use async_trait::async_trait;
use std::sync::Arc;
use zizhi_types::NetTime;

tokio::task_local! {
    /// Whose request is being answered.
    pub static ASKING: Person;
}

/// A desk behind a counter.
pub struct Counter {
    /// Where orders go that may be given.
    pub desk: Arc<dyn Desk>,
    /// Where every order is written down.
    pub diary: Arc<Diary>,
    /// The time.
    pub clock: fn() -> NetTime,
}

#[async_trait]
impl Desk for Counter {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        let person = ASKING.try_with(Clone::clone).unwrap_or_default();
        let (what, name) = told(&order);
        let allowed = if !person.is(least_for(&order)) {
            Err(Refusal::Role(least_for(&order)))
        } else if person.name != name {
            Err(Refusal::OtherName)
        } else {
            Ok(())
        };
        let subject = order.subject();
        let sent = match allowed {
            Ok(()) => self.desk.send(order).await,
            Err(refused) => Err(DeskError::Refused(refused)),
        };
        let by = By {
            by: Some(person.name),
            from: Some(person.from).filter(|from| !from.is_empty()),
        };
        let event = Event::Ordered {
            subject,
            what,
            sent: sent.is_ok(),
        };
        self.diary.write(&event, &by, (self.clock)());
        sent
    }
}

/// What is ordered, in short, and in whose name.
fn told(order: &Order) -> (String, String) {
    match order {
        Order::Answer { approval, .. } => {
            let answer = if approval.granted { "yes" } else { "no" };
            (
                format!("{answer} to {}", approval.fingerprint.short()),
                approval.by.clone(),
            )
        }
        Order::Kill(kill) => {
            let state = if kill.on { "on" } else { "off" };
            (format!("kill switch {state}"), kill.by.clone())
        }
        Order::Breaker(breaker) => (
            format!("breaker of {} closed", breaker.playbook),
            breaker.by.clone(),
        ),
    }
}
