//! After a death: the own one, when the journal tells where things stood; a peer's, when its work is taken over.
//!
//! A restarted agent begins nothing by itself. It looks up at the driver what it had begun, says again what may not have
//! left its process, and leads on only where it still holds the lease of the incident. Who was lost is taken over from by
//! the first domain (in the order of [`Domain::ALL`]) that is left, and by that one only if it gets the incident's lease.

use super::command::{Command, Purpose, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::correlator::Known;
use crate::recovery::{LedIncident, Recovered};
use crate::{correlator, detector, executor, negotiator, planner};
use std::collections::BTreeMap;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::Lease;
use zizhi_types::record::Ending;
use zizhi_types::wire::{AnomalyEvent, LeadEvent};
use zizhi_types::{Action, AnomalyId, Body, IncidentId, NetTime, Plan, PlanId, RunId};

/// A restarted agent looks at the network for so long before it leads on, in milliseconds: two intervals of the slowest
/// source, so that its picture is whole again.
const LOOK_MS: u64 = 20_000;

/// After so long without hearing its own hello an agent says it again, in milliseconds. Our choice: three intervals.
const HELLO_AGAIN_MS: u64 = 30_000;

/// Reports of runs that ended in the last hour are said again; older ones were heard, or their incident was given to a
/// person. Our choice: far beyond the longest wait for a report.
const REPORT_AGAIN_MS: u64 = 3_600_000;

/// A claim as its leader made it.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub known: Known,
    pub symptoms: Vec<AnomalyId>,
}

/// What a restart has still to do.
#[derive(Debug, Default)]
pub(super) struct Restart {
    /// Changes that were made: what they set is intended, once the inventory is known again.
    changes: Vec<Action>,
    /// Incidents that were led and are led on when the network was looked at for a while.
    led: Vec<LedIncident>,
    /// Incidents that were led, whose leases were asked for.
    asked: Vec<LedIncident>,
    /// Plans that were awarded and are waited for, by incident.
    awarded: BTreeMap<IncidentId, Box<Plan>>,
    since: NetTime,
    /// What was said while it was away is still to be heard: its own hello comes after it.
    behind: bool,
}

impl Loop {
    /// From now on nothing is led on or taken over before the own hello was heard: on a bus that keeps what was said, it
    /// comes after everything that was missed.
    pub const fn expect_hello(&mut self) {
        self.restart.behind = true;
    }

    /// The own hello was heard.
    pub(super) fn caught_up(&mut self) -> Vec<Command> {
        if std::mem::take(&mut self.restart.behind) {
            self.restart.since = self.now;
            return self.ask_leases_again();
        }
        vec![]
    }

    /// A hello that was not heard in a while is said again: it may have been lost with a server.
    fn hello_again(&mut self) -> Vec<Command> {
        if self.now.since(self.restart.since) < HELLO_AGAIN_MS {
            return vec![];
        }
        self.restart.since = self.now;
        vec![self.say_hello()]
    }

    /// Asks for the leases of incidents that were led before the restart and are not over.
    fn ask_leases_again(&mut self) -> Vec<Command> {
        let closed = &self.closed;
        self.restart.asked.retain(|l| !closed.contains(&l.incident));
        let take = |l: &LedIncident| Command::TakeLease {
            incident: l.incident.clone(),
            purpose: Purpose::GoOn,
        };
        self.restart.asked.iter().map(take).collect()
    }

    /// Begins with what the journal tells.
    pub fn restore(&mut self, recovered: Recovered) -> Vec<Command> {
        let taken = recovered.taken;
        self.scribe.count_from(taken.records);
        (self.now, self.raised, self.taken) = (recovered.now, taken.anomalies, taken);
        self.closed.extend(recovered.closed.keys().cloned());
        for (incident, record) in &recovered.last {
            self.trail(incident).last = Some(record.clone());
        }
        let body = Body::Resumed {
            records: taken.records,
            runs: recovered.runs.iter().map(|r| r.run.id().clone()).collect(),
            incidents: recovered.led.iter().map(|l| l.incident.clone()).collect(),
        };
        let mut commands = vec![self.append(Draft::new(body)).1];
        commands.extend(self.restore_merit(&recovered.ledger));
        commands.extend(self.restore_senses(&recovered));
        commands.extend(self.restore_acts(&recovered));
        commands.extend(self.say_closed_again(&recovered));
        commands.extend(self.restore_lead(recovered));
        commands
    }

    /// The process may have died before its peers heard that an incident is over. Who heard it hears it twice.
    fn say_closed_again(&self, recovered: &Recovered) -> Vec<Command> {
        let late = recovered.closed.iter();
        let late = late.filter(|(_, (_, at))| self.now.since(*at) <= REPORT_AGAIN_MS);
        let say = |(incident, (ending, _)): (&IncidentId, &(Ending, NetTime))| {
            let event = LeadEvent::Closed {
                incident: incident.clone(),
                fixed: *ending == Ending::Fixed,
            };
            self.publish("evt", "lead", &event)
        };
        late.map(say).collect()
    }

    fn restore_senses(&mut self, recovered: &Recovered) -> Vec<Command> {
        let taken = recovered.taken;
        let anomalies = recovered.anomalies.iter().map(|(a, _)| a.clone()).collect();
        let mut commands = vec![
            ask(Task::Correlator(correlator::Input::CountFrom {
                incidents: taken.incidents,
                token: taken.tokens,
            })),
            ask(Task::Detector(detector::Input::CountFrom(taken.anomalies))),
            ask(Task::Detector(detector::Input::Restore(anomalies))),
            ask(Task::Planner(planner::Input::CountFrom(taken.plans))),
        ];
        for (anomaly, record) in &recovered.anomalies {
            let series = (anomaly.object.clone(), anomaly.metric);
            self.anomalies
                .insert(anomaly.id.clone(), (series, record.clone()));
            self.own
                .insert(anomaly.id.clone(), (anomaly.clone(), record.clone()));
            commands.push(ask(Task::Correlator(correlator::Input::Raised(
                anomaly.clone(),
            ))));
        }
        commands
    }

    fn restore_acts(&mut self, recovered: &Recovered) -> Vec<Command> {
        for open in &recovered.runs {
            let (run, incident) = (open.run.id().clone(), open.bid.plan.incident.clone());
            let trail = self.trail(&incident);
            trail.runs.insert(run.clone(), open.newest.clone());
            self.runs.insert(run, incident);
        }
        let late = recovered.ended.iter();
        let late = late.filter(|e| self.now.since(e.at) <= REPORT_AGAIN_MS);
        let own = recovered.runs.iter();
        let own = own.map(|r| {
            (
                r.bid.plan.incident.clone(),
                r.lease,
                Box::new(r.bid.clone()),
            )
        });
        let own = own
            .chain(
                late.clone()
                    .map(|e| (e.incident.clone(), e.lease, Box::new(e.bid.clone()))),
            )
            .chain(recovered.waiting.iter().map(|w| {
                let incident = w.bid.plan.incident.clone();
                (incident, w.lease, Box::new(w.bid.clone()))
            }))
            .collect();
        let mut commands = vec![
            ask(Task::Negotiator(negotiator::Input::Restore {
                own,
                awarded: vec![],
            })),
            ask(Task::Executor(executor::Input::Restore {
                runs: recovered.runs.clone(),
                history: Box::new(history(recovered)),
            })),
        ];
        for ended in late {
            commands.push(ask(Task::Negotiator(negotiator::Input::Ended {
                plan: ended.plan.clone(),
                outcome: ended.outcome,
            })));
        }
        commands
    }

    fn restore_lead(&mut self, recovered: Recovered) -> Vec<Command> {
        let mut commands = vec![];
        for led in &recovered.led {
            self.leases.insert(led.incident.clone(), led.lease);
            if let Some(known) = known_of(led) {
                commands.push(ask(Task::Correlator(correlator::Input::Claimed {
                    known: known.clone(),
                    symptoms: led.symptoms.clone(),
                })));
                let symptoms = led.symptoms.clone();
                self.claims
                    .insert(led.incident.clone(), Claim { known, symptoms });
            }
            let series = led.symptoms.iter().filter_map(|s| self.anomalies.get(s));
            let series = series.map(|(s, _)| s.clone()).collect();
            self.open.insert(led.incident.clone(), series);
        }
        let begun = |plan: &PlanId| {
            let open = recovered.runs.iter().map(|r| &r.bid.plan.id);
            let ended = recovered.ended.iter().map(|e| &e.plan);
            let waiting = recovered.waiting.iter().map(|w| &w.request.plan);
            open.chain(ended).chain(waiting).any(|id| id == plan)
        };
        let domain = self.domain;
        let awarded = |l: &LedIncident| {
            let plan = recovered.plans.get(l.awarded.as_ref()?)?;
            // The own domain never began it: nothing is to be waited for.
            let moot = plan.domain == domain && !begun(&plan.id);
            if moot {
                return None;
            }
            Some((l.incident.clone(), Box::new(plan.clone())))
        };
        let behind = self.restart.behind;
        self.restart = Restart {
            behind,
            awarded: recovered.led.iter().filter_map(awarded).collect(),
            changes: recovered.changes,
            asked: recovered.led,
            led: vec![],
            since: self.now,
        };
        if !behind {
            commands.extend(self.ask_leases_again());
        }
        commands
    }

    /// Says that it is here: peers tell it what it has missed, and whoever has the inventory announces it again.
    pub fn say_hello(&self) -> Command {
        self.publish("evt", "hello", &self.domain)
    }

    /// A peer has (re)started: it is told what lasts.
    pub(super) fn hello(&mut self) -> Vec<Command> {
        self.sent.clear();
        let mut commands = vec![];
        for (anomaly, record) in self.own.values() {
            let (anomaly, record) = (anomaly.clone(), record.clone());
            commands.push(self.publish(
                "evt",
                "anomaly",
                &AnomalyEvent::Raised { anomaly, record },
            ));
        }
        let domain = self.domain;
        let own = self.claims.values();
        let own = own.filter(|c| c.known.lease.leader == domain);
        for claim in own.cloned().collect::<Vec<_>>() {
            commands.push(self.claim(&claim.known, claim.symptoms));
        }
        commands
    }

    /// What changes before the restart had set is intended still.
    pub(super) fn intend_again(&mut self, domain: Domain) -> Vec<Command> {
        if domain != self.domain {
            return vec![];
        }
        let changes = std::mem::take(&mut self.restart.changes);
        changes.iter().flat_map(|a| self.intend(a)).collect()
    }

    /// A lease was asked for.
    pub(super) fn leased(
        &mut self,
        incident: &IncidentId,
        purpose: Purpose,
        taken: bool,
    ) -> Vec<Command> {
        match purpose {
            Purpose::GoOn => self.go_on(incident, taken),
            Purpose::TakeOver if taken => self.take_over(incident),
            // A new incident is nobody else's; one that a peer got is that peer's.
            Purpose::Open | Purpose::TakeOver => vec![],
        }
    }

    fn go_on(&mut self, incident: &IncidentId, taken: bool) -> Vec<Command> {
        if !taken {
            // Who held it before the restart may hold it still, for as long as a lease lasts; or somebody took over, and its
            // claim will be heard. Until then it is asked for again.
            return vec![];
        }
        let asked = &mut self.restart.asked;
        let Some(index) = asked.iter().position(|l| l.incident == *incident) else {
            return vec![];
        };
        let led = asked.remove(index);
        let Some(plan) = self.restart.awarded.remove(incident) else {
            self.restart.led.push(led);
            return vec![];
        };
        let awaited = negotiator::Awaited {
            incident: led.incident.clone(),
            lease: led.lease,
            plan,
            situation: self.situation_of(&led),
            hypotheses: led.hypotheses,
        };
        vec![ask(Task::Negotiator(negotiator::Input::Restore {
            own: vec![],
            awarded: vec![awaited],
        }))]
    }

    /// Once the network was looked at for a while, remedies are called for again.
    pub(super) fn lead_again(&mut self) -> Vec<Command> {
        let looked = self.now.since(self.restart.since) >= LOOK_MS;
        let mut retried = self.take_over_from_lost();
        if self.restart.behind {
            return self.hello_again();
        }
        retried.extend(self.ask_leases_again());
        if self.restart.led.is_empty() || !looked {
            return retried;
        }
        let led = std::mem::take(&mut self.restart.led);
        let again = led.into_iter().flat_map(|l| self.call_again(l));
        let mut commands: Vec<Command> = again.collect();
        commands.extend(retried);
        commands
    }

    fn call_again(&mut self, led: LedIncident) -> Vec<Command> {
        if self.closed.contains(&led.incident) {
            return vec![];
        }
        if led.taken_over && led.hypotheses.is_empty() {
            let reason = "its leader was lost, and so was who took over from it".to_owned();
            return self.escalate(&led.incident, reason);
        }
        if led.hypotheses.is_empty() {
            // Nobody was told of it. Its symptoms are free, and whoever is responsible opens it again.
            return self.close(&led.incident, Ending::StillOpen);
        }
        let situation = self.situation_of(&led);
        vec![ask(Task::Negotiator(negotiator::Input::Lead {
            incident: led.incident,
            lease: led.lease,
            hypotheses: led.hypotheses,
            situation,
        }))]
    }

    /// The symptoms that this domain saw itself; what its peers saw it was told and has forgotten.
    fn situation_of(&self, led: &LedIncident) -> Situation {
        let symptoms = led.symptoms.iter().filter_map(|s| self.own.get(s));
        Situation {
            symptoms: symptoms.map(|(a, _)| a.clone()).collect(),
            silent: self.picture.silent().iter().cloned().collect(),
        }
    }

    /// A peer was lost, or is there again.
    pub(super) fn peer(&mut self, domain: Domain, lost: bool) -> Vec<Command> {
        let news = if lost {
            self.lost.insert(domain)
        } else {
            self.lost.remove(&domain)
        };
        if !news {
            return vec![];
        }
        let body = if lost {
            Body::PeerLost { domain }
        } else {
            Body::PeerBack { domain }
        };
        let mut commands = vec![
            self.append(Draft::new(body)).1,
            ask(Task::Negotiator(negotiator::Input::Peer { domain, lost })),
        ];
        commands.extend(self.take_over_from_lost());
        commands
    }

    /// Asks for the leases of incidents whose leader is lost, if it is this domain's turn.
    fn take_over_from_lost(&self) -> Vec<Command> {
        let first = Domain::ALL.into_iter().find(|d| !self.lost.contains(d));
        if first != Some(self.domain) || self.restart.behind {
            return vec![];
        }
        let orphaned = |c: &&Claim| self.lost.contains(&c.known.lease.leader);
        let take = |c: &Claim| Command::TakeLease {
            incident: c.known.incident.clone(),
            purpose: Purpose::TakeOver,
        };
        self.claims.values().filter(orphaned).map(take).collect()
    }

    fn take_over(&mut self, incident: &IncidentId) -> Vec<Command> {
        let Some(claim) = self.claims.get(incident).cloned() else {
            return vec![Command::GiveUpLease(incident.clone())];
        };
        let tokens = self.leases.values().map(|l| l.token);
        let lease = Lease {
            leader: self.domain,
            token: tokens.max().unwrap_or(0).max(self.taken.tokens) + 1,
        };
        let from = claim.known.lease.leader;
        let causes = self.records_of(&claim.symptoms);
        let body = Body::TookOver { from, lease };
        let heard = self.trail(incident).heard.clone();
        let draft = Draft::new(body).of(incident).about(&claim.known.suspect);
        let record = self
            .append(draft.because(causes.into_iter().chain(heard)))
            .1;
        self.leases.insert(incident.clone(), lease);
        let known = Known {
            lease,
            ..claim.known
        };
        vec![
            record,
            self.claim(&known, claim.symptoms),
            ask(Task::Negotiator(negotiator::Input::TakeOver {
                incident: incident.clone(),
                lease,
            })),
        ]
    }

    /// The process stood still for longer than its leases last: whoever leads now, it is not this agent.
    pub(super) fn lease_lost(incident: &IncidentId) -> Vec<Command> {
        let reason = "its lease was lost".to_owned();
        vec![ask(Task::Negotiator(negotiator::Input::Drop {
            incident: incident.clone(),
            reason,
        }))]
    }

    /// A claim under an older lease than one that is known changes nothing. One that replaces the own lease ends the own
    /// lead. What to do instead of believing the claim, if anything.
    pub(super) fn outdated(
        &mut self,
        known: &Known,
        symptoms: &[AnomalyId],
    ) -> Option<Vec<Command>> {
        let incident = &known.incident;
        let held = self.leases.get(incident).copied();
        if held.is_some_and(|held| known.lease < held) {
            return Some(vec![]);
        }
        self.leases.insert(incident.clone(), known.lease);
        let claim = Claim {
            known: known.clone(),
            symptoms: symptoms.to_vec(),
        };
        self.claims.insert(incident.clone(), claim);
        let replaced =
            held.is_some_and(|h| h.leader == self.domain) && known.lease.leader != self.domain;
        if replaced {
            self.restart.led.retain(|l| l.incident != *incident);
            self.restart.asked.retain(|l| l.incident != *incident);
            let last = self.last(incident);
            let body = Body::GaveWay { lease: known.lease };
            let draft = Draft::new(body).of(incident).because(last);
            let mut commands = vec![self.append(draft).1];
            commands.extend(Self::lease_lost(incident));
            commands.push(Command::GiveUpLease(incident.clone()));
            commands.push(ask(Task::Correlator(correlator::Input::Claimed {
                known: known.clone(),
                symptoms: symptoms.to_vec(),
            })));
            return Some(commands);
        }
        None
    }

    pub(super) fn run_resumed(&mut self, run: &RunId, plan: &Plan, found: &str) -> Command {
        let causes = self.trail(&plan.incident).for_run(run);
        let body = Body::RunResumed {
            run: run.clone(),
            plan: plan.id.clone(),
            found: found.to_owned(),
        };
        self.of_run(run, plan, body, causes)
    }
}

fn history(recovered: &Recovered) -> executor::History {
    let recovered = recovered.clone();
    executor::History {
        taken: recovered.taken.runs,
        frozen: recovered.frozen,
        acted: recovered.acted,
        begun: recovered.begun,
        ran: recovered.ran,
        failures: recovered.failures,
        breakers_closed: recovered.breakers_closed,
        killed: recovered.killed,
        waiting: recovered.waiting,
    }
}

/// What peers were told of an incident, as far as its diagnosis says it.
fn known_of(led: &LedIncident) -> Option<Known> {
    let best = led.hypotheses.first()?;
    Some(Known {
        incident: led.incident.clone(),
        lease: led.lease,
        suspect: best.object.clone(),
        fault: best.fault,
    })
}
