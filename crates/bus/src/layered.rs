//! Something around the publishers and consumers of any bus: counting, tracing, a fault.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Depth, Figure, Guarantees, Origin, Publisher,
    Subscription,
};

/// What is put around publishers and consumers. Neither has to be: what is not changed is used as it is.
pub trait Layer: Send + Sync + 'static {
    /// Around a publisher.
    fn publisher(&self, publisher: Arc<dyn Publisher>, origin: Origin) -> Arc<dyn Publisher> {
        let _ = origin;
        publisher
    }

    /// Around a group's consumer.
    fn consumer(&self, consumer: Arc<dyn Consumer>, group: &str) -> Arc<dyn Consumer> {
        let _ = group;
        consumer
    }
}

/// A bus with a layer around its publishers and consumers. Everything else passes through.
#[derive(Clone)]
pub struct Layered<L> {
    bus: Arc<dyn Bus>,
    layer: L,
}

impl<L: Layer> Layered<L> {
    /// This bus with that layer around it.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, layer: L) -> Self {
        Self { bus, layer }
    }

    /// What stands around the bus.
    #[must_use]
    pub fn layer(&self) -> &L {
        &self.layer
    }
}

#[async_trait]
impl<L: Layer> Bus for Layered<L> {
    fn capabilities(&self) -> Capabilities {
        self.bus.capabilities()
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.bus.declare(subscription).await
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        let consumer = self.bus.subscribe(subscription).await?;
        Ok(self.layer.consumer(consumer, &subscription.group))
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        Ok(self.layer.publisher(self.bus.publisher(origin).await?, origin))
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        self.bus.depth(group).await
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.bus.dead_letters(group, limit).await
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        self.bus.redrive(group, message_id).await
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        self.bus.guarantees().await
    }

    async fn takes_messages(&self) -> Result<(), BusError> {
        self.bus.takes_messages().await
    }

    fn figures(&self) -> Vec<Figure> {
        self.bus.figures()
    }

    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        self.bus.remove(groups).await
    }
}
