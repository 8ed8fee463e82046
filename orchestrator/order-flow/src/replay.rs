//! Saying again what an execution asks for, where the commands or their replies may have been lost on the way.
//!
//! The commands to which an execution has no answer (it waits for it, gave up waiting, or never wanted one) are not in its snapshot:
//! they follow from its journal, which is read here and handed to the [`Conductor`](crate::Conductor) with the request. Every
//! service answers again a command that it has answered before, and an answer that nobody waits for changes nothing.

use engine::Call;
use registry::{Definitions, JournalError};
use store::Read;

use crate::stored;

/// Asks the conductor to say again the commands of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// When the execution began that they are of: another one may have taken its place since.
    pub started_ms: u64,
    /// Every call to which it has no answer, in order.
    pub calls: Vec<Call>,
}

/// How many commands were said again; `None` where there is no such execution.
pub type Replayed = Option<usize>;

/// What the execution under this id has asked for and has no answer to, by its journal; `None` where there is none.
///
/// # Errors
/// [`JournalError`].
pub async fn of_journal(
    store: &dyn Read,
    definitions: &Definitions,
    order_id: &str,
) -> Result<Option<Replay>, JournalError> {
    let Some(entity) = store.get(order_id).await? else { return Ok(None) };
    let Some(stored) = stored::execution(order_id, &entity)? else { return Ok(None) };
    let fingerprint = stored.execution.definition();
    let (execution, calls) = registry::stored::unanswered(store, definitions, fingerprint, order_id).await?;
    Ok(Some(Replay { started_ms: execution.started_ms(), calls }))
}
