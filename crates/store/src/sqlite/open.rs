//! Opening a file: is it one of ours, is it of this version, and the settings every connection runs with.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::{explain, explain_io, unusable};
use super::options::SqliteOptions;
use super::schema;
use crate::{Durability, StoreError};

/// Where the store is, with symbolic links resolved, so that one file has one lock whatever it is called.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    let Some(name) = path.file_name() else {
        return Err(unusable(format!("{} does not name a file", path.display())));
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            let reason =
                format!("{} is not a folder: choose another path for {}", folder.display(), path.display());
            return Err(unusable(reason));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(unusable(format!(
                "the folder {} does not exist: create it, or choose another path for {}",
                folder.display(),
                path.display()
            )));
        }
        Err(error) => return Err(explain_io(path, error)),
    }
    if path.is_dir() {
        return Err(unusable(format!("{} is a folder: name a file in it", path.display())));
    }
    let resolved =
        if path.exists() { path.canonicalize() } else { folder.canonicalize().map(|f| f.join(name)) };
    resolved.map_err(|error| explain_io(path, error))
}

/// Opens the writing connection, creating or migrating the file.
pub(super) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    // rusqlite's own flags would also take `file:` URIs, which a path is not.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(|error| explain(path, error))?;
    conn.busy_timeout(options.busy_timeout).map_err(|error| explain(path, error))?;
    schema::prepare(path, &mut conn)?;
    configure_writer(&conn, options).map_err(|error| explain(path, error))?;
    Ok(conn)
}

/// Settings that make a commit durable and cheap; also used by the yardstick, which must pay the same price.
pub(super) fn configure_writer(conn: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    // FULL flushes the log at every commit: what was committed survives a power cut. NORMAL flushes it before a
    // checkpoint alone: a power cut may take the last commits, a killed process none.
    let synchronous = if options.durability == Durability::Power { "FULL" } else { "NORMAL" };
    conn.pragma_update(None, "synchronous", synchronous)?;
    conn.pragma_update(None, "cache_size", -kib(options.cache_bytes))?;
    conn.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // The log is overwritten in place after a checkpoint, which is cheaper to flush than growing it again. Only
    // one that a long reader has blown up is cut back.
    conn.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

/// Opens a connection that can only read.
pub(super) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let sqlite = |error| explain(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    conn.busy_timeout(options.busy_timeout).map_err(sqlite)?;
    conn.pragma_update(None, "cache_size", -kib(READER_CACHE_BYTES)).map_err(sqlite)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}

fn kib(bytes: usize) -> i64 {
    i64::try_from(bytes / 1024).unwrap_or(i64::MAX).max(1)
}

const WAL_BYTES_KEPT: u32 = 64 * 1024 * 1024;
const READER_CACHE_BYTES: usize = 1024 * 1024;
const STATEMENTS_CACHED: usize = 32;
