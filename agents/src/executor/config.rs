//! What the executor allows.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zizhi_playbooks::autonomy::Overlay;
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
    /// Playbooks are lowered when their outcomes do not carry their mode any more. On by default; off in drills.
    pub earned_autonomy: bool,
    /// Modes that people set with `zizhi playbook promote`; they come from the data folder, not from the settings.
    #[serde(skip)]
    pub accepted: Overlay,
}

impl ExecutorConfig {
    /// The bounds in force: those of the policy, and the executor's own bound on evidence.
    pub fn limits(&self) -> Limits {
        Limits {
            evidence_age_ms: self.evidence_age_ms_max,
            ..self.policy.limits
        }
    }

    /// For drills on a simulated network, see [`Limits::for_drills`]. Modes stay as they are: a drill's faults are made up, and
    /// nobody is there to accept a promotion.
    pub fn for_drills(&mut self) {
        self.policy.limits = self.policy.limits.for_drills();
        self.earned_autonomy = false;
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
            earned_autonomy: true,
            accepted: Overlay::default(),
        }
    }
}
