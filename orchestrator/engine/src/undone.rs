//! The children of a Map run that have ended without success.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sparse::{is_one, one};
use crate::status::Status;

/// Children that have ended without success, by their numbers. Those that follow one another and are alike are one entry, so that a
/// million that fail cost no more than one, as long as none between them succeeds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Undone(BTreeMap<u64, Alike>);

/// Children from the number of the entry to the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Alike {
    #[serde(rename = "l")]
    last: u64,
    /// How many items each of them has.
    #[serde(rename = "n", default = "one", skip_serializing_if = "is_one")]
    items: u64,
    #[serde(rename = "s")]
    status: Status,
}

/// So many children that are alike.
pub(crate) struct Several {
    pub(crate) children: u64,
    /// Of all of them together.
    pub(crate) items: u64,
    pub(crate) status: Status,
}

impl Undone {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a child that is not in it.
    pub(crate) fn insert(&mut self, index: u64, items: u64, status: Status) {
        let is_alike = |it: &Alike| it.items == items && it.status == status;
        let (mut first, mut last) = (index, index);
        if let Some((before, it)) = self.0.range(..index).next_back()
            && it.last.checked_add(1) == Some(index)
            && is_alike(it)
        {
            first = *before;
        }
        if let Some(after) = index.checked_add(1)
            && let Some(it) = self.0.get(&after).copied().filter(is_alike)
        {
            self.0.remove(&after);
            last = it.last;
        }
        self.0.insert(first, Alike { last, items, status });
    }

    /// Adds others, none of which is in it.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// Takes the first: its number and how many items it has.
    pub(crate) fn pop_first(&mut self) -> Option<(u64, u64)> {
        let (first, it) = self.0.pop_first()?;
        if first < it.last {
            self.0.insert(first + 1, it);
        }
        Some((first, it.items))
    }

    pub(crate) fn contains(&self, index: u64) -> bool {
        self.0.range(..=index).next_back().is_some_and(|(_, it)| index <= it.last)
    }

    /// How many there are of each kind, the same kind perhaps several times.
    pub(crate) fn several(&self) -> impl Iterator<Item = Several> {
        self.0.iter().map(|(first, it)| {
            let children = it.last - first + 1;
            Several { children, items: children.saturating_mul(it.items), status: it.status }
        })
    }

    /// Whether they can be children of a run that has begun so many.
    pub(crate) fn is_sound(&self, begun: u64) -> bool {
        let mut next = 0;
        self.0.iter().all(|(first, it)| {
            let is_sound = next <= *first
                && *first <= it.last
                && it.last < begun
                && !matches!(it.status, Status::Running | Status::Succeeded);
            next = it.last.saturating_add(1);
            is_sound
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_alike_are_one_entry_whatever_their_order() {
        let mut undone = Undone::default();
        for index in [5, 3, 4, 9, 0] {
            undone.insert(index, 1, Status::Failed);
        }
        undone.insert(6, 2, Status::Failed);
        undone.insert(1, 1, Status::Aborted);
        assert_eq!(undone.0.keys().copied().collect::<Vec<_>>(), [0, 1, 3, 6, 9]);
        assert!(undone.is_sound(10) && !undone.is_sound(9));
        assert!([0, 1, 3, 4, 5, 6, 9].iter().all(|index| undone.contains(*index)));
        assert!([2, 7, 8, 10].iter().all(|index| !undone.contains(*index)));
        let items: u64 = undone.several().map(|it| it.items).sum();
        assert_eq!((items, undone.several().map(|it| it.children).sum()), (8, 7_u64));
        let taken: Vec<_> = std::iter::from_fn(|| undone.pop_first()).collect();
        assert_eq!(taken, [(0, 1), (1, 1), (3, 1), (4, 1), (5, 1), (6, 2), (9, 1)]);
    }

    #[test]
    fn what_was_put_back_joins_what_is_there() {
        let mut undone = Undone::default();
        undone.insert(2, 1, Status::Failed);
        let mut others = Undone::default();
        others.insert(1, 1, Status::Failed);
        undone.append(others);
        undone.insert(3, 1, Status::Failed);
        assert!((1..4).all(|index| undone.contains(index)) && undone.is_sound(4));
    }
}
