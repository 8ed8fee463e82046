//! One transaction: load, decide, commit, and again until it is done.

use std::collections::BTreeSet;
use std::time::Duration;

use store::{Commit, Entity, OutboxId, StoreError};
use tokio::time::Instant;

use super::{Batch, Pipeline, Transacted};
use crate::decide::{DecidedOf, Rules, decide};
use crate::item::{Item, keys};
use crate::options::Weakness;
use crate::{AskError, Backoff, Handler, ParticipantError, outbox};

/// Conflicts after which a batch is no longer tried as it is.
const CONFLICTS_AT_ONCE: u32 = 3;
/// Waiting times between conflicts about one key. A conflict means that somebody else got on, in a millisecond or two.
const CONTENDED_BASE: Duration = Duration::from_millis(1);
const CONTENDED_CAP: Duration = Duration::from_millis(50);

impl<H: Handler> Pipeline<H> {
    pub(super) async fn transact(&mut self, batch: &mut Batch<H>) -> Result<Transacted<H>, ParticipantError> {
        let started = Instant::now();
        let patience = Some(self.own.options.store_patience);
        let mut backoff = self.own.store_backoff();
        let mut contended = Backoff::new(CONTENDED_BASE, CONTENDED_CAP, self.own.options.seed);
        let mut conflicts = 0;
        loop {
            match self.transact_once(batch).await {
                Ok((decided, ids)) => {
                    self.own.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                    return Ok(Transacted::Committed(Box::new(decided), ids));
                }
                // Nothing was applied, and who was faster is done: try again at once, alone if need be.
                Err(StoreError::Conflict { key, expected }) => {
                    conflicts += 1;
                    self.own.metrics.retries.inc();
                    if conflicts <= CONFLICTS_AT_ONCE {
                        continue;
                    }
                    if batch.iter().any(|item| item.key() != key)
                        && batch.iter().any(|item| item.key() == key)
                    {
                        return Ok(Transacted::Contended(key));
                    }
                    if started.elapsed() > self.own.options.store_patience {
                        return Err(self.own.store_error(StoreError::Conflict { key, expected }));
                    }
                    tokio::time::sleep(contended.next_delay()).await;
                }
                Err(error) => {
                    self.outbox_in_doubt = true;
                    refuse_requests::<H>(batch, &error);
                    self.own.wait_for_store(error, &mut backoff, started, patience).await?;
                }
            }
        }
    }

    async fn transact_once(&mut self, batch: &Batch<H>) -> Result<(DecidedOf<H>, Vec<OutboxId>), StoreError> {
        let keys = keys(batch);
        let entities = match &keys[..] {
            [] => Vec::new(),
            keys => self.own.ask(self.own.store.load(keys)).await?,
        };
        let mut decided = self.decide(batch, &keys, &entities).await?;
        let mut commit = Commit {
            entities: std::mem::take(&mut decided.writes),
            forget: std::mem::take(&mut decided.forgets),
            ..Commit::default()
        };
        if self.own.store.is_shared() {
            commit.relied_on = relied_on(&keys, &entities, &commit);
        }
        if !decided.messages.is_empty() {
            commit.outbox_add.push(outbox::encode_messages(&decided.messages));
        }
        if !decided.calls.is_empty() {
            let calls = outbox::encode_calls(&decided.calls);
            commit
                .outbox_add
                .push(calls.expect("a handler's calls have only string keys and finite numbers"));
        }
        // Rows alone are forgotten only when there is nothing else to do: see `Options::forget_after`.
        if !commit.changes_nothing() || batch.is_empty() {
            commit.outbox_forget.clone_from(&self.forget);
        }
        if self.own.options.weakness == Some(Weakness::PublishBeforeCommit) {
            let _ = self.publisher.publish(&decided.messages).await;
        }
        if commit.is_empty() {
            self.hold(&mut decided);
            return Ok((decided, Vec::new()));
        }
        let ids = self.own.ask(self.own.store.commit(&commit)).await?;
        self.hold(&mut decided);
        if !commit.changes_nothing() {
            self.own.metrics.commits.inc();
        }
        for row in &commit.outbox_forget {
            self.known.remove(row);
        }
        self.forget.drain(..commit.outbox_forget.len());
        Ok((decided, ids))
    }

    /// Holds the states as they are now that the decision is committed.
    fn hold(&mut self, decided: &mut DecidedOf<H>) {
        for holding in decided.states.drain(..) {
            self.held.put(holding);
        }
    }

    /// Has the handler prepare what it needs beside these entities, and decides; twice, if it finds only then what it needs.
    async fn decide(
        &mut self,
        batch: &Batch<H>,
        keys: &[&str],
        entities: &[Option<Entity>],
    ) -> Result<DecidedOf<H>, StoreError> {
        let found = keys.iter().zip(entities).filter_map(|(key, entity)| Some((*key, entity.as_ref()?)));
        let found: Vec<_> = found.collect();
        let handler = &*self.own.handler;
        let mut again = false;
        loop {
            self.own.ask(handler.prepare(self.own.store.reader(), &found, again)).await?;
            let rules = Rules {
                name: &self.own.name,
                message_bytes_max: self.message_bytes_max,
                inbox: self.own.options.weakness != Some(Weakness::NoInbox),
                is_prepared: again,
                now: self.own.clock.now(),
            };
            let decided = decide(handler, &rules, batch, entities, &mut self.held);
            if !decided.is_lacking || again {
                return Ok(decided);
            }
            again = true;
        }
    }
}

/// Callers do not wait for a store that is away: they ask again, and the handler sees by the state what was done.
fn refuse_requests<H: Handler>(batch: &mut Batch<H>, error: &StoreError) {
    batch.retain_mut(|item| match item {
        Item::Request(asking) => {
            asking.answer(Err(AskError::Failed(error.to_string())));
            false
        }
        Item::Delivery(_) | Item::Due(_) | Item::Outcome { .. } => true,
    });
}

/// The entities that were looked at and are not written: what was decided about their inputs (a duplicate to drop, say)
/// holds only if they were what they seemed to be.
fn relied_on(keys: &[&str], entities: &[Option<Entity>], commit: &Commit) -> Vec<(String, u64)> {
    if commit.entities.len() + commit.forget.len() == keys.len() {
        return Vec::new();
    }
    let written = commit.entities.iter().map(|write| write.key.as_str());
    let written: BTreeSet<&str> =
        written.chain(commit.forget.iter().map(|forget| forget.key.as_str())).collect();
    let looked_at = keys.iter().zip(entities).filter(|(key, _)| !written.contains(*key));
    looked_at.map(|(key, entity)| ((*key).to_owned(), entity.as_ref().map_or(0, |e| e.version))).collect()
}
