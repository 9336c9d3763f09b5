//! Indicators of journals short enough to measure with a ruler.

use super::super::case::cases;
use super::super::testing::{Story, journal};
use super::super::{Indicators, Instrument, indicators};
use std::collections::BTreeSet;
use zizhi_types::Body;
use zizhi_types::record::Ending;

fn measured(stories: &[(usize, Story)]) -> Indicators {
    let journal = journal("j", stories);
    let (cases, _) = cases(&journal, &BTreeSet::new());
    let cases: Vec<_> = cases.iter().collect();
    indicators(
        &cases,
        std::slice::from_ref(&journal),
        &Instrument::builtin().unwrap(),
    )
}

/// By hand: each incident takes 30 s to its opening, 20 s to its verdict and 10 s more to its symptom's end, then 600 s are
/// calm. Detect 30 s: L3. Repair 50 s: L3. Observed: 19 x 660 + 60 = 12600 s, to the last record; hurt 20 x 60 = 1200 s:
/// 90.5 %, L0. All automatic: L4. The only symptom breaks its objective, so a plain limit could have raised it: ratio 0, L2.
#[test]
fn the_figures_are_those_of_the_ruler() {
    let i = measured(&[(20, Story::auto())]);
    assert_eq!(
        (i.detect_s.mean.value, i.detect_s.level),
        (Some(30.0), Some(3))
    );
    assert_eq!(
        (i.repair_s.mean.value, i.repair_s.level, i.not_repaired),
        (Some(50.0), Some(3), 0)
    );
    let availability = 1.0 - 1200.0 / 12_600.0;
    assert!((i.availability.mean.value.unwrap() - availability).abs() < 1e-9);
    assert_eq!(i.availability.level, Some(0));
    assert_eq!(
        (i.automation.mean.value, i.automation.level),
        (Some(1.0), Some(4))
    );
    assert_eq!(
        (i.intelligence.mean.value, i.intelligence.level),
        (Some(0.0), Some(2))
    );
    assert_eq!(i.level, Some(0), "the lowest of the five");
    assert_eq!(i.targets[0].met, Some(true), "50 s are less than 15 min");
    let p = i.phases;
    let phases = [
        p.recognition,
        p.demarcation,
        p.root_cause,
        p.mechanism,
        p.determination,
        p.execution,
    ];
    assert_eq!(
        phases.map(|m| m.value),
        [30.0, 0.0, 0.0, 0.0, 0.0, 20.0].map(Some)
    );
}

/// What a person ended was ended fast, but not by the system: no level for repair, no automatic action.
#[test]
fn a_fast_crew_does_not_make_the_system_autonomous() {
    let i = measured(&[(20, Story::suggested())]);
    assert_eq!(
        (i.repair_s.mean.value, i.repair_s.level, i.not_repaired),
        (Some(40.0), Some(0), 20)
    );
    assert_eq!(i.targets[0].met, Some(false));
    assert_eq!(
        (i.automation.mean.value, i.automation.level),
        (Some(0.0), Some(0))
    );
    assert_eq!(
        (i.intelligence.mean.n, i.intelligence.level, i.level),
        (0, None, None)
    );
}

/// Nineteen incidents are measured and told, but imply nothing; what recovered alone needed no action.
#[test]
fn too_few_incidents_imply_no_level() {
    let alone = Story {
        ending: Ending::RecoveredAlone,
        ..Story::auto()
    };
    let i = measured(&[(19, Story::auto()), (5, alone)]);
    assert_eq!((i.detect_s.mean.n, i.detect_s.level), (24, Some(3)));
    assert_eq!((i.automation.mean.n, i.automation.level), (19, None));
}

/// A past case that put the plan first, or an anomaly that only a learned baseline could see, is a model's part.
#[test]
fn a_models_part_is_counted_where_records_show_it() {
    let mut told = journal("j", &[(20, Story::auto())]);
    let instrument = Instrument::builtin().unwrap();
    let ratio = |journal: &super::super::JournalRecords| {
        let (cases, _) = cases(journal, &BTreeSet::new());
        let cases: Vec<_> = cases.iter().collect();
        let i = indicators(&cases, std::slice::from_ref(journal), &instrument);
        (i.intelligence.mean.value, i.from_case, i.learned_baseline)
    };
    let mut by_case = told.clone();
    let planned = by_case
        .records
        .iter_mut()
        .filter_map(|r| match &mut r.body {
            Body::Planned { from_case, .. } => Some(from_case),
            _ => None,
        });
    planned
        .take(5)
        .for_each(|c| *c = Some("inc-transport-1".parse().unwrap()));
    assert_eq!(ratio(&by_case), (Some(0.25), 5, 0));
    let raised = told.records.iter_mut().filter_map(|r| match &mut r.body {
        Body::AnomalyRaised { anomaly } => Some(anomaly),
        _ => None,
    });
    raised.take(10).for_each(|a| a.violates = None);
    assert_eq!(ratio(&told), (Some(0.5), 0, 10));
}
