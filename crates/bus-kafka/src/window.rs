//! Which offset of a partition may be committed: the one behind the longest beginning that is settled.

use std::collections::VecDeque;

/// The records of one partition that were delivered to this member and not committed yet, in order.
///
/// Offsets rise, but not always by one: a log has gaps. Records that need no settlement (of topics that the group did
/// not ask for) are passed over.
#[derive(Debug, Default)]
pub(crate) struct Window {
    open: VecDeque<Open>,
    /// The offset behind everything read.
    position: Option<i64>,
}

#[derive(Debug)]
struct Open {
    offset: i64,
    settled: bool,
}

impl Window {
    /// How many records it holds: unsettled ones, and settled ones behind an unsettled one.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The offset of the next record to be read; `None` before the first one.
    pub(crate) fn position(&self) -> Option<i64> {
        self.position
    }

    /// The record at `offset` was read and handed out.
    pub(crate) fn delivered(&mut self, offset: i64) {
        self.open.push_back(Open { offset, settled: false });
        self.position = Some(offset + 1);
    }

    /// The record at `offset` was read and needs no settlement.
    pub(crate) fn passed(&mut self, offset: i64) {
        self.position = Some(offset + 1);
    }

    /// The record at `offset` is settled. Whether the offset to commit has moved.
    pub(crate) fn settled(&mut self, offset: i64) -> bool {
        if let Ok(index) = self.open.binary_search_by_key(&offset, |open| open.offset) {
            self.open[index].settled = true;
        }
        let before = self.open.len();
        while self.open.front().is_some_and(|open| open.settled) {
            self.open.pop_front();
        }
        if self.open.is_empty() && self.open.capacity() > 4096 {
            self.open = VecDeque::new();
        }
        self.open.len() < before
    }

    /// The offset to commit: where a new member has to begin. `None` before anything was read.
    pub(crate) fn committable(&self) -> Option<i64> {
        match self.open.front() {
            Some(first) => Some(first.offset),
            None => self.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(offsets: &[i64]) -> Window {
        let mut window = Window::default();
        offsets.iter().for_each(|&offset| window.delivered(offset));
        window
    }

    #[test]
    fn only_a_settled_beginning_is_committable() {
        let mut window = delivered(&[10, 11, 12, 13]);
        assert_eq!(window.committable(), Some(10));
        assert!(!window.settled(12));
        assert!(!window.settled(11));
        assert_eq!(window.committable(), Some(10));
        assert!(window.settled(10));
        assert_eq!((window.committable(), window.len()), (Some(13), 1));
        assert!(window.settled(13));
        assert_eq!((window.committable(), window.len()), (Some(14), 0));
    }

    #[test]
    fn gaps_and_passed_records_move_the_offset_too() {
        let mut window = Window::default();
        assert_eq!((window.committable(), window.position()), (None, None));
        window.passed(3);
        assert_eq!(window.committable(), Some(4));
        window.delivered(7);
        window.passed(8);
        window.passed(11);
        window.delivered(20);
        assert_eq!(window.committable(), Some(7));
        assert!(window.settled(7));
        assert_eq!(window.committable(), Some(20), "what was passed goes with the record before it");
        assert!(window.settled(20));
        window.passed(21);
        assert_eq!((window.committable(), window.position()), (Some(22), Some(22)));
    }

    #[test]
    fn settling_twice_or_the_unknown_changes_nothing() {
        let mut window = delivered(&[0, 1]);
        assert!(window.settled(0));
        assert!(!window.settled(0));
        assert!(!window.settled(99));
        assert_eq!((window.committable(), window.len()), (Some(1), 1));
    }

    #[test]
    fn any_order_of_settling_ends_at_the_end() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut window = delivered(&[0, 1, 2]);
            let mut committable = 0;
            for offset in order {
                window.settled(offset);
                let now = window.committable().unwrap();
                assert!(now >= committable, "{order:?}: never back");
                committable = now;
            }
            assert_eq!(committable, 3, "{order:?}");
        }
    }
}
