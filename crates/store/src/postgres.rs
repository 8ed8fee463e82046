//! The store in a PostgreSQL schema, which several instances of one service may share.
//!
//! One connection loads and commits, another reads, so that a read never waits for a commit. Both are made behind the
//! scenes and made again for ever; while one is down, calls fail at once with [`StoreError::Unavailable`]. Each call is
//! one round trip; a commit is one statement, and so one transaction and one flush.
//!
//! # Several instances
//!
//! Each [`PostgresStore`] is an **instance** with an id drawn at random. Its writing connection holds an advisory lock
//! on that id, so that the others can tell whether it lives. An instance gets its own outbox rows, and those of instances
//! that are gone, which thereby become its own; the same with timers, and with those of living instances that are late
//! by [`PostgresOptions::timer_grace`]. An instance whose connection is lost and made again keeps its id, but meanwhile
//! another may have taken over its rows: then both publish them, with the same ids.
//!
//! Ids of entities are given before the commit: [`Read::scan`] may miss an entity of a commit that overtook another, until
//! it starts again from the beginning.

mod error;
mod link;
mod names;
mod options;
mod read;
mod schema;
mod seen;
mod session;
mod tls;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

pub use options::{InvalidUrl, PostgresOptions};
pub use read::PostgresReader;

use crate::sql::sql_count;
use crate::{Commit, Entity, Millis, OutboxId, OutboxRow, Read, Store, StoreError};
use error::{Failure, explain};
use link::Link;
use seen::Seen;
use session::{Query, QueryError, Role};

/// A store in a PostgreSQL schema; see the [module](self).
pub struct PostgresStore {
    writer: Arc<Link>,
    reader: PostgresReader,
    instance: i64,
    seen: Seen,
    /// Pieces of outbox rows added since the outbox was last cleaned up.
    outbox_pieces: AtomicUsize,
}

/// After so many pieces of outbox rows, most of them forgotten, their room is made free again: 16 MB. The server's own
/// clean-up comes once a minute, by when a busy outbox would take a gigabyte.
const OUTBOX_PIECES_MAX: usize = 2048;

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore")
            .field("options", self.writer.options())
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Starts to connect, and returns at once. Creates the schema where there is none, and migrates an older one. Needs
    /// a runtime with time and I/O. The writing connection is made on the runtime from which it is first used.
    #[must_use]
    pub fn open(options: PostgresOptions) -> Self {
        let options = Arc::new(options);
        let instance = random_id();
        let writer = Link::new(Arc::clone(&options), Role::Write { instance });
        let reader = PostgresReader::with_role(options, Role::Read);
        Self { writer, reader, instance, seen: Seen::default(), outbox_pieces: AtomicUsize::new(0) }
    }

    /// Waits for the first attempt to connect.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: it failed, and is tried again; [`StoreError::Unusable`]: it can only fail.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.reader.ready().await
    }

    async fn try_commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let unknown = write::unknown(commit, &mut self.seen.lock())?;
        if !unknown.is_empty() {
            self.find(&unknown).await?;
        }
        let batch = write::Batch::of(commit, &mut self.seen.lock())?;
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let params = batch.params(&self.instance);
        let (query, params) = match batch.removes() {
            true => (Query::ForgetAndCommit, &params[..]),
            false => (Query::Commit, &params[..write::APPLY_PARAMS]),
        };
        let error = match self.writer.try_query(query, params).await? {
            Ok(rows) => {
                let ids: Vec<i64> = rows.first().map(|row| row.get(0)).unwrap_or_default();
                let added = batch.written(&ids, &mut self.seen.lock());
                self.clean_up_after(batch.outbox_pieces());
                return Ok(added.into_iter().map(i64::cast_unsigned).collect());
            }
            Err(error) => error,
        };
        if let QueryError::Refused(refused) = &error
            && let Some(conflict) = batch.conflict(refused)
        {
            return Err(conflict);
        }
        Err(error.explain(self.writer.options()).into())
    }

    /// Has the outbox cleaned up from time to time, beside the commits, on the connection that reads.
    fn clean_up_after(&self, pieces: usize) {
        if self.outbox_pieces.fetch_add(pieces, Ordering::Relaxed) + pieces < OUTBOX_PIECES_MAX {
            return;
        }
        self.outbox_pieces.store(0, Ordering::Relaxed);
        let link = self.reader.link();
        tokio::spawn(async move {
            // Should another instance be at it, it is done.
            let vacuum = "VACUUM (TRUNCATE false, SKIP_LOCKED) outbox";
            let Ok(session) = link.session().await else { return };
            if let Err(error) = session.client.batch_execute(vacuum).await {
                tracing::debug!(%error, "the outbox was not cleaned up");
            }
        });
    }

    /// Looks up the rows of keys that are about to be written, and were not loaded lately.
    async fn find(&self, keys: &[&str]) -> Result<(), StoreError> {
        let wanted: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        let rows = self.writer.query(Query::Find, &[&wanted]).await?;
        let mut seen = self.seen.lock();
        for row in rows {
            let journal = row.get::<_, Option<i64>>(3).unwrap_or(0);
            let row_seen = seen::Row { id: row.get(1), version: row.get(2), journal };
            seen.note(&read::text(row.get(0)), row_seen, None);
        }
        Ok(())
    }

    fn grace_ms(&self) -> i64 {
        i64::try_from(self.writer.options().timer_grace.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Deletes the schema that the options name, with everything in it, on a connection of its own: the end of a run that had
/// a schema of its own. Every store in the schema can do nothing more. Idempotent.
///
/// # Errors
/// The database cannot be reached, or the schema is another user's.
pub async fn drop_schema(options: &PostgresOptions) -> Result<(), StoreError> {
    let (client, driver) = session::connect(options).await?;
    let statement = format!(
        "SET client_min_messages = warning; SET statement_timeout = {};
         DROP SCHEMA IF EXISTS \"{}\" CASCADE",
        options.statement_timeout.as_millis(),
        schema::checked_name(options)?,
    );
    let dropped = async move { client.batch_execute(&statement).await };
    tokio::select! {
        biased;
        dropped = dropped => dropped.map_err(|error| explain(options, error).into()),
        ended = driver => Err(Failure::retryable(match ended {
            Ok(()) => "the connection was closed".to_owned(),
            Err(error) => error.to_string(),
        }).into()),
    }
}

/// Drawn at random from 2^63: the ids of two instances differ.
fn random_id() -> i64 {
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    (random >> 1).cast_signed()
}

#[async_trait]
impl Store for PostgresStore {
    fn reader(&self) -> &dyn Read {
        &self.reader
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let mut entities = Vec::with_capacity(keys.len());
        // The places of those to be asked for, with their ids where these are known.
        let mut asked = Vec::new();
        {
            let mut seen = self.seen.lock();
            for (place, key) in keys.iter().enumerate() {
                let assumed = seen.assume(key);
                if assumed.is_none() {
                    asked.push((place, seen.row(key).map(|row| row.id)));
                }
                entities.push(assumed);
            }
        }
        if asked.is_empty() {
            return Ok(entities);
        }
        let ids: Vec<i64> = asked.iter().filter_map(|(_, id)| *id).collect();
        let unknown = asked.iter().filter(|(_, id)| id.is_none());
        let unknown: Vec<&[u8]> = unknown.map(|(place, _)| keys[*place].as_bytes()).collect();
        let rows = self.writer.query(Query::Load, &[&ids, &unknown]).await?;
        let unreadable = |error| StoreError::from(explain(self.writer.options(), error));
        let loaded = read::Loaded::new(&rows).map_err(unreadable)?;
        let mut seen = self.seen.lock();
        for (place, id) in asked {
            if let Some((row, entity)) = loaded.take(keys[place], id).map_err(unreadable)? {
                seen.note(keys[place], row, Some(entity.clone()));
                entities[place] = Some(entity);
            }
        }
        Ok(entities)
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let committed = self.try_commit(commit).await;
        if committed.is_err() {
            // Somebody else wrote some of it, or it was committed and we were not told.
            let mut seen = self.seen.lock();
            let written = commit.entities.iter().map(|write| &write.key);
            let written = written.chain(commit.forget.iter().map(|forget| &forget.key));
            written.chain(commit.relied_on.iter().map(|(key, _)| key)).for_each(|key| seen.doubt(key));
        }
        committed
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        let rows = self.writer.query(Query::Sweep, &[]).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        let limit = sql_count(limit);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&self.instance, &now, &limit, &self.grace_ms()];
        let rows = self.writer.query(Query::Due, &params).await?;
        Ok(rows.iter().map(|row| read::text(row.get(0))).collect())
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        let rows = self.writer.query(Query::NextDue, &[&self.instance, &self.grace_ms()]).await?;
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.adopt(usize::MAX).await?;
        let (after, limit) = (sql_count(after), sql_count(limit));
        let rows = self.writer.query(Query::Outbox, &[&self.instance, &after, &limit]).await?;
        Ok(read::outbox_rows(&rows))
    }

    async fn adopt(&self, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self.writer.query(Query::Adopt, &[&self.instance, &sql_count(limit)]).await?;
        Ok(read::outbox_rows(&rows))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        self.writer.query(Query::Probe, &[]).await.map(drop)
    }

    fn is_shared(&self) -> bool {
        true
    }
}
