//! The files of a cell: what they are called, and how they are audited.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use auditor::{Evidence, Limits, Rows, SentLedger, Verdict};
use bus::Depth;
use contract::Style;
use daemon::connect;
use durability::Durability;
use external::{FileLedger, LedgerEntry};
use operate::target::{StorePlace, Url};
use serde::{Deserialize, Serialize};

use super::error::CellError;
use super::protocol::Spec;
use super::sender::SENT_FILE;

/// What the gateway writes.
pub(super) const GATEWAY_FILE: &str = "gateway.ledger";
/// What was seen of the system from outside, for a later audit.
const OBSERVED_FILE: &str = "observed.json";

/// What only the running system knew.
#[derive(Debug, Serialize, Deserialize)]
struct Observed {
    style: Style,
    /// Where the stores are, if they are not beside this file.
    postgres: Option<Schemas>,
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
    let postgres = match &spec.store {
        StorePlace::Sqlite(_) => None,
        StorePlace::Postgres { url, prefix } => {
            Some(Schemas { address: url.to_string(), prefix: prefix.clone() })
        }
    };
    let observed = Observed { style: spec.style, postgres, queues, unexpected_terminal_events };
    let written = File::create(&path).and_then(|file| Ok(serde_json::to_writer_pretty(file, &observed)?));
    written.map_err(|source| CellError::File { path, source })
}

/// Stores in a database. Who reads them later needs its URL, which may hold a password and so is not kept.
#[derive(Debug, Serialize, Deserialize)]
struct Schemas {
    /// Where the database is, for people.
    address: String,
    /// What stands before the participants' names in the schemas' names.
    prefix: String,
}

/// What the auditor found in a cell's folder.
#[derive(Debug)]
pub struct Audited {
    /// The style that ran in it.
    pub style: Style,
    /// What the auditor makes of it.
    pub verdict: Verdict,
}

/// Audits the files that a cell left in `dir`, and what it left in the database at `postgres` if its stores are there. `watch`
/// is told of each order: see [`auditor::audit_watched`].
///
/// # Errors
/// Something is missing or cannot be read.
pub async fn audit_folder(
    dir: &Path,
    postgres: &Url,
    watch: &(dyn Fn(u64, u64) + Sync),
) -> Result<Audited, CellError> {
    let stores = match read_observed(dir)?.postgres {
        None => StorePlace::Sqlite(Durability::Power),
        Some(Schemas { prefix, .. }) => StorePlace::Postgres { url: postgres.clone(), prefix },
    };
    audit(dir, &stores, watch).await
}

/// Audits the files that a cell left in `dir` and the stores that it left there or elsewhere.
pub(super) async fn audit(
    dir: &Path,
    stores: &StorePlace,
    watch: &(dyn Fn(u64, u64) + Sync),
) -> Result<Audited, CellError> {
    let observed = read_observed(dir)?;
    let open = |name: &'static str| {
        let address = stores.address(dir, name).map_err(CellError::Config)?;
        connect::reader(&address).map_err(|error| CellError::Open(Box::new(error)))
    };
    let evidence = Evidence {
        witnesses: witnesses::of(open)?,
        gateway: Box::new(gateway(dir.join(GATEWAY_FILE))),
        queues: observed.queues,
        unexpected_terminal_events: observed.unexpected_terminal_events,
        expected_dead_letters: 0,
    };
    let sent = SentLedger::new(dir.join(SENT_FILE));
    let verdict = auditor::audit_watched(&evidence, &sent, Limits::default(), watch).await?;
    Ok(Audited { style: observed.style, verdict })
}

fn read_observed(dir: &Path) -> Result<Observed, CellError> {
    let path = dir.join(OBSERVED_FILE);
    let read = std::fs::read(&path).and_then(|json| Ok(serde_json::from_slice(&json)?));
    read.map_err(|source| CellError::File { path, source })
}

fn gateway(path: PathBuf) -> impl Fn() -> io::Result<Rows<'static, LedgerEntry>> + Send + Sync {
    move || {
        let rows: Rows<'static, LedgerEntry> = Box::new(FileLedger::read(&path)?);
        Ok(rows)
    }
}
