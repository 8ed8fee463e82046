//! Which rules the subscription follows.

use std::time::Duration;

use tokio::sync::{Notify, watch};

/// What is known of it: shared by whoever changes rules and whoever subscribes.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Told when rules were changed here.
    changed: Notify,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The subscription is what the rules of this revision want.
    followed: Option<u64>,
    /// For these it was tried last.
    tried: u64,
    /// Why it is not what they want.
    lacks: Option<String>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { changed: Notify::new(), state: watch::Sender::new(State::default()) }
    }
}

impl Standing {
    /// Has whoever subscribes look at the rules.
    pub(crate) fn rules_changed(&self) {
        self.changed.notify_one();
    }

    /// Waits for that.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn follows(&self, revision: u64) {
        self.state.send_replace(State { followed: Some(revision), tried: revision, lacks: None });
    }

    pub(crate) fn lacks(&self, revision: u64, reason: String) {
        self.state.send_modify(|state| {
            state.tried = revision;
            state.lacks = Some(reason);
        });
    }

    /// Waits until the subscription is what the rules of that revision want.
    ///
    /// # Errors
    /// It cannot be for now, or not within that time: why not.
    pub(crate) async fn until(&self, revision: u64, patience: Duration) -> Result<(), String> {
        let mut state = self.state.subscribe();
        let is_over = |state: &State| {
            state.followed.is_some_and(|followed| followed >= revision)
                || state.lacks.is_some() && state.tried >= revision
        };
        let waited = tokio::time::timeout(patience, state.wait_for(is_over)).await;
        match waited {
            Ok(Ok(state)) if state.followed.is_some_and(|followed| followed >= revision) => Ok(()),
            Ok(Ok(state)) => Err(state.lacks.clone().unwrap_or_default()),
            Ok(Err(_)) | Err(_) => {
                Err(format!("the bus has not been subscribed to within {} s", patience.as_secs()))
            }
        }
    }
}
