//! Topics on the brokers: made when they are first needed, with explicit settings.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{BusError, Durability};
use rdkafka::admin::{
    AdminClient, AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use tokio::time::{Instant, sleep};

use crate::config::{self, GROUP_BATCH_BYTES_MAX, STREAM_BATCH_BYTES_MAX};
use crate::context::{Context, Report};
use crate::error::{bus_error, code_error};
use crate::options::{KafkaOptions, Topics};
use crate::outlet::drop_elsewhere;

/// How long the brokers may take for one administrative request.
pub(crate) const ADMIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the brokers may take to know the settings of a topic that they know already.
const SETTINGS_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause until topics' settings are looked at again.
const SETTINGS_PAUSE: Duration = Duration::from_millis(200);
/// The setting that makes a broker flush a topic's log after so many records.
pub(crate) const FLUSH: &str = "flush.messages";

/// What a topic is for, which decides how it is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Keeps a stream's messages, in partitions by key.
    Stream,
    /// Brings a group's dead letters back to it, in partitions by key. It is also what the group's members share out.
    Redrive,
    /// Keeps a group's dead letters, one of each message, for ever.
    DeadLetters,
}

/// The topics known to be there.
pub(crate) struct Catalogue {
    options: KafkaOptions,
    report: Arc<Report>,
    config: ClientConfig,
    known: Mutex<BTreeSet<String>>,
    /// Counts the times that topics were made here.
    changes: Arc<AtomicU64>,
}

impl Catalogue {
    pub(crate) fn new(options: &KafkaOptions, report: Arc<Report>) -> Result<Self, BusError> {
        let config = config::admin(options)?;
        Ok(Self {
            options: options.clone(),
            report,
            config,
            known: Mutex::default(),
            changes: Arc::default(),
        })
    }

    /// A client for administrative requests. They are rare, so it lives for one of them: nothing of it is left to look
    /// after while the brokers are down.
    pub(crate) fn admin(&self) -> Result<Admin, BusError> {
        let client = self.config.create_with_context(Context(Arc::clone(&self.report)));
        client.map(|client| Admin(Some(client))).map_err(|error| bus_error("opening an admin client", &error))
    }

    /// Counts the times that topics were made here.
    pub(crate) fn changes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.changes)
    }

    /// Whether this bus makes topics, and deletes them.
    pub(crate) fn creates(&self) -> bool {
        self.options.topics == Topics::Create
    }

    /// Makes those of the topics that are missing.
    pub(crate) async fn ensure(&self, topics: &[(String, Kind)]) -> Result<(), BusError> {
        let missing: Vec<&(String, Kind)> = {
            let known = self.lock();
            topics.iter().filter(|(name, _)| !known.contains(name)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        if self.creates() {
            self.create(&missing).await?;
        }
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.lock().extend(missing.into_iter().map(|(name, _)| name.clone()));
        Ok(())
    }

    /// Looks at these topics again before they are used the next time.
    pub(crate) fn forget(&self, topics: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut known = self.lock();
        for topic in topics {
            known.remove(topic.as_ref());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn create(&self, topics: &[&(String, Kind)]) -> Result<(), BusError> {
        let admin = self.admin()?;
        let retention_ms = config::millis(self.options.retention);
        let new: Vec<NewTopic<'_>> =
            topics.iter().map(|(name, kind)| self.new_topic(name, kind, &retention_ms)).collect();
        let results = admin.client()?.create_topics(&new, &admin_options()).await;
        let mut existing = Vec::new();
        for result in results.map_err(|error| bus_error("creating topics", &error))? {
            match result {
                Ok(_) => {}
                Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => existing.push(name),
                Err((name, code)) => return Err(code_error(&format!("creating the topic {name}"), code)),
            }
        }
        if self.options.durability == Durability::Power && !existing.is_empty() {
            self.must_flush(&admin, &existing).await?;
        }
        Ok(())
    }

    fn new_topic<'a>(&self, name: &'a str, kind: &Kind, retention_ms: &'a str) -> NewTopic<'a> {
        let partitions = if *kind == Kind::DeadLetters { 1 } else { self.options.partitions };
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(self.options.replication));
        let topic = match kind {
            Kind::Stream => {
                topic.set("max.message.bytes", STREAM_BATCH_BYTES_MAX).set("retention.ms", retention_ms)
            }
            Kind::Redrive => {
                topic.set("max.message.bytes", GROUP_BATCH_BYTES_MAX).set("retention.ms", retention_ms)
            }
            Kind::DeadLetters => {
                topic.set("max.message.bytes", GROUP_BATCH_BYTES_MAX).set("cleanup.policy", "compact")
            }
        };
        if self.options.durability == Durability::Power { topic.set(FLUSH, "1") } else { topic }
    }

    /// A topic that was there before may have been made for another level.
    async fn must_flush(&self, admin: &Admin, topics: &[String]) -> Result<(), BusError> {
        match not_flushing(|| admin.setting(topics, FLUSH), SETTINGS_TIMEOUT).await? {
            None => Ok(()),
            Some(topic) => Err(BusError::Protocol(format!(
                "durability=power was asked for, but the topic {topic} is there already and does not flush what it \
                 confirms: set its {FLUSH} to 1, delete it, or use another namespace"
            ))),
        }
    }
}

/// One of the topics that does not flush, if it still does not after `patience`: another program may have made it a moment
/// ago, and a busy broker tells of a topic seconds before it tells of the settings that it was made with.
async fn not_flushing<Answer>(
    mut ask: impl FnMut() -> Answer,
    patience: Duration,
) -> Result<Option<String>, BusError>
where
    Answer: Future<Output = Result<Vec<(String, Option<String>)>, BusError>>,
{
    let began = Instant::now();
    loop {
        let topic = ask().await?.into_iter().find(|(_, flush)| flush.as_deref() != Some("1"));
        if topic.is_none() || began.elapsed() >= patience {
            return Ok(topic.map(|(name, _)| name));
        }
        sleep(SETTINGS_PAUSE).await;
    }
}

fn admin_options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ADMIN_TIMEOUT)).operation_timeout(Some(ADMIN_TIMEOUT))
}

/// A client for administrative requests.
pub(crate) struct Admin(Option<AdminClient<Context>>);

impl Drop for Admin {
    fn drop(&mut self) {
        drop_elsewhere(self.0.take());
    }
}

impl Admin {
    pub(crate) fn client(&self) -> Result<&AdminClient<Context>, BusError> {
        self.0.as_ref().ok_or(BusError::Closed)
    }

    /// What each topic's setting of that name is.
    pub(crate) async fn setting(
        &self,
        topics: &[String],
        name: &str,
    ) -> Result<Vec<(String, Option<String>)>, BusError> {
        let asked: Vec<ResourceSpecifier<'_>> =
            topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        let described = self.client()?.describe_configs(&asked, &admin_options()).await;
        let described = described.map_err(|error| bus_error("asking for topics' settings", &error))?;
        let mut values = Vec::with_capacity(topics.len());
        for resource in described {
            let resource = resource.map_err(|code| code_error("asking for topics' settings", code))?;
            if let OwnedResourceSpecifier::Topic(topic) = &resource.specifier {
                values.push((topic.clone(), resource.get(name).and_then(|entry| entry.value.clone())));
            }
        }
        Ok(values)
    }

    /// Deletes topics; those that are gone already are fine.
    pub(crate) async fn delete_topics(&self, topics: &[&str]) -> Result<(), BusError> {
        if topics.is_empty() {
            return Ok(());
        }
        let results = self.client()?.delete_topics(topics, &admin_options()).await;
        for result in results.map_err(|error| bus_error("deleting topics", &error))? {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
                Err((name, code)) => return Err(code_error(&format!("deleting the topic {name}"), code)),
            }
        }
        Ok(())
    }

    /// Deletes consumer groups and returns those that still have members; those that are gone already are fine.
    pub(crate) async fn delete_groups(&self, groups: &[&str]) -> Result<Vec<String>, BusError> {
        let mut busy = Vec::new();
        if groups.is_empty() {
            return Ok(busy);
        }
        let results = self.client()?.delete_groups(groups, &admin_options()).await;
        for result in results.map_err(|error| bus_error("deleting groups", &error))? {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound)) => {}
                Err((name, RDKafkaErrorCode::NonEmptyGroup)) => busy.push(name),
                Err((name, code)) => return Err(code_error(&format!("deleting the group {name}"), code)),
            }
        }
        Ok(busy)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn said(flush: &str) -> Result<Vec<(String, Option<String>)>, BusError> {
        Ok(vec![("first".to_owned(), Some("1".to_owned())), ("second".to_owned(), Some(flush.to_owned()))])
    }

    #[tokio::test]
    async fn a_topic_that_was_just_made_is_given_the_time_to_have_its_settings() {
        let asked = Cell::new(0);
        let late = async || {
            asked.set(asked.get() + 1);
            said(if asked.get() < 3 { "9223372036854775807" } else { "1" })
        };
        assert!(matches!(not_flushing(late, Duration::from_secs(60)).await, Ok(None)));
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn one_that_never_flushes_is_named_and_an_error_is_not_asked_again() {
        let never = async || said("9223372036854775807");
        let named = not_flushing(never, SETTINGS_PAUSE).await;
        assert!(matches!(&named, Ok(Some(topic)) if topic == "second"), "{named:?}");
        let asked = Cell::new(0);
        let broken = async || {
            asked.set(asked.get() + 1);
            Err(BusError::Closed)
        };
        assert!(not_flushing(broken, Duration::from_secs(60)).await.is_err());
        assert_eq!(asked.get(), 1);
    }
}
