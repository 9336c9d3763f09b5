//! Which words may stand in an answer?
//!
//! The words of `types` as closed lists of the description, made from the types' own lists.

use serde::Serialize;
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use zizhi_types::plan::Mode;
use zizhi_types::record::{Ending, Ruling, Verdict};
use zizhi_types::{Domain, FaultKind, Severity, Stage};

fn listed<T: Serialize>(all: &[T], what: &str) -> RefOr<Schema> {
    let words = all.iter().map(|w| serde_json::json!(w));
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .description(Some(what))
        .into()
}

macro_rules! words {
    ($($name:ident, $title:literal, $all:expr, $what:literal;)*) => {$(
        #[doc = $what]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                listed($all, $what)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($title)
            }
        }
    )*};
}

words! {
    DomainWord, "Domain", &Domain::ALL, "A management domain (ETSI ZSM 002); one agent looks after each";
    SeverityWord, "Severity", &Severity::ALL, "Perceived severity (ITU-T X.733)";
    FaultWord, "Fault", FaultKind::ALL, "What is thought to be wrong";
    StageWord, "Stage", &STAGES, "A stage of the closed loop";
    EndingWord, "Ending", &ENDINGS, "How an incident ended";
    VerdictWord, "Verdict", &[Verdict::Pass, Verdict::Fail, Verdict::Inconclusive], "The verdict on a run";
    RulingWord, "Ruling", &[Ruling::Proceed, Ruling::Ask, Ruling::ShowOnly, Ruling::Deny], "What was decided about a plan";
    ModeWord, "Mode", &[Mode::Observe, Mode::Suggest, Mode::Approve, Mode::Auto], "How much may be done without a person";
}

const STAGES: [Stage; 12] = [
    Stage::Swarm,
    Stage::Sense,
    Stage::Detect,
    Stage::Correlate,
    Stage::Diagnose,
    Stage::Plan,
    Stage::Negotiate,
    Stage::Rehearse,
    Stage::Decide,
    Stage::Act,
    Stage::Verify,
    Stage::Learn,
];

const ENDINGS: [Ending; 5] = [
    Ending::Fixed,
    Ending::RecoveredAlone,
    Ending::Merged,
    Ending::Escalated,
    Ending::StillOpen,
];
