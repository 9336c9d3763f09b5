//! Who did it, what does a level ask, and what is a task? (3GPP TS 28.100 clause 5)

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
