//! Publishing to every group that subscribes.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bus::{BusError, Message, Publisher, Topic};
use lapin::types::ShortString;

use crate::outlet::{Outgoing, Outlet, SendError};
use crate::shared::Shared;
use crate::topology::{QUEUE_MESSAGES_MAX, declare_known};
use crate::wire;

pub(crate) struct RabbitPublisher {
    shared: Arc<Shared>,
    exchange: ShortString,
    outlet: Outlet,
}

impl RabbitPublisher {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let exchange = shared.names.messages();
        let outlet = Outlet::new(Arc::clone(&shared.publishing), shared.options.confirm_timeout);
        Self { shared, exchange, outlet }
    }

    fn outgoing(&self, message: &Message, expected: &BTreeSet<Topic>) -> Result<Outgoing, BusError> {
        let names = &self.shared.names;
        Ok(Outgoing {
            exchange: self.exchange.clone(),
            routing_key: names.routing_key(&message.topic, names.shard_of(&message.key))?,
            properties: wire::properties(message),
            body: message.body.clone(),
            // To what nobody subscribes, there need be no queue.
            mandatory: expected.contains(&message.topic),
        })
    }
}

#[async_trait]
impl Publisher for RabbitPublisher {
    /// All messages are sent before the first confirm is waited for (in calls of up to 4,096 messages and 8 MiB), and
    /// calls side by side share a channel. After an error some of a message's groups may have it.
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        if messages.is_empty() {
            return Ok(());
        }
        let frame_bytes_max = self.shared.publishing.session()?.frame_bytes_max();
        messages.iter().try_for_each(|message| wire::check(message, frame_bytes_max))?;
        let expected = self.shared.known.topics();
        let outgoing = messages.iter().map(|message| self.outgoing(message, &expected));
        // It may be a broker that has lost everything, or a part. What then reaches no queue comes back; what reaches one
        // group's and not another's does not.
        let prepare = |channel| async move {
            let _turn = self.shared.turn("declare the groups again").await?;
            declare_known(&self.shared, &channel).await
        };
        self.outlet.send(outgoing, prepare).await.map_err(|error| match error {
            SendError::Bus(error) => error,
            SendError::Refused => BusError::Unavailable(format!(
                "RabbitMQ refused a message: a queue that it goes to is full ({QUEUE_MESSAGES_MAX} messages)"
            )),
        })
    }
}
