//! Orders taken at this process's edge that may not have reached the history yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::{Order, Style};

use super::REMEMBERED;

/// What is known of an order that is being placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing, or that an earlier attempt to publish it has not been confirmed: publish it.
    Publish,
    /// The bus has taken it.
    Confirmed,
    /// Another order has this id, or this one has the other style.
    Conflict,
}

/// The last accepted orders, by id.
#[derive(Debug, Default)]
pub(super) struct Accepted(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_id: BTreeMap<String, Entry>,
    /// The ids, oldest first.
    ids: VecDeque<String>,
}

#[derive(Debug)]
struct Entry {
    order: Arc<Order>,
    style: Style,
    confirmed: bool,
}

impl Accepted {
    /// A placement begins. What it says holds for later calls too, whether or not this placement comes to its end.
    pub(super) fn begin(&self, order: &Arc<Order>, style: Style) -> Known {
        let mut inner = self.lock();
        match inner.by_id.get(&order.order_id) {
            Some(entry) if entry.style != style || entry.order != *order => Known::Conflict,
            Some(Entry { confirmed: true, .. }) => Known::Confirmed,
            Some(_) => Known::Publish,
            None => {
                inner.insert(order, style, false);
                Known::Publish
            }
        }
    }

    /// The bus has taken it.
    pub(super) fn confirm(&self, order: &Arc<Order>, style: Style) {
        let mut inner = self.lock();
        match inner.by_id.get_mut(&order.order_id) {
            Some(entry) => entry.confirmed = true,
            None => inner.insert(order, style, true),
        }
    }

    /// The bus has certainly not taken it.
    pub(super) fn withdraw(&self, order_id: &str) {
        let mut inner = self.lock();
        // Another attempt at the same order may have succeeded meanwhile.
        if inner.by_id.get(order_id).is_some_and(|entry| !entry.confirmed) {
            inner.by_id.remove(order_id);
            inner.ids.retain(|id| id != order_id);
        }
    }

    /// The order of that id, once the bus has taken it.
    pub(super) fn get(&self, order_id: &str) -> Option<(Arc<Order>, Style)> {
        let inner = self.lock();
        let entry = inner.by_id.get(order_id).filter(|entry| entry.confirmed)?;
        Some((Arc::clone(&entry.order), entry.style))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What a panic could leave half-done is an id without an entry, which is harmless.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn insert(&mut self, order: &Arc<Order>, style: Style, confirmed: bool) {
        if self.ids.len() == REMEMBERED
            && let Some(oldest) = self.ids.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.ids.push_back(order.order_id.clone());
        self.by_id.insert(order.order_id.clone(), Entry { order: Arc::clone(order), style, confirmed });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Style::{Choreography, Orchestration};

    fn order(id: &str, total_minor: u64) -> Arc<Order> {
        Arc::new(Order {
            order_id: id.to_owned(),
            customer_id: "c-1".into(),
            restaurant_id: "r-1".into(),
            items: Vec::new(),
            currency: "EUR".into(),
            total_minor,
            placed_at: None,
        })
    }

    #[test]
    fn an_order_is_published_until_it_is_confirmed_and_never_after() {
        let accepted = Accepted::default();
        let first = order("o-1", 1);
        assert_eq!(accepted.begin(&first, Choreography), Known::Publish);
        assert_eq!(accepted.begin(&first, Choreography), Known::Publish);
        assert!(accepted.get("o-1").is_none());
        accepted.confirm(&first, Choreography);
        assert_eq!(accepted.begin(&first, Choreography), Known::Confirmed);
        assert!(accepted.get("o-1").is_some());
    }

    #[test]
    fn another_order_or_style_under_the_same_id_conflicts() {
        let accepted = Accepted::default();
        accepted.begin(&order("o-1", 1), Choreography);
        assert_eq!(accepted.begin(&order("o-1", 2), Choreography), Known::Conflict);
        assert_eq!(accepted.begin(&order("o-1", 1), Orchestration), Known::Conflict);
        accepted.withdraw("o-1");
        assert_eq!(accepted.begin(&order("o-1", 2), Choreography), Known::Publish);
    }

    #[test]
    fn a_confirmed_order_is_not_withdrawn() {
        let accepted = Accepted::default();
        accepted.confirm(&order("o-1", 1), Choreography);
        accepted.withdraw("o-1");
        assert!(accepted.get("o-1").is_some());
    }

    #[test]
    fn what_it_remembers_is_bounded() {
        let accepted = Accepted::default();
        for n in 0..=REMEMBERED {
            accepted.confirm(&order(&n.to_string(), 1), Choreography);
        }
        assert!(accepted.get("0").is_none());
        assert!(accepted.get("1").is_some());
        assert_eq!(accepted.lock().by_id.len(), REMEMBERED);
    }
}
