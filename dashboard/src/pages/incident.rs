//! One incident from the top down.

use super::Asked;
use super::frame::Frame;
use crate::failure::Failure;
use crate::reader::link;
use crate::sheet::{Choice, Sheet, to};
use crate::story::{Story, row, story};
use crate::view::View;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use zizhi_types::text::agent;
use zizhi_types::{Domain, Incident, IncidentId};

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    frame: Frame,
    story: Story,
    ways: Vec<Choice>,
    /// Whose records the timeline shows.
    agents: Vec<Choice>,
    /// How many records there are in all.
    all: usize,
}

/// The pages about one incident.
pub fn ways(id: &IncidentId, frame: &Frame, here: usize) -> Vec<Choice> {
    let words = frame.words;
    let names = [
        words.incident,
        words.negotiation,
        words.cause_graph,
        words.twin_compared,
    ];
    let tails = ["", "/negotiation", "/causes", "/twin"];
    let way = |(place, (name, tail)): (usize, (&str, &str))| Choice {
        href: link(&format!("/incidents/{id}{tail}"), &[], frame.keep),
        text: name.to_owned(),
        here: place == here,
    };
    names.into_iter().zip(tails).enumerate().map(way).collect()
}

/// The incident of a path, and the beginning of a page about it.
pub fn about<'a>(
    view: &'a View,
    id: &str,
    frame: &Frame,
    here: usize,
) -> Result<(&'a Incident, Sheet), Failure> {
    let id: IncidentId = id.parse()?;
    let incident = view.incident(&id);
    let incident = incident.ok_or_else(|| Failure::NoIncident(id.to_string()))?;
    let row = row(view, incident, frame.language);
    let ways = ways(&id, frame, here);
    let kind = ways.get(here).map_or_else(String::new, |w| w.text.clone());
    let sheet = Sheet {
        crumbs: vec![
            to(format!("/incidents{}", frame.keep), frame.words.incidents),
            to(format!("/incidents/{id}{}", frame.keep), id.to_string()),
        ],
        title: format!("{kind}: {}", row.cause),
        badge: Some(row.severity),
        ways,
        ..Sheet::default()
    };
    Ok((incident, sheet))
}

/// Each agent that wrote about the incident, with how much, and all of them together.
fn agents(story: &Story, frame: &Frame, chosen: Option<Domain>) -> Vec<Choice> {
    let path = format!("/incidents/{}", story.row.id);
    let count = |d: Domain| {
        story
            .timeline
            .iter()
            .filter(|l| l.domain == Some(d))
            .count()
    };
    let all = Choice {
        href: link(&path, &[], frame.keep) + "#timeline",
        text: format!("{} ({})", frame.words.all_agents, story.timeline.len()),
        here: chosen.is_none(),
    };
    let one = |d: Domain| Choice {
        href: link(&path, &[("agent", d.as_str())], frame.keep) + "#timeline",
        text: format!("{} ({})", agent(Some(d), frame.language), count(d)),
        here: chosen == Some(d),
    };
    let wrote = Domain::ALL.into_iter().filter(|d| count(*d) > 0);
    std::iter::once(all).chain(wrote.map(one)).collect()
}

/// One incident.
pub async fn show(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .draw("", |view, mut frame| {
            let id: IncidentId = id.parse()?;
            let incident = view.incident(&id);
            let incident = incident.ok_or_else(|| Failure::NoIncident(id.to_string()))?;
            let mut story = story(view, incident, frame.language);
            frame.title = format!("{id}: {}", story.row.cause);
            let chosen = asked.reader.asked("agent").and_then(|a| a.parse().ok());
            let agents = agents(&story, &frame, chosen);
            let all = story.timeline.len();
            story
                .timeline
                .retain(|l| chosen.is_none() || l.domain == chosen);
            let page = IncidentPage {
                ways: ways(&id, &frame, 0),
                agents,
                all,
                story,
                frame,
            };
            Ok(page.render()?)
        })
        .await
}
