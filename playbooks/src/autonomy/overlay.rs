//! Which modes were earned, and by whose word?
//!
//! In: the text of `autonomy.yaml` in the data folder. Out: modes in force, by playbook id. It is written by
//! `zizhi playbook promote --apply` and honoured by whoever loads the catalogue beside it.

use crate::catalog::Catalog;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::plan::Mode;
use zizhi_types::{NetTime, RecordId};

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overlay {
    /// By playbook id.
    pub modes: BTreeMap<String, Change>,
}

/// One change that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The mode in force.
    pub mode: Mode,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: NetTime,
    /// The record of it.
    pub record: RecordId,
}

/// The file means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the modes that were earned cannot be read: {0} (fix: repair autonomy.yaml, or take it away to begin with the playbooks' own modes)"
)]
pub struct OverlayError(String);

impl Overlay {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|e| OverlayError(e.to_string()))
    }

    /// The mode that is in force for a playbook: what the operator's policy says, else what was earned, else its own mode if
    /// it is a shipped one, unchanged; a playbook that nobody has seen at work starts in observe.
    pub fn mode_of(&self, playbook: &crate::Playbook, policy: &Policy, shipped: &Catalog) -> Mode {
        let known = shipped.get(&playbook.id);
        let unchanged = known.is_some_and(|s| s.source == playbook.source);
        let own = if unchanged {
            playbook.mode
        } else {
            Mode::Observe
        };
        let said = policy.playbooks.get(&playbook.id).copied();
        let earned = self.modes.get(&playbook.id).map(|c| c.mode);
        said.or(earned).unwrap_or(own)
    }
}
