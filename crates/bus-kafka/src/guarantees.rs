//! What the running cluster guarantees: asked of it, not assumed.

use bus::{BusError, Durability, Guarantees};
use rdkafka::admin::{AdminOptions, ResourceSpecifier};
use rdkafka::metadata::MetadataBroker;

use crate::error::bus_error;
use crate::names::Names;
use crate::options::KafkaOptions;
use crate::outlet::Outlet;
use crate::topics::{ADMIN_TIMEOUT, Catalogue, FLUSH};

const IN_SYNC: &str = "min.insync.replicas";

/// What there is of the namespace on the cluster.
#[derive(Debug, Default, PartialEq, Eq)]
struct Present {
    topics: Vec<String>,
    partitions_max: usize,
    replicas_min: Option<u32>,
    broker: Option<i32>,
}

/// What the topics, or the broker where there is none yet, are set to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Settings {
    flushes: bool,
    in_sync_min: Option<u32>,
    replicas: Option<u32>,
}

/// Asks the cluster.
pub(crate) async fn ask(
    options: &KafkaOptions,
    names: &Names,
    topics: &Catalogue,
    outlet: &std::sync::Arc<Outlet>,
) -> Result<Guarantees, BusError> {
    let present = present(names, outlet).await?;
    let settings = if !topics.creates() {
        Settings::default()
    } else if present.topics.is_empty() {
        of_broker(options, topics, present.broker).await?
    } else {
        of_topics(topics, &present.topics).await?
    };
    let version = crate::version::ask(options).await;
    Ok(describe(options, &present, &settings, version.as_deref()))
}

fn describe(
    options: &KafkaOptions,
    present: &Present,
    settings: &Settings,
    version: Option<&str>,
) -> Guarantees {
    let durability = if settings.flushes { Durability::Power } else { Durability::Kill };
    let partitions = if present.topics.is_empty() {
        options.partitions.unsigned_abs() as usize
    } else {
        present.partitions_max
    };
    let asked = u32::try_from(options.replication).ok();
    let replicas = present.replicas_min.or(asked).or(settings.replicas).unwrap_or(1);
    let in_sync = settings.in_sync_min.unwrap_or(1).min(replicas);
    let place = if settings.flushes { "flushed to disk" } else { "in the page cache" };
    Guarantees {
        product: version
            .map_or_else(|| "Apache Kafka".to_owned(), |version| format!("Apache Kafka {version}")),
        kept_in: format!("{partitions} partitions a stream, for {} h", options.retention.as_secs() / 3600),
        confirmed: format!(
            "once all in-sync replicas (at least {in_sync}) have it {place}; what fails is published again"
        ),
        settled: "once all before it in its partition are, by a committed offset".to_owned(),
        replicas,
        durability,
    }
}

async fn present(names: &Names, outlet: &std::sync::Arc<Outlet>) -> Result<Present, BusError> {
    let (names, outlet) = (names.clone(), std::sync::Arc::clone(outlet));
    crate::blocking::blocking(ADMIN_TIMEOUT, move || {
        let metadata = outlet.with_client(|client| client.fetch_metadata(None, ADMIN_TIMEOUT));
        let metadata = metadata.ok_or(BusError::Closed)?;
        let metadata = metadata.map_err(|error| bus_error("asking for the topics", &error))?;
        let mut present =
            Present { broker: metadata.brokers().first().map(MetadataBroker::id), ..Present::default() };
        for topic in
            metadata.topics().iter().filter(|topic| names.owns(topic.name()) && topic.error().is_none())
        {
            present.topics.push(topic.name().to_owned());
            present.partitions_max = present.partitions_max.max(topic.partitions().len());
            let replicas =
                topic.partitions().iter().filter_map(|p| u32::try_from(p.replicas().len()).ok()).min();
            present.replicas_min = present.replicas_min.into_iter().chain(replicas).min();
        }
        Ok(present)
    })
    .await
}

/// The weakest of what the topics are set to.
async fn of_topics(topics: &Catalogue, names: &[String]) -> Result<Settings, BusError> {
    let admin = topics.admin()?;
    let flush = admin.setting(names, FLUSH).await?;
    let in_sync = admin.setting(names, IN_SYNC).await?;
    Ok(Settings {
        flushes: flush.iter().all(|(_, value)| value.as_deref() == Some("1")),
        in_sync_min: in_sync.iter().filter_map(|(_, value)| value.as_ref()?.parse().ok()).min(),
        replicas: None,
    })
}

/// What topics would be set to if they were made now.
async fn of_broker(
    options: &KafkaOptions,
    topics: &Catalogue,
    broker: Option<i32>,
) -> Result<Settings, BusError> {
    let Some(broker) = broker else { return Ok(Settings::default()) };
    let admin = topics.admin()?;
    let asking = AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT));
    let described = admin.client()?.describe_configs(&[ResourceSpecifier::Broker(broker)], &asking).await;
    let described = described.map_err(|error| bus_error("asking for a broker's settings", &error))?;
    let Some(Ok(resource)) = described.into_iter().next() else { return Ok(Settings::default()) };
    let value = |name: &str| resource.get(name).and_then(|entry| entry.value.clone());
    let flushes = options.durability == Durability::Power
        || value("log.flush.interval.messages").as_deref() == Some("1");
    Ok(Settings {
        flushes,
        in_sync_min: value(IN_SYNC).and_then(|value| value.parse().ok()),
        replicas: value("default.replication.factor").and_then(|value| value.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> KafkaOptions {
        KafkaOptions::parse("kafka://h:1?partitions=4").unwrap()
    }

    #[test]
    fn what_the_topics_are_set_to_counts_and_not_what_was_asked_for() {
        let power = KafkaOptions { durability: Durability::Power, ..options() };
        let topics = vec!["duet.orders".to_owned()];
        let present = Present { topics, partitions_max: 12, replicas_min: Some(3), broker: Some(1) };
        let settings = Settings { flushes: false, in_sync_min: Some(2), replicas: None };
        let guarantees = describe(&power, &present, &settings, Some("4.3"));
        assert_eq!((guarantees.durability, guarantees.replicas), (Durability::Kill, 3));
        assert_eq!(guarantees.product, "Apache Kafka 4.3");
        assert!(guarantees.kept_in.starts_with("12 partitions"), "{}", guarantees.kept_in);
        assert!(
            guarantees.confirmed.contains("(at least 2) have it in the page cache"),
            "{}",
            guarantees.confirmed
        );
    }

    #[test]
    fn without_topics_it_is_what_they_would_be() {
        let settings = Settings { flushes: true, in_sync_min: Some(1), replicas: Some(2) };
        let guarantees = describe(&options(), &Present::default(), &settings, None);
        assert_eq!((guarantees.durability, guarantees.replicas), (Durability::Power, 2));
        assert_eq!(guarantees.product, "Apache Kafka");
        assert!(guarantees.kept_in.starts_with("4 partitions"), "{}", guarantees.kept_in);
    }
}
