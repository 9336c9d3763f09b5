//! A scenario: a network, what goes wrong in it, and what a good outcome is. One folder each, one file in it.
//!
//! In: `<name>/scenario.yaml`. Out: a checked [`Scenario`]. It holds the ground truth: `zizhi-agents` does not depend on
//! this package, so no agent can name these types, and nothing of them travels over the bus.

pub mod claims;
mod draw;
mod generate;
mod read;
mod rehearse;
mod suites;
mod words;
mod write;

pub use generate::{GenerateConfig, GenerateError, generate};
pub use read::{FILE, ScenarioError, load, load_suite, parse};
pub use rehearse::START;
pub use suites::{SMOKE, SUITES, suite};
pub use write::to_yaml;

pub use crate::sandbox::{DecoySpec, FaultSpec, Lie, LieSpec};

use crate::sandbox::SCENE_LIMIT_S;
use serde::{Deserialize, Serialize};
use zizhi_types::topology::Bilingual;

/// The only version of the format.
pub const SCHEMA: &str = "zizhi.scenario/v1";

/// What makes a scenario hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One fault, at once.
    Single,
    /// Several faults that have nothing to do with each other, at the same time.
    Concurrent,
    /// Faults in two domains that hurt the same users: no domain's remedy alone brings them back.
    CrossDomain,
    /// A fault that grows over minutes.
    Slow,
    /// A fault that comes and goes.
    Flapping,
    /// A quiet fault beside something much louder that needs no action.
    LoudNoise,
    /// A fault whose own object reports nothing wrong.
    Silent,
    /// Gateways steer requests to where they should not go.
    WrongSteering,
    /// A meter that lies.
    LyingTelemetry,
    /// A fault while announced work goes on elsewhere.
    PlannedWork,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 10] = [
        Self::Single,
        Self::Concurrent,
        Self::CrossDomain,
        Self::Slow,
        Self::Flapping,
        Self::LoudNoise,
        Self::Silent,
        Self::WrongSteering,
        Self::LyingTelemetry,
        Self::PlannedWork,
    ];

    /// What people call it.
    pub fn title(self) -> Bilingual {
        let (en, zh) = match self {
            Self::Single => ("one fault", "单一故障"),
            Self::Concurrent => ("several faults at once", "多故障并发"),
            Self::CrossDomain => ("across domains", "跨域故障"),
            Self::Slow => ("grows slowly", "缓慢劣化"),
            Self::Flapping => ("comes and goes", "时断时续"),
            Self::LoudNoise => ("hidden by something louder", "噪声掩盖"),
            Self::Silent => ("silent at its origin", "静默故障"),
            Self::WrongSteering => ("wrong steering", "错误调度"),
            Self::LyingTelemetry => ("a meter lies", "遥测失真"),
            Self::PlannedWork => ("beside planned work", "计划检修并行"),
        };
        crate::report::both(en, zh)
    }

    /// The name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Concurrent => "concurrent",
            Self::CrossDomain => "cross-domain",
            Self::Slow => "slow",
            Self::Flapping => "flapping",
            Self::LoudNoise => "loud-noise",
            Self::Silent => "silent",
            Self::WrongSteering => "wrong-steering",
            Self::LyingTelemetry => "lying-telemetry",
            Self::PlannedWork => "planned-work",
        }
    }
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// [`SCHEMA`].
    pub schema: String,
    /// Unique in a suite; the folder's name.
    pub name: String,
    /// In one line.
    pub title: Bilingual,
    /// What happens and what makes it hard.
    pub description: Bilingual,
    /// A built-in network's name, or a file beside the scenario.
    pub network: String,
    /// Of all noise. What goes wrong is written below and does not depend on it.
    pub seed: u64,
    /// What makes it hard.
    pub shape: Shape,
    /// Seconds of ordinary life before second 0 of everything below.
    #[serde(default = "ten_minutes")]
    pub warm_up_s: u64,
    /// What goes wrong: the ground truth.
    pub faults: Vec<FaultSpec>,
    /// Meters that lie, in the run with the faults and in its double.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lies: Vec<LieSpec>,
    /// What only looks like a fault, in the run with the faults and in its double.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decoys: Vec<DecoySpec>,
    /// What only looks like a fault, in the double, where the faults are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub double: Vec<DecoySpec>,
    /// What a good outcome is.
    pub objectives: Objectives,
    /// What may be spent.
    pub budget: Budget,
}

/// What a good outcome is, in seconds of network time after the last fault began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// Every fault is part of an incident by then.
    pub detect_s: u64,
    /// Nobody is hurt any more by then.
    pub restore_s: u64,
}

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Changes of the network, those taken back included.
    pub actions: u32,
    /// Seconds after the warm-up at which the run ends.
    pub watch_s: u64,
}

impl Scenario {
    /// What is wrong with it by itself, without its network: empty when nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = vec![];
        let mut check = |bad: bool, problem: String| {
            if bad {
                problems.push(problem);
            }
        };
        check(
            self.schema != SCHEMA,
            format!("schema is `{}`: write {SCHEMA}", self.schema),
        );
        check(
            self.faults.is_empty(),
            "faults is empty: a scenario without a fault is the double of none".to_owned(),
        );
        for (n, fault) in self.faults.iter().enumerate() {
            let fits = fault.object.kind() == fault.kind.object_kind();
            check(
                !fits,
                format!(
                    "faults[{n}]: {} happens to a {}, not to {}",
                    fault.kind,
                    fault.kind.object_kind().as_str(),
                    fault.object
                ),
            );
            check(
                fault.at_s >= self.budget.watch_s,
                format!("faults[{n}] begins after budget.watch_s: nobody would see it"),
            );
        }
        let length = self.warm_up_s.saturating_add(self.budget.watch_s);
        check(
            length > SCENE_LIMIT_S,
            format!(
                "warm_up_s and budget.watch_s are {length} s together: at most {SCENE_LIMIT_S} s"
            ),
        );
        problems
    }

    /// Seconds after the warm-up at which the last fault begins.
    pub fn last_fault_s(&self) -> u64 {
        self.faults.iter().map(|f| f.at_s).max().unwrap_or(0)
    }
}

const fn ten_minutes() -> u64 {
    600
}
