//! What puts a cell on or off the air in a branch, and how many it lets in.
//!
//! In: a branch and an action on a cell. Out: the branch after it. A lock is on purpose and outlasts a restart.

use crate::TwinError;
use crate::apply::{in_range, number, unknown};
use crate::branch::Branch;
use crate::built::Cell;
use zizhi_types::action::Action;
use zizhi_types::metric::Metric;

impl Branch {
    pub(crate) fn cell(&self, action: &Action) -> Result<(usize, Cell), TwinError> {
        let number = number(&self.built.names.cells, action)?;
        let cell = self.built.cells.get(number).cloned();
        cell.map(|c| (number, c)).ok_or_else(|| unknown(action))
    }

    /// A restart heals; a locked cell is on the air only once it is unlocked.
    pub(crate) fn restart_cell(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, cell) = self.cell(action)?;
        if self.overlay.locked.contains_key(&number) {
            self.overlay().locked.insert(number, 1.0);
        } else {
            self.set(cell.slot, Metric::CellUp, 1.0);
        }
        self.renewed.insert(cell.slot);
        Ok(())
    }

    pub(crate) fn lock_cell(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, cell) = self.cell(action)?;
        if !self.overlay.locked.contains_key(&number) {
            let state = self.get(cell.slot, Metric::CellUp);
            self.overlay().locked.insert(number, state);
            self.set(cell.slot, Metric::CellUp, 0.0);
        }
        Ok(())
    }

    /// What was not locked stays as it is: a cell that is off for another reason is not cured.
    pub(crate) fn unlock_cell(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, cell) = self.cell(action)?;
        if let Some(state) = self.overlay.locked.get(&number).copied() {
            self.overlay().locked.remove(&number);
            self.set(cell.slot, Metric::CellUp, state);
        }
        Ok(())
    }

    pub(crate) fn limit_admission(&mut self, action: &Action) -> Result<(), TwinError> {
        let (number, _) = self.cell(action)?;
        let share = in_range(action, "share", &(0.0..=1.0))?;
        if share < 1.0 {
            self.overlay().admitted.insert(number, share);
        } else {
            self.overlay().admitted.remove(&number);
        }
        Ok(())
    }

    /// Share of the requests that a cell lets in.
    pub(crate) fn admitted(&self, cell: usize) -> f64 {
        self.overlay.admitted.get(&cell).copied().unwrap_or(1.0)
    }
}
