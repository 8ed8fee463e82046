//! What a bus and everything made by it have in common.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bus::BusError;
use bytes::Bytes;
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel};
use tokio::runtime::Handle;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep, timeout};

use crate::RabbitOptions;
use crate::error::{REQUEST_TIMEOUT, answer, is_locked, late, refused};
use crate::inbound::Inbound;
use crate::known::Known;
use crate::link::{Link, Session};
use crate::names::Names;
use crate::outlet::{Outgoing, Outlet, SendError};
use crate::wire::{self, DEAD_PREFIX};

/// How long a group's administration by somebody else is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);
/// How often it is tried.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// The longest reason of a dead letter as a share of a frame: it travels in the same header as the attributes.
const REASON_SHARE: usize = 8;

/// Why a message is a dead letter, in headers of the dead letter.
pub(crate) const REASON: &str = "duet-dead-reason";
pub(crate) const ATTEMPTS: &str = "duet-dead-attempts";
pub(crate) const ORIGIN: &str = "duet-dead-origin";

/// Two connections and what is known of the broker. Messages go through one connection and come through the other,
/// because a broker that is short of memory or disk reads nothing from a connection that publishes: acknowledgements
/// would be stuck there, and so would the way out.
pub(crate) struct Shared {
    pub(crate) options: RabbitOptions,
    pub(crate) names: Names,
    pub(crate) publishing: Arc<Link>,
    pub(crate) consuming: Arc<Link>,
    /// Where background work runs: the runtime that the connections live on.
    pub(crate) runtime: Handle,
    /// One administrative task at a time: the lock at the broker tells connections apart, not tasks.
    administration: tokio::sync::Mutex<()>,
    /// For what goes to one queue: dead letters, and what is redriven.
    direct: Outlet,
    consumers: Mutex<Vec<Weak<Inbound>>>,
    /// What this process has declared, so that it can be declared again.
    pub(crate) known: Known,
}

impl Shared {
    pub(crate) fn new(options: RabbitOptions, publishing: Link, consuming: Link) -> Self {
        let publishing = Arc::new(publishing);
        Self {
            names: Names::new(&options.namespace, options.shards),
            direct: Outlet::new(Arc::clone(&publishing), options.confirm_timeout),
            publishing,
            consuming: Arc::new(consuming),
            runtime: Handle::current(),
            administration: tokio::sync::Mutex::new(()),
            consumers: Mutex::default(),
            known: Known::default(),
            options,
        }
    }

    /// Remembers a consumer of this process, whose deliveries count as unsettled.
    pub(crate) fn register(&self, inbound: &Arc<Inbound>) {
        let mut consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        consumers.retain(|consumer| consumer.strong_count() > 0);
        consumers.push(Arc::downgrade(inbound));
    }

    /// What this process' consumers of the group hold.
    pub(crate) fn unsettled(&self, group: &str) -> usize {
        let consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of_group = consumers.iter().filter_map(Weak::upgrade).filter(|inbound| inbound.group == group);
        of_group.map(|inbound| inbound.unsettled()).sum()
    }

    /// Waits until no other task of this process administers, and keeps them out as long as the guard lives. `doing` says
    /// what for, should that take too long.
    pub(crate) async fn turn(&self, doing: &str) -> Result<MutexGuard<'_, ()>, BusError> {
        let waited = timeout(LOCK_PATIENCE, self.administration.lock()).await;
        waited.map_err(|_| BusError::Unavailable(format!("cannot {doing}: groups are being administered")))
    }

    /// Does administrative work on a group while no other task or program does.
    pub(crate) async fn administer<T, F>(
        &self,
        group: &str,
        work: impl FnOnce(Arc<Session>, Channel) -> F,
    ) -> Result<T, BusError>
    where
        F: Future<Output = Result<T, BusError>>,
    {
        self.names.check_group(group)?;
        let _turn = self.turn("administer a group").await?;
        let session = self.consuming.session()?;
        let lock = GroupLock::take(&session, self.names.lock(group), group).await?;
        let done = match session.channel().await {
            Ok(channel) => work(Arc::clone(&session), channel).await,
            Err(error) => Err(error),
        };
        lock.release().await;
        done
    }

    /// Publishes to queues, past the exchange, and waits for the confirms. A queue that is not there is an error.
    pub(crate) async fn send_to_queues(
        &self,
        messages: impl Iterator<Item = (ShortString, BasicProperties, &[u8])> + Send,
    ) -> Result<(), SendError> {
        let outgoing = messages.map(|(routing_key, properties, body)| {
            let (exchange, body) = (ShortString::default(), Bytes::copy_from_slice(body));
            Ok(Outgoing { exchange, routing_key, properties, body, mandatory: true })
        });
        self.direct.send(outgoing, |_| async { Ok(()) }).await
    }

    /// The properties of a dead letter.
    pub(crate) fn dead_properties(
        &self,
        properties: BasicProperties,
        reason: &str,
        attempts: u32,
        origin: Option<&str>,
    ) -> BasicProperties {
        let frame_bytes_max =
            self.publishing.session().map_or(usize::MAX, |session| session.frame_bytes_max());
        let reason = cut(reason, (frame_bytes_max / REASON_SHARE).min(64 * 1024));
        let mut table = properties.headers().clone().unwrap_or_default();
        table.insert(REASON.into(), wire::text(reason));
        table.insert(ATTEMPTS.into(), AMQPValue::LongLongInt(attempts.into()));
        if let Some(origin) = origin {
            table.insert(ORIGIN.into(), wire::text(origin));
        }
        debug_assert!(table.into_iter().any(|(name, _)| name.as_str().starts_with(DEAD_PREFIX)));
        properties.with_headers(table)
    }
}

/// The longest beginning of a text that has at most so many bytes.
fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

fn busy(group: &str) -> BusError {
    BusError::Unavailable(format!("somebody else is administering group {group}"))
}

/// An exclusive queue that stands for the right to administer a group. It goes with its connection, whatever happens
/// to the program.
struct GroupLock {
    channel: Channel,
    queue: ShortString,
}

impl GroupLock {
    async fn take(session: &Session, queue: ShortString, group: &str) -> Result<Self, BusError> {
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            let channel = session.channel().await?;
            let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
            let declared = channel.queue_declare(queue.clone(), options, FieldTable::default());
            match timeout(REQUEST_TIMEOUT, declared).await {
                Ok(Ok(_)) => return Ok(Self { channel, queue }),
                Ok(Err(error)) if is_locked(&error) && Instant::now() < deadline => sleep(LOCK_PAUSE).await,
                Ok(Err(error)) if is_locked(&error) => return Err(busy(group)),
                Ok(Err(error)) => return Err(refused("administer a group", &error)),
                Err(_) => return Err(late("administer a group")),
            }
        }
    }

    async fn release(self) {
        let deleted = self.channel.queue_delete(self.queue, QueueDeleteOptions::default());
        if let Err(error) = answer("end the administration of a group", deleted).await {
            // It ends with the connection.
            tracing::debug!(%error, "a group's lock stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("aß✗", 2), "a");
        assert_eq!(cut("aß✗", 3), "aß");
        assert_eq!(cut("✗", 1), "");
    }
}
