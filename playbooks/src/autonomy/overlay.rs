//! Which modes were earned, and by whose word?
//!
//! In: the text of `autonomy.yaml` in the data folder, and the records of `autonomy.jsonl` beside it. Out: modes that a person
//! set, by playbook id and class. Both are written by `zizhi playbook promote --apply`, the record first: what the file
//! misses of a write that was cut off, the record tells.

use super::Track;
use crate::catalog::Catalog;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zizhi_types::plan::Mode;
use zizhi_types::{Body, NetTime, Record, RecordId, Who};

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overlay {
    /// By playbook id.
    pub modes: BTreeMap<String, Change>,
    /// For single classes of objects: by playbook id, then by class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, BTreeMap<String, Change>>,
}

/// One change that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The mode in force.
    pub mode: Mode,
    /// The mode that it was changed from. Whoever runs the playbook takes the change over only from there: a word that was
    /// given before the last demotion is stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Mode>,
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
    "the modes that were earned cannot be read: {0} (fix: repair autonomy.yaml, or take it away: autonomy.jsonl beside it tells the modes again)"
)]
pub struct OverlayError(String);

impl Overlay {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, OverlayError> {
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|e| OverlayError(e.to_string()))
    }

    /// Learns what a record of `autonomy.jsonl` tells and the file does not know yet.
    pub fn learn(&mut self, record: &Record) {
        let Body::ModeChanged {
            playbook,
            class,
            from,
            to,
            ..
        } = &record.body
        else {
            return;
        };
        let Who::Human { name } = &record.who else {
            return;
        };
        let track = Track {
            playbook: playbook.clone(),
            class: class.clone(),
        };
        let known = self.change(&track).map_or(0, |c| c.record.number);
        if record.id.number > known {
            let change = Change {
                mode: *to,
                from: Some(*from),
                by: name.clone(),
                at: record.at,
                record: record.id.clone(),
            };
            self.set(track, change);
        }
    }

    /// What a person set last.
    pub fn change(&self, track: &Track) -> Option<&Change> {
        match &track.class {
            Some(class) => self.classes.get(&track.playbook)?.get(class),
            None => self.modes.get(&track.playbook),
        }
    }

    /// Sets a mode.
    pub fn set(&mut self, track: Track, change: Change) {
        match track.class {
            Some(class) => {
                let of = self.classes.entry(track.playbook).or_default();
                of.insert(class, change);
            }
            None => drop(self.modes.insert(track.playbook, change)),
        }
    }

    /// Everything that people set.
    pub fn changes(&self) -> impl Iterator<Item = (Track, &Change)> {
        let whole = self.modes.iter().map(|(playbook, change)| {
            let playbook = playbook.clone();
            (
                Track {
                    playbook,
                    class: None,
                },
                change,
            )
        });
        let classes = self.classes.iter().flat_map(|(playbook, of)| {
            of.iter().map(|(class, change)| {
                let track = Track {
                    playbook: playbook.clone(),
                    class: Some(class.clone()),
                };
                (track, change)
            })
        });
        whole.chain(classes)
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
