//! The in-process bus: bounded, keyed, redelivering, with dead letters; it lives as long as its process.
//!
//! - **Fan-out.** A published message is kept once, however many groups receive it.
//! - **Order.** A group has a fixed number of shards. A key always falls into the same shard and a shard belongs to
//!   exactly one consumer at a time, so one key's messages keep their order while consumers share the group. A
//!   consumer receives the messages of all its shards in the order of their publication: none can starve.
//! - **Joining and leaving** move as few shards as an even share needs. What a shard's former owner had not settled
//!   goes back to the shard's front, in order, and is delivered to the new owner with the next attempt number. The
//!   former owner's settlements of it come too late and do nothing.
//! - **Retry** puts a message back at its place, before everything published after it, and it is delivered again at
//!   once: the consumer waits before it settles so, if it wants a delay. The bus needs no clock and is
//!   deterministic: under a single-threaded runtime the same calls give the same deliveries.
//! - **Fairness to other tasks.** Publishing and receiving spend the task's cooperative budget, so a single poll of
//!   [`Consumer::receive`] may yield although a message is there (as with tokio's own channels); who polls by hand
//!   wraps the call in `tokio::task::coop::unconstrained`.
//! - **Limits.** Each queue is bounded ([`MemoryOptions::capacity`]). [`Origin::Edge`] is refused as soon as more
//!   than a quarter of a group's capacity waits, [`Origin::Participant`] only when the queue is full: participants
//!   publish to each other in circles, so if they had to wait for each other's full queues nobody could go on. The
//!   edge waits instead. A call to `publish` is taken whole or not at all.
//! - **Dead letters** are never dropped to make room. When there are [`MemoryOptions::dead_letters_max`] of them,
//!   settling one more fails with [`BusError::DeadLettersFull`] and the delivery stays unsettled.

mod group;
mod options;
mod queue;
mod shards;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;

use crate::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Delivery, Depth, Durability, Guarantees, Message,
    Origin, Publisher, Settlement, Subscription, Topic,
};
use group::Group;
pub use options::MemoryOptions;

/// The most shards a group may have.
const SHARDS_MAX: usize = 65_536;

/// The in-process bus; a clone is another handle to the same bus.
#[derive(Clone)]
pub struct MemoryBus {
    inner: Arc<Inner>,
}

struct Inner {
    options: MemoryOptions,
    registry: RwLock<Registry>,
    unrouted: AtomicU64,
}

/// Who gets what. Locked before any group; groups are locked by ascending index.
#[derive(Default)]
struct Registry {
    groups: Vec<Arc<Group>>,
    by_name: BTreeMap<String, usize>,
    routes: BTreeMap<Topic, Vec<usize>>,
}

impl Registry {
    /// The group of that name, made if need be, with these topics and no others.
    fn declare(&mut self, subscription: &Subscription, options: MemoryOptions) -> Result<usize, BusError> {
        let index = match self.by_name.get(&subscription.group) {
            Some(&index) => index,
            None if self.groups.len() >= options.groups_max => {
                return Err(BusError::Limit { what: "groups".into(), limit: options.groups_max as u64 });
            }
            None => {
                self.groups.push(Arc::new(Group::new(subscription.group.clone(), options)));
                self.by_name.insert(subscription.group.clone(), self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        self.routes.retain(|_, groups| {
            groups.retain(|&group| group != index);
            !groups.is_empty()
        });
        for topic in &subscription.topics {
            let groups = self.routes.entry(topic.clone()).or_default();
            if let Err(place) = groups.binary_search(&index) {
                groups.insert(place, index);
            }
        }
        Ok(index)
    }
}

impl MemoryBus {
    /// An empty bus with these limits.
    #[must_use]
    pub fn new(options: MemoryOptions) -> Self {
        let options = MemoryOptions { shards: options.shards.clamp(1, SHARDS_MAX), ..options };
        let registry = RwLock::new(Registry::default());
        Self { inner: Arc::new(Inner { options, registry, unrouted: AtomicU64::new(0) }) }
    }

    /// How many messages were published to topics of which no group wanted to know. They are confirmed and
    /// forgotten, as publish/subscribe goes.
    #[must_use]
    pub fn unrouted(&self) -> u64 {
        self.inner.unrouted.load(Ordering::Relaxed)
    }

    fn group(&self, name: &str) -> Option<Arc<Group>> {
        let registry = self.inner.registry.read().unwrap_or_else(PoisonError::into_inner);
        registry.by_name.get(name).map(|&index| Arc::clone(&registry.groups[index]))
    }

    fn declare_group(&self, subscription: &Subscription) -> Result<Arc<Group>, BusError> {
        let mut registry = self.inner.registry.write().unwrap_or_else(PoisonError::into_inner);
        let index = registry.declare(subscription, self.inner.options)?;
        Ok(Arc::clone(&registry.groups[index]))
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new(MemoryOptions::default())
    }
}

impl std::fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBus").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durability: Durability::Process,
            individual_retry: true,
            delivery_limit: Some(self.inner.options.delivery_limit),
            message_bytes_max: self.inner.options.message_bytes_max,
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.declare_group(subscription).map(drop)
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let group = self.declare_group(subscription)?;
        let (member, notify) = group.join(subscription.unsettled_max);
        Ok(Arc::new(MemoryConsumer { group, member, notify }))
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        Ok(Arc::new(MemoryPublisher { inner: Arc::clone(&self.inner), origin }))
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        Ok(self.group(group).map(|group| group.depth()))
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        Ok(self.group(group).map(|group| group.dead_letters(limit)).unwrap_or_default())
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        self.group(group).map_or(Ok(false), |group| group.redrive(message_id))
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        Ok(Guarantees {
            product: format!("memory {}", env!("CARGO_PKG_VERSION")),
            kept_in: format!("queues of this process, {} shards a group", self.inner.options.shards),
            confirmed: "at once".to_owned(),
            settled: "one by one".to_owned(),
            replicas: 1,
            durability: Durability::Process,
        })
    }
}

struct MemoryPublisher {
    inner: Arc<Inner>,
    origin: Origin,
}

/// A message on its way into the groups.
struct Routed<'a> {
    message: Arc<Message>,
    shard: u32,
    groups: &'a [usize],
}

impl MemoryPublisher {
    fn publish_now(&self, messages: &[Message]) -> Result<(), BusError> {
        let options = &self.inner.options;
        messages.iter().try_for_each(|message| check_size(message, options))?;
        let registry = self.inner.registry.read().unwrap_or_else(PoisonError::into_inner);
        let mut routed = Vec::with_capacity(messages.len());
        let mut adding: BTreeMap<usize, usize> = BTreeMap::new();
        for message in messages {
            let Some(groups) = registry.routes.get(&message.topic) else { continue };
            for &group in groups {
                *adding.entry(group).or_default() += 1;
            }
            let shard = group::shard_of(&message.key, options.shards);
            routed.push(Routed { message: Arc::new(message.clone()), shard, groups });
        }
        let unrouted = messages.len() - routed.len();
        let mut locked = Vec::with_capacity(adding.len());
        for (&index, &count) in &adding {
            let group = &registry.groups[index];
            let state = group.lock();
            group.admit(&state, self.origin, count)?;
            locked.push((index, state));
        }
        for Routed { message, shard, groups } in routed {
            for (_, state) in locked.iter_mut().filter(|(index, _)| groups.contains(index)) {
                state.push(shard, Arc::clone(&message));
            }
        }
        for (_, state) in locked {
            state.wake();
        }
        self.inner.unrouted.fetch_add(unrouted as u64, Ordering::Relaxed);
        Ok(())
    }
}

fn check_size(message: &Message, options: &MemoryOptions) -> Result<(), BusError> {
    let body = message.body.len();
    let attributes = message.bytes() - body;
    let too_large = |bytes, limit| Err(BusError::TooLarge { id: message.id.clone(), bytes, limit });
    if body > options.message_bytes_max {
        return too_large(body, options.message_bytes_max);
    }
    if attributes > options.attributes_bytes_max {
        return too_large(attributes, options.attributes_bytes_max);
    }
    message.check_headers()
}

#[async_trait]
impl Publisher for MemoryPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        // Nothing here ever waits, so without this a busy publisher would keep its thread to itself.
        consume_budget().await;
        self.publish_now(messages)
    }
}

struct MemoryConsumer {
    group: Arc<Group>,
    member: u64,
    notify: Arc<Notify>,
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        consume_budget().await;
        loop {
            // Taking is the last thing before returning, so a dropped call has taken nothing. A wake-up that comes
            // between an empty take and the wait is kept by the notify.
            let deliveries = self.group.take(self.member, max.max(1));
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            self.notify.notified().await;
        }
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        self.group.settle(self.member, settlements)
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        self.group.leave(self.member);
    }
}
