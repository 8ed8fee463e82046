//! The tables, their versions, and the check that a file is one of ours.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{explain, unusable};
use crate::StoreError;
use crate::sql::sql_count;

/// Marks a SQLite file as a Duet store ("Duet" in ASCII), in the header field made for that.
pub(super) const APPLICATION_ID: i32 = 0x4475_6574;

/// `MIGRATIONS[n]` takes a file from version `n` to `n + 1`. Only ever append to it.
const MIGRATIONS: &[&str] = &[V1, V2, V3];

/// Entities carry an explicit rowid, counted in the order of creation, so that the ones in flight lie together and
/// a batch of updates touches few pages, whatever the keys look like. The state comes last: the short columns are
/// read without walking over it.
///
/// Links are clustered by what they are looked up by, newest entity last. The journal is in the order of
/// appending, so a batch fills pages one after the other; an entity names its last entry and each entry the one
/// before it, which costs no index. Outbox ids are given by the writer, of which there is one at a time.
///
/// All this keeps down the number of pages that a commit touches, each of which is written to the log whole.
pub(super) const V1: &str = "
CREATE TABLE entity (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    version  INTEGER NOT NULL,
    next_due INTEGER,
    journal  INTEGER,
    meta     BLOB NOT NULL,
    state    BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entity_key ON entity (key);
CREATE INDEX entity_due ON entity (next_due) WHERE next_due IS NOT NULL;
CREATE TABLE link (
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (name, value, entity)
) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
    id     INTEGER PRIMARY KEY,
    before INTEGER,
    data   BLOB NOT NULL
) STRICT;
CREATE TABLE outbox (
    id   INTEGER PRIMARY KEY,
    blob BLOB NOT NULL
) STRICT;
";

/// Entities may be forgotten from here on. What is written down of them is how many there were, and the greatest id of them: it is
/// not given again, though it may have been the last.
const V2: &str = "
CREATE TABLE forgotten (
    count INTEGER NOT NULL,
    last  INTEGER NOT NULL
) STRICT;
INSERT INTO forgotten VALUES (0, 0);
";

/// Journals of entities that are forgotten may be left in part from here on, each found by the last of its entries that there are.
const V3: &str = "
CREATE TABLE remains (
    entry INTEGER PRIMARY KEY
) STRICT;
";

/// What a file turned out to be.
enum Found {
    Fresh,
    Ours { version: usize },
}

/// Creates the tables in a fresh file, migrates an older one, refuses any other.
pub(super) fn prepare(path: &Path, conn: &mut Connection) -> Result<(), StoreError> {
    let from = match inspect(path, conn)? {
        Found::Fresh => 0,
        Found::Ours { version } => version,
    };
    // Kept in the file; set again for one that something else switched back.
    use_wal(path, conn)?;
    if from == MIGRATIONS.len() {
        return Ok(());
    }
    migrate(conn, from).map_err(|error| explain(path, error))
}

/// Checks that a file about to be read only is a store of this very version.
pub(super) fn check(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    match inspect(path, conn)? {
        Found::Ours { version } if version == MIGRATIONS.len() => Ok(()),
        Found::Ours { version } => Err(unusable(format!(
            "{} has format {version}, older than this program's {}: let the service that owns it open it once",
            path.display(),
            MIGRATIONS.len()
        ))),
        Found::Fresh => {
            Err(unusable(format!("{} is empty: no service has stored anything in it", path.display())))
        }
    }
}

fn inspect(path: &Path, conn: &Connection) -> Result<Found, StoreError> {
    let sqlite = |error| explain(path, error);
    let number =
        |pragma: &str| conn.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(sqlite);
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION_ID {
        return match usize::try_from(version) {
            Ok(version) if version <= MIGRATIONS.len() => Ok(Found::Ours { version }),
            _ => Err(unusable(format!(
                "{} has format {version}, newer than this program's {}: use the newer program, or another file",
                path.display(),
                MIGRATIONS.len()
            ))),
        };
    }
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(Found::Fresh);
    }
    Err(unusable(format!(
        "{} is a SQLite file of another program: choose another path, or move it away",
        path.display()
    )))
}

/// One transaction: a crash leaves the file at the version it had.
fn migrate(conn: &mut Connection, from: usize) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", sql_count(MIGRATIONS.len()))?;
    transaction.commit()
}

/// The file system's and the disk's block: smaller pages cost more per row, larger ones write more per update.
const PAGE_BYTES: u32 = 4096;

/// Switches a file to the write-ahead log (kept in the file) and sets the page size of a new one.
pub(super) fn use_wal(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    let sqlite = |error| explain(path, error);
    conn.pragma_update(None, "page_size", PAGE_BYTES).map_err(sqlite)?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(sqlite)?;
    if mode == "wal" {
        return Ok(());
    }
    Err(unusable(format!(
        "the file system of {} cannot hold a write-ahead log (is it on the network?): choose a local disk",
        path.display()
    )))
}
