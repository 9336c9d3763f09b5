//! Which ways through a playbook are there, and which did no test take?
//!
//! In: a playbook, and the branches that tests reached. Out: [`Coverage`]. A branch is one thing that can happen: a
//! condition keeps it out, a step is done, fails or is taken back, verification says this or that.

use crate::playbook::Playbook;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use zizhi_types::topology::Bilingual;

/// One thing that can happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Branch {
    /// The cause is not probable enough.
    Improbable,
    /// The condition with this number, from 1, keeps the playbook out.
    KeptOut(usize),
    /// The symptoms have not lasted long enough.
    Held,
    /// It was run too lately.
    Throttled,
    /// It fits.
    Fits,
    /// The step is done.
    Done(String),
    /// The step is refused, fails, or nobody knows.
    Fails(String),
    /// The step failed and is tried again.
    TriedAgain(String),
    /// The step is taken back.
    Undone(String),
    /// Verification passes.
    Passes,
    /// Verification fails.
    Fell,
    /// Verification cannot tell.
    Untold,
    /// A temporary remedy is taken back because the suspect is healthy.
    Released,
}

/// How much of a playbook the tests reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Branches that some test reached.
    pub reached: usize,
    /// All branches.
    pub all: usize,
    /// Those that no test reached.
    pub missed: Vec<Branch>,
}

impl Coverage {
    pub(super) fn of(playbook: &Playbook, reached: &BTreeSet<Branch>) -> Self {
        let all = Branch::all(playbook);
        let missed: Vec<Branch> = all
            .iter()
            .filter(|b| !reached.contains(b))
            .cloned()
            .collect();
        Self {
            reached: all.len() - missed.len(),
            all: all.len(),
            missed,
        }
    }
}

impl Branch {
    fn all(playbook: &Playbook) -> Vec<Self> {
        let mut all = vec![];
        if playbook.min_probability > 0.0 {
            all.push(Self::Improbable);
        }
        all.extend((1..=playbook.when.len()).map(Self::KeptOut));
        all.extend((playbook.hold_ms > 0).then_some(Self::Held));
        all.extend(playbook.throttle.map(|_| Self::Throttled));
        all.push(Self::Fits);
        for step in &playbook.steps {
            all.extend([Self::Done(step.id.clone()), Self::Fails(step.id.clone())]);
            all.extend(step.retry.map(|_| Self::TriedAgain(step.id.clone())));
            if step.verb.can_undo() {
                all.push(Self::Undone(step.id.clone()));
            }
        }
        all.extend([Self::Passes, Self::Fell, Self::Untold]);
        if playbook.temporary {
            all.push(Self::Released);
        }
        all
    }

    /// In words, in both languages.
    pub fn tell(&self) -> Bilingual {
        let (en, zh) = match self {
            Self::Improbable => (
                "the cause is not probable enough".into(),
                "原因概率不足".into(),
            ),
            Self::KeptOut(n) => (
                format!("condition {n} does not hold"),
                format!("第 {n} 个条件不成立"),
            ),
            Self::Held => (
                "the symptoms have not lasted long enough".into(),
                "症状持续时间不够".into(),
            ),
            Self::Throttled => ("it was run too lately".into(), "距上次执行时间太短".into()),
            Self::TriedAgain(step) => (
                format!("step {step} is tried again"),
                format!("步骤 {step} 重试"),
            ),
            Self::Fits => ("it fits".into(), "预案适用".into()),
            Self::Done(step) => (format!("step {step} is done"), format!("步骤 {step} 完成")),
            Self::Fails(step) => (format!("step {step} fails"), format!("步骤 {step} 失败")),
            Self::Undone(step) => (
                format!("step {step} is taken back"),
                format!("步骤 {step} 被撤销"),
            ),
            Self::Passes => ("verification passes".into(), "验证通过".into()),
            Self::Fell => ("verification fails".into(), "验证不通过".into()),
            Self::Untold => ("verification cannot tell".into(), "验证无法判断".into()),
            Self::Released => (
                "the suspect is healthy again and the remedy is taken back".into(),
                "对象恢复后撤回临时措施".into(),
            ),
        };
        Bilingual { en, zh }
    }
}

impl Serialize for Branch {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.tell().en)
    }
}
