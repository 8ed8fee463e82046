//! How librdkafka is set up, and why so.

use std::time::Duration;

use bus::BusError;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::figures;
use crate::options::{Compression, Credentials, KafkaOptions, Mechanism, Password, Security, Topics};

/// The largest body of a message, in bytes. With its attributes and a record's own overhead it stays below the 1 MiB
/// that a broker takes by default.
pub(crate) const MESSAGE_BYTES_MAX: usize = 900 * 1024;
/// The most that a message's id, topic, key and headers may be together, in bytes.
pub(crate) const ATTRIBUTES_BYTES_MAX: usize = 64 * 1024;
/// What topics of streams take in one batch, in bytes: Kafka's own default, said so that no broker's setting is lower.
pub(crate) const STREAM_BATCH_BYTES_MAX: &str = "1048588";
/// What topics of groups take: a dead letter is larger than the record that became one.
pub(crate) const GROUP_BATCH_BYTES_MAX: &str = "2097152";

/// How soon a member hears that another has joined or left.
const HEARTBEAT_MS: &str = "200";
/// How often settled offsets are committed.
const COMMIT_INTERVAL_MS: &str = "100";

fn client(options: &KafkaOptions) -> Result<ClientConfig, BusError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", options.brokers.join(","))
        .set("client.id", "duet")
        // Small records, each waited for: Nagle's algorithm would hold them back.
        .set("socket.nagle.disable", "true")
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", "10000")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        // How soon partitions that were added to a topic are published to.
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set("log.connection.close", "false")
        .set("enable.metrics.push", "false")
        // A topic is made on purpose, with its settings, or not at all.
        .set("allow.auto.create.topics", if options.topics == Topics::Existing { "true" } else { "false" })
        .set_log_level(RDKafkaLogLevel::Warning);
    secure(&mut config, options)?;
    Ok(config)
}

fn secure(config: &mut ClientConfig, options: &KafkaOptions) -> Result<(), BusError> {
    let protocol = match options.security {
        Security::Plaintext => "plaintext",
        Security::Ssl => "ssl",
        Security::SaslPlaintext => "sasl_plaintext",
        Security::SaslSsl => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    if options.security.has_tls() {
        match &options.ca {
            Some(path) => config.set("ssl.ca.location", path.to_string_lossy()),
            // OpenSSL is built along and does not know where this system keeps its certificates.
            None => config.set("ssl.ca.location", "probe"),
        };
        if let (Some(cert), Some(key)) = (&options.cert, &options.key) {
            config.set("ssl.certificate.location", cert.to_string_lossy());
            config.set("ssl.key.location", key.to_string_lossy());
        }
    }
    if let Some(Credentials { user, password }) = &options.credentials {
        let mechanism = match options.mechanism {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        };
        config
            .set("sasl.mechanism", mechanism)
            .set("sasl.username", user)
            .set("sasl.password", read(password)?);
    }
    Ok(())
}

/// A password's file may end with a line break that is not part of it.
fn read(password: &Password) -> Result<String, BusError> {
    match password {
        Password::Given(password) => Ok(password.clone()),
        Password::File(path) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => Err(BusError::Protocol(format!(
                "the password file {} cannot be read: {error}",
                path.display()
            ))),
        },
    }
}

/// Requests that may be under way at once.
const IN_FLIGHT_MAX: &str = "5";

/// For publishing: nothing is confirmed before all in-sync replicas have it. librdkafka's idempotent producer spins with
/// five or more messages under way in a partition, at the cost of a core; this one never repeats a request, so that it
/// does not reorder what is under way either: whoever publishes does so again, and inboxes drop what comes twice.
pub(crate) fn producer(options: &KafkaOptions) -> Result<ClientConfig, BusError> {
    let mut config = client(options)?;
    config
        .set("acks", "all")
        .set("statistics.interval.ms", figures::INTERVAL_MS)
        .set("enable.idempotence", "false")
        .set("retries", "0")
        .set("max.in.flight.requests.per.connection", IN_FLIGHT_MAX)
        // Java's partitioner, so that other programs put a key where this one does.
        .set("partitioner", "murmur2")
        .set("message.timeout.ms", millis(options.delivery_timeout))
        .set("message.max.bytes", GROUP_BATCH_BYTES_MAX)
        .set("linger.ms", options.linger_ms.to_string())
        .set("batch.size", "900000")
        .set("batch.num.messages", "10000")
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "131072")
        .set("compression.type", if options.compression == Compression::Lz4 { "lz4" } else { "none" });
    Ok(config)
}

/// For asking and changing what there is on the brokers.
pub(crate) fn admin(options: &KafkaOptions) -> Result<ClientConfig, BusError> {
    let mut config = client(options)?;
    // Nobody polls an admin client's log queue: what it would say there comes back as the answer's error.
    config.set_log_level(RDKafkaLogLevel::Emerg);
    Ok(config)
}

/// For looking at a group from outside, without joining it.
pub(crate) fn inspector(options: &KafkaOptions, group: &str) -> Result<ClientConfig, BusError> {
    let mut config = client(options)?;
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "10")
        .set("queued.max.messages.kbytes", "4096")
        .set_log_level(RDKafkaLogLevel::Emerg);
    Ok(config)
}

/// For a member of a group. Offsets are stored by hand once everything before them is settled; librdkafka commits what
/// is stored: regularly, before a partition goes to another member, and when it leaves.
pub(crate) fn member(options: &KafkaOptions, group: &str) -> Result<ClientConfig, BusError> {
    let mut config = client(options)?;
    config
        .set("group.id", group)
        .set("statistics.interval.ms", figures::INTERVAL_MS)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", millis(options.session_timeout))
        .set("heartbeat.interval.ms", HEARTBEAT_MS)
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", COMMIT_INTERVAL_MS)
        // A partition has a committed offset from the group's declaration on. Where it is lost, or was added since,
        // messages that come twice are better than messages that never come.
        .set("auto.offset.reset", "earliest")
        // Answer as soon as there is anything.
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", "100")
        // How much is fetched ahead. Each partition has a queue of its own, to which these apply.
        .set("queued.min.messages", "1000")
        .set("queued.max.messages.kbytes", "2048")
        // A full queue must not pause fetching for the default second.
        .set("fetch.queue.backoff.ms", "2")
        .set("fetch.error.backoff.ms", "50");
    Ok(config)
}

pub(crate) fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
