//! The bus's consumer: receives from a member's partitions, and settles.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Consumer, DeadLetter, Delivery, Message, Outcome, Settlement};
use tokio::task::coop::consume_budget;
use tokio::time::sleep;

use crate::graveyard::Graveyard;
use crate::intake::Poison;
use crate::member::Member;
use crate::shared::Shared;

/// The first pause before a malformed record is tried to be kept again; it doubles.
const BURYING_PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest such pause.
const BURYING_PAUSE_MAX: Duration = Duration::from_secs(2);

/// A member of a consumer group. Dropped, it leaves in the background.
pub(crate) struct KafkaConsumer {
    pub(crate) member: Arc<Member>,
    pub(crate) graveyard: Graveyard,
    /// Held so that the bus, when it goes, finds its members leaving.
    pub(crate) _bus: Arc<Shared>,
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.member.leave();
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            consume_budget().await;
            let taken = {
                let mut hold = self.member.hold();
                let taken = hold.intake().take(max.max(1), self.member.unsettled_max);
                // Records that were passed over move the offset, too.
                hold.store();
                if hold.intake().has_gaps() {
                    self.member.wake();
                }
                taken
            };
            for (topic, partition) in &taken.begun_again {
                let group = &self.member.group;
                let text = format!(
                    "group {group}: the offsets of partition {partition} of {topic} begin again, as in a topic made \
                     anew: what is there now is read from where they begin"
                );
                self.member.report.line(tracing::Level::WARN, &format!("offsets of {group}"), &text);
            }
            if taken.has_more {
                // For another call to receive that waits beside this one, or for the next round here.
                self.member.arrived.notify_one();
            }
            if !taken.poison.is_empty() {
                let (member, graveyard) = (Arc::clone(&self.member), self.graveyard.clone());
                tokio::spawn(bury(member, graveyard, taken.poison));
            }
            // Nothing awaits between the take and this return, so a dropped call has taken nothing.
            if !taken.deliveries.is_empty() {
                return Ok(taken.deliveries);
            }
            self.member.arrived.notified().await;
        }
    }

    /// Offsets are committed within about 0.1 s. Dead letters are confirmed by the brokers before this returns; when they
    /// cannot be, they stay unsettled and the other settlements hold.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let mut dead = Vec::new();
        {
            let mut hold = self.member.hold();
            for Settlement { token, outcome } in settlements {
                let intake = hold.intake();
                match outcome {
                    Outcome::Done => intake.done(token),
                    Outcome::Retry => intake.retry(token),
                    Outcome::DeadLetter { reason } => dead.extend(intake.get(token).and_then(|handed| {
                        let message = Message::clone(&handed.message);
                        let group = self.member.group.clone();
                        let letter = DeadLetter { message, group, reason, attempts: handed.attempt };
                        Some((token, letter, intake.origin(handed)?))
                    })),
                }
            }
            hold.store();
        }
        self.settled();
        if dead.is_empty() {
            return Ok(());
        }
        let (tokens, letters): (Vec<_>, Vec<_>) =
            dead.into_iter().map(|(token, letter, origin)| (token, (letter, origin))).unzip();
        self.graveyard.bury(&self.member.group, letters).await?;
        {
            let mut hold = self.member.hold();
            tokens.into_iter().for_each(|token| hold.intake().done(token));
            hold.store();
        }
        self.settled();
        Ok(())
    }

    fn epoch(&self) -> u64 {
        self.member.epoch()
    }
}

impl KafkaConsumer {
    /// Tells whoever waits for settlements: a receiver for room, a partition that is to go.
    fn settled(&self) {
        self.member.arrived.notify_one();
        if self.member.hold().intake().is_letting_go() {
            self.member.wake();
        }
    }
}

/// Keeps malformed records as dead letters, for as long as that takes or until the member leaves.
async fn bury(member: Arc<Member>, graveyard: Graveyard, poison: Vec<Poison>) {
    let letter = |poison: &Poison| DeadLetter {
        message: Message::clone(&poison.message),
        group: member.group.clone(),
        reason: poison.reason.clone(),
        attempts: 1,
    };
    let mut pause = BURYING_PAUSE_MIN;
    loop {
        let letters = poison.iter().map(|poison| (letter(poison), poison.origin.clone())).collect();
        let Err(error) = graveyard.bury(&member.group, letters).await else { break };
        if member.is_leaving() {
            return;
        }
        let text = format!("group {}: a malformed record is no dead letter yet: {error}", member.group);
        member.report.line(tracing::Level::WARN, "burying", &text);
        sleep(pause).await;
        pause = (pause * 2).min(BURYING_PAUSE_MAX);
    }
    let mut hold = member.hold();
    for poison in &poison {
        let text = format!("group {}: {} at {} is a dead letter", member.group, poison.reason, poison.origin);
        member.report.line(tracing::Level::WARN, "malformed", &text);
        hold.intake().done(poison.token);
        hold.intake().buried();
    }
    hold.store();
    drop(hold);
    member.arrived.notify_one();
    member.wake();
}
