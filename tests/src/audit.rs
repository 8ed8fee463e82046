//! The verdict on what a system did.

use std::io;

use auditor::{Evidence, ExecutionView, Executions, Rows, Verdict, Witnesses};
use bus::Depth;
use external::{FileLedger, LedgerEntry};
use orchestrator::engine::Status;
use store::Entity;

use crate::load::Book;
use crate::stores::Stores;

/// What only the running system can tell: each queue, at rest.
pub type Queues = Vec<(String, Depth)>;

/// Audits the stores and the ledger against the book, while the system is at rest or after it has ended.
///
/// # Panics
/// They cannot be read.
pub async fn audit(stores: &Stores, queues: Queues, book: &Book, expected_dead_letters: u64) -> Verdict {
    let ledger = stores.folder().join("gateway.ledger");
    let gateway =
        move || -> io::Result<Rows<'static, LedgerEntry>> { Ok(Box::new(FileLedger::read(&ledger)?)) };
    let evidence = Evidence {
        witnesses: Witnesses {
            order_history: stores.reader(order_history::NAME),
            order_status: stores.reader(order_status::NAME),
            notifications: stores.reader(notifications::NAME),
            orchestrator: Some(Executions {
                store: stores.reader(orchestrator::NAME),
                view: Box::new(execution),
            }),
        },
        gateway: Box::new(gateway),
        queues,
        unexpected_terminal_events: book.unexpected(),
        expected_dead_letters,
    };
    auditor::audit(&evidence, &book.sent()).await.unwrap()
}

fn execution(key: &str, entity: &Entity) -> Result<Option<ExecutionView>, String> {
    let standing = orchestrator::stored::standing(key, entity)?;
    Ok(standing.map(|standing| ExecutionView {
        finished: standing.status != Status::Running,
        succeeded: standing.status == Status::Succeeded,
        refused: standing.refused,
    }))
}
