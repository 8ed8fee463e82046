//! Which dead letters of a group there are: an index of its topic, read on from where it was read to before.

use std::collections::{BTreeMap, HashMap};

use xxhash_rust::xxh3::xxh3_128;

/// The most dead letters of a group that are told apart; further ones are kept on the broker, and are neither counted
/// nor listed until others were redriven.
pub(crate) const LETTERS_MAX: usize = 250_000;

/// The dead letters of one group, by their records' keys and by place.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The place of the letter with this record key.
    places: HashMap<u128, i64>,
    /// The other way round, in the order of their places: the record's key, and the message's id.
    letters: BTreeMap<i64, (u128, u128)>,
    /// Where to read on.
    next: i64,
    /// Whether some found no room.
    is_cut: bool,
}

impl Index {
    /// Where the topic has to be read on.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// Takes a record of the topic in: a letter about the message of that id, or a tombstone.
    pub(crate) fn apply(&mut self, offset: i64, record_key: &[u8], message_id: Option<&str>) {
        self.next = self.next.max(offset + 1);
        let key = xxh3_128(record_key);
        if let Some(before) = self.places.remove(&key) {
            self.letters.remove(&before);
        }
        match message_id {
            Some(id) if self.letters.len() < LETTERS_MAX => {
                self.places.insert(key, offset);
                self.letters.insert(offset, (key, xxh3_128(id.as_bytes())));
            }
            Some(_) => self.is_cut = true,
            None => {}
        }
    }

    /// Everything before `end` was read: a compacted topic may have nothing at its end.
    pub(crate) fn reached(&mut self, end: i64) {
        self.next = self.next.max(end);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.letters.len()
    }

    /// The place of the oldest letter about the message of that id. Looks through all of them.
    pub(crate) fn place(&self, message_id: &str) -> Option<i64> {
        let wanted = xxh3_128(message_id.as_bytes());
        self.letters.iter().find(|(_, (_, message))| *message == wanted).map(|(place, _)| *place)
    }

    /// Whether the record there is a letter that is still kept.
    pub(crate) fn is_kept(&self, offset: i64) -> bool {
        self.letters.contains_key(&offset)
    }

    /// The places of the first and of the last of the oldest `limit` letters.
    pub(crate) fn oldest(&self, limit: usize) -> Option<(i64, i64)> {
        let mut oldest = self.letters.keys().take(limit).copied();
        let first = oldest.next()?;
        Some((first, oldest.fold(first, |_, next| next)))
    }

    /// Whether it has to be read anew: letters were left out that there is room for now.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_cut && self.letters.len() < LETTERS_MAX / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters about the message of that id, or tombstones, by record key.
    fn index(records: &[(&str, Option<&str>)]) -> Index {
        let mut index = Index::default();
        for (offset, (key, message)) in (0..).zip(records) {
            index.apply(offset, key.as_bytes(), *message);
        }
        index
    }

    #[test]
    fn letters_are_counted_until_their_tombstone() {
        let index = index(&[("1", Some("a")), ("2", Some("b")), ("3", Some("c")), ("2", None)]);
        assert_eq!((index.len(), index.next()), (2, 4));
        assert_eq!((index.place("a"), index.place("b"), index.place("c")), (Some(0), None, Some(2)));
        assert_eq!(index.oldest(10), Some((0, 2)));
        assert_eq!(index.oldest(1), Some((0, 0)));
        assert!(index.is_kept(2) && !index.is_kept(1));
    }

    #[test]
    fn a_letter_kept_twice_is_one() {
        let index = index(&[("1", Some("a")), ("2", Some("b")), ("1", Some("a"))]);
        assert_eq!((index.len(), index.place("a"), index.oldest(1)), (2, Some(2), Some((1, 1))));
    }

    #[test]
    fn the_tombstone_of_a_redriven_letter_leaves_the_next_one_about_its_message_alone() {
        // Given back, refused again, and only then marked as done with.
        let index = index(&[("1", Some("a")), ("2", Some("a")), ("1", None)]);
        assert_eq!((index.len(), index.place("a")), (1, Some(1)));
    }

    #[test]
    fn nothing_is_the_oldest_of_none() {
        assert_eq!(Index::default().oldest(5), None);
        assert_eq!(index(&[("1", Some("a"))]).oldest(0), None);
    }
}
