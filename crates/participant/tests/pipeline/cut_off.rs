//! A bus that is away when the participant is to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Consumer, Delivery, Layer, Layered, Message, Origin, Publisher, Settlement};
use store::Read;
use tokio::time::Instant;

use crate::world::World;

/// A bus that delivers, and takes nothing for as long as it is away.
#[derive(Clone, Default)]
struct Plug {
    is_pulled: Arc<AtomicBool>,
    refused: Arc<AtomicU32>,
}

impl Plug {
    /// Between a world's participant and its bus.
    fn of(world: &mut World) -> Self {
        let plug = Self::default();
        world.bus = Arc::new(Layered::new(Arc::clone(&world.bus), plug.clone()));
        plug
    }

    fn pull(&self, is_pulled: bool) {
        self.is_pulled.store(is_pulled, Ordering::Relaxed);
    }

    fn takes(&self) -> Result<(), BusError> {
        if self.is_pulled.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(BusError::Unavailable("the plug was pulled".into()));
        }
        Ok(())
    }

    async fn has_refused(&self, count: u32) {
        while self.refused.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Layer for Plug {
    fn publisher(&self, inner: Arc<dyn Publisher>, _: Origin) -> Arc<dyn Publisher> {
        Arc::new(Plugged { inner, plug: self.clone() })
    }

    fn consumer(&self, inner: Arc<dyn Consumer>, _: &str) -> Arc<dyn Consumer> {
        Arc::new(Plugged { inner, plug: self.clone() })
    }
}

struct Plugged<T: ?Sized> {
    plug: Plug,
    inner: Arc<T>,
}

#[async_trait]
impl Publisher for Plugged<dyn Publisher> {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        self.plug.takes()?;
        self.inner.publish(messages).await
    }
}

#[async_trait]
impl Consumer for Plugged<dyn Consumer> {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        self.inner.receive(max).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        self.plug.takes()?;
        self.inner.settle(settlements).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_does_not_take_at_the_end_is_left_to_the_next_life_in_its_order() {
    let mut world = World::new().await;
    let plug = Plug::of(&mut world);
    plug.pull(true);
    let running = world.start();
    for n in 0..20 {
        world.send(&format!("m{n}"), "k", &format!("text{n}")).await;
    }
    // Batches of eight: one is in the bus's way, and the next is decided and waits behind it.
    plug.has_refused(3).await;
    while world.texts("k").await.len() < 16 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let begin = Instant::now();
    running.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(1), "nothing to wait for: {:?}", begin.elapsed());
    assert_eq!(world.store.stats().await.unwrap().outbox_rows, 2);

    plug.pull(false);
    let running = world.start();
    for n in 0..20 {
        world.hears(&format!("text{n}")).await;
    }
    running.stop().await;
    assert!(world.is_at_rest().await, "{:?}", world.store.stats().await);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_goes_away_before_the_last_delivery_is_settled_holds_up_no_end() {
    let mut world = World::new().await;
    let plug = Plug::of(&mut world);
    let running = world.start();
    plug.pull(true);
    world.send("m1", "k", "sleep well").await;
    plug.has_refused(1).await;
    let begin = Instant::now();
    running.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(1), "nothing to wait for: {:?}", begin.elapsed());
    assert!(!world.is_at_rest().await, "it was not settled");

    plug.pull(false);
    let running = world.start();
    world.send("m2", "k", "awake").await;
    world.hears("awake").await;
    running.stop().await;
    assert_eq!(world.texts("k").await, ["sleep well", "awake"]);
    assert!(world.is_at_rest().await);
}
