//! The verdict on what a stopped system left behind.

use std::io;
use std::path::Path;
use std::sync::Arc;

use auditor::{Evidence, ExecutionView, Executions, Rows, Verdict};
use bus::Depth;
use orchestrator::engine::Status;
use outside::{FileLedger, LedgerEntry};
use store::sqlite::SqliteReader;
use store::{Entity, Read};

use crate::load::Book;

/// What only the running system could tell: each queue, at rest.
pub type Queues = Vec<(String, Depth)>;

/// Audits the stores and the ledger in `folder` against the book.
///
/// # Panics
/// They cannot be read.
pub async fn audit(folder: &Path, queues: Queues, book: &Book) -> Verdict {
    let open = |name: &str| -> Arc<dyn Read> {
        Arc::new(SqliteReader::open_read_only(folder.join(format!("{name}.db"))).unwrap())
    };
    let ledger = folder.join("gateway.ledger");
    let gateway =
        move || -> io::Result<Rows<'static, LedgerEntry>> { Ok(Box::new(FileLedger::read(&ledger)?)) };
    let evidence = Evidence {
        order_history: open(order_history::NAME),
        order_status: open(order_status::NAME),
        notifications: open(notifications::NAME),
        orchestrator: Some(Executions { store: open(orchestrator::NAME), view: Box::new(execution) }),
        gateway: Box::new(gateway),
        queues,
        unexpected_terminal_events: book.unexpected(),
        expected_dead_letters: 0,
    };
    auditor::audit(&evidence, &book.sent()).await.unwrap()
}

fn execution(key: &str, entity: &Entity) -> Result<Option<ExecutionView>, String> {
    let status = orchestrator::stored::status(key, entity)?;
    Ok(status.map(|status| ExecutionView {
        finished: status != Status::Running,
        succeeded: status == Status::Succeeded,
    }))
}
