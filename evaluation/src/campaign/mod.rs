//! A campaign: faults and doubles, one after the other, against a running swarm, and the score.
//!
//! In: a sandbox, a swarm's journal, how many faults. Out: what happened, as it happens, and one [`SlotResult`] each.
//! The conductor knows the ground truth and never tells the swarm: it only injects, watches the journal, and judges.

mod conduct;
mod judge;
mod schedule;

pub use conduct::{Approver, Campaign, CampaignConfig, CampaignError, Happening};
pub use judge::{SlotResult, Summary};
pub use schedule::{Schedule, Slot};
