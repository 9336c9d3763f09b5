//! What do the records say of each playbook?
//!
//! In: records, in order. Out: per playbook what was seen since its mode was changed last: runs that verifiably helped, that
//! were taken back, that did harm; plans that a person turned down; and, where nothing was done, what the twin foresaw.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use zizhi_types::objective::Violation;
use zizhi_types::plan::{Plan, Rehearsal};
use zizhi_types::record::Verdict;
use zizhi_types::{Body, ManagedObject, PlanId, Record, RecordId, RunId, Who};

/// What came of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was run, and verifiably helped.
    Helped,
    /// It was run, did not help, and was taken back.
    Undone,
    /// It was run and something is worse now, or it could not be taken back.
    Harmful,
    /// A person turned it down.
    Overridden,
    /// It was not run; the twin foresaw that it would help.
    Foreseen,
    /// It was not run; the twin foresaw no help.
    Doubted,
}

impl Outcome {
    /// Speaks for the playbook.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Helped | Self::Foreseen)
    }

    /// It was decided on, and not only foreseen.
    pub const fn was_done(self) -> bool {
        !matches!(self, Self::Foreseen | Self::Doubted)
    }
}

/// One outcome and its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// What.
    pub outcome: Outcome,
    /// By which record.
    pub record: RecordId,
}

/// What was seen of one playbook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// Outcomes, oldest first.
    pub seen: Vec<Seen>,
    /// What its plans acted on.
    pub objects: BTreeSet<ManagedObject>,
}

/// Per playbook id.
pub fn evidence<'r>(records: impl IntoIterator<Item = &'r Record>) -> BTreeMap<String, Book> {
    let mut fold = Fold::default();
    for record in records {
        fold.take(record);
    }
    fold.finish()
}

#[derive(Default)]
struct Fold {
    books: BTreeMap<String, Book>,
    /// Which playbook a plan is of, and what the twin foresaw of it.
    plans: BTreeMap<PlanId, (String, Option<Seen>)>,
    prints: BTreeMap<String, PlanId>,
    runs: BTreeMap<RunId, PlanId>,
}

impl Fold {
    fn take(&mut self, record: &Record) {
        let id = &record.id;
        match &record.body {
            Body::BidReceived { bid, .. } => {
                self.plan(&bid.plan);
                self.foresee(&bid.plan.id, &bid.rehearsal, id);
            }
            Body::Rehearsed { plan, rehearsal } => self.foresee(plan, rehearsal, id),
            Body::Decided { plan, .. } => self.plan(plan),
            Body::StepStarted { run, plan, .. } => {
                self.runs.insert(run.clone(), plan.clone());
                self.forget_foreseen(plan);
            }
            Body::Verified {
                run,
                verdict,
                before,
                after,
                ..
            } => self.verified(run, *verdict, worse(before, after), id),
            Body::UndoFailed { run, .. } => self.see_run(run, Outcome::Harmful, id),
            Body::Approved {
                fingerprint,
                granted: false,
                ..
            } if matches!(record.who, Who::Human { .. }) => {
                if let Some(plan) = self.prints.get(&fingerprint.0).cloned() {
                    self.forget_foreseen(&plan);
                    self.see(&plan, Outcome::Overridden, id);
                }
            }
            Body::ModeChanged { playbook, .. } => self.begin_anew(playbook),
            _ => {}
        }
    }

    fn plan(&mut self, plan: &Plan) {
        let (id, _) = plan
            .playbook
            .split_once('@')
            .unwrap_or((&plan.playbook, ""));
        let book = self.books.entry(id.to_owned()).or_default();
        let objects = plan.steps.iter().map(|s| s.action.object.clone());
        book.objects.extend(objects);
        let known = self.plans.entry(plan.id.clone());
        id.clone_into(&mut known.or_insert_with(|| (String::new(), None)).0);
        self.prints
            .insert(plan.fingerprint.0.clone(), plan.id.clone());
    }

    fn foresee(&mut self, plan: &PlanId, rehearsal: &Rehearsal, record: &RecordId) {
        let helps = !rehearsal.makes_worse && rehearsal.with.len() < rehearsal.without.len();
        let outcome = if helps {
            Outcome::Foreseen
        } else {
            Outcome::Doubted
        };
        let seen = Seen {
            outcome,
            record: record.clone(),
        };
        let known = self.plans.entry(plan.clone());
        known.or_insert_with(|| (String::new(), None)).1 = Some(seen);
    }

    fn forget_foreseen(&mut self, plan: &PlanId) {
        if let Some((_, foreseen)) = self.plans.get_mut(plan) {
            *foreseen = None;
        }
    }

    fn verified(&mut self, run: &RunId, verdict: Verdict, worse: bool, record: &RecordId) {
        match verdict {
            Verdict::Pass => self.see_run(run, Outcome::Helped, record),
            Verdict::Fail if worse => self.see_run(run, Outcome::Harmful, record),
            Verdict::Fail => self.see_run(run, Outcome::Undone, record),
            Verdict::Inconclusive => {}
        }
    }

    fn see_run(&mut self, run: &RunId, outcome: Outcome, record: &RecordId) {
        if let Some(plan) = self.runs.get(run).cloned() {
            self.see(&plan, outcome, record);
        }
    }

    fn see(&mut self, plan: &PlanId, outcome: Outcome, record: &RecordId) {
        let playbook = self.plans.get(plan).map(|(playbook, _)| playbook);
        if let Some(book) = playbook.and_then(|p| self.books.get_mut(p)) {
            let record = record.clone();
            book.seen.push(Seen { outcome, record });
        }
    }

    /// What was seen under another mode says nothing of this one.
    fn begin_anew(&mut self, playbook: &str) {
        if let Some(book) = self.books.get_mut(playbook) {
            book.seen.clear();
        }
        for (of, foreseen) in self.plans.values_mut() {
            if of == playbook {
                *foreseen = None;
            }
        }
    }

    fn finish(mut self) -> BTreeMap<String, Book> {
        for (playbook, foreseen) in self.plans.into_values() {
            if let (Some(book), Some(seen)) = (self.books.get_mut(&playbook), foreseen) {
                book.seen.push(seen);
            }
        }
        self.books
    }
}

/// Something is violated that was not before.
fn worse(before: &[Violation], after: &[Violation]) -> bool {
    let was = |v: &Violation| {
        before
            .iter()
            .any(|b| b.object == v.object && b.metric == v.metric)
    };
    after.iter().any(|v| !was(v))
}
