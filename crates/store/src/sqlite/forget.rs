//! Entities that go, and their journals, which may be long: what one transaction does not free is left for later ones.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::refusal::Refusal;
use crate::sql::sql_count;
use crate::{EntityForget, FREED_BYTES_MAX, FREED_ENTRIES_MAX, Link};

/// What one transaction may free still.
struct Budget {
    entries: usize,
    bytes: usize,
}

impl Budget {
    const fn new() -> Self {
        Self { entries: FREED_ENTRIES_MAX, bytes: FREED_BYTES_MAX }
    }

    const fn is_spent(&self) -> bool {
        self.entries == 0 || self.bytes == 0
    }
}

/// Frees entries of journals, from the last one back.
struct Freeing<'c> {
    read: CachedStatement<'c>,
    delete: CachedStatement<'c>,
    budget: Budget,
}

impl<'c> Freeing<'c> {
    fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        // The length is told without reading the entry.
        let read = conn.prepare_cached("SELECT before, length(data) FROM journal WHERE id = ?1")?;
        let delete = conn.prepare_cached("DELETE FROM journal WHERE id = ?1")?;
        Ok(Self { read, delete, budget: Budget::new() })
    }

    /// Frees that entry and those before it; the last of those that are left.
    fn free(&mut self, mut entry: Option<i64>) -> rusqlite::Result<Option<i64>> {
        while let Some(last) = entry.filter(|_| !self.budget.is_spent()) {
            let found = self.read.query_row([last], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (before, bytes): (Option<i64>, i64) = found.unwrap_or_default();
            self.delete.execute([last])?;
            self.budget.entries -= 1;
            self.budget.bytes = self.budget.bytes.saturating_sub(usize::try_from(bytes).unwrap_or(0));
            entry = before;
        }
        Ok(entry)
    }
}

/// Removes links of an entity.
pub(super) fn unlink(conn: &Connection, links: &[Link], entity: i64) -> rusqlite::Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM link WHERE name = ?1 AND value = ?2 AND entity = ?3";
    let mut statement = conn.prepare_cached(sql)?;
    for link in links {
        statement.execute(params![link.index, link.value, entity])?;
    }
    Ok(())
}

/// Forgets entities, each with the links that are named, and with its journal, as far as that is not too much for one transaction.
pub(super) fn entities(conn: &Connection, entities: &[EntityForget]) -> Result<(), Refusal> {
    let mut find = conn.prepare_cached("SELECT id, journal, version FROM entity WHERE key = ?1")?;
    let mut delete = conn.prepare_cached("DELETE FROM entity WHERE id = ?1")?;
    let mut leave = conn.prepare_cached("INSERT INTO remains (entry) VALUES (?1)")?;
    let mut freeing = Freeing::prepare(conn)?;
    let mut greatest = 0;
    for EntityForget { key, expected, unlink: links } in entities {
        let found = find.query_row([key], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, i64>(2)?))
        });
        let (id, journal) = match found.optional()? {
            Some((id, journal, version)) if version.cast_unsigned() == *expected => (id, journal),
            _ => return Err(Refusal::Conflict { key: key.clone(), expected: *expected }),
        };
        if let Some(left) = freeing.free(journal)? {
            leave.execute([left])?;
        }
        delete.execute([id])?;
        unlink(conn, links, id)?;
        greatest = id.max(greatest);
    }
    conn.prepare_cached("UPDATE forgotten SET count = count + ?1, last = max(last, ?2)")?
        .execute(params![sql_count(entities.len()), greatest])?;
    Ok(())
}

/// Whether a journal is left in part.
pub(super) fn has_remains(conn: &Connection) -> rusqlite::Result<bool> {
    let found = conn.prepare_cached("SELECT 1 FROM remains LIMIT 1")?.query_row([], |_| Ok(()));
    Ok(found.optional()?.is_some())
}

/// Frees some of what is left of journals.
pub(super) fn sweep(conn: &Connection) -> rusqlite::Result<()> {
    let mut first = conn.prepare_cached(
        "DELETE FROM remains WHERE entry = (SELECT min(entry) FROM remains) RETURNING entry",
    )?;
    let mut leave = conn.prepare_cached("INSERT INTO remains (entry) VALUES (?1)")?;
    let mut freeing = Freeing::prepare(conn)?;
    while !freeing.budget.is_spent() {
        let Some(entry) = first.query_row([], |row| row.get(0)).optional()? else { break };
        if let Some(left) = freeing.free(Some(entry))? {
            leave.execute([left])?;
        }
    }
    Ok(())
}
