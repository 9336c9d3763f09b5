//! Changes of meaning, told by hand for one playbook and by property for all shipped ones.

use super::{Change, Direction, diff};

const OLD: &str = include_str!("../../catalog/transport.link.drain.yaml");

fn after(edits: &[(&str, &str)]) -> Vec<Change> {
    let mut new = OLD.to_owned();
    for (from, to) in edits {
        assert!(new.contains(from), "{from}");
        new = new.replacen(from, to, 1);
    }
    diff(("old", OLD), ("new", &new)).unwrap()
}

fn told(changes: &[Change]) -> Vec<String> {
    let one = |c: &Change| {
        let mark = match c.direction {
            Direction::Looser => "looser",
            Direction::Tighter => "tighter",
            Direction::Other => "other",
        };
        let text =
            |v: &Option<serde_json::Value>| v.as_ref().map_or("-".to_owned(), ToString::to_string);
        format!("{mark} {}: {} > {}", c.field, text(&c.old), text(&c.new))
    };
    changes.iter().map(one).collect()
}

#[test]
fn layout_comments_and_quotes_are_no_change() {
    let new = OLD
        .replace("risk: 0.2", "risk: 0.20   # by hand")
        .replace(
            "{maxObjects: 1, maxServices: 20}",
            "{maxServices: 20, maxObjects: 1}",
        )
        .replace("id: drain", "id: \"drain\"");
    assert_ne!(new, OLD);
    assert_eq!(diff(("old", OLD), ("new", &new)).unwrap(), []);
}

#[test]
fn what_may_be_done_is_marked_looser_or_tighter() {
    let cases = [
        (
            "minProbability: 0.3",
            "minProbability: 0.2",
            "looser spec.trigger.minProbability: 0.3 > 0.2",
        ),
        (
            "mode: auto",
            "mode: approve",
            "tighter spec.autonomy.mode: \"auto\" > \"approve\"",
        ),
        (
            "maxServices: 20",
            "maxServices: 40",
            "looser spec.blastRadius.maxServices: 20.0 > 40.0",
        ),
        (
            ", link-rate-cut]",
            "]",
            "tighter spec.trigger.faults[link-rate-cut]: \"link-rate-cut\" > -",
        ),
        (
            "atMost: 0.05",
            "atMost: 0.5",
            "looser spec.verify.checks[port.utilization on ${{ suspect.ports }}].atMost: 0.05 > 0.5",
        ),
        (
            "max: 65535",
            "max: 70000",
            "looser spec.params.cost.max: 65535.0 > 70000.0",
        ),
        (
            "timeout: 30s",
            "timeout: 90s",
            "looser spec.steps[drain].timeout: \"30s\" > \"90s\"",
        ),
        (
            "temporary: true",
            "temporary: false",
            "looser spec.temporary: true > false",
        ),
        (
            "owner: noc-transport",
            "owner: noc-core",
            "other metadata.owner: \"noc-transport\" > \"noc-core\"",
        ),
    ];
    for (from, to, wanted) in cases {
        assert_eq!(told(&after(&[(from, to)])), [wanted]);
    }
}

#[test]
fn a_condition_that_goes_is_one_change_and_comes_first() {
    let condition = "    - check: suspect.cost < params.cost\n      message: {en: The link is already built to be avoided, zh: 该链路的设计开销已足够大，无需再调}\n";
    let changes = after(&[(condition, ""), ("version: 1.0.0", "version: 1.0.1")]);
    assert_eq!(
        told(&changes),
        [
            "looser spec.when[suspect.cost < params.cost]: \"suspect.cost < params.cost\" > -",
            "other metadata.version: \"1.0.0\" > \"1.0.1\"",
        ]
    );
}

#[test]
fn the_way_back_marks_each_change_the_other_way() {
    let edits = [
        ("minProbability: 0.3", "minProbability: 0.2"),
        ("mode: auto", "mode: observe"),
    ];
    let mut new = OLD.to_owned();
    for (from, to) in edits {
        new = new.replace(from, to);
    }
    let there = diff(("old", OLD), ("new", &new)).unwrap();
    let back = diff(("new", &new), ("old", OLD)).unwrap();
    assert_eq!(there.len(), back.len());
    for change in there {
        let other = back.iter().find(|c| c.field == change.field).unwrap();
        assert_eq!((&other.old, &other.new), (&change.new, &change.old));
        let turned = match change.direction {
            Direction::Looser => Direction::Tighter,
            Direction::Tighter => Direction::Looser,
            Direction::Other => Direction::Other,
        };
        assert_eq!(other.direction, turned, "{}", change.field);
    }
}

#[test]
fn patience_and_rollback_have_a_direction() {
    let cases = [
        (
            "  when:\n",
            "    hold: 60s\n  when:\n",
            "tighter spec.trigger.hold: - > \"60s\"",
        ),
        (
            "      timeout: 30s\n",
            "      timeout: 30s\n      retry: {max: 2, backoff: 5s}\n",
            "looser spec.steps[drain].retry.max: - > 2.0",
        ),
        (
            "    within: 90s\n",
            "    within: 90s\n    minPass: 1\n",
            "looser spec.verify.minPass: - > 1.0",
        ),
        (
            "    within: 90s\n",
            "    within: 90s\n    every: 15s\n",
            "tighter spec.verify.every: - > \"15s\"",
        ),
        (
            "  verify:\n",
            "  rollback: {on: [stepFailed, operator]}\n  verify:\n",
            "looser spec.rollback.on[verifyFailed]: \"verifyFailed\" > -",
        ),
    ];
    for (from, to, wanted) in cases {
        let all = told(&after(&[(from, to)]));
        assert!(all.contains(&wanted.to_owned()), "{all:?}");
    }
    let usual =
        "  rollback: {on: [operator, stepFailed, verifyFailed], order: reverse}\n  verify:\n";
    assert_eq!(
        after(&[("  verify:\n", usual)]),
        [],
        "it says what holds anyhow"
    );
}

#[test]
fn a_throttle_for_the_whole_playbook_is_tighter_than_one_for_each_object() {
    let by = |by: &str| {
        OLD.replacen(
            "  when:\n",
            &format!("    throttle: {{once: 10m, by: {by}}}\n  when:\n"),
            1,
        )
    };
    let changes = diff(("old", &by("object")), ("new", &by("playbook"))).unwrap();
    assert_eq!(
        told(&changes),
        ["tighter spec.trigger.throttle.by: \"object\" > \"playbook\""]
    );
}
