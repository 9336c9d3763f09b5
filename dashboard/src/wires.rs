//! Which router hangs on which, as a picture.
//!
//! In: a network, and how each of its routers and links stands. Out: where each router is drawn, and the picture (SVG). Where the network file says
//! where every router stands, as on a map; else in rings by tier, the core innermost, each router near those that it is
//! linked to. The same network is always drawn the same way. Pure.

use crate::lanes::shape;
use crate::map::Spot;
use crate::sheet::escaped;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt::Write as _;
use zizhi_types::text::{Language, label};
use zizhi_types::topology::{Network, Router, Tier};
use zizhi_types::{ManagedObject, ObjectKind, Severity};

/// A router's box.
const BOX: (f64, f64) = (52.0, 24.0);
/// The least room of a router on its ring, and between two rings.
const ROOM: (f64, f64) = (66.0, 92.0);
/// The map's size where places are known, and how much wider than true it may be drawn to fill it.
const MAP: (f64, f64) = (1080.0, 560.0);
const STRETCH: f64 = 1.6;
/// Passes in which boxes that lie on each other are moved apart. Our choice: enough for the networks that come with Zizhi.
const PASSES: usize = 80;

type Point = (f64, f64);

/// Where each router is drawn.
fn places(network: &Network) -> BTreeMap<&str, Point> {
    let mut places = on_map(network).unwrap_or_else(|| in_rings(network));
    for _ in 0..PASSES {
        if !apart(&mut places) {
            break;
        }
    }
    places
}

/// Moves boxes that lie on each other a little apart, along the way that is shorter; whether any did.
fn apart(places: &mut BTreeMap<&str, Point>) -> bool {
    let (wide, high) = (BOX.0 + 6.0, BOX.1 + 6.0);
    let mut all: Vec<Point> = places.values().copied().collect();
    let mut moved = false;
    for i in 0..all.len() {
        for j in i + 1..all.len() {
            let (Some(a), Some(b)) = (all.get(i).copied(), all.get(j).copied()) else {
                continue;
            };
            let (over_x, over_y) = (wide - (a.0 - b.0).abs(), high - (a.1 - b.1).abs());
            if over_x <= 0.0 || over_y <= 0.0 {
                continue;
            }
            moved = true;
            // Two at one place part by the order of their names.
            let side = |a: f64, b: f64| if a > b { 0.5 } else { -0.5 };
            let (x, y) = if over_x < over_y {
                (side(a.0, b.0) * over_x, 0.0)
            } else {
                (0.0, side(a.1, b.1) * over_y)
            };
            if let Some(a) = all.get_mut(i) {
                *a = (a.0 + x, a.1 + y);
            }
            if let Some(b) = all.get_mut(j) {
                *b = (b.0 - x, b.1 - y);
            }
        }
    }
    for (place, at) in places.values_mut().zip(all) {
        *place = at;
    }
    moved
}

/// As degrees north and east say, the width shortened as it is at the middle latitude.
fn on_map(network: &Network) -> Option<BTreeMap<&str, Point>> {
    let known: Option<Vec<(&str, Point)>> = network
        .routers
        .iter()
        .map(|r| Some((r.id.as_str(), (r.lon?, r.lat?))))
        .collect();
    let known = known.filter(|k| k.len() > 1)?;
    let range = |of: fn(&Point) -> f64| {
        let all = known.iter().map(|(_, p)| of(p));
        all.fold((f64::MAX, f64::MIN), |(low, high), v| {
            (low.min(v), high.max(v))
        })
    };
    let ((west, east), (south, north)) = (range(|p| p.0), range(|p| p.1));
    let narrow = f64::midpoint(south, north).to_radians().cos().max(0.1);
    let (wide, high) = (
        ((east - west) * narrow).max(1e-9),
        (north - south).max(1e-9),
    );
    let scale = (MAP.0 / wide).min(MAP.1 / high);
    let across = (MAP.0 / wide).min(scale * STRETCH);
    let place = |(lon, lat): Point| ((lon - west) * narrow * across, (north - lat) * scale);
    Some(known.into_iter().map(|(id, at)| (id, place(at))).collect())
}

fn in_rings(network: &Network) -> BTreeMap<&str, Point> {
    let mut angles: BTreeMap<&str, f64> = BTreeMap::new();
    let mut places = BTreeMap::new();
    let mut radius = 0.0;
    for tier in [Tier::Core, Tier::Aggregation, Tier::Edge] {
        let mut own: Vec<&Router> = network.routers.iter().filter(|r| r.tier == tier).collect();
        if own.is_empty() {
            continue;
        }
        // Those whose neighbours further in stand side by side stand side by side.
        own.sort_by(|a, b| {
            let (a, b) = (
                inwards(network, &angles, &a.id),
                inwards(network, &angles, &b.id),
            );
            a.total_cmp(&b)
        });
        let count = own.len() as f64;
        let least = if own.len() == 1 {
            0.0
        } else {
            count * ROOM.0 / TAU
        };
        let next: f64 = if places.is_empty() {
            0.0
        } else {
            radius + ROOM.1
        };
        radius = next.max(least);
        for (at, router) in own.into_iter().enumerate() {
            let angle = at as f64 / count * TAU;
            angles.insert(&router.id, angle);
            // Wider than high, as screens are.
            let (x, y) = (angle.sin() * radius * 1.35, -angle.cos() * radius);
            places.insert(router.id.as_str(), (x, y));
        }
    }
    places
}

/// The direction in which a router's neighbours further in stand, 0 to one turn; without any, straight up.
fn inwards(network: &Network, angles: &BTreeMap<&str, f64>, id: &str) -> f64 {
    let (mut x, mut y) = (0.0, 0.0);
    for link in &network.links {
        let other = match id {
            _ if link.a == id => &link.b,
            _ if link.b == id => &link.a,
            _ => continue,
        };
        if let Some(angle) = angles.get(other.as_str()) {
            x += angle.sin();
            y += angle.cos();
        }
    }
    if x == 0.0 && y == 0.0 {
        return 0.0;
    }
    x.atan2(y).rem_euclid(TAU)
}

/// The picture. `spot` says how an object stands.
pub fn draw(
    network: &Network,
    spot: &dyn Fn(&ManagedObject) -> Spot,
    name: &str,
    language: Language,
) -> String {
    let mut places = places(network);
    let low = |of: fn(&Point) -> f64| places.values().map(of).fold(f64::MAX, f64::min);
    let (left, top) = (low(|p| p.0), low(|p| p.1));
    for place in places.values_mut() {
        place.0 += BOX.0 - left;
        place.1 += BOX.1 - top;
    }
    let high = |of: fn(&Point) -> f64| places.values().map(of).fold(0.0, f64::max);
    let (width, height) = (high(|p| p.0) + BOX.0, high(|p| p.1) + BOX.1);
    let mut body = String::new();
    for link in &network.links {
        let ends = (places.get(link.a.as_str()), places.get(link.b.as_str()));
        if let ((Some(a), Some(b)), Ok(object)) =
            (ends, ManagedObject::new(ObjectKind::Link, link.id.clone()))
        {
            wire(&mut body, &spot(&object), (*a, *b), language);
        }
    }
    for router in &network.routers {
        let place = places.get(router.id.as_str());
        if let (Some(place), Ok(object)) = (
            place,
            ManagedObject::new(ObjectKind::Router, router.id.clone()),
        ) {
            node(&mut body, &router.id, &spot(&object), *place, language);
        }
    }
    let name = escaped(name);
    format!(
        r#"<svg role="group" aria-label="{name}" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" class="wires">{body}</svg>"#
    )
}

fn title(spot: &Spot, language: Language) -> String {
    let word = spot.severity.map(|s| label(s, language));
    escaped(&format!("{} {}", spot.name, word.unwrap_or_default()))
}

fn linked(svg: &mut String, spot: &Spot, inner: &str) {
    match &spot.href {
        Some(href) => {
            let _ = write!(svg, r#"<a href="{}">{inner}</a>"#, escaped(href));
        }
        None => svg.push_str(inner),
    }
}

fn wire(svg: &mut String, spot: &Spot, (a, b): (Point, Point), language: Language) {
    let class = spot.severity.map_or("calm", Severity::as_str);
    let line = |class: &str| {
        format!(
            r#"<line class="{class}" x1="{:.0}" y1="{:.0}" x2="{:.0}" y2="{:.0}"/>"#,
            a.0, a.1, b.0, b.1
        )
    };
    let mut inner = String::new();
    if spot.halo {
        inner.push_str(&line("halo"));
    }
    let mark = spot.severity.map_or(String::new(), |s| {
        let (x, y) = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
        format!(
            r#"<text class="mark" x="{x:.0}" y="{:.0}">{}</text>"#,
            y + 6.0,
            shape(s)
        )
    });
    let title = title(spot, language);
    let _ = write!(
        inner,
        r#"<g class="wire {class}"><title>{title}</title>{}{mark}</g>"#,
        line("way")
    );
    linked(svg, spot, &inner);
}

fn node(svg: &mut String, id: &str, spot: &Spot, at: Point, language: Language) {
    let class = spot.severity.map_or("calm", Severity::as_str);
    let mark = spot.severity.map_or("", shape);
    let (x, y) = (at.0 - BOX.0 / 2.0, at.1 - BOX.1 / 2.0);
    let mut inner = String::new();
    if spot.halo {
        let _ = write!(
            inner,
            r#"<rect class="halo" x="{:.0}" y="{:.0}" width="{}" height="{}" rx="8"/>"#,
            x - 4.0,
            y - 4.0,
            BOX.0 + 8.0,
            BOX.1 + 8.0
        );
    }
    let short: String = id.chars().take(7).collect();
    let _ = write!(
        inner,
        r#"<g class="spot {class}"><title>{}</title><rect x="{x:.0}" y="{y:.0}" width="{}" height="{}" rx="5"/><text x="{:.0}" y="{:.0}">{mark}{}</text></g>"#,
        title(spot, language),
        BOX.0,
        BOX.1,
        at.0,
        at.1 + 5.0,
        escaped(&short)
    );
    linked(svg, spot, &inner);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        serde_json::from_str(text).unwrap()
    }

    const RINGS: &str = r#"{"name": "n", "title": {"en": "a", "zh": "b"}, "source": "our own",
        "traffic": {"peak_utilization": 0.6, "daily_swing": 0.3, "peak_hour": 14}, "routers": [
        {"id": "c1", "tier": "core"}, {"id": "c2", "tier": "core"},
        {"id": "e2", "tier": "edge"}, {"id": "e1", "tier": "edge"}],
        "links": [{"id": "e1-c1", "a": "e1", "b": "c1", "capacity_mbps": 1, "delay_ms": 1, "cost": 1},
                  {"id": "e2-c2", "a": "e2", "b": "c2", "capacity_mbps": 1, "delay_ms": 1, "cost": 1}]}"#;

    #[test]
    fn a_router_stands_near_those_that_it_is_linked_to_and_no_two_at_one_place() {
        let network = network(RINGS);
        let at = places(&network);
        let far = |a: &str, b: &str| (at[a].0 - at[b].0).hypot(at[a].1 - at[b].1);
        assert!(far("e1", "c1") < far("e1", "c2"), "{at:?}");
        assert!(far("e2", "c2") < far("e2", "c1"), "{at:?}");
        for (a, b) in [("c1", "c2"), ("e1", "e2"), ("e1", "c1")] {
            let over = (at[a].0 - at[b].0).abs() < BOX.0 && (at[a].1 - at[b].1).abs() < BOX.1;
            assert!(!over, "{a} {b} {at:?}");
        }
    }

    #[test]
    fn north_is_up_and_east_is_right_where_places_are_known() {
        let mut network = network(RINGS);
        for (router, (lat, lon)) in
            network
                .routers
                .iter_mut()
                .zip([(60.0, 0.0), (40.0, 10.0), (50.0, 20.0), (45.0, 5.0)])
        {
            (router.lat, router.lon) = (Some(lat), Some(lon));
        }
        let at = places(&network);
        assert!(at["c1"].1 < at["c2"].1 && at["e2"].0 > at["c2"].0, "{at:?}");
        let c2 = at["c2"];
        network.routers[0].lat = None;
        assert_ne!(places(&network)["c2"], c2, "one unknown place: no map");
    }

    #[test]
    fn what_a_name_holds_stays_text_in_the_picture() {
        let network = network(RINGS);
        let spot = |o: &ManagedObject| Spot {
            name: format!("<script>{o}"),
            href: Some("/incidents/\"><b>".to_owned()),
            domain: o.domain(),
            severity: Some(Severity::Major),
            halo: true,
        };
        let svg = draw(&network, &spot, "a <b> \"c\"", Language::En);
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert_eq!(svg.matches("class=\"wire major\"").count(), 2);
        assert!(svg.contains('◆'));
    }
}
