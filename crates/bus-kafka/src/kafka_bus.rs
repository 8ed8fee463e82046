//! The bus itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Depth, Durability, Figure, Guarantees, Origin,
    Publisher, Subscription,
};
use tokio::time::Instant;

use crate::blocking::blocking;
use crate::config::MESSAGE_BYTES_MAX;
use crate::consumer::KafkaConsumer;
use crate::inspector::Place;
use crate::intake::Standing;
use crate::member::Member;
use crate::options::{KafkaOptions, Topics};
use crate::publisher::KafkaPublisher;
use crate::shared::Shared;
use crate::topics::ADMIN_TIMEOUT;
use crate::view::Seen;

/// How long a question about a group's depth may take: it is asked once a second, and tells whether the bus is there.
const DEPTH_TIMEOUT: Duration = Duration::from_millis(1500);
/// How much longer than a dead member's session subscribing waits for the group to let the new member in. Beyond it,
/// joining goes on in the background.
const JOIN_PATIENCE: Duration = Duration::from_secs(2);
/// How long groups to be removed may have members.
const REMOVE_PATIENCE: Duration = Duration::from_secs(10);

/// The message bus on an Apache Kafka cluster. See the crate's documentation.
pub struct KafkaBus {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options = &self.shared.options;
        f.debug_struct("KafkaBus")
            .field("brokers", &options.to_string())
            .field("namespace", &options.namespace)
            .finish_non_exhaustive()
    }
}

impl KafkaBus {
    /// Connects: one attempt, for at most as long as the options say (`connect_timeout_ms`).
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when no broker answers; [`BusError::Protocol`] when trying again cannot help: a
    /// broker refuses who we are, or the options need what this build or librdkafka does not have.
    pub async fn connect(options: KafkaOptions) -> Result<Self, BusError> {
        Ok(Self { shared: Shared::connect(options).await? })
    }
}

/// What is before a group, from its offsets on the broker and what its members here know better.
fn depth_of(seen: &Seen, standings: &BTreeMap<Place, Standing>) -> Depth {
    let mut depth = Depth { dead: seen.dead, ..Depth::default() };
    for (place, &(committed, end)) in &seen.partitions {
        let standing = standings.get(place).copied().unwrap_or_default();
        let read_to = standing.position.unwrap_or(committed);
        depth.ready += u64::try_from(end - read_to).unwrap_or(0) + standing.again;
        depth.unsettled += standing.unsettled;
    }
    depth
}

#[async_trait]
impl Bus for KafkaBus {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durability: match self.shared.options.durability {
                Durability::Power => Durability::Power,
                Durability::Kill | Durability::Process => Durability::Kill,
            },
            individual_retry: true,
            delivery_limit: None,
            message_bytes_max: MESSAGE_BYTES_MAX,
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.shared.declare(subscription).await.map(drop)
    }

    /// Returns once the group has given the new member a share of its partitions, or after some seconds without one.
    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let shared = &self.shared;
        let ring = shared.declare(subscription).await?;
        let group_id = shared.names.group(&subscription.group)?;
        let unsettled_max = subscription.unsettled_max;
        let member = Member::join(
            &shared.options,
            &subscription.group,
            &group_id,
            ring,
            unsettled_max,
            &shared.report,
        )?;
        {
            let mut known = shared.known();
            known.members.retain(|member| !member.has_left());
            known.members.push(Arc::clone(&member));
        }
        let consumer = KafkaConsumer { member, graveyard: shared.graveyard(), _bus: Arc::clone(shared) };
        // A new member may wait for one that died until its session is over, and for a share after that: there are none
        // left where there are more members than partitions.
        let session = shared.options.session_timeout;
        consumer.member.joined(session + JOIN_PATIENCE, session).await;
        Ok(Arc::new(consumer))
    }

    /// Kafka keeps whatever comes, so that both origins are taken alike.
    async fn publisher(&self, _: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        let shared = &self.shared;
        let (outlet, topics) = (Arc::clone(&shared.outlet), Arc::clone(&shared.topics));
        Ok(Arc::new(KafkaPublisher::new(outlet, topics, shared.names.clone())))
    }

    /// What members in other processes hold unsettled counts as ready here. So do, until they are passed over, messages
    /// of the group's streams that it did not ask for.
    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        let view = self.shared.view(group)?;
        let declared = self.shared.known().declared.get(group).cloned();
        let is_declared = declared.is_some();
        let deadline = Instant::now() + DEPTH_TIMEOUT;
        let looking = Arc::clone(&view);
        let seen = blocking(DEPTH_TIMEOUT, move || looking.see(declared.as_ref(), deadline)).await;
        self.shared.note(group, &view, seen.is_ok());
        let seen = seen?;
        // After the ends, so that what was read since is not counted twice.
        let seen = seen.or_else(|| is_declared.then(Seen::default));
        Ok(seen.map(|seen| depth_of(&seen, &self.shared.standings(group))))
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let view = self.shared.view(group)?;
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        blocking(ADMIN_TIMEOUT, move || view.letters(limit, deadline)).await
    }

    /// A crash between giving the message back and marking the letter leaves both: then it can be redriven again.
    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        let _one_at_a_time = self.shared.redriving.lock().await;
        let view = self.shared.view(group)?;
        let id = message_id.to_owned();
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        let Some((letter, record_key)) = blocking(ADMIN_TIMEOUT, move || view.letter(&id, deadline)).await?
        else {
            return Ok(false);
        };
        self.shared.graveyard().exhume(&letter, &record_key).await?;
        Ok(true)
    }

    /// Nothing is asked of the brokers: what was published lately tells.
    async fn takes_messages(&self) -> Result<(), BusError> {
        self.shared.outlet.progress.check(Instant::now())
    }

    fn figures(&self) -> Vec<Figure> {
        self.shared.report.figures.all()
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        crate::guarantees::ask(
            &self.shared.options,
            &self.shared.names,
            &self.shared.topics,
            &self.shared.outlet,
        )
        .await
    }

    /// Deletes every topic and consumer group of the namespace, the groups named or not. Waits some seconds for their
    /// members to leave; an error says which groups still have some.
    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        let shared = &self.shared;
        if shared.options.topics == Topics::Existing {
            return Ok(());
        }
        let mut doomed = BTreeSet::new();
        for group in groups {
            doomed.insert(shared.names.group(group)?);
        }
        {
            let mut known = shared.known();
            known.views.clear();
            known.declared.clear();
        }
        crate::remove::remove(&shared.names, &shared.topics, &shared.outlet, doomed, REMOVE_PATIENCE).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocking::BLOCKING_MARGIN;
    use crate::shared::GOODBYE_PATIENCE;

    /// See docs/TIMEOUTS.md.
    #[test]
    fn an_outer_time_out_is_longer_than_what_it_waits_for() {
        let options = KafkaOptions::parse("kafka://127.0.0.1").unwrap();
        assert!(options.delivery_timeout > crate::progress::SILENCE_MAX);
        assert!(options.session_timeout > crate::member::PARTITIONS_TIMEOUT);
        assert!(crate::member::REJOIN_PATIENCE > options.session_timeout);
        // What the supervisor's test adds up.
        assert_eq!(GOODBYE_PATIENCE, Duration::from_secs(2));
        // librdkafka's max.poll.interval.ms, which is not changed.
        assert!(Duration::from_secs(300) > crate::member::SETTLING_PATIENCE);
        // One round of a program's questions to its bus (daemon::monitor).
        assert!(Duration::from_secs(2) > DEPTH_TIMEOUT + BLOCKING_MARGIN);
    }

    #[test]
    fn depth_joins_what_the_broker_and_the_members_know() {
        let place = |partition| ("duet.orders".to_owned(), partition);
        let seen = Seen { partitions: [(place(0), (5, 15)), (place(1), (0, 7))].into(), dead: 3 };
        assert_eq!(depth_of(&seen, &BTreeMap::new()), Depth { ready: 17, unsettled: 0, dead: 3 });
        let standing = Standing { position: Some(12), again: 1, unsettled: 6 };
        let known = BTreeMap::from([(place(0), standing)]);
        assert_eq!(depth_of(&seen, &known), Depth { ready: 3 + 1 + 7, unsettled: 6, dead: 3 });
    }

    #[test]
    fn a_member_that_is_ahead_of_the_ends_that_were_asked_counts_nothing() {
        let place = ("duet.orders".to_owned(), 0);
        let seen = Seen { partitions: [(place.clone(), (0, 3))].into(), dead: 0 };
        let ahead = BTreeMap::from([(place, Standing { position: Some(9), ..Standing::default() })]);
        assert_eq!(depth_of(&seen, &ahead), Depth::default());
    }
}
