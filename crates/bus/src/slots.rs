//! A table of things handed out, each found by a token that is never valid for another thing.

/// Bits of a token that name the slot; the others are a generation, so that a stale token finds nothing.
const INDEX_BITS: u32 = 24;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

/// The most things one table may hold.
pub(crate) const SLOTS_MAX: usize = INDEX_MASK as usize;

/// An emptied table keeps room for this many; more is given back.
const KEPT_CAPACITY: usize = 1024;

struct Slot<T> {
    token: u64,
    value: Option<T>,
}

/// Values by token: constant time to add, find and take, whatever the order.
///
/// A token joins a slot's index with the table's generation counter (40 bits), which moves on with every insert:
/// a token would come again only after a million million more inserts.
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
    generation: u64,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), generation: 0 }
    }
}

impl<T> Slots<T> {
    /// How many values it holds.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a value. The caller holds at most [`SLOTS_MAX`] at a time.
    pub(crate) fn insert(&mut self, value: T) -> u64 {
        self.generation = self.generation.wrapping_add(1);
        let index = self.free.pop().unwrap_or(self.slots.len());
        debug_assert!(index <= SLOTS_MAX, "more values than a token can name");
        let token = (self.generation << INDEX_BITS) | index as u64;
        let slot = Slot { token, value: Some(value) };
        match self.slots.get_mut(index) {
            Some(empty) => *empty = slot,
            None => self.slots.push(slot),
        }
        token
    }

    /// The value of that token.
    pub(crate) fn get(&self, token: u64) -> Option<&T> {
        let slot = self.slots.get((token & INDEX_MASK) as usize)?;
        slot.value.as_ref().filter(|_| slot.token == token)
    }

    /// Takes the value of that token out.
    pub(crate) fn remove(&mut self, token: u64) -> Option<T> {
        let index = (token & INDEX_MASK) as usize;
        let slot = self.slots.get_mut(index).filter(|slot| slot.token == token)?;
        let value = slot.value.take()?;
        self.free.push(index);
        self.release_when_empty();
        Some(value)
    }

    /// Takes out every value for which `leaves` holds, in no particular order.
    pub(crate) fn take_where(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.value.as_ref().is_some_and(&mut leaves) {
                taken.extend(slot.value.take());
                self.free.push(index);
            }
        }
        self.release_when_empty();
        taken
    }

    fn release_when_empty(&mut self) {
        if self.free.len() == self.slots.len() && self.slots.capacity() > KEPT_CAPACITY {
            self.slots = Vec::with_capacity(KEPT_CAPACITY);
            self.free = Vec::with_capacity(KEPT_CAPACITY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_finds_its_value_once() {
        let mut slots = Slots::default();
        let token = slots.insert("a");
        assert_eq!(slots.get(token), Some(&"a"));
        assert_eq!(slots.remove(token), Some("a"));
        assert_eq!(slots.get(token), None);
        assert_eq!(slots.remove(token), None);
        assert_eq!(slots.len(), 0);
    }

    #[test]
    fn a_stale_token_does_not_find_the_slot_s_next_value() {
        let mut slots = Slots::default();
        let stale = slots.insert("a");
        slots.remove(stale);
        let token = slots.insert("b");
        assert_eq!(slots.remove(stale), None);
        assert_eq!(slots.remove(token), Some("b"));
    }

    #[test]
    fn an_emptied_table_gives_memory_back_and_keeps_stale_tokens_stale() {
        let mut slots = Slots::default();
        let tokens: Vec<u64> = (0..10_000).map(|n| slots.insert(n)).collect();
        assert_eq!(slots.take_where(|_| true).len(), 10_000);
        assert!(slots.slots.capacity() <= KEPT_CAPACITY && slots.free.capacity() <= KEPT_CAPACITY);
        slots.insert(0);
        assert!(tokens.iter().all(|&token| slots.get(token).is_none()));
    }
}
