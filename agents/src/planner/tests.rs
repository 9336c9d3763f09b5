//! One planner: which playbooks fit, what the twin says, and what it learnt.

use super::{Input, Output, PastCase, Planner, PlannerConfig, Recalled};
use crate::learner::{self, Learner};
use crate::picture::Picture;
use crate::role::Engine;
use crate::testing::{at, bid, cause, down, drain, incident, network, object, reset, situation};
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_playbooks::Catalog;
use zizhi_types::negotiation::{Bid, RefuseReason, RunEnd};
use zizhi_types::wire::Sample;
use zizhi_types::{Domain, FaultKind, Hypothesis, Metric, Plan};

struct Story {
    planner: Planner,
    picture: Picture,
}

struct Proposal {
    bids: Vec<Bid>,
    rejected: Vec<(String, String)>,
    from_case: Option<PastCase>,
}

impl Story {
    /// All is well, but both ports of link A-B are down or lossy.
    fn of(domain: Domain, sick: Metric, value: f64) -> Self {
        let catalog = Arc::new(Catalog::builtin().unwrap());
        let mut story = Self {
            planner: Planner::new(domain, PlannerConfig::default(), catalog),
            picture: Picture::empty(),
        };
        for d in Domain::ALL {
            let part = network().part(d);
            story.picture.learn(d, part.clone());
            story.planner.handle(
                Input::Learn {
                    domain: d,
                    part: Box::new(part),
                },
                at(90),
            );
        }
        for link in &network().links {
            for end in [&link.a, &link.b] {
                let port = format!("port/{end}:{}", link.id);
                for (metric, well) in [
                    (Metric::PortOperUp, 1.0),
                    (Metric::PortAdjacencyUp, 1.0),
                    (Metric::PortCost, 10.0),
                    (Metric::PortError, 0.0),
                ] {
                    let is_sick = link.id == "A-B" && metric == sick;
                    story.observes(&port, metric, if is_sick { value } else { well });
                }
            }
        }
        story
    }

    fn observes(&mut self, text: &str, metric: Metric, value: f64) {
        let object = object(text);
        self.picture.observe(&object, metric, value, at(100));
        let samples = vec![Sample {
            object,
            metric,
            value,
        }];
        self.planner.handle(
            Input::Observe {
                at: at(100),
                domain: Domain::Transport,
                samples,
            },
            at(100),
        );
    }

    fn proposes(&mut self, cause: &Hypothesis, recalled: Recalled, seconds: u64) -> Proposal {
        let input = Input::Propose {
            incident: incident("inc-transport-7"),
            hypotheses: vec![cause.clone()],
            situation: situation(&[]),
            recalled,
            picture: Arc::new(self.picture.clone()),
        };
        match self.planner.handle(input, at(seconds)).remove(0) {
            Output::Proposed {
                bids,
                rejected,
                from_case,
                ..
            } => Proposal {
                bids,
                rejected,
                from_case,
            },
            other @ Output::Judged { .. } => panic!("{other:?}"),
        }
    }

    fn judges(&mut self, plan: Plan) -> Option<RefuseReason> {
        let input = Input::Judge {
            incident: plan.incident.clone(),
            bid: Box::new(bid(plan, 5)),
            picture: Arc::new(self.picture.clone()),
        };
        match self.planner.handle(input, at(110)).remove(0) {
            Output::Judged { refuse, .. } => refuse,
            other @ Output::Proposed { .. } => panic!("{other:?}"),
        }
    }
}

fn dead_link() -> Hypothesis {
    let seen = down(1, "port/A:A-B", Metric::PortOperUp, at(100));
    cause("link/A-B", FaultKind::LinkDown, 0.9, &[&seen])
}

fn silent_link(text: &str) -> Hypothesis {
    cause(text, FaultKind::LinkSilent, 0.9, &[])
}

fn playbooks(proposal: &Proposal) -> Vec<&str> {
    proposal
        .bids
        .iter()
        .map(|b| b.plan.playbook.split('@').next().unwrap())
        .collect()
}

#[test]
fn what_fits_the_cause_is_offered_with_its_rehearsal() {
    let mut story = Story::of(Domain::Transport, Metric::PortOperUp, 0.0);
    let proposal = story.proposes(&dead_link(), Recalled::default(), 110);
    assert_eq!(playbooks(&proposal), ["transport.link-down.reset"]);
    let Bid {
        plan,
        rehearsal,
        success_rate,
        tried,
    } = &proposal.bids[0];
    assert_eq!(
        (&plan.suspect, &plan.incident),
        (&object("link/A-B"), &incident("inc-transport-7"))
    );
    assert_eq!(
        plan.fingerprint,
        zizhi_playbooks::fingerprint::fingerprint(plan)
    );
    assert!(
        rehearsal.with.len() < rehearsal.without.len(),
        "{rehearsal:?}"
    );
    assert!(!rehearsal.makes_worse);
    assert_eq!((*success_rate, *tried), (0.5, 0), "never tried");
}

#[test]
fn only_the_domain_whose_executor_would_run_it_offers() {
    for domain in [Domain::Compute, Domain::Service, Domain::Access] {
        let mut story = Story::of(domain, Metric::PortOperUp, 0.0);
        let proposal = story.proposes(&dead_link(), Recalled::default(), 110);
        assert!(proposal.bids.is_empty() && proposal.rejected.is_empty());
    }
}

#[test]
fn an_improbable_cause_gets_no_offer() {
    let mut story = Story::of(Domain::Transport, Metric::PortOperUp, 0.0);
    let guess = Hypothesis {
        probability: 0.24,
        ..dead_link()
    };
    assert!(
        story
            .proposes(&guess, Recalled::default(), 110)
            .bids
            .is_empty()
    );
}

#[test]
fn on_a_stale_state_nothing_is_rehearsed_so_nothing_is_offered() {
    let mut story = Story::of(Domain::Transport, Metric::PortOperUp, 0.0);
    let proposal = story.proposes(&dead_link(), Recalled::default(), 161);
    assert!(proposal.bids.is_empty());
    let [(playbook, reason)] = &proposal.rejected[..] else {
        panic!("{:?}", proposal.rejected)
    };
    assert!(
        playbook.starts_with("transport.link-down.reset"),
        "{playbook}"
    );
    assert!(reason.contains("61 s old"), "{reason}");
}

#[test]
fn a_plan_on_something_unknown_is_refused_and_a_harmless_one_is_not() {
    let mut story = Story::of(Domain::Transport, Metric::PortError, 0.05);
    assert_eq!(
        story.judges(drain(1, &incident("inc-access-1"), "link/A-B")),
        None
    );
    let unknown = story.judges(reset(2, &incident("inc-access-1"), "link/X-Y"));
    assert!(
        matches!(unknown, Some(RefuseReason::Guard { .. })),
        "{unknown:?}"
    );
}

#[test]
fn the_second_like_incident_is_planned_from_the_first() {
    let mut story = Story::of(Domain::Transport, Metric::PortError, 0.05);
    let proposal = story.proposes(&silent_link("link/A-B"), Recalled::default(), 110);
    let offered = playbooks(&proposal);
    assert_eq!(proposal.from_case, None);
    assert!(offered.len() >= 2, "{offered:?}");

    // The one that came last helped, on another link, some days ago.
    let helped = proposal.bids.last().unwrap().plan.clone();
    let past = incident("inc-transport-1");
    let plan = Plan {
        incident: past.clone(),
        suspect: object("link/C-D"),
        ..helped
    };
    let mut learner = Learner::new();
    let seen: BTreeSet<Metric> = [Metric::PortError].into();
    let remember = learner::Input::Remember {
        plan: Box::new(plan.clone()),
        outcome: RunEnd::Helped,
        seen,
    };
    assert!(learner.handle(remember, at(105)).is_empty());
    let recall = learner::Input::Recall {
        incident: incident("inc-transport-7"),
        hypotheses: vec![silent_link("link/A-B")],
        situation: situation(&[]),
    };
    let learner::Output::Recalled { recalled, .. } = learner.handle(recall, at(110)).remove(0)
    else {
        panic!("it answers with what it remembers")
    };
    let proposal = story.proposes(&silent_link("link/A-B"), recalled, 110);
    let past = PastCase {
        origin: None,
        incident: past,
    };
    assert_eq!(proposal.from_case, Some(past));
    assert_eq!(proposal.bids[0].plan.playbook, plan.playbook);
    assert!(proposal.bids[0].success_rate > 0.5);
}

#[test]
fn without_a_twin_plans_promise_nothing_and_none_is_refused() {
    let mut story = Story::of(Domain::Transport, Metric::PortOperUp, 0.0);
    story.planner = Planner::new(
        Domain::Transport,
        PlannerConfig::default(),
        Arc::new(Catalog::builtin().unwrap()),
    )
    .without_twin();
    // Nor does it matter how old a state is that nothing is rehearsed on.
    let proposal = story.proposes(&dead_link(), Recalled::default(), 161);
    assert_eq!(playbooks(&proposal), ["transport.link-down.reset"]);
    let told = &proposal.bids[0].rehearsal;
    assert!(told.without.is_empty() && told.with.is_empty() && told.changes.is_empty());
    assert!(!told.makes_worse && told.error_samples == 0);
    let unknown = reset(2, &incident("inc-access-1"), "link/X-Y");
    assert_eq!(story.judges(unknown), None);
}

#[test]
fn a_playbook_that_waits_for_lasting_symptoms_says_how_long_and_is_offered_then() {
    let builtin = Catalog::builtin().unwrap();
    let reset = builtin.get("transport.link-down.reset").unwrap();
    let (trigger, hold) = ("  when:\n", "    hold: 30s\n  when:\n");
    let patient = reset.source.replacen(trigger, hold, 1);
    assert_ne!(patient, reset.source);
    let catalog = Catalog::from_texts([("patient.yaml", patient.as_str())]).unwrap();
    let mut story = Story::of(Domain::Transport, Metric::PortOperUp, 0.0);
    story.planner.catalog = Arc::new(catalog);
    let early = story.proposes(&dead_link(), Recalled::default(), 110);
    assert!(early.bids.is_empty());
    let [(_, reason)] = &early.rejected[..] else {
        panic!("{:?}", early.rejected)
    };
    assert_eq!(
        reason,
        "the symptoms have lasted 0 s of the 30 s that it waits for"
    );
    let later = story.proposes(&dead_link(), Recalled::default(), 139);
    assert!(later.bids.is_empty(), "29 s are not enough");
    let held = story.proposes(&dead_link(), Recalled::default(), 140);
    assert_eq!(playbooks(&held), ["transport.link-down.reset"]);
}
