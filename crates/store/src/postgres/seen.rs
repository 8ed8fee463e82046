//! The entities seen last, so that most batches need not be loaded.
//!
//! An instance mostly loads what it wrote itself a moment ago. It gets that from here, without asking the database, and
//! the commit finds out whether it still held: a commit that rests on anything older fails with a conflict, what was
//! remembered of its entities is forgotten, and the next load asks.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Entity;

/// An entity's row at a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) version: i64,
    /// Where its last journal entry is; 0 when it has none.
    pub(super) journal: i64,
}

#[derive(Debug)]
struct Known {
    row: Row,
    /// `None` when only the row was looked up.
    entity: Option<Entity>,
    /// It was given to a load without asking.
    is_assumed: bool,
}

/// Entities and rows by key, bounded: twice [`HALF_MAX`] of them, twice [`HALF_BYTES_MAX`] bytes of content. Nothing ever
/// walks them, so their order is of no consequence.
#[derive(Debug, Default)]
pub(super) struct Seen {
    halves: Mutex<Halves>,
}

/// Used lately, and not used since the former filled up.
#[derive(Debug, Default)]
struct Halves {
    young: HashMap<String, Known>,
    young_bytes: usize,
    old: HashMap<String, Known>,
}

const HALF_MAX: usize = 8192;
const HALF_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Seen {
    /// For several looks and notes at once.
    pub(super) fn lock(&self) -> SeenRows<'_> {
        SeenRows(self.halves.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct SeenRows<'a>(MutexGuard<'a, Halves>);

impl SeenRows<'_> {
    pub(super) fn row(&mut self, key: &str) -> Option<Row> {
        self.0.get(key).map(|known| known.row)
    }

    /// The entity as it was last, to be confirmed by the commit.
    pub(super) fn assume(&mut self, key: &str) -> Option<Entity> {
        let known = self.0.get(key)?;
        let entity = known.entity.clone()?;
        known.is_assumed = true;
        Some(entity)
    }

    /// Whether the version given to the last load was not asked for.
    pub(super) fn is_assumed(&mut self, key: &str) -> bool {
        self.0.get(key).is_some_and(|known| known.is_assumed)
    }

    /// Notes what the database said, unless something newer is known: answers may overtake each other.
    pub(super) fn note(&mut self, key: &str, row: Row, entity: Option<Entity>) {
        // Ids grow: one that is greater is that of an entity which took the place of one that was forgotten.
        if self.0.get(key).is_some_and(|known| (known.row.id, known.row.version) > (row.id, row.version)) {
            return;
        }
        self.0.put(key.to_owned(), Known { row, entity, is_assumed: false });
    }

    /// What is known of the key may be wrong.
    pub(super) fn doubt(&mut self, key: &str) {
        self.0.young.remove(key);
        self.0.old.remove(key);
    }
}

impl Halves {
    fn get(&mut self, key: &str) -> Option<&mut Known> {
        if let Some((key, known)) = self.old.remove_entry(key) {
            self.put(key, known);
        }
        self.young.get_mut(key)
    }

    fn put(&mut self, key: String, known: Known) {
        let bytes = known.entity.as_ref().map_or(0, |entity| entity.state.len() + entity.meta.len());
        if self.young.len() >= HALF_MAX || self.young_bytes + bytes > HALF_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.old.remove(&key);
        // What it replaces is counted until the halves change places: the bound holds all the same.
        self.young_bytes += bytes;
        self.young.insert(key, known);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn entity(version: u64, bytes: usize) -> Entity {
        Entity { version, state: Bytes::from(vec![0; bytes]), meta: Bytes::new(), next_due: None }
    }

    fn row(version: i64) -> Row {
        Row { id: 1, version, journal: 0 }
    }

    #[test]
    fn what_was_noted_is_assumed_until_it_is_doubted() {
        let seen = Seen::default();
        let mut seen = seen.lock();
        seen.note("a", row(1), Some(entity(1, 1)));
        assert!(!seen.is_assumed("a"));
        assert_eq!(seen.assume("a"), Some(entity(1, 1)));
        assert!(seen.is_assumed("a"));
        seen.note("a", row(2), Some(entity(2, 1)));
        assert!(!seen.is_assumed("a"), "the database said so");
        seen.note("a", row(1), Some(entity(1, 1)));
        assert_eq!(seen.row("a"), Some(row(2)), "an answer that comes late changes nothing");
        seen.doubt("a");
        assert_eq!((seen.row("a"), seen.assume("a")), (None, None));
    }

    #[test]
    fn a_row_alone_is_no_entity() {
        let seen = Seen::default();
        let mut seen = seen.lock();
        seen.note("a", row(1), None);
        assert_eq!((seen.row("a"), seen.assume("a")), (Some(row(1)), None));
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let seen = Seen::default();
        let mut seen = seen.lock();
        seen.note("used", row(1), Some(entity(1, 1)));
        for n in 0..3 * HALF_MAX {
            seen.note(&n.to_string(), row(1), Some(entity(1, 1)));
            assert!(seen.row("used").is_some());
        }
        assert_eq!(seen.row("0"), None);
        assert!(seen.0.young.len() + seen.0.old.len() <= 2 * HALF_MAX);
        for n in 0..100 {
            seen.note(&n.to_string(), row(1), Some(entity(1, HALF_BYTES_MAX / 10)));
        }
        assert!(seen.0.young.len() <= 10);
    }
}
