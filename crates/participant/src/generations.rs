//! A bounded memory of what was used lately.

use std::collections::HashMap;

/// Values by name: those used lately, and those not used since the former filled up. Nothing walks them, so their order is of
/// no consequence.
#[derive(Debug)]
pub struct Generations<V> {
    young: HashMap<String, (V, u64)>,
    young_weight: u64,
    old: HashMap<String, (V, u64)>,
    count_max: usize,
    weight_max: u64,
}

impl<V> Generations<V> {
    /// Each of the two holds so many, of that weight together: what was put in last is never dropped before so much else was.
    #[must_use]
    pub fn new(count_max: usize, weight_max: u64) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { young, young_weight: 0, old, count_max, weight_max }
    }

    /// What goes by that name, if it is held still; it stays a while longer.
    pub fn get(&mut self, name: &str) -> Option<&V> {
        if let Some((name, (value, weight))) = self.old.remove_entry(name) {
            self.put(name, value, weight);
        }
        self.young.get(name).map(|(value, _)| value)
    }

    /// The same, no longer held.
    pub fn take(&mut self, name: &str) -> Option<V> {
        if let Some((value, weight)) = self.young.remove(name) {
            self.young_weight = self.young_weight.saturating_sub(weight);
            return Some(value);
        }
        self.old.remove(name).map(|(value, _)| value)
    }

    /// Holds it under that name, in place of what went by it.
    pub fn put(&mut self, name: String, value: V, weight: u64) {
        self.take(&name);
        if self.young.len() >= self.count_max || self.young_weight + weight > self.weight_max {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
        self.young_weight += weight;
        self.young.insert(name, (value, weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut kept = Generations::new(4, 100);
        kept.put("used".to_owned(), 0, 1);
        for n in 0..20 {
            kept.put(n.to_string(), n, 1);
            assert_eq!(kept.get("used"), Some(&0));
        }
        assert_eq!((kept.get("3").copied(), kept.get("19").copied()), (None, Some(19)));
        assert!(kept.young.len() + kept.old.len() <= 8);
    }

    #[test]
    fn what_is_heavy_makes_room_for_itself() {
        let mut kept = Generations::new(100, 10);
        for n in 0..5 {
            kept.put(n.to_string(), n, 9);
        }
        assert_eq!(
            (kept.get("2").copied(), kept.take("3"), kept.take("4"), kept.take("4")),
            (None, Some(3), Some(4), None)
        );
    }
}
