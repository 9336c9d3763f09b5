//! What a person reads about one incident, in the order of the questions they ask.
//!
//! In: a view of the journal. Out: text, ready for the template. Pure.

use crate::phrases::{Phrases, phrases};
use crate::view::View;
use zizhi_types::hypothesis::Hypothesis;
use zizhi_types::plan::{PredictedChange, Rehearsal};
use zizhi_types::record::GuardResult;
use zizhi_types::text::{self, Language, agent, label, object, quantity, sentence};
use zizhi_types::{
    Anomaly, AnomalyId, Body, Domain, Incident, NetTime, Plan, PlanId, Record, Severity, Stage,
};

/// A severity as text, and the class that colours it.
#[derive(Debug)]
pub struct Badge {
    /// The class, in English.
    pub class: &'static str,
    /// The word.
    pub text: String,
}

/// A record in one line.
#[derive(Debug)]
pub struct Line {
    /// Its id.
    pub record: String,
    /// When.
    pub at: NetTime,
    /// Whose agent wrote it; `None` for the swarm as a whole.
    pub domain: Option<Domain>,
    /// That agent's name.
    pub agent: String,
    /// Its stage.
    pub stage: String,
    /// What it says.
    pub sentence: String,
    /// The ids of its causes.
    pub causes: Vec<String>,
}

/// An incident in one row of the list.
#[derive(Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// How bad it is.
    pub severity: Badge,
    /// The first cause, or that none is known.
    pub cause: String,
    /// Probability of that cause.
    pub probability: String,
    /// Who leads it.
    pub leader: String,
    /// The first unusual sample.
    pub since: NetTime,
    /// From the onset to its end.
    pub lasted: String,
    /// Open, or how it ended.
    pub state: String,
    /// Whether it is still open.
    pub open: bool,
}

/// A moment in the life of an incident.
#[derive(Debug)]
pub struct Moment {
    /// What happened.
    pub name: &'static str,
    /// When.
    pub at: NetTime,
    /// How long after the onset.
    pub after: String,
}

/// A symptom.
#[derive(Debug)]
pub struct Symptom {
    /// The record in which it was raised.
    pub record: String,
    /// Where.
    pub object: String,
    /// Which quantity.
    pub metric: String,
    /// What was seen.
    pub observed: String,
    /// What was expected.
    pub expected: String,
    /// The limit it breaks, if it breaks one.
    pub limit: Option<String>,
    /// First unusual sample.
    pub onset: NetTime,
}

/// A ranked cause.
#[derive(Debug)]
pub struct Cause {
    /// Fault, object and probability.
    pub text: String,
    /// 0 to 100, for the bar.
    pub percent: u32,
    /// How far the hypothesis has come.
    pub state: String,
    /// What speaks for it, with the record of the symptom.
    pub supports: Vec<(Option<String>, String)>,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// A remedy on offer.
#[derive(Debug)]
pub struct Proposal {
    /// The record of the bid.
    pub record: String,
    /// Its plan.
    pub plan: String,
    /// Made from which playbook.
    pub playbook: String,
    /// Who offers it.
    pub from: String,
    /// What would be done.
    pub steps: Vec<String>,
    /// In compute tokens.
    pub cost: f64,
    /// In per cent.
    pub risk: String,
    /// Whether every step can be taken back.
    pub reversible: bool,
    /// How often it helped.
    pub history: String,
    /// Whether it was awarded.
    pub chosen: bool,
}

/// A rehearsal.
#[derive(Debug)]
pub struct Preview {
    /// The record.
    pub line: Line,
    /// Objective, without, with.
    pub changes: Vec<(String, String, String)>,
}

/// A decision.
#[derive(Debug)]
pub struct Decision {
    /// The record.
    pub line: Line,
    /// The plan that was decided on, if the record is that decision.
    pub plan: Option<String>,
    /// What each guard said.
    pub guards: Vec<GuardResult>,
}

/// One incident from the top down.
#[derive(Debug)]
pub struct Story {
    /// The incident's row in the list.
    pub row: Row,
    /// What was violated at the opening.
    pub violations: Vec<String>,
    /// What belongs to it.
    pub symptoms: Vec<Symptom>,
    /// Its moments, in order.
    pub moments: Vec<Moment>,
    /// The newest ranking of causes.
    pub causes: Vec<Cause>,
    /// The record of that ranking.
    pub diagnosis: Option<Line>,
    /// Probability of none of them.
    pub other: String,
    /// Remedies on offer.
    pub proposals: Vec<Proposal>,
    /// Planning and negotiation, without the bids.
    pub talks: Vec<Line>,
    /// What the twin says.
    pub previews: Vec<Preview>,
    /// What guards and people said.
    pub decisions: Vec<Decision>,
    /// Steps and undo.
    pub done: Vec<Line>,
    /// Verdicts.
    pub verified: Vec<Line>,
    /// What was remembered.
    pub learned: Vec<Line>,
    /// Everything.
    pub timeline: Vec<Line>,
}

/// A severity for people.
pub fn badge(severity: Severity, language: Language) -> Badge {
    Badge {
        class: severity.as_str(),
        text: label(severity, language),
    }
}

/// A record in one line.
pub fn line(record: &Record, language: Language) -> Line {
    Line {
        record: record.id.to_string(),
        at: record.at,
        domain: record.domain,
        agent: agent(record.domain, language),
        stage: label(record.stage, language),
        sentence: sentence(record, language),
        causes: record.causes.iter().map(ToString::to_string).collect(),
    }
}

/// A record about anomalies, with what the first of them is about, since an id alone tells a reader nothing.
pub fn quiet_line(view: &View, record: &Record, language: Language) -> Line {
    let mut line = line(record, language);
    if let Body::Suppressed { symptoms, .. } = &record.body
        && let Some(Body::AnomalyRaised { anomaly }) = symptoms
            .first()
            .and_then(|id| view.raised(id))
            .map(|r| &r.body)
    {
        let seen = quantity(anomaly.observed, anomaly.metric, language);
        let metric = label(anomaly.metric, language);
        let about = format!(" [{} · {metric} {seen}]", object(&anomaly.object, language));
        line.sentence.push_str(&about);
    }
    line
}

/// An incident in one row.
pub fn row(view: &View, incident: &Incident, language: Language) -> Row {
    let words = phrases(language);
    let cause = incident.cause.as_ref();
    let end = incident.restored.or(incident.closed);
    let now = view.entries.last().map_or(incident.opened, |e| e.record.at);
    Row {
        id: incident.id.to_string(),
        severity: badge(view.severity(incident), language),
        cause: cause.map_or_else(
            || words.unknown_cause.to_owned(),
            |(at, fault, _)| format!("{} · {}", label(*fault, language), object(at, language)),
        ),
        probability: cause.map_or_else(String::new, |(_, _, p)| text::share(*p)),
        leader: agent(Some(incident.leader), language),
        since: incident.onset,
        lasted: text::duration(end.unwrap_or(now).since(incident.onset), language),
        state: incident
            .ending
            .map_or_else(|| words.open.to_owned(), |ending| label(ending, language)),
        open: incident.ending.is_none(),
    }
}

/// The whole story of an incident.
pub fn story(view: &View, incident: &Incident, language: Language) -> Story {
    let teller = Teller { view, language };
    let records: Vec<&Record> = view.records(incident).collect();
    let lines = |wanted: &dyn Fn(&Record) -> bool| -> Vec<Line> {
        let picked = records.iter().filter(|r| wanted(r));
        picked.map(|r| line(r, language)).collect()
    };
    let diagnosis = records.iter().rev().find_map(|r| match &r.body {
        Body::Diagnosed { hypotheses, other } => Some((*r, hypotheses, *other)),
        _ => None,
    });
    Story {
        row: row(view, incident, language),
        violations: teller.violations(&records),
        symptoms: incident
            .symptoms
            .iter()
            .filter_map(|id| teller.symptom(id))
            .collect(),
        moments: moments(incident, phrases(language), language),
        causes: diagnosis.map_or_else(Vec::new, |(_, h, _)| {
            h.iter().map(|h| teller.cause(h)).collect()
        }),
        other: diagnosis.map_or_else(String::new, |(_, _, other)| text::share(other)),
        diagnosis: diagnosis.map(|(r, ..)| line(r, language)),
        proposals: teller.proposals(&records),
        talks: lines(&is_talk),
        previews: records.iter().filter_map(|r| teller.preview(r)).collect(),
        decisions: records.iter().filter_map(|r| teller.decision(r)).collect(),
        done: lines(&|r| r.stage == Stage::Act),
        verified: lines(&|r| r.stage == Stage::Verify),
        learned: lines(&|r| r.stage == Stage::Learn),
        timeline: lines(&|_| true),
    }
}

fn is_talk(record: &Record) -> bool {
    let about_plans = matches!(record.stage, Stage::Plan | Stage::Negotiate);
    about_plans && !matches!(record.body, Body::BidReceived { .. })
}

fn moments(incident: &Incident, words: &'static Phrases, language: Language) -> Vec<Moment> {
    let moment = |name, at: Option<NetTime>| {
        at.map(|at| Moment {
            name,
            at,
            after: text::duration(at.since(incident.onset), language),
        })
    };
    [
        moment(words.onset, Some(incident.onset)),
        moment(words.opened, Some(incident.opened)),
        moment(words.acted, incident.acted),
        moment(words.restored, incident.restored),
        moment(words.ended, incident.closed),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tells parts of the journal in a language.
pub struct Teller<'a> {
    /// Of this journal.
    pub view: &'a View,
    /// In this language.
    pub language: Language,
}

impl Teller<'_> {
    fn violations(&self, records: &[&Record]) -> Vec<String> {
        let opened = records.iter().find_map(|r| match &r.body {
            Body::IncidentOpened { violations, .. } => Some(violations),
            _ => None,
        });
        let all = opened.into_iter().flatten();
        all.map(|v| text::violation(v, self.language)).collect()
    }

    fn symptom(&self, id: &AnomalyId) -> Option<Symptom> {
        let record = self.view.raised(id)?;
        let Body::AnomalyRaised { anomaly } = &record.body else {
            return None;
        };
        let Anomaly { metric, .. } = *anomaly;
        let written = |value| quantity(value, metric, self.language);
        Some(Symptom {
            record: record.id.to_string(),
            object: object(&anomaly.object, self.language),
            metric: label(metric, self.language),
            observed: written(anomaly.observed),
            expected: written(anomaly.expected),
            limit: anomaly.violates.map(written),
            onset: anomaly.onset,
        })
    }

    /// A ranked cause with its evidence.
    pub fn cause(&self, hypothesis: &Hypothesis) -> Cause {
        let raised = |id| self.view.raised(id).map(|r| r.id.to_string());
        Cause {
            text: text::hypothesis(hypothesis, self.language),
            percent: (hypothesis.probability.clamp(0.0, 1.0) * 100.0).round() as u32,
            state: label(hypothesis.state, self.language),
            supports: hypothesis
                .evidence_for
                .iter()
                .map(|e| (raised(&e.anomaly), e.sentence(self.language)))
                .collect(),
            against: hypothesis
                .evidence_against
                .iter()
                .map(|e| e.sentence(self.language))
                .collect(),
        }
    }

    fn proposals(&self, records: &[&Record]) -> Vec<Proposal> {
        let awarded: Vec<&PlanId> = records
            .iter()
            .filter_map(|r| match &r.body {
                Body::Awarded { plan, .. } => Some(plan),
                _ => None,
            })
            .collect();
        let bids = records.iter().filter_map(|r| match &r.body {
            Body::BidReceived { from, bid } => Some((r, from, bid)),
            _ => None,
        });
        bids.map(|(record, from, bid)| Proposal {
            record: record.id.to_string(),
            plan: bid.plan.id.to_string(),
            playbook: bid.plan.playbook.clone(),
            from: agent(Some(*from), self.language),
            steps: self.steps(&bid.plan),
            cost: bid.plan.cost_tokens,
            risk: text::share(bid.plan.risk),
            reversible: bid.plan.reversible(),
            history: if bid.tried == 0 {
                "–".to_owned()
            } else {
                format!("{} / {}", text::share(bid.success_rate), bid.tried)
            },
            chosen: awarded.contains(&&bid.plan.id),
        })
        .collect()
    }

    fn steps(&self, plan: &Plan) -> Vec<String> {
        let steps = plan.steps.iter();
        steps
            .map(|s| text::action(&s.action, self.language))
            .collect()
    }

    fn preview(&self, record: &Record) -> Option<Preview> {
        let Body::Rehearsed { rehearsal, .. } = &record.body else {
            return None;
        };
        Some(Preview {
            line: line(record, self.language),
            changes: self.changes(rehearsal),
        })
    }

    fn changes(&self, rehearsal: &Rehearsal) -> Vec<(String, String, String)> {
        let told = |c: &PredictedChange| {
            let what = format!(
                "{} · {}",
                object(&c.object, self.language),
                label(c.metric, self.language)
            );
            let written = |value| quantity(value, c.metric, self.language);
            (what, written(c.without), written(c.with))
        };
        rehearsal.changes.iter().map(told).collect()
    }

    /// What a guard said.
    pub fn guard(&self, said: &GuardResult) -> GuardResult {
        GuardResult {
            guard: text::guard(&said.guard, self.language),
            pass: said.pass,
            reason: text::reason(&said.reason, self.language),
        }
    }

    fn decision(&self, record: &Record) -> Option<Decision> {
        let (plan, guards) = match &record.body {
            Body::Decided { plan, guards, .. } => {
                let said = guards.iter().map(|g| self.guard(g)).collect();
                (Some(plan.id.to_string()), said)
            }
            _ if record.stage == Stage::Decide => (None, vec![]),
            _ => return None,
        };
        Some(Decision {
            line: line(record, self.language),
            plan,
            guards,
        })
    }
}
