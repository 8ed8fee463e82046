//! The read side: queries that see only committed data, on connections that cannot write.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::{explain, unusable};
use super::inline::{Spared, inline};
use super::options::SqliteOptions;
use super::{open, schema};
use crate::sql::sql_count;
use crate::{Durability, Entity, Read, Stats, StoreError};

/// Reads an entity from the columns `version, next_due, meta, state`, the first of them at index `first`.
pub(super) fn entity_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Entity> {
    let version: i64 = row.get(first)?;
    let next_due = row.get(first + 1)?;
    let meta = row.get_ref(first + 2)?.as_blob()?;
    let state = row.get_ref(first + 3)?.as_blob()?;
    // One allocation for both.
    let mut both = Vec::with_capacity(meta.len() + state.len());
    both.extend_from_slice(meta);
    both.extend_from_slice(state);
    let mut meta_bytes = Bytes::from(both);
    let state = meta_bytes.split_off(meta.len());
    Ok(Entity { version: version.cast_unsigned(), state, meta: meta_bytes, next_due })
}

/// Rows that are read in about the time that it would take to tell the runtime of it.
const FEW: usize = 8;

/// A bounded set of read-only connections; whoever finds none free waits for one.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    free: Semaphore,
    idle: Mutex<Vec<Connection>>,
    options: SqliteOptions,
}

impl Readers {
    /// Opens one connection (so that trouble shows now); the others open when first needed.
    pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let first = open::reader(path, options)?;
        Ok(Self {
            path: path.to_owned(),
            free: Semaphore::new(options.readers.max(1)),
            idle: Mutex::new(vec![first]),
            options: options.clone(),
        })
    }

    async fn run<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let _permit = self.permit().await?;
        inline(|| self.query(query))
    }

    /// For a row or a few, which mostly takes less than telling the runtime that this thread is occupied would: some 10 microseconds
    /// against waking another thread that goes on with the tasks of this one. However slow the disk is, one thread is left to the tasks.
    async fn look<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let _permit = self.permit().await?;
        match Spared::thread() {
            Some(_occupied) => self.query(query),
            None => inline(|| self.query(query)),
        }
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        // The semaphore is never closed, so its only error cannot happen; it would be reported as no connection.
        self.free.acquire().await.map_err(|error| StoreError::Unavailable {
            reason: format!("no connection left to read {}", self.path.display()),
            source: Some(Box::new(error)),
        })
    }

    fn query<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open::reader(&self.path, &self.options)?,
        };
        let answer = query(&conn).map_err(|error| explain(&self.path, error));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        answer
    }
}

/// The rows of a scan from that id on.
fn scanned(
    conn: &Connection,
    sql: &str,
    from: u64,
    limit: usize,
) -> rusqlite::Result<Vec<(u64, String, Entity)>> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![sql_count(from), sql_count(limit)], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, entity_at(row, 2)?))
    })?;
    rows.collect()
}

#[async_trait]
impl Read for Readers {
    fn durability(&self) -> Durability {
        // A file does not tell how it is written: this is what the writer was opened with, or the default.
        self.options.durability.max(Durability::Kill)
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        self.look(|conn| {
            let sql = "SELECT version, next_due, meta, state FROM entity WHERE key = ?1";
            conn.prepare_cached(sql)?.query_row([key], |row| entity_at(row, 0)).optional()
        })
        .await
    }

    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let get = |conn: &Connection| {
            let sql = "SELECT version, next_due, meta, state FROM entity WHERE key = ?1";
            let mut statement = conn.prepare_cached(sql)?;
            let get = |key| statement.query_row([key], |row| entity_at(row, 0)).optional();
            keys.iter().map(get).collect()
        };
        if keys.len() <= FEW { self.look(get).await } else { self.run(get).await }
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        self.run(|conn| linked(conn, index, value, before, limit)).await
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.run(|conn| {
            let sql = "SELECT id, key, version, next_due, meta, state FROM entity
                       WHERE id > ?1 ORDER BY id LIMIT ?2";
            scanned(conn, sql, after, limit)
        })
        .await
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.run(|conn| {
            let sql = "SELECT id, key, version, next_due, meta, state FROM entity
                       WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
            scanned(conn, sql, before.unwrap_or(u64::MAX), limit)
        })
        .await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        self.run(|conn| {
            // Entries are found from the last one back. Their ids are in the order of appending, so the walk
            // gathers ids alone, and only the page asked for is read.
            let sql = "WITH RECURSIVE entry (id) AS (
                           SELECT journal FROM entity WHERE key = ?1 AND journal IS NOT NULL
                           UNION ALL
                           SELECT before FROM entry CROSS JOIN journal USING (id) WHERE before IS NOT NULL
                       ), page AS (SELECT id FROM entry ORDER BY id LIMIT ?2 OFFSET ?3)
                       SELECT data FROM page CROSS JOIN journal USING (id) ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![key, sql_count(limit), sql_count(from)], |row| {
                Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
            })?;
            rows.collect()
        })
        .await
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        self.run(|conn| {
            let sql = "WITH RECURSIVE entry (id, n) AS (
                           SELECT journal, 1 FROM entity WHERE key = ?1 AND journal IS NOT NULL
                           UNION ALL
                           SELECT before, n + 1 FROM entry CROSS JOIN journal USING (id)
                           WHERE before IS NOT NULL AND n < ?2
                       )
                       SELECT data FROM entry CROSS JOIN journal USING (id) ORDER BY id";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![key, sql_count(count)], |row| {
                Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?))
            })?;
            rows.collect()
        })
        .await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.run(|conn| {
            // Ids have no gaps but those of entities that were forgotten, so the last one tells their number.
            let sql =
                "SELECT (SELECT max(coalesce((SELECT max(id) FROM entity), 0), last) - count FROM forgotten),
                              (SELECT count(*) FROM outbox),
                              (SELECT count(*) FROM entity WHERE next_due IS NOT NULL)";
            let mut statement = conn.prepare_cached(sql)?;
            statement.query_row([], |row| {
                let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
                Ok(Stats { entities: count(0)?, outbox_rows: count(1)?, timers: count(2)? })
            })
        })
        .await
    }
}

fn linked(
    conn: &Connection,
    index: &str,
    value: &str,
    before: Option<u64>,
    limit: usize,
) -> rusqlite::Result<(Vec<String>, Option<u64>)> {
    // CROSS JOIN fixes the order: walk the links, look up each entity. One row more than asked for tells whether
    // there is another page.
    let sql = "SELECT link.entity, entity.key FROM link CROSS JOIN entity ON entity.id = link.entity
               WHERE link.name = ?1 AND link.value = ?2 AND link.entity < ?3
               ORDER BY link.entity DESC LIMIT ?4";
    let mut statement = conn.prepare_cached(sql)?;
    let before = before.map_or(i64::MAX, sql_count);
    let mut rows = statement.query(params![index, value, before, sql_count(limit.saturating_add(1))])?;
    let (mut keys, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        if keys.len() == limit {
            return Ok((keys, last));
        }
        last = Some(row.get::<_, i64>(0)?.cast_unsigned());
        keys.push(row.get(1)?);
    }
    Ok((keys, None))
}

/// Reads a store that another process may be writing, without ever being in its way.
#[derive(Debug)]
pub struct SqliteReader {
    readers: Readers,
}

impl SqliteReader {
    /// Opens the store at `path` for reading only.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when there is no such file or it is not a store of this version;
    /// [`StoreError::Unavailable`] when it stays locked or its disk fails.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = open::resolve(path.as_ref())?;
        if !path.exists() {
            return Err(unusable(format!("{} does not exist: there is nothing to read yet", path.display())));
        }
        let options = SqliteOptions::default();
        schema::check(&path, &open::reader(&path, &options)?)?;
        Ok(Self { readers: Readers::open(&path, &options)? })
    }
}

#[async_trait]
impl Read for SqliteReader {
    fn durability(&self) -> Durability {
        self.readers.durability()
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        self.readers.get(key).await
    }

    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.readers.get_many(keys).await
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        self.readers.linked(index, value, before, limit).await
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.readers.scan(after, limit).await
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.readers.scan_back(before, limit).await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        self.readers.journal(key, from, limit).await
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        self.readers.journal_tail(key, count).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.readers.stats().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;
    use crate::sqlite::SqliteStore;

    #[test]
    fn tasks_go_on_however_slow_the_disk_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        drop(SqliteStore::open(&path, SqliteOptions::default()).unwrap());
        let options = SqliteOptions { readers: 64, ..SqliteOptions::default() };
        // As of two stores in one process.
        let readers = [(); 2].map(|()| Arc::new(Readers::open(&path, &options).unwrap()));
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let stuck: Vec<_> = (0..64)
            .map(|n| {
                let (readers, held) = (Arc::clone(&readers[n % 2]), Arc::clone(&held));
                let wait = move || held.lock().unwrap().recv().unwrap_err();
                runtime.spawn(async move { readers.look(|_| Ok(wait())).await.map(drop) })
            })
            .collect();
        let (said, heard) = mpsc::channel();
        runtime.spawn(async move { said.send("still here") });
        assert_eq!(heard.recv_timeout(Duration::from_secs(60)), Ok("still here"));
        drop(release);
        for read in stuck {
            runtime.block_on(read).unwrap().unwrap();
        }
    }
}
