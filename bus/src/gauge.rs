//! How many deliveries are on their way or in somebody's hands, and was this one handled?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;

/// Counts up when a delivery is made and down when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    waiting: AtomicU64,
    handled: AtomicU64,
}

impl Gauge {
    /// One more.
    pub(crate) fn take(self: &Arc<Self>) -> InHand {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        InHand(Arc::clone(self))
    }

    /// Not yet handled.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Acquire)
    }

    /// Handled since the start.
    pub(crate) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }
}

/// One delivery that was not yet handled.
#[derive(Debug)]
pub(crate) struct InHand(Arc<Gauge>);

impl Drop for InHand {
    fn drop(&mut self) {
        // Handled first: whoever reads both must not see it in neither.
        self.0.handled.fetch_add(1, Ordering::AcqRel);
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tells, when dropped, whether anybody had taken the delivery: one that was dropped with its queue was not handled.
#[derive(Debug)]
pub(crate) struct Confirm {
    taken: bool,
    tell: Option<oneshot::Sender<bool>>,
}

impl Confirm {
    /// Not taken yet.
    pub(crate) fn new(tell: oneshot::Sender<bool>) -> Self {
        Self {
            taken: false,
            tell: Some(tell),
        }
    }

    /// Somebody has it.
    pub(crate) fn take(&mut self) {
        self.taken = true;
    }
}

impl Drop for Confirm {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            let _ = tell.send(self.taken);
        }
    }
}
