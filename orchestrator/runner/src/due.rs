//! What is to happen, and when: answers and timers, on the execution's clock.

use std::collections::{BTreeMap, HashMap};

use engine::{Fact, TaskId, TimerId};

/// When something happens: at one time answers come before timers, and what was asked for first comes first.
type Key = (u64, bool, u64);

/// What is to happen.
#[derive(Default)]
pub(crate) struct Due {
    facts: BTreeMap<Key, Fact>,
    timers: HashMap<TimerId, Key>,
    /// How far the heartbeats of tasks are apart, and when they end.
    beats: HashMap<TaskId, (u64, u64)>,
    added: u64,
}

impl Due {
    pub(crate) fn fact(&mut self, at_ms: u64, fact: Fact) {
        let key = self.key(at_ms, false);
        self.facts.insert(key, fact);
    }

    pub(crate) fn timer(&mut self, at_ms: u64, timer: TimerId) {
        let key = self.key(at_ms, true);
        self.timers.insert(timer, key);
        self.facts.insert(key, Fact::TimerFired { timer });
    }

    pub(crate) fn cancel(&mut self, timer: TimerId) {
        if let Some(key) = self.timers.remove(&timer) {
            self.facts.remove(&key);
        }
    }

    /// Heartbeats of a task: from now on every so many milliseconds, as long as each is [heard](Self::beat_again), before that time.
    pub(crate) fn beats(&mut self, now_ms: u64, task: TaskId, every_ms: u64, end_ms: u64) {
        self.beats.insert(task, (every_ms, end_ms));
        self.beat_again(now_ms, task);
    }

    /// A heartbeat was heard: another one comes. That of a task that nobody waits for any more is the last.
    pub(crate) fn beat_again(&mut self, now_ms: u64, task: TaskId) {
        let Some((every_ms, end_ms)) = self.beats.get(&task).copied() else { return };
        let at_ms = now_ms.saturating_add(every_ms);
        if at_ms < end_ms {
            self.fact(at_ms, Fact::TaskHeartbeat { task });
        }
    }

    /// When the next thing happens.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.facts.keys().next().map(|(at_ms, ..)| *at_ms)
    }

    /// The next thing, and when it is to happen.
    pub(crate) fn pop(&mut self) -> Option<(u64, Fact)> {
        let ((at_ms, ..), fact) = self.facts.pop_first()?;
        if let Fact::TimerFired { timer } = &fact {
            self.timers.remove(timer);
        }
        Some((at_ms, fact))
    }

    fn key(&mut self, at_ms: u64, is_timer: bool) -> Key {
        self.added += 1;
        (at_ms, is_timer, self.added)
    }
}
