//! A commit as the arrays that one statement takes.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::error::Failure;
use super::seen::{Row, SeenRows};
use crate::{Commit, Entity, EntityForget, EntityWrite, KEY_BYTES_MAX, Link, StoreError};

/// The SQLSTATE by which the schema's functions say that a version is not the one expected.
const CONFLICT: &str = "DU001";
/// The index in which a key stands only once.
const KEY_INDEX: &str = "entity_key";
/// What a row may hold so that it fills a page and nothing has to be moved out of it.
const PIECE_BYTES: usize = 8000;
/// A place in the journal is the commit's number, the piece's (15 bits) and the byte's (13 bits).
const PLACE_COMMIT_SHIFT: u32 = 28;
const PLACE_PIECE_SHIFT: u32 = 13;
/// How many parameters the function `apply` has.
pub(super) const APPLY_PARAMS: usize = 23;
const PIECES_MAX: usize = 1 << (PLACE_COMMIT_SHIFT - PLACE_PIECE_SHIFT);

/// A commit, column by column.
#[derive(Default)]
pub(super) struct Batch<'a> {
    /// Sorted by id, so that concurrent commits lock in one order.
    updates: Vec<&'a EntityWrite>,
    /// Sorted by key, for the same reason.
    inserts: Vec<&'a EntityWrite>,
    relied_on: Vec<(&'a str, u64)>,
    r_id: Vec<i64>,
    r_version: Vec<i64>,
    u_id: Vec<i64>,
    u_version: Vec<i64>,
    u_due: Vec<Option<i64>>,
    u_journal: Vec<i64>,
    u_meta: Vec<&'a [u8]>,
    u_state: Vec<&'a [u8]>,
    i_key: Vec<&'a [u8]>,
    i_place: Vec<i32>,
    i_due: Vec<Option<i64>>,
    i_journal: Vec<i64>,
    i_meta: Vec<&'a [u8]>,
    i_state: Vec<&'a [u8]>,
    l_entity: Vec<i64>,
    l_name: Vec<&'a str>,
    l_value: Vec<&'a [u8]>,
    journal: Vec<Vec<u8>>,
    o_row: Vec<i32>,
    o_part: Vec<i32>,
    o_blob: Vec<&'a [u8]>,
    forget: Vec<i64>,
    /// Sorted by id, as the updates.
    forgets: Vec<&'a EntityForget>,
    f_id: Vec<i64>,
    f_version: Vec<i64>,
    x_entity: Vec<i64>,
    x_name: Vec<&'a str>,
    x_value: Vec<&'a [u8]>,
}

/// The keys of the commit whose rows are not known at the version they are to have.
///
/// # Errors
/// [`StoreError::Conflict`] about a version that no entity can have; [`StoreError::Unusable`] about a key that is too
/// long.
pub(super) fn unknown<'a>(commit: &'a Commit, seen: &mut SeenRows<'_>) -> Result<Vec<&'a str>, StoreError> {
    let mut unknown = Vec::new();
    for write in &commit.entities {
        check(write)?;
        if write.expected != 0 && !is_at(seen, &write.key, write.expected) {
            unknown.push(write.key.as_str());
        }
    }
    for forget in &commit.forget {
        if forget.expected == 0 || i64::try_from(forget.expected).is_err() {
            return Err(no_longer(forget));
        }
        if !is_at(seen, &forget.key, forget.expected) {
            unknown.push(forget.key.as_str());
        }
    }
    for (key, version) in &commit.relied_on {
        if *version != 0 && !is_at(seen, key, *version) {
            unknown.push(key.as_str());
        }
    }
    Ok(unknown)
}

fn is_at(seen: &mut SeenRows<'_>, key: &str, version: u64) -> bool {
    seen.row(key).is_some_and(|row| row.version == version.cast_signed())
}

impl<'a> Batch<'a> {
    /// Takes a commit apart, whose rows have been looked up.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] about a row that was found at another version, or not at all.
    pub(super) fn of(commit: &'a Commit, seen: &mut SeenRows<'_>) -> Result<Self, StoreError> {
        let mut batch = Self::default();
        let (mut updates, mut inserts) = (Vec::with_capacity(commit.entities.len()), Vec::new());
        for write in &commit.entities {
            if write.expected == 0 {
                // Their order is that of creation: places count from 1.
                inserts.push((write, count(inserts.len() + 1)?));
                continue;
            }
            match seen.row(&write.key) {
                Some(row) if row.version == write.expected.cast_signed() => updates.push((write, row)),
                _ => return Err(conflict(write)),
            }
        }
        updates.sort_unstable_by_key(|(_, row)| row.id);
        inserts.sort_unstable_by(|(one, _), (other, _)| one.key.cmp(&other.key));
        for (write, row) in updates {
            batch.update(write, row)?;
        }
        for (write, place) in inserts {
            batch.insert(write, place)?;
        }
        batch.forget_entities(commit, seen)?;
        for (key, version) in &commit.relied_on {
            batch.rely_on(key, *version, seen)?;
        }
        for (row, blob) in (1..).zip(&commit.outbox_add) {
            batch.add_to_outbox(row, blob)?;
        }
        // An id beyond the range is no row's.
        batch.forget = commit.outbox_forget.iter().filter_map(|id| i64::try_from(*id).ok()).collect();
        Ok(batch)
    }

    fn forget_entities(&mut self, commit: &'a Commit, seen: &mut SeenRows<'_>) -> Result<(), StoreError> {
        let mut forgets = Vec::with_capacity(commit.forget.len());
        for forget in &commit.forget {
            match seen.row(&forget.key) {
                Some(row) if row.version == forget.expected.cast_signed() => forgets.push((forget, row)),
                _ => return Err(no_longer(forget)),
            }
        }
        forgets.sort_unstable_by_key(|(_, row)| row.id);
        for (forget, row) in forgets {
            self.forgets.push(forget);
            self.f_id.push(row.id);
            self.f_version.push(row.version);
            self.unlink(&forget.unlink, row.id);
        }
        Ok(())
    }

    /// Has it confirmed that an entity still is as a load gave it, where the load did not ask.
    fn rely_on(&mut self, key: &'a str, version: u64, seen: &mut SeenRows<'_>) -> Result<(), StoreError> {
        match seen.row(key) {
            // A load always asks about what it does not know.
            _ if version == 0 => {}
            Some(row) if row.version == version.cast_signed() => {
                if seen.is_assumed(key) {
                    self.relied_on.push((key, version));
                    self.r_id.push(row.id);
                    self.r_version.push(row.version);
                }
            }
            _ => return Err(StoreError::Conflict { key: key.to_owned(), expected: version }),
        }
        Ok(())
    }

    /// How many pieces of outbox rows it adds.
    pub(super) fn outbox_pieces(&self) -> usize {
        self.o_blob.len()
    }

    /// Whether there is nothing to ask or tell the database.
    pub(super) fn is_empty(&self) -> bool {
        self.updates.is_empty()
            && self.inserts.is_empty()
            && self.r_id.is_empty()
            && self.o_row.is_empty()
            && self.forget.is_empty()
            && self.f_id.is_empty()
    }

    /// Whether anything is removed: entities, or links.
    pub(super) fn removes(&self) -> bool {
        !self.f_id.is_empty() || !self.x_entity.is_empty()
    }

    fn update(&mut self, write: &'a EntityWrite, row: Row) -> Result<(), StoreError> {
        self.updates.push(write);
        self.u_id.push(row.id);
        self.u_version.push(row.version);
        self.u_due.push(write.next_due);
        self.u_meta.push(&write.meta);
        self.u_state.push(&write.state);
        self.unlink(&write.unlink, row.id);
        self.link(write, row.id);
        let last = self.append(row.journal, write)?;
        self.u_journal.push(last);
        Ok(())
    }

    fn insert(&mut self, write: &'a EntityWrite, place: i32) -> Result<(), StoreError> {
        self.inserts.push(write);
        self.i_key.push(write.key.as_bytes());
        self.i_place.push(place);
        self.i_due.push(write.next_due);
        self.i_meta.push(&write.meta);
        self.i_state.push(&write.state);
        // A negative number is the place of an entity that this commit creates.
        self.link(write, -i64::from(place));
        let last = self.append(0, write)?;
        self.i_journal.push(last);
        Ok(())
    }

    fn unlink(&mut self, links: &'a [Link], entity: i64) {
        for link in links {
            self.x_entity.push(entity);
            self.x_name.push(link.index);
            self.x_value.push(link.value.as_bytes());
        }
    }

    fn link(&mut self, write: &'a EntityWrite, entity: i64) {
        for link in &write.links {
            self.l_entity.push(entity);
            self.l_name.push(link.index);
            self.l_value.push(link.value.as_bytes());
        }
    }

    /// Appends the journal entries behind the one at `before`, and gives the place of the last: a negative one is in this
    /// commit, whose number is not known yet.
    fn append(&mut self, mut before: i64, write: &'a EntityWrite) -> Result<i64, StoreError> {
        for entry in &write.journal {
            let bytes = entry.len() + 12;
            if self.journal.last().is_none_or(|piece| !piece.is_empty() && piece.len() + bytes > PIECE_BYTES)
            {
                self.journal.push(Vec::with_capacity(PIECE_BYTES.max(bytes)));
            }
            let number = self.journal.len() - 1;
            let Some(piece) = self.journal.last_mut().filter(|_| number < PIECES_MAX) else {
                return Err(Failure::terminal("a commit with more journal entries than one can hold").into());
            };
            let place = ((number << PLACE_PIECE_SHIFT) | piece.len()) as i64;
            piece.extend(before.to_be_bytes());
            piece.extend(count(entry.len())?.to_be_bytes());
            piece.extend_from_slice(entry);
            before = -place - 1;
        }
        Ok(before)
    }

    fn add_to_outbox(&mut self, row: i32, blob: &'a [u8]) -> Result<(), StoreError> {
        // An empty blob is one piece, too.
        let pieces = blob.len().div_ceil(PIECE_BYTES).max(1);
        for part in 0..pieces {
            let end = blob.len().min((part + 1) * PIECE_BYTES);
            self.o_row.push(row);
            self.o_part.push(count(part)?);
            self.o_blob.push(&blob[part * PIECE_BYTES..end]);
        }
        Ok(())
    }

    /// In the order in which the function `forget_and_apply` takes them. Those of `apply` are the first [`APPLY_PARAMS`] of them.
    pub(super) fn params<'b>(&'b self, me: &'b i64) -> [&'b (dyn ToSql + Sync); 28] {
        [
            me,
            &self.r_id,
            &self.r_version,
            &self.u_id,
            &self.u_version,
            &self.u_due,
            &self.u_journal,
            &self.u_meta,
            &self.u_state,
            &self.i_key,
            &self.i_place,
            &self.i_due,
            &self.i_journal,
            &self.i_meta,
            &self.i_state,
            &self.l_entity,
            &self.l_name,
            &self.l_value,
            &self.journal,
            &self.o_row,
            &self.o_part,
            &self.o_blob,
            &self.forget,
            &self.f_id,
            &self.f_version,
            &self.x_entity,
            &self.x_name,
            &self.x_value,
        ]
    }

    /// Takes note of what was written, of which `ids` tells: that of the journal entries, those of the outbox rows, which
    /// are returned, and those of the entities created.
    pub(super) fn written(&self, ids: &[i64], seen: &mut SeenRows<'_>) -> Vec<i64> {
        let rows = self.o_row.last().map_or(0, |last| usize::try_from(*last).unwrap_or(0));
        let (journal_id, added, created) = match ids {
            [journal_id, rest @ ..] if rest.len() >= rows => (*journal_id, &rest[..rows], &rest[rows..]),
            _ => return Vec::new(),
        };
        let place = |last: i64| if last < 0 { (journal_id << PLACE_COMMIT_SHIFT) - last - 1 } else { last };
        for (index, write) in self.updates.iter().enumerate() {
            let (id, journal) = (self.u_id[index], place(self.u_journal[index]));
            let row = Row { id, version: self.u_version[index] + 1, journal };
            seen.note(&write.key, row, Some(as_written(write)));
        }
        for (index, write) in self.inserts.iter().enumerate() {
            let number = usize::try_from(self.i_place[index] - 1).ok();
            if let Some(id) = number.and_then(|number| created.get(number)) {
                let row = Row { id: *id, version: 1, journal: place(self.i_journal[index]) };
                seen.note(&write.key, row, Some(as_written(write)));
            }
        }
        // What takes the place of one that is gone is looked up.
        self.forgets.iter().for_each(|forget| seen.doubt(&forget.key));
        added.to_vec()
    }

    /// The conflict that the error tells of, if it is one.
    pub(super) fn conflict(&self, error: &tokio_postgres::Error) -> Option<StoreError> {
        let error = error.as_db_error()?;
        if *error.code() == SqlState::UNIQUE_VIOLATION && error.constraint() == Some(KEY_INDEX) {
            let key = error.detail().and_then(key_in);
            let same = |write: &&&EntityWrite| key.as_ref().is_some_and(|key| write.key.as_bytes() == key);
            return self.inserts.iter().find(same).or(self.inserts.first()).map(|write| conflict(write));
        }
        if error.code().code() != CONFLICT {
            return None;
        }
        let (kind, id) = error.detail()?.split_once(' ')?;
        let id: i64 = id.parse().ok()?;
        let place_of = |ids: &[i64]| ids.iter().position(|other| *other == id).unwrap_or(0);
        if kind == "update" {
            return self.updates.get(place_of(&self.u_id)).map(|write| conflict(write));
        }
        if kind == "forget" {
            return self.forgets.get(place_of(&self.f_id)).map(|forget| no_longer(forget));
        }
        let (key, expected) = *self.relied_on.get(place_of(&self.r_id))?;
        Some(StoreError::Conflict { key: key.to_owned(), expected })
    }
}

/// The key in PostgreSQL's words about a violated index: `Key (key)=(\x6f2d31) already exists.`
fn key_in(detail: &str) -> Option<Vec<u8>> {
    let (_, rest) = detail.split_once("=(\\x")?;
    let (digits, _) = rest.split_once(')')?;
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    bytes.collect()
}

fn as_written(write: &EntityWrite) -> Entity {
    Entity {
        version: write.expected + 1,
        state: write.state.clone(),
        meta: write.meta.clone(),
        next_due: write.next_due,
    }
}

fn conflict(write: &EntityWrite) -> StoreError {
    StoreError::Conflict { key: write.key.clone(), expected: write.expected }
}

fn no_longer(forget: &EntityForget) -> StoreError {
    StoreError::Conflict { key: forget.key.clone(), expected: forget.expected }
}

fn check(write: &EntityWrite) -> Result<(), StoreError> {
    // A version no entity can reach is no entity's version.
    if i64::try_from(write.expected).is_err() || write.expected.cast_signed() == i64::MAX {
        return Err(conflict(write));
    }
    let longest = write.links.iter().map(|link| link.value.len()).max().unwrap_or(0).max(write.key.len());
    if longest > KEY_BYTES_MAX {
        return Err(Failure::terminal(format!(
            "a key or a link's value of {longest} bytes is too long: {KEY_BYTES_MAX} are the most"
        ))
        .into());
    }
    Ok(())
}

fn count(count: usize) -> Result<i32, StoreError> {
    i32::try_from(count).map_err(|_| Failure::terminal("a commit of more than 2^31 parts").into())
}
