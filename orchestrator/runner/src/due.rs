//! What is to happen, when, and to which execution: answers and timers, on the clock of all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::{Fact, TaskId, TimerId};

/// When something happens: at one time answers come before timers, and what was asked for first comes first.
type Key = (u64, bool, u64);

/// What is to happen.
#[derive(Default)]
pub(crate) struct Due {
    facts: BTreeMap<Key, (Arc<str>, Fact)>,
    timers: HashMap<(Arc<str>, TimerId), Key>,
    /// How far the heartbeats of tasks are apart, and when they end.
    beats: HashMap<(Arc<str>, TaskId), (u64, u64)>,
    added: u64,
}

impl Due {
    pub(crate) fn fact(&mut self, at_ms: u64, to: &Arc<str>, fact: Fact) {
        let key = self.key(at_ms, false);
        self.facts.insert(key, (Arc::clone(to), fact));
    }

    pub(crate) fn timer(&mut self, at_ms: u64, of: &Arc<str>, timer: TimerId) {
        let key = self.key(at_ms, true);
        self.timers.insert((Arc::clone(of), timer), key);
        self.facts.insert(key, (Arc::clone(of), Fact::TimerFired { timer }));
    }

    pub(crate) fn cancel(&mut self, of: &Arc<str>, timer: TimerId) {
        if let Some(key) = self.timers.remove(&(Arc::clone(of), timer)) {
            self.facts.remove(&key);
        }
    }

    /// Heartbeats of a task: from now on every so many milliseconds, as long as each is [heard](Self::beat_again), before that time.
    pub(crate) fn beats(&mut self, now_ms: u64, of: &Arc<str>, task: TaskId, (every_ms, end_ms): (u64, u64)) {
        self.beats.insert((Arc::clone(of), task), (every_ms, end_ms));
        self.beat_again(now_ms, of, task);
    }

    /// A heartbeat was heard: another one comes. That of a task that nobody waits for any more is the last.
    pub(crate) fn beat_again(&mut self, now_ms: u64, of: &Arc<str>, task: TaskId) {
        let Some((every_ms, end_ms)) = self.beats.get(&(Arc::clone(of), task)).copied() else { return };
        let at_ms = now_ms.saturating_add(every_ms);
        if at_ms < end_ms {
            self.fact(at_ms, of, Fact::TaskHeartbeat { task });
        }
    }

    /// When the next thing happens.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.facts.keys().next().map(|(at_ms, ..)| *at_ms)
    }

    /// The next thing, and to which execution it is to happen.
    pub(crate) fn pop(&mut self) -> Option<(Arc<str>, Fact)> {
        let (_, (to, fact)) = self.facts.pop_first()?;
        if let Fact::TimerFired { timer } = &fact {
            self.timers.remove(&(Arc::clone(&to), *timer));
        }
        Some((to, fact))
    }

    fn key(&mut self, at_ms: u64, is_timer: bool) -> Key {
        self.added += 1;
        (at_ms, is_timer, self.added)
    }
}
