//! Somebody who publishes straight to the broker, past Duet's adapters.

use std::time::Duration;

use bus::Headers;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};

/// How long Kafka's client may try.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message, or what looks like one from afar.
#[derive(Clone)]
pub(crate) struct Stray {
    /// Where it is published; said in its attributes, too, unless it has none.
    pub(crate) topic: &'static str,
    pub(crate) attributes: Option<Attributes>,
    pub(crate) body: Vec<u8>,
}

/// What goes with a message's body.
#[derive(Clone)]
pub(crate) struct Attributes {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) headers: Headers,
}

/// A connection of one's own.
pub(crate) enum Stranger {
    Rabbitmq { namespace: String, channel: Channel, _connection: Box<Connection> },
    Kafka { namespace: String, producer: FutureProducer },
}

impl Stranger {
    /// To the broker at `url`, for the topics in `namespace`.
    pub(crate) async fn connect(url: &str, namespace: &str) -> Self {
        let namespace = namespace.to_owned();
        if let Some(servers) = url.strip_prefix("kafka://") {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", servers).set("message.max.bytes", "5000000");
            return Self::Kafka { namespace, producer: config.create().unwrap() };
        }
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self::Rabbitmq { namespace, channel, _connection: Box::new(connection) }
    }

    /// The largest body that Duet takes from this broker, in bytes; the broker itself takes more.
    pub(crate) fn body_bytes_max(&self) -> usize {
        match self {
            Self::Rabbitmq { .. } => 1024 * 1024,
            Self::Kafka { .. } => 900 * 1024,
        }
    }

    /// Publishes, and waits until the broker has it.
    pub(crate) async fn publish(&self, stray: &Stray) {
        match self {
            Self::Rabbitmq { namespace, channel, .. } => {
                // Whatever the shard: each has this one.
                let routing_key = format!("{}.0", stray.topic);
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let exchange = format!("{namespace}.messages");
                let published = channel.basic_publish(
                    exchange.into(),
                    routing_key.into(),
                    options,
                    &stray.body,
                    properties(stray),
                );
                let confirmed = published.await.unwrap().await.unwrap();
                assert!(matches!(confirmed, Confirmation::Ack(None)), "{confirmed:?}");
            }
            Self::Kafka { namespace, producer } => {
                let stream = stray.topic.split('/').next().unwrap();
                let topic = format!("{namespace}.{stream}");
                let record = FutureRecord::<str, _>::to(&topic).payload(&stray.body);
                let record = match &stray.attributes {
                    Some(attributes) => record.key(attributes.key.as_str()).headers(headers(stray)),
                    None => record,
                };
                producer.send(record, PATIENCE).await.unwrap();
            }
        }
    }
}

fn properties(stray: &Stray) -> BasicProperties {
    let Some(Attributes { id, key, headers }) = &stray.attributes else { return BasicProperties::default() };
    let text = |value: &str| AMQPValue::LongString(value.into());
    let mut table = FieldTable::default();
    table.insert("duet-key".into(), text(key));
    for (name, value) in headers.iter() {
        table.insert(name.into(), text(value));
    }
    BasicProperties::default()
        .with_message_id(id.as_str().into())
        .with_type(stray.topic.into())
        .with_headers(table)
}

fn headers(stray: &Stray) -> OwnedHeaders {
    let Some(Attributes { id, headers, .. }) = &stray.attributes else { return OwnedHeaders::new() };
    let mut all = OwnedHeaders::new()
        .insert(Header { key: "duet-id", value: Some(id) })
        .insert(Header { key: "duet-topic", value: Some(stray.topic) });
    for (name, value) in headers.iter() {
        all = all.insert(Header { key: name, value: Some(value) });
    }
    all
}
