//! What keeps a sub-scenario from the next level?

use super::flow::Flow;
use super::lattice::{Actor, Cell};
use super::outcome::TaskScore;
use super::reason::Reason;
use super::row::Row;
use super::say;
use serde::Serialize;
use std::collections::BTreeMap;
use zizhi_types::text::Language;

/// One task that does not meet the next level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// The level that is not reached.
    pub level: u8,
    /// The task's letter.
    pub task: char,
    /// What that level asks.
    pub asks: &'static str,
    /// Who the task's actor is.
    pub actor: Actor,
    /// In how many incidents the actor was less than asked.
    pub short: usize,
    /// Of so many.
    pub of: usize,
    /// Why, most frequent first, with the incidents.
    pub because: Vec<Because>,
}

/// A reason and where it was so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The reason's name.
    pub reason: String,
    /// `journal#incident`.
    pub incidents: Vec<String>,
    #[serde(skip)]
    pub(super) why: Reason,
}

/// The tasks that do not meet the level above `gate`.
pub fn holds(flow: Flow, gate: u8, tasks: &[TaskScore], rows: &[&Row]) -> Vec<Hold> {
    let next = usize::from(gate) + 1;
    let mut found = vec![];
    for (task, scored) in flow.tasks().iter().zip(tasks) {
        let Some((cell, actor)) = task.cells.get(next).copied().zip(scored.actor) else {
            continue;
        };
        if cell.met_by(actor) {
            continue;
        }
        let short = rows
            .iter()
            .filter(|r| r.task == task.letter && !enough(cell, r.actor));
        let because = reasons(short.copied());
        found.push(Hold {
            level: gate + 1,
            task: task.letter,
            asks: cell.as_str(),
            actor,
            short: because.iter().map(|b| b.incidents.len()).sum(),
            of: scored.incidents,
            because,
        });
    }
    found
}

/// Rules that the system wrote itself are proved by no record, so every incident falls short of them.
const fn enough(cell: Cell, actor: Actor) -> bool {
    cell.met_by(actor)
}

/// Rows by reason, most frequent first.
pub fn reasons<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<Because> {
    let mut by_reason: BTreeMap<Reason, Vec<String>> = BTreeMap::new();
    for row in rows {
        by_reason
            .entry(row.reason)
            .or_default()
            .push(row.incident_name());
    }
    let because = |(why, incidents): (Reason, Vec<String>)| Because {
        reason: why.to_string(),
        incidents,
        why,
    };
    let mut found: Vec<Because> = by_reason.into_iter().map(because).collect();
    found.sort_by_key(|b| std::cmp::Reverse(b.incidents.len()));
    found
}

impl Because {
    /// For people.
    pub fn words(&self, lang: Language) -> &'static str {
        self.why.words(lang)
    }
}

impl Hold {
    /// One line for people, for example "F fault prediction: nobody did it in 37 of 37 incidents".
    pub fn sentence(&self, flow: Flow, lang: Language) -> String {
        let task = Row::task_of(flow, self.task);
        let name = task.map_or("", |t| say(t.words, lang));
        let why: Vec<String> = self
            .because
            .iter()
            .take(3)
            .map(|b| b.counted(lang))
            .collect();
        let (task, asks, actor, short, of) =
            (self.task, self.asks, self.actor, self.short, self.of);
        match lang {
            Language::En => format!(
                "{task} {name}: asks {asks}, is {actor}, short in {short} of {of} incidents: {}",
                why.join("; ")
            ),
            Language::Zh => format!(
                "{task} {name}：要求 {asks}，实际 {actor}，{of} 个事件中有 {short} 个不足：{}",
                why.join("；")
            ),
        }
    }
}

impl Because {
    fn counted(&self, lang: Language) -> String {
        let n = self.incidents.len();
        match lang {
            Language::En => format!("{} ({n})", self.words(lang)),
            Language::Zh => format!("{}（{n}）", self.words(lang)),
        }
    }
}
