//! Is anything waiting for me?

use super::Asked;
use super::frame::Frame;
use crate::phrases::{Phrases, text};
use crate::story::{Badge, Row, badge, row};
use crate::view::{View, Waiting};
use askama::Template;
use axum::response::Response;
use zizhi_types::text::{Language, action, agent, duration, label, object, share};
use zizhi_types::time::DAY_MS;
use zizhi_types::{Domain, NetTime, Severity};

/// A plan in the queue.
struct Item {
    plan: String,
    /// The record of the decision that asks.
    record: String,
    title: String,
    severity: Badge,
    /// What would be done, step by step.
    steps: Vec<String>,
    risk: String,
    expires: NetTime,
    /// How long there is still time.
    left: String,
    /// How many yeses are still missing, where more than one is asked for.
    people: Option<String>,
}

/// One agent in the strip.
pub struct Heart {
    pub agent: String,
    /// `ok`, `lost`, `silent`: the class and the shape.
    pub class: &'static str,
    pub text: String,
}

/// An object that only a person may change.
struct Ice {
    object: String,
    since: NetTime,
    reason: String,
    record: String,
}

#[derive(Template)]
#[template(path = "now.html")]
struct NowPage {
    frame: Frame,
    queue: Vec<Item>,
    counts: Vec<(Badge, usize)>,
    hearts: Vec<Heart>,
    handled: String,
    frozen: Vec<Ice>,
    open: Vec<Row>,
}

/// The first page.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().now;
    asked
        .draw(title, |view, frame| {
            let language = frame.language;
            let open = view.incidents().iter().rev().filter(|i| i.ending.is_none());
            let page = NowPage {
                queue: view
                    .waiting()
                    .into_iter()
                    .map(|w| item(view, &w, language))
                    .collect(),
                counts: counts(view, language),
                hearts: hearts(view, frame.words, language),
                handled: text(
                    language,
                    "handled-without-you",
                    &[("count", &view.without_people(DAY_MS).to_string())],
                ),
                frozen: frozen(view, language),
                open: open.map(|i| row(view, i, language)).collect(),
                frame,
            };
            Ok(page.render()?)
        })
        .await
}

fn item(view: &View, waiting: &Waiting<'_>, language: Language) -> Item {
    let Waiting {
        request,
        incident,
        plan,
        decided,
    } = waiting;
    let now = view.now().unwrap_or_default();
    let missing = usize::from(request.people).saturating_sub(request.yes.len());
    let title = [
        ("fault", label(plan.fault, language)),
        ("object", object(&plan.suspect, language)),
    ];
    let title = title
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    Item {
        plan: request.plan.to_string(),
        record: decided.id.to_string(),
        title: text(language, "fault-at", &title),
        severity: badge(view.severity(incident), language),
        steps: plan
            .steps
            .iter()
            .map(|s| action(&s.action, language))
            .collect(),
        risk: share(plan.risk),
        expires: request.expires,
        left: duration(request.expires.since(now), language),
        people: (request.people > 1).then(|| {
            text(
                language,
                "people-missing",
                &[("count", &missing.to_string())],
            )
        }),
    }
}

/// How many open incidents there are of each severity.
pub fn counts(view: &View, language: Language) -> Vec<(Badge, usize)> {
    let open: Vec<Severity> = view
        .incidents()
        .iter()
        .filter(|i| i.ending.is_none())
        .map(|i| view.severity(i))
        .collect();
    let count = |s: Severity| open.iter().filter(|o| **o == s).count();
    let shown = Severity::ALL
        .into_iter()
        .filter(|s| *s != Severity::Cleared);
    shown.map(|s| (badge(s, language), count(s))).collect()
}

/// Each agent's signs of life.
pub fn hearts(view: &View, words: &Phrases, language: Language) -> Vec<Heart> {
    let now = view.now().unwrap_or_default();
    let heart = |domain: Domain| {
        let beat = view.pulse.beats.get(&domain);
        let last = beat.and_then(|b| b.last);
        let lost = beat.and_then(|b| b.lost.as_ref());
        let (class, mut text) = match (lost, last) {
            (Some((since, _)), _) => ("lost", format!("{} {since}", words.lost_since)),
            (None, Some(at)) => {
                let ago = duration(now.since(at), language);
                ("ok", text(language, "last-record-ago", &[("time", &ago)]))
            }
            (None, None) => ("silent", words.no_record_yet.to_owned()),
        };
        let deaths = beat.map_or(0, |b| b.deaths);
        if deaths > 0 {
            text.push_str(" · ");
            text.push_str(&crate::phrases::text(
                language,
                "roles-restarted",
                &[("count", &deaths.to_string())],
            ));
        }
        Heart {
            agent: agent(Some(domain), language),
            class,
            text,
        }
    };
    Domain::ALL.map(heart).into()
}

fn frozen(view: &View, language: Language) -> Vec<Ice> {
    let told = view.pulse.frozen.iter().map(|(at, frozen)| Ice {
        object: object(at, language),
        since: frozen.since,
        reason: zizhi_types::text::reason(&frozen.reason, language),
        record: frozen.record.to_string(),
    });
    told.collect()
}
