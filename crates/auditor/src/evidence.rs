//! What the auditor looks at.

use std::io;
use std::sync::Arc;

use store::{Entity, Read};

use crate::states::LedgerEntry;
use crate::witnesses::Witnesses;

/// Rows read one after another.
pub type Rows<'a, T> = Box<dyn Iterator<Item = io::Result<T>> + Send + 'a>;

/// Rows that can be read from the beginning as often as needed, the same rows each time. A closure that returns
/// [`Rows`] is one.
pub trait Source<T>: Send + Sync {
    /// Starts at the first row.
    ///
    /// # Errors
    /// The rows cannot be had; each row may fail as well.
    fn read(&self) -> io::Result<Rows<'_, T>>;
}

impl<T: Clone + Send + Sync> Source<T> for Vec<T> {
    fn read(&self) -> io::Result<Rows<'_, T>> {
        Ok(Box::new(self.iter().cloned().map(Ok)))
    }
}

impl<T, F> Source<T> for F
where
    F: Fn() -> io::Result<Rows<'static, T>> + Send + Sync,
{
    fn read(&self) -> io::Result<Rows<'_, T>> {
        self()
    }
}

/// Everything the auditor looks at but for what was sent.
pub struct Evidence {
    /// What the services and the orchestrator stored.
    pub witnesses: Witnesses,
    /// The payment gateway's own ledger, oldest entry first.
    pub gateway: Box<dyn Source<LedgerEntry>>,
    /// How much each consumer group has before it.
    pub queues: Vec<(String, bus::Depth)>,
    /// Terminal events that the observer should not have seen, or should have seen and did not: the order's id, and
    /// what was wrong. The observer bounds the list.
    pub unexpected_terminal_events: Vec<(String, String)>,
    /// How many dead letters all groups together have to have: those that the generator provoked.
    pub expected_dead_letters: u64,
}

/// The orchestrator's store, and how to read it: the auditor does not know the orchestrator.
pub struct Executions {
    /// The store.
    pub store: Arc<dyn Read>,
    /// What the entity of that key is: an execution (of the order whose id is the key), or nothing that the auditor has
    /// to look at. An error says why it cannot be read.
    pub view: Box<ViewExecution>,
}

/// Reads an execution out of the orchestrator's entity; see [`Executions::view`].
pub type ViewExecution = dyn Fn(&str, &Entity) -> Result<Option<ExecutionView>, String> + Send + Sync;

/// An execution, as far as the auditor is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionView {
    /// Whether it has ended.
    pub finished: bool,
    /// Whether it has ended well (in a `Succeed` state, or at its `End`).
    pub succeeded: bool,
    /// Whether it has ended before it did anything, because its order's id belongs to another order, or to this one in the
    /// other style.
    pub refused: bool,
}
