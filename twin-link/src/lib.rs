//! What would happen if?
//!
//! In: the intended network, measured values, and the actions of a plan. Out: a rehearsal, that is what every objective
//! would read with and without the plan. The planner and the learner call it; it calls nobody and cannot reach the
//! live network. It computes flows in equilibrium and is pure: no clock, no random number, no I/O.
//!
//! ```
//! use zizhi_twin_link::Twin;
//! use zizhi_types::{time::NetTime, topology::Network};
//!
//! let network = Network::empty("none");
//! let twin = Twin::new(&network);
//! let rehearsal = twin.rehearse(&[], &network.objectives(), NetTime::from_secs(0))?;
//! assert!(!rehearsal.makes_worse);
//! # Ok::<(), zizhi_twin_link::TwinError>(())
//! ```

mod anchor;
mod apply;
mod branch;
mod built;
mod cells;
mod error;
mod layout;
mod outage;
mod outlook;
mod predict;
mod queue;
mod rehearse;
mod replicas;
mod route;
mod serve;
mod state;
mod steer;

pub use branch::Branch;
pub use error::{ErrorLedger, Measured};
pub use outlook::{Outlook, outlook};
pub use predict::Prediction;
pub use rehearse::{UndoRehearsal, rehearse, rehearse_undo};
pub use state::TwinState;

use std::collections::BTreeMap;
use zizhi_types::action::{Action, Verb};
use zizhi_types::object::ManagedObject;
use zizhi_types::objective::Objective;
use zizhi_types::plan::Rehearsal;
use zizhi_types::time::NetTime;
use zizhi_types::topology::Network;

/// Why the twin cannot say what an action would do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TwinError {
    /// The twin has not learnt of the object.
    #[error("the twin knows no {object}, so {verb} cannot be rehearsed: wait for the inventory")]
    UnknownObject {
        /// Which action.
        verb: Verb,
        /// On what.
        object: ManagedObject,
    },
    /// A parameter is not there or not of its type.
    #[error("{verb} on {object} has no usable `{param}`: give the action this parameter")]
    BadParameter {
        /// Which action.
        verb: Verb,
        /// On what.
        object: ManagedObject,
        /// Which parameter.
        param: &'static str,
    },
    /// The site cannot take another instance, or serves no such service.
    #[error("{object} has no room for one more instance of `{service}`: pick another site")]
    NoRoom {
        /// The site.
        object: ManagedObject,
        /// The service.
        service: String,
    },
    /// Nothing takes this action back.
    #[error("{verb} on {object} cannot be taken back: rehearse it without its undo")]
    NoUndo {
        /// Which action.
        verb: Verb,
        /// On what.
        object: ManagedObject,
    },
}

/// The built-in flow-level twin: the mirrored state, and how wrong the twin was before.
#[derive(Debug, Clone)]
pub struct Twin {
    /// What is mirrored.
    pub state: TwinState,
    /// How wrong the twin was, by kind of action.
    pub errors: ErrorLedger,
}

impl Twin {
    /// A twin of a network as intended, that has seen no measurement.
    pub fn new(network: &Network) -> Self {
        Self {
            state: TwinState::new(network),
            errors: ErrorLedger::default(),
        }
    }

    /// Rehearses a plan's actions; the answer carries the twin's own error for them.
    pub fn rehearse(
        &self,
        actions: &[Action],
        objectives: &[Objective],
        now: NetTime,
    ) -> Result<Rehearsal, TwinError> {
        let mut rehearsal = rehearse(&self.state, actions, objectives, now)?;
        let worst = actions
            .iter()
            .filter_map(|a| self.errors.measured(a.verb))
            .max_by(|a, b| a.mean.total_cmp(&b.mean));
        if let Some(worst) = worst {
            rehearsal.error = worst.mean;
            rehearsal.error_samples = worst.samples;
        }
        Ok(rehearsal)
    }

    /// Every kind of action with a measured error.
    pub fn measured_errors(&self) -> BTreeMap<Verb, Measured> {
        Verb::ALL
            .iter()
            .filter_map(|v| self.errors.measured(*v).map(|m| (*v, m)))
            .collect()
    }
}
