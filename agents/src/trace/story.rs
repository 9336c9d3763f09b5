//! The spans of one incident: the root, its stages, and the steps of its runs.

use super::engine::Settings;
use super::fact::{Attributes, Fact, Turn};
use super::ids::{root_span, span_id, trace_id};
use std::collections::BTreeMap;
use zizhi_bus::otlp_export::{Link, Moment, Span, SpanId, SpanStatus, TraceId, Value};
use zizhi_types::record::{Ending, Verdict};
use zizhi_types::{Domain, IncidentId, NetTime, RecordId, RunId, Stage};

/// Most moments in a span; those beyond are left out.
const MOMENTS_MAX: usize = 128;

/// A stage of one agent's work on an incident: again from the beginning after a run and a new call.
type Chapter = (u32, Option<Domain>, Stage);

/// The spans of the facts that one process knows about an incident, in the order of the journal.
pub(super) fn spans(settings: &Settings, incident: &IncidentId, facts: &[Fact]) -> Vec<Span> {
    let story = Story::new(settings, incident, facts);
    let mut spans: Vec<Span> = story.root().into_iter().collect();
    for chapter in story.chapters.values() {
        spans.push(story.stage(chapter));
        spans.extend(story.runs(chapter));
    }
    spans
}

struct Story<'a> {
    settings: &'a Settings,
    incident: &'a IncidentId,
    trace: TraceId,
    root: SpanId,
    facts: &'a [Fact],
    /// When each record was written; anomalies count from their onset.
    at: BTreeMap<&'a RecordId, NetTime>,
    chapters: BTreeMap<Chapter, Vec<&'a Fact>>,
    /// In which stage's span each record is.
    place: BTreeMap<&'a RecordId, SpanId>,
}

impl<'a> Story<'a> {
    fn new(settings: &'a Settings, incident: &'a IncidentId, facts: &'a [Fact]) -> Self {
        let mut story = Self {
            settings,
            incident,
            trace: trace_id(&settings.scope, incident),
            root: root_span(&settings.scope, incident),
            facts,
            at: facts.iter().map(|f| (&f.id, f.at)).collect(),
            chapters: chapters(facts),
            place: BTreeMap::new(),
        };
        for chapter in story.chapters.values() {
            let span = span_id(&settings.scope, incident, "stage", &chapter[0].id);
            story.place.extend(chapter.iter().map(|f| (&f.id, span)));
        }
        story
    }

    /// The incident itself, told by the process that opened it, or that ended it after taking it over.
    fn root(&self) -> Option<Span> {
        let mine = |f: &&Fact| matches!(f.turn, Turn::Opened | Turn::Closed(_));
        self.facts.iter().find(mine)?;
        let ending = self.facts.iter().rev().find_map(|f| match f.turn {
            Turn::Closed(ending) => Some(ending),
            _ => None,
        });
        let last = self.facts.iter().map(|f| f.at).max()?;
        let mut attributes = vec![("zizhi.incident", self.incident.to_string().into())];
        let wanted = [
            "zizhi.leader",
            "zizhi.object",
            "zizhi.fault",
            "zizhi.probability",
            "zizhi.plan",
            "zizhi.playbook",
            "zizhi.verdict",
            "zizhi.ending",
        ];
        // Where the cause is not known, a step's or an anomaly's object is not it.
        let telling = |f: &&Fact| !matches!(f.turn, Turn::Begun { .. } | Turn::Detected { .. });
        let all = merged(self.facts.iter().filter(telling));
        attributes.extend(all.into_iter().filter(|(k, _)| wanted.contains(k)));
        let mut root = self.span("incident", self.root, self.first(), last, attributes);
        root.parent = None;
        root.status = match ending {
            None | Some(Ending::StillOpen) => SpanStatus::Unset,
            Some(Ending::Escalated) => SpanStatus::Error("handed to a person".to_owned()),
            Some(Ending::Fixed | Ending::RecoveredAlone | Ending::Merged) => SpanStatus::Ok,
        };
        Some(root)
    }

    /// The first unusual sample that is known, or the first record.
    fn first(&self) -> NetTime {
        let begin = |f: &Fact| match f.turn {
            Turn::Detected { onset } => onset.min(f.at),
            _ => f.at,
        };
        self.facts.iter().map(begin).min().unwrap_or_default()
    }

    /// When work on a fact began: when the last of its causes was written.
    fn begin(&self, fact: &Fact) -> NetTime {
        if let Turn::Detected { onset } = fact.turn {
            return onset.min(fact.at);
        }
        let causes = fact.causes.iter().filter_map(|c| self.at.get(c));
        causes.max().map_or(fact.at, |c| (*c).min(fact.at))
    }

    fn stage(&self, chapter: &[&Fact]) -> Span {
        let first = chapter[0];
        let start = chapter.iter().map(|f| self.begin(f)).min();
        let end = chapter.iter().map(|f| f.at).max();
        let mut attributes = self.about(first);
        attributes.extend(merged(chapter.iter().copied()));
        let name = first.stage.to_string();
        let mut span = self.span(
            &name,
            self.place[&first.id],
            start.unwrap_or(first.at),
            end.unwrap_or(first.at),
            attributes,
        );
        span.moments = chapter
            .iter()
            .take(MOMENTS_MAX)
            .map(|f| self.moment(f))
            .collect();
        span.links = self.links(span.id, chapter);
        span.status = status(chapter);
        span
    }

    fn about(&self, fact: &Fact) -> Attributes {
        let mut attributes = vec![
            ("zizhi.incident", Value::Text(self.incident.to_string())),
            ("zizhi.stage", Value::Text(fact.stage.to_string())),
        ];
        attributes.extend(fact.domain.map(|d| ("zizhi.domain", d.as_str().into())));
        attributes
    }

    fn moment(&self, fact: &Fact) -> Moment {
        let mut attributes = vec![("zizhi.record", Value::Text(fact.id.to_string()))];
        attributes.extend(fact.attributes.iter().cloned());
        Moment {
            at_ns: self.settings.ns(fact.at),
            name: fact.name.to_owned(),
            attributes,
        }
    }

    /// The stages that this one follows from.
    fn links(&self, own: SpanId, chapter: &[&Fact]) -> Vec<Link> {
        let causes = chapter.iter().flat_map(|f| &f.causes);
        let mut spans: Vec<SpanId> = causes.filter_map(|c| self.place.get(c).copied()).collect();
        spans.sort_unstable();
        spans.dedup();
        spans.retain(|s| *s != own);
        let link = |span| Link {
            trace: self.trace,
            span,
        };
        spans.into_iter().map(link).collect()
    }

    /// The runs that a stage carried out, each with its steps.
    fn runs(&self, chapter: &[&Fact]) -> Vec<Span> {
        let mut runs: BTreeMap<&RunId, Vec<&Fact>> = BTreeMap::new();
        for fact in chapter {
            if let Turn::Begun { run, .. } | Turn::Ended { run, .. } = &fact.turn {
                runs.entry(run).or_default().push(fact);
            }
        }
        let told =
            |(run, facts): (_, Vec<&Fact>)| self.run(run, &facts, self.place[&chapter[0].id]);
        runs.into_iter().flat_map(told).collect()
    }

    fn run(&self, run: &RunId, facts: &[&Fact], stage: SpanId) -> Vec<Span> {
        let (first, last) = (facts[0], facts[facts.len() - 1]);
        let id = span_id(&self.settings.scope, self.incident, "run", &first.id);
        let mut attributes = self.about(first);
        attributes.push(("zizhi.run", Value::Text(run.to_string())));
        let plan = first.attributes.iter().find(|(k, _)| *k == "zizhi.plan");
        attributes.extend(plan.cloned());
        let mut whole = self.span("run", id, first.at, last.at, attributes);
        whole.parent = Some(stage);
        whole.status = status(facts);
        let begun = facts.iter().enumerate();
        let steps = begun.filter_map(|(i, f)| self.step(f, &facts[i + 1..], id));
        std::iter::once(whole).chain(steps).collect()
    }

    /// One step from its begin to its answer; one without an answer lasts as long as its run is known.
    fn step(&self, begun: &Fact, later: &[&Fact], run: SpanId) -> Option<Span> {
        let Turn::Begun {
            run: of,
            step,
            undo,
        } = &begun.turn
        else {
            return None;
        };
        let answers = |f: &&&Fact| matches!(&f.turn, Turn::Ended { run, step: s, undo: u, .. } if (run, s, u) == (of, step, undo));
        let answer = later.iter().find(answers).copied();
        let end = answer.or(later.last().copied()).map_or(begun.at, |f| f.at);
        let id = span_id(&self.settings.scope, self.incident, "step", &begun.id);
        let mut attributes = self.about(begun);
        attributes.extend(begun.attributes.iter().cloned());
        let name = if *undo { "undo" } else { "step" };
        let mut span = self.span(name, id, begun.at, end, attributes);
        span.parent = Some(run);
        span.status = answer.map_or(SpanStatus::Unset, |f| status(&[f]));
        Some(span)
    }

    fn span(
        &self,
        name: &str,
        id: SpanId,
        start: NetTime,
        end: NetTime,
        attributes: Attributes,
    ) -> Span {
        Span {
            trace: self.trace,
            id,
            parent: Some(self.root),
            name: name.to_owned(),
            start_ns: self.settings.ns(start),
            end_ns: self.settings.ns(end.max(start)),
            attributes,
            moments: vec![],
            links: vec![],
            status: SpanStatus::Unset,
        }
    }
}

/// Facts by round, agent and stage. A call after a step begins a new round.
fn chapters(facts: &[Fact]) -> BTreeMap<Chapter, Vec<&Fact>> {
    let mut chapters: BTreeMap<Chapter, Vec<&Fact>> = BTreeMap::new();
    let (mut round, mut acted) = (0, false);
    for fact in facts {
        if acted && fact.name == "called for remedies" {
            (round, acted) = (round + 1, false);
        }
        acted |= matches!(fact.turn, Turn::Begun { .. });
        let chapter = (round, fact.domain, fact.stage);
        chapters.entry(chapter).or_default().push(fact);
    }
    chapters
}

/// What the facts say together; where they disagree, the last one.
fn merged<'f>(facts: impl Iterator<Item = &'f Fact>) -> Attributes {
    let said = facts.flat_map(|f| f.attributes.iter().cloned());
    let last: BTreeMap<&'static str, Value> = said.collect();
    last.into_iter().collect()
}

/// A failed step or verdict marks its span; what only passed is fine; the rest claims nothing.
fn status(facts: &[&Fact]) -> SpanStatus {
    let mut status = SpanStatus::Unset;
    for fact in facts {
        match &fact.turn {
            Turn::Ended {
                failed: Some(why), ..
            } => return SpanStatus::Error(why.clone()),
            Turn::Judged {
                run,
                verdict: Verdict::Fail,
            } => return SpanStatus::Error(format!("{run} did not help")),
            Turn::Ended { failed: None, .. }
            | Turn::Judged {
                verdict: Verdict::Pass,
                ..
            } => status = SpanStatus::Ok,
            _ => {}
        }
    }
    status
}
