//! Saying again what an execution asks for, where the commands or their replies may have been lost on the way.
//!
//! The commands to which an execution has no answer (it waits for it, gave up waiting, or never wanted one) are not in its snapshot:
//! they follow from its journal, which is read here and handed to the [`Conductor`](crate::Conductor) with the request. Every
//! service answers again a command that it has answered before, and an answer that nobody waits for changes nothing.

use std::sync::{Arc, OnceLock};

use axum::Router;
use daemon::Problem;
use participant::Requests;
use store::{Read, StoreError};

use crate::engine::{Effect, JournalEntry, ReplayError, unanswered};
use crate::stored;
use crate::workflow::{UnknownDefinition, Workflows};

/// Entries of a journal read at once.
const PAGE: usize = 1_000;

/// Asks the conductor to say again the commands of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// When the execution began that they are of: another one may have taken its place since.
    pub started_ms: u64,
    /// Every call ([`Effect::Invoke`]) to which it has no answer, in order.
    pub calls: Vec<Effect>,
}

/// How many commands were said again; `None` where there is no such execution.
pub type Replayed = Option<usize>;

/// Why an execution's commands cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store does not answer.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
    /// The execution or an entry of its journal cannot be read.
    #[error("what is stored cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// It began with a definition that this program does not have.
    #[error(transparent)]
    Definition(#[from] UnknownDefinition),
    /// The journal is not that of the execution. It may just have been replaced by another under the same id.
    #[error("the journal does not lead to the execution")]
    Journal(#[from] ReplayError),
}

/// What the execution under this id has asked for and has no answer to, by its journal; `None` where there is none.
///
/// # Errors
/// [`JournalError`].
pub async fn of_journal(
    store: &dyn Read,
    workflows: &Workflows,
    order_id: &str,
) -> Result<Option<Replay>, JournalError> {
    let Some(entity) = store.get(order_id).await? else { return Ok(None) };
    let Some(run) = stored::execution(order_id, &entity)? else { return Ok(None) };
    let mut journal: Vec<JournalEntry> = Vec::new();
    loop {
        let page = store.journal(order_id, journal.len() as u64, PAGE).await?;
        let is_last = page.len() < PAGE;
        for entry in page {
            journal.push(serde_json::from_slice(&entry)?);
        }
        if is_last {
            break;
        }
    }
    let (execution, calls) = unanswered(workflows.pinned(run.execution.definition())?, journal)?;
    Ok(Some(Replay { started_ms: execution.started_ms(), calls }))
}

/// `POST /orders/{id}/replay` (see [`daemon::replay`]) of the executions in `store`. Until `workflows` are there, the answer is 503.
pub fn router(
    store: Arc<dyn Read>,
    workflows: Arc<OnceLock<Arc<Workflows>>>,
    requests: Requests<Replay, Replayed>,
) -> Router {
    daemon::replay::router(move |order_id| {
        let (store, workflows, requests) = (Arc::clone(&store), Arc::clone(&workflows), requests.clone());
        async move {
            let starting = || Problem::unavailable("the orchestrator is starting: ask again in a moment");
            let workflows = workflows.get().ok_or_else(starting)?;
            let replay =
                of_journal(&*store, workflows, &order_id).await.map_err(|error| problem(&order_id, error))?;
            let Some(replay) = replay else { return Ok(None) };
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
