//! Which tasks does a workflow have, and who must do each at which level? (3GPP TS 28.100 clauses 7.1 and 7.3)

use super::Words;
use super::lattice::{Category, Cell, Duty, Task};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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
