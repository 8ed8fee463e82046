//! What the orchestrator serves over HTTP beside what every service does.

use std::sync::{Arc, OnceLock};

use axum::Router;
use daemon::Problem;
use order_flow::{Replay, Replayed, replay};
use participant::Requests;
use registry::{Definitions, JournalError};
use store::Read;

/// `POST /orders/{id}/replay` (see [`daemon::replay`]) of the executions in `store`. Until `definitions` are there, the answer is 503.
pub(crate) fn router(
    store: Arc<dyn Read>,
    definitions: Arc<OnceLock<Arc<Definitions>>>,
    requests: Requests<Replay, Replayed>,
) -> Router {
    daemon::replay::router(move |order_id| {
        let (store, definitions, requests) = (Arc::clone(&store), Arc::clone(&definitions), requests.clone());
        async move {
            let starting = || Problem::unavailable("the orchestrator is starting: ask again in a moment");
            let definitions = definitions.get().ok_or_else(starting)?;
            let replay = replay::of_journal(&*store, definitions, &order_id).await;
            let Some(replay) = replay.map_err(|error| problem(&order_id, error))? else { return Ok(None) };
            requests.ask(order_id, replay).await.map_err(|error| daemon::replay::problem(&error))
        }
    })
}

fn problem(order_id: &str, error: JournalError) -> Problem {
    if let JournalError::Store(error) = error {
        return error.into();
    }
    tracing::error!(order_id, cause = telemetry::chain(&error), "an execution cannot be replayed");
    Problem::internal()
}
