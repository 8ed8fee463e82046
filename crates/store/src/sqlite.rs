//! The embedded store: one SQLite file.
//!
//! Write-ahead log with `synchronous=FULL`: each commit flushes the log, so a power cut loses nothing committed
//! ([`Durability::Power`](crate::Durability::Power)). Asked for [`Durability::Kill`](crate::Durability::Kill) it is
//! `NORMAL`: what is committed is in the page cache, survives the process, and the log is flushed only before a
//! checkpoint; the file stays whole in any case. One connection writes, a few others read, and neither waits for the
//! other. One process at a time may open a file for writing; any number may read it ([`SqliteReader`]). The file must be
//! on a local disk.

mod error;
mod forget;
mod inline;
mod lock;
mod open;
mod options;
mod read;
mod refusal;
mod schema;
#[cfg(test)]
mod tests;
mod write;
mod yardstick;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::Mutex;

pub use options::SqliteOptions;
pub use read::SqliteReader;
pub use yardstick::{ROW_BYTES, ROWS_PER_TRANSACTION, Yardstick, yardstick};

use crate::{Commit, Entity, Millis, OutboxId, OutboxRow, Read, Store, StoreError};
use error::explain;
use inline::inline;
use lock::WriterLock;
use read::Readers;
use refusal::Refusal;
use write::Writer;

/// A store in a SQLite file.
///
/// Its calls do their work on the calling thread: a hop to another thread and back costs more than most of them.
/// On a multi-threaded runtime they do so within [`tokio::task::block_in_place`], so that other tasks move to
/// another thread meanwhile; they must therefore not be called within a `LocalSet` on such a runtime.
#[derive(Debug)]
pub struct SqliteStore {
    // Dropped in this order: the last connection to close tidies up the log, which a reader could not; and the
    // lock goes when nobody can write any more.
    readers: Readers,
    writer: Mutex<Writer>,
    path: PathBuf,
    _lock: WriterLock,
}

impl SqliteStore {
    /// Opens the store at `path`, creating the file (not its folder) if there is none, and migrating it if it is
    /// of an older format. Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when the place cannot hold a store (no such folder, no permission, another
    /// program's file, a newer format); [`StoreError::Unavailable`] when another process has it open for writing,
    /// or the disk is full.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = open::resolve(path.as_ref())?;
        let lock = WriterLock::take(&path)?;
        let writer = open::writer(&path, &options)?;
        let writer = Writer::new(writer).map_err(|error| error::explain(&path, error))?;
        let readers = Readers::open(&path, &options)?;
        Ok(Self { readers, writer: Mutex::new(writer), path, _lock: lock })
    }

    /// The store's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn write<T>(&self, work: impl FnOnce(&mut Writer) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut writer = self.writer.lock().await;
        inline(|| work(&mut writer)).map_err(|error| explain(&self.path, error))
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn reader(&self) -> &dyn Read {
        &self.readers
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.write(|writer| writer.load(keys)).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        if commit.changes_nothing() {
            return Ok(Vec::new());
        }
        let mut writer = self.writer.lock().await;
        inline(|| writer.commit(commit)).map_err(|refusal| match refusal {
            Refusal::Conflict { key, expected } => StoreError::Conflict { key, expected },
            Refusal::Sqlite(error) => explain(&self.path, error),
        })
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.write(Writer::sweep).await
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.write(|writer| writer.due(now, limit)).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.write(|writer| writer.next_due()).await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.write(|writer| writer.outbox(after, limit)).await
    }
}
