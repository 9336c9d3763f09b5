//! Rules: everything that the templates of `OpenStack` Vitrage can say, said here; one result whatever the order;
//! retraction when a condition no longer holds.

#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on should stop

use proptest::prelude::*;
use std::collections::BTreeSet;
use zizhi_playbooks::case::Case;
use zizhi_playbooks::problem::Problem;
use zizhi_playbooks::rules::{Alarm, Conclusions, Rules, changes, evaluate};

const HEAD: &str = "apiVersion: zizhi/v1\nkind: Rules\nmetadata: {id: ID, version: 1.0.0, title: {en: t, zh: t}, owner: noc}\n";

fn file(id: &str, body: &str) -> (String, String) {
    (
        format!("{id}.yaml"),
        format!("{}{body}", HEAD.replace("ID", id)),
    )
}

fn read(body: &str) -> Rules {
    Rules::read(&[file("r", body)]).unwrap_or_else(|p| panic!("{}", told(&p)))
}

fn told(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|p| format!("{p}\n"))
        .collect::<Vec<_>>()
        .concat()
}

/// `kind@object` words.
fn set(words: &[&str]) -> BTreeSet<Alarm> {
    let one = |w: &&str| {
        let (kind, object) = w.split_once('@').unwrap();
        Alarm {
            kind: kind.to_owned(),
            object: object.parse().unwrap(),
        }
    };
    words.iter().map(one).collect()
}

fn words(alarms: &BTreeSet<Alarm>) -> Vec<String> {
    alarms
        .iter()
        .map(|a| format!("{}@{}", a.kind, a.object))
        .collect()
}

fn given(rules: &Rules, alarms: &[&str], states: &[&str]) -> Conclusions {
    evaluate(rules, &Case::sample_network(), &set(alarms), &set(states)).unwrap()
}

/// A host's alarm is deduced on all that runs there.
const DEDUCED: &str = "
rules:
  - name: an overloaded site makes its instances suboptimal
    entities: {site: {kind: site}, instance: {kind: instance}}
    when: {all: [{alarm: cpu-overload, on: site}, {relation: runs-on, from: instance, to: site}]}
    then:
      - {raise: cpu-suboptimal, on: instance}
      - {set: suboptimal, of: instance}
      - {cause: {alarm: cpu-overload, on: site}, effect: {alarm: cpu-suboptimal, on: instance}}
      - {playbook: compute.site.scale-out, on: site}
";

#[test]
fn deduced_alarm_deduced_state_cause_and_action() {
    let found = given(&read(DEDUCED), &["cpu-overload@site/s1"], &[]);
    assert_eq!(
        words(&found.deduced),
        ["cpu-suboptimal@instance/i1", "cpu-suboptimal@instance/i2"]
    );
    assert_eq!(
        words(&found.states),
        ["suboptimal@instance/i1", "suboptimal@instance/i2"]
    );
    assert_eq!(found.causes.len(), 2);
    let request = found.requests.first().unwrap();
    assert_eq!(
        (
            request.playbook.as_str(),
            request.object.to_string().as_str()
        ),
        ("compute.site.scale-out", "site/s1")
    );
    assert_eq!(
        given(&read(DEDUCED), &["cpu-overload@site/s2"], &[])
            .deduced
            .len(),
        1
    );
    assert_eq!(given(&read(DEDUCED), &[], &[]), Conclusions::default());
}

#[test]
fn a_cause_between_alarms_is_kept_only_while_both_stand() {
    let rules = read(
        "
rules:
  - name: a dead link explains a lost adjacency
    entities: {link: {kind: link}, port: {kind: port}}
    when: {all: [{alarm: link-down, on: link}, {relation: contains, from: link, to: port}]}
    then: [{cause: {alarm: link-down, on: link}, effect: {alarm: adjacency-lost, on: port}}]
",
    );
    let both = given(
        &rules,
        &["link-down@link/A-C", "adjacency-lost@port/A:A-C"],
        &[],
    );
    assert_eq!(both.causes.len(), 1);
    assert_eq!(
        both.causes.first().unwrap().effect.object.to_string(),
        "port/A:A-C"
    );
    assert_eq!(given(&rules, &["link-down@link/A-C"], &[]).causes.len(), 0);
}

#[test]
fn not_asks_for_any_such_object() {
    let rules = read(
        "
rules:
  - name: a service is down when none of its instances is up
    entities: {service: {kind: service}, instance: {kind: instance}}
    when:
      all:
        - {alarm: complaints, on: service}
        - not: {all: [{relation: contains, from: service, to: instance}, {state: up, of: instance}]}
    then: [{raise: service-down, on: service}]
",
    );
    let down = given(&rules, &["complaints@service/svc"], &[]);
    assert_eq!(words(&down.deduced), ["service-down@service/svc"]);
    let one_up = given(&rules, &["complaints@service/svc"], &["up@instance/i3"]);
    assert_eq!(words(&one_up.deduced), Vec::<String>::new());
}

#[test]
fn equivalent_alarms_count_as_one() {
    let rules = read(
        "
definitions:
  equivalences: [[host-unreachable, ping-lost, nagios.host-down]]
rules:
  - name: an unreachable site takes its instances along
    entities: {s: {kind: site}, i: {kind: instance}}
    when: {all: [{alarm: ping-lost, on: s}, {relation: contains, from: s, to: i}]}
    then: [{raise: instance-unreachable, on: i}]
",
    );
    for alarm in ["host-unreachable", "ping-lost", "nagios.host-down"] {
        let found = given(&rules, &[&format!("{alarm}@site/s2")], &[]);
        assert_eq!(
            words(&found.alarms),
            [
                "host-unreachable@site/s2",
                "instance-unreachable@instance/i3"
            ]
        );
    }
}

#[test]
fn definitions_are_shared_by_including_their_file() {
    let shared = file(
        "shared",
        "
definitions:
  entities: {core-link: {kind: link, name: A-*}}
  conditions:
    sick: {any: [{alarm: lossy, on: link}, {alarm: flapping, on: link}]}
",
    );
    let user = file(
        "user",
        "
include: [shared]
rules:
  - name: a sick core link is to be drained
    entities: {link: {like: core-link}}
    when: {is: sick}
    then: [{playbook: transport.link.drain, on: link}]
",
    );
    let rules = Rules::read(&[user.clone(), shared]).unwrap_or_else(|p| panic!("{}", told(&p)));
    let found = given(&rules, &["flapping@link/A-B", "lossy@link/B-C"], &[]);
    let asked: Vec<String> = found
        .requests
        .iter()
        .map(|r| r.object.to_string())
        .collect();
    assert_eq!(asked, ["link/A-B"]);
    let alone = told(&Rules::read(&[user]).unwrap_err());
    assert!(
        alone.contains("no file with id `shared` is given"),
        "{alone}"
    );
}

#[test]
fn conclusions_lead_to_conclusions_to_a_fixed_point_also_in_a_circle() {
    let rules = read(
        "
rules:
  - name: degradation spreads to neighbours
    entities: {a: {kind: router}, b: {kind: router}}
    when: {all: [{alarm: storm, on: a}, {relation: connected, from: a, to: b}]}
    then: [{raise: storm, on: b}]
  - name: a storm at a site's router puts the site at risk
    entities: {site: {kind: site}, router: {kind: router}}
    when: {all: [{relation: depends-on, from: site, to: router}, {alarm: storm, on: router}]}
    then: [{raise: at-risk, on: site}]
",
    );
    let found = given(&rules, &["storm@router/C"], &[]);
    assert_eq!(found.deduced.len(), 2 + 2, "{found:?}");
    let (raised, cleared) = changes(&found, &given(&rules, &[], &[]));
    assert_eq!((raised.len(), cleared.len()), (0, 4));
}

#[test]
fn bad_rules_are_refused_with_what_to_write() {
    let rule = |inside: &str| format!("\nrules:\n  - name: one\n{inside}");
    let cases = [
        (
            rule(
                "    entities: {l: {kind: lnk}}\n    when: {alarm: x, on: l}\n    then: [{raise: y, on: l}]\n",
            ),
            "did you mean `link`?",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {alarm: x, on: m}\n    then: [{raise: y, on: l}]\n",
            ),
            "entity `m` is not described",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {alarm: x}\n    then: [{raise: y, on: l}]\n",
            ),
            "says nothing, or two things",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {not: {alarm: x, on: l}}\n    then: [{raise: y, on: l}]\n",
            ),
            "outside a `not`",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {relation: near, from: l, to: l}\n    then: [{raise: y, on: l}]\n",
            ),
            "`near` is no relation",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {is: gone}\n    then: [{raise: y, on: l}]\n",
            ),
            "no condition `gone`",
        ),
        (
            rule("    entities: {l: {kind: link}}\n    when: {alarm: x, on: l}\n    then: []\n"),
            "nothing follows",
        ),
        (
            rule("    entitys: {}\n    when: {alarm: x, on: l}\n    then: []\n"),
            "did you mean `entities`?",
        ),
        (
            rule(
                "    entities: {l: {kind: link}}\n    when: {all: [{state: up, of: l}, {not: {alarm: x, on: l}}]}\n    then: [{raise: x, on: l}]\n",
            ),
            "denies its own condition",
        ),
    ];
    for (body, wanted) in cases {
        let message = told(&Rules::read(&[file("r", &body)]).unwrap_err());
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn a_circle_through_two_rules_is_found_too() {
    let body = "
rules:
  - name: one
    entities: {l: {kind: link}}
    when: {all: [{alarm: base, on: l}, {not: {alarm: b, on: l}}]}
    then: [{raise: a, on: l}]
  - name: two
    entities: {l: {kind: link}}
    when: {alarm: a, on: l}
    then: [{raise: b, on: l}]
";
    let message = told(&Rules::read(&[file("r", body)]).unwrap_err());
    assert!(message.contains("denies its own condition"), "{message}");
}

#[test]
fn not_waits_until_what_it_looks_at_is_settled() {
    // The rule that denies stands first; its answer must still be the settled one.
    let rules = read(
        "
rules:
  - name: healthy when nothing was deduced on it
    entities: {i: {kind: instance}}
    when: {all: [{state: watched, of: i}, {not: {alarm: cpu-suboptimal, on: i}}]}
    then: [{set: healthy, of: i}]
  - name: deduced
    entities: {s: {kind: site}, i: {kind: instance}}
    when: {all: [{alarm: cpu-overload, on: s}, {relation: contains, from: s, to: i}]}
    then: [{raise: cpu-suboptimal, on: i}]
",
    );
    assert_eq!(rules.layers(), 2);
    let found = given(
        &rules,
        &["cpu-overload@site/s1"],
        &["watched@instance/i1", "watched@instance/i3"],
    );
    assert!(words(&found.states).contains(&"healthy@instance/i3".to_owned()));
    assert!(!words(&found.states).contains(&"healthy@instance/i1".to_owned()));
}

/// Rules over four alarms on links and routers, some with `not`; those whose files are refused are thrown away.
fn random_rules() -> impl Strategy<Value = Vec<String>> {
    let alarm = prop::sample::select(vec!["a", "b", "c", "d"]);
    let rule = (
        alarm.clone(),
        alarm.clone(),
        alarm,
        any::<bool>(),
        any::<bool>(),
    );
    prop::collection::vec(rule, 1..6).prop_map(|rules| {
        let one = |(n, (x, y, z, negative, far)): (usize, (&str, &str, &str, bool, bool))| {
            let second = if negative {
                format!("{{not: {{alarm: {y}, on: l}}}}")
            } else {
                format!("{{any: [{{alarm: {y}, on: l}}, {{alarm: {y}, on: r}}]}}")
            };
            let on = if far { "r" } else { "l" };
            format!("  - name: rule {n}\n    entities: {{l: {{kind: link}}, r: {{kind: router}}}}\n    when: {{all: [{{relation: connected, from: l, to: r}}, {{alarm: {x}, on: l}}, {second}]}}\n    then: [{{raise: {z}, on: {on}}}]\n")
        };
        rules.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_rules_and_files_does_not_matter_and_the_result_is_a_fixed_point(
        rules in random_rules(),
        seed in any::<prop::sample::Index>(),
        standing in prop::collection::btree_set(prop::sample::select(vec![
            "a@link/A-B", "b@link/A-B", "c@link/B-C", "d@router/A", "a@link/A-C", "b@router/C",
        ]), 0..5),
    ) {
        let standing: Vec<&str> = standing.into_iter().collect();
        let one_file = Rules::read(&[file("r", &format!("\nrules:\n{}", rules.concat()))]);
        let mut turned = rules.clone();
        turned.rotate_left(seed.index(rules.len()));
        turned.reverse();
        let files: Vec<_> = turned.iter().enumerate()
            .map(|(n, r)| file(&format!("f{n}"), &format!("\nrules:\n{r}"))).collect();
        let many = Rules::read(&files);
        prop_assert_eq!(one_file.is_ok(), many.is_ok());
        let (Ok(one_file), Ok(many)) = (one_file, many) else { return Ok(()); };
        let found = given(&one_file, &standing, &[]);
        prop_assert_eq!(&found, &given(&many, &standing, &[]));
        prop_assert!(found.alarms.is_superset(&set(&standing)));
        // Nothing is remembered: what is no longer given is no longer concluded from.
        let none = given(&one_file, &[], &[]);
        prop_assert_eq!(none.alarms.len(), 0);
        let (raised, cleared) = changes(&found, &none);
        prop_assert_eq!((raised.len(), cleared.len()), (0, found.deduced.len()));
    }
}
