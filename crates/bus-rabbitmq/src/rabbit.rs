//! The bus.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Depth, Durability, Guarantees, Origin, Publisher,
    Subscription,
};
use lapin::Channel;
use tokio::time::timeout;

use crate::consumer::{DELIVERY_LIMIT, RabbitConsumer};
use crate::link::Link;
use crate::publisher::RabbitPublisher;
use crate::shared::Shared;
use crate::wire::MESSAGE_BYTES_MAX;
use crate::{RabbitOptions, dead, keeper, member, queues, topology, version};

/// A RabbitMQ broker as a bus; see the crate's documentation. A clone is another handle on the same connections.
#[derive(Clone)]
pub struct RabbitBus {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for RabbitBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitBus").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl RabbitBus {
    /// Connects: one attempt, bounded by the options' time-out. The connections are kept up from then on, by the
    /// runtime that this is called on.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when the broker cannot be reached now; [`BusError::Protocol`] when trying again is of
    /// no use: it refuses user, password or virtual host, TLS does not come about, or the namespace was declared with
    /// another number of shards.
    pub async fn connect(options: RabbitOptions) -> Result<Self, BusError> {
        options.check().map_err(|invalid| BusError::Protocol(invalid.to_string()))?;
        let patience = options.connect_timeout;
        let place = options.to_string();
        let connecting = async {
            let publishing = Link::open(&options, "publishing").await?;
            let consuming = Link::open(&options, "consuming").await?;
            let shared = Shared::new(options, publishing, consuming);
            let channel = shared.consuming.session()?.channel().await?;
            topology::check_shards(&channel, &shared.names).await?;
            topology::declare_exchanges(&channel, &shared.names).await?;
            let shared = Arc::new(shared);
            shared.runtime.spawn(keeper::keep(Arc::downgrade(&shared)));
            Ok(Self { shared })
        };
        timeout(patience, connecting).await.unwrap_or_else(|_| {
            Err(BusError::Unavailable(format!("{place}: not ready within {} ms", patience.as_millis())))
        })
    }

    async fn ready(&self, group: &str) -> Result<Option<u64>, BusError> {
        let names = &self.shared.names;
        let channel: Channel = self.shared.consuming.session()?.channel().await?;
        let mut all = 0;
        for shard in 0..names.shards() {
            match queues::ready(&channel, &names.queue(group, shard)).await? {
                Some(ready) => all += u64::from(ready),
                None => return Ok(None),
            }
        }
        Ok(Some(all))
    }
}

#[async_trait]
impl Bus for RabbitBus {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durability: Durability::Power,
            individual_retry: true,
            delivery_limit: Some(DELIVERY_LIMIT),
            message_bytes_max: MESSAGE_BYTES_MAX,
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        topology::declare_group(&self.shared, subscription).await.map(drop)
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let inbound = member::start(&self.shared, subscription).await?;
        Ok(Arc::new(RabbitConsumer::new(Arc::clone(&self.shared), inbound)))
    }

    /// The origin makes no difference: the queues lie on disk, and hold a million messages a shard.
    async fn publisher(&self, _origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        Ok(Arc::new(RabbitPublisher::new(Arc::clone(&self.shared))))
    }

    /// Of the unsettled deliveries it knows those of the consumers of this bus (and its clones) only: AMQP tells no
    /// one of others'.
    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        self.shared.names.check_group(group)?;
        let Some(ready) = self.ready(group).await? else { return Ok(None) };
        let channel = self.shared.consuming.session()?.channel().await?;
        let dead = queues::ready(&channel, &self.shared.names.dead(group)).await?.unwrap_or(0);
        let unsettled = self.shared.unsettled(group) as u64;
        Ok(Some(Depth { ready, unsettled, dead: dead.into() }))
    }

    /// Letters behind the first 10,000 are not listed.
    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        dead::list(&self.shared, group, limit).await
    }

    /// Cheap for the oldest letter; for another one all (of the first 10,000) are read.
    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        dead::redrive(&self.shared, group, message_id).await
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        let options = &self.shared.options;
        Ok(Guarantees {
            product: version::product(options).await?,
            kept_in: format!("quorum queues, {} shards a group", options.shards),
            confirmed: "written and flushed by a majority of the replicas (publisher confirms)".to_owned(),
            settled: "acknowledged by the consumer".to_owned(),
            replicas: options.replicas.into(),
            durability: Durability::Power,
        })
    }

    /// Known within two seconds of an alarm where a consumer receives: only who publishes is told, and members say hello.
    async fn takes_messages(&self) -> Result<(), BusError> {
        self.shared.publishing.session()?.takes_messages()?;
        self.shared.known.is_declared(self.shared.consuming.session()?.number)
    }

    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        topology::remove(&self.shared, groups).await
    }
}
