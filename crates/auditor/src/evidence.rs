//! What the auditor looks at.

use crate::source::Source;
use crate::states::LedgerEntry;
use crate::witnesses::Witnesses;

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
