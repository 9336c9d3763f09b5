//! What one trial came to, as it is written to the results file. Times are seconds of network time.
//!
//! Nothing here depends on the machine, so two runs of one seed are equal byte for byte.

use crate::scenario::Shape;
use serde::{Deserialize, Serialize};
use zizhi_types::{Domain, FaultKind, IncidentId, ManagedObject};

/// One scenario, played once with one policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialResult {
    /// Which scenario.
    pub scenario: String,
    /// What makes it hard.
    pub shape: Shape,
    /// On which network.
    pub network: String,
    /// Who was at work.
    pub policy: String,
    /// Counts from 0; each has its own noise.
    pub repeat: u32,
    /// Of the noise.
    pub seed: u64,
    /// The no-fault double: nothing was wrong.
    pub double: bool,
    /// One for each fault; empty in a double.
    pub faults: Vec<FaultResult>,
    /// Incidents opened.
    pub incidents: usize,
    /// Of them about none of the faults.
    pub false_alarms: usize,
    /// Seconds watched, the warm-up included.
    pub watched_s: f64,
    /// Seconds in which, in truth, some user was hurt, from second 0 on.
    pub hurt_s: f64,
    /// Seconds from the first fault until nobody was hurt for the rest of the watch; none when somebody still was.
    pub restored_s: Option<f64>,
    /// Whether anybody was ever hurt.
    pub ever_hurt: bool,
    /// Seconds from the first fault to the end of the watch.
    pub horizon_s: f64,
    /// Everything is mitigated, nobody is hurt at the end, and no harmful action was left in place. In a double: nothing was done.
    pub success: bool,
    /// Success, and found and restored within the scenario's objectives and budget.
    pub in_time: bool,
    /// What was done.
    pub actions: ActionCounts,
    /// How domains agreed.
    pub negotiation: NegotiationCounts,
    /// What it cost.
    pub cost: Cost,
    /// The journal, beside the results.
    pub journal: String,
}

/// One fault of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultResult {
    /// What kind it was.
    pub kind: FaultKind,
    /// Where.
    pub object: ManagedObject,
    /// Whose it was.
    pub domain: Domain,
    /// The incident that is about it.
    pub incident: Option<IncidentId>,
    /// Seconds until that was opened.
    pub detect_s: Option<f64>,
    /// What was ranked first when the incident was acted on, or at last.
    pub named: Option<(ManagedObject, FaultKind)>,
    /// The place of the truth (object and kind) in that ranking, from 1.
    pub rank: Option<usize>,
    /// The place of the right object, whatever the kind.
    pub object_rank: Option<usize>,
    /// Hops between what was ranked first and the truth.
    pub distance: Option<u32>,
    /// Seconds until the truth was ranked first for the first time.
    pub explain_s: Option<f64>,
    /// A remedy was planned.
    pub planned: bool,
    /// The first remedy that was chosen is a cure; none when none was chosen.
    pub plan_fits: Option<bool>,
    /// Seconds until the first change of the network for it.
    pub act_s: Option<f64>,
    /// In truth its cause is gone, or a cure stands and nobody is hurt.
    pub mitigated: bool,
    /// The policy says that it was fixed.
    pub claimed: bool,
    /// Seconds from the opening of its incident to the first plan that was let through.
    pub decide_s: Option<f64>,
}

/// Counts of plans, by what became of them. A plan is what one run carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionCounts {
    /// Changes of the network, those that take others back not counted.
    pub steps: usize,
    /// Plans carried out.
    pub plans: usize,
    /// Of them taken back because they did not help.
    pub rolled_back: usize,
    /// Of them left in place and, in truth, hurting users who would not be hurt without.
    pub harmful: usize,
    /// Of them hurting in the same way, and taken back.
    pub harmful_undone: usize,
}

/// How domains agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NegotiationCounts {
    /// Calls for remedies.
    pub calls: usize,
    /// Remedies offered.
    pub bids: usize,
    /// Plans that a domain refused.
    pub refused: usize,
    /// Plans given up before anything was changed.
    pub aborted: usize,
    /// Plans awarded.
    pub awarded: usize,
    /// Seconds from the first call to the first award.
    pub agree_s: Option<f64>,
}

/// What it cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Compute tokens of the plans carried out, by their playbooks.
    pub tokens: f64,
    /// Messages on the bus that are not telemetry.
    pub messages: u64,
    /// Records written.
    pub records: usize,
}
