//! What a member of a group receives: the feeds of its shards, and what of them is handed out and not settled.
//!
//! Each shard has a channel of its own. So a run of settled deliveries at its beginning is acknowledged by one frame,
//! and closing the channel gives a shard back in one step: the queue puts everything that was not settled back in its
//! order before the next member gets any of it. (To give deliveries back one by one does not keep the order.)
//!
//! Deliveries are taken from lapin's buffers by whoever calls `receive`, on his own thread.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bus::{BusError, Delivery, Message, Token};
use futures::Stream;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicRejectOptions};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::outlet::begin;
use crate::wire;

/// Bits of a token that hold the delivery's tag; the others hold the feed's number.
const TAG_BITS: u32 = 40;

/// A shard's deliveries on one channel.
struct Feed {
    shard: u16,
    channel: Channel,
    stream: lapin::Consumer,
    /// Taken from the stream, and not handed out.
    waiting: VecDeque<lapin::message::Delivery>,
    /// Handed out and not settled, by tag.
    held: BTreeMap<u64, Held>,
    /// Whether deliveries are handed out.
    open: bool,
    /// Whether the member owns the shard, or was given deliveries of it.
    claimed: bool,
    /// When it was subscribed to or, later, gave its first delivery.
    since: Instant,
    seen: bool,
    /// Whether the channel is over.
    ended: bool,
}

/// A delivery that is not settled.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) attempt: u32,
    pub(crate) message: Arc<Message>,
}

/// A delivery that cannot be handed out, and has to become a dead letter.
pub(crate) struct Unreadable {
    pub(crate) token: Token,
    pub(crate) reason: String,
    pub(crate) delivery: Box<lapin::message::Delivery>,
}

/// What the supervisor has to know of a feed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeedView {
    pub(crate) number: u64,
    pub(crate) shard: u16,
    pub(crate) open: bool,
    pub(crate) claimed: bool,
    pub(crate) since: Instant,
    /// Nothing of it is handed out.
    pub(crate) idle: bool,
    pub(crate) ended: bool,
}

#[derive(Default)]
struct State {
    /// By number; a number is never used again.
    feeds: BTreeMap<u64, Feed>,
    number_last: u64,
    /// The feed that was served last.
    served: u64,
    /// Deliveries handed out and not settled.
    held: usize,
    unreadable: Vec<Unreadable>,
    left: bool,
}

/// Shared by a consumer's handle and its supervisor.
pub(crate) struct Inbound {
    pub(crate) group: String,
    unsettled_max: usize,
    state: Mutex<State>,
    epoch: AtomicU64,
    /// Whether deliveries were ever asked for.
    asked: AtomicBool,
    /// Something for a waiting `receive` may have changed.
    arrived: Notify,
    /// One `receive` at a time takes deliveries.
    turn: tokio::sync::Mutex<()>,
    /// The supervisor has to look.
    pub(crate) attention: Notify,
    /// There is something unreadable.
    pub(crate) unreadable: Notify,
}

impl Inbound {
    pub(crate) fn new(group: String, unsettled_max: usize) -> Self {
        Self {
            group,
            unsettled_max: unsettled_max.max(1),
            state: Mutex::default(),
            epoch: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            arrived: Notify::new(),
            turn: tokio::sync::Mutex::new(()),
            attention: Notify::new(),
            unreadable: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Whether deliveries were ever asked for: a member that does not receive leaves the shards to the others.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Waits for deliveries and takes up to `max` of them; a dropped call has taken nothing.
    pub(crate) async fn receive(&self, max: usize) -> Vec<Delivery> {
        if !self.asked.swap(true, Ordering::AcqRel) {
            self.attention.notify_one();
        }
        let _turn = self.turn.lock().await;
        loop {
            let mut changed = std::pin::pin!(self.arrived.notified());
            changed.as_mut().enable();
            let taken = std::future::poll_fn(|context| {
                let deliveries = self.take(max.max(1), context);
                if !deliveries.is_empty() {
                    return Poll::Ready(deliveries);
                }
                changed.as_mut().poll(context).map(|()| Vec::new())
            });
            let taken = taken.await;
            if !taken.is_empty() {
                return taken;
            }
        }
    }

    /// Takes what is there; the context's waker is called when there is more.
    fn take(&self, max: usize, context: &mut Context<'_>) -> Vec<Delivery> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut taken = Vec::new();
        let numbers: Vec<u64> = state.feeds.keys().copied().collect();
        // Begins behind the feed served last, so that none starves.
        let split = numbers.partition_point(|&number| number <= state.served);
        for number in numbers[split..].iter().chain(&numbers[..split]).copied() {
            let Some(feed) = state.feeds.get_mut(&number).filter(|feed| feed.open) else { continue };
            // Where there is no room, settling wakes the call.
            while taken.len() < max && state.held < self.unsettled_max {
                let Some(delivery) = feed.next(context) else { break };
                if feed.is_first() {
                    self.epoch.fetch_add(1, Ordering::AcqRel);
                    self.attention.notify_one();
                }
                state.held += 1;
                state.served = number;
                let token = Token((number << TAG_BITS) | delivery.delivery_tag);
                match feed.hold(delivery) {
                    Ok(Held { attempt, message }) => taken.push(Delivery { token, attempt, message }),
                    Err((reason, delivery)) => {
                        state.unreadable.push(Unreadable { token, reason, delivery });
                        self.unreadable.notify_one();
                    }
                }
            }
            if feed.ended {
                self.attention.notify_one();
            }
        }
        taken
    }

    /// Deliveries that this process holds: handed out and not settled, and not handed out yet.
    pub(crate) fn unsettled(&self) -> usize {
        let mut state = self.lock();
        let mut context = Context::from_waker(Waker::noop());
        let count = state.feeds.values_mut().map(|feed| {
            while let Some(delivery) = feed.arrived(&mut context) {
                feed.waiting.push_back(delivery);
            }
            feed.waiting.len() + feed.held.len()
        });
        let count = count.sum();
        drop(state);
        // The streams have forgotten the waker of a call to receive.
        self.arrived.notify_one();
        count
    }
}

impl Feed {
    /// Whether a delivery that has just come is the feed's first.
    fn is_first(&mut self) -> bool {
        let is_first = !std::mem::replace(&mut self.seen, true);
        if is_first {
            self.claimed = true;
            self.since = Instant::now();
        }
        is_first
    }

    /// The next delivery, from those put aside or from the stream.
    fn next(&mut self, context: &mut Context<'_>) -> Option<lapin::message::Delivery> {
        match self.waiting.pop_front() {
            Some(delivery) => Some(delivery),
            None => self.arrived(context),
        }
    }

    fn arrived(&mut self, context: &mut Context<'_>) -> Option<lapin::message::Delivery> {
        if self.ended {
            return None;
        }
        match Pin::new(&mut self.stream).poll_next(context) {
            Poll::Ready(Some(Ok(delivery))) => Some(delivery),
            Poll::Ready(Some(Err(_)) | None) => {
                self.ended = true;
                None
            }
            Poll::Pending => None,
        }
    }

    /// Notes the delivery as handed out, and reads its message.
    fn hold(
        &mut self,
        mut delivery: lapin::message::Delivery,
    ) -> Result<Held, (String, Box<lapin::message::Delivery>)> {
        let attempt = wire::attempt(&delivery.properties);
        let tag = delivery.delivery_tag;
        match wire::message(&delivery.properties, std::mem::take(&mut delivery.data)) {
            Ok(message) => {
                let held = Held { attempt, message: Arc::new(message) };
                self.held.insert(tag, held.clone());
                Ok(held)
            }
            Err((malformed, body)) => {
                let message = wire::message_as_it_is(&delivery.properties, "", Vec::new());
                self.held.insert(tag, Held { attempt, message: Arc::new(message) });
                delivery.data = body;
                Err((malformed.0, Box::new(delivery)))
            }
        }
    }

    /// Acknowledges these tags, which are not held any more: those before everything held with one frame.
    fn acknowledge(&self, tags: &[u64]) -> lapin::Result<()> {
        let first_held = self.held.keys().next().copied().unwrap_or(u64::MAX);
        let (before, among): (Vec<u64>, Vec<u64>) = tags.iter().partition(|&&tag| tag < first_held);
        if let Some(&last) = before.iter().max() {
            begin(self.channel.basic_ack(last, BasicAckOptions { multiple: true }))?;
        }
        for tag in among {
            begin(self.channel.basic_ack(tag, BasicAckOptions { multiple: false }))?;
        }
        Ok(())
    }

    /// Closes the channel, which gives back everything that is not settled.
    fn close(self) {
        // The consumer must not be cancelled before: the next member would get what comes after the deliveries that
        // are given back. Closing marks it as cancelled. An error means that the channel is closed already.
        let _ = begin(self.channel.close(200, "given up".into()));
    }
}

/// For the supervisor.
impl Inbound {
    /// Adds a feed.
    pub(crate) fn add(&self, shard: u16, channel: Channel, stream: lapin::Consumer, claimed: bool) {
        let mut state = self.lock();
        state.number_last += 1;
        let number = state.number_last;
        let feed = Feed {
            shard,
            channel,
            stream,
            waiting: VecDeque::new(),
            held: BTreeMap::new(),
            open: true,
            claimed,
            since: Instant::now(),
            seen: false,
            ended: false,
        };
        if state.left {
            drop(state);
            return feed.close();
        }
        state.feeds.insert(number, feed);
        drop(state);
        self.arrived.notify_one();
    }

    /// The feeds there are.
    pub(crate) fn feeds(&self) -> Vec<FeedView> {
        let state = self.lock();
        let view = |(&number, feed): (&u64, &Feed)| FeedView {
            number,
            shard: feed.shard,
            open: feed.open,
            claimed: feed.claimed,
            since: feed.since,
            idle: feed.held.is_empty(),
            ended: feed.ended,
        };
        state.feeds.iter().map(view).collect()
    }

    /// Whether the feed's deliveries are handed out from now on, and whether the member owns the shard.
    pub(crate) fn set(&self, number: u64, open: bool, owned: bool) {
        if let Some(feed) = self.lock().feeds.get_mut(&number) {
            feed.open = open;
            feed.claimed |= owned;
        }
        if open {
            self.arrived.notify_one();
        }
    }

    /// Closes a feed.
    pub(crate) fn remove(&self, number: u64) {
        let mut state = self.lock();
        let Some(feed) = state.feeds.remove(&number) else { return };
        state.unreadable.retain(|unreadable| self::number(unreadable.token) != number);
        state.held = state.held.saturating_sub(feed.held.len());
        drop(state);
        feed.close();
        self.arrived.notify_one();
    }

    /// Closes all feeds: the connection is lost.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        let feeds = std::mem::take(&mut state.feeds);
        state.held = 0;
        state.unreadable.clear();
        drop(state);
        feeds.into_values().for_each(Feed::close);
        self.arrived.notify_one();
    }

    /// Closes all feeds for good: the consumer is gone.
    pub(crate) fn leave(&self) {
        self.lock().left = true;
        self.clear();
        self.attention.notify_one();
        self.unreadable.notify_one();
    }

    pub(crate) fn has_left(&self) -> bool {
        self.lock().left
    }

    /// Takes what cannot be read.
    pub(crate) fn take_unreadable(&self) -> Vec<Unreadable> {
        std::mem::take(&mut self.lock().unreadable)
    }
}

fn tag(token: Token) -> u64 {
    token.0 & ((1 << TAG_BITS) - 1)
}

fn number(token: Token) -> u64 {
    token.0 >> TAG_BITS
}

/// For settling.
impl Inbound {
    /// What a token stands for; nothing if it was settled, or its feed is over.
    pub(crate) fn held(&self, token: Token) -> Option<Held> {
        self.lock().feeds.get(&number(token))?.held.get(&tag(token)).cloned()
    }

    /// Acknowledges deliveries. Tokens that mean nothing any more are passed over.
    pub(crate) fn done(&self, tokens: &[Token]) -> Result<(), BusError> {
        let mut by_feed: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for &token in tokens {
            by_feed.entry(number(token)).or_default().push(tag(token));
        }
        let mut state = self.lock();
        let mut result = Ok(());
        for (number, mut tags) in by_feed {
            let Some(feed) = state.feeds.get_mut(&number) else { continue };
            tags.retain(|tag| feed.held.remove(tag).is_some());
            let acknowledged = feed.acknowledge(&tags).map_err(|error| unsettled(&error));
            let drained = !feed.open && feed.held.is_empty();
            state.held = state.held.saturating_sub(tags.len());
            if drained {
                self.attention.notify_one();
            }
            result = result.and(acknowledged);
        }
        drop(state);
        self.arrived.notify_one();
        result
    }

    /// Gives one delivery back to its queue, to be delivered again.
    pub(crate) fn retry(&self, token: Token) -> Result<(), BusError> {
        let mut state = self.lock();
        let Some(feed) = state.feeds.get_mut(&number(token)) else { return Ok(()) };
        if feed.held.remove(&tag(token)).is_none() {
            return Ok(());
        }
        // Not a nack: from RabbitMQ 4.3 on only a reject counts as a delivery that failed.
        let reject = feed.channel.basic_reject(tag(token), BasicRejectOptions { requeue: true });
        let rejected = begin(reject).map_err(|error| unsettled(&error));
        if !feed.open && feed.held.is_empty() {
            self.attention.notify_one();
        }
        state.held = state.held.saturating_sub(1);
        drop(state);
        self.arrived.notify_one();
        rejected
    }
}

fn unsettled(error: &lapin::Error) -> BusError {
    BusError::Unavailable(format!("the connection was lost before a delivery was settled: {error}"))
}
