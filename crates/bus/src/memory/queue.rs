//! The messages that wait for one member of a group.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::Message;

/// A drained queue keeps room for this many messages; more is given back.
const KEPT_CAPACITY: usize = 1024;

/// One message in one group.
pub(super) struct Entry {
    /// Its place in the group's order of publication.
    pub(super) seq: u64,
    /// How often it has been delivered to the group.
    pub(super) attempts: u32,
    /// Its key's shard.
    pub(super) shard: u32,
    pub(super) message: Arc<Message>,
}

/// Waiting messages, lowest place first, whether they are new or came back.
#[derive(Default)]
pub(super) struct Queue {
    /// In order: what is published goes to the end.
    fresh: VecDeque<Entry>,
    /// What was delivered and came back: few, so a tree is cheap.
    returned: BTreeMap<u64, Entry>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.returned.is_empty()
    }

    /// Adds the message with the highest place so far.
    pub(super) fn push(&mut self, entry: Entry) {
        debug_assert!(self.fresh.back().is_none_or(|last| last.seq < entry.seq), "pushed out of order");
        self.fresh.push_back(entry);
    }

    /// Puts a message back at its place.
    pub(super) fn put_back(&mut self, entry: Entry) {
        self.returned.insert(entry.seq, entry);
    }

    /// Takes the message with the lowest place.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let fresh_seq = self.fresh.front().map(|entry| entry.seq);
        match self.returned.first_key_value() {
            Some((&seq, _)) if fresh_seq.is_none_or(|fresh| seq < fresh) => {
                self.returned.pop_first().map(|(_, entry)| entry)
            }
            _ => self.fresh.pop_front(),
        }
    }

    /// Gives memory back after a long queue has drained.
    pub(super) fn release_when_empty(&mut self) {
        if self.fresh.is_empty() && self.fresh.capacity() > KEPT_CAPACITY {
            self.fresh = VecDeque::with_capacity(KEPT_CAPACITY);
        }
    }

    /// Takes everything, in no particular order.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Entry> {
        std::mem::take(&mut self.fresh).into_iter().chain(std::mem::take(&mut self.returned).into_values())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Headers, Topic};

    fn entry(seq: u64) -> Entry {
        let message = Message {
            id: seq.to_string(),
            topic: Topic::new("t/k"),
            key: String::new(),
            headers: Headers::default(),
            body: Bytes::new(),
        };
        Entry { seq, attempts: 0, shard: 0, message: Arc::new(message) }
    }

    #[test]
    fn what_came_back_keeps_its_place() {
        let mut queue = Queue::default();
        for seq in [1, 2, 4, 6] {
            queue.push(entry(seq));
        }
        for seq in [5, 3] {
            queue.put_back(entry(seq));
        }
        let order: Vec<u64> = std::iter::from_fn(|| queue.pop()).map(|entry| entry.seq).collect();
        assert_eq!(order, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_drained_queue_gives_its_memory_back() {
        let mut queue = Queue::default();
        (0..100_000).for_each(|seq| queue.push(entry(seq)));
        assert!(queue.fresh.capacity() >= 100_000);
        while queue.pop().is_some() {}
        queue.release_when_empty();
        assert!(queue.fresh.capacity() <= KEPT_CAPACITY);
    }
}
