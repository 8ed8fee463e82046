//! Whether a participant can do its work now, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a participant is up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Connecting, or publishing what a crash left in the outbox.
    Starting,
    /// Handling messages.
    Ready,
    /// Waiting for the store or the bus, with what they said last.
    Waiting(String),
    /// Ended, with the reason where it was not asked to.
    Stopped(Option<String>),
}

/// What a participant cannot work without. Each is lacking for reasons of its own, and found again on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The store answers.
    Store,
    /// The bus gives deliveries.
    Deliveries,
    /// The bus takes messages.
    Publishing,
    /// The bus takes settlements.
    Settling,
}

/// A handle on a participant's state; clones see the same.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    /// What is lacking, with what was said about it last.
    lacking: BTreeMap<Need, String>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Starting,
    Running,
    Stopped(Option<String>),
}

impl Health {
    /// What it is up to now.
    #[must_use]
    pub fn state(&self) -> State {
        let inner = self.inner();
        match (&inner.phase, inner.lacking.values().next()) {
            (Phase::Stopped(reason), _) => State::Stopped(reason.clone()),
            (_, Some(reason)) => State::Waiting(reason.clone()),
            (Phase::Starting, None) => State::Starting,
            (Phase::Running, None) => State::Ready,
        }
    }

    /// Whether it handles messages now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state() == State::Ready
    }

    /// It cannot go on without this.
    pub(crate) fn lacks(&self, need: Need, reason: String) {
        self.inner().lacking.insert(need, reason);
    }

    /// It has it (again).
    pub(crate) fn has(&self, need: Need) {
        self.inner().lacking.remove(&need);
    }

    /// It has started.
    pub(crate) fn set_running(&self) {
        self.inner().phase = Phase::Running;
    }

    pub(crate) fn set_stopped(&self, reason: Option<String>) {
        self.inner().phase = Phase::Stopped(reason);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_only_while_it_lacks_nothing() {
        let health = Health::default();
        assert_eq!(health.state(), State::Starting);
        health.lacks(Need::Store, "the store is away".into());
        assert_eq!(health.state(), State::Waiting("the store is away".into()));
        health.has(Need::Store);
        assert_eq!(health.state(), State::Starting, "having waited is not having started");
        health.set_running();
        health.lacks(Need::Publishing, "the bus is away".into());
        health.has(Need::Deliveries);
        assert_eq!(health.state(), State::Waiting("the bus is away".into()), "one need is not another");
        health.has(Need::Publishing);
        assert!(health.is_ready());
        health.set_stopped(None);
        health.lacks(Need::Store, "too late".into());
        assert_eq!(health.state(), State::Stopped(None));
    }
}
