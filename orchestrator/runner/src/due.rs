//! What is to happen, and when: answers and timers, on the execution's clock.

use std::collections::{BTreeMap, HashMap};

use engine::{Fact, TimerId};

/// When something happens: at one time answers come before timers, and what was asked for first comes first.
type Key = (u64, bool, u64);

/// What is to happen.
#[derive(Default)]
pub(crate) struct Due {
    facts: BTreeMap<Key, Fact>,
    timers: HashMap<TimerId, Key>,
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
