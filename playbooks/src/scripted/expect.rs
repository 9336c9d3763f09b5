//! Did it come out as expected?
//!
//! In: what a test expects and what happened. Out: every difference. Only what the test wrote is compared.

use super::schema::{Consent, Expect, Outcome};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use zizhi_types::ManagedObject;
use zizhi_types::action::Value;
use zizhi_types::topology::Bilingual;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Got {
    /// A plan was made.
    pub fits: bool,
    /// Why no plan was made; empty when one was.
    pub because: Vec<Bilingual>,
    /// Whether a person was asked.
    pub approval: Consent,
    /// The guards that refused.
    pub refused_by: Vec<String>,
    /// Parameters as filled in.
    pub params: BTreeMap<String, Value>,
    /// The plan's actions.
    pub actions: Vec<String>,
    /// Steps as they were run.
    pub ran: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Frozen objects.
    pub frozen: Vec<ManagedObject>,
}

impl Got {
    /// Nothing was done, for these reasons.
    pub(super) fn nothing(because: Vec<Bilingual>) -> Self {
        Self {
            fits: because.is_empty(),
            because,
            approval: Consent::NotRequired,
            refused_by: vec![],
            params: BTreeMap::new(),
            actions: vec![],
            ran: vec![],
            outcome: Outcome::NotRun,
            frozen: vec![],
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// The field of `expect`; `test` when the test cannot be run at all.
    pub field: &'static str,
    /// What was written.
    pub expected: Json,
    /// What happened instead.
    pub got: Json,
}

impl Mismatch {
    /// The test cannot be run.
    pub(super) fn unusable(why: String) -> Self {
        Self {
            field: "test",
            expected: json!("a test that can be run"),
            got: json!(why),
        }
    }
}

pub(super) fn compare(expect: &Expect, got: &Got) -> Vec<Mismatch> {
    let mut found = vec![];
    let mut all = 0;
    let mut field = |field: &'static str, expected: Option<Json>, got: Json| {
        all += usize::from(expected.is_some());
        if let Some(expected) = expected.filter(|e| *e != got) {
            found.push(Mismatch {
                field,
                expected,
                got,
            });
        }
    };
    field("fits", expect.fits.map(Json::from), json!(got.fits));
    let said = expect.because.as_ref().map(|part| {
        let has = |b: &Bilingual| b.en.contains(part.as_str()) || b.zh.contains(part.as_str());
        match got.because.iter().find(|b| has(b)) {
            Some(_) => json!(got.because),
            None => json!(part),
        }
    });
    field("because", said, json!(got.because));
    field(
        "approval",
        expect.approval.map(|a| json!(a)),
        json!(got.approval),
    );
    field(
        "refusedBy",
        json_of(expect.refused_by.as_ref()),
        json!(got.refused_by),
    );
    field("params", json_of(expect.params.as_ref()), json!(got.params));
    field(
        "actions",
        json_of(expect.actions.as_ref()),
        json!(got.actions),
    );
    field("ran", json_of(expect.ran.as_ref()), json!(got.ran));
    field(
        "outcome",
        expect.outcome.map(|o| json!(o)),
        json!(got.outcome),
    );
    field("frozen", json_of(expect.frozen.as_ref()), json!(got.frozen));
    if all == 0 {
        found.push(Mismatch::unusable(
            "it expects nothing: write fits, ran, outcome or another field of expect".to_owned(),
        ));
    }
    found
}

fn json_of<T: Serialize>(value: Option<&T>) -> Option<Json> {
    value.map(|v| json!(v))
}
