//! Trials end to end: the same run twice is the same, an interrupted run goes on, and the truth is the judge.
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use zizhi_agents::SwarmConfig;
use zizhi_evaluation::baseline::Rules;
use zizhi_evaluation::scenario::{Scenario, parse};
use zizhi_evaluation::trial::learn::{LearnConfig, Phase, learn};
use zizhi_evaluation::trial::run::{Outcome, Progress, RunConfig, RunError, run};
use zizhi_evaluation::trial::{Policy, Set, Summary, TrialResult};
use zizhi_playbooks::Catalog;

fn scenario(name: &str, fault: &str) -> Scenario {
    let text = format!(
        "schema: zizhi.scenario/v1\nname: {name}\ntitle: {{en: t, zh: t}}\ndescription: {{en: d, zh: d}}\n\
         network: abilene\nseed: 5\nshape: single\nwarm_up_s: 300\nfaults: [{fault}]\ndouble: [{{kind: link-lossy}}]\n\
         objectives: {{detect_s: 120, restore_s: 300}}\nbudget: {{actions: 4, watch_s: 500}}\n"
    );
    parse(name, &text).unwrap()
}

fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "crash",
            "{kind: instance-crash, object: instance/dc-chic-infer-1}",
        ),
        scenario(
            "lossy",
            "{kind: link-lossy, object: link/CHIC-NEWY, params: {loss_ratio_ab: 0.06, loss_ratio_ba: 0.06}}",
        ),
    ]
}

fn set() -> Set {
    Set {
        catalog: Arc::new(Catalog::builtin().unwrap()),
        config: SwarmConfig::default(),
        memory: vec![],
        rules: Rules::builtin().unwrap(),
    }
}

fn config(folder: &Path, policies: &[Policy], jobs: usize) -> RunConfig {
    RunConfig {
        scenarios: scenarios(),
        policies: policies.to_vec(),
        first_repeat: 0,
        repeats: 1,
        doubles: true,
        jobs,
        folder: folder.to_owned(),
    }
}

fn played(config: &RunConfig) -> Outcome {
    let outcome = run(config, &set(), &AtomicBool::new(false), &|_| {}).unwrap();
    assert!(
        outcome.failed.is_empty() && !outcome.stopped,
        "{:?}",
        outcome.failed
    );
    outcome
}

/// Every file of a folder by name, with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    let name = |p: &Path| p.file_name().unwrap().to_string_lossy().into_owned();
    entries
        .map(|p| (name(&p), std::fs::read(&p).unwrap()))
        .collect()
}

fn of<'r>(
    results: &'r [TrialResult],
    scenario: &str,
    policy: Policy,
    double: bool,
) -> &'r TrialResult {
    let wanted = |r: &&TrialResult| {
        r.scenario == scenario && r.policy == policy.as_str() && r.double == double
    };
    results.iter().find(wanted).unwrap()
}

#[test]
fn two_runs_of_one_seed_are_equal_whatever_works_side_by_side() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let policies = [Policy::Nothing, Policy::Threshold, Policy::Whole];
    let first = played(&config(one.path(), &policies, 1));
    played(&config(two.path(), &policies, 3));
    for folder in ["journals", "trials"] {
        let (a, b) = (
            files(&one.path().join(folder)),
            files(&two.path().join(folder)),
        );
        assert!(a.keys().eq(b.keys()) && a.len() >= 12, "{:?}", a.keys());
        let differs: Vec<&String> = a.keys().filter(|k| a[*k] != b[*k]).collect();
        assert!(differs.is_empty(), "{differs:?}");
    }
    let lines = |root: &Path| std::fs::read_to_string(root.join("results.jsonl")).unwrap();
    assert_eq!(lines(one.path()), lines(two.path()));
    assert_eq!(
        lines(one.path()).lines().count(),
        12,
        "two scenarios, their doubles, three policies"
    );

    // Nobody at work: the crash lasts, users of the lossy link are hurt to the end, and nothing was ever claimed.
    let nobody = of(&first.results, "lossy", Policy::Nothing, false);
    assert!(!nobody.success && nobody.ever_hurt && nobody.restored_s.is_none());
    assert!(nobody.faults[0].detect_s.is_none() && nobody.incidents == 0);
    // The swarm: found, named, cured, and the users are well for the rest of the watch.
    let swarm = of(&first.results, "lossy", Policy::Whole, false);
    assert!(swarm.success, "{swarm:?}");
    assert_eq!(swarm.faults[0].rank, Some(1));
    assert!(swarm.hurt_s < nobody.hurt_s && swarm.restored_s.is_some());
    // Nothing is done in the doubles, by either.
    assert!(of(&first.results, "crash", Policy::Whole, true).success);
    assert!(of(&first.results, "crash", Policy::Nothing, true).success);

    let summary = Summary::over(&first.results);
    let solved = |p: Policy| summary.policies[p.as_str()].mitigation.success.hits;
    assert_eq!((solved(Policy::Nothing), solved(Policy::Whole)), (0, 2));
    assert_eq!(
        summary.comparisons.len(),
        2,
        "nothing and threshold, beside the whole"
    );
}

#[test]
fn an_interrupted_run_goes_on_where_it_stopped_and_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), &[Policy::Whole], 1);
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let told = |progress: Progress<'_>| {
        if matches!(progress, Progress::Played(_)) {
            count.fetch_add(1, Ordering::Relaxed);
            stop.store(true, Ordering::Relaxed);
        }
    };
    let outcome = run(&config, &set(), &stop, &told).unwrap();
    assert!(outcome.stopped && outcome.results.len() == 1);
    assert!(
        !folder.path().join("results.jsonl").exists(),
        "half a run has no result"
    );
    // What the next trial had begun to write is in the way of nobody.
    std::fs::write(
        folder.path().join("journals/crash.zizhi.0.double.jsonl"),
        "half a li",
    )
    .unwrap();

    let resumed = AtomicUsize::new(0);
    let told = |progress: Progress<'_>| match progress {
        Progress::Begins { resumed: n, .. } => resumed.store(n, Ordering::Relaxed),
        Progress::Played(_) => {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Progress::Failed { trial, error } => panic!("{trial}: {error}"),
    };
    let outcome = run(&config, &set(), &AtomicBool::new(false), &told).unwrap();
    assert_eq!(
        (resumed.into_inner(), count.into_inner()),
        (1, 4),
        "none was played twice"
    );
    assert_eq!(outcome.results.len(), 4);

    let mut other = RunConfig {
        scenarios: scenarios(),
        ..config
    };
    other.scenarios[0].seed += 1;
    let refused = run(&other, &set(), &AtomicBool::new(false), &|_| {}).unwrap_err();
    assert!(matches!(refused, RunError::OtherRun { .. }), "{refused}");
    std::fs::write(folder.path().join("trials/lossy.zizhi.0.fault.json"), "{").unwrap();
    other.scenarios[0].seed -= 1;
    let damaged = run(&other, &set(), &AtomicBool::new(false), &|_| {}).unwrap_err();
    assert!(
        damaged.to_string().contains("lossy.zizhi.0.fault.json"),
        "{damaged}"
    );
}

#[test]
fn a_scenario_that_does_not_fit_its_network_fails_alone_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), &[Policy::Nothing], 1);
    config.scenarios[0].faults[0].object = "instance/nowhere".parse().unwrap();
    config.doubles = false;
    let outcome = run(&config, &set(), &AtomicBool::new(false), &|_| {}).unwrap();
    assert_eq!(outcome.results.len(), 1, "the other one is played");
    let (trial, reason) = &outcome.failed[0];
    assert!(
        trial.starts_with("crash.") && reason.contains("instance/nowhere"),
        "{reason}"
    );
}

#[test]
fn rounds_remember_what_earlier_rounds_taught_and_the_control_remembers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = LearnConfig {
        scenarios: scenarios(),
        rounds: 1,
        jobs: 2,
        folder: folder.path().to_owned(),
    };
    let rounds = learn(&config, &set(), &AtomicBool::new(false), &|_| {}).unwrap();
    let phases: Vec<Phase> = rounds.iter().map(|r| r.phase).collect();
    assert_eq!(phases, [Phase::Old, Phase::New, Phase::OldAgain]);
    let remembered: Vec<usize> = rounds.iter().map(|r| r.remembered).collect();
    assert!(
        remembered[0] == 0 && remembered[0] < remembered[1] && remembered[1] < remembered[2],
        "{remembered:?}"
    );
    let journals = folder
        .path()
        .join("round-3-zizhi-without-learning/journals");
    let text = String::from_utf8(files(&journals).into_values().next().unwrap()).unwrap();
    assert!(text.contains("\"without\":[\"learning\"]") && !text.contains("\"cases\":"));
    let round = &rounds[2];
    assert_eq!(round.with.success.of, 1);
}
