//! The bus's publisher.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Message, Publisher};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep};

use crate::config::{ATTRIBUTES_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::error::bus_error;
use crate::names::Names;
use crate::outlet::{Outgoing, Outlet};
use crate::record::headers_of;
use crate::topics::{Catalogue, Kind};

/// The pause before what failed for a moment is tried again.
const AGAIN_PAUSE: Duration = Duration::from_millis(20);
/// Streams whose topics a publisher remembers.
const STREAMS_MAX: usize = 1000;

pub(crate) struct KafkaPublisher {
    outlet: Arc<Outlet>,
    topics: Arc<Catalogue>,
    names: Names,
    /// The topics of streams that were published to before.
    known: Mutex<Vec<(String, Arc<str>)>>,
    /// Overlapping calls hand their messages over one after the other.
    turn: tokio::sync::Mutex<()>,
}

impl KafkaPublisher {
    pub(crate) fn new(outlet: Arc<Outlet>, topics: Arc<Catalogue>, names: Names) -> Self {
        Self { outlet, topics, names, known: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The topics of the messages' streams, each of which is there.
    async fn resolve<'a>(&self, messages: &'a [Message]) -> Result<Vec<(&'a str, Arc<str>)>, BusError> {
        let mut resolved: Vec<(&str, Arc<str>)> = Vec::new();
        let mut missing = Vec::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for message in messages {
                let stream = message.topic.stream();
                if resolved.iter().any(|(found, _)| *found == stream) {
                    continue;
                }
                let topic = match known.iter().find(|(name, _)| name == stream) {
                    Some((_, topic)) => Arc::clone(topic),
                    None => {
                        let topic: Arc<str> = self.names.stream(stream)?.into();
                        missing.push((stream.to_owned(), Arc::clone(&topic)));
                        topic
                    }
                };
                resolved.push((stream, topic));
            }
        }
        if !missing.is_empty() {
            let topics: Vec<_> = missing.iter().map(|(_, topic)| (topic.to_string(), Kind::Stream)).collect();
            self.topics.ensure(&topics).await?;
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.truncate(STREAMS_MAX.saturating_sub(missing.len()));
            known.extend(missing);
        }
        Ok(resolved)
    }

    fn forget(&self, topics: &[(&str, Arc<str>)]) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.topics.forget(topics.iter().map(|(_, topic)| topic));
    }
}

#[async_trait]
impl Publisher for KafkaPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        messages.iter().try_for_each(check_size)?;
        if messages.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + self.outlet.patience();
        loop {
            let Err(error) = self.attempt(messages).await? else { return Ok(()) };
            if !passes_soon(&error) || Instant::now() + AGAIN_PAUSE >= deadline {
                return Err(bus_error("publishing", &error));
            }
            sleep(AGAIN_PAUSE).await;
        }
    }
}

impl KafkaPublisher {
    /// Publishes once. The inner error is of the brokers.
    async fn attempt(&self, messages: &[Message]) -> Result<Result<(), KafkaError>, BusError> {
        // First come, first served: taking one's turn must not be put off, or a later call could be faster.
        let turn = unconstrained(self.turn.lock()).await;
        let topics = self.resolve(messages).await?;
        let topic_of =
            |stream: &str| topics.iter().find(|(name, _)| *name == stream).map_or("", |(_, topic)| topic);
        let records = messages.iter().map(|message| Outgoing {
            topic: topic_of(message.topic.stream()),
            partition: None,
            key: message.key.as_bytes(),
            value: Some(&message.body),
            headers: headers_of(message),
        });
        let sending = self.outlet.enqueue(records).await;
        drop(turn);
        let confirmed = self.outlet.confirmed(sending).await;
        if confirmed.as_ref().is_err_and(may_be_about_topic) {
            // Somebody may have deleted it: the next call makes sure.
            self.forget(&topics);
        }
        Ok(confirmed)
    }
}

/// What is over within moments, and no reason to tell anybody that the bus is away: a topic that was just made and that
/// its leader does not know yet, a leader that moved, a connection that was closed.
fn passes_soon(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopicId
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::FencedLeaderEpoch
                | RDKafkaErrorCode::UnknownLeaderEpoch
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::NetworkException
        )
    )
}

fn may_be_about_topic(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopicId
                // Also what becomes of records for a topic that is not there.
                | RDKafkaErrorCode::MessageTimedOut
        )
    )
}

fn check_size(message: &Message) -> Result<(), BusError> {
    let body = message.body.len();
    let attributes = message.bytes() - body;
    for (bytes, limit) in [(body, MESSAGE_BYTES_MAX), (attributes, ATTRIBUTES_BYTES_MAX)] {
        if bytes > limit {
            return Err(BusError::TooLarge { id: message.id.clone(), bytes, limit });
        }
    }
    message.check_headers()
}
