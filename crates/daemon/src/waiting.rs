//! A bus that may not be there yet.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Depth, Durability, Figure, Guarantees, Origin,
    Publisher, Subscription,
};
use participant::Backoff;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Connects to a bus; called until it succeeds or fails for good.
pub type Connecting =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Arc<dyn Bus>, BusError>> + Send>> + Send + Sync>;

const BACKOFF_BASE: Duration = Duration::from_millis(100);
const BACKOFF_CAP: Duration = Duration::from_secs(5);

#[derive(Clone)]
enum State {
    /// The first attempt is under way.
    Trying,
    /// Nobody answered so far; it is tried again.
    Down(String),
    /// It will never work.
    Refused(String),
    Connected(Arc<dyn Bus>),
}

/// A bus that is connected to behind the scenes, with capped back-off. Calls wait for the first attempt; while none
/// has succeeded they fail at once with [`BusError::Unavailable`] (or [`BusError::Protocol`] when it is of no use
/// to try again), so that callers can say what they wait for. Once connected, it only passes calls on.
pub struct WaitingBus {
    address: String,
    state: watch::Receiver<State>,
    connecting: JoinHandle<()>,
}

impl WaitingBus {
    /// Starts connecting. `address` is what the log calls the bus. Needs a runtime.
    #[must_use]
    pub fn new(address: String, connect: Connecting) -> Self {
        let (sender, state) = watch::channel(State::Trying);
        let connecting = tokio::spawn(keep_trying(address.clone(), connect, sender));
        Self { address, state, connecting }
    }

    async fn bus(&self) -> Result<Arc<dyn Bus>, BusError> {
        let mut state = self.state.clone();
        // The sender is dropped only after the last state; that state still stands.
        let _ = state.wait_for(|state| !matches!(state, State::Trying)).await;
        let state = state.borrow().clone();
        match state {
            State::Connected(bus) => Ok(bus),
            State::Down(reason) => Err(BusError::Unavailable(reason)),
            State::Refused(reason) => Err(BusError::Protocol(reason)),
            State::Trying => Err(BusError::Closed),
        }
    }
}

impl Drop for WaitingBus {
    fn drop(&mut self) {
        self.connecting.abort();
    }
}

impl std::fmt::Debug for WaitingBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitingBus").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn keep_trying(address: String, connect: Connecting, state: watch::Sender<State>) {
    let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
    tracing::info!(bus = address, "connecting to the bus");
    loop {
        match connect().await {
            Ok(bus) => {
                tracing::info!(bus = address, "connected to the bus");
                state.send_replace(State::Connected(bus));
                return;
            }
            Err(error) if error.is_retryable() => {
                let delay = backoff.next_delay();
                tracing::warn!(bus = address, %error, retry_in_ms = delay.as_millis(), "waiting for the bus");
                state.send_replace(State::Down(reason(error)));
                tokio::time::sleep(delay).await;
            }
            Err(error) => {
                tracing::error!(bus = address, %error, "the bus cannot be used");
                state.send_replace(State::Refused(reason(error)));
                return;
            }
        }
    }
}

/// What an error says, without the words that the one made of it will say again.
fn reason(error: BusError) -> String {
    match error {
        BusError::Unavailable(reason) | BusError::Protocol(reason) => reason,
        other => other.to_string(),
    }
}

#[async_trait]
impl Bus for WaitingBus {
    /// Those of the bus once it is connected; until then the weakest there are.
    fn capabilities(&self) -> Capabilities {
        match &*self.state.borrow() {
            State::Connected(bus) => bus.capabilities(),
            _ => Capabilities {
                durability: Durability::Process,
                individual_retry: false,
                delivery_limit: None,
                message_bytes_max: 0,
            },
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.bus().await?.declare(subscription).await
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        self.bus().await?.subscribe(subscription).await
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        self.bus().await?.publisher(origin).await
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        self.bus().await?.depth(group).await
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.bus().await?.dead_letters(group, limit).await
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        self.bus().await?.redrive(group, message_id).await
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        self.bus().await?.guarantees().await
    }

    async fn takes_messages(&self) -> Result<(), BusError> {
        self.bus().await?.takes_messages().await
    }

    fn figures(&self) -> Vec<Figure> {
        match &*self.state.borrow() {
            State::Connected(bus) => bus.figures(),
            _ => Vec::new(),
        }
    }

    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        self.bus().await?.remove(groups).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bus::MemoryBus;

    use super::*;

    fn connecting(attempts: impl Fn(usize) -> Result<(), BusError> + Send + Sync + 'static) -> Connecting {
        let made = AtomicUsize::new(0);
        Box::new(move || {
            let outcome = attempts(made.fetch_add(1, Ordering::SeqCst));
            Box::pin(async move { outcome.map(|()| Arc::new(MemoryBus::default()) as Arc<dyn Bus>) })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_is_down_is_unavailable_and_then_there() {
        let bus = WaitingBus::new(
            "tcp://test".into(),
            connecting(|n| if n < 3 { Err(BusError::Unavailable("refused".into())) } else { Ok(()) }),
        );
        let error = bus.depth("g").await.unwrap_err();
        assert_eq!(error.to_string(), "the bus is unavailable: refused");
        assert_eq!(bus.capabilities().message_bytes_max, 0);
        let mut state = bus.state.clone();
        assert!(state.wait_for(|state| matches!(state, State::Connected(_))).await.is_ok());
        assert_eq!(bus.depth("g").await.unwrap(), None);
        assert!(bus.capabilities().message_bytes_max > 0);
    }

    #[tokio::test]
    async fn a_stranger_is_not_tried_again() {
        let bus = WaitingBus::new(
            "tcp://test".into(),
            connecting(|n| {
                assert_eq!(n, 0);
                Err(BusError::Protocol("no bus".into()))
            }),
        );
        let error = bus.depth("g").await.unwrap_err();
        assert_eq!(error.to_string(), "protocol error: no bus");
        assert!(!error.is_retryable());
    }
}
