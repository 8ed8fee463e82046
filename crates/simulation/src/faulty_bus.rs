//! A bus that loses acknowledgements, delivers twice, late and out of order, and fails to publish, also after the
//! fact; and one that loses what it has confirmed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Delivery, Depth, Guarantees, Message, Origin, Outcome,
    Publisher, Settlement, Subscription, Token,
};
use tokio::time::{Instant, sleep_until};

use crate::chaos::Spot;

/// The longest that a delivery is held back or a lost acknowledgement goes unnoticed, in milliseconds.
const LATE_MS_MAX: u64 = 3_000;
/// Tokens of simulated second deliveries: settling them means nothing to the bus.
const DUPLICATE: u64 = 1 << 63;

pub(crate) struct FaultyBus {
    pub(crate) inner: Arc<dyn Bus>,
    pub(crate) spot: Spot,
}

#[async_trait]
impl Bus for FaultyBus {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.inner.declare(subscription).await
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        self.spot.may_crash("before", "subscribing").await;
        Ok(Arc::new(FaultyConsumer {
            inner: self.inner.subscribe(subscription).await?,
            spot: self.spot.clone(),
            later: Mutex::new(Later::default()),
        }))
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        let inner = self.inner.publisher(origin).await?;
        Ok(Arc::new(FaultyPublisher { inner, spot: self.spot.clone() }))
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        self.inner.depth(group).await
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.inner.dead_letters(group, limit).await
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        self.inner.redrive(group, message_id).await
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        self.inner.guarantees().await
    }

    async fn takes_messages(&self) -> Result<(), BusError> {
        self.inner.takes_messages().await
    }

    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        self.inner.remove(groups).await
    }
}

struct FaultyPublisher {
    inner: Arc<dyn Publisher>,
    spot: Spot,
}

#[async_trait]
impl Publisher for FaultyPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        let failed = || Err(BusError::Unavailable("simulated outage".to_owned()));
        self.spot.may_crash("before", "publish").await;
        if self.spot.chaos.strikes(|faults| faults.publish_fails) {
            self.spot.note(format_args!("publish fails"));
            return failed();
        }
        if self.spot.chaos.strikes(|faults| faults.publish_in_doubt) {
            let taken = self.spot.chaos.below(messages.len() + 1);
            self.spot.note(format_args!("publish of {} is reported as failed after {taken}", messages.len()));
            self.inner.publish(&messages[..taken]).await?;
            self.spot.may_crash("in the middle of", "publish").await;
            return failed();
        }
        for message in messages {
            self.spot.note(format_args!("publishes {} {}", message.id, message.topic));
        }
        self.inner.publish(messages).await?;
        self.spot.may_crash("after", "publish").await;
        Ok(())
    }
}

struct FaultyConsumer {
    inner: Arc<dyn Consumer>,
    spot: Spot,
    later: Mutex<Later>,
}

/// What happens later.
#[derive(Default)]
struct Later {
    deliveries: Vec<(Instant, Delivery)>,
    /// Deliveries whose acknowledgement was lost, and when the bus notices.
    lost_acks: Vec<(Instant, Token)>,
    /// Deliveries that the bus has lost: nobody will ever get them.
    lost: Vec<Token>,
    duplicates: u64,
}

/// Whether somebody has committed what the message says, and can say it again.
fn is_of_a_participant(message: &Message) -> bool {
    !message.id.starts_with("placed/")
}

impl FaultyConsumer {
    fn later(&self) -> MutexGuard<'_, Later> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn some_time(&self) -> Instant {
        Instant::now() + self.spot.chaos.millis(LATE_MS_MAX)
    }

    /// Holds some deliveries back and makes others twice.
    fn disturb(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let mut now = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            if is_of_a_participant(&delivery.message) && self.spot.chaos.strikes(|faults| faults.broker_loses)
            {
                self.spot.note(format_args!("{} is LOST", delivery.message.id));
                self.later().lost.push(delivery.token);
                continue;
            }
            if self.spot.chaos.strikes(|faults| faults.duplicate) {
                let at = self.some_time();
                self.spot.note(format_args!("{} will come twice", delivery.message.id));
                let mut later = self.later();
                later.duplicates += 1;
                let token = Token(DUPLICATE | later.duplicates);
                later
                    .deliveries
                    .push((at, Delivery { token, attempt: delivery.attempt + 1, ..delivery.clone() }));
            }
            if self.spot.chaos.strikes(|faults| faults.delay) {
                let at = self.some_time();
                self.spot.note(format_args!("{} is held back", delivery.message.id));
                self.later().deliveries.push((at, delivery));
            } else {
                now.push(delivery);
            }
        }
        now
    }

    fn take_due_deliveries(&self) -> Vec<Delivery> {
        let now = Instant::now();
        let mut later = self.later();
        let (due, rest) = std::mem::take(&mut later.deliveries).into_iter().partition(|(at, _)| *at <= now);
        later.deliveries = rest;
        let due: Vec<(Instant, Delivery)> = due;
        due.into_iter().map(|(_, delivery)| delivery).collect()
    }

    /// The bus has what it lost no more.
    async fn forget_lost(&self) -> Result<(), BusError> {
        let lost = self.later().lost.clone();
        if !lost.is_empty() {
            let gone = lost.iter().map(|token| Settlement { token: *token, outcome: Outcome::Done });
            self.inner.settle(gone.collect()).await?;
            self.later().lost.retain(|token| !lost.contains(token));
        }
        Ok(())
    }

    /// The bus notices acknowledgements that never arrived, and delivers again. They are forgotten only once that is
    /// done, so that a dropped call loses none.
    async fn notice_lost_acks(&self) -> Result<(), BusError> {
        let now = Instant::now();
        let is_due = |(at, _): &&(Instant, Token)| *at <= now;
        let due: Vec<Settlement> = (self.later().lost_acks.iter().filter(is_due))
            .map(|(_, token)| Settlement { token: *token, outcome: Outcome::Retry })
            .collect();
        if !due.is_empty() {
            self.inner.settle(due).await?;
            self.later().lost_acks.retain(|lost| !is_due(&lost));
        }
        Ok(())
    }

    fn next_event(&self) -> Option<Instant> {
        let later = self.later();
        let deliveries = later.deliveries.iter().map(|(at, _)| *at);
        deliveries.chain(later.lost_acks.iter().map(|(at, _)| *at)).min()
    }
}

#[async_trait]
impl Consumer for FaultyConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            self.notice_lost_acks().await?;
            self.forget_lost().await?;
            let due = self.take_due_deliveries();
            if !due.is_empty() {
                return Ok(due);
            }
            let next_event = self.next_event();
            tokio::select! {
                biased;
                received = self.inner.receive(max) => {
                    let now = self.disturb(received?);
                    if !now.is_empty() {
                        return Ok(now);
                    }
                }
                () = sleep_until(next_event.unwrap_or_else(Instant::now)), if next_event.is_some() => {}
            }
        }
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        self.spot.may_crash("before", "settling").await;
        let mut arrived = Vec::with_capacity(settlements.len());
        for settlement in settlements {
            let is_duplicate = settlement.token.0 & DUPLICATE != 0;
            if let Outcome::DeadLetter { reason } = &settlement.outcome {
                self.spot.note(format_args!("dead letter: {reason}"));
            } else if !is_duplicate && self.spot.chaos.strikes(|faults| faults.ack_lost) {
                let at = self.some_time();
                self.spot.note(format_args!("an acknowledgement is lost"));
                self.later().lost_acks.push((at, settlement.token));
                continue;
            }
            if !is_duplicate {
                arrived.push(settlement);
            }
        }
        self.inner.settle(arrived).await?;
        self.spot.may_crash("after", "settling").await;
        Ok(())
    }
}
