//! The timers of an execution.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Execution, TimerId};

/// What an execution will have to be told, and when. The participant knows of the earliest alone: an execution may have
/// thousands, which would all be written with every fact.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    by_time: BTreeSet<(u64, TimerId)>,
    times: BTreeMap<TimerId, u64>,
}

impl Due {
    pub(crate) fn of(execution: &Execution) -> Self {
        let mut due = Self::default();
        execution.pending_timers().into_iter().for_each(|timer| due.set(timer.id, timer.at_ms));
        due
    }

    pub(crate) fn set(&mut self, timer: TimerId, at_ms: u64) {
        self.cancel(timer);
        self.by_time.insert((at_ms, timer));
        self.times.insert(timer, at_ms);
    }

    pub(crate) fn cancel(&mut self, timer: TimerId) {
        if let Some(at_ms) = self.times.remove(&timer) {
            self.by_time.remove(&(at_ms, timer));
        }
    }

    /// When the earliest is due, in milliseconds since 1970.
    pub(crate) fn earliest(&self) -> Option<u64> {
        self.by_time.first().map(|(at_ms, _)| *at_ms)
    }

    /// Takes the earliest, if it is due.
    pub(crate) fn take(&mut self, now_ms: u64) -> Option<TimerId> {
        let (_, timer) = *self.by_time.first().filter(|(at_ms, _)| *at_ms <= now_ms)?;
        self.cancel(timer);
        Some(timer)
    }
}
