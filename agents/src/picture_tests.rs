//! What counts as violated, and what is excused.

use super::Picture;
use crate::testing::{at, network, object};
use zizhi_types::topology::Bilingual;
use zizhi_types::wire::{Maintenance, Sample};
use zizhi_types::{Domain, Metric};

fn picture() -> Picture {
    let mut picture = Picture::empty();
    for domain in Domain::ALL {
        picture.learn(domain, network().part(domain));
    }
    picture
}

fn violated(picture: &Picture, seconds: u64) -> Vec<String> {
    picture
        .violations(at(seconds))
        .iter()
        .map(|v| v.object.to_string())
        .collect()
}

fn work(on: &[&str]) -> Maintenance {
    Maintenance {
        ticket: "CHG-7".to_owned(),
        objects: on.iter().map(|o| object(o)).collect(),
        from: at(100),
        until: at(200),
        title: Bilingual::default(),
        intended: vec![],
    }
}

#[test]
fn a_violation_counts_when_it_has_lasted() {
    let mut picture = picture();
    let port = object("port/A:A-B");
    picture.observe(&port, Metric::PortOperUp, 0.0, at(100));
    picture.observe(&port, Metric::PortOperUp, 0.0, at(110));
    assert_eq!(picture.violations(at(110)).len(), 1);
    assert_eq!(picture.held_violations(at(119)), []);
    assert_eq!(
        picture.held_violations(at(120)).len(),
        1,
        "20 s after it began"
    );
    picture.observe(&port, Metric::PortOperUp, 1.0, at(125));
    picture.observe(&port, Metric::PortOperUp, 0.0, at(130));
    assert_eq!(picture.held_violations(at(135)), [], "it began anew");
}

#[test]
fn silence_keeps_a_violation() {
    let mut picture = picture();
    picture.observe(&object("port/A:A-B"), Metric::PortOperUp, 0.0, at(100));
    picture.set_silent(Domain::Transport, &[object("router/A")]);
    assert_eq!(violated(&picture, 9_000), ["port/A:A-B"]);
    assert_eq!(
        picture.value(&object("port/A:A-B"), Metric::PortOperUp, at(9_000)),
        None,
        "but its value is not known any more"
    );
}

#[test]
fn a_link_that_is_drained_on_purpose_is_excused_and_one_that_is_not_is_not() {
    let mut picture = picture();
    let port = object("port/A:A-B");
    picture.observe(&port, Metric::PortOperUp, 0.0, at(100));
    picture.observe(&port, Metric::PortCost, 65_000.0, at(100));
    assert!(
        !picture.drained(&port),
        "the cost is high, but nobody meant it"
    );
    assert_eq!(violated(&picture, 110).len(), 2);
    for end in ["port/A:A-B", "port/B:A-B"] {
        picture.intend(&object(end), Metric::PortCost, 65_000.0);
    }
    assert!(picture.drained(&port) && picture.drained(&object("link/A-B")));
    assert!(violated(&picture, 110).is_empty());
    assert!(!picture.drained(&object("link/B-C")));
}

#[test]
fn what_was_set_on_purpose_stays_intended_when_the_inventory_comes_again() {
    let mut picture = picture();
    let port = object("port/A:A-B");
    picture.intend(&port, Metric::PortCost, 65_000.0);
    picture.learn(Domain::Transport, network().part(Domain::Transport));
    picture.observe(&port, Metric::PortCost, 65_000.0, at(100));
    assert!(violated(&picture, 110).is_empty());
}

#[test]
fn planned_work_covers_the_ports_of_its_link_and_of_its_router_and_a_while_after() {
    for (on, covered) in [
        ("link/A-B", true),
        ("router/A", true),
        ("port/B:A-B", true),
        ("link/B-C", false),
    ] {
        let mut picture = picture();
        picture.observe(&object("port/A:A-B"), Metric::PortOperUp, 0.0, at(90));
        picture.announce(work(&[on]));
        assert_eq!(violated(&picture, 99).len(), 1, "before {on}");
        assert_eq!(violated(&picture, 100).is_empty(), covered, "during {on}");
        assert_eq!(
            violated(&picture, 320).is_empty(),
            covered,
            "two minutes after {on}"
        );
        assert_eq!(violated(&picture, 321).len(), 1, "later after {on}");
    }
}

#[test]
fn an_announced_setting_is_intended() {
    let mut picture = picture();
    let port = object("port/A:A-B");
    picture.observe(&port, Metric::PortCost, 500.0, at(90));
    assert_eq!(violated(&picture, 95).len(), 1);
    let sample = Sample {
        object: port,
        metric: Metric::PortCost,
        value: 500.0,
    };
    picture.announce(Maintenance {
        intended: vec![sample],
        ..work(&[])
    });
    assert!(violated(&picture, 95).is_empty());
}

#[test]
fn a_peers_digest_keeps_its_values_fresh_but_not_those_of_its_silent_sources() {
    let mut picture = picture();
    let (heard, quiet) = (object("port/A:A-B"), object("port/B:A-B"));
    for port in [&heard, &quiet] {
        picture.observe(port, Metric::PortOperUp, 1.0, at(100));
    }
    picture.set_silent(Domain::Transport, &[object("router/B")]);
    picture.touch(Domain::Transport, at(500));
    assert_eq!(
        picture.value(&heard, Metric::PortOperUp, at(510)),
        Some(1.0)
    );
    assert_eq!(picture.value(&quiet, Metric::PortOperUp, at(510)), None);
}
