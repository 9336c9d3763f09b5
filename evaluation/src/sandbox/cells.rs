//! What puts a cell on or off the air, and how many it lets in.
//!
//! In: an action on a cell. Out: a receipt, or why it was refused. A lock is what somebody wants (the administrative state of
//! 3GPP TS 28.625) and outlasts a restart; being broken is what happened to the cell.

use super::actions::{number, position, receipt};
use super::clockwork::Event;
use super::faults::NEIGHBOUR_COVER;
use super::state::CellState;
use super::world::{SECOND_US, World};
use zizhi_types::action::{Action, Receipt, Value, Verb};

/// Outage of a restart. Our choice, near what operators see with small systems; it varies by up to a fifth.
const CELL_RESTART_US: u64 = 15 * SECOND_US;

impl World {
    pub(super) fn restart_cell(&mut self, action: &Action) -> Result<Receipt, String> {
        let cell = position(self.layout.cells.iter().map(|c| &c.object), &action.object)?;
        let before = self.cell_text(cell);
        let locked = self.cells[cell].locked;
        self.switch_off(cell, NEIGHBOUR_COVER, locked);
        let state = &mut self.cells[cell];
        (state.broken, state.starting) = (false, true);
        let done_us = self.now_us + self.around(CELL_RESTART_US);
        let epoch = self.cells[cell].epoch;
        self.agenda.at(
            done_us,
            Event::CellStarted {
                cell: cell as u32,
                epoch,
            },
        );
        Ok(receipt(before, self.cell_text(cell), None))
    }

    /// Takes a cell off the air; neighbours can take over a share of its users.
    pub(crate) fn switch_off(&mut self, cell: usize, covered: f64, prepared: bool) {
        let now_us = self.now_us;
        let state = &mut self.cells[cell];
        if !state.off {
            state.off_since_us = now_us;
        }
        state.off = true;
        state.covered = covered;
        state.prepared = prepared;
        state.epoch += 1;
    }

    fn cell_text(&self, cell: usize) -> String {
        let c = &self.cells[cell];
        let air = match (c.starting, c.off) {
            (true, _) => "starting",
            (false, true) => "off the air",
            (false, false) => "on the air",
        };
        let locked = if c.locked { ", locked" } else { "" };
        format!("{air}{locked}, admits {}", 1.0 - c.barred)
    }

    /// Locks or unlocks. Doing it twice is as doing it once.
    pub(super) fn lock_cell(&mut self, action: &Action, lock: bool) -> Result<Receipt, String> {
        let cell = position(self.layout.cells.iter().map(|c| &c.object), &action.object)?;
        let (before, was) = (self.cell_text(cell), self.cells[cell].locked);
        if lock && !self.cells[cell].off {
            self.switch_off(cell, NEIGHBOUR_COVER, true);
        }
        let state = &mut self.cells[cell];
        state.locked = lock;
        state.prepared |= lock;
        state.back_on_air();
        let undo = if was {
            Verb::CellLock
        } else {
            Verb::CellUnlock
        };
        let undo = Action::new(undo, action.object.clone());
        Ok(receipt(before, self.cell_text(cell), Some(undo)))
    }

    /// Bars a share of the requests (access class barring): phones learn it from the cell and do not ask.
    pub(super) fn limit_admission(&mut self, action: &Action) -> Result<Receipt, String> {
        let cell = position(self.layout.cells.iter().map(|c| &c.object), &action.object)?;
        let share = number(action, "share", 0.0..=1.0)?;
        let (before, was) = (self.cell_text(cell), 1.0 - self.cells[cell].barred);
        self.cells[cell].barred = 1.0 - share;
        let undo = Action::new(Verb::CellLimitAdmission, action.object.clone())
            .with("share", Value::Number(was));
        Ok(receipt(before, self.cell_text(cell), Some(undo)))
    }
}

impl CellState {
    /// On the air again, unless something still keeps it off.
    pub(crate) const fn back_on_air(&mut self) {
        if self.off && !self.locked && !self.broken && !self.starting {
            (self.off, self.prepared) = (false, false);
        }
    }
}
