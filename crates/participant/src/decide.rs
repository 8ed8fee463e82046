//! The pure middle of the pipeline: a batch of inputs and the stored entities in, one commit and everything that
//! follows it out. May be done again for the same batch after a failed commit.

use std::collections::BTreeMap;

use bus::{HEADERS_MAX, Message, Outcome as Settled, Settlement};
use bytes::Bytes;
use store::{Entity, EntityForget, EntityWrite, KEY_BYTES_MAX};

use crate::held::{Held, Holding};
use crate::item::{Item, ItemOf, group};
use crate::meta::{Fingerprint, Meta, fingerprint};
use crate::{AskError, CallId, Effects, Handler, Input, Millis, Rejected};

/// The longest name of a timer, in bytes.
const TIMER_NAME_BYTES_MAX: usize = 256;
/// The most that id, key, topic and headers of a message sent may take together, in bytes: less than any bus allows, so
/// that no input can make a participant send what cannot be published.
const ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// How long a due timer waits that its handler has rejected, until it is told again.
const REJECTED_TIMER_AGAIN_MS: Millis = 60_000;

/// What was decided for a handler.
pub(crate) type DecidedOf<H> = Decided<<H as Handler>::State, <H as Handler>::Call, <H as Handler>::Answer>;

/// What was decided about a batch.
#[derive(Debug)]
pub(crate) struct Decided<S, C, A> {
    pub(crate) writes: Vec<EntityWrite>,
    pub(crate) forgets: Vec<EntityForget>,
    pub(crate) messages: Vec<Message>,
    pub(crate) calls: Vec<(CallId, C)>,
    pub(crate) settlements: Vec<Settlement>,
    /// The place of each request in the batch, with its answer.
    pub(crate) answers: Vec<(usize, Result<A, AskError>)>,
    /// What the handler is to be told once this is committed, with the key that it is about.
    pub(crate) announcements: Vec<(String, A)>,
    pub(crate) handled: u64,
    pub(crate) duplicates: u64,
    pub(crate) timers_fired: u64,
    /// Calls whose outcome the handler rejected.
    pub(crate) rejected_calls: Vec<CallId>,
    /// Timers and call outcomes rejected.
    pub(crate) rejected: u64,
    pub(crate) earliest_timer: Option<Millis>,
    /// A handler lacked something, so that this is no decision.
    pub(crate) is_lacking: bool,
    /// States as they are once this is committed.
    pub(crate) states: Vec<Holding<S>>,
}

/// How to decide.
pub(crate) struct Rules<'a> {
    /// Prefix of the ids of messages sent.
    pub(crate) name: &'a str,
    /// The largest message the bus takes.
    pub(crate) message_bytes_max: usize,
    /// Whether duplicates are dropped; only a test says no.
    pub(crate) inbox: bool,
    /// Whether handlers were told to prepare everything.
    pub(crate) is_prepared: bool,
    pub(crate) now: Millis,
}

/// Decides a whole batch. `entities` are those of [`keys`], in that order. What is `held` of their states need not be read.
pub(crate) fn decide<H: Handler>(
    handler: &H,
    rules: &Rules<'_>,
    batch: &[ItemOf<H>],
    entities: &[Option<Entity>],
    held: &mut Held<H::State>,
) -> DecidedOf<H> {
    let mut decided = Decided {
        writes: Vec::with_capacity(entities.len()),
        forgets: Vec::new(),
        messages: Vec::with_capacity(batch.len()),
        calls: Vec::new(),
        settlements: Vec::with_capacity(batch.len()),
        answers: Vec::new(),
        announcements: Vec::new(),
        handled: 0,
        duplicates: 0,
        timers_fired: 0,
        rejected_calls: Vec::new(),
        rejected: 0,
        earliest_timer: None,
        is_lacking: false,
        states: Vec::with_capacity(entities.len()),
    };
    for ((key, indexes), entity) in group(batch).into_iter().zip(entities) {
        let items: Vec<_> = indexes.into_iter().map(|index| (index, &batch[index])).collect();
        let state = entity.as_ref().and_then(|entity| held.take(key, entity.version));
        decide_key(handler, rules, key, &items, (entity.as_ref(), state), &mut decided);
    }
    decided
}

/// Decides all inputs of one key. Should one be rejected after others were handled, the key is decided again from
/// its stored state without it, so that a rejection leaves no trace: that is rare, and cheaper than copying every
/// state for it.
fn decide_key<H: Handler>(
    handler: &H,
    rules: &Rules<'_>,
    key: &str,
    items: &[(usize, &ItemOf<H>)],
    (entity, mut held): (Option<&Entity>, Option<(u64, H::State)>),
    decided: &mut DecidedOf<H>,
) {
    let mut rejected: BTreeMap<usize, String> = BTreeMap::new();
    let run = loop {
        match Run::over(handler, rules, key, items, (entity, held.take()), &rejected) {
            Ok(run) => break Some(run),
            Err(Failed::Input(place, Rejected(reason))) => {
                rejected.insert(place, reason);
            }
            Err(Failed::Lacking) => {
                decided.is_lacking = true;
                return;
            }
            Err(Failed::Entity(reason)) => {
                // What is stored for this key cannot be read: its inputs wait among the dead letters.
                rejected = items.iter().map(|(place, _)| (*place, reason.clone())).collect();
                break None;
            }
        }
    };
    for (place, item) in items {
        let reason = rejected.remove(place);
        match item {
            Item::Delivery(delivery) => {
                let outcome = reason.map_or(Settled::Done, |reason| Settled::DeadLetter { reason });
                decided.settlements.push(Settlement { token: delivery.token, outcome });
            }
            Item::Due(_) => {
                if let Some(reason) = reason {
                    decided.rejected += 1;
                    tracing::error!(
                        key,
                        reason,
                        "a timer was rejected by its handler: it is told again in a minute"
                    );
                }
            }
            Item::Outcome { id: call, .. } => {
                if let Some(reason) = reason {
                    decided.rejected += 1;
                    decided.rejected_calls.push(call.clone());
                    tracing::error!(%call, reason, "a call's outcome was rejected: it is made again at the next start");
                }
            }
            Item::Request(_) => {
                decided.answers.extend(reason.map(|reason| (*place, Err(AskError::Rejected(reason)))));
            }
        }
    }
    match run {
        Some(run) => run.finish(handler, rules, key, entity, decided),
        None => decided.writes.extend(
            entity.filter(|entity| entity.next_due.is_some()).map(|entity| without_timers(key, entity)),
        ),
    }
}

/// An unreadable entity stays as it is, but its timers must not come due again and again.
fn without_timers(key: &str, entity: &Entity) -> EntityWrite {
    EntityWrite {
        key: key.to_owned(),
        expected: entity.version,
        state: entity.state.clone(),
        meta: entity.meta.clone(),
        ..EntityWrite::default()
    }
}

/// One key's inputs handled in turn.
struct Run<H: Handler> {
    meta: Meta,
    state: Option<H::State>,
    effects: Effects<H::Call, H::Answer>,
    answers: Vec<(usize, Result<H::Answer, AskError>)>,
    touched: bool,
    /// Nothing but requests was handled.
    only_asked: bool,
    handled: u64,
    duplicates: u64,
    timers_fired: u64,
}

enum Failed {
    /// The input at this place in the batch was rejected.
    Input(usize, Rejected),
    /// The handler is to prepare more.
    Lacking,
    /// The stored entity cannot be read.
    Entity(String),
}

impl<H: Handler> Run<H> {
    fn over(
        handler: &H,
        rules: &Rules<'_>,
        key: &str,
        items: &[(usize, &ItemOf<H>)],
        (entity, held): (Option<&Entity>, Option<(u64, H::State)>),
        without: &BTreeMap<usize, String>,
    ) -> Result<Self, Failed> {
        let unreadable = |error: &dyn std::fmt::Display| Failed::Entity(format!("the stored state: {error}"));
        let meta = entity.map_or_else(|| Ok(Meta::default()), |entity| Meta::decode(&entity.meta));
        let meta = meta.map_err(|error| unreadable(&error))?;
        let held = held.filter(|(sequence, _)| *sequence == meta.sequence).map(|(_, state)| state);
        let state = match entity {
            Some(_) if held.is_some() => held,
            Some(entity) if !entity.state.is_empty() => {
                serde_json::from_slice(&entity.state).map(Some).map_err(|error| unreadable(&error))?
            }
            _ => None,
        };
        let mut run = Self {
            meta,
            state,
            effects: Effects::new(key, rules.now),
            answers: Vec::new(),
            touched: false,
            only_asked: true,
            handled: 0,
            duplicates: 0,
            timers_fired: 0,
        };
        for (place, item) in items {
            if without.contains_key(place) {
                run.postpone_due(rules, item);
                continue;
            }
            if let Err(rejected) = run.input(handler, rules, *place, item) {
                let lacks = run.effects.is_lacking && !rules.is_prepared;
                return Err(if lacks { Failed::Lacking } else { Failed::Input(*place, rejected) });
            }
        }
        Ok(run)
    }

    fn input(
        &mut self,
        handler: &H,
        rules: &Rules<'_>,
        place: usize,
        item: &ItemOf<H>,
    ) -> Result<(), Rejected> {
        match item {
            Item::Delivery(delivery) => {
                check_key(&delivery.message.key)?;
                let id = fingerprint(&delivery.message.id);
                self.once(handler, rules, id, Input::Message(&delivery.message))
            }
            Item::Outcome { id: call, outcome, .. } => {
                let id = fingerprint(&format!("call/{call}"));
                self.once(handler, rules, id, Input::Outcome(outcome))
            }
            Item::Request(asking) => {
                check_key(&asking.key)?;
                self.effects.answer = None;
                self.handle(handler, rules, Input::Request(&asking.request))?;
                let answer = self.effects.answer.take();
                let answer = answer.ok_or_else(|| Rejected("its handler has no answer to it".to_owned()))?;
                self.answers.push((place, Ok(answer)));
                Ok(())
            }
            Item::Due(_) => {
                // The row may have moved on since its key was found due: only what is still due fires.
                while let Some(name) = self.next_due(rules.now) {
                    self.meta.timers.remove(&name);
                    self.timers_fired += 1;
                    self.handle(handler, rules, Input::Timer(&name))?;
                }
                Ok(())
            }
        }
    }

    fn next_due(&self, now: Millis) -> Option<String> {
        let due = self.meta.timers.iter().filter(|(_, due)| **due <= now);
        due.min_by_key(|(_, due)| **due).map(|(name, _)| name.clone())
    }

    /// The handler rejected a due timer: what made it do so may be mended, and whoever waits for the timer waits for ever
    /// without it.
    fn postpone_due(&mut self, rules: &Rules<'_>, item: &ItemOf<H>) {
        if matches!(item, Item::Due(_)) {
            while let Some(name) = self.next_due(rules.now) {
                self.meta.timers.insert(name, rules.now.saturating_add(REJECTED_TIMER_AGAIN_MS));
                (self.touched, self.only_asked) = (true, false);
            }
        }
    }

    fn once(
        &mut self,
        handler: &H,
        rules: &Rules<'_>,
        id: Fingerprint,
        input: Input<'_, H::Outcome, H::Request>,
    ) -> Result<(), Rejected> {
        if rules.inbox && self.meta.has_handled(id) {
            self.duplicates += 1;
            return Ok(());
        }
        self.handle(handler, rules, input)?;
        self.meta.remember(id);
        Ok(())
    }

    fn handle(
        &mut self,
        handler: &H,
        rules: &Rules<'_>,
        input: Input<'_, H::Outcome, H::Request>,
    ) -> Result<(), Rejected> {
        let sent_before = self.effects.messages.len();
        self.only_asked &= matches!(input, Input::Request(_));
        self.state = handler.handle(self.state.take(), input, &mut self.effects)?;
        self.touched = true;
        self.handled += 1;
        for (name, at) in std::mem::take(&mut self.effects.timers) {
            match at {
                Some(_) if name.len() > TIMER_NAME_BYTES_MAX => {
                    return Err(Rejected(format!("the timer's name {name:?} is too long")));
                }
                Some(at) => self.meta.timers.insert(name, at),
                None => self.meta.timers.remove(&name),
            };
        }
        self.meta.sequence = self.meta.sequence.max(self.effects.count_from);
        if let Some(link) = self.effects.links.iter().find(|link| link.value.len() > KEY_BYTES_MAX) {
            let (index, bytes) = (link.index, link.value.len());
            return Err(Rejected(format!("the {index} has {bytes} bytes, but {KEY_BYTES_MAX} are the most")));
        }
        self.effects.messages[sent_before..].iter().try_for_each(|message| {
            if message.headers.len() > HEADERS_MAX {
                let count = message.headers.len();
                return Err(Rejected(format!(
                    "handling it would send a message with {count} headers, but {HEADERS_MAX} are the most"
                )));
            }
            let bytes = message.body.len();
            // The id is made of the participant's name, the key and a number.
            let id_bytes = rules.name.len() + self.effects.key.len() + 24;
            let topic_bytes = message.topic.as_str().len();
            let attributes = id_bytes + self.effects.key.len() + topic_bytes + message.headers.bytes();
            let (what, found, limit) = if bytes > rules.message_bytes_max {
                ("a message", bytes, rules.message_bytes_max)
            } else if attributes > ATTRIBUTES_BYTES_MAX {
                ("a message with attributes", attributes, ATTRIBUTES_BYTES_MAX)
            } else {
                return Ok(());
            };
            Err(Rejected(format!("handling it would send {what} of {found} bytes, but {limit} are the most")))
        })
    }

    /// Whether the entity would be written as it stands.
    fn changes_nothing(&self, state: &Bytes, entity: Option<&Entity>) -> bool {
        let Effects { messages, calls, links, unlink, journal, .. } = &self.effects;
        let has_effects = !(messages.is_empty()
            && calls.is_empty()
            && links.is_empty()
            && unlink.is_empty()
            && journal.is_empty());
        let is_as_stored = match entity {
            Some(entity) => *state == entity.state && self.meta.encode() == entity.meta,
            None => state.is_empty() && self.meta == Meta::default(),
        };
        !has_effects && is_as_stored
    }

    /// Has the state held, as that of the entity after so many `commits` more, unless nothing more is going to happen to it.
    fn hold(
        &mut self,
        handler: &H,
        key: &str,
        entity: Option<&Entity>,
        commits: u64,
        bytes: usize,
        decided: &mut DecidedOf<H>,
    ) {
        let Some(state) = self.state.take().filter(|state| !handler.is_over(state)).map(Box::new) else {
            return;
        };
        let version = entity.map_or(0, |entity| entity.version) + commits;
        let effects = &self.effects;
        let sent = if commits > 0 { effects.messages.len() + effects.calls.len() } else { 0 };
        let sequence = self.meta.sequence + sent as u64;
        let key = key.to_owned();
        decided.states.push(Holding { key, version, sequence, bytes, state });
    }

    fn finish(
        mut self,
        handler: &H,
        rules: &Rules<'_>,
        key: &str,
        entity: Option<&Entity>,
        decided: &mut DecidedOf<H>,
    ) {
        decided.duplicates += self.duplicates;
        decided.answers.append(&mut self.answers);
        let announced = self.effects.announcements.drain(..);
        decided.announcements.extend(announced.map(|answer| (key.to_owned(), answer)));
        if !self.touched {
            let bytes = entity.map_or(0, |entity| entity.state.len());
            self.hold(handler, key, entity, 0, bytes, decided);
            return;
        }
        decided.handled += self.handled;
        decided.timers_fired += self.timers_fired;
        let state = encode_state(self.state.as_ref());
        let is_forgotten = self.effects.forgets && self.state.is_none();
        if is_forgotten
            && entity.is_none()
            && self.effects.messages.is_empty()
            && self.effects.calls.is_empty()
        {
            return;
        }
        if self.only_asked && self.changes_nothing(&state, entity) {
            self.hold(handler, key, entity, 0, state.len(), decided);
            return;
        }
        self.hold(handler, key, entity, 1, state.len(), decided);
        for outgoing in std::mem::take(&mut self.effects.messages) {
            self.meta.sequence += 1;
            decided.messages.push(Message {
                id: format!("{}/{key}/{}", rules.name, self.meta.sequence),
                topic: outgoing.topic,
                key: key.to_owned(),
                headers: outgoing.headers,
                body: outgoing.body,
            });
        }
        for call in std::mem::take(&mut self.effects.calls) {
            self.meta.sequence += 1;
            decided.calls.push((CallId { key: key.to_owned(), sequence: self.meta.sequence }, call));
        }
        if is_forgotten {
            decided.forgets.extend(entity.map(|entity| EntityForget {
                key: key.to_owned(),
                expected: entity.version,
                unlink: self.effects.unlink,
            }));
            return;
        }
        let next_due = self.meta.next_due();
        decided.earliest_timer = [decided.earliest_timer, next_due].into_iter().flatten().min();
        decided.writes.push(EntityWrite {
            key: key.to_owned(),
            expected: entity.map_or(0, |entity| entity.version),
            state,
            meta: self.meta.encode(),
            next_due,
            links: self.effects.links,
            unlink: self.effects.unlink,
            journal: self.effects.journal,
        });
    }
}

fn check_key(key: &str) -> Result<(), Rejected> {
    let bytes = key.len();
    if bytes > KEY_BYTES_MAX {
        return Err(Rejected(format!("its key has {bytes} bytes, but {KEY_BYTES_MAX} are the most")));
    }
    Ok(())
}

fn encode_state<S: serde::Serialize>(state: Option<&S>) -> Bytes {
    state.map_or_else(Bytes::new, |state| {
        Bytes::from(
            serde_json::to_vec(state).expect("a handler's state has only string keys and finite numbers"),
        )
    })
}
