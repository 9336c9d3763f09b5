//! The shape of a `tests:` block, as it is written.
//!
//! In: YAML. Out: these types. A field that is not listed here is refused. The page `docs/playbook-guide.md` shows them.

use crate::schema::Scalar;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use zizhi_types::action::Value;
use zizhi_types::plan::Mode;
use zizhi_types::record::Verdict;
use zizhi_types::topology::{
    Bilingual, Cell, Demand, Gateway, Group, Instance, Link, Network, Router, Service, Site,
};
use zizhi_types::{FaultKind, ManagedObject};

/// One test.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it shows, in words.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The situation.
    pub given: Given,
    /// What must come of it.
    pub expect: Expect,
}

/// A situation, and what the outside world answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Given {
    /// A network by name, or a small one written down. Without it: the sample network.
    #[schemars(with = "Option<serde_json::Value>")]
    pub network: Option<GivenNetwork>,
    /// The suspected object.
    #[schemars(with = "String")]
    pub suspect: ManagedObject,
    /// The suspected fault. Without it: the first of the playbook's.
    #[schemars(with = "Option<String>")]
    pub fault: Option<FaultKind>,
    /// Of the suspected cause, 0 to 1. Without it: 0.9.
    pub probability: Option<f64>,
    /// How long the symptoms have lasted, as a duration. Without it: long enough for any `hold`.
    #[schemars(with = "Option<String>")]
    pub lasted: Option<Spanned<String>>,
    /// What is measured: a metric of the suspect, or `object/metric`, with its value.
    #[serde(default)]
    pub state: BTreeMap<String, f64>,
    /// Values of parameters with several candidates: the variant that is meant. Without it: the first that fits.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub choose: BTreeMap<String, Value>,
    /// As if the playbook had been promoted or demoted to this mode.
    #[schemars(with = "Option<String>")]
    pub mode: Option<Mode>,
    /// The highest mode of the swarm. Without it: auto.
    #[schemars(with = "Option<String>")]
    pub ceiling: Option<Mode>,
    /// What the guards find.
    #[serde(default)]
    pub guards: Guarded,
    /// What a person says to a request for approval. Without it: granted.
    #[serde(default)]
    pub approval: Approved,
    /// What actions answer, by step (`drain`) or undo (`drain.undo`). Without it: ok.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, OneOrMore>")]
    pub answers: BTreeMap<String, Answers>,
    /// What verification sees after the last step. Without it: pass.
    #[schemars(with = "Option<VerdictOrValues>")]
    pub sees: Option<Sees>,
    /// What a person says when verification cannot tell. Without it, nobody answers.
    pub person: Option<Person>,
    /// The step during which a person ends the run, or `verify`.
    pub kill: Option<String>,
    /// What comes after a temporary remedy helped.
    pub then: Option<Then>,
}

/// A network by name or in place.
#[derive(Debug)]
pub enum GivenNetwork {
    /// Built in, or a file.
    Name(String),
    /// Written down in the test.
    Fragment(Box<Fragment>),
}

/// A small network: any of its lists may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fragment {
    routers: Vec<Router>,
    links: Vec<Link>,
    services: Vec<Service>,
    sites: Vec<Site>,
    instances: Vec<Instance>,
    gateways: Vec<Gateway>,
    cells: Vec<Cell>,
    groups: Vec<Group>,
    demands: Vec<Demand>,
}

impl Fragment {
    /// As a whole network, called `test`.
    pub fn network(&self) -> Network {
        let mut network = Network::empty("test");
        network.title = Bilingual::default();
        network.routers.clone_from(&self.routers);
        network.links.clone_from(&self.links);
        network.services.clone_from(&self.services);
        network.sites.clone_from(&self.sites);
        network.instances.clone_from(&self.instances);
        network.gateways.clone_from(&self.gateways);
        network.cells.clone_from(&self.cells);
        network.groups.clone_from(&self.groups);
        network.traffic.demands.clone_from(&self.demands);
        network
    }
}

/// What the guards find; nothing is going on where it is left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Guarded {
    /// Somebody pressed it.
    pub kill_switch: bool,
    /// Objects that only a person may change.
    #[schemars(with = "Vec<String>")]
    pub frozen: Vec<ManagedObject>,
    /// Objects that another run is at work on.
    #[schemars(with = "Vec<String>")]
    pub busy: Vec<ManagedObject>,
    /// Objects under planned work.
    #[schemars(with = "Vec<String>")]
    pub maintenance: Vec<ManagedObject>,
    /// Age of the newest evidence, as a duration. Without it: new.
    #[schemars(with = "Option<String>")]
    pub evidence_age: Option<Spanned<String>>,
    /// How long ago the playbook was last run for this suspect, as a duration. Without it: never.
    #[schemars(with = "Option<String>")]
    pub last_run: Option<Spanned<String>>,
}

/// What a person says to a request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Approved {
    /// Yes, to this very plan.
    #[default]
    Granted,
    /// No.
    Refused,
    /// Nothing, until the request has expired.
    Expired,
}

/// What actions of a step answer, one after the other; the last stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers(pub Vec<Answer>);

/// What an action answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Done, with a receipt that takes it back where the action has an undo.
    Ok,
    /// Done, but the receipt holds nothing that takes it back.
    NoUndo,
    /// Will not be done; nothing was changed.
    Refused,
    /// Tried and failed; nothing was changed.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// One answer, or several.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum OneOrMore {
    /// The same every time.
    One(Answer),
    /// One after the other.
    More(Vec<Answer>),
}

/// A verdict, or what is measured.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum VerdictOrValues {
    /// `pass`, `fail` or `inconclusive`.
    Verdict(String),
    /// By metric, or `object/metric`.
    Values(BTreeMap<String, f64>),
}

/// What verification sees.
#[derive(Debug)]
pub enum Sees {
    /// Its verdict.
    Verdict(Verdict),
    /// Measured values, by metric or `object/metric`: the playbook's own checks give the verdict.
    Values(BTreeMap<String, f64>),
}

/// What a person says when verification cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// It helped.
    Helped,
    /// It did not.
    DidNotHelp,
}

/// What comes after a temporary remedy helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// The suspect is healthy again, so the remedy is taken back.
    HealthyAgain,
    /// A person ends it.
    Kill,
}

/// What must come of it; only what is written is compared.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Expect {
    /// Whether a plan is made.
    pub fits: Option<bool>,
    /// Part of the reason why no plan is made, in either language.
    pub because: Option<String>,
    /// Whether a person is asked before the first step.
    pub approval: Option<Consent>,
    /// The guards that refuse, by name.
    pub refused_by: Option<Vec<String>>,
    /// Parameters as filled in.
    #[schemars(with = "Option<BTreeMap<String, Scalar>>")]
    pub params: Option<BTreeMap<String, Value>>,
    /// The plan's actions as text: `link.set-cost link/A-C cost=65000`.
    pub actions: Option<Vec<String>>,
    /// Steps as they were run, in order; taking back is `drain.undo`.
    pub ran: Option<Vec<String>>,
    /// How the run ended.
    pub outcome: Option<Outcome>,
    /// Objects that only a person may change afterwards.
    #[schemars(with = "Option<Vec<String>>")]
    pub frozen: Option<Vec<ManagedObject>>,
}

/// Whether a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// Asked.
    Required,
    /// Not asked.
    NotRequired,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It helped; a temporary remedy may still stand.
    Helped,
    /// It did not help and was taken back.
    Undone,
    /// It could not be taken back: an object is frozen.
    Stuck,
    /// Nothing was done.
    NotRun,
    /// A person must say whether it helped.
    Unclear,
}

/// Reads a word, a block or a list.
struct Shapes<T, W, M, S>(PhantomData<(T, W, M, S)>, &'static str);

/// A shape that is not allowed here.
#[derive(Deserialize)]
enum Never {}

impl<'de, T, W, M, S> Visitor<'de> for Shapes<T, W, M, S>
where
    T: From<W> + From<M> + From<S>,
    W: DeserializeOwned,
    M: DeserializeOwned,
    S: DeserializeOwned,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        W::deserialize(StrDeserializer::new(text)).map(T::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(T::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        S::deserialize(SeqAccessDeserializer::new(items)).map(T::from)
    }
}

macro_rules! shapes {
    ($($name:ty: $what:literal, $word:ty, $block:ty, $list:ty;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Shapes::<Self, $word, $block, $list>(PhantomData, $what))
            }
        }
    )*};
}

shapes! {
    GivenNetwork: "the name of a network, or a block with routers and links", String, Fragment, Never;
    Answers: "ok, no-undo, refused, failed or unknown, or a list of them", Answer, Never, Vec<Answer>;
    Sees: "pass, fail or inconclusive, or a block of `metric: value` lines", Verdict, BTreeMap<String, f64>, Never;
}

macro_rules! from {
    ($($name:ty: $from:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$from> for $name {
            fn from($value: $from) -> Self { $make }
        }
    )*};
}

from! {
    GivenNetwork: String => |name| Self::Name(name);
    GivenNetwork: Fragment => |fragment| Self::Fragment(Box::new(fragment));
    GivenNetwork: Never => |never| match never {};
    Answers: Answer => |answer| Self(vec![answer]);
    Answers: Vec<Answer> => |answers| Self(answers);
    Answers: Never => |never| match never {};
    Sees: Verdict => |verdict| Self::Verdict(verdict);
    Sees: BTreeMap<String, f64> => |values| Self::Values(values);
    Sees: Never => |never| match never {};
}

/// The block as a JSON Schema, for editors: the fields that there are, and the words that are closed.
pub(crate) fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let words = |words: &[&str]| serde_json::json!({"type": "string", "enum": words});
    let texts = serde_json::json!({"type": "array", "items": {"type": "string"}});
    let values = serde_json::json!({"type": "object", "additionalProperties": {"type": "number"}});
    let mode = words(&["observe", "suggest", "approve", "auto"]);
    let answer = words(&["ok", "no-undo", "refused", "failed", "unknown"]);
    let verdict = words(&["pass", "fail", "inconclusive"]);
    let block = |required: &[&str], fields: serde_json::Value| {
        serde_json::json!({
            "type": "object", "additionalProperties": false, "required": required, "properties": fields,
        })
    };
    let given = block(
        &["suspect"],
        serde_json::json!({
            "network": {"type": ["string", "object"]}, "suspect": {"type": "string"}, "fault": {"type": "string"},
            "probability": {"type": "number", "minimum": 0, "maximum": 1}, "lasted": {"type": "string"}, "state": values,
            "choose": {"type": "object"}, "mode": mode, "ceiling": mode,
            "guards": block(&[], serde_json::json!({
                "killSwitch": {"type": "boolean"}, "frozen": texts, "busy": texts, "maintenance": texts,
                "evidenceAge": {"type": "string"}, "lastRun": {"type": "string"},
            })),
            "approval": words(&["granted", "refused", "expired"]),
            "answers": {"type": "object", "additionalProperties": {"anyOf": [answer, {"type": "array", "items": answer}]}},
            "sees": {"anyOf": [verdict, values]}, "person": words(&["helped", "did-not-help"]),
            "kill": {"type": "string"}, "then": words(&["healthy-again", "kill"]),
        }),
    );
    let expect = block(
        &[],
        serde_json::json!({
            "fits": {"type": "boolean"}, "because": {"type": "string"},
            "approval": words(&["required", "not-required"]), "refusedBy": texts, "params": {"type": "object"},
            "actions": texts, "ran": texts,
            "outcome": words(&["helped", "undone", "stuck", "not-run", "unclear"]), "frozen": texts,
        }),
    );
    let test = block(
        &["name", "given", "expect"],
        serde_json::json!({
            "name": {"type": "string"}, "given": given, "expect": expect,
        }),
    );
    let mut schema = schemars::Schema::default();
    schema.insert("type".to_owned(), "array".into());
    schema.insert("items".to_owned(), test);
    schema
}
