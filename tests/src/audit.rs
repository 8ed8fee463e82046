//! The verdict on what a system did.

use std::convert::Infallible;
use std::io;

use auditor::{Evidence, Rows, Verdict};
use bus::Depth;
use external::{FileLedger, LedgerEntry};

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
        witnesses: witnesses::of(|name| Ok::<_, Infallible>(stores.reader(name))).unwrap(),
        gateway: Box::new(gateway),
        queues,
        unexpected_terminal_events: book.unexpected(),
        expected_dead_letters,
    };
    auditor::audit(&evidence, &book.sent()).await.unwrap()
}
