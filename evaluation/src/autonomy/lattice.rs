//! Which tasks does a workflow have, and who must do each at which level? (3GPP TS 28.100 clauses 5, 7.1 and 7.3)

use super::Words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who did a task. Ordered: a person alone, both together, the system alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// A person, also with tools; or nobody.
    H,
    /// A person and the system together.
    #[serde(rename = "HS")]
    Hs,
    /// The system alone.
    S,
}

impl Actor {
    /// As written in tables and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::H => "H",
            Self::Hs => "HS",
            Self::S => "S",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Actor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "H" => Ok(Self::H),
            "HS" => Ok(Self::Hs),
            "S" => Ok(Self::S),
            other => Err(format!("`{other}` is no actor: write H, HS or S")),
        }
    }
}

/// What a level asks of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing: a person may do it.
    H,
    /// The system takes part ("part of the data", "by given rules for certain faults").
    Hs,
    /// The system does it.
    S,
    /// The system does it by rules that it made itself. No record can prove that today, so it is never met.
    OwnRules,
}

impl Cell {
    /// Whether the actor is enough for it.
    pub const fn met_by(self, actor: Actor) -> bool {
        match self {
            Self::H => true,
            Self::Hs => !matches!(actor, Actor::H),
            Self::S => matches!(actor, Actor::S),
            Self::OwnRules => false,
        }
    }

    /// As the tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::H => "H",
            Self::Hs => "HS",
            Self::S => "S",
            Self::OwnRules => "S, by its own rules",
        }
    }
}

/// The five cognitive activities of TS 28.100 clause 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Intent handling.
    Intent,
    /// Awareness.
    Awareness,
    /// Analysis.
    Analysis,
    /// Decision.
    Decision,
    /// Execution.
    Execution,
}

impl Category {
    /// In the order of the tasks.
    pub const ALL: [Self; 5] = [
        Self::Intent,
        Self::Awareness,
        Self::Analysis,
        Self::Decision,
        Self::Execution,
    ];

    /// As written in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Awareness => "awareness",
            Self::Analysis => "analysis",
            Self::Decision => "decision",
            Self::Execution => "execution",
        }
    }

    /// For people.
    pub const fn words(self) -> Words {
        match self {
            Self::Intent => ["intent", "意图"],
            Self::Awareness => ["awareness", "感知"],
            Self::Analysis => ["analysis", "分析"],
            Self::Decision => ["decision", "决策"],
            Self::Execution => ["execution", "执行"],
        }
    }
}

/// What is done, whatever letter a workflow gives it. The rules are per duty, so both workflows judge alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// Making control information from an intent.
    IntentRules,
    /// Evaluating whether the intent is fulfilled.
    IntentFulfilment,
    /// Collecting information.
    Collection,
    /// Filtering alarms.
    Filtering,
    /// Recognising that something is wrong.
    Recognition,
    /// Predicting it before it hurts.
    Prediction,
    /// Demarcation: its type and the affected object.
    Demarcation,
    /// Analysing the root cause.
    RootCause,
    /// Analysing what would remedy it.
    Mechanism,
    /// Evaluating and determining the action.
    Determination,
    /// Executing the action.
    Execution,
}

/// One task of a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The standard's letter.
    pub letter: char,
    /// What is done.
    pub duty: Duty,
    /// For people.
    pub words: Words,
    /// Which cognitive activity.
    pub category: Category,
    /// What L0 to L5 ask.
    pub cells: [Cell; 6],
}

impl Task {
    /// The highest level whose cell the actor meets. A cell that asks for nothing is met by nobody's work too.
    pub fn level_for(&self, actor: Actor) -> u8 {
        let met = self.cells.iter().take_while(|c| c.met_by(actor)).count();
        u8::try_from(met.saturating_sub(1)).unwrap_or(0)
    }

    /// The first level that asks for at least what the actor did: what one incident can show.
    pub fn shown_by(&self, actor: Actor) -> u8 {
        let shown = self.cells.iter().position(|c| match actor {
            Actor::H => true,
            Actor::Hs => *c >= Cell::Hs,
            Actor::S => *c >= Cell::S,
        });
        u8::try_from(shown.unwrap_or(0)).unwrap_or(0)
    }
}

/// A workflow of TS 28.100 clause 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Clause 7.3: every closed incident.
    FaultManagement,
    /// Clause 7.1: closed incidents whose first-ranked fault is a performance issue.
    NetworkOptimisation,
}

impl Flow {
    /// Both.
    pub const ALL: [Self; 2] = [Self::FaultManagement, Self::NetworkOptimisation];

    /// As written in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaultManagement => "fault-management",
            Self::NetworkOptimisation => "network-optimisation",
        }
    }

    /// For people.
    pub const fn words(self) -> Words {
        match self {
            Self::FaultManagement => ["fault management", "故障管理"],
            Self::NetworkOptimisation => ["network optimisation", "网络优化"],
        }
    }

    /// Its tasks, in order.
    pub const fn tasks(self) -> &'static [Task] {
        match self {
            Self::FaultManagement => FAULT_MANAGEMENT,
            Self::NetworkOptimisation => NETWORK_OPTIMISATION,
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Flow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|f| f.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no flow: write fault-management or network-optimisation")
        })
    }
}

const fn task(
    letter: char,
    duty: Duty,
    category: Category,
    cells: [Cell; 6],
    words: Words,
) -> Task {
    Task {
        letter,
        duty,
        words,
        category,
        cells,
    }
}

/// A person up to L3, the system at L4 by given rules, at L5 by its own.
const INTENT: [Cell; 6] = [Cell::H, Cell::H, Cell::H, Cell::H, Cell::S, Cell::OwnRules];
/// Helped at L1 ("part of the data", "can, by given rules"), the system from L2.
const FROM_L2_HELPED: [Cell; 6] = [Cell::H, Cell::Hs, Cell::S, Cell::S, Cell::S, Cell::S];
/// The system from L2 by given rules.
const FROM_L2: [Cell; 6] = [Cell::H, Cell::H, Cell::S, Cell::S, Cell::S, Cell::S];
/// The system from L3 by given rules.
const FROM_L3: [Cell; 6] = [Cell::H, Cell::H, Cell::H, Cell::S, Cell::S, Cell::S];
/// "Certain faults" at L3, read as both together over all faults; the system from L4.
const FROM_L4: [Cell; 6] = [Cell::H, Cell::H, Cell::H, Cell::Hs, Cell::S, Cell::S];

/// Fault management, TS 28.100 clause 7.3.
const FAULT_MANAGEMENT: &[Task] = &[
    task(
        'A',
        Duty::IntentRules,
        Category::Intent,
        INTENT,
        ["control information from intent", "由意图生成控制信息"],
    ),
    task(
        'B',
        Duty::IntentFulfilment,
        Category::Intent,
        INTENT,
        ["intent fulfilment evaluation", "意图达成评估"],
    ),
    task(
        'C',
        Duty::Collection,
        Category::Awareness,
        FROM_L2_HELPED,
        ["information collection", "信息采集"],
    ),
    task(
        'D',
        Duty::Filtering,
        Category::Awareness,
        FROM_L2_HELPED,
        ["alarm filtering", "告警过滤"],
    ),
    task(
        'E',
        Duty::Recognition,
        Category::Analysis,
        FROM_L2,
        ["fault recognition", "故障识别"],
    ),
    task(
        'F',
        Duty::Prediction,
        Category::Analysis,
        FROM_L4,
        ["fault prediction", "故障预测"],
    ),
    task(
        'G',
        Duty::Demarcation,
        Category::Analysis,
        FROM_L2,
        ["demarcation", "故障定界"],
    ),
    task(
        'H',
        Duty::RootCause,
        Category::Analysis,
        FROM_L3,
        ["root cause analysis", "根因分析"],
    ),
    task(
        'I',
        Duty::Mechanism,
        Category::Analysis,
        FROM_L4,
        ["recovery mechanism analysis", "恢复机制分析"],
    ),
    task(
        'J',
        Duty::Determination,
        Category::Decision,
        FROM_L4,
        ["action evaluation and determination", "措施评估与确定"],
    ),
    task(
        'K',
        Duty::Execution,
        Category::Execution,
        FROM_L2_HELPED,
        ["action execution", "措施执行"],
    ),
];

/// Network optimisation, TS 28.100 clause 7.1: L1 adjusts and collects in part; L2 adds D, F, G and all of C; L3 adds E, H
/// and I; L4 adds A and B by given rules. Clause 5 asks for both together in analysis and decision at L3 and for the system
/// at L4, so the tasks added at L3 are read as helped there; likewise J at L1 (execution is helped at L1).
const NETWORK_OPTIMISATION: &[Task] = &[
    task(
        'A',
        Duty::IntentRules,
        Category::Intent,
        INTENT,
        ["control information from intent", "由意图生成控制信息"],
    ),
    task(
        'B',
        Duty::IntentFulfilment,
        Category::Intent,
        INTENT,
        ["intent fulfilment evaluation", "意图达成评估"],
    ),
    task(
        'C',
        Duty::Collection,
        Category::Awareness,
        FROM_L2_HELPED,
        ["information collection", "信息采集"],
    ),
    task(
        'D',
        Duty::Recognition,
        Category::Analysis,
        FROM_L2,
        ["issue identification", "问题识别"],
    ),
    task(
        'E',
        Duty::Prediction,
        Category::Analysis,
        FROM_L4,
        ["deterioration prediction", "劣化预测"],
    ),
    task(
        'F',
        Duty::Demarcation,
        Category::Analysis,
        FROM_L2,
        ["demarcation", "问题定界"],
    ),
    task(
        'G',
        Duty::RootCause,
        Category::Analysis,
        FROM_L2,
        ["root cause analysis", "根因分析"],
    ),
    task(
        'H',
        Duty::Mechanism,
        Category::Analysis,
        FROM_L4,
        ["solution analysis", "优化方案分析"],
    ),
    task(
        'I',
        Duty::Determination,
        Category::Decision,
        FROM_L4,
        ["evaluation and determination", "方案评估与确定"],
    ),
    task(
        'J',
        Duty::Execution,
        Category::Execution,
        FROM_L2_HELPED,
        ["adjustment", "调整执行"],
    ),
];
