//! In which situation does the twin show what a playbook is worth, and what does its author promise there?
//!
//! In: a playbook file with its `rehearsal:` block. Out: a [`Rehearsal`]. The twin lives elsewhere: `zizhi playbook rehearse`
//! brings the two together. A promise that the twin cannot keep is said with its reason, never left out.

use crate::compile::Compiler;
use crate::parse::parse;
use crate::playbook::Playbook;
use crate::problem::{Code, Place, Problem};
use crate::schema::{File, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use zizhi_types::topology::Bilingual;
use zizhi_types::{FaultKind, ManagedObject};

/// A `rehearsal:` block as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Rehearsal")]
pub struct Written {
    /// `sample`, a built-in network, or a network file.
    pub network: String,
    /// The suspected object, for example `link/C1-C2`.
    #[schemars(with = "String")]
    pub suspect: Spanned<ManagedObject>,
    /// The suspected fault. Without it: the first of the playbook's.
    #[schemars(with = "Option<String>")]
    pub fault: Option<Spanned<FaultKind>>,
    /// What is measured: a metric of the suspect, or `object/metric`, with its value. Without it: the usual signs.
    #[serde(default)]
    pub state: BTreeMap<String, f64>,
    /// `helps`: some objective gets better and none worse. `no-effect`: the twin cannot show a benefit; none gets worse.
    pub expect: Promise,
    /// Why the twin cannot show a benefit. Required with `no-effect`.
    pub why: Option<Text>,
}

/// What the author promises; that nothing gets worse is part of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Some objective gets better.
    Helps,
    /// The twin cannot show a benefit.
    NoEffect,
}

/// A situation to rehearse in.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// `sample`, a built-in network, or a network file.
    pub network: String,
    /// The suspected object.
    pub suspect: ManagedObject,
    /// The suspected fault.
    pub fault: FaultKind,
    /// What is measured; empty: the usual signs of the fault.
    pub state: BTreeMap<String, f64>,
    /// What must come of it.
    pub expect: Promise,
    /// Why the twin cannot show a benefit.
    pub why: Option<Bilingual>,
}

/// The rehearsal that a playbook's file names; nothing where it names none. A file that cannot be read is the problem.
pub fn read(file: &str, text: &str, playbook: &Playbook) -> Result<Option<Rehearsal>, Problem> {
    let read = parse(file, text)?;
    let Some(written) = read.rehearsal else {
        return Ok(None);
    };
    let said = written.fault.map(|f| f.value);
    Ok(said
        .or_else(|| playbook.faults.first().copied())
        .map(|fault| Rehearsal {
            network: written.network,
            suspect: written.suspect.value,
            fault,
            state: written.state,
            expect: written.expect,
            why: written.why.map(|why| Bilingual {
                en: why.en.value,
                zh: why.zh.value,
            }),
        }))
}

/// What is wrong with the block, as far as that can be told without its network.
pub(crate) fn check(to: &mut Compiler<'_>, read: &File, playbook: &Playbook) {
    let Some(written) = &read.rehearsal else {
        return;
    };
    let place = Place::from(written.suspect.referenced);
    if let Some(fault) = &written.fault
        && !playbook.faults.contains(&fault.value)
    {
        let message = format!("the playbook is no remedy for {}", fault.value);
        let fix = "rehearse one of the faults under trigger";
        to.report(fault.referenced.into(), Code::Contradiction, message, fix);
    }
    let fault = written.fault.as_ref().map(|f| f.value);
    let fault = fault.or_else(|| playbook.faults.first().copied());
    let kind = written.suspect.value.kind();
    if let Some(fault) = fault.filter(|f| f.object_kind() != kind) {
        let wanted = fault.object_kind().as_str();
        let message = format!(
            "{fault} is a fault of a {wanted}, and {} is none",
            written.suspect.value
        );
        let fix = format!("name a {wanted}");
        to.report(place, Code::WrongObject, message, fix);
    }
    if written.expect == Promise::NoEffect && written.why.is_none() {
        let message = "the twin shows no effect, and the file does not say why";
        let fix = "write why: {en: ..., zh: ...}";
        to.report(place, Code::MissingField, message, fix);
    }
}
