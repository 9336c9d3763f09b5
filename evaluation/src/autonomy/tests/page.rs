//! The page: every figure opens its evidence, down to the lines of the journal.

use super::super::case::cases;
use super::super::flow::Flow;
use super::super::testing::{Story, journal, scored};
use super::super::{Instrument, indicators, observe, report};
use std::collections::BTreeSet;
use zizhi_types::text::Language;

#[test]
fn every_point_of_the_page_opens_its_evidence_in_the_page_itself() {
    let instrument = Instrument::builtin().unwrap();
    let told = journal(
        "night.jsonl",
        &[(19, Story::auto()), (2, Story::suggested())],
    );
    let journals = [told];
    let (cases, _) = cases(&journals[0], &BTreeSet::new());
    let rows = observe(Flow::FaultManagement, &cases, &instrument);
    let score = scored(Flow::FaultManagement, &rows);
    let all: Vec<_> = cases.iter().collect();
    let measured = indicators(&all, &journals, &instrument);
    let page = report::page(
        &[(&score, Some(&measured))],
        &rows,
        &journals,
        &instrument,
        Language::En,
    );
    assert_eq!(page.broken_links(), Vec::<String>::new());
    let html = page.render();
    // The line of the record that decides the last incident's J, as the journal has it.
    let shown_only = journals[0].records.iter().rfind(|r| {
        matches!(
            r.body,
            zizhi_types::Body::Decided {
                ruling: zizhi_types::record::Ruling::ShowOnly,
                ..
            }
        )
    });
    let line = serde_json::to_string(shown_only.unwrap()).unwrap();
    assert!(html.contains(&line.replace('"', "&quot;")), "{line}");
    for row in &rows {
        for id in &row.evidence {
            assert!(html.contains(id.as_str()), "{id}");
        }
    }
    assert!(html.contains(&instrument.sha256) && html.contains("故障管理"));
}
