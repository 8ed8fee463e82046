//! The files of a cell: what they are called, and how they are audited.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auditor::{Evidence, ExecutionView, Executions, Rows, SentLedger, Verdict};
use bus::Depth;
use contract::Style;
use outside::{FileLedger, LedgerEntry};
use serde::{Deserialize, Serialize};
use store::Read;
use store::sqlite::SqliteReader;

use super::CellError;
use super::protocol::Spec;
use super::sender::SENT_FILE;

/// What the gateway writes.
pub(super) const GATEWAY_FILE: &str = "gateway.ledger";
/// What was seen of the system from outside, for a later audit.
const OBSERVED_FILE: &str = "observed.json";

/// Where the participant's store is.
pub(super) fn store_path(dir: &Path, participant: &str) -> PathBuf {
    dir.join(format!("{participant}.db"))
}

/// What only the running system knew.
#[derive(Debug, Serialize, Deserialize)]
struct Observed {
    style: Style,
    /// Each consumer group's queue at the end.
    queues: Vec<(String, Depth)>,
    /// Terminal events that should not have come.
    unexpected_terminal_events: Vec<(String, String)>,
}

pub(super) fn write_observed(
    spec: &Spec,
    queues: Vec<(String, Depth)>,
    unexpected_terminal_events: Vec<(String, String)>,
) -> Result<(), CellError> {
    let path = spec.dir.join(OBSERVED_FILE);
    let observed = Observed { style: spec.style, queues, unexpected_terminal_events };
    let written = File::create(&path).and_then(|file| Ok(serde_json::to_writer_pretty(file, &observed)?));
    written.map_err(|source| CellError::File { path, source })
}

/// What the auditor found in a cell's folder.
#[derive(Debug)]
pub struct Audited {
    /// The style that ran in it.
    pub style: Style,
    /// The verdict.
    pub verdict: Verdict,
}

/// Audits the files that a cell left in `dir`.
///
/// # Errors
/// Something is missing or cannot be read.
pub async fn audit_folder(dir: &Path) -> Result<Audited, CellError> {
    let observed = read_observed(dir)?;
    let evidence = Evidence {
        order_history: open(dir, order_history::NAME)?,
        order_status: open(dir, order_status::NAME)?,
        notifications: open(dir, notifications::NAME)?,
        orchestrator: Some(executions(dir)?),
        gateway: Box::new(gateway(dir.join(GATEWAY_FILE))),
        queues: observed.queues,
        unexpected_terminal_events: observed.unexpected_terminal_events,
        expected_dead_letters: 0,
    };
    let verdict = auditor::audit(&evidence, &SentLedger::new(dir.join(SENT_FILE))).await?;
    Ok(Audited { style: observed.style, verdict })
}

fn read_observed(dir: &Path) -> Result<Observed, CellError> {
    let path = dir.join(OBSERVED_FILE);
    let read = std::fs::read(&path).and_then(|json| Ok(serde_json::from_slice(&json)?));
    read.map_err(|source| CellError::File { path, source })
}

fn open(dir: &Path, name: &'static str) -> Result<Arc<dyn Read>, CellError> {
    match SqliteReader::open_read_only(store_path(dir, name)) {
        Ok(reader) => Ok(Arc::new(reader)),
        Err(source) => Err(CellError::Store { name, source }),
    }
}

fn executions(dir: &Path) -> Result<Executions, CellError> {
    use orchestrator::engine::Status;
    let view = |key: &str, entity: &store::Entity| {
        let status = orchestrator::stored::status(key, entity)?;
        Ok(status.map(|status| ExecutionView {
            finished: status != Status::Running,
            succeeded: status == Status::Succeeded,
        }))
    };
    Ok(Executions { store: open(dir, orchestrator::NAME)?, view: Box::new(view) })
}

fn gateway(path: PathBuf) -> impl Fn() -> io::Result<Rows<'static, LedgerEntry>> + Send + Sync {
    move || {
        let rows: Rows<'static, LedgerEntry> = Box::new(FileLedger::read(&path)?);
        Ok(rows)
    }
}
