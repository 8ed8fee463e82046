//! What a participant does with its inputs: a pure decision, with its effects as data.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{Headers, Message, Topic};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Entity, Link, Read, StoreError};

use crate::Millis;

/// Decides what an input means. Pure: no clock, randomness or I/O, so the same state, input and time always give the
/// same decision, and a decision can be made again after a failed commit. What a decision needs beside the state is read before
/// it ([`Self::prepare`]).
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// What is remembered per key; stored as JSON. It may be held in memory from one input to the next, or read back: what its JSON does
    /// not say is not remembered.
    type State: Serialize + DeserializeOwned + Send;
    /// A request to the outside world; stored as JSON until its outcome is committed.
    type Call: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What came of such a request, failures included.
    type Outcome: Send + Sync + 'static;
    /// What this process may ask with [`Requests`](crate::Requests); [`Infallible`] where it asks nothing.
    type Request: Send + Sync + 'static;
    /// What such a request is answered with.
    type Answer: Send + 'static;

    /// The state of `effects.key()` after `input`, and everything else that follows from it as effects. Returning
    /// `None` keeps no state for the key.
    ///
    /// # Errors
    /// [`Rejected`] when the input cannot be handled. A message then goes to the dead letters, who asked gets the reason, and
    /// a timer comes again in a minute; nothing that this call asked for happens.
    fn handle(
        &self,
        state: Option<Self::State>,
        input: Input<'_, Self::Outcome, Self::Request>,
        effects: &mut Effects<Self::Call, Self::Answer>,
    ) -> Result<Option<Self::State>, Rejected>;

    /// Told of what a decision [announced](Effects::announce) about `key`, once that is committed. After a crash between the two
    /// nobody is told: it is for those who wait in this process.
    fn announced(&self, key: &str, answer: Self::Answer) {
        let _ = (key, answer);
    }

    /// Whether the entity is hardly going to be told anything more: then its state is not held in memory. Nothing depends on it but speed.
    fn is_over(&self, state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// Reads from the store what decisions on these entities will need beside their states: called before each batch is decided,
    /// and before it is decided again. Only what those states imply may be kept from it (what an entity's journal holds up to the
    /// length that its state tells, say), so that a decision still follows from state, input and time.
    ///
    /// `again` says that a decision of this batch [lacked](Effects::lack) something: from now on nothing may be lacking, however often
    /// the batch is decided.
    ///
    /// # Errors
    /// The store does not answer: the batch waits for it.
    async fn prepare(
        &self,
        store: &dyn Read,
        entities: &[(&str, &Entity)],
        again: bool,
    ) -> Result<(), StoreError> {
        let _ = (store, entities, again);
        Ok(())
    }
}

/// What a handler is asked to decide on.
#[derive(Debug)]
pub enum Input<'a, O, Q = Infallible> {
    /// A message from the bus.
    Message(&'a Message),
    /// A timer of this key is due.
    Timer(&'a str),
    /// A call of this key has come to an outcome.
    Outcome(&'a O),
    /// Somebody in this process asks, and waits for [`Effects::answer`].
    Request(&'a Q),
}

/// The input can never be handled: terminal, with the reason for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(pub String);

/// A message to be published; its id is given when it is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// Attributes that go with it.
    pub headers: Headers,
    /// The payload, opaque to everything here.
    pub body: Bytes,
}

/// Names one call for ever: made again after a crash, it carries the same id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct CallId {
    /// The key of the entity that makes it.
    pub key: String,
    /// Counts what the entity has sent.
    pub sequence: u64,
}

impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.key, self.sequence)
    }
}

/// Makes calls to the outside world.
#[async_trait]
pub trait Caller<C: Sync, O>: Send + Sync + 'static {
    /// Makes the call. It may be made again with the same id (after a crash, or when its outcome could not be
    /// committed), even at the same time by two instances: the other side must treat that as one. Must return
    /// within a bounded time; a failure is an outcome.
    async fn call(&self, id: &CallId, call: &C) -> O;

    /// The same for a call that had to wait for its turn, or was left by an earlier life: whoever asked may not want it any more.
    async fn call_late(&self, id: &CallId, call: &C) -> O {
        self.call(id, call).await
    }

    /// The lane that the call has. Without one it is among those that are counted ([`Options::calls_max`](crate::Options)), and that keep further
    /// messages and requests out while too many wait: which suits calls that are soon done.
    fn lane<'c>(&'c self, call: &'c C) -> Option<Lane<'c>> {
        let _ = call;
        None
    }
}

/// Calls that may take as long as whoever is called likes: they hold up each other, and nothing else. They wait in the order of their commits, as
/// many as there are; all but some thousand wait in the store alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane<'c> {
    /// Which.
    pub name: &'c str,
    /// How many of its calls are under way at once, at the most; that of the first in it counts. At least 1.
    pub at_once: usize,
}

/// The calls, and the outcomes, of a handler that makes none; also their [`Caller`], where one is asked for.
#[derive(Clone, Copy, Debug, Serialize, serde::Deserialize)]
pub enum NoCalls {}

impl NoCalls {
    /// The caller of a handler that makes no calls.
    #[must_use]
    pub fn caller() -> Arc<dyn Caller<Self, Self>> {
        struct Nobody;
        #[async_trait]
        impl Caller<NoCalls, NoCalls> for Nobody {
            async fn call(&self, _: &CallId, call: &NoCalls) -> NoCalls {
                match *call {}
            }
        }
        Arc::new(Nobody)
    }
}

/// Everything that follows from a decision, committed together with the state.
#[derive(Debug)]
pub struct Effects<C, A = Infallible> {
    pub(crate) key: String,
    pub(crate) now: Millis,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) calls: Vec<C>,
    pub(crate) timers: BTreeMap<String, Option<Millis>>,
    pub(crate) links: Vec<Link>,
    pub(crate) unlink: Vec<Link>,
    pub(crate) count_from: u64,
    pub(crate) forgets: bool,
    pub(crate) journal: Vec<Bytes>,
    pub(crate) answer: Option<A>,
    pub(crate) announcements: Vec<A>,
    pub(crate) is_lacking: bool,
}

impl<C, A> Effects<C, A> {
    /// None yet, for a decision about `key` at `now`. Handlers' own tests make them too.
    #[must_use]
    pub fn new(key: impl Into<String>, now: Millis) -> Self {
        Self {
            key: key.into(),
            now,
            messages: Vec::new(),
            calls: Vec::new(),
            timers: BTreeMap::new(),
            links: Vec::new(),
            unlink: Vec::new(),
            count_from: 0,
            forgets: false,
            journal: Vec::new(),
            answer: None,
            announcements: Vec::new(),
            is_lacking: false,
        }
    }

    /// The key that the decision is about: the message's, or that of the entity whose timer or call it is.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The time of the decision.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Publishes a message under this entity's key once the decision is committed. Messages of one entity are
    /// published in the order of these calls.
    pub fn publish(&mut self, topic: Topic, headers: Headers, body: Bytes) {
        self.messages.push(Outgoing { topic, headers, body });
    }

    /// Makes a call to the outside once the decision is committed; its outcome comes back as an [`Input::Outcome`].
    pub fn call(&mut self, call: C) {
        self.calls.push(call);
    }

    /// Sets (or moves) this entity's timer of that name.
    pub fn set_timer(&mut self, name: impl Into<String>, at: Millis) {
        self.timers.insert(name.into(), Some(at));
    }

    /// Cancels this entity's timer of that name; harmless when there is none.
    pub fn cancel_timer(&mut self, name: impl Into<String>) {
        self.timers.insert(name.into(), None);
    }

    /// Makes the entity findable by `value` under `index`.
    pub fn link(&mut self, index: &'static str, value: impl Into<String>) {
        let (index, value) = (index, value.into());
        self.unlink.retain(|link| link.index != index || link.value != value);
        self.links.push(Link { index, value });
    }

    /// Makes the entity no longer findable by `value` under `index`; harmless when it was not.
    pub fn unlink(&mut self, index: &'static str, value: impl Into<String>) {
        let (index, value) = (index, value.into());
        self.links.retain(|link| link.index != index || link.value != value);
        self.unlink.push(Link { index, value });
    }

    /// Has the entity forgotten, with its journal and its bookkeeping, as if its key had never been, but for what is sent. Its links go as
    /// far as [`Self::unlink`] names them. The inbox goes as well: an input that is delivered again is handled again. Nothing is forgotten
    /// if the handler keeps a state for the key, now or with a later input of the same batch.
    pub fn forget(&mut self) {
        self.forgets = true;
    }

    /// Has what the entity sends numbered from `count` on, if it is not further yet. The ids of messages and calls follow from their
    /// numbers: one whose key was another's that is forgotten must not send under the ids of that one.
    pub fn count_from(&mut self, count: u64) {
        self.count_from = self.count_from.max(count);
    }

    /// Appends an entry to the entity's journal.
    pub fn journal(&mut self, entry: impl Into<Bytes>) {
        self.journal.push(entry.into());
    }

    /// Answers the request at hand once the decision is committed. Every request that is not rejected is to be answered; an
    /// answer to any other input goes nowhere.
    pub fn answer(&mut self, answer: A) {
        self.answer = Some(answer);
    }

    /// Has the handler [told](Handler::announced) of the decision once it is committed.
    pub fn announce(&mut self, answer: A) {
        self.announcements.push(answer);
    }

    /// Says that the decision needs what was not [prepared](Handler::prepare), and gives what the handler is to return: nothing of
    /// the batch is committed, and it is decided again once that has been prepared. An input that is lacking something even
    /// then is rejected.
    pub fn lack(&mut self, what: &str) -> Rejected {
        self.is_lacking = true;
        Rejected(format!("{what} is not at hand"))
    }

    /// The answer given last, for handlers' tests.
    pub fn take_answer(&mut self) -> Option<A> {
        self.answer.take()
    }

    /// The messages asked for so far, for handlers' tests.
    #[must_use]
    pub fn messages(&self) -> &[Outgoing] {
        &self.messages
    }

    /// The calls asked for so far, for handlers' tests.
    #[must_use]
    pub fn calls(&self) -> &[C] {
        &self.calls
    }

    /// The entries appended to the journal so far, for handlers' tests.
    #[must_use]
    pub fn journal_entries(&self) -> &[Bytes] {
        &self.journal
    }

    /// The index and the value of each link that is added, and of each that is removed, for handlers' tests.
    pub fn links(&self) -> (impl Iterator<Item = &Link>, impl Iterator<Item = &Link>) {
        (self.links.iter(), self.unlink.iter())
    }

    /// The timers set (`Some`) or cancelled (`None`) so far, for handlers' tests.
    #[must_use]
    pub fn timers(&self) -> &BTreeMap<String, Option<Millis>> {
        &self.timers
    }
}
