//! Numbers the events of a step, and keeps them or tells them to somebody if they are wanted.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::history::{Detail, HistoryEvent};
use crate::quotas::HISTORY_EVENTS_MAX;
use crate::taken::{Taken, Way};

/// What becomes of events.
pub(crate) enum Events<'s> {
    /// They are not made.
    Skipped,
    /// They are kept until the step is over.
    Kept(Vec<HistoryEvent>),
    /// They are told as they happen, and forgotten.
    Told(&'s mut dyn FnMut(HistoryEvent) -> ControlFlow<()>),
}

/// Numbers the events of a step, and keeps or tells them if they are wanted: most steps want only the numbers.
pub(crate) struct Recorder<'s> {
    len: u64,
    now_ms: u64,
    events_max: u64,
    events: Events<'s>,
    /// Whether whoever is told the events has had enough of them.
    is_stopped: bool,
    taken: Vec<Taken>,
}

impl<'s> Recorder<'s> {
    pub(crate) fn new(len: u64, now_ms: u64, is_bounded: bool, events: Events<'s>) -> Self {
        let events_max = if is_bounded { HISTORY_EVENTS_MAX } else { u64::MAX };
        Self { len, now_ms, events_max, events, is_stopped: false, taken: Vec::new() }
    }

    /// Whether events are made, and their data is worth writing out.
    pub(crate) fn keeps(&self) -> bool {
        !matches!(self.events, Events::Skipped)
    }

    /// Whether whoever is told the events wants the step to come to an end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
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
        let (id, timestamp_ms) = (self.len, self.now_ms);
        let event = || HistoryEvent { id, previous_event_id, timestamp_ms, detail: detail() };
        match &mut self.events {
            Events::Skipped => {}
            Events::Kept(events) => events.push(event()),
            Events::Told(tell) => self.is_stopped |= tell(event()).is_break(),
        }
        self.len
    }

    /// Notes a way that was taken, where events are kept.
    pub(crate) fn took(&mut self, state: &Arc<str>, way: Way) {
        if self.keeps() {
            self.taken.push(Taken { state: Arc::clone(state), way });
        }
    }

    /// The events that were kept, and the ways that were taken.
    pub(crate) fn finish(self) -> (Vec<HistoryEvent>, Vec<Taken>) {
        match self.events {
            Events::Kept(events) => (events, self.taken),
            Events::Skipped | Events::Told(_) => (Vec::new(), self.taken),
        }
    }
}
