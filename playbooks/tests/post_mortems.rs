//! Seven public post-mortems: the guard that would have stopped each one stops it here, over a thousand seeds.
//!
//! The incidents: Facebook 2021-10, Google Cloud 2019-06 and 2025-06, Rogers 2022-07, Optus 2023-11, AWS 2025-10, Cloudflare
//! 2025-11. (The stalled executor of AWS, which wakes with an old plan, is in `agents/tests/stalled.rs`: the door is there.)

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on should stop

use std::collections::{BTreeMap, BTreeSet};
use zizhi_playbooks::fingerprint::fingerprint;
use zizhi_playbooks::guards::{Decision, GuardState, InFlight, Reach, reach, risk, rule, touched};
use zizhi_playbooks::playbook::BlastRadius;
use zizhi_playbooks::policy::{Policy, PolicyFile};
use zizhi_playbooks::{Catalog, catalog};
use zizhi_types::action::{Action, Value, Verb};
use zizhi_types::plan::{Fingerprint, Mode, Plan, PlannedStep, StepPolicy};
use zizhi_types::record::Ruling;
use zizhi_types::topology::{Instance, Link, Network, Router, Service, Site, Tier};
use zizhi_types::{Domain, FaultKind, IncidentId, ManagedObject, Metric, NetTime, PlanId};

const SEEDS: u64 = 1_000;
const NOW: NetTime = NetTime::from_secs(36_000);

/// A small generator: the same seed, the same scenario.
struct Chance(u64);

impl Chance {
    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn router(n: usize) -> Router {
    Router {
        id: format!("R{n}"),
        tier: Tier::Core,
        lat: None,
        lon: None,
        weight: 1.0,
    }
}

/// A ring with chords: no single link cuts it. Sites hang on it, each with two instances of each of two services.
fn network(chance: &mut Chance) -> Network {
    let mut n = Network::empty("ring");
    let size = 24 + chance.below(40);
    n.routers = (0..size).map(router).collect();
    let link = |a: usize, b: usize, step: usize| Link {
        id: format!("L{a}-{step}"),
        a: format!("R{a}"),
        b: format!("R{b}"),
        capacity_mbps: 10_000.0,
        delay_ms: 1.0,
        cost: 10,
    };
    let ring = (0..size).map(|i| link(i, (i + 1) % size, 1));
    let chords = (0..size).map(|i| link(i, (i + 5) % size, 5));
    n.links = ring.chain(chords).collect();
    n.services = ["infer", "train"]
        .map(|id| Service {
            id: id.into(),
            url_path: format!("/v1/{id}"),
        })
        .to_vec();
    for s in 0..6 {
        n.sites.push(Site {
            id: format!("s{s}"),
            router: format!("R{}", s * 3),
            spare_instances: 2,
        });
        for service in ["infer", "train"] {
            for k in 0..2 {
                n.instances.push(Instance {
                    id: format!("{service}-{s}-{k}"),
                    site: format!("s{s}"),
                    service: service.into(),
                    workers: 8,
                    base_ms: 20.0,
                    price: 1.0,
                });
            }
        }
    }
    n
}

fn object(text: &str) -> ManagedObject {
    text.parse().unwrap()
}

fn plan(actions: Vec<Action>) -> Plan {
    let steps = actions
        .into_iter()
        .enumerate()
        .map(|(i, action)| PlannedStep {
            id: format!("s{i}"),
            action,
            timeout_ms: 30_000,
            policy: StepPolicy::default(),
        });
    let steps: Vec<PlannedStep> = steps.collect();
    let suspect = steps[0].action.object.clone();
    let mut plan = Plan {
        id: PlanId::new(Domain::Transport, 1),
        playbook: "test.plan@1.0.0".into(),
        domain: suspect.domain(),
        incident: IncidentId::new(Domain::Transport, 1),
        suspect,
        fault: FaultKind::LinkLossy,
        params: BTreeMap::new(),
        steps,
        verify: vec![],
        verify_ms: 60_000,
        cost_tokens: 1.0,
        risk: 0.1,
        temporary: false,
        mode: Mode::Auto,
        policy: zizhi_types::plan::PlanPolicy::default(),
        fingerprint: Fingerprint(String::new()),
    };
    plan.fingerprint = fingerprint(&plan);
    plan
}

fn drain(link: &Link) -> Action {
    Action::new(Verb::LinkSetCost, object(&format!("link/{}", link.id)))
        .with("cost", Value::Number(65_000.0))
}

fn up(o: &ManagedObject, metric: Metric) -> Option<f64> {
    let _ = o;
    matches!(
        metric,
        Metric::PortOperUp | Metric::InstanceUp | Metric::RouterUp
    )
    .then_some(1.0)
}

/// All is calm, and the playbook's own bounds are generous: what refuses is the guard under test.
fn calm(plan: &Plan, reach: Reach) -> GuardState {
    GuardState {
        blast_radius: Some(BlastRadius {
            max_objects: 1_000,
            max_services: 1_000,
        }),
        reach: Some(reach),
        evidence_at: Some(NOW),
        heard_at: touched(plan)
            .into_iter()
            .map(|o| (o.clone(), NOW))
            .collect(),
        ..GuardState::default()
    }
}

fn decide(network: &Network, plan: &Plan) -> Decision {
    let state = calm(plan, reach(network, &up, plan));
    rule(plan, &state, Mode::Auto, NOW)
}

fn says(decision: &Decision, guard: &str) -> (bool, String) {
    let found = decision.guards.iter().find(|g| g.guard == guard).unwrap();
    (found.pass, found.reason.clone())
}

/// A check of capacity took the whole backbone down.
#[test]
fn facebook_2021_what_takes_out_more_than_a_twentieth_is_never_done_alone() {
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let network = network(&mut chance);
        let twentieth = network.links.len() / 20;
        let count = twentieth + 1 + chance.below(network.links.len() - twentieth);
        let mut links: Vec<&Link> = network.links.iter().collect();
        while links.len() > count {
            links.remove(chance.below(links.len()));
        }
        let command = plan(links.into_iter().map(drain).collect());
        let decision = decide(&network, &command);
        assert_eq!(decision.ruling, Ruling::Ask, "seed {seed}");
        let (_, reason) = says(&decision, "capacity");
        assert!(reason.contains("a person decides"), "seed {seed}: {reason}");
        let small = plan(vec![drain(
            &network.links[chance.below(network.links.len())],
        )]);
        assert_eq!(
            decide(&network, &small).ruling,
            Ruling::Proceed,
            "seed {seed}"
        );
    }
}

/// Automation descheduled control clusters in several places at once.
#[test]
fn google_2019_two_locations_are_never_in_flight_together() {
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let network = network(&mut chance);
        let (a, b) = (chance.below(6), chance.below(5));
        let b = if b >= a { b + 1 } else { b };
        let restart = |site: usize| {
            let instance = object(&format!("instance/infer-{site}-0"));
            Action::new(Verb::InstanceRestart, instance)
        };
        let both = plan(vec![restart(a), restart(b)]);
        assert_eq!(decide(&network, &both).ruling, Ruling::Ask, "seed {seed}");
        let second = plan(vec![restart(b)]);
        let mut state = calm(&second, reach(&network, &up, &second));
        state.in_flight = vec![InFlight {
            incident: IncidentId::new(Domain::Service, 7),
            domain: Domain::Service,
            sites: BTreeSet::from([format!("s{a}")]),
        }];
        let decision = rule(&second, &state, Mode::Auto, NOW);
        assert_eq!(decision.ruling, Ruling::Deny, "seed {seed}");
        assert!(!says(&decision, "one-location").0, "seed {seed}");
    }
}

const POLICY: &str = "apiVersion: zizhi/v1\nkind: Policy\nlimits:\n  runs_per_domain_hour: 4\ncalendar:\n  freezes:\n    - {name: year end, from: '2026-12-20', until: '2027-01-05'}\nclasses:\n  - {name: core, objects: ['router/C*'], ceiling: approve}\n";

/// A policy with blank fields crashed every reader, everywhere, within seconds.
#[test]
fn google_2025_a_blank_or_partial_policy_leaves_the_last_good_one_in_force() {
    let good = PolicyFile::parse(POLICY).unwrap().compile().unwrap();
    let mut refused = 0;
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let mut text: Vec<u8> = POLICY.bytes().collect();
        match chance.below(3) {
            0 => text.truncate(chance.below(text.len())),
            1 => {
                let (from, count) = (chance.below(text.len()), 1 + chance.below(40));
                text.drain(from..(from + count).min(text.len()));
            }
            _ => {
                let at = chance.below(text.len());
                text[at] = b" :{}[]-'\"\t\0"[chance.below(11)];
            }
        }
        let text = String::from_utf8_lossy(&text);
        let (kept, error) = good.clone().replaced_by(&text);
        match error {
            Some(_) => {
                refused += 1;
                assert_eq!(kept, good, "seed {seed}");
            }
            None => assert!(PolicyFile::parse(&text).is_ok(), "seed {seed}"),
        }
    }
    assert!(refused > SEEDS / 2, "{refused} of {SEEDS} were refused");
}

/// An algorithm lowered the risk of phase six because the first five went well.
#[test]
fn rogers_2022_the_risk_of_a_step_does_not_depend_on_what_went_well_before() {
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let network = network(&mut chance);
        let mut phase = plan(vec![drain(
            &network.links[chance.below(network.links.len())],
        )]);
        phase.risk = 0.71 + chance.below(29) as f64 / 100.0;
        phase.fingerprint = fingerprint(&phase);
        let found = reach(&network, &up, &phase);
        let fresh = rule(&phase, &calm(&phase, found.clone()), Mode::Auto, NOW);
        let mut after = calm(&phase, found.clone());
        // Any number of phases that went well: long ago, on other objects, none of them a failure.
        for n in 0..chance.below(40) {
            let other = object(&format!("link/done-{n}"));
            let long_ago = NOW - 7_200_000 - chance.below(1_000_000) as u64;
            after.acted.insert(other, vec![long_ago]);
            after.begun.push(long_ago);
        }
        let later = rule(&phase, &after, Mode::Auto, NOW);
        assert_eq!(says(&fresh, "risk"), says(&later, "risk"), "seed {seed}");
        assert_eq!(later.ruling, Ruling::Ask, "seed {seed}");
        assert!(risk(&phase, &found) >= phase.risk, "seed {seed}");
    }
}

/// Ninety routers isolated themselves at once when a limit was passed.
#[test]
fn optus_2023_a_storm_never_isolates_and_never_acts_on_more_than_one_at_once() {
    // Each seed asks for a restart of every router, so fewer seeds are as many questions.
    for seed in 0..SEEDS / 5 {
        let mut chance = Chance::of(seed);
        let network = network(&mut chance);
        let own = network.routers[chance.below(network.routers.len())]
            .id
            .clone();
        let links = network.links.iter().filter(|l| l.a == own || l.b == own);
        let shut: Vec<Action> = links
            .map(|l| Action::new(Verb::LinkReset, object(&format!("link/{}", l.id))))
            .collect();
        let decision = decide(&network, &plan(shut));
        assert_eq!(decision.ruling, Ruling::Deny, "seed {seed}");
        assert!(!says(&decision, "redundancy").0, "seed {seed}");

        // Every router asks for a restart in the same minute; each run takes ten minutes.
        let mut began: Vec<NetTime> = vec![];
        for (n, router) in network.routers.iter().enumerate() {
            let now = NOW + n as u64 * 600;
            let asked = plan(vec![Action::new(
                Verb::RouterRestart,
                object(&format!("router/{}", router.id)),
            )]);
            let mut state = calm(&asked, reach(&network, &up, &asked));
            state.evidence_at = Some(now);
            state.heard_at.values_mut().for_each(|at| *at = now);
            state.begun.clone_from(&began);
            let running = began.iter().filter(|at| now.since(**at) < 600_000);
            state.in_flight = running
                .map(|_| InFlight {
                    incident: IncidentId::new(Domain::Transport, 9),
                    domain: Domain::Transport,
                    sites: BTreeSet::new(),
                })
                .collect();
            if rule(&asked, &state, Mode::Auto, now).ruling == Ruling::Proceed {
                began.push(now);
            }
        }
        assert!(
            began.len() <= 1,
            "seed {seed}: {} restarts at once",
            began.len()
        );
    }
}

/// A cleaner deleted what a late enactor had applied: the endpoint was left with nothing behind it.
#[test]
fn aws_2025_a_result_that_is_empty_or_halves_a_service_is_refused() {
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let network = network(&mut chance);
        let of = |service: &str| {
            let all = network.instances.iter().filter(|i| i.service == service);
            all.cloned().collect::<Vec<Instance>>()
        };
        let mut infer = of("infer");
        let keep = chance.below(infer.len().div_ceil(2));
        for _ in 0..keep {
            infer.remove(chance.below(infer.len()));
        }
        let away = |i: &Instance| {
            Action::new(
                Verb::InstanceSteerLimit,
                object(&format!("instance/{}", i.id)),
            )
            .with("share", Value::Number(0.0))
        };
        let decision = decide(&network, &plan(infer.iter().map(away).collect()));
        assert_eq!(decision.ruling, Ruling::Deny, "seed {seed}, {keep} kept");
        let (pass, reason) = says(&decision, "redundancy");
        assert!(!pass && reason.contains("infer"), "seed {seed}: {reason}");
    }
}

/// A generated file doubled past a limit and was pushed again every few minutes.
#[test]
fn cloudflare_2025_an_oversized_file_is_refused_and_the_old_one_serves() {
    let (name, text) = ("transport.link.drain.yaml", {
        let shipped = Catalog::builtin().unwrap();
        shipped.get("transport.link.drain").unwrap().source.clone()
    });
    let good = PolicyFile::parse(POLICY).unwrap().compile().unwrap();
    for seed in 0..SEEDS {
        let mut chance = Chance::of(seed);
        let features = 100_000 / 20 + chance.below(5_000);
        let line = "# generated feature row\n".repeat(features);
        let (playbook, problems) = catalog::lint(name, &format!("{text}{line}"));
        assert!(playbook.is_none() && !problems.is_empty(), "seed {seed}");
        let (kept, error): (Policy, _) = good.clone().replaced_by(&format!("{POLICY}{line}"));
        assert!(error.is_some() && kept == good, "seed {seed}");
    }
}
