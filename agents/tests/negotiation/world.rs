//! The world of the four negotiators: one thread, one clock, one seed.
//!
//! Planners and executors are played by dice: they offer, judge, take time and end plans as the seed says. Everything
//! that is said and done is written down, and the invariants are checked on what was written.

use crate::testing::{bid, lease, object, plan, situation};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_agents::negotiator::{Input, Negotiator, NegotiatorConfig, Output};
use zizhi_agents::role::Engine;
use zizhi_types::action::{Action, Verb};
use zizhi_types::negotiation::{Bid, NEGOTIATION_VERSION, Negotiation, RefuseReason, RunEnd, Say};
use zizhi_types::{Domain, IncidentId, NetTime, Plan, PlanId, RecordId};

/// Negotiators hear the clock as often as the slowest source sends.
const TICK_S: u64 = 5;

/// Longer than any incident may take: six offers of 20 s each that are refused, and three awards that nobody reports.
const BOUND_S: u64 = 20 + 24 * 20 + 3 * (120 + 600) + 60;

/// What happens to each message on its way to each listener.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Share that never arrives, 0 to 1.
    pub loss: f64,
    /// Share that arrives twice, 0 to 1.
    pub repeat: f64,
    /// Longest way, in seconds; each copy takes its own time, so messages overtake each other.
    pub delay_s: u64,
}

struct Letter {
    due_s: u64,
    number: u64,
    to: Domain,
    message: Negotiation,
}

struct Running {
    domain: Domain,
    plan: Plan,
    until_s: u64,
    outcome: RunEnd,
}

/// What is remembered of one plan.
#[derive(Default)]
struct Told {
    executed: u32,
    awarded: Option<(Domain, String)>,
    agreed: BTreeSet<Domain>,
    ended: Option<RunEnd>,
}

/// Everything.
pub struct World {
    dice: ChaCha8Rng,
    faults: Faults,
    now_s: u64,
    nodes: BTreeMap<Domain, Negotiator>,
    post: Vec<Letter>,
    posted: u64,
    running: Vec<Running>,
    plans: BTreeMap<PlanId, Told>,
    made: u64,
    led: BTreeMap<IncidentId, (Domain, u64)>,
    ends: BTreeMap<IncidentId, Vec<&'static str>>,
    helped: BTreeSet<IncidentId>,
    /// Share of the seconds in which an incident recovers by itself, 0 to 1.
    drop_share: f64,
    dropped: BTreeSet<IncidentId>,
    executed: u32,
    always_willing: bool,
    broken: Vec<String>,
    log: Vec<String>,
}

impl World {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let node = |d| (d, Negotiator::new(d, NegotiatorConfig::default()));
        Self {
            dice: ChaCha8Rng::seed_from_u64(seed),
            faults,
            now_s: 0,
            nodes: Domain::ALL.map(node).into(),
            post: vec![],
            posted: 0,
            running: vec![],
            plans: BTreeMap::new(),
            made: 0,
            led: BTreeMap::new(),
            ends: BTreeMap::new(),
            helped: BTreeSet::new(),
            drop_share: 0.0,
            dropped: BTreeSet::new(),
            executed: 0,
            always_willing: false,
            broken: vec![],
            log: vec![],
        }
    }

    /// Lets so many incidents begin within the first minute and lives until all of them must be over; then asks, on a
    /// sound bus, whether everything is free again. Gives what was broken.
    pub fn live(&mut self, incidents: usize) -> Vec<String> {
        let begins: Vec<(u64, Domain)> = (0..incidents)
            .map(|_| {
                let domain = Domain::ALL[self.dice.random_range(0..4)];
                (self.dice.random_range(0..60), domain)
            })
            .collect();
        for second in 0..60 + BOUND_S {
            for (_, domain) in begins.iter().filter(|(at, _)| *at == second) {
                self.lead(*domain);
            }
            if !self.led.is_empty() && self.dice.random_bool(self.drop_share) {
                self.drop_one();
            }
            self.second();
        }
        self.all_ended();
        self.executed = self.plans.values().map(|t| t.executed).sum();
        self.all_free();
        std::mem::take(&mut self.broken)
    }

    /// In this share of the seconds, 0 to 1, an incident recovers by itself and is dropped.
    pub const fn with_recoveries(mut self, share: f64) -> Self {
        self.drop_share = share;
        self
    }

    /// Incidents that ended well.
    pub fn fixed(&self) -> usize {
        self.ends.values().filter(|e| **e == ["fixed"]).count()
    }

    /// Plans that were taken for execution while the bus was bad.
    pub const fn executed(&self) -> u32 {
        self.executed
    }

    /// What happened, for a person who looks into a failure.
    pub fn story(&self) -> String {
        self.log.join("\n")
    }

    fn lead(&mut self, domain: Domain) -> IncidentId {
        let number = self.led.len() as u64 + 1;
        let id = IncidentId::new(domain, number);
        self.led.insert(id.clone(), (domain, self.now_s));
        let input = Input::Lead {
            incident: id.clone(),
            lease: lease(domain, number),
            hypotheses: vec![],
            situation: situation(&[]),
        };
        self.tell(domain, input);
        id
    }

    fn drop_one(&mut self) {
        let index = self.dice.random_range(0..self.led.len());
        let Some(incident) = self.led.keys().nth(index).cloned() else {
            return;
        };
        if self.ends.contains_key(&incident) || !self.dropped.insert(incident.clone()) {
            return;
        }
        self.note(&format!("{incident} recovers by itself"));
        let reason = "the symptoms went by themselves".to_owned();
        self.tell(incident.owner, Input::Drop { incident, reason });
    }

    fn second(&mut self) {
        self.deliver();
        self.end_runs();
        if self.now_s.is_multiple_of(TICK_S) {
            for domain in Domain::ALL {
                self.tell(domain, Input::Tick);
            }
        }
        self.now_s += 1;
    }

    fn deliver(&mut self) {
        loop {
            let due = self
                .post
                .iter()
                .enumerate()
                .filter(|(_, l)| l.due_s <= self.now_s);
            let next = due.min_by_key(|(_, l)| (l.due_s, l.number)).map(|(i, _)| i);
            let Some(index) = next else { break };
            let letter = self.post.remove(index);
            self.tell(letter.to, Input::Heard(letter.message));
        }
    }

    fn end_runs(&mut self) {
        let now = self.now_s;
        let (over, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|r: &Running| r.until_s <= now);
        self.running = running;
        let over: Vec<Running> = over;
        for Running {
            domain,
            plan,
            outcome,
            ..
        } in over
        {
            self.end(domain, &plan, outcome);
        }
    }

    fn tell(&mut self, domain: Domain, input: Input) {
        let now = NetTime::from_secs(self.now_s);
        let Some(node) = self.nodes.get_mut(&domain) else {
            return;
        };
        for output in node.handle(input, now) {
            self.react(domain, output);
        }
    }

    fn note(&mut self, text: &str) {
        self.log.push(format!("{:>5} s  {text}", self.now_s));
    }

    fn react(&mut self, me: Domain, output: Output) {
        match output {
            Output::Say {
                incident,
                lease,
                to,
                say,
            } => {
                self.note(&format!("{me} says on {incident}: {}", short(&say)));
                let message = Negotiation {
                    version: NEGOTIATION_VERSION,
                    incident,
                    lease,
                    from: me,
                    to,
                    cause: RecordId::new(me.as_str(), 1),
                    say,
                };
                self.send(&message);
            }
            Output::AskBids { incident, .. } => {
                let bids = self.bids(me, &incident);
                self.tell(
                    me,
                    Input::Bids {
                        incident,
                        bids,
                        wait_ms: None,
                    },
                );
            }
            Output::AskJudgement { incident, bid } => self.judge(me, incident, &bid.plan),
            Output::Awarded { plan, agreed, .. } => self.awarded(&plan, &agreed),
            Output::Execute { bid, .. } => self.execute(me, bid.plan),
            Output::Outcome { plan, outcome, .. } => self.heard_outcome(me, &plan.id, outcome),
            Output::Fixed(incident) => {
                if !self.helped.contains(&incident) {
                    self.broken
                        .push(format!("INV-N5: {incident} is fixed, but nothing helped"));
                }
                self.ended(incident, "fixed");
            }
            Output::GiveUp { incident, reason } => {
                self.note(&format!("{me} gives {incident} up: {reason}"));
                self.ended(incident, "given up");
            }
            Output::GotBid { .. }
            | Output::GotRefusal { .. }
            | Output::Aborted { .. }
            | Output::Running { .. } => {}
        }
    }

    fn send(&mut self, message: &Negotiation) {
        for to in Domain::ALL {
            let copies = match () {
                () if self.dice.random_bool(self.faults.loss) => 0,
                () if self.dice.random_bool(self.faults.repeat) => 2,
                () => 1,
            };
            for _ in 0..copies {
                // The second copy of a message may come long after the first.
                let late = if copies == 2 {
                    10 * self.faults.delay_s
                } else {
                    self.faults.delay_s
                };
                self.posted += 1;
                self.post.push(Letter {
                    due_s: self.now_s + self.dice.random_range(0..=late),
                    number: self.posted,
                    to,
                    message: message.clone(),
                });
            }
        }
    }

    /// Up to two plans, each on one of two objects, so that incidents want the same ones.
    fn bids(&mut self, me: Domain, incident: &IncidentId) -> Vec<Bid> {
        let count = if self.always_willing {
            1
        } else {
            self.dice.random_range(0..3)
        };
        (0..count)
            .map(|_| {
                self.made += 1;
                let link = ["link/A-B", "link/B-C"][self.dice.random_range(0..2)];
                let healed = self.dice.random_range(1..10);
                bid(self.plan_of(me, incident, link), healed)
            })
            .collect()
    }

    fn plan_of(&self, me: Domain, incident: &IncidentId, link: &str) -> Plan {
        let link = object(link);
        let steps = vec![("reset", Action::new(Verb::LinkReset, link.clone()))];
        let made = plan(self.made, incident, "any.thing@1.0.0", &link, steps);
        crate::testing::sealed(Plan {
            id: PlanId::new(me, self.made),
            domain: me,
            ..made
        })
    }

    fn judge(&mut self, me: Domain, incident: IncidentId, plan: &Plan) {
        let refuses = !self.always_willing && self.dice.random_bool(0.15);
        let refuse = refuses.then(|| RefuseReason::Guard {
            reason: "the dice say no".to_owned(),
        });
        let told = self.plans.entry(plan.id.clone()).or_default();
        if !refuses {
            told.agreed.insert(me);
        }
        self.tell(
            me,
            Input::Judged {
                incident,
                plan: plan.id.clone(),
                refuse,
            },
        );
    }

    fn awarded(&mut self, plan: &Plan, agreed: &[Domain]) {
        self.note(&format!("{} is awarded to {}", plan.id, plan.domain));
        if self.dropped.contains(&plan.incident) {
            self.broken.push(format!(
                "INV-N9: {} is awarded after its incident was dropped",
                plan.id
            ));
        }
        let told = self.plans.entry(plan.id.clone()).or_default();
        told.awarded = Some((plan.domain, plan.fingerprint.0.clone()));
        let all: BTreeSet<Domain> = Domain::ALL.into();
        if told.agreed != all || agreed.iter().copied().collect::<BTreeSet<_>>() != all {
            let (judged, said) = (&told.agreed, agreed);
            self.broken.push(format!(
                "INV-N6: {} was judged by {judged:?}, agreed {said:?}",
                plan.id
            ));
        }
    }

    fn execute(&mut self, me: Domain, plan: Plan) {
        self.note(&format!("{me} executes {} on {}", plan.id, plan.suspect));
        let told = self.plans.entry(plan.id.clone()).or_default();
        told.executed += 1;
        if told.executed > 1 {
            self.broken
                .push(format!("INV-N1: {} is executed again", plan.id));
        }
        if told.awarded.as_ref() != Some(&(me, plan.fingerprint.0.clone())) {
            self.broken.push(format!(
                "INV-N2: {me} executes {} without its award",
                plan.id
            ));
        }
        for other in &self.running {
            if other.plan.incident == plan.incident {
                self.broken
                    .push(format!("INV-N3: {} runs beside {}", plan.id, other.plan.id));
            }
            if other.plan.suspect == plan.suspect {
                self.broken.push(format!(
                    "INV-N7: {} runs on {} beside {}",
                    plan.id, plan.suspect, other.plan.id
                ));
            }
        }
        if !self.always_willing && self.dice.random_bool(0.2) {
            return self.end(me, &plan, RunEnd::NotRun);
        }
        let outcome = match self.dice.random_range(0..10) {
            _ if self.always_willing => RunEnd::Helped,
            0..5 => RunEnd::Helped,
            5..9 => RunEnd::Undone,
            _ => RunEnd::Stuck,
        };
        let until_s = self.now_s + self.dice.random_range(1..150);
        let id = plan.id.clone();
        self.running.push(Running {
            domain: me,
            plan,
            until_s,
            outcome,
        });
        self.tell(me, Input::Committed(id));
    }

    fn end(&mut self, me: Domain, plan: &Plan, outcome: RunEnd) {
        self.note(&format!("{} ended: {outcome:?}", plan.id));
        self.plans.entry(plan.id.clone()).or_default().ended = Some(outcome);
        if outcome == RunEnd::Helped {
            self.helped.insert(plan.incident.clone());
        }
        self.tell(
            me,
            Input::Ended {
                plan: plan.id.clone(),
                outcome,
            },
        );
    }

    fn heard_outcome(&mut self, me: Domain, plan: &PlanId, outcome: RunEnd) {
        let ended = self.plans.get(plan).and_then(|t| t.ended);
        if ended.is_some_and(|e| e != outcome) || (ended.is_none() && outcome != RunEnd::NotRun) {
            self.broken.push(format!(
                "INV-N5: {me} heard that {plan} ended {outcome:?}, but it ended {ended:?}"
            ));
        }
    }

    fn ended(&mut self, incident: IncidentId, how: &'static str) {
        self.note(&format!("{incident} is {how}"));
        self.ends.entry(incident).or_default().push(how);
    }

    fn all_ended(&mut self) {
        for (incident, (_, since)) in &self.led {
            let ends = self.ends.get(incident).map_or(0, Vec::len);
            let ends = ends + usize::from(self.dropped.contains(incident));
            if ends != 1 {
                self.broken.push(format!(
                    "INV-N4: {incident}, led since {since} s, ended {ends} times"
                ));
            }
        }
    }

    /// On a sound bus, with willing domains, an incident on each object is fixed at once: nothing is kept.
    fn all_free(&mut self) {
        self.post.clear();
        self.faults = Faults::default();
        self.always_willing = true;
        for _ in 0..4 {
            let id = self.lead(Domain::Transport);
            for _ in 0..240 {
                self.second();
            }
            if self.ends.get(&id).is_none_or(|e| *e != ["fixed"]) {
                self.broken
                    .push(format!("INV-N8: {id} cannot be fixed although all is over"));
            }
        }
    }
}

fn short(say: &Say) -> String {
    match say {
        Say::Call { .. } => "call".to_owned(),
        Say::Offer { bids } => format!("offer {}", bids.len()),
        Say::Refuse { plan, .. } => format!("refuse {}", name(plan.as_ref())),
        Say::Prepare { bid } => format!("prepare {}", bid.plan.id),
        Say::Prepared { plan } => format!("prepared {plan}"),
        Say::Award { plan, .. } => format!("award {plan}"),
        Say::Commit { plan } => format!("commit {plan}"),
        Say::Abort { plan, .. } => format!("abort {plan}"),
        Say::Report { plan, outcome } => format!("report {plan} {outcome:?}"),
        Say::Escalate { .. } => "escalate".to_owned(),
    }
}

fn name(plan: Option<&PlanId>) -> String {
    plan.map_or_else(|| "to offer".to_owned(), ToString::to_string)
}
