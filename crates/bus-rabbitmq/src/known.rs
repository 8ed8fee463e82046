//! What this process has declared on the broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bus::{BusError, Subscription, Topic};

/// The groups that this process has declared, as it declared them last.
#[derive(Default)]
pub(crate) struct Known(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    groups: BTreeMap<String, Subscription>,
    /// Everything that any of them subscribes to.
    topics: Arc<BTreeSet<Topic>>,
    /// The consuming connection on which they were all declared last; 0 before the first.
    declared_on: u64,
    /// Why they could not be declared again, when it was tried last.
    trouble: Option<BusError>,
}

impl Inner {
    fn note_topics(&mut self) {
        let topics = self.groups.values().flat_map(|subscription| subscription.topics.iter().cloned());
        self.topics = Arc::new(topics.collect());
    }
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, subscription: &Subscription) {
        let mut inner = self.lock();
        inner.groups.insert(subscription.group.clone(), subscription.clone());
        inner.note_topics();
    }

    pub(crate) fn forget(&self, groups: &[&str]) {
        let mut inner = self.lock();
        inner.groups.retain(|group, _| !groups.contains(&group.as_str()));
        inner.note_topics();
    }

    /// What some group subscribes to: a message with such a topic is published once it is in a queue.
    pub(crate) fn topics(&self) -> Arc<BTreeSet<Topic>> {
        Arc::clone(&self.lock().topics)
    }

    pub(crate) fn all(&self) -> Vec<Subscription> {
        self.lock().groups.values().cloned().collect()
    }

    /// An error while it is not known that every group is there on this connection of the broker.
    pub(crate) fn is_declared(&self, connection: u64) -> Result<(), BusError> {
        let inner = self.lock();
        if let Some(trouble) = &inner.trouble {
            return Err(BusError::Unavailable(format!("the groups cannot be declared again: {trouble}")));
        }
        if inner.declared_on == connection || inner.groups.is_empty() {
            return Ok(());
        }
        Err(BusError::Unavailable("the groups are being declared again after a reconnection".to_owned()))
    }

    pub(crate) fn set(&self, connection: u64, declared: Result<(), BusError>) {
        let mut inner = self.lock();
        match declared {
            Ok(()) => {
                inner.declared_on = connection;
                inner.trouble = None;
            }
            Err(error) => inner.trouble = Some(error),
        }
    }
}
