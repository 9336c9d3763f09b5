//! What the operator writes over all playbooks: what it allows when, and that a wrong file is never half used.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use zizhi_playbooks::policy::{Hour, Policy, PolicyFile};
use zizhi_types::plan::Mode;
use zizhi_types::{Domain, ManagedObject, NetTime};

const GOOD: &str = r#"
apiVersion: zizhi/v1
kind: Policy
limits: {runs_per_domain_hour: 12}
calendar:
  time_zone: Asia/Shanghai
  windows:
    - {name: nights, days: [mon, tue, wed, thu, fri], from: "23:00", until: "05:00"}
    - {name: access any time, from: "00:00", until: "00:00", domains: [access]}
  freezes:
    - {name: 春节封网, from: "2026-02-14", until: "2026-02-24"}
classes:
  - {name: core, objects: ["router/C*", "link/C1-C2"], ceiling: approve, people: 2}
playbooks:
  transport.link.drain: {mode: suggest}
"#;

fn policy() -> Policy {
    PolicyFile::parse(GOOD).unwrap().compile().unwrap()
}

/// A UTC moment.
fn at(text: &str) -> NetTime {
    let moment: jiff::Timestamp = text.parse().unwrap();
    NetTime(u64::try_from(moment.as_millisecond()).unwrap())
}

#[test]
fn windows_are_in_the_operators_time_zone_and_pass_midnight() {
    let calendar = policy().calendar;
    for (moment, hour) in [
        // Monday 23:30 in Shanghai.
        ("2026-03-02T15:30:00Z", Hour::Open),
        // Saturday 04:00: the window of Friday.
        ("2026-03-06T20:00:00Z", Hour::Open),
        // Saturday 05:00: it is over.
        ("2026-03-06T21:00:00Z", Hour::Closed),
        // Saturday 23:30 begins no window.
        ("2026-03-07T15:30:00Z", Hour::Closed),
        // Monday noon.
        ("2026-03-02T04:00:00Z", Hour::Closed),
    ] {
        assert_eq!(calendar.at(at(moment), Domain::Transport), hour, "{moment}");
    }
    assert_eq!(
        calendar.at(at("2026-03-02T04:00:00Z"), Domain::Access),
        Hour::Open
    );
}

#[test]
fn a_freeze_wins_over_a_window_in_every_domain() {
    let calendar = policy().calendar;
    let frozen = Hour::Frozen("春节封网".to_owned());
    for domain in Domain::ALL {
        // Monday 23:30 in Shanghai, within the window.
        assert_eq!(calendar.at(at("2026-02-16T15:30:00Z"), domain), frozen);
    }
    assert_ne!(
        calendar.at(at("2026-02-23T16:00:00Z"), Domain::Access),
        frozen,
        "midnight of the 24th in Shanghai is not included"
    );
}

#[test]
fn classes_set_ceilings_and_ask_for_two_people() {
    let policy = policy();
    let object = |text: &str| text.parse::<ManagedObject>().unwrap();
    let (core, edge) = (object("router/C7"), object("router/E7"));
    assert_eq!(policy.ceiling([&core, &edge]), Mode::Approve);
    assert_eq!(policy.ceiling([&edge]), Mode::Auto);
    assert_eq!((policy.people([&core]), policy.people([&edge])), (2, 1));
    assert_eq!(policy.people([&object("link/C1-C2")]), 2);
    assert_eq!(policy.people([&object("link/C1-C3")]), 1);
}

#[test]
fn every_wrong_policy_is_refused_with_place_and_fix() {
    let head = "apiVersion: zizhi/v1\nkind: Policy\n";
    for (text, wanted) in [
        (String::new(), "it is empty"),
        ("# nothing\n\n".to_owned(), "it is empty"),
        (format!("{head}limit: {{}}"), "unknown field `limit`"),
        (format!("{head}limits: {{rate: 3}}"), "unknown field `rate`"),
        (
            format!("{head}limits: {{capacity_share: 5}}"),
            "a share from 0 to 1",
        ),
        (
            format!("{head}limits: {{in_flight_in_all: 0}}"),
            "forbids every action",
        ),
        (format!("{head}limits: {{risk: .nan}}"), "`risk` is"),
        ("apiVersion: zizhi/v2\nkind: Policy".to_owned(), "zizhi/v2"),
        (
            "apiVersion: zizhi/v1\nkind: Playbook".to_owned(),
            "no policy",
        ),
        (
            format!("{head}calendar: {{time_zone: Mars/Olympus}}"),
            "no time zone",
        ),
        (
            format!(
                "{head}calendar: {{windows: [{{name: n, days: [monday], from: '01:00', until: '02:00'}}]}}"
            ),
            "`monday` is no day",
        ),
        (
            format!("{head}calendar: {{windows: [{{name: n, from: '25:00', until: '02:00'}}]}}"),
            "no time of day",
        ),
        (
            format!(
                "{head}calendar: {{freezes: [{{name: f, from: '2026-02-24', until: '2026-02-14'}}]}}"
            ),
            "ends before it begins",
        ),
        (
            format!("{head}classes: [{{name: c, objects: []}}]"),
            "no objects",
        ),
        (
            format!("{head}classes: [{{name: c, objects: [core]}}]"),
            "names no object",
        ),
        (
            format!("{head}classes: [{{name: c, objects: [switch/a]}}]"),
            "no object kind",
        ),
        (
            format!("{head}classes: [{{name: c, objects: [router/a], people: 3}}]"),
            "3 people",
        ),
        (
            format!("{head}playbooks: {{a.b: {{mode: always}}}}"),
            "always",
        ),
    ] {
        let error = PolicyFile::parse(&text).unwrap_err();
        assert!(error.to_string().contains(wanted), "{text}: {error}");
        assert!(
            !error.fix.is_empty() && !error.place.is_empty(),
            "{error:?}"
        );
    }
}

#[test]
fn a_policy_that_was_asked_for_and_cannot_be_used_forbids_everything() {
    let closed = Policy::closed("no such file");
    for domain in Domain::ALL {
        assert_eq!(
            closed.calendar.at(at("2026-03-02T15:30:00Z"), domain),
            Hour::Frozen("no such file".to_owned())
        );
    }
}
