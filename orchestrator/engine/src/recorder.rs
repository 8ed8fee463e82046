//! Numbers the events of a step, and keeps them if they are wanted.

use std::sync::Arc;

use crate::history::{Detail, HistoryEvent};
use crate::quotas::HISTORY_EVENTS_MAX;
use crate::taken::{Taken, Way};

/// Numbers the events of a step, and keeps them if they are wanted: most steps want only the numbers.
pub(crate) struct Recorder {
    len: u64,
    now_ms: u64,
    events_max: u64,
    events: Option<Vec<HistoryEvent>>,
    taken: Vec<Taken>,
}

impl Recorder {
    pub(crate) fn new(len: u64, now_ms: u64, is_bounded: bool, keep: bool) -> Self {
        let events_max = if is_bounded { HISTORY_EVENTS_MAX } else { u64::MAX };
        Self { len, now_ms, events_max, events: keep.then(Vec::new), taken: Vec::new() }
    }

    /// Whether events are kept, and their data is worth writing out.
    pub(crate) fn keeps(&self) -> bool {
        self.events.is_some()
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether only the execution's last event has a place left.
    pub(crate) fn is_full(&self) -> bool {
        self.len + 1 >= self.events_max
    }

    /// Adds an event; when the history is full, nothing.
    pub(crate) fn push(&mut self, previous_event_id: u64, detail: impl FnOnce() -> Detail) -> u64 {
        if self.is_full() {
            return previous_event_id;
        }
        self.push_last(previous_event_id, detail)
    }

    /// Adds the execution's last event.
    pub(crate) fn push_last(&mut self, previous_event_id: u64, detail: impl FnOnce() -> Detail) -> u64 {
        self.len += 1;
        if let Some(events) = &mut self.events {
            events.push(HistoryEvent {
                id: self.len,
                previous_event_id,
                timestamp_ms: self.now_ms,
                detail: detail(),
            });
        }
        self.len
    }

    /// Notes a way that was taken, where events are kept.
    pub(crate) fn took(&mut self, state: &Arc<str>, way: Way) {
        if self.keeps() {
            self.taken.push(Taken { state: Arc::clone(state), way });
        }
    }

    /// The events, and the ways that were taken.
    pub(crate) fn finish(self) -> (Vec<HistoryEvent>, Vec<Taken>) {
        (self.events.unwrap_or_default(), self.taken)
    }
}
