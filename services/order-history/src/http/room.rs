//! Whether there is room for new orders: the edge waits, so that orders under way can go on.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError};
use contract::{Style, groups};
use daemon::Problem;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Messages that may wait for the group that begins an order's flow, at the most; beyond, orders are refused. A quarter of
/// what the in-process bus holds.
pub const WAITING_MAX: u64 = 25_000;
/// How long what the bus said about a group holds.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the bus may take to say it.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Asks the bus how much waits, once for all orders of a moment.
pub(super) struct Room {
    bus: Arc<dyn Bus>,
    choreography: Looked,
    orchestration: Looked,
}

/// When the bus was asked last, and what came of it.
type Looked = Mutex<Option<(Instant, Result<(), NoRoom>)>>;

/// Why an order is not taken now.
#[derive(Clone, Debug)]
pub(super) enum NoRoom {
    /// Too much waits.
    Behind,
    /// The bus is not there, and may be later.
    Away(String),
    /// The bus is of no use.
    Useless(String),
}

impl Room {
    pub(super) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, choreography: Looked::default(), orchestration: Looked::default() }
    }

    /// Whether an order of that style can be taken.
    pub(super) async fn check(&self, style: Style) -> Result<(), NoRoom> {
        let (looked, group) = match style {
            Style::Choreography => (&self.choreography, groups::ORDER_HISTORY),
            Style::Orchestration => (&self.orchestration, groups::ORCHESTRATOR),
        };
        // Those that come meanwhile wait for this answer.
        let mut looked = looked.lock().await;
        if let Some((_, answer)) = looked.as_ref().filter(|(at, _)| at.elapsed() < LOOK_EVERY) {
            return answer.clone();
        }
        let answer = self.look(group).await;
        *looked = Some((Instant::now(), answer.clone()));
        answer
    }

    async fn look(&self, group: &str) -> Result<(), NoRoom> {
        match timeout(ANSWER_WITHIN, self.bus.depth(group)).await {
            Ok(Ok(Some(depth))) if depth.ready > WAITING_MAX => Err(NoRoom::Behind),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_retryable() || matches!(error, BusError::Closed) => {
                Err(NoRoom::Away(error.to_string()))
            }
            Ok(Err(error)) => Err(NoRoom::Useless(error.to_string())),
            Err(_) => Err(NoRoom::Away(format!("no answer for {} s", ANSWER_WITHIN.as_secs()))),
        }
    }
}

impl NoRoom {
    pub(super) fn problem(self, order_id: &str) -> Problem {
        match self {
            Self::Behind => Problem::unavailable(format!("the system is behind: {AGAIN}")),
            Self::Away(error) => {
                tracing::warn!(order_id, error, "an order could not be placed");
                Problem::unavailable(format!("the bus is unavailable: {AGAIN}"))
            }
            Self::Useless(error) => {
                tracing::error!(order_id, error, "an order could not be placed");
                Problem::internal()
            }
        }
    }
}

pub(super) const AGAIN: &str = "place the order again in a moment; with the same id it is taken only once";
