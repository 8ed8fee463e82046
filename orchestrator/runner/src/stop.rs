//! How work learns that nobody waits for it any more.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells work to stop. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Nobody waits any more. May be said again.
    pub fn now(&self) {
        self.0.send_replace(true);
    }

    /// Returns once nobody waits any more.
    pub async fn told(&self) {
        // It has a sender: it is never closed.
        let _ = self.0.subscribe().wait_for(|is_told| *is_told).await;
    }
}
