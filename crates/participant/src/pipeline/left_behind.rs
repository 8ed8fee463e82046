//! What a former life of this instance, or another instance that is gone, has left undone.

use std::time::Duration;

use store::{OutboxId, OutboxRow, StoreError};
use tokio::time::Instant;

use super::Pipeline;
use crate::health::Need;
use crate::options::Weakness;
use crate::outbox::{self, Row, Unreadable};
use crate::{CallId, Handler, ParticipantError};

/// Outbox rows read at once.
const OUTBOX_PAGE: usize = 64;

impl<H: Handler> Pipeline<H> {
    /// Takes up what an earlier life left: publishes its messages, makes its calls again, knows its timers. Waits for the
    /// store for as long as `patience` lasts; for ever without.
    pub(crate) async fn recover(&mut self, patience: Option<Duration>) -> Result<(), ParticipantError> {
        let mut backoff = self.own.store_backoff();
        let started = Instant::now();
        loop {
            match self.recover_once().await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = retryable(error)?;
                    self.own.wait_for_store(error, &mut backoff, started, patience).await?;
                }
            }
        }
    }

    async fn recover_once(&mut self) -> Result<(), ParticipantError> {
        let mut after = 0;
        loop {
            let rows = self.own.ask(self.own.store.outbox(after, OUTBOX_PAGE)).await;
            let rows = rows.map_err(|source| self.own.store_error(source))?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            self.take_up(rows).await?;
        }
        self.note_timers().await
    }

    /// The bus gave us keys that another member of the group had before: what that one committed and did not publish goes
    /// out before anything that these keys get from now on.
    pub(super) async fn take_over_keys(&mut self) -> Result<(), ParticipantError> {
        let epoch = self.consumer.epoch();
        if epoch == self.epoch {
            return Ok(());
        }
        let patience = Some(self.own.options.store_patience);
        let mut backoff = self.own.store_backoff();
        let started = Instant::now();
        loop {
            match self.adopt().await {
                Ok(()) => break,
                Err(error) => {
                    let error = retryable(error)?;
                    self.own.wait_for_store(error, &mut backoff, started, patience).await?;
                }
            }
        }
        self.epoch = epoch;
        Ok(())
    }

    /// From time to time, on a store that other instances share: takes over what those have left that are gone, and notices
    /// timers that nobody minds. Also notices when the store is away, though nothing else is asked of it.
    pub(super) async fn look_around(&mut self) -> Result<(), ParticipantError> {
        if self.next_look.is_none_or(|at| Instant::now() < at) {
            return Ok(());
        }
        let looked = self.adopt().await;
        self.next_look = Some(Instant::now() + self.own.options.look_around_every);
        let Err(error) = looked else { return Ok(()) };
        let error = retryable(error)?;
        // Nothing waits for it: the next look comes soon.
        self.own.metrics.retries.inc();
        self.own.health.lacks(Need::Store, error.to_string());
        tracing::debug!(participant = self.own.name, %error, "could not look after the other instances");
        Ok(())
    }

    async fn adopt(&mut self) -> Result<(), ParticipantError> {
        if self.outbox_in_doubt {
            self.recover_once().await?;
            self.outbox_in_doubt = false;
        }
        loop {
            let rows = self.own.ask(self.own.store.adopt(OUTBOX_PAGE)).await;
            let rows = rows.map_err(|source| {
                self.outbox_in_doubt = true;
                self.own.store_error(source)
            })?;
            let count = rows.len();
            if count > 0 {
                let participant = &self.own.name;
                tracing::info!(
                    participant,
                    rows = count,
                    "took over what an instance that is gone had not published"
                );
            }
            self.take_up(rows).await?;
            if count < OUTBOX_PAGE {
                return self.note_timers().await;
            }
        }
    }

    /// The calls in one of this life's rows; none if it is not this instance's any more.
    pub(super) async fn calls_of(
        &mut self,
        row: OutboxId,
    ) -> Result<Vec<(CallId, H::Call)>, ParticipantError> {
        let patience = Some(self.own.options.store_patience);
        let rows = self.own.insist(|| self.own.store.outbox(row.saturating_sub(1), 1), patience).await?;
        let found = rows.into_iter().find(|found| found.id == row);
        match found.map(|found| outbox::decode::<H::Call>(found.blob)) {
            Some(Ok(Row::Calls(calls))) => Ok(calls),
            // Another instance has taken it over, and makes them.
            None => Ok(Vec::new()),
            // It was read before, or written by this life.
            Some(_) => Err(ParticipantError::Outbox { participant: self.own.name.clone(), row }),
        }
    }

    async fn note_timers(&mut self) -> Result<(), ParticipantError> {
        let next_due = self.own.ask(self.own.store.next_due()).await;
        let next_due = next_due.map_err(|source| self.own.store_error(source))?;
        self.next_due = [self.next_due, next_due].into_iter().flatten().min();
        Ok(())
    }

    /// Takes care of those of the outbox rows that nobody here takes care of yet.
    async fn take_up(&mut self, rows: Vec<OutboxRow>) -> Result<(), ParticipantError> {
        for row in rows {
            if !self.known.insert(row.id) {
                continue;
            }
            if self.own.options.weakness == Some(Weakness::ForgetOutboxAtStart) {
                self.forget.push(row.id);
                continue;
            }
            match outbox::decode::<H::Call>(row.blob) {
                Ok(Row::Messages(messages)) => self.publish(messages, Vec::new(), Some(row.id)).await?,
                Ok(Row::Calls(calls)) => self.add_calls(row.id, calls, true),
                // Whoever waits for their outcomes waits on, but all others need not. It stays in the store, for a version that can
                // read it.
                Err(Unreadable::Calls(error)) => {
                    let participant = &self.own.name;
                    tracing::error!(
                        participant,
                        row = row.id,
                        %error,
                        "calls in the outbox cannot be read, and are left there"
                    );
                }
                // Messages left out would be overtaken by those behind them.
                Err(Unreadable::Corrupt(_)) => {
                    let participant = self.own.name.clone();
                    return Err(ParticipantError::Outbox { participant, row: row.id });
                }
            }
        }
        Ok(())
    }
}

/// The store's error, if the same may succeed later.
fn retryable(error: ParticipantError) -> Result<StoreError, ParticipantError> {
    match error {
        ParticipantError::Store { source, .. } if source.is_retryable() => Ok(source),
        error => Err(error),
    }
}
