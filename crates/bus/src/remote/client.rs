//! The client: a bus that is served by another process.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;

use super::frame::{ConnectionError, FRAME_BYTES_SOFT, Frame, Kind};
use super::link::{Deaf, Link, Listener, Session, Target};
use super::options::RemoteOptions;
use super::wire::{self, Control, Reader, Reply};
use crate::slots::{SLOTS_MAX, Slots};
use crate::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Delivery, Depth, Guarantees, Message, Origin, Outcome,
    Publisher, Settlement, Subscription, Token,
};

/// A bus that another process serves with [`serve`](super::serve). A clone is another handle.
#[derive(Clone)]
pub struct RemoteBus {
    target: Target,
    link: Arc<Link>,
}

impl RemoteBus {
    /// Connects to `address` (`host:port`), trying for [`RemoteOptions::connect_timeout`].
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when nobody answers there; [`BusError::Protocol`] when who answers is not a bus of
    /// this kind and version.
    pub async fn connect(address: impl Into<String>, options: RemoteOptions) -> Result<Self, BusError> {
        let declared = Arc::new(Mutex::new(BTreeMap::new()));
        let target = Target { address: address.into(), options, declared };
        let link = Arc::new(Link::open(target.clone(), Arc::new(Deaf)).await?);
        Ok(Self { target, link })
    }

    fn remember(&self, subscription: &Subscription) {
        let mut declared = self.target.declared.lock().unwrap_or_else(PoisonError::into_inner);
        declared.insert(subscription.group.clone(), subscription.clone());
    }
}

impl std::fmt::Debug for RemoteBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteBus").field("address", &self.target.address).finish_non_exhaustive()
    }
}

fn unexpected(frame: &Frame) -> BusError {
    BusError::Protocol(format!("the answer is a {:?} frame that does not fit the request", frame.kind))
}

#[async_trait]
impl Bus for RemoteBus {
    fn capabilities(&self) -> Capabilities {
        self.link.capabilities
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.link.control(&Control::Declare(subscription.clone())).await?;
        self.remember(subscription);
        Ok(())
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let inbound = Arc::new(Inbound::new(subscription.clone()));
        let link = Link::open(self.target.clone(), Arc::clone(&inbound) as Arc<dyn Listener>).await?;
        self.remember(subscription);
        Ok(Arc::new(RemoteConsumer { inbound, _link: link }))
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        let link = Link::open(self.target.clone(), Arc::new(Deaf)).await?;
        Ok(Arc::new(RemotePublisher { link, origin, frame_bytes_max: self.target.options.frame_bytes_max }))
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        let answer = self.link.control(&Control::Depth { group: group.to_owned() }).await?;
        match answer.parse()? {
            Reply::Depth(depth) => Ok(depth),
            _ => Err(unexpected(&answer)),
        }
    }

    /// At most as many as fit into one frame, and 10,000.
    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let answer = self.link.control(&Control::DeadLetters { group: group.to_owned(), limit }).await?;
        if answer.kind != Kind::DeadLetters {
            return Err(unexpected(&answer));
        }
        Ok(Reader(&answer.payload).all(Reader::dead_letter)?)
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        let control = Control::Redrive { group: group.to_owned(), message_id: message_id.to_owned() };
        let answer = self.link.control(&control).await?;
        match answer.parse()? {
            Reply::Redriven(redriven) => Ok(redriven),
            _ => Err(unexpected(&answer)),
        }
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        let answer = self.link.control(&Control::Guarantees).await?;
        match answer.parse()? {
            Reply::Guarantees(guarantees) => {
                Ok(Guarantees { product: format!("{}, over TCP", guarantees.product), ..guarantees })
            }
            _ => Err(unexpected(&answer)),
        }
    }

    async fn takes_messages(&self) -> Result<(), BusError> {
        self.link.control(&Control::TakesMessages).await.map(drop)
    }
}

struct RemotePublisher {
    link: Link,
    origin: Origin,
    frame_bytes_max: usize,
}

impl RemotePublisher {
    /// Refuses what could not travel, before anything is sent.
    fn check(&self, message: &Message) -> Result<(), BusError> {
        message.check_headers()?;
        let limit = self.link.capabilities.message_bytes_max;
        let too_large = |bytes, limit| Err(BusError::TooLarge { id: message.id.clone(), bytes, limit });
        if message.body.len() > limit {
            return too_large(message.body.len(), limit);
        }
        let bytes = wire::message_bytes_max(message);
        // Half a frame, so that the message also fits with what a delivery or dead letter adds to it.
        if bytes > self.frame_bytes_max / 2 { too_large(bytes, self.frame_bytes_max / 2) } else { Ok(()) }
    }

    /// The longest beginning of `messages` that goes into one frame (one message at least), and the rest.
    fn split<'a>(&self, messages: &'a [Message]) -> (&'a [Message], &'a [Message]) {
        let mut bytes = 0;
        let count = messages.iter().take_while(|message| {
            bytes += wire::message_bytes_max(message);
            bytes <= self.frame_bytes_max / 2
        });
        messages.split_at(count.count().max(1))
    }
}

#[async_trait]
impl Publisher for RemotePublisher {
    /// Messages that do not go into one frame are sent in several, each after the one before it was taken: what is
    /// taken of a failed call is always its beginning.
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        messages.iter().try_for_each(|message| self.check(message))?;
        let mut rest = messages;
        while !rest.is_empty() {
            let (now, later) = self.split(rest);
            let mut payload = Vec::with_capacity(1 + now.iter().map(wire::message_bytes_max).sum::<usize>());
            wire::put_origin(&mut payload, self.origin);
            now.iter().for_each(|message| wire::put_message(&mut payload, message));
            self.link.request(Kind::Publish, payload).await?;
            rest = later;
        }
        Ok(())
    }
}

/// A part of a list of settlements, and its payload.
type SettleFrame = (Range<usize>, Vec<u8>);

/// What a consumer's connection brought.
struct Inbound {
    subscription: Subscription,
    state: Mutex<InboundState>,
    arrived: Notify,
}

/// A connection and what came through it, replaced together: a token of one connection must never reach another,
/// where it may name a different delivery.
#[derive(Default)]
struct InboundState {
    session: Option<Arc<Session>>,
    waiting: VecDeque<Delivery>,
    /// The server's tokens by ours. Its generation outlives connections, so ours stay unique.
    tokens: Slots<u64>,
}

impl Inbound {
    fn new(subscription: Subscription) -> Self {
        // The tokens of all unsettled deliveries must fit their table.
        let subscription =
            Subscription { unsettled_max: subscription.unsettled_max.clamp(1, SLOTS_MAX), ..subscription };
        Self { subscription, state: Mutex::default(), arrived: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, InboundState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, max: usize) -> Vec<Delivery> {
        let mut state = self.lock();
        let count = state.waiting.len().min(max);
        let deliveries = state.waiting.drain(..count).collect();
        if !state.waiting.is_empty() {
            // Another call to receive may be waiting beside this one: pass the wake-up on.
            self.arrived.notify_one();
        }
        deliveries
    }
}

impl Inbound {
    /// The settlements as frames' payloads in the server's tokens, each with its part of the list, and the one
    /// connection on which these tokens mean something.
    fn translate(&self, settlements: &[Settlement]) -> (Option<Arc<Session>>, Vec<SettleFrame>) {
        let state = self.lock();
        let mut payloads = Vec::new();
        let (mut start, mut payload) = (0, Vec::with_capacity(settlements.len() * 8));
        for (index, settlement) in settlements.iter().enumerate() {
            if payload.len() >= FRAME_BYTES_SOFT {
                payloads.push((start..index, std::mem::take(&mut payload)));
                start = index;
            }
            if let Some(&token) = state.tokens.get(settlement.token.0) {
                wire::put_settlement(&mut payload, Token(token), &settlement.outcome);
            }
        }
        if !payload.is_empty() {
            payloads.push((start..settlements.len(), payload));
        }
        (state.session.clone(), payloads)
    }

    /// Forgets the tokens of what was settled.
    fn settled(&self, settlements: &[Settlement], is_settled: impl Fn(&Outcome) -> bool) {
        let mut state = self.lock();
        for settlement in settlements.iter().filter(|settlement| is_settled(&settlement.outcome)) {
            state.tokens.remove(settlement.token.0);
        }
    }
}

impl Listener for Inbound {
    fn subscription(&self) -> Option<&Subscription> {
        Some(&self.subscription)
    }

    fn connected(&self, session: &Arc<Session>) {
        self.lock().session = Some(Arc::clone(session));
    }

    fn delivered(&self, payload: &[u8]) -> Result<(), ConnectionError> {
        let arrived = Reader(payload).all(Reader::delivery)?;
        let mut state = self.lock();
        for (server_token, attempt, message) in arrived {
            if state.tokens.len() >= SLOTS_MAX {
                return Err(ConnectionError::Unexpected(Kind::Deliveries));
            }
            let token = Token(state.tokens.insert(server_token));
            state.waiting.push_back(Delivery { token, attempt, message: Arc::new(message) });
        }
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    fn lost(&self) {
        let mut state = self.lock();
        state.session = None;
        state.waiting.clear();
        state.tokens.take_where(|_| true);
    }
}

struct RemoteConsumer {
    inbound: Arc<Inbound>,
    /// Held for its connection, which ends with it.
    _link: Link,
}

#[async_trait]
impl Consumer for RemoteConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        consume_budget().await;
        loop {
            let deliveries = self.inbound.take(max.max(1));
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            self.inbound.arrived.notified().await;
        }
    }

    /// Deliveries from before the connection was lost are ignored: the server has put them back already. Reasons are
    /// cut to 64 KiB.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let (session, payloads) = self.inbound.translate(&settlements);
        let mut refused = Ok(());
        for (range, payload) in payloads {
            let Some(session) = &session else {
                return Err(BusError::Unavailable("not connected, trying again".into()));
            };
            match session.request(Kind::Settle, payload).await {
                Ok(_) => self.inbound.settled(&settlements[range], |_| true),
                Err(full @ BusError::DeadLettersFull { .. }) => {
                    // Applied in part: only what cannot have failed is settled for sure.
                    self.inbound.settled(&settlements[range], |outcome| *outcome == Outcome::Done);
                    refused = Err(full);
                }
                Err(error) => return Err(error),
            }
        }
        refused
    }
}
