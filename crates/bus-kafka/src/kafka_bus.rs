//! The bus itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Depth, Durability, Figure, Guarantees, Origin,
    Publisher, Subscription,
};
use tokio::time::Instant;

use crate::config::{self, MESSAGE_BYTES_MAX};
use crate::consumer::KafkaConsumer;
use crate::context::Report;
use crate::error::bus_error;
use crate::gaps::Gap;
use crate::graveyard::Graveyard;
use crate::inspector::{Inspector, Lost, Place};
use crate::intake::Standing;
use crate::member::{Member, Ring, Source};
use crate::names::Names;
use crate::options::{KafkaOptions, Topics};
use crate::outlet::Outlet;
use crate::publisher::KafkaPublisher;
use crate::record::Wanted;
use crate::topics::{ADMIN_TIMEOUT, Catalogue, Kind};
use crate::view::{Begun, Seen, View};

/// While connecting, how often it is looked whether trying on is of any use.
const CONNECT_SLICE: Duration = Duration::from_millis(200);
/// How long a question about a group's depth may take: it is asked once a second, and tells whether the bus is there.
const DEPTH_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a client that looks at a group may be without an answer until another one is made.
const VIEW_PATIENCE: Duration = Duration::from_secs(10);
/// How much longer than a dead member's session subscribing waits for the group to let the new member in. Beyond it,
/// joining goes on in the background.
const JOIN_PATIENCE: Duration = Duration::from_secs(2);
/// How long the last handle of a bus waits for its members to say goodbye when it is dropped.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(2);
/// How long groups to be removed may have members.
const REMOVE_PATIENCE: Duration = Duration::from_secs(10);

/// The message bus on an Apache Kafka cluster. See the crate's documentation.
pub struct KafkaBus {
    inner: Arc<Inner>,
}

/// What all handles of the bus share, its consumers among them: it lives as long as any of them.
pub(crate) struct Inner {
    options: KafkaOptions,
    names: Names,
    report: Arc<Report>,
    outlet: Arc<Outlet>,
    topics: Arc<Catalogue>,
    known: Mutex<Known>,
    /// One dead letter is redriven at a time, so that it comes back once.
    redriving: tokio::sync::Mutex<()>,
}

/// What this handle of the bus knows of groups.
#[derive(Default)]
struct Known {
    views: BTreeMap<String, Arc<View>>,
    /// The topics of groups that were declared here.
    declared: BTreeMap<String, BTreeSet<String>>,
    members: Vec<Arc<Member>>,
}

impl std::fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let options = &self.inner.options;
        f.debug_struct("KafkaBus")
            .field("brokers", &options.to_string())
            .field("namespace", &options.namespace)
            .finish_non_exhaustive()
    }
}

/// Gives the members time to leave, so that others need not wait for their session to time out.
impl Drop for Inner {
    fn drop(&mut self) {
        let members = std::mem::take(&mut self.known().members);
        let deadline = Instant::now() + GOODBYE_PATIENCE;
        for member in members {
            member.leave();
            while !member.has_left() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

impl KafkaBus {
    /// Connects: one attempt, for at most as long as the options say (`connect_timeout_ms`).
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when no broker answers; [`BusError::Protocol`] when trying again cannot help: a
    /// broker refuses who we are, or the options need what this build or librdkafka does not have.
    pub async fn connect(options: KafkaOptions) -> Result<Self, BusError> {
        if let Some(needs) = options.needs_missing_feature() {
            return Err(BusError::Protocol(format!("{options} needs {needs}")));
        }
        let names = Names::new(&options.namespace)?;
        let report = Arc::new(Report::default());
        let producer = config::producer(&options)?;
        let outlet = Arc::new(Outlet::new(producer, Arc::clone(&report), options.delivery_timeout)?);
        let topics = Arc::new(Catalogue::new(&options, Arc::clone(&report))?);
        let (known, redriving) = (Mutex::default(), tokio::sync::Mutex::default());
        let inner = Arc::new(Inner { options, names, report, outlet, topics, known, redriving });
        let probed = Arc::clone(&inner);
        let timeout = probed.options.connect_timeout;
        blocking(timeout + CONNECT_SLICE, move || probed.reach()).await?;
        Ok(Self { inner })
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a broker answers. Blocks.
    fn reach(&self) -> Result<(), BusError> {
        let deadline = Instant::now() + self.options.connect_timeout;
        loop {
            let answer = self.outlet.with_client(|client| client.fetch_metadata(None, CONNECT_SLICE));
            let Some(Err(error)) = answer else { return Ok(()) };
            if let Some(refusal) = self.report.refusal() {
                return Err(BusError::Protocol(format!("{} refuses: {refusal}", self.options)));
            }
            if self.report.was_down() || Instant::now() >= deadline {
                return Err(match bus_error("connecting", &error) {
                    BusError::Unavailable(_) => {
                        BusError::Unavailable(format!("no Kafka broker answers at {}", self.options))
                    }
                    error => error,
                });
            }
        }
    }

    /// The way to look at a group from outside.
    fn view(&self, group: &str) -> Result<Arc<View>, BusError> {
        let mut known = self.known();
        if let Some(view) = known.views.get(group) {
            return Ok(Arc::clone(view));
        }
        let inspector = Inspector::open(&self.options, &self.names.group(group)?, &self.report)?;
        let view = Arc::new(View::new(group, &self.names, self.topics.changes(), inspector));
        known.views.insert(group.to_owned(), Arc::clone(&view));
        Ok(view)
    }

    /// Another client takes the place of one that has had no answer for long: librdkafka may have forgotten the brokers for
    /// good (see [`crate::member`]).
    fn note(&self, group: &str, view: &Arc<View>, is_answered: bool) {
        if view.answered(is_answered) < VIEW_PATIENCE {
            return;
        }
        let mut known = self.known();
        if known.views.get(group).is_some_and(|current| Arc::ptr_eq(current, view)) {
            known.views.remove(group);
        }
    }

    fn graveyard(&self) -> Graveyard {
        Graveyard {
            outlet: Arc::clone(&self.outlet),
            topics: Arc::clone(&self.topics),
            names: self.names.clone(),
        }
    }

    /// What each topic of the broker has for the group.
    fn wanted(&self, subscription: &Subscription) -> Result<BTreeMap<String, Wanted>, BusError> {
        let mut streams: BTreeMap<&str, Vec<bus::Topic>> = BTreeMap::new();
        for topic in &subscription.topics {
            streams.entry(topic.stream()).or_default().push(topic.clone());
        }
        let mut wanted = BTreeMap::new();
        for (stream, topics) in streams {
            let topics = Wanted::Stream { stream: stream.to_owned(), topics };
            wanted.insert(self.names.stream(stream)?, topics);
        }
        wanted.insert(self.names.redrive(&subscription.group)?, Wanted::Redrive);
        Ok(wanted)
    }

    async fn declare(&self, subscription: &Subscription) -> Result<Ring, BusError> {
        let wanted = self.wanted(subscription)?;
        let kind = |wanted: &Wanted| match wanted {
            Wanted::Stream { .. } => Kind::Stream,
            Wanted::Redrive => Kind::Redrive,
        };
        let topics: Vec<_> = wanted.iter().map(|(name, wanted)| (name.clone(), kind(wanted))).collect();
        self.topics.ensure(&topics).await?;
        let view = self.view(&subscription.group)?;
        let names: Vec<String> = wanted.keys().cloned().collect();
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        let leaves_mark = self.topics.creates();
        let begun = blocking(ADMIN_TIMEOUT, move || view.begin(&names, leaves_mark, deadline)).await;
        if begun.is_err() {
            // One of them may have been deleted behind our back.
            self.topics.forget(wanted.keys());
        }
        let Begun { partitions, lost } = begun?;
        self.tell_lost(&subscription.group, lost);
        // Last: it says that the group was declared.
        self.topics.ensure(&[(self.names.dead_letters(&subscription.group)?, Kind::DeadLetters)]).await?;
        let declared = wanted.keys().cloned().collect();
        self.known().declared.insert(subscription.group.clone(), declared);
        let source = |(topic, wanted): (String, Wanted)| {
            let partitions = partitions.get(&topic).copied().unwrap_or_default();
            (topic, Source { wanted: Arc::new(wanted), partitions })
        };
        let topic = self.names.redrive(&subscription.group)?;
        Ok(Ring { topic, sources: wanted.into_iter().map(source).collect() })
    }

    fn tell_lost(&self, group: &str, lost: Vec<Lost>) {
        let mut others = Vec::new();
        for lost in lost {
            match lost.from {
                Some(from) if from < lost.to => {
                    Gap { place: lost.place, from, to: lost.to }.tell(group, &self.report);
                }
                _ => others.push(lost),
            }
        }
        let Some((Lost { place: (topic, partition), from, to }, more)) = others.split_first() else { return };
        let had =
            from.map_or_else(|| "no offset".to_owned(), |from| format!("an offset behind the end ({from})"));
        let text = format!(
            "group {group} has {had} in partition {partition} of {topic}, and no usable one in {} more, which were \
             added, emptied or made anew, or whose offsets expired: it begins with the first record there (at {to}), and \
             messages may come again",
            more.len()
        );
        self.report.line(tracing::Level::WARN, &format!("offsets of {group}"), &text);
    }

    /// Where the group's members in this process stand.
    fn standings(&self, group: &str) -> BTreeMap<Place, Standing> {
        let members: Vec<Arc<Member>> =
            self.known().members.iter().filter(|member| member.group == group).cloned().collect();
        let mut standings = BTreeMap::new();
        for member in members {
            let mut hold = member.hold();
            let own = hold.intake().standings().map(|(place, standing)| (place.clone(), standing));
            standings.extend(own);
        }
        standings
    }
}

/// How much longer than it was told to take what blocks is waited for.
const BLOCKING_MARGIN: Duration = Duration::from_millis(200);

/// Runs what blocks on a thread for that purpose; gives up waiting for it after `patience` and a little.
pub(crate) async fn blocking<T: Send + 'static>(
    patience: Duration,
    run: impl FnOnce() -> Result<T, BusError> + Send + 'static,
) -> Result<T, BusError> {
    let running = tokio::task::spawn_blocking(run);
    match tokio::time::timeout(patience + BLOCKING_MARGIN, running).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(BusError::Closed),
        Err(_) => Err(BusError::Unavailable("no answer in time".to_owned())),
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
            durability: match self.inner.options.durability {
                Durability::Power => Durability::Power,
                Durability::Kill | Durability::Process => Durability::Kill,
            },
            individual_retry: true,
            delivery_limit: None,
            message_bytes_max: MESSAGE_BYTES_MAX,
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.inner.declare(subscription).await.map(drop)
    }

    /// Returns once the group has given the new member a share of its partitions, or after some seconds without one.
    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let inner = &self.inner;
        let ring = inner.declare(subscription).await?;
        let group_id = inner.names.group(&subscription.group)?;
        let unsettled_max = subscription.unsettled_max;
        let member =
            Member::join(&inner.options, &subscription.group, &group_id, ring, unsettled_max, &inner.report)?;
        {
            let mut known = inner.known();
            known.members.retain(|member| !member.has_left());
            known.members.push(Arc::clone(&member));
        }
        let consumer = KafkaConsumer { member, graveyard: inner.graveyard(), _bus: Arc::clone(inner) };
        // A new member may wait for one that died until its session is over, and for a share after that: there are none
        // left where there are more members than partitions.
        let session = inner.options.session_timeout;
        consumer.member.joined(session + JOIN_PATIENCE, session).await;
        Ok(Arc::new(consumer))
    }

    /// Kafka keeps whatever comes, so that both origins are taken alike.
    async fn publisher(&self, _: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        let inner = &self.inner;
        let (outlet, topics) = (Arc::clone(&inner.outlet), Arc::clone(&inner.topics));
        Ok(Arc::new(KafkaPublisher::new(outlet, topics, inner.names.clone())))
    }

    /// What members in other processes hold unsettled counts as ready here. So do, until they are passed over, messages
    /// of the group's streams that it did not ask for.
    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        let view = self.inner.view(group)?;
        let declared = self.inner.known().declared.get(group).cloned();
        let is_declared = declared.is_some();
        let deadline = Instant::now() + DEPTH_TIMEOUT;
        let looking = Arc::clone(&view);
        let seen = blocking(DEPTH_TIMEOUT, move || looking.see(declared.as_ref(), deadline)).await;
        self.inner.note(group, &view, seen.is_ok());
        let seen = seen?;
        // After the ends, so that what was read since is not counted twice.
        let seen = seen.or_else(|| is_declared.then(Seen::default));
        Ok(seen.map(|seen| depth_of(&seen, &self.inner.standings(group))))
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let view = self.inner.view(group)?;
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        blocking(ADMIN_TIMEOUT, move || view.letters(limit, deadline)).await
    }

    /// A crash between giving the message back and marking the letter leaves both: then it can be redriven again.
    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        let _one_at_a_time = self.inner.redriving.lock().await;
        let view = self.inner.view(group)?;
        let id = message_id.to_owned();
        let deadline = Instant::now() + ADMIN_TIMEOUT;
        let Some((letter, record_key)) = blocking(ADMIN_TIMEOUT, move || view.letter(&id, deadline)).await?
        else {
            return Ok(false);
        };
        self.inner.graveyard().exhume(&letter, &record_key).await?;
        Ok(true)
    }

    /// Nothing is asked of the brokers: what was published lately tells.
    async fn takes_messages(&self) -> Result<(), BusError> {
        self.inner.outlet.progress.check(Instant::now())
    }

    fn figures(&self) -> Vec<Figure> {
        self.inner.report.figures.all()
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        crate::guarantees::ask(&self.inner.options, &self.inner.names, &self.inner.topics, &self.inner.outlet)
            .await
    }

    /// Deletes every topic and consumer group of the namespace, the groups named or not. Waits some seconds for their
    /// members to leave; an error says which groups still have some.
    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        let inner = &self.inner;
        if inner.options.topics == Topics::Existing {
            return Ok(());
        }
        let mut doomed = BTreeSet::new();
        for group in groups {
            doomed.insert(inner.names.group(group)?);
        }
        {
            let mut known = inner.known();
            known.views.clear();
            known.declared.clear();
        }
        crate::remove::remove(&inner.names, &inner.topics, &inner.outlet, doomed, REMOVE_PATIENCE).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
