//! Earned autonomy: what do the outcomes that were just written down mean for the mode of a playbook?
//!
//! A playbook whose outcomes do not carry its mode any more is lowered at once, by a record that the executor is told. One
//! that has earned more is proposed, and a person accepts. All of it is a fold over this agent's own records: what a kill
//! cut off between an outcome and the record that should have followed is written after the restart.

use super::command::{Command, Task};
use super::engine::{Loop, ask};
use super::scribe::Draft;
use crate::executor;
use std::collections::BTreeSet;
use std::sync::Arc;
use zizhi_playbooks::Catalog;
use zizhi_playbooks::autonomy::{Change, Ledger, Proposal, Track};
use zizhi_playbooks::policy::Policy;
use zizhi_types::plan::Mode;
use zizhi_types::{Body, Domain, Record, Who};

/// What the records tell of this domain's playbooks.
pub(super) struct Merit {
    ledger: Ledger,
    catalog: Arc<Catalog>,
    policy: Policy,
    /// Playbooks with outcomes that were not weighed yet.
    due: BTreeSet<String>,
}

impl Merit {
    pub(super) fn take(&mut self, record: &Record) {
        self.due.extend(self.ledger.take(record));
    }

    fn base(&self, playbook: &str, domain: Domain) -> Option<Mode> {
        let playbook = self.catalog.get(playbook)?;
        (playbook.domain == domain).then_some(playbook.mode)
    }

    /// The proposals for a playbook that change anything.
    fn proposals(&self, playbook: &str, domain: Domain) -> Vec<Proposal> {
        let Some(base) = self.base(playbook, domain) else {
            return vec![];
        };
        let cases = self.ledger.cases(playbook, base, &self.policy);
        let proposals = cases.into_iter().map(|mut case| {
            // The guards hold the ceiling at every plan: that it is low is no outcome.
            case.mode = case.mode.min(case.ceiling);
            case.propose()
        });
        proposals.filter(|p| p.to != p.from).collect()
    }
}

impl Loop {
    /// The same, weighing what comes of these playbooks.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<Catalog>) -> Self {
        // The executor says why a policy cannot be used, and does nothing under it.
        let policy = self.config.executor.policy.compile().unwrap_or_default();
        self.merit = self.config.executor.earned_autonomy.then(|| Merit {
            ledger: Ledger::default(),
            catalog,
            policy,
            due: BTreeSet::new(),
        });
        self
    }

    /// Begins with the modes that the journal tells, before any run is gone on with.
    pub(super) fn restore_merit(&mut self, ledger: &Ledger) -> Vec<Command> {
        let Some(merit) = &mut self.merit else {
            return vec![];
        };
        merit.ledger = ledger.clone();
        merit.due = ledger.playbooks().cloned().collect();
        let modes = merit.ledger.modes();
        modes.map(|(track, mode)| stand(track, mode)).collect()
    }

    /// Takes over what people set in the meantime, by what stands in `config`, and weighs what was not weighed before a kill.
    pub fn accept(&mut self) -> Vec<Command> {
        let changes = self.config.executor.accepted.clone();
        let mut commands = vec![];
        for (track, change) in changes.changes() {
            commands.extend(self.take_over_word(track, change));
        }
        commands.extend(self.weigh());
        commands
    }

    /// A word that was given before the last change of the mode is stale: it rests on what was known then.
    fn take_over_word(&mut self, track: Track, change: &Change) -> Vec<Command> {
        let Some(merit) = &self.merit else {
            return vec![];
        };
        let foreign = merit.base(&track.playbook, self.domain).is_none();
        if foreign || merit.ledger.has_adopted(&change.record) {
            return vec![];
        }
        let now = merit.ledger.mode(&track);
        let fits = now.is_none() || change.from.is_none() || change.from == now;
        if !fits {
            return vec![];
        }
        let body = Body::ModeChanged {
            playbook: track.playbook.clone(),
            class: track.class.clone(),
            from: now.or(change.from).unwrap_or(change.mode),
            to: change.mode,
            reason: "a person accepted it".to_owned(),
            evidence: vec![change.record.clone()],
        };
        let name = change.by.clone();
        let draft = Draft::new(body).by(Who::Both { name });
        let (_, record) = self.append(draft.because([change.record.clone()]));
        vec![record, Command::Sync, stand(track, change.mode)]
    }

    /// What follows from the outcomes that were written down since it was asked last.
    pub(super) fn weigh(&mut self) -> Vec<Command> {
        let domain = self.domain;
        let mut commands = vec![];
        let due = |merit: &mut Merit| merit.due.pop_first();
        while let Some(playbook) = self.merit.as_mut().and_then(due) {
            let merit = self.merit.as_ref();
            let proposals = merit.map(|m| m.proposals(&playbook, domain));
            for proposal in proposals.into_iter().flatten() {
                commands.extend(self.follow(proposal));
            }
        }
        commands
    }

    fn follow(&mut self, proposal: Proposal) -> Vec<Command> {
        let track = Track {
            playbook: proposal.playbook.clone(),
            class: proposal.class.clone(),
        };
        let newest = proposal.evidence.last().cloned();
        let Proposal {
            playbook,
            class,
            from,
            to,
            reason,
            evidence,
            ..
        } = proposal;
        if to < from {
            let body = Body::ModeChanged {
                playbook,
                class,
                from,
                to,
                reason,
                evidence,
            };
            let record = self.append(Draft::new(body).because(newest)).1;
            return vec![record, Command::Sync, stand(track, to)];
        }
        let merit = self.merit.as_ref();
        if merit.is_some_and(|m| m.ledger.proposal(&track) == Some(to)) {
            return vec![];
        }
        let body = Body::ModeProposed {
            playbook,
            class,
            from,
            to,
            reason,
            evidence,
        };
        vec![self.append(Draft::new(body).because(newest)).1]
    }
}

fn stand(track: Track, mode: Mode) -> Command {
    ask(Task::Executor(executor::Input::Stand { track, mode }))
}
