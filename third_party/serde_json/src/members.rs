//! Duet: the members of an object in their order, with `preserve_order`.
//!
//! One `Vec`, which is looked through while it is short, and beyond that an index by hash: most objects have a few members, and then an
//! `IndexMap` is two allocations and a hash for each member, and makes each `Value` twice as large.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::fmt::{self, Debug};
use core::hash::{BuildHasher, Hash};
use core::mem;
use core::slice;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// So many members are looked through; more have an index.
const LINEAR_MAX: usize = 16;

#[derive(Clone)]
pub struct Members<K, V> {
    entries: Vec<(K, V)>,
    index: Option<Box<Index>>,
}

/// Where a name is, by its hash.
#[derive(Clone, Default)]
struct Index {
    places: HashTable<usize>,
    hasher: RandomState,
}

impl<K, V> Default for Members<K, V> {
    #[inline]
    fn default() -> Self {
        Members { entries: Vec::new(), index: None }
    }
}

impl<V> Members<String, V> {
    #[inline]
    pub fn with_capacity(capacity: usize) -> Self {
        Members { entries: Vec::with_capacity(capacity), index: None }
    }

    #[inline]
    pub fn clear(&mut self) {
        self.entries.clear();
        self.index = None;
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position<Q>(&self, key: &Q) -> Option<usize>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        match &self.index {
            None => self.entries.iter().position(|(name, _)| name.borrow() == key),
            Some(index) => {
                let hash = index.hasher.hash_one(key);
                index.places.find(hash, |&at| self.entries[at].0.borrow() == key).copied()
            }
        }
    }

    /// Adds a member whose name is not there.
    fn push(&mut self, key: String, value: V) -> usize {
        let at = self.entries.len();
        if let Some(index) = &mut self.index {
            let Index { places, hasher } = &mut **index;
            let entries = &self.entries;
            places.insert_unique(hasher.hash_one(key.as_str()), at, |&at| hasher.hash_one(entries[at].0.as_str()));
        }
        self.entries.push((key, value));
        if at == LINEAR_MAX && self.index.is_none() {
            self.index = Some(Box::default());
            self.reindex();
        }
        at
    }

    /// After members have changed their places: makes the index again, if there is one.
    fn reindex(&mut self) {
        let Some(index) = &mut self.index else { return };
        let Index { places, hasher } = &mut **index;
        let entries = &self.entries;
        let hash = |at: &usize| hasher.hash_one(entries[*at].0.as_str());
        places.clear();
        places.reserve(entries.len(), hash);
        for at in 0..entries.len() {
            places.insert_unique(hash(&at), at, hash);
        }
    }

    /// The place of a member that is there, in the index, becomes what it is told.
    fn moves(&mut self, at: usize, to: Option<usize>) {
        let Some(index) = &mut self.index else { return };
        let Index { places, hasher } = &mut **index;
        let hash = hasher.hash_one(self.entries[at].0.as_str());
        if let Ok(mut place) = places.find_entry(hash, |&place| place == at) {
            match to {
                Some(to) => *place.get_mut() = to,
                None => drop(place.remove()),
            }
        }
    }

    fn swap_remove_at(&mut self, at: usize) -> (String, V) {
        self.moves(at, None);
        let last = self.entries.len() - 1;
        if at != last {
            self.moves(last, Some(at));
        }
        self.entries.swap_remove(at)
    }

    fn shift_remove_at(&mut self, at: usize) -> (String, V) {
        self.moves(at, None);
        for place in self.index.iter_mut().flat_map(|index| index.places.iter_mut()) {
            if *place > at {
                *place -= 1;
            }
        }
        self.entries.remove(at)
    }

    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.position(key).map(|at| &self.entries[at].1)
    }

    #[inline]
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.position(key).is_some()
    }

    #[inline]
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.position(key).map(|at| &mut self.entries[at].1)
    }

    #[inline]
    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&String, &V)>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        let (key, value) = &self.entries[self.position(key)?];
        Some((key, value))
    }

    /// # Panics
    /// There is no such member.
    pub fn index<Q>(&self, key: &Q) -> &V
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.get(key).expect("no entry found for key")
    }

    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        if let Some(at) = self.position(key.as_str()) {
            return Some(mem::replace(&mut self.entries[at].1, value));
        }
        self.push(key, value);
        None
    }

    /// # Panics
    /// The place is beyond the end.
    pub fn shift_insert(&mut self, at: usize, key: String, value: V) -> Option<V> {
        let before = self.position(key.as_str()).map(|at| self.entries.remove(at));
        self.entries.insert(at, (key, value));
        if self.entries.len() > LINEAR_MAX && self.index.is_none() {
            self.index = Some(Box::default());
        }
        self.reindex();
        before.map(|(_, value)| value)
    }

    pub fn swap_remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.swap_remove_entry(key).map(|(_, value)| value)
    }

    pub fn swap_remove_entry<Q>(&mut self, key: &Q) -> Option<(String, V)>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.position(key).map(|at| self.swap_remove_at(at))
    }

    pub fn shift_remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.shift_remove_entry(key).map(|(_, value)| value)
    }

    pub fn shift_remove_entry<Q>(&mut self, key: &Q) -> Option<(String, V)>
    where
        String: Borrow<Q>,
        Q: ?Sized + Eq + Hash,
    {
        self.position(key).map(|at| self.shift_remove_at(at))
    }

    pub fn entry(&mut self, key: String) -> Entry<'_, V> {
        match self.position(key.as_str()) {
            Some(at) => Entry::Occupied(OccupiedEntry { members: self, at }),
            None => Entry::Vacant(VacantEntry { members: self, key }),
        }
    }

    pub fn retain(&mut self, mut keeps: impl FnMut(&String, &mut V) -> bool) {
        self.entries.retain_mut(|(key, value)| keeps(key, value));
        self.reindex();
    }

    pub fn sort_unstable_keys(&mut self) {
        self.entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        self.reindex();
    }

    #[inline]
    pub fn iter(&self) -> Iter<'_, V> {
        Iter(self.entries.iter())
    }

    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, V> {
        IterMut(self.entries.iter_mut())
    }

    #[inline]
    pub fn keys(&self) -> Keys<'_, V> {
        Keys(self.entries.iter())
    }

    #[inline]
    pub fn values(&self) -> Values<'_, V> {
        Values(self.entries.iter())
    }

    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, V> {
        ValuesMut(self.entries.iter_mut())
    }

    #[inline]
    pub fn into_values(self) -> IntoValues<V> {
        IntoValues(self.entries.into_iter())
    }
}

impl<V: PartialEq> PartialEq for Members<String, V> {
    /// Whatever their order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().zip(&other.entries).all(|((key, value), (name, its))| {
                if key == name { value == its } else { other.get(key.as_str()) == Some(value) }
            })
    }
}

impl<V: Debug> Debug for Members<String, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl<V> FromIterator<(String, V)> for Members<String, V> {
    fn from_iter<T: IntoIterator<Item = (String, V)>>(iter: T) -> Self {
        let iter = iter.into_iter();
        let mut members = Members::with_capacity(iter.size_hint().0);
        members.extend(iter);
        members
    }
}

impl<V> Extend<(String, V)> for Members<String, V> {
    fn extend<T: IntoIterator<Item = (String, V)>>(&mut self, iter: T) {
        for (key, value) in iter {
            self.insert(key, value);
        }
    }
}

impl<V> IntoIterator for Members<String, V> {
    type Item = (String, V);
    type IntoIter = IntoIter<V>;

    #[inline]
    fn into_iter(self) -> IntoIter<V> {
        IntoIter(self.entries.into_iter())
    }
}

impl<'a, V> IntoIterator for &'a Members<String, V> {
    type Item = (&'a String, &'a V);
    type IntoIter = Iter<'a, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

pub enum Entry<'a, V> {
    Vacant(VacantEntry<'a, V>),
    Occupied(OccupiedEntry<'a, V>),
}

pub struct VacantEntry<'a, V> {
    members: &'a mut Members<String, V>,
    key: String,
}

impl<'a, V> VacantEntry<'a, V> {
    pub fn key(&self) -> &String {
        &self.key
    }

    pub fn insert(self, value: V) -> &'a mut V {
        let at = self.members.push(self.key, value);
        &mut self.members.entries[at].1
    }
}

pub struct OccupiedEntry<'a, V> {
    members: &'a mut Members<String, V>,
    at: usize,
}

impl<'a, V> OccupiedEntry<'a, V> {
    pub fn key(&self) -> &String {
        &self.members.entries[self.at].0
    }

    pub fn get(&self) -> &V {
        &self.members.entries[self.at].1
    }

    pub fn get_mut(&mut self) -> &mut V {
        &mut self.members.entries[self.at].1
    }

    pub fn into_mut(self) -> &'a mut V {
        &mut self.members.entries[self.at].1
    }

    pub fn insert(&mut self, value: V) -> V {
        mem::replace(self.get_mut(), value)
    }

    pub fn swap_remove(self) -> V {
        self.swap_remove_entry().1
    }

    pub fn shift_remove(self) -> V {
        self.shift_remove_entry().1
    }

    pub fn swap_remove_entry(self) -> (String, V) {
        self.members.swap_remove_at(self.at)
    }

    pub fn shift_remove_entry(self) -> (String, V) {
        self.members.shift_remove_at(self.at)
    }
}

macro_rules! iterator {
    ($(#[$derive:meta])* $name:ident $(<$life:lifetime>)?, $of:ty => $item:ty, $each:expr) => {
        $(#[$derive])*
        pub struct $name<$($life,)? V>($of);

        impl<$($life,)? V> Iterator for $name<$($life,)? V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.0.next().map($each)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($life,)? V> DoubleEndedIterator for $name<$($life,)? V> {
            #[inline]
            fn next_back(&mut self) -> Option<$item> {
                self.0.next_back().map($each)
            }
        }

        impl<$($life,)? V> ExactSizeIterator for $name<$($life,)? V> {}
    };
}

iterator!(#[derive(Clone, Debug)] Iter<'a>, slice::Iter<'a, (String, V)> => (&'a String, &'a V), |(key, value)| (key, value));
iterator!(#[derive(Debug)] IterMut<'a>, slice::IterMut<'a, (String, V)> => (&'a String, &'a mut V), |(key, value)| (&*key, value));
iterator!(#[derive(Debug)] IntoIter, vec::IntoIter<(String, V)> => (String, V), |entry| entry);
iterator!(#[derive(Clone, Debug)] Keys<'a>, slice::Iter<'a, (String, V)> => &'a String, |(key, _)| key);
iterator!(#[derive(Clone, Debug)] Values<'a>, slice::Iter<'a, (String, V)> => &'a V, |(_, value)| value);
iterator!(#[derive(Debug)] ValuesMut<'a>, slice::IterMut<'a, (String, V)> => &'a mut V, |(_, value)| value);
iterator!(#[derive(Debug)] IntoValues, vec::IntoIter<(String, V)> => V, |(_, value)| value);
