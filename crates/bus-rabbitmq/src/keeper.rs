//! Keeps what this process has declared on the broker, should the broker forget it.
//!
//! A broker that comes back without its data, or whose exchange, queues or bindings somebody deleted, confirms messages that
//! do not reach every queue that they should. AMQP tells a publisher of an exchange that is gone (the channel is closed) and
//! of a message that reaches no queue at all (it comes back, see `confirms`), and a consumer of its queue; nobody of a
//! message that reaches one group's queue and not another's. So everything is declared whole before the first publish on a new channel (see `topology::declare_known`); on each
//! new connection the groups are declared again with their records; and in between everything that messages need is
//! declared again every [`PERIOD`], which is the longest that a hole made behind everybody's back stays open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bus::{BusError, Subscription, Topic};
use tokio::time::{Instant, sleep};

use crate::queues::close;
use crate::shared::Shared;
use crate::topology::{declare_group, declare_known};

/// How often everything is declared again on a connection that stands.
const PERIOD: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a new connection.
const LOOK: Duration = Duration::from_secs(1);

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

    fn set(&self, connection: u64, declared: Result<(), BusError>) {
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

/// Looks after the groups for as long as the bus lives.
pub(crate) async fn keep(shared: Weak<Shared>) {
    let (mut declared_on, mut declared_at) = (0, Instant::now());
    loop {
        {
            let Some(shared) = shared.upgrade() else { return };
            if let Ok(session) = shared.consuming.session()
                && (session.number != declared_on || declared_at.elapsed() >= PERIOD)
            {
                let number = session.number;
                let declared = declare_again(&shared, number != declared_on).await;
                match &declared {
                    Ok(()) => (declared_on, declared_at) = (number, Instant::now()),
                    Err(error) => tracing::warn!(%error, "the groups cannot be declared again, trying again"),
                }
                shared.known.set(number, declared);
            }
        }
        sleep(LOOK).await;
    }
}

/// Declares every known group again; on a new connection with its record, which may be gone with the broker's data.
async fn declare_again(shared: &Shared, with_records: bool) -> Result<(), BusError> {
    if with_records {
        for subscription in shared.known.all() {
            declare_group(shared, &subscription).await?;
        }
        return Ok(());
    }
    // What is removed meanwhile must not be made again.
    let _turn = shared.turn("declare the groups again").await?;
    let channel = shared.consuming.session()?.channel().await?;
    let declared = declare_known(shared, &channel).await;
    close(&channel).await;
    declared
}
