//! Whether a participant can do its work now, and if not, why.

use std::sync::{Arc, Mutex, PoisonError};

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

/// A handle on a participant's state; clones see the same.
#[derive(Clone, Debug)]
pub struct Health(Arc<Mutex<State>>);

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State::Starting)))
    }
}

impl Health {
    /// What it is up to now.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it handles messages now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state() == State::Ready
    }

    /// It works again; says nothing when it is still starting.
    pub(crate) fn set_ready(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Waiting(_)) {
            *state = State::Ready;
        }
    }

    pub(crate) fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
