//! One clear sentence per record: who did what to which object, with numbers and reasons.

use super::quantity::{number, percent, quantity};
use super::word::{action as act, agent, hypothesis, label, object, violation};
use super::{Language, known_or, try_format};
use crate::hypothesis::Hypothesis;
use crate::negotiation::{Bid, RefuseReason};
use crate::object::ManagedObject;
use crate::objective::Violation;
use crate::plan::Rehearsal;
use crate::record::{Body, GuardResult, Record, Who};
use fluent_bundle::{FluentArgs, FluentValue};
use std::fmt::Display;

/// Items of a list that are named before the rest is only counted.
const NAMED: usize = 3;

/// Probability below which a sentence does not name a further hypothesis; the record keeps it.
const WORTH_NAMING: f64 = 0.01;

/// What the record says, as one sentence (two where a reason follows).
pub fn sentence(record: &Record, language: Language) -> String {
    whole(record, language).0
}

/// The sentence, and whether every place in it was filled.
pub(super) fn whole(record: &Record, language: Language) -> (String, bool) {
    let words = Words { language };
    let phrase = words.phrase(record).with("actor", words.actor(record));
    let (text, complete) = try_format(language, &phrase.key, Some(&phrase.args));
    (tidy(&text, language), complete)
}

/// A key with the values for its places.
struct Phrase {
    key: String,
    args: FluentArgs<'static>,
}

impl Phrase {
    fn new(name: &str) -> Self {
        Self {
            key: format!("record-{name}"),
            args: FluentArgs::new(),
        }
    }

    /// Fills a place with text.
    fn with(mut self, place: &'static str, value: impl Display) -> Self {
        self.args.set(place, value.to_string());
        self
    }

    /// Fills a place with a count, which chooses singular or plural.
    fn count(mut self, place: &'static str, count: impl Into<FluentValue<'static>>) -> Self {
        self.args.set(place, count.into());
        self
    }

    /// Fills a place with `yes` or `no`, which choose a wording.
    fn whether(self, place: &'static str, yes: bool) -> Self {
        self.with(place, if yes { "yes" } else { "no" })
    }

    /// Fills a place with text, or with `none`, which chooses the wording without it.
    fn maybe(self, place: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(place, value),
            None => self.with(place, "none"),
        }
    }
}

/// Renders the pieces of sentences in one language.
struct Words {
    language: Language,
}

impl Words {
    #[expect(clippy::too_many_lines, reason = "a flat table: one arm per body")]
    fn phrase(&self, record: &Record) -> Phrase {
        let l = self.language;
        let p = Phrase::new;
        match &record.body {
            Body::SwarmStarted {
                version,
                network,
                seed,
                mode,
                cases,
                without,
            } => p("swarm-started")
                .with("version", version)
                .with("network", network)
                .with("mode", label(*mode, l))
                .maybe("seed", *seed)
                .count("cases", *cases)
                .count("without", without.len())
                .with(
                    "parts",
                    self.list(without.iter().map(|p| known_or(l, &format!("part-{p}"), p))),
                ),
            Body::SwarmDrained {
                reason,
                messages,
                dropped,
            } => p("swarm-drained")
                .with("reason", self.reason(reason))
                .with("messages", messages)
                .with("dropped", dropped),
            Body::RoleDied {
                role,
                reason,
                measure,
            } => p("role-died")
                .with("role", role)
                .with("reason", reason)
                .with(
                    "measure",
                    known_or(l, &format!("measure-{measure}"), measure),
                ),
            Body::Resumed {
                records,
                runs,
                incidents,
            } => p("resumed")
                .count("records", *records)
                .count("runs", runs.len())
                .count("incidents", incidents.len()),
            Body::PeerLost { domain } => p("peer-lost").with("peer", agent(Some(*domain), l)),
            Body::PeerBack { domain } => p("peer-back").with("peer", agent(Some(*domain), l)),
            Body::Dropped { messages } => p("dropped").count("messages", *messages),
            Body::Sealed { records } => p("sealed").count("records", *records),
            Body::Raw {
                message, subject, ..
            } => p("raw").with("message", message).with("subject", subject),
            Body::DeadLetter {
                message,
                subject,
                reason,
                ..
            } => p("dead-letter")
                .with("message", message)
                .with("subject", subject)
                .with("reason", self.reason(reason)),
            Body::MaintenanceNoted {
                ticket,
                objects,
                until,
            } => p("maintenance-noted")
                .with("ticket", ticket)
                .with("objects", self.list(objects.iter().map(|o| object(o, l))))
                .with("until", until),
            Body::AnomalyRaised { anomaly } => p("anomaly-raised")
                .with("object", object(&anomaly.object, l))
                .with("metric", label(anomaly.metric, l))
                .with("observed", quantity(anomaly.observed, anomaly.metric, l))
                .with("expected", quantity(anomaly.expected, anomaly.metric, l))
                .with("score", format!("{:.4}", anomaly.score))
                .maybe(
                    "limit",
                    anomaly.violates.map(|v| quantity(v, anomaly.metric, l)),
                ),
            Body::AnomalyCleared { anomaly } => p("anomaly-cleared").with("anomaly", anomaly),
            Body::IncidentOpened {
                lease,
                symptoms,
                violations,
            } => p("incident-opened")
                .maybe("incident", record.incident.as_ref())
                .with("token", lease.token)
                .count("symptoms", symptoms.len())
                .with("violations", self.violations(violations)),
            Body::TookOver { from, lease } => p("took-over")
                .with("from", agent(Some(*from), l))
                .with("token", lease.token),
            Body::GaveWay { lease } => p("gave-way")
                .with("to", agent(Some(lease.leader), l))
                .with("token", lease.token),
            Body::SymptomsJoined { symptoms } => p("symptoms-joined")
                .count("symptoms", symptoms.len())
                .with("list", self.list(symptoms)),
            Body::Suppressed {
                symptoms,
                reason,
                detail,
            } => p("suppressed")
                .with("list", self.list(symptoms))
                .with("reason", self.reason(reason))
                .with("detail", detail),
            Body::IncidentClosed { ending } => {
                p("incident-closed").with("ending", label(*ending, l))
            }
            Body::Diagnosed { hypotheses, other } => self.diagnosed(hypotheses, *other),
            Body::EvidenceInsufficient { need } => {
                p("evidence-insufficient").with("need", self.reason(need))
            }
            Body::Planned {
                plans,
                rejected,
                from_case,
                from_run,
            } => p("planned")
                .count("plans", plans.len())
                .with("list", self.list(plans))
                .count("rejected", rejected.len())
                .maybe("case", from_case.as_ref())
                .maybe("run", from_run.as_ref()),
            Body::NoPlan { reason } => p("no-plan").with("reason", self.reason(reason)),
            Body::Called { domains } => {
                p("called").with("domains", self.list(domains.iter().map(|d| label(*d, l))))
            }
            Body::BidReceived { from, bid } => self.bid(bid).with("from", agent(Some(*from), l)),
            Body::Refused { from, plan, reason } => p("refused")
                .with("from", agent(Some(*from), l))
                .maybe("plan", plan.as_ref())
                .with("reason", self.refusal(reason)),
            Body::Awarded { plan, to, agreed } => p("awarded")
                .with("plan", plan)
                .with("to", agent(Some(*to), l))
                .with("agreed", self.list(agreed.iter().map(|d| label(*d, l)))),
            Body::Committed { plan, lease, .. } => p("committed")
                .with("plan", plan)
                .with("token", lease.token)
                .with("leader", agent(Some(lease.leader), l)),
            Body::Aborted { plan, reason } => p("aborted")
                .with("plan", plan)
                .with("reason", self.reason(reason)),
            Body::Rehearsed { plan, rehearsal } => {
                rehearsed(p("rehearsed").with("plan", plan), rehearsal)
            }
            Body::Decided {
                plan,
                mode,
                guards,
                ruling,
            } => p("decided")
                .with("plan", &plan.id)
                .with("playbook", &plan.playbook)
                .with("mode", label(*mode, l))
                .with("ruling", label(*ruling, l))
                .with("guards", guards.len())
                .maybe("failed", self.failed(guards)),
            Body::Approved {
                fingerprint,
                granted,
                reason,
                ..
            } => p("approved")
                .with("fingerprint", fingerprint.short())
                .whether("granted", *granted)
                .with("reason", self.reason(reason)),
            Body::ApprovalAsked {
                plan,
                fingerprint,
                expires,
                people,
                ..
            } => p("approval-asked")
                .with("plan", plan)
                .with("fingerprint", fingerprint.short())
                .with("expires", expires)
                .count("people", *people),
            Body::AnswerRefused {
                fingerprint,
                reason,
            } => p("answer-refused")
                .with("fingerprint", fingerprint.short())
                .with("reason", self.reason(reason)),
            Body::ApprovalEnded { plan, state, .. } => p("approval-ended")
                .with("plan", plan)
                .with("state", known_or(l, &format!("approval-{state}"), state)),
            Body::KillSwitch { on, reason } => p("kill-switch")
                .whether("on", *on)
                .with("reason", self.reason(reason)),
            Body::BreakerClosed { playbook, reason } => p("breaker-closed")
                .with("playbook", playbook)
                .with("reason", self.reason(reason)),
            Body::ModeProposed {
                playbook,
                class,
                from,
                to,
                reason,
                evidence,
            } => p("mode-proposed")
                .with("playbook", playbook)
                .maybe("class", class.as_ref())
                .with("from", label(*from, l))
                .with("to", label(*to, l))
                .with("reason", self.reason(reason))
                .count("evidence", evidence.len()),
            Body::ModeChanged {
                playbook,
                class,
                from,
                to,
                reason,
                evidence,
            } => p("mode-changed")
                .with("playbook", playbook)
                .maybe("class", class.as_ref())
                .whether("up", to > from)
                .with("from", label(*from, l))
                .with("to", label(*to, l))
                .with("reason", self.reason(reason))
                .count("evidence", evidence.len()),
            Body::Escalated { reason } => p("escalated").with("reason", self.reason(reason)),
            Body::StepStarted {
                run, step, action, ..
            } => p("step-started")
                .with("run", run)
                .with("step", step)
                .with("action", act(action, l)),
            Body::StepDone { run, step, receipt } => p("step-done")
                .with("run", run)
                .with("step", step)
                .with("before", &receipt.before)
                .with("after", &receipt.after),
            Body::RunResumed { run, plan, found } => p("run-resumed")
                .with("run", run)
                .with("plan", plan)
                .with("found", known_or(l, &format!("found-{found}"), found)),
            Body::StepFailed {
                run,
                step,
                reason,
                effect_unknown,
            } => p("step-failed")
                .with("run", run)
                .with("step", step)
                .with("reason", self.reason(reason))
                .whether("unknown", *effect_unknown),
            Body::UndoStarted {
                run,
                step,
                action,
                reason,
            } => p("undo-started")
                .with("run", run)
                .with("step", step)
                .with("action", act(action, l))
                .with("reason", self.reason(reason)),
            Body::UndoDone { run, step, receipt } => p("undo-done")
                .with("run", run)
                .with("step", step)
                .with("before", &receipt.before)
                .with("after", &receipt.after),
            Body::UndoFailed {
                run,
                step,
                reason,
                effect_unknown,
                difference,
            } => p("undo-failed")
                .with("run", run)
                .with("step", step)
                .with("reason", self.reason(reason))
                .whether("unknown", *effect_unknown)
                .maybe("before", difference.as_ref().map(|d| &d.before))
                .maybe("wanted", difference.as_ref().map(|d| &d.wanted))
                .maybe("found", difference.as_ref().map(|d| self.reason(&d.found))),
            Body::Frozen { reason } => p("frozen")
                .with("object", self.about(record.object.as_ref()))
                .with("reason", self.reason(reason)),
            Body::Verified {
                run,
                verdict,
                before,
                after,
                reason,
            } => p("verified")
                .with("run", run)
                .with("verdict", label(*verdict, l))
                .with("before", self.violations(before))
                .with("after", self.violations(after))
                .with("reason", self.reason(reason)),
            Body::Remembered {
                fault,
                playbook,
                outcome,
                twin_error,
            } => p("remembered")
                .with("playbook", playbook)
                .with("fault", label(*fault, l))
                .with("outcome", label(*outcome, l))
                .maybe("error", twin_error.map(percent)),
        }
    }

    fn actor(&self, record: &Record) -> String {
        let agent = agent(record.domain, self.language);
        match &record.who {
            Who::System => agent,
            Who::Human { name } => name.clone(),
            Who::Both { name } => {
                self.piece("actor-both", &[("agent", agent), ("name", name.clone())])
            }
        }
    }

    fn diagnosed(&self, hypotheses: &[Hypothesis], other: f64) -> Phrase {
        let Some((first, others)) = hypotheses.split_first() else {
            return Phrase::new("diagnosed-nothing").with("other", super::share(other));
        };
        let others: Vec<_> = others
            .iter()
            .filter(|h| h.probability >= WORTH_NAMING)
            .map(|h| hypothesis(h, self.language))
            .collect();
        let rest = (!others.is_empty()).then(|| self.list(&others));
        Phrase::new("diagnosed")
            .with("first", hypothesis(first, self.language))
            .maybe("others", rest)
            .with("other", super::share(other))
    }

    fn bid(&self, bid: &Bid) -> Phrase {
        Phrase::new("bid-received")
            .with("playbook", &bid.plan.playbook)
            .with("plan", &bid.plan.id)
            .with("suspect", object(&bid.plan.suspect, self.language))
            .with("with", bid.rehearsal.with.len())
            .with("without", bid.rehearsal.without.len())
            .with("cost", number(bid.plan.cost_tokens))
            .with("risk", super::share(bid.plan.risk))
            .whether("reversible", bid.plan.reversible())
            .count("tried", bid.tried)
            .with("success", super::share(bid.success_rate))
    }

    fn refusal(&self, reason: &RefuseReason) -> String {
        match reason {
            RefuseReason::HarmsObjective { rehearsal } => self.piece(
                "refuse-harms-objective",
                &[("violations", self.violations(&rehearsal.with))],
            ),
            RefuseReason::Busy { incident } => {
                self.piece("refuse-busy", &[("incident", incident.to_string())])
            }
            RefuseReason::StaleLease { newest } => {
                let holder = agent(Some(newest.leader), self.language);
                let token = newest.token.to_string();
                self.piece("refuse-stale-lease", &[("token", token), ("agent", holder)])
            }
            RefuseReason::Guard { reason } => {
                self.piece("refuse-guard", &[("reason", self.reason(reason))])
            }
            RefuseReason::NothingToOffer => self.piece("refuse-nothing-to-offer", &[]),
            RefuseReason::NotYet { wait_ms } => {
                let seconds = wait_ms.div_ceil(1_000).to_string();
                self.piece("refuse-not-yet", &[("seconds", seconds)])
            }
        }
    }

    fn failed(&self, guards: &[GuardResult]) -> Option<String> {
        let failed: Vec<String> = guards
            .iter()
            .filter(|g| !g.pass)
            .map(|g| {
                format!(
                    "{} ({})",
                    super::guard(&g.guard, self.language),
                    self.reason(&g.reason)
                )
            })
            .collect();
        (!failed.is_empty()).then(|| self.list(&failed))
    }

    fn violations(&self, violations: &[Violation]) -> String {
        self.list(violations.iter().map(|v| violation(v, self.language)))
    }

    fn about(&self, about: Option<&ManagedObject>) -> String {
        about.map_or_else(
            || self.piece("list-empty", &[]),
            |o| object(o, self.language),
        )
    }

    /// A reason that the code names by a key, or that a person or a program wrote.
    fn reason(&self, reason: &str) -> String {
        super::reason(reason, self.language)
    }

    /// The first few items and the number of the others.
    fn list(&self, items: impl IntoIterator<Item = impl Display>) -> String {
        let items: Vec<String> = items.into_iter().map(|i| i.to_string()).collect();
        let comma = self.piece("list-comma", &[]);
        match items.len() {
            0 => self.piece("list-empty", &[]),
            n if n <= NAMED + 1 => items.join(&comma),
            n => {
                let named = items[..NAMED].join(&comma);
                let count = (n - NAMED).to_string();
                self.piece("list-more", &[("list", named), ("count", count)])
            }
        }
    }

    fn piece(&self, key: &str, values: &[(&'static str, String)]) -> String {
        let mut args = FluentArgs::new();
        for (place, value) in values {
            args.set(*place, value.clone());
        }
        super::format(self.language, key, &args)
    }
}

fn rehearsed(phrase: Phrase, rehearsal: &Rehearsal) -> Phrase {
    phrase
        .with("with", rehearsal.with.len())
        .with("without", rehearsal.without.len())
        .whether("worse", rehearsal.makes_worse)
        .count("samples", rehearsal.error_samples)
        .with("error", percent(rehearsal.error))
}

/// Chinese typesetting puts a space between Han characters and Latin letters or digits; no line ends in a space.
fn tidy(text: &str, language: Language) -> String {
    let text = text.trim_end();
    if language == Language::En {
        return text.to_owned();
    }
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let latin = |c: char| c.is_ascii_alphanumeric() || c == '%';
    let mut out = String::with_capacity(text.len() + 16);
    let mut last = ' ';
    for c in text.chars() {
        if (han(last) && latin(c)) || (latin(last) && han(c)) {
            out.push(' ');
        }
        out.push(c);
        last = c;
    }
    out
}
