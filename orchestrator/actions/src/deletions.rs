//! Which machines' deletions are under way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The deletions that are under way in this process, by the home of the machine's executions, so that each is one loop however many
/// look at the machine. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deletions(Arc<Mutex<HashSet<String>>>);

impl Deletions {
    /// Begins one; `None` if it is under way already.
    pub(crate) fn begin(&self, home: &str) -> Option<Deletion> {
        let is_new = self.homes().insert(home.to_owned());
        is_new.then(|| Deletion { all: self.clone(), home: home.to_owned() })
    }

    fn homes(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A deletion that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Deletion {
    all: Deletions,
    home: String,
}

impl Drop for Deletion {
    fn drop(&mut self) {
        self.all.homes().remove(&self.home);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_under_way_once() {
        let all = Deletions::default();
        let first = all.begin("eu/orders");
        assert!(first.is_some());
        assert!(all.clone().begin("eu/orders").is_none());
        assert!(all.begin("eu/orders~2").is_some());
        drop(first);
        assert!(all.begin("eu/orders").is_some());
    }
}
