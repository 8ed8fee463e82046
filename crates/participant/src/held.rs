//! The states of entities, held in memory from one batch to the next.

use crate::Generations;

/// States whose entities took no more bytes than this together are held, twice; in memory they take some three times that.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// States by key, each known by the version of the entity that it is the state of, and by how much that has sent: what another instance
/// made of it, or a commit that failed, is another version; and an entity that took the place of one that was forgotten has begun to count
/// elsewhere ([`crate::Effects::count_from`]). So it spares the reading of JSON, and nothing else: a state that is not here is read.
#[derive(Debug)]
pub(crate) struct Held<S>(Generations<(u64, u64, Box<S>)>);

/// A state to be held, once what was decided is committed.
#[derive(Debug)]
pub(crate) struct Holding<S> {
    pub(crate) key: String,
    /// That of the entity then.
    pub(crate) version: u64,
    /// How much the entity has sent then.
    pub(crate) sequence: u64,
    /// As it is stored.
    pub(crate) bytes: usize,
    /// It lies still while it is held: handed on with the rest, it would be copied time and again.
    pub(crate) state: Box<S>,
}

impl<S> Held<S> {
    /// Holds so many, twice; with 0 none.
    pub(crate) fn new(count_max: usize) -> Self {
        Self(Generations::new(count_max, if count_max == 0 { 0 } else { BYTES_MAX }))
    }

    /// The state of that version of the entity, if it is held, and how much the entity has sent then. It is the caller's from now on.
    pub(crate) fn take(&mut self, key: &str, version: u64) -> Option<(u64, S)> {
        let held = self.0.take(key).filter(|(held, ..)| *held == version);
        held.map(|(_, sequence, state)| (sequence, *state))
    }

    pub(crate) fn put(&mut self, holding: Holding<S>) {
        let Holding { key, version, sequence, bytes, state } = holding;
        self.0.put(key, (version, sequence, state), bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_that_of_its_version_and_handed_out_once() {
        let mut held = Held::new(10);
        let holding = |version| Holding {
            key: "k".to_owned(),
            version,
            sequence: 7,
            bytes: 3,
            state: Box::new(version),
        };
        held.put(holding(1));
        held.put(holding(2));
        assert_eq!(held.take("k", 2), Some((7, 2)));
        assert_eq!(held.take("k", 2), None);
        held.put(holding(2));
        assert_eq!((held.take("k", 3), held.take("k", 2)), (None, None));
    }
}
