//! What the executor allows.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zizhi_playbooks::guards::Limits;
use zizhi_playbooks::policy::PolicyFile;

/// Limits of the executor. All are our choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutorConfig {
    /// The twin's mean relative error for a kind of action beyond which a person decides.
    pub twin_error_max: f64,
    /// Past predictions that this needs.
    pub twin_samples_min: u32,
    /// Oldest state that a rehearsal may rest on, in milliseconds.
    pub evidence_age_ms_max: u64,
    /// The guards' bounds, calendar and classes.
    pub policy: PolicyFile,
    /// The file that keeps the kill switch over restarts, and with which it is pressed from outside; none by default.
    pub kill_file: Option<PathBuf>,
}

impl ExecutorConfig {
    /// The bounds in force: those of the policy, and the executor's own bound on evidence.
    pub fn limits(&self) -> Limits {
        Limits {
            evidence_age_ms: self.evidence_age_ms_max,
            ..self.policy.limits
        }
    }

    /// For drills on a simulated network, see [`Limits::for_drills`].
    pub fn for_drills(&mut self) {
        self.policy.limits = self.policy.limits.for_drills();
    }
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self {
            twin_error_max: 0.8,
            twin_samples_min: 5,
            evidence_age_ms_max: 60_000,
            policy: PolicyFile::default(),
            kill_file: None,
        }
    }
}
