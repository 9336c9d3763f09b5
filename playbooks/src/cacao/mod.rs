//! How does a playbook travel as OASIS CACAO Security Playbooks 2.0?
//!
//! In: a playbook file, or a CACAO file. Out: the other. What CACAO has words for (name, variables, the workflow with its
//! failure paths, agents, targets) is written in them; the rest of our language travels in an extension definition, so
//! that export and import give the same playbook. A file of another maker becomes a draft in observe mode: what no
//! registered action can do is refused, with the reason. Text of a foreign file is only ever a value: it never becomes
//! an expression or a command.

mod foreign;
mod own;
mod uuid;
mod workflow;

use crate::catalog::lint;
use crate::problem::Problem;
use crate::tree;
use serde_json::{Map, Value as Json, json};
use uuid::id;
use zizhi_types::topology::Bilingual;

/// The version of the specification.
const SPEC_VERSION: &str = "cacao-2.0";

/// The time that stands in `created` and `modified`: nothing here reads a clock, and a playbook's own version is what
/// tells two of them apart.
const TIME: &str = "1970-01-01T00:00:00.000Z";

/// A playbook read from CACAO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The YAML text.
    pub text: String,
    /// What could not be taken over, and why; empty for a file that was exported here.
    pub notes: Vec<Bilingual>,
}

/// Why a CACAO file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacaoError {
    /// It is no JSON.
    #[error("{file}: {reason}: give a JSON file")]
    Json {
        /// Which file.
        file: String,
        /// What the reader says.
        reason: String,
    },
    /// It is JSON, but no CACAO 2.0 playbook.
    #[error("{file}: {what}: give a playbook with type `playbook` and spec_version `cacao-2.0`")]
    NoPlaybook {
        /// Which file.
        file: String,
        /// What is missing or wrong.
        what: String,
    },
}

/// The extension definition that our own fields travel under.
fn extension() -> String {
    id("extension-definition", "zizhi/v1")
}

/// A checked playbook as CACAO. A file that the checker refuses is not exported: its problems come back.
pub fn export(file: &str, text: &str) -> Result<Json, Vec<Problem>> {
    let (playbook, problems) = lint(file, text);
    if playbook.is_none() || problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    let tree = tree::read(file, text).map_err(|p| vec![p])?;
    Ok(own::export(&tree))
}

/// A playbook file from CACAO JSON.
pub fn import(file: &str, text: &str) -> Result<Draft, CacaoError> {
    let json: Json = serde_json::from_str(text).map_err(|e| CacaoError::Json {
        file: file.to_owned(),
        reason: e.to_string(),
    })?;
    let wrong = |what: String| CacaoError::NoPlaybook {
        file: file.to_owned(),
        what,
    };
    for (field, wanted) in [("type", "playbook"), ("spec_version", SPEC_VERSION)] {
        let found = json.get(field).and_then(Json::as_str);
        if found != Some(wanted) {
            return Err(wrong(format!(
                "`{field}` is {}",
                found.unwrap_or("missing")
            )));
        }
    }
    let steps = workflow::in_order(&json).map_err(wrong)?;
    match json.pointer(&format!("/playbook_extensions/{}", extension())) {
        Some(ours) => Ok(own::import(&json, ours, &steps)),
        None => Ok(foreign::import(&json, &steps)),
    }
}

/// A text of a block; nothing when there is none.
fn text<'j>(json: &'j Json, pointer: &str) -> Option<&'j str> {
    json.pointer(pointer).and_then(Json::as_str)
}

fn object(fields: impl IntoIterator<Item = (String, Json)>) -> Json {
    Json::Object(fields.into_iter().collect::<Map<_, _>>())
}

fn definition() -> Json {
    json!({
        "type": "extension-definition",
        "name": "Zizhi playbook",
        "description": "Fields of a zizhi/v1 playbook that CACAO has no words for.",
        "created_by": id("identity", "zizhi"),
        "schema": "docs/playbooks.md",
        "version": "1.0.0",
    })
}

#[cfg(test)]
mod tests;
