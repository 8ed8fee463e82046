//! One member of a consumer group: its handle.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{BusError, Consumer, Delivery, Message, Outcome, Settlement, Token};

use crate::dead::DELIVERY_LIMIT_REASON;
use crate::inbound::Inbound;
use crate::outlet::SendError;
use crate::shared::Shared;
use crate::topology::QUEUE_MESSAGES_MAX;
use crate::wire;

/// How often a message is retried, at the most.
pub(crate) const DELIVERY_LIMIT: u32 = 20;

pub(crate) struct RabbitConsumer {
    shared: Arc<Shared>,
    inbound: Arc<Inbound>,
}

/// A delivery that is to be a dead letter.
struct Dead {
    token: Token,
    message: Arc<Message>,
    attempt: u32,
    reason: String,
}

impl RabbitConsumer {
    pub(crate) fn new(shared: Arc<Shared>, inbound: Arc<Inbound>) -> Self {
        Self { shared, inbound }
    }

    /// Keeps dead letters, then acknowledges their deliveries. Fails with all of them unsettled.
    async fn bury(&self, dead: &[Dead]) -> Result<(), BusError> {
        if dead.is_empty() {
            return Ok(());
        }
        let queue = self.shared.names.dead(&self.inbound.group);
        let letters = dead.iter().map(|dead| {
            let properties = wire::properties(&dead.message);
            let properties = self.shared.dead_properties(properties, &dead.reason, dead.attempt, None);
            (queue.clone(), properties, &dead.message.body[..])
        });
        let sent = self.shared.send_to_queues(letters).await;
        sent.map_err(|error| dead_letter_refused(error, &self.inbound.group))?;
        let tokens: Vec<Token> = dead.iter().map(|dead| dead.token).collect();
        self.inbound.done(&tokens)
    }
}

pub(crate) fn dead_letter_refused(error: SendError, group: &str) -> BusError {
    match error {
        SendError::Bus(error) => error,
        SendError::Refused => {
            BusError::DeadLettersFull { group: group.to_owned(), limit: QUEUE_MESSAGES_MAX.unsigned_abs() }
        }
    }
}

#[async_trait]
impl Consumer for RabbitConsumer {
    /// Waits while the connection is lost, too.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        tokio::task::coop::consume_budget().await;
        Ok(self.inbound.receive(max).await)
    }

    /// Acknowledgements are sent and not answered: one that is lost with the connection brings the delivery again.
    /// Dead letters are confirmed before their deliveries are acknowledged; those of one call are kept together or
    /// stay unsettled together. Deliveries from before the connection was lost are ignored.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let mut done = Vec::with_capacity(settlements.len());
        let mut dead = Vec::new();
        let mut result = Ok(());
        for Settlement { token, outcome } in settlements {
            let reason = match outcome {
                Outcome::Done => {
                    done.push(token);
                    continue;
                }
                Outcome::Retry => None,
                Outcome::DeadLetter { reason } => Some(reason),
            };
            let Some(held) = self.inbound.held(token) else { continue };
            let exhausted = held.attempt >= DELIVERY_LIMIT;
            match reason.or_else(|| exhausted.then(|| DELIVERY_LIMIT_REASON.to_owned())) {
                Some(reason) => {
                    dead.push(Dead { token, message: held.message, attempt: held.attempt, reason });
                }
                None => result = result.and(self.inbound.retry(token)),
            }
        }
        let result = result.and(self.inbound.done(&done));
        result.and(self.bury(&dead).await)
    }

    fn epoch(&self) -> u64 {
        self.inbound.epoch()
    }
}

impl Drop for RabbitConsumer {
    fn drop(&mut self) {
        self.inbound.leave();
    }
}
