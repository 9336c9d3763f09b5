//! The leader's side: call, choose, prepare, award; then the next best, or a person.

use super::{NegotiatorConfig, Output};
use std::collections::BTreeSet;
use zizhi_types::domain::Domain;
use zizhi_types::hypothesis::Situation;
use zizhi_types::negotiation::{Bid, Lease, Negotiation, RefuseReason, RunEnd, Say};
use zizhi_types::objective::Violation;
use zizhi_types::{Hypothesis, IncidentId, NetTime, Plan};

/// One incident that this domain leads.
pub(super) struct Leadership {
    incident: IncidentId,
    lease: Lease,
    /// Who is asked for remedies and must agree to a plan.
    asked: Vec<Domain>,
    attempts: u32,
    /// Bids not tried yet.
    bids: Vec<Bid>,
    phase: Phase,
    /// The incident is over for another reason: the awarded run goes on, but nothing follows it.
    dropped: bool,
    /// When what may have been lost is said again, if it is still to be.
    again_at: Option<NetTime>,
    /// With what remedies are called for again: a leader that began with an awarded plan knows no other bids.
    call_again: Option<CallAgain>,
    /// When a domain that has a remedy, but not yet, may be called again.
    held: Option<(NetTime, CallAgain)>,
    /// How often it was waited for such a domain.
    holds: u32,
}

/// How often a leader waits for a remedy that is held back. Our choice: once for each of two causes, and once for a clock
/// that was read early.
const HOLDS_MAX: u32 = 3;

/// What a call for remedies says.
pub(super) type CallAgain = (Vec<Hypothesis>, Situation);

/// A plan that was awarded before this leader led, as far as it is known.
pub(super) struct AwardedBefore {
    pub plan: Box<Plan>,
    /// Its run was seen to begin.
    pub begun: bool,
    /// This domain awarded it itself, so it may say so again.
    pub own_award: bool,
    pub call: Option<CallAgain>,
}

enum Phase {
    /// Remedies were called for.
    Calling {
        call: Say,
        answered: BTreeSet<Domain>,
        deadline: NetTime,
    },
    /// Everybody was asked about a plan.
    Preparing {
        bid: Box<Bid>,
        agreed: BTreeSet<Domain>,
        deadline: NetTime,
    },
    /// A plan was awarded: from here on only its report, or a person, goes on.
    Awarded {
        deadline: NetTime,
        plan: Box<Plan>,
        begun: bool,
        /// The domain that runs it was lost, and until when it is waited for.
        lost_until: Option<NetTime>,
    },
    /// A plan was taken back, and the network calms down before the next one, whose effect could not be told otherwise; or
    /// a remedy is held back.
    Settling { until: NetTime },
    /// Nothing more to do.
    Finished,
}

impl Leadership {
    pub(super) fn call(
        incident: IncidentId,
        lease: Lease,
        asked: Vec<Domain>,
        hypotheses: Vec<Hypothesis>,
        situation: Situation,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> (Self, Vec<Output>) {
        let say = Say::Call {
            hypotheses,
            situation,
        };
        let call = Output::Say {
            incident: incident.clone(),
            lease,
            to: None,
            say: say.clone(),
        };
        let phase = Phase::Calling {
            call: say,
            answered: BTreeSet::new(),
            deadline: now + config.answer_ms,
        };
        (
            Self {
                incident,
                lease,
                asked,
                attempts: 0,
                bids: vec![],
                phase,
                dropped: false,
                again_at: Some(half_time(config, now)),
                call_again: None,
                held: None,
                holds: 0,
            },
            vec![call],
        )
    }

    pub(super) const fn finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// Before an award nothing was changed, so leading can simply stop; after it, its report is still waited for.
    pub(super) fn drop_it(&mut self, reason: &str) -> Vec<Output> {
        let outputs = match &self.phase {
            Phase::Preparing { bid, .. } => {
                let plan = bid.plan.id.clone();
                vec![
                    self.say(Say::Abort {
                        plan: plan.clone(),
                        reason: reason.to_owned(),
                    }),
                    Output::Aborted {
                        incident: self.incident.clone(),
                        plan,
                        reason: reason.to_owned(),
                    },
                ]
            }
            Phase::Awarded { .. } => {
                self.dropped = true;
                return vec![];
            }
            Phase::Calling { .. } | Phase::Settling { .. } | Phase::Finished => vec![],
        };
        self.phase = Phase::Finished;
        outputs
    }

    pub(super) fn heard(
        &mut self,
        message: &Negotiation,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Vec<Output> {
        let from = message.from;
        match &message.say {
            Say::Offer { bids } => self.offered(from, bids, config, now),
            Say::Refuse { plan: None, reason } => self.declined(from, reason, config, now),
            Say::Refuse {
                plan: Some(plan),
                reason,
            } => {
                let current =
                    matches!(&self.phase, Phase::Preparing { bid, .. } if bid.plan.id == *plan);
                if !current {
                    return vec![];
                }
                let mut outputs = vec![Output::GotRefusal {
                    incident: self.incident.clone(),
                    from,
                    plan: Some(plan.clone()),
                    reason: reason.clone(),
                }];
                outputs.extend(self.abort(&format!("{from} refused"), config, now));
                outputs
            }
            Say::Prepared { plan } => match &mut self.phase {
                Phase::Preparing { bid, agreed, .. } if bid.plan.id == *plan => {
                    agreed.insert(from);
                    if agreed.len() == self.asked.len() {
                        self.award(config, now)
                    } else {
                        vec![]
                    }
                }
                _ => vec![],
            },
            Say::Commit { plan } => {
                if let Phase::Awarded {
                    plan: awarded,
                    begun,
                    ..
                } = &mut self.phase
                {
                    *begun |= awarded.id == *plan;
                }
                vec![]
            }
            Say::Report { plan, outcome } => match &self.phase {
                Phase::Awarded { plan: awarded, .. } if awarded.id == *plan => {
                    self.reported(*outcome, config, now)
                }
                _ => vec![],
            },
            _ => vec![],
        }
    }

    fn offered(
        &mut self,
        from: Domain,
        bids: &[Bid],
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Vec<Output> {
        let Phase::Calling { answered, .. } = &mut self.phase else {
            return vec![];
        };
        if !answered.insert(from) {
            return vec![];
        }
        let mut outputs = vec![];
        for bid in bids {
            self.bids.push(bid.clone());
            outputs.push(Output::GotBid {
                incident: self.incident.clone(),
                from,
                bid: Box::new(bid.clone()),
            });
        }
        outputs.extend(self.all_answered(config, now));
        outputs
    }

    fn declined(
        &mut self,
        from: Domain,
        reason: &RefuseReason,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Vec<Output> {
        let Phase::Calling { answered, call, .. } = &mut self.phase else {
            return vec![];
        };
        if !answered.insert(from) {
            return vec![];
        }
        if let (RefuseReason::NotYet { wait_ms }, Some(call)) = (reason, call_of(call)) {
            let wait_ms = (*wait_ms).min(WAIT_MS_MAX);
            let sooner = |(at, _): &(NetTime, CallAgain)| *at <= now + wait_ms;
            if !self.held.as_ref().is_some_and(sooner) {
                self.held = Some((now + wait_ms, call));
            }
        }
        let mut outputs = vec![Output::GotRefusal {
            incident: self.incident.clone(),
            from,
            plan: None,
            reason: reason.clone(),
        }];
        outputs.extend(self.all_answered(config, now));
        outputs
    }

    fn all_answered(&mut self, config: &NegotiatorConfig, now: NetTime) -> Vec<Output> {
        match &self.phase {
            Phase::Calling { answered, .. } if answered.len() == self.asked.len() => {
                self.next(config, now)
            }
            _ => vec![],
        }
    }

    /// Prepares the best bid that is left; without one a person is asked.
    fn next(&mut self, config: &NegotiatorConfig, now: NetTime) -> Vec<Output> {
        let Some(best) = self.best(config) else {
            let may_wait = self.holds < HOLDS_MAX && self.attempts < config.attempts_max;
            if let Some((at, call)) = self.held.take().filter(|_| may_wait) {
                self.holds += 1;
                self.call_again = Some(call);
                self.phase = Phase::Settling {
                    until: at.max(now + 1),
                };
                return vec![];
            }
            if let Some((hypotheses, situation)) = self.call_again.take() {
                return self.call_once_more(hypotheses, situation, config, now);
            }
            self.phase = Phase::Finished;
            let reason = match self.attempts {
                0 if self.asked.len() == 1 => "its own domain has no remedy to try".to_owned(),
                0 => "no domain offers a remedy that the twin finds safe".to_owned(),
                1 => "one remedy was tried without success, and no other is promising".to_owned(),
                tried => format!("{tried} remedies were tried without success"),
            };
            return vec![Output::GiveUp {
                incident: self.incident.clone(),
                reason,
            }];
        };
        let bid = Box::new(self.bids.remove(best));
        let prepare = self.say(Say::Prepare { bid: bid.clone() });
        self.again_at = Some(half_time(config, now));
        self.phase = Phase::Preparing {
            bid,
            agreed: BTreeSet::new(),
            deadline: now + config.answer_ms,
        };
        vec![prepare]
    }

    fn call_once_more(
        &mut self,
        hypotheses: Vec<Hypothesis>,
        situation: Situation,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Vec<Output> {
        let call = Say::Call {
            hypotheses,
            situation,
        };
        self.again_at = Some(half_time(config, now));
        self.phase = Phase::Calling {
            call: call.clone(),
            answered: BTreeSet::new(),
            deadline: now + config.answer_ms,
        };
        vec![self.say(call)]
    }

    /// The bid to try next, while there are tries left.
    fn best(&self, config: &NegotiatorConfig) -> Option<usize> {
        let promising = (0..self.bids.len()).filter(|&i| promising(&self.bids[i]));
        let worth = |i: usize| value(&self.bids[i]);
        // What may act by itself is tried before what waits for a person, and that before what may only be shown.
        let mode = |i: usize| self.bids[i].plan.mode;
        let best = promising.max_by(|&a, &b| {
            let by_worth = || worth(a).total_cmp(&worth(b)).then(b.cmp(&a));
            mode(a).cmp(&mode(b)).then_with(by_worth)
        });
        best.filter(|_| self.attempts < config.attempts_max)
    }

    fn abort(&mut self, reason: &str, config: &NegotiatorConfig, now: NetTime) -> Vec<Output> {
        let Phase::Preparing { bid, .. } = &self.phase else {
            return vec![];
        };
        let plan = bid.plan.id.clone();
        let mut outputs = vec![
            Output::Aborted {
                incident: self.incident.clone(),
                plan: plan.clone(),
                reason: reason.to_owned(),
            },
            self.say(Say::Abort {
                plan,
                reason: reason.to_owned(),
            }),
        ];
        outputs.extend(self.next(config, now));
        outputs
    }

    fn award(&mut self, config: &NegotiatorConfig, now: NetTime) -> Vec<Output> {
        let Phase::Preparing { bid, agreed, .. } = &self.phase else {
            return vec![];
        };
        let plan = Box::new(bid.plan.clone());
        let agreed = agreed.iter().copied().collect();
        let award = award_of(&plan);
        let outputs = vec![
            Output::Awarded {
                incident: self.incident.clone(),
                plan: plan.clone(),
                agreed,
            },
            Output::Say {
                incident: self.incident.clone(),
                lease: self.lease,
                to: Some(plan.domain),
                say: award,
            },
        ];
        self.attempts += 1;
        self.again_at = Some(half_time(config, now));
        self.phase = Phase::Awarded {
            deadline: now + plan.verify_ms + config.report_ms,
            begun: false,
            lost_until: None,
            plan,
        };
        outputs
    }

    /// Leads on where a plan was awarded already, before a restart or by a leader that was lost: its report is waited for.
    pub(super) fn awaiting(
        incident: IncidentId,
        lease: Lease,
        asked: Vec<Domain>,
        before: AwardedBefore,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Self {
        let AwardedBefore {
            plan,
            begun,
            own_award,
            call,
        } = before;
        let again = own_award && !begun;
        // A plan that nobody has seen begin may never have been awarded: its domain has that long to report.
        let wait_ms = if begun {
            plan.verify_ms + config.report_ms
        } else {
            plan.verify_ms + config.lost_ms
        };
        Self {
            incident,
            lease,
            asked,
            attempts: 1,
            bids: vec![],
            phase: Phase::Awarded {
                deadline: now + wait_ms,
                plan,
                begun: !again,
                lost_until: None,
            },
            dropped: false,
            again_at: again.then(|| half_time(config, now)),
            call_again: call,
            held: None,
            holds: 0,
        }
    }

    /// A domain's agent was lost, or is there again: who runs the awarded plan is waited for a while.
    pub(super) fn peer(
        &mut self,
        domain: Domain,
        lost: bool,
        config: &NegotiatorConfig,
        now: NetTime,
    ) {
        if let Phase::Awarded {
            plan, lost_until, ..
        } = &mut self.phase
            && plan.domain == domain
        {
            *lost_until = lost.then(|| now + config.lost_ms);
        }
    }

    fn reported(
        &mut self,
        outcome: RunEnd,
        config: &NegotiatorConfig,
        now: NetTime,
    ) -> Vec<Output> {
        if self.dropped {
            self.phase = Phase::Finished;
            return vec![];
        }
        match outcome {
            RunEnd::Helped => {
                self.phase = Phase::Finished;
                vec![Output::Fixed(self.incident.clone())]
            }
            // Nothing was changed.
            RunEnd::NotRun if self.call_again.is_none() => self.next(config, now),
            RunEnd::Undone if self.best(config).is_none() && self.call_again.is_none() => {
                self.next(config, now)
            }
            // Whoever was started again has to look at the network first.
            RunEnd::NotRun | RunEnd::Undone => {
                let until = now + config.settle_ms;
                self.phase = Phase::Settling { until };
                vec![]
            }
            RunEnd::Stuck => {
                self.phase = Phase::Finished;
                let reason = "a change could neither be verified nor taken back".to_owned();
                vec![Output::GiveUp {
                    incident: self.incident.clone(),
                    reason,
                }]
            }
        }
    }

    pub(super) fn tick(&mut self, config: &NegotiatorConfig, now: NetTime) -> Vec<Output> {
        let again = self.say_again(now);
        if !again.is_empty() {
            return again;
        }
        match &self.phase {
            Phase::Settling { until } if now >= *until => self.next(config, now),
            // Silence is no offer: choose among what came.
            Phase::Calling { deadline, .. } if now >= *deadline => self.next(config, now),
            // Silence is no agreement either.
            Phase::Preparing { deadline, .. } if now >= *deadline => {
                self.abort("not every domain answered", config, now)
            }
            Phase::Awarded {
                plan,
                lost_until: Some(until),
                ..
            } if now >= *until => {
                let reason = format!(
                    "the {} agent was lost while it ran {}: the effect is unknown",
                    plan.domain, plan.id
                );
                self.phase = Phase::Finished;
                if self.dropped {
                    return vec![];
                }
                vec![Output::GiveUp {
                    incident: self.incident.clone(),
                    reason,
                }]
            }
            Phase::Awarded { deadline, .. } if now >= *deadline => {
                self.phase = Phase::Finished;
                if self.dropped {
                    return vec![];
                }
                let reason = "the awarded domain did not report: the effect is unknown".to_owned();
                vec![Output::GiveUp {
                    incident: self.incident.clone(),
                    reason,
                }]
            }
            _ => vec![],
        }
    }

    /// Once, at half time, what may have been lost is said again to those who did not answer. Who heard it already does
    /// nothing twice.
    fn say_again(&mut self, now: NetTime) -> Vec<Output> {
        if self.again_at.is_none_or(|at| now < at) {
            return vec![];
        }
        self.again_at = None;
        let missing = |answered: &BTreeSet<Domain>| {
            let silent = |d: &Domain| !answered.contains(d);
            self.asked.iter().copied().filter(silent).collect()
        };
        let (to, say): (Vec<Domain>, Say) = match &self.phase {
            Phase::Calling { call, answered, .. } => (missing(answered), call.clone()),
            Phase::Preparing { bid, agreed, .. } => {
                (missing(agreed), Say::Prepare { bid: bid.clone() })
            }
            Phase::Awarded {
                plan, begun: false, ..
            } => (vec![plan.domain], award_of(plan)),
            _ => return vec![],
        };
        let again = |domain| Output::Say {
            incident: self.incident.clone(),
            lease: self.lease,
            to: Some(domain),
            say: say.clone(),
        };
        to.into_iter().map(again).collect()
    }

    fn say(&self, say: Say) -> Output {
        Output::Say {
            incident: self.incident.clone(),
            lease: self.lease,
            to: None,
            say,
        }
    }
}

/// The longest that one refusal may have a leader wait, in milliseconds: the longest hold of a playbook.
const WAIT_MS_MAX: u64 = 3_600_000;

fn call_of(say: &Say) -> Option<CallAgain> {
    match say {
        Say::Call {
            hypotheses,
            situation,
        } => Some((hypotheses.clone(), situation.clone())),
        _ => None,
    }
}

fn award_of(plan: &Plan) -> Say {
    Say::Award {
        plan: plan.id.clone(),
        fingerprint: plan.fingerprint.clone(),
    }
}

/// When an answer that was to come at once has been missing for half of its time.
fn half_time(config: &NegotiatorConfig, now: NetTime) -> NetTime {
    now + config.answer_ms / 2
}

/// A plan of at most this risk, by its author, needs no predicted gain (our choice: the lowest that the catalogue uses).
const HARMLESS_RISK: f64 = 0.1;

/// The twin finds the plan safe and expects it to heal something, or to lessen it by a tenth.
fn promising(bid: &Bid) -> bool {
    let r = &bid.rehearsal;
    let excess = |violations: &[Violation]| violations.iter().map(excess_of).sum::<f64>();
    let heals = r.with.len() < r.without.len() || excess(&r.with) < 0.9 * excess(&r.without);
    // What is nearly free of risk may be tried although the twin cannot show its effect.
    let harmless = bid.plan.risk <= HARMLESS_RISK;
    !r.makes_worse && (heals || harmless || r.without.is_empty())
}

/// How far a value is on the bad side of its limit, as a share of it.
fn excess_of(violation: &Violation) -> f64 {
    (violation.value - violation.limit).abs() / violation.limit.abs().max(0.01)
}

/// What a bid is worth to the leader, about -2 to 2. Our choice: what the twin expects to be healed counts most, then
/// what experience says, then the author's risk; tokens and irreversibility settle ties.
fn value(bid: &Bid) -> f64 {
    let before = bid.rehearsal.without.len() as f64;
    let after = bid.rehearsal.with.len() as f64;
    let healed = if before > 0.0 {
        (before - after) / before
    } else {
        0.0
    };
    let trust = f64::from(bid.tried) / (f64::from(bid.tried) + 2.0);
    let experience = (bid.success_rate - 0.5) * 2.0 * trust;
    let irreversible = if bid.plan.reversible() { 0.0 } else { 0.02 };
    // A mitigation leaves the fault in place, so a cure of equal effect goes first.
    let temporary = if bid.plan.temporary { 0.15 } else { 0.0 };
    healed + 0.5 * experience
        - 0.5 * bid.plan.risk
        - 0.01 * bid.plan.cost_tokens
        - irreversible
        - temporary
}
