//! The message bus on Apache Kafka.
//!
//! - **Names.** Everything begins with the namespace. The stream of a topic (`orders` of `orders/placed`) is a topic of
//!   the broker, `duet.orders`; a group `billing` is the consumer group `duet.billing`, with two topics of its own:
//!   `duet.billing.dead-letters`, compacted, and `duet.billing.redrive`, through which dead letters come back. Topics are
//!   made when they are first needed, with explicit partitions, replication, retention and flushing; nothing relies on
//!   the broker to make them. Partitions that are added to them are published to within ten seconds and read within five
//!   (and a rejoin). Keys change places then: what is new of a key may come before what is still in its former partition,
//!   which who reads must tolerate, or let the topics run empty before.
//! - **Records.** Key and value are the message's key and body. The headers `duet-id` and `duet-topic` carry its id and
//!   its topic's full name; its own headers follow under their own names.
//! - **Publishing.** One producer for the whole bus, `acks=all`, five requests under way at most, none of which it repeats by
//!   itself. A call hands all its messages over and waits once, for the last confirmation; what fails for a moment it
//!   publishes again. What is not confirmed in time (`delivery_timeout_ms`) has failed; a producer that delivers nothing is
//!   replaced, whether or not its caller still waits. A call may last for two such times and five seconds: what fails for a
//!   moment at the end of the first is tried once more. While nothing is confirmed for five seconds though something waits,
//!   [`bus::Bus::takes_messages`] says so. After a failure part of a call may have been written: published
//!   again, it comes twice, and a later message may have been written before an earlier one. One key keeps its order as
//!   long as nothing fails.
//! - **Consuming.** Members of a group share out keys, not streams: whoever has a key has it in every stream (see
//!   [Sharing](#sharing)). Messages of topics that the group did not ask for are passed over. A message to be retried
//!   comes again to the same member, before what comes behind it; how often is counted by the member alone.
//! - **Settling.** The offset of a partition moves over what is settled, up to the first message that is not, and is
//!   committed within about 0.1 s, before the partition goes to another member, and when the member leaves. A member that
//!   dies leaves what it settled in the last moment, and what it settled behind an unsettled message, to be delivered
//!   again.
//! - **Groups begin at their declaration.** The first one commits the present end of every partition, and then makes the
//!   group's topic of dead letters, by which it is known from then on (with `topics=existing`: by having any offset). A
//!   known group that has no offset in a partition (added since, of a stream it did not take before, expired, of a topic
//!   deleted and made anew) or one that the partition does not have begins there with the first record there is, which a
//!   warning says; [`bus::Bus::depth`] counts from there, too. A group that does not consume for as long as messages are
//!   kept (`retention_hours`) loses the oldest. Records that were removed before they were read are told in a warning, with
//!   topic, partition and offsets, and counted (`duet_kafka_removed_unread_total`), when a group is declared and when a member
//!   comes to the gap. What is not noticed: records removed between a member's declaration and its first record of a partition;
//!   and a topic that is deleted, made anew and longer than the offset that a member has reached, by the time that it
//!   reads on. Only the topic's id would tell (leader epochs begin anew, time stamps are the senders'); librdkafka asks for it
//!   (`DescribeTopics`), rdkafka 0.39 does not.
//! - **Dead letters** are settled once the brokers have confirmed their copy. What strangers write that is no message
//!   (no key, no id, no topic, no value, not UTF-8, too large) becomes a dead letter at once, with a reason that names
//!   what is wrong, and holds up nobody.
//! - **Loss.** librdkafka reconnects by itself, at least once a second. Meanwhile publishing, settling dead letters and
//!   every question fail with [`bus::BusError::Unavailable`] in bounded time, and receiving waits. A member that is silent
//!   for longer than its session (`session_timeout_ms`) is replaced, whether it died or was only cut off; what it had
//!   not settled comes again. Dropping a consumer leaves the group at once, in the background; dropping the last
//!   handle of a bus waits up to two seconds for that. A client that cannot leave its group, because its brokers are away
//!   or librdkafka has forgotten them, is gone within half a minute nevertheless (`third_party/rdkafka/PATCH.md`).
//! - **Logs.** What librdkafka says goes to `tracing`; of each kind of line one in ten seconds, with the number of those
//!   left out.
//! - **TLS and SCRAM** need the cargo feature `tls` (OpenSSL, built from source). Without it, a URL that asks for them is
//!   refused.
//!
//! # Sharing
//!
//! A consumer group of Kafka shares out partitions, and its cooperative assignor looks at their number only: of two
//! streams it may give one member all of the first and another all of the second. So members here share out the partitions
//! of one topic, the group's own `redrive`, and whoever has partition *n* of it takes partition *n* of every stream along.
//! All streams are made with the same number of partitions and fill them by the same hash of the key (Java's), so a key has
//! one owner at a time, and every member has its part of every stream. The broker's tools show members only beside that
//! topic; lag they show for every stream.
//!
//! # What a confirmed message survives
//!
//! By default, what Kafka's own defaults give: it is in the page cache of all in-sync replicas ([`Durability::Kill`]).
//! With `durability=power` topics are made with `flush.messages=1`, so that the broker flushes each append before it
//! answers. [`bus::Bus::guarantees`] asks the cluster what really holds.
//!
//! [`Durability::Kill`]: bus::Durability::Kill
#![warn(missing_docs)]

mod blocking;
mod config;
mod consumer;
mod context;
mod dead;
mod error;
mod figures;
mod gaps;
mod graveyard;
mod guarantees;
mod inspector;
mod intake;
mod kafka_bus;
mod limit;
mod member;
mod names;
mod options;
mod outlet;
mod progress;
mod publisher;
mod rebalances;
mod record;
mod remove;
mod ring;
mod shared;
mod topics;
mod version;
mod view;
mod window;

pub use kafka_bus::KafkaBus;
pub use limit::limit;
pub use options::KafkaOptions;
