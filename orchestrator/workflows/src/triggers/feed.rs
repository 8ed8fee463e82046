//! The bus, as the participant of executions sees it: what comes is what rules start.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Delivery, Depth, Figure, Guarantees, Origin,
    Publisher, Settlement, Subscription,
};
use participant::Millis;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::begins::Begins;
use super::book::patiently;
use super::intake::Intake;
use super::pump::{Pump, Received};
use super::settling::Settling;
use super::spec::Draft;
use super::standing::Standing;
use super::streams::Streams;

/// A bus whose subscription follows the rules, whatever topics it is asked for.
pub(crate) struct Feed {
    bus: Arc<dyn Bus>,
    intake: Arc<Intake>,
    standing: Arc<Standing>,
    /// What it gives of a stream that a group has not read.
    streams: Streams,
    /// What is to be put into the store before anything is received, and when that was read.
    drafts: Vec<Draft>,
    now: Millis,
}

impl Feed {
    pub(crate) fn new(bus: Arc<dyn Bus>, intake: Arc<Intake>, standing: Arc<Standing>) -> Self {
        Self { bus, intake, standing, streams: Streams::FromNow, drafts: Vec::new(), now: 0 }
    }

    /// On a bus that gives that of a stream which a group has not read.
    pub(crate) fn with_streams(self, streams: Streams) -> Self {
        Self { streams, ..self }
    }

    /// With rules that have to be there from the beginning.
    pub(crate) fn with_rules(self, drafts: Vec<Draft>, now: Millis) -> Self {
        Self { drafts, now, ..self }
    }

    async fn put_drafts(&self, group: &str) -> Result<(), BusError> {
        if self.drafts.is_empty() {
            return Ok(());
        }
        let unreadable = |error| BusError::Unavailable(format!("the rules cannot be read: {error}"));
        let before = patiently(|| self.intake.book.known()).await.map_err(unreadable)?;
        let is_there = self.streams.asks_for_the_group(&before) && self.bus.depth(group).await?.is_some();
        // A group whose rules were all in a store that is lost goes on where it was: that is what the file is for.
        let goes_on = before.streams().is_empty();
        for draft in self.drafts.iter().filter(|draft| !goes_on || draft.begins() == Begins::Beginning) {
            if let Err(wrong) = self.streams.check(draft, &before, is_there) {
                return Err(BusError::Protocol(format!("rule {}: {wrong}", draft.name())));
            }
        }
        for draft in &self.drafts {
            let book = &self.intake.book;
            let put = patiently(|| draft.put(&**book.store(), self.now)).await;
            let put =
                put.map_err(|error| BusError::Unavailable(format!("the rules cannot be kept: {error}")))?;
            if let Err(reason) = put {
                return Err(BusError::Protocol(format!("rule {}: {reason}", draft.name())));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Bus for Feed {
    fn capabilities(&self) -> Capabilities {
        self.bus.capabilities()
    }

    async fn declare(&self, _: &Subscription) -> Result<(), BusError> {
        Ok(())
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        self.put_drafts(&subscription.group).await?;
        let (settling, epoch) = (Arc::<Settling>::default(), Arc::<AtomicU64>::default());
        let mut pump = Pump {
            bus: Arc::clone(&self.bus),
            group: subscription.group.clone(),
            unsettled_max: subscription.unsettled_max,
            intake: Arc::clone(&self.intake),
            standing: Arc::clone(&self.standing),
            settling: Arc::clone(&settling),
            epoch: Arc::clone(&epoch),
            current: None,
        };
        pump.follow().await?;
        // One batch ahead: more would only wait unsettled.
        let (out, received) = mpsc::channel(1);
        let pumping = tokio::spawn(pump.run(out));
        let inbox = Mutex::new(Inbox { received, ready: VecDeque::new() });
        Ok(Arc::new(Fed { inbox, settling, epoch, pumping }))
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        self.bus.publisher(origin).await
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

/// A consumer of what rules start.
struct Fed {
    inbox: Mutex<Inbox>,
    settling: Arc<Settling>,
    epoch: Arc<AtomicU64>,
    pumping: JoinHandle<()>,
}

struct Inbox {
    received: mpsc::Receiver<Received>,
    ready: VecDeque<Delivery>,
}

impl Drop for Fed {
    fn drop(&mut self) {
        self.pumping.abort();
    }
}

#[async_trait]
impl Consumer for Fed {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let mut inbox = self.inbox.lock().await;
        if inbox.ready.is_empty() {
            // A dropped call has taken nothing.
            let received = inbox.received.recv().await.ok_or(BusError::Closed)??;
            inbox.ready.extend(received);
        }
        let count = inbox.ready.len().min(max.max(1));
        Ok(inbox.ready.drain(..count).collect())
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        self.settling.settle(settlements).await
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}
