//! A group's dead letters: listed without being consumed, and redriven.
//!
//! A quorum queue can only be read by taking messages and giving them back. What is given back stands at the front
//! again, but behind what was given back before and not taken since; so that the letters keep their order, all of
//! them are taken and given back together. Reading is part of a group's administration, of which there is one at a
//! time: nobody meets a queue whose letters are in somebody else's hands.

use std::time::Duration;

use bus::{BusError, DeadLetter};
use futures::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicQosOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel};
use tokio::time::timeout;

use crate::error::{answer, refused};
use crate::link::Session;
use crate::outlet::SendError;
use crate::queues::{close, ready, wait_until_ready};
use crate::shared::{ATTEMPTS, ORIGIN, REASON, Shared};
use crate::topology::{BROKER_DELIVERY_LIMIT, QUEUE_MESSAGES_MAX};
use crate::wire;

/// Dead letters that are read at once: those behind them are neither listed nor found.
const READ_MAX: u32 = 10_000;
/// How long the next letter, of those that are there, may take.
const LETTER_PATIENCE: Duration = Duration::from_secs(5);
/// The reason of a message that was delivered too often.
pub(crate) const DELIVERY_LIMIT_REASON: &str = "delivery limit";

/// The oldest dead letters, at most `limit`.
pub(crate) async fn list(shared: &Shared, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
    if !exists(shared, group).await? {
        return Ok(Vec::new());
    }
    let queue = shared.names.dead(group);
    shared
        .administer(group, |session, channel| async move {
            let mut taken = Taken::all(channel, &queue).await?;
            let letters = std::mem::take(&mut taken.letters);
            taken.give_back(&session, &queue, letters.len() as u32).await?;
            Ok(letters.into_iter().take(limit).map(|delivery| letter(group, delivery)).collect())
        })
        .await
}

/// Publishes the dead letter with that id to its shard's queue, and takes it off. Whether there was one.
pub(crate) async fn redrive(shared: &Shared, group: &str, id: &str) -> Result<bool, BusError> {
    if !exists(shared, group).await? {
        return Ok(false);
    }
    let queue = shared.names.dead(group);
    shared
        .administer(group, |session, channel| async move {
            // Letters are mostly redriven from the oldest on: then nothing else has to be touched.
            let doing = format!("read queue {queue}");
            let oldest = channel.basic_get(queue.clone(), BasicGetOptions::default());
            let Some(oldest) = answer(&doing, oldest).await? else { return Ok(false) };
            if is(&oldest.delivery, id) {
                put_back(shared, group, &channel, &oldest.delivery).await?;
                return Ok(true);
            }
            let rest = Taken::all(session.channel().await?, &queue).await?;
            let redriven = match rest.letters.iter().find(|delivery| is(delivery, id)) {
                Some(delivery) => put_back(shared, group, &rest.channel, delivery).await.map(|()| true),
                None => Ok(false),
            };
            let left = rest.letters.len() as u32 - u32::from(matches!(redriven, Ok(true)));
            // The oldest first, so that it is the first again.
            close(&channel).await;
            wait_until_ready(&session, &queue, 1).await?;
            rest.give_back(&session, &queue, 1 + left).await?;
            redriven
        })
        .await
}

/// Whether the group exists: else nothing is declared for it, not even a lock.
async fn exists(shared: &Shared, group: &str) -> Result<bool, BusError> {
    shared.names.check_group(group)?;
    let channel = shared.consuming.session()?.channel().await?;
    Ok(ready(&channel, &shared.names.dead(group)).await?.is_some())
}

/// Dead letters that were taken, in order. They go back when the channel is closed.
struct Taken {
    letters: Vec<Delivery>,
    channel: Channel,
}

impl Taken {
    async fn all(channel: Channel, queue: &ShortString) -> Result<Self, BusError> {
        let doing = format!("read queue {queue}");
        let count = ready(&channel, queue).await?.unwrap_or(0).min(READ_MAX) as u16;
        let mut letters = Vec::with_capacity(count.into());
        if count == 0 {
            return Ok(Self { letters, channel });
        }
        answer(&doing, channel.basic_qos(count, BasicQosOptions::default())).await?;
        let options = BasicConsumeOptions::default();
        let consuming = channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default());
        let mut consumer = answer(&doing, consuming).await?;
        while letters.len() < count.into() {
            match timeout(LETTER_PATIENCE, consumer.next()).await {
                Ok(Some(Ok(delivery))) => letters.push(delivery),
                Ok(Some(Err(error))) => return Err(refused(&doing, &error)),
                Ok(None) => return Err(BusError::Unavailable(format!("cannot {doing}: it was deleted"))),
                // A stranger has the others.
                Err(_) => break,
            }
        }
        // Keeps what was delivered, and gets nothing more: not what is given back by another channel.
        let cancelled = channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
        answer(&doing, cancelled).await?;
        Ok(Self { letters, channel })
    }

    /// Gives the letters back, and waits until there are as many as before.
    async fn give_back(self, session: &Session, queue: &ShortString, count: u32) -> Result<(), BusError> {
        close(&self.channel).await;
        wait_until_ready(session, queue, count).await
    }
}

fn is(delivery: &Delivery, id: &str) -> bool {
    wire::id_of(&delivery.properties, &delivery.data) == id
}

/// Publishes a dead letter to its shard's queue, then takes it off.
async fn put_back(
    shared: &Shared,
    group: &str,
    channel: &Channel,
    delivery: &Delivery,
) -> Result<(), BusError> {
    let message = wire::message_as_it_is(&delivery.properties, "", Vec::new());
    let queue = shared.names.queue(group, shared.names.shard_of(&message.key));
    let properties = wire::again(&delivery.properties, &delivery.data);
    let sent = shared.send_to_queues(std::iter::once((queue, properties, delivery.data.as_slice()))).await;
    sent.map_err(|error| match error {
        SendError::Bus(error) => error,
        SendError::Refused => {
            let limit = QUEUE_MESSAGES_MAX.unsigned_abs();
            BusError::Full { group: group.to_owned(), ready: limit, limit }
        }
    })?;
    let acknowledged = channel.basic_ack(delivery.delivery_tag, BasicAckOptions { multiple: false });
    answer("take off a dead letter", acknowledged).await
}

/// What a message in the dead letters' queue says of itself.
fn letter(group: &str, delivery: Delivery) -> DeadLetter {
    let Delivery { properties, data, routing_key, .. } = delivery;
    let text = |name| match wire::header(&properties, name) {
        Some(AMQPValue::LongString(text)) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        _ => None,
    };
    let death = BrokersReason::of(&properties);
    let reason = text(REASON).or_else(|| death.as_ref().map(|death| death.reason.clone()));
    let attempts = wire::header(&properties, ATTEMPTS).and_then(wire::integer);
    let attempts = attempts.and_then(|attempts| u32::try_from(attempts).ok());
    let attempts = attempts.or_else(|| death.as_ref().map(|death| death.attempts));
    let origin = text(ORIGIN).or_else(|| death.and_then(|death| death.routing_key));
    let origin = origin.unwrap_or_else(|| routing_key.as_str().to_owned());
    DeadLetter {
        message: wire::message_as_it_is(&properties, &origin, data),
        group: group.to_owned(),
        reason: reason.unwrap_or_else(|| "unknown: it was put here past this program".to_owned()),
        attempts: attempts.unwrap_or(1),
    }
}

/// What the broker wrote on a message that it dead-lettered by itself.
struct BrokersReason {
    reason: String,
    attempts: u32,
    routing_key: Option<String>,
}

impl BrokersReason {
    fn of(properties: &BasicProperties) -> Option<Self> {
        let AMQPValue::FieldArray(deaths) = wire::header(properties, "x-death")? else { return None };
        let AMQPValue::FieldTable(death) = deaths.as_slice().first()? else { return None };
        let text = |value: &AMQPValue| match value {
            AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
            _ => None,
        };
        let reason = text(death.inner().get("reason")?)?;
        let routing_key = match death.inner().get("routing-keys") {
            Some(AMQPValue::FieldArray(keys)) => keys.as_slice().first().and_then(text),
            _ => None,
        };
        let (reason, attempts) = match reason.as_str() {
            "delivery_limit" => (DELIVERY_LIMIT_REASON.to_owned(), BROKER_DELIVERY_LIMIT + 1),
            other => (other.replace('_', " "), 1),
        };
        Some(Self { reason, attempts, routing_key })
    }
}
