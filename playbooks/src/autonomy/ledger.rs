//! What do the records say of each playbook?
//!
//! In: records, in order, one by one. Out: per playbook the outcomes of its plans (verifiably helped, taken back, did harm,
//! turned down by a person; where nothing was done, what the twin foresaw) and the modes that were set. A pure fold: whoever
//! was killed between an outcome and what follows from it folds again and finds the same. Its memory is bounded.

use super::{Case, Track};
use crate::guards::{bare, touched};
use crate::policy::Policy;
use crate::run::UndoReason;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use zizhi_types::objective::Violation;
use zizhi_types::plan::{Fingerprint, Mode, Plan, Rehearsal};
use zizhi_types::record::{Ruling, Verdict};
use zizhi_types::{Body, ManagedObject, PlanId, Record, RecordId, RunId, Who};

/// Outcomes of a playbook that are remembered. Our choice: five times what the highest rung asks for.
const SEEN_MAX: usize = 100;

/// Plans that are remembered until their outcome comes. Our choice: far beyond what can wait at once.
const PLANS_MAX: usize = 1_000;

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

/// An outcome with its place in the order of all records, and what its plan acted on.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    number: u64,
    seen: Seen,
    objects: BTreeSet<ManagedObject>,
}

/// A mode that was set.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    mode: Mode,
    /// Outcomes up to this number were seen under another mode, and say nothing of this one.
    since: u64,
    /// A higher mode that was proposed since.
    proposed: Option<Mode>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Book {
    entries: VecDeque<Entry>,
    /// What its plans acted on.
    objects: BTreeSet<ManagedObject>,
    /// By class; `None` is all objects.
    standing: BTreeMap<Option<String>, Standing>,
    /// Proposals while no mode was set yet.
    proposed: BTreeMap<Option<String>, Mode>,
}

/// A plan whose outcome is awaited.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    playbook: String,
    objects: BTreeSet<ManagedObject>,
    fingerprint: Option<Fingerprint>,
    run: Option<RunId>,
    foreseen: Option<(u64, Seen)>,
    /// A guard stopped it: what is taken back then says nothing of the playbook.
    stopped: bool,
}

/// Every playbook's outcomes and modes, as the records that were taken tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    taken: u64,
    books: BTreeMap<String, Book>,
    plans: BTreeMap<PlanId, Known>,
    /// Their order, oldest first.
    order: VecDeque<PlanId>,
    /// Records of modes that people set, and that were taken over from elsewhere.
    adopted: BTreeSet<RecordId>,
}

impl Ledger {
    /// What a journal tells.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut ledger = Self::default();
        for record in records {
            ledger.take(record);
        }
        ledger
    }

    /// Takes the next record. Which playbook has an outcome more by it, if one has.
    pub fn take(&mut self, record: &Record) -> Option<String> {
        self.taken += 1;
        let id = &record.id;
        match &record.body {
            Body::BidReceived { bid, .. } => {
                self.plan(&bid.plan);
                self.foresee(&bid.plan.id, &bid.rehearsal, id);
            }
            Body::Rehearsed { plan, rehearsal } => self.foresee(plan, rehearsal, id),
            Body::Decided { plan, ruling, .. } => return self.decided(plan, *ruling),
            Body::StepStarted { run, plan, .. } => {
                let known = self.known(plan);
                known.run = Some(run.clone());
                known.foreseen = None;
            }
            Body::Verified {
                run,
                verdict,
                before,
                after,
                ..
            } => {
                let outcome = judged(*verdict, before, after)?;
                return self.see_run(run, outcome, id);
            }
            Body::UndoStarted { run, reason, .. } if *reason == UndoReason::StepFailed.as_str() => {
                return self.taken_back(run, id);
            }
            Body::UndoFailed { run, .. } => return self.see_run(run, Outcome::Harmful, id),
            Body::Approved {
                fingerprint,
                granted: false,
                ..
            } if matches!(record.who, Who::Human { .. }) => {
                return self.turned_down(fingerprint, id);
            }
            Body::ModeChanged {
                playbook,
                class,
                to,
                ..
            } => {
                self.set(playbook, class.clone(), *to);
                if matches!(record.who, Who::Both { .. }) {
                    self.adopted.extend(record.causes.iter().cloned());
                }
            }
            Body::ModeProposed {
                playbook,
                class,
                to,
                ..
            } => self.proposed(playbook, class.clone(), *to),
            _ => {}
        }
        None
    }

    /// Playbooks of which anything was seen.
    pub fn playbooks(&self) -> impl Iterator<Item = &String> {
        self.books.keys()
    }

    /// Every mode that was set, by playbook and class.
    pub fn modes(&self) -> impl Iterator<Item = (Track, Mode)> {
        self.books.iter().flat_map(|(playbook, book)| {
            book.standing.iter().map(|(class, standing)| {
                let track = Track {
                    playbook: playbook.clone(),
                    class: class.clone(),
                };
                (track, standing.mode)
            })
        })
    }

    /// The mode that was set last.
    pub fn mode(&self, track: &Track) -> Option<Mode> {
        let book = self.books.get(&track.playbook)?;
        book.standing.get(&track.class).map(|s| s.mode)
    }

    /// Whether a person's word that stands elsewhere, as this record, was taken over.
    pub fn has_adopted(&self, record: &RecordId) -> bool {
        self.adopted.contains(record)
    }

    /// The higher mode that was proposed last and is not answered.
    pub fn proposal(&self, track: &Track) -> Option<Mode> {
        let book = self.books.get(&track.playbook)?;
        let standing = book.standing.get(&track.class);
        match standing {
            Some(standing) => standing.proposed,
            None => book.proposed.get(&track.class).copied(),
        }
    }

    /// The cases of a playbook: for each class of the policy that it touched, and last over all that it acted on. `base` is the
    /// mode in which it would run if nothing had been recorded. A class is never above the playbook as a whole; it comes first,
    /// so that what is written of the whole before a kill does not lower the class a second time after it.
    pub fn cases(&self, playbook: &str, base: Mode, policy: &Policy) -> Vec<Case> {
        let empty = Book::default();
        let book = self.books.get(playbook).unwrap_or(&empty);
        // Who wrote the policy said how far it may go.
        let said = policy.playbooks.get(playbook).copied();
        let ceiling = policy
            .ceiling(&book.objects)
            .min(said.unwrap_or(Mode::Auto));
        let whole = self.case(playbook, None, base, ceiling, |_| true);
        let mut cases = vec![];
        for class in &policy.classes {
            if book.objects.iter().any(|o| class.has(o)) {
                let of_it = |e: &BTreeSet<ManagedObject>| e.iter().any(|o| class.has(o));
                let ceiling = class.ceiling.min(whole.mode);
                let name = Some(class.name.clone());
                cases.push(self.case(playbook, name, whole.mode, ceiling, of_it));
            }
        }
        cases.push(whole);
        cases
    }

    fn case(
        &self,
        playbook: &str,
        class: Option<String>,
        base: Mode,
        ceiling: Mode,
        of_it: impl Fn(&BTreeSet<ManagedObject>) -> bool,
    ) -> Case {
        let book = self.books.get(playbook);
        let standing = book.and_then(|b| b.standing.get(&class)).copied();
        let since = standing.map_or(0, |s| s.since);
        let done = book.into_iter().flat_map(|b| &b.entries);
        let done = done.map(|e| (e.number, &e.seen, &e.objects));
        let foreseen = self.plans.values().filter(|k| k.playbook == playbook);
        let foreseen = foreseen.filter_map(|k| {
            let (number, seen) = k.foreseen.as_ref()?;
            Some((*number, seen, &k.objects))
        });
        let mut all: Vec<(u64, &Seen)> = done
            .chain(foreseen)
            .filter(|(number, _, objects)| *number > since && of_it(objects))
            .map(|(number, seen, _)| (number, seen))
            .collect();
        all.sort_by_key(|(number, _)| *number);
        Case {
            playbook: playbook.to_owned(),
            class,
            mode: standing.map_or(base, |s| s.mode.min(base)),
            ceiling,
            seen: all.into_iter().map(|(_, seen)| seen.clone()).collect(),
        }
    }

    fn known(&mut self, plan: &PlanId) -> &mut Known {
        if !self.plans.contains_key(plan) {
            self.order.push_back(plan.clone());
            if self.order.len() > PLANS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.plans.remove(&oldest);
            }
        }
        self.plans.entry(plan.clone()).or_default()
    }

    fn plan(&mut self, plan: &Plan) {
        let playbook = bare(&plan.playbook);
        let objects: BTreeSet<ManagedObject> = touched(plan).into_iter().cloned().collect();
        let book = self.books.entry(playbook.to_owned()).or_default();
        book.objects.extend(objects.iter().cloned());
        let known = self.known(&plan.id);
        playbook.clone_into(&mut known.playbook);
        known.objects = objects;
        known.fingerprint = Some(plan.fingerprint.clone());
    }

    /// A plan that is only shown has the outcome that the twin foresaw.
    fn decided(&mut self, plan: &Plan, ruling: Ruling) -> Option<String> {
        self.plan(plan);
        let known = self.known(&plan.id);
        known.stopped = known.run.is_some() && ruling != Ruling::Proceed;
        let shown = ruling == Ruling::ShowOnly && known.foreseen.is_some();
        shown.then(|| known.playbook.clone())
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
        let number = self.taken;
        let known = self.known(plan);
        if known.run.is_none() {
            known.foreseen = Some((number, seen));
        }
    }

    fn see_run(&mut self, run: &RunId, outcome: Outcome, record: &RecordId) -> Option<String> {
        let mut plans = self.plans.iter();
        let (plan, _) = plans.find(|(_, known)| known.run.as_ref() == Some(run))?;
        let plan = plan.clone();
        self.see(&plan, outcome, record)
    }

    /// A step failed and what was done before it is taken back. A guard that stopped the run is no word on the playbook.
    fn taken_back(&mut self, run: &RunId, record: &RecordId) -> Option<String> {
        let mut plans = self.plans.values_mut();
        let known = plans.find(|k| k.run.as_ref() == Some(run) && !k.stopped)?;
        // The run's other undos are the same outcome.
        known.stopped = true;
        self.see_run(run, Outcome::Undone, record)
    }

    fn turned_down(&mut self, fingerprint: &Fingerprint, record: &RecordId) -> Option<String> {
        let mut plans = self.plans.iter_mut();
        let (plan, known) = plans.find(|(_, k)| k.fingerprint.as_ref() == Some(fingerprint))?;
        known.foreseen = None;
        let plan = plan.clone();
        self.see(&plan, Outcome::Overridden, record)
    }

    fn see(&mut self, plan: &PlanId, outcome: Outcome, record: &RecordId) -> Option<String> {
        let known = self.plans.get(plan)?;
        let book = self.books.get_mut(&known.playbook)?;
        let record = record.clone();
        book.entries.push_back(Entry {
            number: self.taken,
            seen: Seen { outcome, record },
            objects: known.objects.clone(),
        });
        if book.entries.len() > SEEN_MAX {
            book.entries.pop_front();
        }
        Some(known.playbook.clone())
    }

    fn set(&mut self, playbook: &str, class: Option<String>, mode: Mode) {
        let standing = Standing {
            mode,
            since: self.taken,
            proposed: None,
        };
        let book = self.books.entry(playbook.to_owned()).or_default();
        book.standing.insert(class, standing);
    }

    fn proposed(&mut self, playbook: &str, class: Option<String>, to: Mode) {
        let book = self.books.entry(playbook.to_owned()).or_default();
        if let Some(standing) = book.standing.get_mut(&class) {
            standing.proposed = Some(to);
        } else {
            book.proposed.insert(class, to);
        }
    }
}

/// What a verdict says of a playbook; one that cannot be told says nothing.
fn judged(verdict: Verdict, before: &[Violation], after: &[Violation]) -> Option<Outcome> {
    match verdict {
        Verdict::Pass => Some(Outcome::Helped),
        Verdict::Fail if worse(before, after) => Some(Outcome::Harmful),
        Verdict::Fail => Some(Outcome::Undone),
        Verdict::Inconclusive => None,
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
