//! What is declared on the broker, and how a group's subscription is changed without losing a message.
//!
//! | name | what |
//! | --- | --- |
//! | `NS.messages` | direct exchange that everything is published to |
//! | `NS.shards` | exchange that is never used: an argument of it says how many shards there are, and RabbitMQ refuses to declare it with another number |
//! | `NS.GROUP.0`, `.1`, … | one quorum queue per shard, with a single active consumer |
//! | `NS.GROUP.dead` | quorum queue of the group's dead letters |
//! | `NS.GROUP.topics` | quorum queue with one message: the group's topics |
//! | `NS.members` | direct exchange by which the members of a group hear of each other |
//! | `NS.GROUP.member.ID` | exclusive queue of one member |
//! | `NS.GROUP.lock` | exclusive queue: its owner alone administers the group |
//!
//! A direct exchange, because topics are subscribed to by exact name: a table look-up for each message, and names
//! may hold every character. Each queue is bound by `TOPIC.SHARD` for each of its group's topics. AMQP cannot list
//! bindings, so a group that is declared with other topics than before learns from `NS.GROUP.topics` which to unbind.

use std::collections::BTreeSet;

use bus::{BusError, Subscription, Topic};
use futures::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, ExchangeKind};
use tokio::time::timeout;

use crate::error::{REQUEST_TIMEOUT, answer, is_different, late, refused};
use crate::link::Session;
use crate::names::Names;
use crate::outlet::SendError;
use crate::queues::{close, wait_until_ready};
use crate::shared::Shared;

/// How often the broker delivers a message at most: the last resort against one that ends whatever program receives
/// it. Well above the limit of retries, because whoever ends with deliveries in its hands counts for all of them.
pub(crate) const BROKER_DELIVERY_LIMIT: u32 = 100;
/// Messages that a queue takes before it refuses more.
pub(crate) const QUEUE_MESSAGES_MAX: i64 = 1_000_000;
/// For queues that are read and put back, which counts as a delivery: never reached. Not left out, because then
/// RabbitMQ 4 sets 20, and RabbitMQ 3 puts back at the end.
const NO_DELIVERY_LIMIT: i64 = 1_000_000_000;

const DURABLE_EXCHANGE: ExchangeDeclareOptions = ExchangeDeclareOptions {
    durable: true,
    passive: false,
    auto_delete: false,
    internal: false,
    nowait: false,
};

fn quorum(shared: &Shared, more: &[(&str, AMQPValue)]) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let replicas = AMQPValue::LongLongInt(shared.options.replicas.into());
    arguments.insert("x-quorum-initial-group-size".into(), replicas);
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(QUEUE_MESSAGES_MAX));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    if let Some(unused) = shared.options.expires {
        let unused_ms = i64::try_from(unused.as_millis()).unwrap_or(i64::MAX);
        arguments.insert("x-expires".into(), AMQPValue::LongLongInt(unused_ms));
    }
    for (name, value) in more {
        arguments.insert((*name).into(), value.clone());
    }
    arguments
}

fn shard_arguments(shared: &Shared, group: &str) -> FieldTable {
    let dead = shared.names.dead(group);
    quorum(
        shared,
        &[
            ("x-single-active-consumer", AMQPValue::Boolean(true)),
            ("x-delivery-limit", AMQPValue::LongLongInt(BROKER_DELIVERY_LIMIT.into())),
            ("x-dead-letter-exchange", AMQPValue::LongString("".into())),
            ("x-dead-letter-routing-key", AMQPValue::LongString(dead.as_str().into())),
            ("x-dead-letter-strategy", AMQPValue::LongString("at-least-once".into())),
        ],
    )
}

fn unlimited(shared: &Shared) -> FieldTable {
    quorum(shared, &[("x-delivery-limit", AMQPValue::LongLongInt(NO_DELIVERY_LIMIT))])
}

/// Declares the exchanges that messages and members' hellos are published to.
pub(crate) async fn declare_exchanges(channel: &Channel, names: &Names) -> Result<(), BusError> {
    for name in [names.messages(), names.members()] {
        let doing = format!("declare exchange {name}");
        let none = FieldTable::default();
        let declared = channel.exchange_declare(name, ExchangeKind::Direct, DURABLE_EXCHANGE, none);
        answer(&doing, declared).await?;
    }
    Ok(())
}

/// Makes sure that every program of the namespace counts the same shards; else keys would go to different queues.
pub(crate) async fn check_shards(channel: &Channel, names: &Names) -> Result<(), BusError> {
    let name = names.shards_marker();
    let doing = format!("declare exchange {name}");
    let mut arguments = FieldTable::default();
    // An alternate exchange need not exist. This one never does: the name is all that matters.
    let ours = format!("{} shards", names.shards());
    arguments.insert("alternate-exchange".into(), AMQPValue::LongString(ours.as_str().into()));
    let declared = channel.exchange_declare(name, ExchangeKind::Direct, DURABLE_EXCHANGE, arguments);
    match timeout(REQUEST_TIMEOUT, declared).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if is_different(&error) => {
            let theirs =
                shards_in(&error.to_string()).unwrap_or_else(|| "another number of shards".to_owned());
            Err(BusError::Protocol(format!(
                "this program counts {ours} a group, and the namespace was declared with {theirs}: set shards in \
                 the URL to the same number everywhere, or use another namespace"
            )))
        }
        Ok(Err(error)) => Err(refused(&doing, &error)),
        Err(_) => Err(late(&doing)),
    }
}

/// The number of shards in RabbitMQ's words: `… received '8 shards' but current is '4 shards'`, or with types.
fn shards_in(refusal: &str) -> Option<String> {
    let (_, current) = refusal.split_once("but current is ")?;
    current.split('\'').nth(1).map(ToOwned::to_owned)
}

/// Declares the group's queues and bindings. Whether the group has consumers already.
pub(crate) async fn declare_group(shared: &Shared, subscription: &Subscription) -> Result<bool, BusError> {
    let Subscription { group, topics, .. } = subscription;
    shared
        .administer(group, |session, channel| async move {
            declare_exchanges(&channel, &shared.names).await?;
            check_shards(&channel, &shared.names).await?;
            let has_consumers = declare_queues(shared, &channel, group).await?;
            let wanted: BTreeSet<&str> = topics.iter().map(Topic::as_str).collect();
            subscribe(shared, &session, channel, group, &wanted).await?;
            shared.known.add(subscription);
            Ok(has_consumers)
        })
        .await
}

/// Declares what messages need on their way, for every group that this process knows: exchanges, queues and bindings. Not
/// the groups' records, and without their locks: quick, and harmless beside others who do the same.
pub(crate) async fn declare_known(shared: &Shared, channel: &Channel) -> Result<(), BusError> {
    declare_exchanges(channel, &shared.names).await?;
    for Subscription { group, topics, .. } in shared.known.all() {
        declare_queues(shared, channel, &group).await?;
        bind(shared, channel, &group, &topics.iter().map(Topic::as_str).collect()).await?;
    }
    Ok(())
}

async fn declare_queues(shared: &Shared, channel: &Channel, group: &str) -> Result<bool, BusError> {
    let names = &shared.names;
    for queue in [names.dead(group), names.topics(group)] {
        let doing = format!("declare queue {queue}");
        let options = QueueDeclareOptions::durable();
        answer(&doing, channel.queue_declare(queue, options, unlimited(shared))).await?;
    }
    let declaring = (0..names.shards()).map(|shard| async move {
        let queue = names.queue(group, shard);
        let doing = format!("declare queue {queue}");
        let options = QueueDeclareOptions::durable();
        let declared = channel.queue_declare(queue, options, shard_arguments(shared, group));
        answer(&doing, declared).await.map(|queue| queue.consumer_count() > 0)
    });
    Ok(try_join_all(declaring).await?.contains(&true))
}

/// Binds the group to these topics and to no others. What it keeps is bound all the time; whenever this ends half
/// way, the record names everything that may be bound.
async fn subscribe(
    shared: &Shared,
    session: &Session,
    channel: Channel,
    group: &str,
    wanted: &BTreeSet<&str>,
) -> Result<(), BusError> {
    let queue = shared.names.topics(group);
    let mut record = Record::default();
    record.read(&channel, &queue).await?;
    let before = record.topics.clone();
    let before: BTreeSet<&str> = before.iter().map(String::as_str).collect();
    if before == *wanted {
        bind(shared, &channel, group, wanted).await?;
        close(&channel).await;
        return wait_until_ready(session, &queue, record.messages).await;
    }
    let obsolete: BTreeSet<&str> = before.difference(wanted).copied().collect();
    write_record(shared, &queue, &before.union(wanted).copied().collect()).await?;
    bind(shared, &channel, group, wanted).await?;
    if !obsolete.is_empty() {
        unbind(shared, &channel, group, &obsolete).await?;
        // The record of both is obsolete, too.
        record.read(&channel, &queue).await?;
        write_record(shared, &queue, wanted).await?;
    }
    match record.last_tag {
        Some(tag) => {
            answer("settle the record", channel.basic_ack(tag, BasicAckOptions { multiple: true })).await
        }
        None => Ok(()),
    }
}

async fn bind(
    shared: &Shared,
    channel: &Channel,
    group: &str,
    topics: &BTreeSet<&str>,
) -> Result<(), BusError> {
    let binding = bindings(&shared.names, group, topics)?.into_iter().map(|(queue, key)| async move {
        let doing = format!("bind queue {queue}");
        let (exchange, none) = (shared.names.messages(), FieldTable::default());
        let bound = channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), none);
        answer(&doing, bound).await
    });
    try_join_all(binding).await.map(drop)
}

async fn unbind(
    shared: &Shared,
    channel: &Channel,
    group: &str,
    topics: &BTreeSet<&str>,
) -> Result<(), BusError> {
    for (queue, key) in bindings(&shared.names, group, topics)? {
        let doing = format!("unbind queue {queue}");
        let (exchange, none) = (shared.names.messages(), FieldTable::default());
        answer(&doing, channel.queue_unbind(queue, exchange, key, none)).await?;
    }
    Ok(())
}

/// The queues and routing keys of a group's bindings.
fn bindings(
    names: &Names,
    group: &str,
    topics: &BTreeSet<&str>,
) -> Result<Vec<(ShortString, ShortString)>, BusError> {
    let mut all = Vec::new();
    for topic in topics {
        let topic = Topic::owned((*topic).to_owned());
        for shard in 0..names.shards() {
            all.push((names.queue(group, shard), names.routing_key(&topic, shard)?));
        }
    }
    Ok(all)
}

/// What a group's record holds: one message, or several where a change of topics ended half way.
#[derive(Default)]
struct Record {
    /// Every topic that any of them names.
    topics: BTreeSet<String>,
    messages: u32,
    last_tag: Option<u64>,
}

impl Record {
    /// Adds the messages that are there; they stay unsettled.
    async fn read(&mut self, channel: &Channel, queue: &ShortString) -> Result<(), BusError> {
        let doing = format!("read queue {queue}");
        let next = || channel.basic_get(queue.clone(), BasicGetOptions::default());
        while let Some(message) = answer(&doing, next()).await? {
            self.last_tag = Some(message.delivery.delivery_tag);
            self.messages += 1;
            let topics: Vec<String> = serde_json::from_slice(&message.delivery.data).unwrap_or_default();
            self.topics.extend(topics);
        }
        Ok(())
    }
}

/// Adds a message to the record: not through the connection that reads, or that would count as one that publishes.
async fn write_record(shared: &Shared, queue: &ShortString, topics: &BTreeSet<&str>) -> Result<(), BusError> {
    let text = serde_json::to_vec(topics).map_err(|error| BusError::Protocol(error.to_string()))?;
    let properties = BasicProperties::default().with_delivery_mode(2);
    let sent = shared.send_to_queues(std::iter::once((queue.clone(), properties, text.as_slice()))).await;
    sent.map_err(|error| match error {
        SendError::Bus(error) => error,
        SendError::Refused => BusError::Unavailable(format!("cannot write queue {queue}: it is full")),
    })
}

/// Deletes the groups with everything of theirs, and the namespace's exchanges.
pub(crate) async fn remove(shared: &Shared, groups: &[&str]) -> Result<(), BusError> {
    let names = &shared.names;
    let _turn = shared.turn("remove groups").await?;
    shared.known.forget(groups);
    let channel = shared.consuming.session()?.channel().await?;
    for group in groups {
        names.check_group(group)?;
        let shards = (0..names.shards()).map(|shard| names.queue(group, shard));
        for queue in shards.chain([names.dead(group), names.topics(group), names.lock(group)]) {
            let doing = format!("delete queue {queue}");
            answer(&doing, channel.queue_delete(queue, QueueDeleteOptions::default())).await?;
        }
    }
    for exchange in [names.messages(), names.members(), names.shards_marker()] {
        let doing = format!("delete exchange {exchange}");
        answer(&doing, channel.exchange_delete(exchange, ExchangeDeleteOptions::default())).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_number_of_shards_is_found_in_the_refusal() {
        let refusal = "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'duet.shards' in \
                       vhost '/': received '8 shards' but current is '4 shards'";
        assert_eq!(shards_in(refusal).as_deref(), Some("4 shards"));
        let typed = "received the value '8 shards' of type 'longstr' but current is the value '4 shards'";
        assert_eq!(shards_in(typed).as_deref(), Some("4 shards"));
        assert_eq!(shards_in("something else"), None);
    }
}
