//! A member of a consumer group: the client that librdkafka calls a consumer, and the thread that answers its
//! rebalances.
//!
//! Records do not pass through that thread. Each partition has a queue of its own, which whoever receives polls; the
//! thread serves what else there is: partitions that come and go, logs, errors, and the end.
//!
//! Members share out the partitions of one topic only, the group's ring. Whoever has a partition of the ring takes the
//! partition of that number of every stream along with it. So one member at a time has all messages of a key, whatever
//! stream they are in, and every stream is spread over all members. Kafka's cooperative assignor left to itself evens
//! out only the number of partitions: it gives one member all of one stream and another all of the next.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::BusError;
use rdkafka::Offset;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config;
use crate::context::Report;
use crate::error::bus_error;
use crate::inspector::partitions;
use crate::intake::{Intake, Lease, Share};
use crate::options::KafkaOptions;
use crate::outlet::drop_elsewhere;
use crate::rebalances::{MemberContext, Rebalance};
use crate::ring::Ring;

/// How long a partition that is to go waits for its deliveries to be settled. Beyond it they come twice.
pub(crate) const SETTLING_PATIENCE: Duration = Duration::from_secs(5);
/// The thread looks around at least this often, whoever wakes it.
const TICK: Duration = Duration::from_millis(100);
/// How often every partition is looked at, in case a wake-up was missed.
const LOOK_EVERYWHERE: Duration = Duration::from_secs(1);
/// How long a member that lost its partitions because its session was over tries to join again, before its client is given
/// up for a new one. librdkafka (2.10 and later) takes an answer without brokers, which a cluster of one gives while it
/// shuts down, for the news that there are none any more, forgets them all, and may never ask again (its issue #5301).
pub(crate) const REJOIN_PATIENCE: Duration = Duration::from_secs(10);
/// How often the numbers of partitions are compared with those that the member shares out.
const PARTITIONS_CHECK: Duration = Duration::from_secs(5);
/// How long the brokers may take to tell the number of a topic's partitions: meanwhile the thread does nothing else.
pub(crate) const PARTITIONS_TIMEOUT: Duration = Duration::from_millis(500);
/// Events taken at one look.
const EVENTS_MAX: usize = 32;

/// What the receiver and the thread share.
pub(crate) struct Member {
    pub(crate) group: String,
    pub(crate) unsettled_max: usize,
    pub(crate) report: Arc<Report>,
    state: Mutex<State>,
    /// Deliveries may be there.
    pub(crate) arrived: Arc<Notify>,
    /// The assignment has changed.
    assigned: Notify,
    epoch: AtomicU64,
    wake: SyncSender<()>,
}

struct State {
    intake: Intake,
    /// `None` once the member has begun to leave. Cloned by its thread only: whoever drops the last handle closes it,
    /// which blocks.
    consumer: Option<Arc<BaseConsumer<MemberContext>>>,
    was_assigned: bool,
    is_leaving: bool,
    has_left: bool,
}

/// Exclusive access to what a member has.
pub(crate) struct Hold<'a> {
    state: MutexGuard<'a, State>,
}

impl Hold<'_> {
    pub(crate) fn intake(&mut self) -> &mut Intake {
        &mut self.state.intake
    }

    /// Tells librdkafka which offsets to commit, as far as they have moved.
    pub(crate) fn store(&mut self) {
        let moved = self.state.intake.moved();
        let Some(consumer) = self.state.consumer.as_ref().filter(|_| !moved.is_empty()) else { return };
        let mut list = TopicPartitionList::with_capacity(moved.len());
        for ((topic, partition), offset) in moved {
            // Offsets that were read from a record are valid ones.
            let _ = list.add_partition_offset(&topic, partition, Offset::Offset(offset));
        }
        // Refused only for partitions that are ours no longer; then it is the new owner's business.
        let _ = consumer.store_offsets(&list);
    }
}

impl Member {
    /// Joins the group; its name is the full one.
    pub(crate) fn join(
        options: &KafkaOptions,
        group: &str,
        group_id: &str,
        ring: Ring,
        unsettled_max: usize,
        report: &Arc<Report>,
    ) -> Result<Arc<Self>, BusError> {
        let (wake, woken) = sync_channel(1);
        let config = config::member(options, group_id)?;
        let opening = Opening { config, report: Arc::clone(report), ring, wake: wake.clone() };
        let consumer = opening.open()?;
        let state = State {
            intake: Intake::default(),
            consumer: Some(Arc::new(consumer)),
            was_assigned: false,
            is_leaving: false,
            has_left: false,
        };
        let member = Arc::new(Self {
            group: group.to_owned(),
            unsettled_max: unsettled_max.max(1),
            report: Arc::clone(report),
            state: Mutex::new(state),
            arrived: Arc::new(Notify::new()),
            assigned: Notify::new(),
            epoch: AtomicU64::new(0),
            wake,
        });
        let thread = Thread { member: Arc::clone(&member), woken, going: None, opening, lost_at: None };
        let spawned = std::thread::Builder::new().name("kafka-member".to_owned()).spawn(move || thread.run());
        spawned.map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
        Ok(member)
    }

    pub(crate) fn hold(&self) -> Hold<'_> {
        Hold { state: self.lock() }
    }

    /// Nothing is left half done by a panic that would matter: it could only come from an allocation.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often partitions were assigned to it.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Wakes the thread.
    pub(crate) fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    /// Waits until the group has given it a share, at most for `patience`; for an empty share it waits no longer than
    /// `patience_empty`, as there may be more members than partitions.
    pub(crate) async fn joined(&self, patience: Duration, patience_empty: Duration) {
        let has_share = |wanted: bool| {
            let state = self.lock();
            state.is_leaving || if wanted { state.intake.has_shares() } else { state.was_assigned }
        };
        for (wanted, patience) in [(false, patience), (true, patience_empty)] {
            let waiting = async {
                loop {
                    let mut changed = std::pin::pin!(self.assigned.notified());
                    // A change between the look and the wait counts.
                    changed.as_mut().enable();
                    if has_share(wanted) {
                        return;
                    }
                    changed.await;
                }
            };
            if tokio::time::timeout(patience, waiting).await.is_err() {
                return;
            }
        }
    }

    /// Leaves the group, in the background. What is settled is committed first.
    pub(crate) fn leave(&self) {
        self.lock().is_leaving = true;
        self.wake();
    }

    /// Whether it is leaving the group, or has left it.
    pub(crate) fn is_leaving(&self) -> bool {
        self.lock().is_leaving
    }

    /// Whether it has left the group.
    pub(crate) fn has_left(&self) -> bool {
        self.lock().has_left
    }
}

/// What a member's client is made of.
struct Opening {
    config: ClientConfig,
    report: Arc<Report>,
    ring: Ring,
    wake: SyncSender<()>,
}

impl Opening {
    fn open(&self) -> Result<BaseConsumer<MemberContext>, BusError> {
        let context = MemberContext::new(Arc::clone(&self.report), self.ring.clone());
        let consumer: Result<BaseConsumer<MemberContext>, _> = self.config.create_with_context(context);
        let mut consumer = consumer.map_err(|error| bus_error("opening a consumer", &error))?;
        let waking = self.wake.clone();
        consumer.set_nonempty_callback(move || {
            // Full means that the thread is about to look anyway.
            let _ = waking.try_send(());
        });
        let topic = self.ring.topic.as_str();
        consumer.subscribe(&[topic]).map_err(|error| bus_error("subscribing", &error))?;
        Ok(consumer)
    }
}

/// The member's thread.
struct Thread {
    member: Arc<Member>,
    woken: Receiver<()>,
    /// Partitions that are to go once their deliveries are settled.
    going: Option<Going>,
    opening: Opening,
    /// Since when its partitions are lost; `None` while it is in the group.
    lost_at: Option<Instant>,
}

struct Going {
    rebalance: Rebalance,
    leases: Vec<Lease>,
    deadline: Instant,
}

impl Thread {
    fn run(mut self) {
        let (mut looked_at, mut checked_at) = (Instant::now(), Instant::now());
        loop {
            // A tick without a wake-up is as good as one.
            let _ = self.woken.recv_timeout(TICK);
            if looked_at.elapsed() >= LOOK_EVERYWHERE {
                looked_at = Instant::now();
                self.member.hold().intake().look_everywhere();
                self.member.arrived.notify_one();
            }
            let (consumer, is_leaving) = {
                let state = self.member.lock();
                (state.consumer.clone(), state.is_leaving)
            };
            let Some(consumer) = consumer else { return };
            if is_leaving {
                self.leave(consumer);
                return;
            }
            for _ in 0..EVENTS_MAX {
                // Records come through the partitions' own queues, errors are reported by the context.
                let _ = consumer.poll(Duration::ZERO);
            }
            for rebalance in consumer.context().take() {
                match rebalance {
                    Rebalance::Assign(_) => self.assign(&consumer, rebalance),
                    Rebalance::Revoke(_) => self.revoke(&consumer, rebalance),
                }
            }
            self.let_go(&consumer);
            let gaps = self.member.hold().intake().take_gaps();
            for gap in gaps {
                gap.tell_if_removed(&self.member.group, &self.member.report, &consumer);
            }
            if self.going.is_none()
                && self.lost_at.is_some_and(|lost_at| lost_at.elapsed() >= REJOIN_PATIENCE)
            {
                self.reopen(consumer, "this one does not rejoin");
            } else if self.going.is_none() && checked_at.elapsed() >= PARTITIONS_CHECK {
                checked_at = Instant::now();
                if self.partitions_changed(&consumer) {
                    self.reopen(consumer, "the number of a topic's partitions has changed");
                }
            }
        }
    }

    /// Compares the topics' numbers of partitions with what the member knows, and takes the new ones.
    fn partitions_changed(&mut self, consumer: &BaseConsumer<MemberContext>) -> bool {
        let mut changed = false;
        for (topic, source) in &mut self.opening.ring.sources {
            // Where nobody answers, or the topic is away, it is asked again the next time.
            let Ok(metadata) = consumer.fetch_metadata(Some(topic), PARTITIONS_TIMEOUT) else { break };
            let found =
                metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
            let count = found.map_or(0, partitions);
            if count > 0 && count != source.partitions {
                source.partitions = count;
                changed = true;
            }
        }
        changed
    }

    /// Takes another client in the place of one that does not find back into the group, or shares out too little.
    fn reopen(&mut self, consumer: Arc<BaseConsumer<MemberContext>>, why: &str) {
        // Another time after as long: the brokers may still be away.
        self.lost_at = Some(Instant::now());
        let new = match self.opening.open() {
            Ok(new) => Arc::new(new),
            Err(error) => {
                return self.member.report.line(tracing::Level::WARN, "consumer", &error.to_string());
            }
        };
        let text = format!("group {}: a new consumer is made, as {why}", self.member.group);
        self.member.report.line(tracing::Level::WARN, "consumer", &text);
        let mut hold = self.member.hold();
        // What is settled is committed by the old one when it leaves; what else was handed out comes again.
        hold.store();
        let leases = hold.intake().leases();
        hold.intake().remove(&leases);
        let old = hold.state.consumer.replace(new);
        drop(hold);
        consumer.context().begin_leaving();
        drop_elsewhere((old, consumer));
    }

    /// Takes partitions: each gets a queue of its own before anything is fetched for it.
    fn assign(&mut self, consumer: &Arc<BaseConsumer<MemberContext>>, rebalance: Rebalance) {
        let Rebalance::Assign(places) = &rebalance else { return };
        self.lost_at = None;
        let mut state = self.member.lock();
        for (topic, partition) in places {
            let Some(source) = consumer.context().ring.sources.get(topic) else { continue };
            let Some(mut queue) = consumer.split_partition_queue(topic, *partition) else { continue };
            let has_arrivals = Arc::new(AtomicBool::new(true));
            let (flag, arrived) = (Arc::clone(&has_arrivals), Arc::clone(&self.member.arrived));
            queue.set_nonempty_callback(move || {
                flag.store(true, Ordering::Release);
                arrived.notify_one();
            });
            let place = (topic.clone(), *partition);
            state.intake.add(Share::new(place, Arc::clone(&source.wanted), queue, has_arrivals));
        }
        state.was_assigned = true;
        if !places.is_empty() {
            self.member.epoch.fetch_add(1, Ordering::AcqRel);
        }
        drop(state);
        consumer.context().answer(consumer, &rebalance);
        self.member.assigned.notify_waiters();
        self.member.arrived.notify_one();
    }

    /// Partitions are to go to another member, or went already.
    fn revoke(&mut self, consumer: &BaseConsumer<MemberContext>, rebalance: Rebalance) {
        let Rebalance::Revoke(places) = &rebalance else { return };
        let leases = self.member.hold().intake().freeze(places);
        // Those that were lost are somebody else's: what is settled now would be refused.
        let is_lost = consumer.assignment_lost();
        if is_lost {
            self.lost_at.get_or_insert_with(Instant::now);
        }
        let patience = if is_lost { Duration::ZERO } else { SETTLING_PATIENCE };
        self.going = Some(Going { rebalance, leases, deadline: Instant::now() + patience });
    }

    /// Gives partitions back whose deliveries are settled, or were waited for long enough.
    fn let_go(&mut self, consumer: &BaseConsumer<MemberContext>) {
        let Some(going) = &self.going else { return };
        let mut hold = self.member.hold();
        let unsettled = hold.intake().unsettled(&going.leases);
        if unsettled > 0 && Instant::now() < going.deadline {
            return;
        }
        if unsettled > 0 {
            let text =
                format!("group {}: {unsettled} deliveries go to another member unsettled", self.member.group);
            self.member.report.line(tracing::Level::WARN, "unsettled", &text);
        }
        hold.store();
        hold.intake().remove(&going.leases);
        drop(hold);
        consumer.context().answer(consumer, &going.rebalance);
        self.going = None;
        // The limit of unsettled deliveries may have room again.
        self.member.arrived.notify_one();
    }

    /// Leaves the group: librdkafka commits what is stored, and says goodbye.
    fn leave(mut self, consumer: Arc<BaseConsumer<MemberContext>>) {
        let mut hold = self.member.hold();
        hold.store();
        let leases = hold.intake().leases();
        // Also drops the partitions' queues, and with them their handles of the consumer.
        hold.intake().remove(&leases);
        hold.state.consumer = None;
        drop(hold);
        consumer.context().begin_leaving();
        let unanswered = consumer.context().take();
        for rebalance in self.going.take().map(|going| going.rebalance).into_iter().chain(unanswered) {
            consumer.context().answer(&consumer, &rebalance);
        }
        // The last handle: closing it blocks until the group was left.
        drop(consumer);
        self.member.lock().has_left = true;
        self.member.assigned.notify_waiters();
    }
}
