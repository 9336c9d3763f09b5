//! Data is never an expression: no text that a network or a file's value brings can change what an expression says.

#![allow(clippy::unwrap_used)] // a test that cannot go on should stop

use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;
use zizhi_playbooks::expr::{Expr, Scope};
use zizhi_playbooks::{Catalog, Context, candidates};
use zizhi_types::hypothesis::HypothesisState;
use zizhi_types::topology::{Instance, Network, Service, Site};
use zizhi_types::{FaultKind, Hypothesis, ManagedObject, Metric};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());

/// Texts that would be code if anybody read them as such, and any others.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "${{ ",
        " }}",
        "{{ x }}",
        "'",
        "\"",
        "\\",
        " || true",
        " && false",
        "suspect",
        "(",
        ")",
        "true",
        "#",
        ": ",
        "\n",
        "!",
        "*",
        "&a",
        "size(",
        "网络",
        "$(reboot)",
        "`",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..8).prop_map(|p| p.concat()),
        any::<String>()
    ]
}

/// One overloaded site with room, whose only service has this name.
fn network(service: &str) -> Network {
    let mut network = Network::empty("one");
    network.sites = vec![Site {
        id: "s1".into(),
        router: "A".into(),
        spare_instances: 1,
    }];
    network.services = vec![Service {
        id: service.into(),
        url_path: "/".into(),
    }];
    network.instances = vec![Instance {
        id: "i1".into(),
        site: "s1".into(),
        service: service.into(),
        workers: 1,
        base_ms: 1.0,
        price: 1.0,
    }];
    network
}

proptest! {
    #[test]
    fn a_text_in_the_scope_is_only_ever_itself(text in hostile()) {
        let scope = Scope::from([("suspect".to_owned(), json!({"name": text, "cost": 10}))]);
        let eval = |e: &str| Expr::compile(e).unwrap().eval(&scope).unwrap();
        prop_assert_eq!(eval("suspect.name"), json!(text));
        prop_assert_eq!(eval("suspect.cost > 5 && suspect.name == suspect.name"), json!(true));
        prop_assert_eq!(eval("suspect.cost > 50 || suspect.name != suspect.name"), json!(false));
    }

    /// From telemetry through a condition and `${{ }}` into an action: it arrives as it was, and nothing else changes.
    #[test]
    fn a_text_from_the_network_arrives_in_the_plan_as_it_was(service in hostile()) {
        let hypothesis = Hypothesis {
            object: "site/s1".parse().unwrap(),
            fault: FaultKind::SiteOverload,
            probability: 0.9,
            state: HypothesisState::Supported,
            evidence_for: vec![],
            evidence_against: vec![],
        };
        let measured = |_: &ManagedObject, _: Metric| Some(0.95);
        let context = Context::of(&network(&service), &measured, &hypothesis);
        let (drafts, _) = candidates(&CATALOG, &hypothesis, &context);
        let grow = drafts.iter().find(|d| d.playbook.starts_with("compute.site.scale-out")).unwrap();
        prop_assert_eq!(grow.steps.len(), 1);
        prop_assert_eq!(grow.steps[0].action.text("service"), Some(service.as_str()));
    }
}
