//! Where on the network?

use super::Asked;
use super::frame::Frame;
use crate::lanes::{draw, shape};
use crate::map::{self, Cluster, Spot, Trouble, Troubles};
use crate::phrases::text;
use crate::reader::link;
use crate::sheet::{Cell, Choice, Part, Sheet, to};
use crate::view::View;
use crate::wires;
use axum::response::Response;
use std::collections::BTreeSet;
use zizhi_types::text::{agent, label, object};
use zizhi_types::topology::Network;
use zizhi_types::{Domain, ManagedObject, Severity};

/// Steps of the way through time without the slider. Our choice.
const STEPS: usize = 10;

/// The network, at a moment.
pub async fn show(asked: Asked) -> Response {
    let title = asked.words().topology;
    let network = asked.house.network.clone();
    let number = |name: &str| {
        asked
            .reader
            .asked(name)
            .and_then(|at| at.parse::<usize>().ok())
    };
    let (at, cluster) = (
        number("at"),
        asked.reader.asked("cluster").map(ToOwned::to_owned),
    );
    asked
        .draw(title, |view, frame| {
            let last = view.entries.len();
            let at = at.map_or(last, |at| at.min(last));
            let page = Page {
                view,
                at,
                troubles: map::troubles(view, at),
                halo: if at == last {
                    halo(view)
                } else {
                    BTreeSet::new()
                },
                opened: cluster,
                frame: &frame,
            };
            let sheet = page.sheet(network.as_deref());
            sheet.render(frame)
        })
        .await
}

/// What the plans that wait would change.
fn halo(view: &View) -> BTreeSet<ManagedObject> {
    let waiting = view.waiting();
    let steps = waiting.iter().flat_map(|w| &w.plan.steps);
    steps.map(|s| s.action.object.clone()).collect()
}

struct Page<'a> {
    view: &'a View,
    at: usize,
    troubles: Troubles,
    halo: BTreeSet<ManagedObject>,
    opened: Option<String>,
    frame: &'a Frame,
}

impl Page<'_> {
    fn sheet(&self, network: Option<&Network>) -> Sheet {
        let words = self.frame.words;
        let mut sheet = Sheet {
            title: words.topology.to_owned(),
            ..Sheet::default()
        };
        let now = self
            .at
            .checked_sub(1)
            .and_then(|i| self.view.entries.get(i));
        let time = now.map_or_else(String::new, |e| e.record.at.to_string());
        let mut slider = Part::new(words.moment_shown).text(text(
            self.frame.language,
            "state-after",
            &[("record", &self.at.to_string()), ("time", &time)],
        ));
        slider.choices = self.moments();
        slider.slider = Some((self.at, self.view.entries.len()));
        sheet.parts.push(slider);
        match network {
            None => sheet.parts.extend(self.without_network()),
            Some(network) => sheet.parts.extend(self.with_network(network)),
        }
        sheet
    }

    /// Links to moments, evenly over the journal.
    fn moments(&self) -> Vec<Choice> {
        let last = self.view.entries.len();
        let step = |n: usize| last * n / STEPS;
        let places: BTreeSet<usize> = (1..=STEPS).map(step).filter(|p| *p > 0).collect();
        let moment = |place: usize| {
            let entry = place
                .checked_sub(1)
                .and_then(|i| self.view.entries.get(i))?;
            Some(Choice {
                href: link("/topology", &[("at", &place.to_string())], self.frame.keep),
                text: entry.record.at.to_string(),
                here: place == self.at,
            })
        };
        places.into_iter().filter_map(moment).collect()
    }

    /// Without a network there are still the objects in trouble.
    fn without_network(&self) -> Vec<Part> {
        let words = self.frame.words;
        let objects: BTreeSet<ManagedObject> =
            self.troubles.keys().chain(&self.halo).cloned().collect();
        let objects: Vec<ManagedObject> = objects.into_iter().collect();
        vec![self.drawn(words.topology, &objects).text(words.no_network)]
    }

    fn with_network(&self, network: &Network) -> Vec<Part> {
        let words = self.frame.words;
        let all = map::objects(network);
        if all.len() <= map::DRAWN_MAX {
            let mut wires = Part::new(words.wiring).text(self.legend());
            let spot = |o: &ManagedObject| self.spot(o);
            wires.picture = Some(wires::draw(
                network,
                &spot,
                words.wiring,
                self.frame.language,
            ));
            return vec![wires, self.drawn(words.by_domain, &all)];
        }
        let clusters = map::clusters(network);
        let mut parts = vec![self.clusters(&clusters, all.len())];
        let opened = self.opened.as_ref();
        if let Some(one) = clusters.iter().find(|c| Some(&c.centre) == opened) {
            // What is in trouble is never cut off.
            let mut members = one.members.clone();
            members.sort_by_key(|o| !self.troubles.contains_key(o) && !self.halo.contains(o));
            let shown = &members[..members.len().min(map::DRAWN_MAX)];
            let heading = format!("{} ({} / {})", one.centre, shown.len(), one.members.len());
            parts.insert(0, self.drawn(&heading, shown));
        }
        parts
    }

    fn clusters(&self, clusters: &[Cluster], all: usize) -> Part {
        let (words, language) = (self.frame.words, self.frame.language);
        let mut part = Part::new(words.clusters).text(text(
            language,
            "too-large",
            &[
                ("all", &all.to_string()),
                ("clusters", &clusters.len().to_string()),
            ],
        ));
        let href = |c: &Cluster| {
            let at = self.at.to_string();
            link(
                "/topology",
                &[("at", &at), ("cluster", &c.centre)],
                self.frame.keep,
            )
        };
        let spot = |c: &Cluster| Spot {
            name: format!("{} ({})", c.centre, c.members.len()),
            href: Some(href(c)),
            domain: Domain::Transport,
            severity: self.worst(&c.members),
            halo: c.members.iter().any(|o| self.halo.contains(o)),
        };
        let spots: Vec<Spot> = clusters.iter().map(spot).collect();
        part.picture = Some(draw(&spots, words.clusters, language));
        let row = |c: &Cluster| {
            let sick = c.members.iter().filter(|o| self.troubles.contains_key(*o));
            vec![
                Cell::link(href(c), c.centre.clone()),
                Cell::number(c.members.len()),
                self.state(self.worst(&c.members)),
                Cell::number(sick.count()),
            ]
        };
        let heads = vec![
            words.cluster,
            words.objects,
            words.severity,
            words.in_trouble,
        ];
        part.table(heads, clusters.iter().map(row).collect())
    }

    fn worst(&self, of: &[ManagedObject]) -> Option<Severity> {
        let found = of.iter().filter_map(|o| self.troubles.get(o));
        found.map(|t| t.severity).min()
    }

    fn state(&self, severity: Option<Severity>) -> Cell {
        severity.map_or_else(
            || Cell::text(self.frame.words.no_trouble),
            |s| Cell::badge(crate::story::badge(s, self.frame.language)),
        )
    }

    fn spot(&self, o: &ManagedObject) -> Spot {
        let trouble = self.troubles.get(o);
        let incident = trouble.and_then(|t| t.incidents.first());
        Spot {
            name: object(o, self.frame.language),
            href: incident.map(|id| format!("/incidents/{id}{}", self.frame.keep)),
            domain: o.domain(),
            severity: trouble.map(|t| t.severity),
            halo: self.halo.contains(o),
        }
    }

    fn legend(&self) -> String {
        let name = |s| format!("{} {}", shape(s), label(s, self.frame.language));
        let names = Severity::ALL.map(name);
        format!("{} · {}", names.join(" · "), self.frame.words.halo_means)
    }

    fn drawn(&self, heading: &str, objects: &[ManagedObject]) -> Part {
        let (words, language) = (self.frame.words, self.frame.language);
        let spots: Vec<Spot> = objects.iter().map(|o| self.spot(o)).collect();
        let mut part = Part::new(heading);
        if !spots.is_empty() {
            part.picture = Some(draw(&spots, heading, language));
        }
        part = part.text(self.legend());
        let mut sorted: Vec<&ManagedObject> = objects.iter().collect();
        sorted.sort_by_key(|o| !self.troubles.contains_key(*o));
        let links = |t: &Trouble| {
            let ids = t.incidents.iter();
            ids.map(|id| {
                to(
                    format!("/incidents/{id}{}", self.frame.keep),
                    id.to_string(),
                )
            })
            .collect()
        };
        let row = |o: &&ManagedObject| {
            vec![
                Cell::text(object(o, language)),
                Cell::text(agent(Some(o.domain()), language)),
                self.state(self.troubles.get(*o).map(|t| t.severity)),
                self.troubles
                    .get(*o)
                    .map_or_else(|| Cell::text("–"), |t| Cell::links(links(t))),
                Cell::text(if self.halo.contains(*o) {
                    words.yes
                } else {
                    "–"
                }),
            ]
        };
        let heads = vec![
            words.object,
            words.who,
            words.severity,
            words.open_incidents,
            words.would_change,
        ];
        part.table(heads, sorted.iter().map(row).collect())
    }
}
