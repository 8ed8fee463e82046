//! What every request to the history needs.

use std::sync::Arc;

use contract::TerminalState;
use daemon::Problem;
use participant::Requests;
use serde::Serialize;
use store::Read;
use traces::Tracer;

use super::room::Room;
use crate::{Answer, Ask, OrderRecord};

pub(super) struct Api {
    pub(super) store: Arc<dyn Read>,
    pub(super) requests: Requests<Ask, Answer>,
    pub(super) room: Room,
    pub(super) tracer: Tracer,
}

impl Api {
    pub(super) async fn record(&self, order_id: &str) -> Result<Option<OrderRecord>, Problem> {
        let Some(entity) = self.store.get(order_id).await? else { return Ok(None) };
        participant::inspect::state(&entity).map_err(|error| {
            tracing::error!(order_id, %error, "an order in the history cannot be read");
            Problem::internal()
        })
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// Taken, not recorded yet.
    Accepted,
    /// Recorded, not closed yet.
    Open,
    #[serde(untagged)]
    Closed(TerminalState),
}

impl Status {
    pub(super) fn of(record: &OrderRecord) -> Self {
        if record.is_to_be_recorded() { Self::Accepted } else { Self::recorded(record.status) }
    }

    pub(super) fn recorded(status: Option<TerminalState>) -> Self {
        status.map_or(Self::Open, Self::Closed)
    }
}
