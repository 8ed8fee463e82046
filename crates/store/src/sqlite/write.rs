//! The write side: the one connection that changes the file.

use std::collections::HashMap;

use bytes::Bytes;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension as _, params};

use super::forget;
use super::forget::unlink;
use super::read::entity_at;
use super::refusal::Refusal;
use crate::sql::sql_count;
use crate::{Commit, Entity, EntityForget, EntityWrite, Millis, OutboxId, OutboxRow};

/// The writing connection and what it remembers of the entities it saw last.
#[derive(Debug)]
pub(super) struct Writer {
    conn: Connection,
    seen: Seen,
    last: Last,
}

/// The ids given last.
#[derive(Debug)]
struct Last {
    /// Of outbox rows. Counted here, so that ids grow even when every row is forgotten; after a restart nobody remembers an id that is
    /// not in the table.
    outbox: i64,
    /// Of entities; `None` when it has to be read again. Nothing but a commit that was made moves it: there are no gaps.
    entity: Option<i64>,
}

impl Last {
    /// The id of the next entity.
    fn next_entity(&mut self, conn: &Connection) -> rusqlite::Result<i64> {
        let last = match self.entity {
            Some(last) => last,
            None => {
                let sql = "SELECT max(coalesce((SELECT max(id) FROM entity), 0), last) FROM forgotten";
                conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?
            }
        };
        self.entity = Some(last + 1);
        Ok(last + 1)
    }
}

impl Writer {
    pub(super) fn new(conn: Connection) -> rusqlite::Result<Self> {
        let outbox = conn.query_row("SELECT coalesce(max(id), 0) FROM outbox", [], |row| row.get(0))?;
        Ok(Self { conn, seen: Seen::default(), last: Last { outbox, entity: None } })
    }

    /// The entities of these keys, in their order.
    pub(super) fn load(&mut self, keys: &[&str]) -> rusqlite::Result<Vec<Option<Entity>>> {
        // One read transaction for the batch: without it SQLite takes and drops its file locks for every key.
        let batch = keys.len() > 1;
        if batch {
            begin(&self.conn, "BEGIN")?;
        }
        let loaded = load(&self.conn, &mut self.seen, keys);
        if batch {
            rollback(&self.conn);
        }
        loaded
    }

    /// Applies the commit as one transaction.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<Vec<OutboxId>, Refusal> {
        begin(&self.conn, "BEGIN IMMEDIATE")?;
        let applied = apply(&self.conn, &mut self.seen, &mut self.last, commit).and_then(|ids| {
            self.conn.prepare_cached("COMMIT")?.execute([])?;
            Ok(ids)
        });
        if applied.is_err() {
            rollback(&self.conn);
            // What was noted of entities in the course of the transaction is not so.
            self.seen.forget_all();
            self.last.entity = None;
        }
        applied
    }

    /// Frees a part of what journals take still whose entities are forgotten; whether there was any.
    pub(super) fn sweep(&mut self) -> rusqlite::Result<bool> {
        if !forget::has_remains(&self.conn)? {
            return Ok(false);
        }
        begin(&self.conn, "BEGIN IMMEDIATE")?;
        let swept = forget::sweep(&self.conn)
            .and_then(|()| self.conn.prepare_cached("COMMIT")?.execute([]).map(|_| true));
        if swept.is_err() {
            rollback(&self.conn);
        }
        swept
    }

    pub(super) fn due(&self, now: Millis, limit: usize) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT key FROM entity WHERE next_due <= ?1 ORDER BY next_due, id LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let keys = statement.query_map(params![now, sql_count(limit)], |row| row.get(0))?;
        keys.collect()
    }

    pub(super) fn next_due(&self) -> rusqlite::Result<Option<Millis>> {
        let sql = "SELECT next_due FROM entity WHERE next_due IS NOT NULL ORDER BY next_due LIMIT 1";
        self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()
    }

    pub(super) fn outbox(&self, after: OutboxId, limit: usize) -> rusqlite::Result<Vec<OutboxRow>> {
        let mut statement =
            self.conn.prepare_cached("SELECT id, blob FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let rows = statement.query_map(params![sql_count(after), sql_count(limit)], |row| {
            let blob = Bytes::copy_from_slice(row.get_ref(1)?.as_blob()?);
            Ok(OutboxRow { id: row.get::<_, i64>(0)?.cast_unsigned(), blob })
        })?;
        rows.collect()
    }

    /// The connection, for tests that provoke its failures.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.conn
    }
}

fn begin(conn: &Connection, how: &str) -> rusqlite::Result<()> {
    // Open only after a panic in the middle of a transaction; nothing of it may reach the next one.
    rollback(conn);
    conn.prepare_cached(how)?.execute([])?;
    Ok(())
}

/// Ends the transaction, if there is one (some failures end it by themselves).
fn rollback(conn: &Connection) {
    if conn.is_autocommit() {
        return;
    }
    let rolled_back = conn.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
    if let Err(error) = rolled_back {
        // `begin` tries again, and refuses to start while it fails.
        tracing::warn!(%error, "a transaction could not be rolled back");
    }
}

fn load(conn: &Connection, seen: &mut Seen, keys: &[&str]) -> rusqlite::Result<Vec<Option<Entity>>> {
    let mut by_id =
        conn.prepare_cached("SELECT id, journal, version, next_due, meta, state FROM entity WHERE id = ?1")?;
    let mut by_key =
        conn.prepare_cached("SELECT id, journal, version, next_due, meta, state FROM entity WHERE key = ?1")?;
    let mut entities = Vec::with_capacity(keys.len());
    for key in keys {
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, entity_at(row, 2)?))
        };
        let found = match seen.get(key) {
            Some(known) => by_id.query_row([known.id], read).optional()?,
            None => by_key.query_row([key], read).optional()?,
        };
        if let Some((id, journal, entity)) = &found {
            let version = entity.version.cast_signed();
            seen.note(key, SeenEntity { id: *id, version, next_due: entity.next_due, journal: *journal });
        }
        entities.push(found.map(|(.., entity)| entity));
    }
    Ok(entities)
}

fn apply(
    conn: &Connection,
    seen: &mut Seen,
    last: &mut Last,
    commit: &Commit,
) -> Result<Vec<OutboxId>, Refusal> {
    if !commit.forget.is_empty() {
        forget::entities(conn, &commit.forget)?;
        commit.forget.iter().for_each(|EntityForget { key, .. }| seen.forget(key));
    }
    if !commit.entities.is_empty() {
        let mut statements = EntityStatements::prepare(conn)?;
        for write in &commit.entities {
            statements.write(conn, (seen, last), write)?;
        }
    }
    if !commit.outbox_forget.is_empty() {
        let mut forget = conn.prepare_cached("DELETE FROM outbox WHERE id = ?1")?;
        for id in &commit.outbox_forget {
            forget.execute([sql_count(*id)])?;
        }
    }
    let mut ids = Vec::with_capacity(commit.outbox_add.len());
    if !commit.outbox_add.is_empty() {
        let mut add = conn.prepare_cached("INSERT INTO outbox (id, blob) VALUES (?1, ?2)")?;
        for blob in &commit.outbox_add {
            // Should the commit fail, these ids are left out: nobody was told them.
            last.outbox += 1;
            add.execute(params![last.outbox, &blob[..]])?;
            ids.push(last.outbox.cast_unsigned());
        }
    }
    Ok(ids)
}

/// The statements that write one entity, prepared once a commit.
struct EntityStatements<'conn> {
    find: CachedStatement<'conn>,
    insert: CachedStatement<'conn>,
    update: CachedStatement<'conn>,
    update_content: CachedStatement<'conn>,
    link: CachedStatement<'conn>,
    journal: CachedStatement<'conn>,
}

impl<'conn> EntityStatements<'conn> {
    fn prepare(conn: &'conn Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            find: conn.prepare_cached("SELECT id, journal FROM entity WHERE key = ?1")?,
            insert: conn.prepare_cached(
                "INSERT INTO entity (id, key, version, next_due, journal, meta, state)
                 VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)",
            )?,
            update: conn.prepare_cached(
                "UPDATE entity SET version = ?2 + 1, journal = ?3, meta = ?4, state = ?5, next_due = ?6
                 WHERE id = ?1 AND version = ?2",
            )?,
            // Naming `next_due` makes SQLite rewrite its index, whether or not the value is a new one.
            update_content: conn.prepare_cached(
                "UPDATE entity SET version = ?2 + 1, journal = ?3, meta = ?4, state = ?5
                 WHERE id = ?1 AND version = ?2",
            )?,
            link: conn
                .prepare_cached("INSERT OR IGNORE INTO link (name, value, entity) VALUES (?1, ?2, ?3)")?,
            journal: conn.prepare_cached("INSERT INTO journal (before, data) VALUES (?1, ?2)")?,
        })
    }

    fn write(
        &mut self,
        conn: &Connection,
        (seen, last): (&mut Seen, &mut Last),
        write: &EntityWrite,
    ) -> Result<(), Refusal> {
        let written = match write.expected {
            0 => self.insert(conn, last.next_entity(conn)?, write)?,
            _ => self.update(conn, seen, write)?,
        };
        let Some(entity) = written else {
            return Err(Refusal::Conflict { key: write.key.clone(), expected: write.expected });
        };
        unlink(conn, &write.unlink, entity.id)?;
        for link in &write.links {
            self.link.execute(params![link.index, link.value, entity.id])?;
        }
        seen.note(&write.key, entity);
        Ok(())
    }

    /// Appends the entries behind the one with the id `last`, and returns the id of the new last one.
    fn append(
        &mut self,
        conn: &Connection,
        mut last: Option<i64>,
        entries: &[Bytes],
    ) -> rusqlite::Result<Option<i64>> {
        for data in entries {
            self.journal.execute(params![last, &data[..]])?;
            last = Some(conn.last_insert_rowid());
        }
        Ok(last)
    }

    /// The new entity, or `None` if the key exists.
    fn insert(
        &mut self,
        conn: &Connection,
        id: i64,
        write: &EntityWrite,
    ) -> rusqlite::Result<Option<SeenEntity>> {
        let journal = self.append(conn, None, &write.journal)?;
        let values = params![id, write.key, write.next_due, journal, &write.meta[..], &write.state[..]];
        match self.insert.execute(values) {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        Ok(Some(SeenEntity { id, version: 1, next_due: write.next_due, journal }))
    }

    /// The entity as written, or `None` if it is not at the expected version.
    fn update(
        &mut self,
        conn: &Connection,
        seen: &Seen,
        write: &EntityWrite,
    ) -> rusqlite::Result<Option<SeenEntity>> {
        // A version no entity can reach is no entity's version.
        let Some((expected, version)) =
            i64::try_from(write.expected).ok().and_then(|v| Some((v, v.checked_add(1)?)))
        else {
            return Ok(None);
        };
        // What was seen of the entity at this version still holds: another version refuses the update.
        let known = seen.get(&write.key).filter(|known| known.version == expected);
        let place = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (id, last) = match known {
            Some(known) => (known.id, known.journal),
            None => match self.find.query_row([&write.key], place).optional()? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let journal = self.append(conn, last, &write.journal)?;
        let (meta, state) = (&write.meta[..], &write.state[..]);
        let rows = if known.is_some_and(|known| known.next_due == write.next_due) {
            self.update_content.execute(params![id, expected, journal, meta, state])?
        } else {
            self.update.execute(params![id, expected, journal, meta, state, write.next_due])?
        };
        Ok((rows == 1).then_some(SeenEntity { id, version, next_due: write.next_due, journal }))
    }
}

/// What is worth remembering of an entity between its load and its commit.
#[derive(Clone, Copy, Debug)]
struct SeenEntity {
    id: i64,
    version: i64,
    next_due: Option<Millis>,
    /// The id of its last journal entry.
    journal: Option<i64>,
}

/// The entities seen last, bounded. Saves the look-up by key, and the timer index where the timer stays.
///
/// Ids never change, so an entry is never wrong about its id; about version and timer it is a snapshot. Nothing
/// ever walks it, so its order is of no consequence.
#[derive(Debug, Default)]
struct Seen {
    entities: HashMap<String, SeenEntity>,
}

impl Seen {
    /// Some batches' worth; about 1 MB with keys of 40 bytes.
    const MAX: usize = 8192;

    fn get(&self, key: &str) -> Option<SeenEntity> {
        self.entities.get(key).copied()
    }

    fn note(&mut self, key: &str, entity: SeenEntity) {
        if let Some(known) = self.entities.get_mut(key) {
            *known = entity;
            return;
        }
        if self.entities.len() >= Self::MAX {
            self.entities.clear();
        }
        self.entities.insert(key.to_owned(), entity);
    }

    fn forget(&mut self, key: &str) {
        self.entities.remove(key);
    }

    fn forget_all(&mut self) {
        self.entities.clear();
    }
}
