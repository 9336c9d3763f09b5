//! A person at the demo's dashboard: the network's time stands still while a plan waits for them.

use super::pick;
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use zizhi_bus::Bus;
use zizhi_dashboard::{BusDesk, Desk, DeskError, Order};
use zizhi_types::text::Language;
use zizhi_types::wire::Approval;
use zizhi_types::{NetTime, Plan};

/// How often somebody who waits looks whether the demo was stopped.
const LOOK: Duration = Duration::from_millis(200);

/// Answers that are kept until their plan is asked about. Our choice: more than plans ever wait in a demo.
const KEPT_MAX: usize = 64;

/// What was ordered and not yet taken.
#[derive(Default)]
pub struct Orders {
    answers: Mutex<VecDeque<Approval>>,
    came: Condvar,
    /// The kill switch was pressed: whoever waits for an answer waits no more.
    killed: AtomicBool,
}

/// The demo's desk: answers are kept for the one who asks, everything else goes over the bus at once.
pub struct DemoDesk {
    orders: Arc<Orders>,
    bus: BusDesk,
}

impl DemoDesk {
    /// In front of the demo's own bus.
    pub fn new(bus: Arc<dyn Bus>, orders: Arc<Orders>) -> Self {
        // Orders carry no time of their own in a simulation: their records carry that of the agent that hears them.
        let bus = BusDesk::new(bus, NetTime::default);
        Self { orders, bus }
    }
}

#[async_trait]
impl Desk for DemoDesk {
    async fn send(&self, order: Order) -> Result<(), DeskError> {
        let approval = match order {
            Order::Answer { approval, .. } => approval,
            Order::Kill(kill) => {
                let on = kill.on;
                self.bus.send(Order::Kill(kill)).await?;
                self.orders.killed.store(on, Ordering::Relaxed);
                self.orders.came.notify_all();
                return Ok(());
            }
            order @ Order::Breaker(_) => return self.bus.send(order).await,
        };
        let mut answers = self
            .orders
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT_MAX {
            answers.pop_front();
        }
        answers.push_back(approval);
        self.orders.came.notify_all();
        Ok(())
    }
}

impl Orders {
    /// The answer to this plan, once a person gives it; none if the kill switch is pressed or the demo is stopped first.
    /// How long it took is measured in real time, as the network's time stands still.
    #[expect(
        clippy::disallowed_methods,
        reason = "measures a person at the dashboard, at the edge of the process"
    )]
    pub fn wait_for(
        &self,
        plan: &Plan,
        stop: &AtomicBool,
        url: &str,
        lang: Language,
    ) -> Option<Approval> {
        let text = pick(lang, "waits for you:", "等待您处理：");
        eprintln!("\n{text} {url}decisions/{}", plan.id);
        let shown = std::time::Instant::now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // A person may answer another plan of the list first: that answer is kept until its own plan is asked about.
            let meant = answers
                .iter()
                .position(|a| a.fingerprint == plan.fingerprint);
            if let Some(mut answer) = meant.and_then(|at| answers.remove(at)) {
                answer.considered_ms = u64::try_from(shown.elapsed().as_millis()).ok();
                return Some(answer);
            }
            if stop.load(Ordering::Relaxed) || self.killed.load(Ordering::Relaxed) {
                return None;
            }
            let (held, _) = self
                .came
                .wait_timeout(answers, LOOK)
                .unwrap_or_else(PoisonError::into_inner);
            answers = held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use zizhi_types::plan::{Fingerprint, Mode};
    use zizhi_types::{Domain, FaultKind, IncidentId, PlanId};

    fn plan(number: u64) -> Plan {
        Plan {
            id: PlanId::new(Domain::Transport, number),
            playbook: "transport.link.drain@1.0.0".to_owned(),
            domain: Domain::Transport,
            incident: IncidentId::new(Domain::Transport, number),
            suspect: "link/A-B".parse().unwrap(),
            fault: FaultKind::LinkLossy,
            params: BTreeMap::new(),
            steps: vec![],
            verify: vec![],
            verify_ms: 0,
            cost_tokens: 0.0,
            risk: 0.0,
            temporary: false,
            mode: Mode::Approve,
            policy: zizhi_types::plan::PlanPolicy::default(),
            fingerprint: Fingerprint(number.to_string()),
        }
    }

    fn answer(number: u64, granted: bool) -> Approval {
        Approval {
            fingerprint: plan(number).fingerprint,
            revision: None,
            granted,
            by: "noc-on-call".to_owned(),
            reason: String::new(),
            considered_ms: None,
        }
    }

    #[test]
    fn who_answers_the_second_plan_first_has_answered_both() {
        let orders = Orders::default();
        let answers = [answer(2, false), answer(1, true)];
        orders.answers.lock().unwrap().extend(answers);
        let go_on = AtomicBool::new(false);
        let ask = |number| {
            orders
                .wait_for(&plan(number), &go_on, "", Language::En)
                .map(|a| a.granted)
        };
        assert_eq!(ask(1), Some(true));
        assert_eq!(ask(2), Some(false));
        // Nobody answers the third; the demo is stopped.
        go_on.store(true, Ordering::Relaxed);
        assert_eq!(ask(3), None);
    }
}
