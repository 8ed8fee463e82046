//! Asking the parts of a program to end.

use tokio::sync::watch;

/// Tells every holder of its [`Shutdown`] to end; so does dropping it.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Learns when it is time to end. Clones learn it together.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger, and what it triggers.
#[must_use]
pub fn shutdown() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// It is time to end. Idempotent.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Completes when it is time to end; at once when it was before.
    pub async fn requested(mut self) {
        // An error means that the trigger is gone, which is the same.
        let _ = self.0.wait_for(|requested| *requested).await;
    }

    /// Whether it is time to end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// Triggers on the first SIGTERM or SIGINT and ends the process with exit code 130 on the second. Needs a runtime.
///
/// # Errors
/// The operating system refuses to have its signals handled.
#[cfg(unix)]
pub fn on_signals() -> std::io::Result<Shutdown> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (trigger, shutdown) = shutdown();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let signal = next().await;
        tracing::info!(signal, "finishing what is in hand; a second signal ends at once");
        trigger.trigger();
        let signal = next().await;
        tracing::warn!(signal, "ended at once");
        std::process::exit(telemetry::Code::Interrupted.as_u8().into());
    });
    Ok(shutdown)
}

/// Triggers on the first Ctrl-C and ends the process with exit code 130 on the second. Needs a runtime.
///
/// # Errors
/// None on this platform.
#[cfg(not(unix))]
pub fn on_signals() -> std::io::Result<Shutdown> {
    let (trigger, shutdown) = shutdown();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can ask it to end; keep the trigger, or everything would end now.
            std::future::pending::<()>().await;
        }
        trigger.trigger();
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(telemetry::Code::Interrupted.as_u8().into());
        }
    });
    Ok(shutdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_holder_learns_of_it_even_afterwards() {
        let (trigger, first) = shutdown();
        let second = first.clone();
        assert!(!second.is_requested());
        trigger.trigger();
        first.requested().await;
        assert!(second.is_requested());
        second.requested().await;
    }

    #[tokio::test]
    async fn a_lost_trigger_ends_too() {
        let (trigger, shutdown) = shutdown();
        drop(trigger);
        assert!(shutdown.is_requested());
        shutdown.requested().await;
    }
}
