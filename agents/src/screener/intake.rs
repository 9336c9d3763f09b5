//! The queue before the screener: bounded in messages and bytes; the oldest make room, and are counted.

use std::collections::VecDeque;
use std::sync::Arc;
use zizhi_bus::Message;

/// Messages that wait. New telemetry is worth more than old, so a full queue drops from its front.
#[derive(Debug)]
pub struct Intake {
    queue: VecDeque<Arc<Message>>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
    counts: IntakeCounts,
}

/// What was counted: `came == taken + dropped + waiting`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IntakeCounts {
    /// Messages that came.
    pub came: u64,
    /// Messages that were taken out to be handled.
    pub taken: u64,
    /// Messages that made room for newer ones.
    pub dropped: u64,
    /// Messages that wait now.
    pub waiting: u64,
    /// Most messages that ever waited.
    pub peak: u64,
}

impl Intake {
    /// Nothing waits.
    pub const fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            most,
            most_bytes,
            counts: IntakeCounts {
                came: 0,
                taken: 0,
                dropped: 0,
                waiting: 0,
                peak: 0,
            },
        }
    }

    /// Lets a message wait. One that alone exceeds the bounds is dropped.
    pub fn put(&mut self, message: Arc<Message>) {
        self.counts.came += 1;
        self.bytes += message.payload.len();
        self.queue.push_back(message);
        while self.queue.len() > self.most || self.bytes > self.most_bytes {
            if self.pop().is_none() {
                break;
            }
            self.counts.dropped += 1;
        }
        self.counts.peak = self.counts.peak.max(self.queue.len() as u64);
    }

    /// The message that waits longest.
    pub fn take(&mut self) -> Option<Arc<Message>> {
        let message = self.pop()?;
        self.counts.taken += 1;
        Some(message)
    }

    fn pop(&mut self) -> Option<Arc<Message>> {
        let message = self.queue.pop_front()?;
        self.bytes -= message.payload.len();
        Some(message)
    }

    /// What was counted since the start.
    pub fn counts(&self) -> IntakeCounts {
        IntakeCounts {
            waiting: self.queue.len() as u64,
            ..self.counts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zizhi_types::{MessageId, NetTime};

    fn message(number: u64, bytes: usize) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId::new("p", number),
            subject: "zizhi.v1.transport.obs.samples".to_owned(),
            at: NetTime(0),
            payload: vec![0; bytes],
        })
    }

    fn all(intake: &mut Intake) -> Vec<u64> {
        std::iter::from_fn(|| intake.take())
            .map(|m| m.id.number)
            .collect()
    }

    #[test]
    fn a_full_queue_drops_the_oldest_and_everything_is_counted_once() {
        let mut intake = Intake::new(3, 100);
        (1..=5).for_each(|n| intake.put(message(n, 10)));
        assert_eq!(all(&mut intake), [3, 4, 5]);
        (6..=9).for_each(|n| intake.put(message(n, 40)));
        intake.put(message(10, 101));
        intake.put(message(11, 1));
        let counts = intake.counts();
        let expected = IntakeCounts {
            came: 11,
            taken: 3,
            dropped: 7,
            waiting: 1,
            peak: 3,
        };
        assert_eq!(counts, expected);
        assert_eq!(all(&mut intake), [11]);
    }
}
