//! The read side: a connection of its own, beside the one that commits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use tokio_postgres::Row;

use super::link::Link;
use super::options::PostgresOptions;
use super::seen;
use super::session::{Query, Role};
use crate::sql::sql_count;
use crate::{Durability, Entity, OutboxRow, Read, Stats, StoreError};

/// The entity whose version, timer, bookkeeping and state are in these columns.
fn entity_at(row: &Row, [version, due, meta, state]: [usize; 4]) -> Result<Entity, tokio_postgres::Error> {
    let version: i64 = row.try_get(version)?;
    let next_due = row.try_get(due)?;
    let (meta, state): (&[u8], &[u8]) = (row.try_get(meta)?, row.try_get(state)?);
    // One allocation for both.
    let mut both = Vec::with_capacity(meta.len() + state.len());
    both.extend_from_slice(meta);
    both.extend_from_slice(state);
    let mut meta_bytes = Bytes::from(both);
    let state = meta_bytes.split_off(meta.len());
    Ok(Entity { version: version.cast_unsigned(), state, meta: meta_bytes, next_due })
}

/// A key or value as it was stored: what went in was a string.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Outbox rows from their pieces: `id, part, blob`, in that order.
pub(super) fn outbox_rows(pieces: &[Row]) -> Vec<OutboxRow> {
    let of_one_row = pieces.chunk_by(|one, next| one.get::<_, i64>(0) == next.get::<_, i64>(0));
    let joined = of_one_row.map(|pieces| {
        let blobs: Vec<&[u8]> = pieces.iter().map(|piece| piece.get(2)).collect();
        OutboxRow { id: pieces[0].get::<_, i64>(0).cast_unsigned(), blob: Bytes::from(blobs.concat()) }
    });
    joined.collect()
}

/// What a load found, by id for rows that were known, by key for the others.
pub(super) struct Loaded<'a> {
    by_id: HashMap<i64, &'a Row>,
    by_key: HashMap<&'a [u8], &'a Row>,
}

impl<'a> Loaded<'a> {
    /// From rows of `id, key, version, journal, next_due, meta, state`.
    pub(super) fn new(rows: &'a [Row]) -> Result<Self, tokio_postgres::Error> {
        let mut loaded = Self { by_id: HashMap::with_capacity(rows.len()), by_key: HashMap::new() };
        for row in rows {
            match row.try_get::<_, Option<&[u8]>>(1)? {
                Some(key) => loaded.by_key.insert(key, row),
                None => loaded.by_id.insert(row.try_get(0)?, row),
            };
        }
        Ok(loaded)
    }

    /// The entity of that key, of which `id` is known, with its row.
    pub(super) fn take(
        &self,
        key: &str,
        id: Option<i64>,
    ) -> Result<Option<(seen::Row, Entity)>, tokio_postgres::Error> {
        let found = match id {
            Some(id) => self.by_id.get(&id),
            None => self.by_key.get(key.as_bytes()),
        };
        let Some(row) = found else { return Ok(None) };
        let entity = entity_at(row, [2, 4, 5, 6])?;
        let journal: Option<i64> = row.try_get(3)?;
        let seen = seen::Row {
            id: row.try_get(0)?,
            version: entity.version.cast_signed(),
            journal: journal.unwrap_or(0),
        };
        Ok(Some((seen, entity)))
    }
}

/// Reads a store, whether somebody writes it or not.
pub struct PostgresReader {
    link: Arc<Link>,
    /// The last known, as a number: see [`Read::durability`].
    durability: AtomicU8,
}

impl PostgresReader {
    /// Starts to connect, and returns at once. Only for reading: there has to be a schema of this very version. Needs a
    /// runtime.
    #[must_use]
    pub fn open(options: PostgresOptions) -> Self {
        Self::with_role(Arc::new(options), Role::Audit)
    }

    pub(super) fn with_role(options: Arc<PostgresOptions>, role: Role) -> Self {
        let link = Link::new(options, role);
        link.start();
        Self { link, durability: AtomicU8::new(0) }
    }

    pub(super) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }

    /// Waits for the first attempt to connect.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it failed, and is tried again; [`StoreError::Unusable`]: it can only fail.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.link.session().await.map(drop)
    }
}

const LEVELS: [Durability; 3] = [Durability::Process, Durability::Kill, Durability::Power];

impl PostgresReader {
    /// The rows of a scan from that id on.
    async fn scanned(
        &self,
        query: Query,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        let rows = self.link.query(query, &[&sql_count(from), &sql_count(limit)]).await?;
        let entry = |row: &Row| {
            Ok((row.get::<_, i64>(0).cast_unsigned(), text(row.get(1)), entity_at(row, [2, 3, 4, 5])?))
        };
        rows.iter().map(entry).collect::<Result<_, _>>().map_err(|error| self.unreadable(error))
    }
}

#[async_trait]
impl Read for PostgresReader {
    /// As the server's settings were when it was connected to last; before that, the lowest level.
    fn durability(&self) -> Durability {
        if let Some(session) = self.link.current() {
            let level = LEVELS.iter().position(|level| *level == session.durability).unwrap_or(0);
            self.durability.store(u8::try_from(level).unwrap_or(0), Ordering::Relaxed);
        }
        LEVELS
            .get(usize::from(self.durability.load(Ordering::Relaxed)))
            .copied()
            .unwrap_or(Durability::Process)
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        let rows = self.link.query(Query::Get, &[&key.as_bytes()]).await?;
        rows.first()
            .map(|row| entity_at(row, [0, 1, 2, 3]))
            .transpose()
            .map_err(|error| self.unreadable(error))
    }

    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let wanted: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        let rows = self.link.query(Query::GetMany, &[&wanted]).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let entity = entity_at(row, [1, 2, 3, 4]).map_err(|error| self.unreadable(error))?;
            found.insert(row.get::<_, &[u8]>(0), entity);
        }
        Ok(keys.iter().map(|key| found.get(key.as_bytes()).cloned()).collect())
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        // One row more than asked for tells whether there is another page.
        let (before, most) = (before.map_or(i64::MAX, sql_count), sql_count(limit.saturating_add(1)));
        let rows = self.link.query(Query::Linked, &[&index, &value.as_bytes(), &before, &most]).await?;
        let page = &rows[..rows.len().min(limit)];
        let keys = page.iter().map(|row| text(row.get(1))).collect();
        let last = page.last().map(|row| row.get::<_, i64>(0).cast_unsigned());
        Ok((keys, last.filter(|_| rows.len() > limit)))
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.scanned(Query::Scan, after, limit).await
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.scanned(Query::ScanBack, before.unwrap_or(u64::MAX), limit).await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&key.as_bytes(), &sql_count(limit), &sql_count(from)];
        let rows = self.link.query(Query::Journal, &params).await?;
        Ok(rows.iter().map(|row| Bytes::copy_from_slice(row.get(0))).collect())
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&key.as_bytes(), &sql_count(count)];
        let rows = self.link.query(Query::JournalTail, &params).await?;
        Ok(rows.iter().map(|row| Bytes::copy_from_slice(row.get(0))).collect())
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let rows = self.link.query(Query::Stats, &[]).await?;
        let count = |column| rows.first().map_or(0, |row| row.get::<_, i64>(column).cast_unsigned());
        Ok(Stats { entities: count(0), outbox_rows: count(1), timers: count(2) })
    }
}

impl PostgresReader {
    fn unreadable(&self, error: tokio_postgres::Error) -> StoreError {
        super::explain(self.link.options(), error).into()
    }
}
