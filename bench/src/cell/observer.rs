//! Sees every order's terminal event, as anybody else could: from outside, through the bus.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Bus, BusError, Consumer, Delivery, Outcome, Settlement, Subscription};
use contract::{Event, Style, topics};
use tokio::time::Instant;

use super::error::CellError;
use super::flight::{Ended, Flight};
use super::patience::{BUS_PATIENCE, answered};
use crate::measure::thread_cpu;

/// The observer's consumer group.
pub(super) const GROUP: &str = "observer";
/// Deliveries taken at a time.
const BATCH_MAX: usize = 512;

/// Where the observer writes how each order ended.
pub(crate) const OUTCOMES_FILE: &str = "outcomes.tsv";

/// Watches until the bus closes or its task is dropped.
pub(super) struct Observer {
    consumer: Arc<dyn Consumer>,
    flight: Arc<Flight>,
    outcomes: BufWriter<File>,
    cpu_ns: Arc<AtomicU64>,
}

impl Observer {
    /// Subscribes to both styles' terminal events: one of the style that does not run here is unexpected, too.
    /// `cpu_ns` is kept at the CPU time of the thread on which [`Self::watch`] runs.
    pub(super) async fn subscribe(
        bus: &dyn Bus,
        flight: Arc<Flight>,
        dir: &Path,
        cpu_ns: Arc<AtomicU64>,
    ) -> Result<Self, CellError> {
        let subscription = Subscription {
            group: GROUP.to_owned(),
            topics: Style::ALL.map(topics::closed).to_vec(),
            unsettled_max: 2 * BATCH_MAX,
        };
        let consumer = answered(BUS_PATIENCE, bus.subscribe(&subscription)).await.map_err(CellError::Bus)?;
        let path = dir.join(OUTCOMES_FILE);
        // What an earlier life of the same cell saw stays.
        let outcomes = File::options().create(true).append(true).open(&path);
        let outcomes = outcomes.map_err(|source| CellError::File { path, source })?;
        Ok(Self { consumer, flight, outcomes: BufWriter::new(outcomes), cpu_ns })
    }

    /// Watches until the bus is closed or `stop` is ready; what is written so far is then in its file.
    pub(super) async fn watch(mut self, stop: impl Future<Output = ()>) -> Result<(), CellError> {
        tokio::pin!(stop);
        loop {
            let received = tokio::select! {
                () = &mut stop => return self.outcomes.flush().map_err(CellError::Outcomes),
                received = self.consumer.receive(BATCH_MAX) => received,
            };
            match received {
                Ok(deliveries) => self.take(deliveries).await?,
                Err(BusError::Closed) => return self.outcomes.flush().map_err(CellError::Outcomes),
                Err(error) if error.is_retryable() => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => return Err(CellError::Bus(error)),
            }
            let cpu = u64::try_from(thread_cpu().as_nanos()).unwrap_or(u64::MAX);
            self.cpu_ns.store(cpu, Ordering::Relaxed);
        }
    }

    async fn take(&mut self, deliveries: Vec<Delivery>) -> Result<(), CellError> {
        let now = Instant::now();
        let events = deliveries.iter().filter_map(|delivery| self.read(delivery)).collect();
        for event in self.flight.end(events, now) {
            writeln!(self.outcomes, "{}\t{}", event.order_id, event.state).map_err(CellError::Outcomes)?;
        }
        let done = |delivery: Delivery| Settlement { token: delivery.token, outcome: Outcome::Done };
        // What cannot be settled comes again, and is known by its id then.
        let settled = self.consumer.settle(deliveries.into_iter().map(done).collect());
        match answered(BUS_PATIENCE, settled).await {
            Err(error) if !error.is_retryable() => Err(CellError::Bus(error)),
            _ => Ok(()),
        }
    }

    fn read(&self, delivery: &Delivery) -> Option<Ended> {
        let message = &delivery.message;
        match Event::decode(message) {
            Ok(Event::OrderClosed { status, .. }) => {
                Some(Ended { order_id: message.key.clone(), message_id: message.id.clone(), state: status })
            }
            Ok(event) => {
                self.flight.unexpected(&message.key, format!("{} among the terminal events", event.kind()));
                None
            }
            Err(error) => {
                self.flight
                    .unexpected(&message.key, format!("a terminal event that cannot be read: {error}"));
                None
            }
        }
    }
}
