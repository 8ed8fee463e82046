//! What a run shows while it sends orders, and how it is ended early.

use std::time::Duration;

use daemon::Shutdown;
use terminal::{Progress, grouped, significant};
use tokio::time::Instant;

use super::child::Child;
use super::error::CompareError;
use crate::cell::protocol::{Load, Sent};
use crate::phase::Phase;

/// Leads from one step of a run to the next.
pub(super) struct Turn {
    progress: Progress,
    interrupt: Shutdown,
    begun: Instant,
    replays: bool,
}

impl Turn {
    pub(super) fn new(progress: Progress, interrupt: Shutdown, begun: Instant, replays: bool) -> Self {
        Self { progress, interrupt, begun, replays }
    }

    /// The next step begins.
    pub(super) fn begin(&mut self, title: impl Into<String>) {
        self.progress.begin(&title.into());
    }

    /// Something to be said in between, which stays.
    pub(super) fn say(&self, text: &str) {
        self.progress.say(text);
    }

    /// Nothing is to be shown any more.
    pub(super) fn clear(&self) {
        self.progress.clear();
    }

    /// Time since the run began.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether no more orders are to be sent.
    pub(super) fn interrupt(&self) -> &Shutdown {
        &self.interrupt
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.is_requested()
    }

    /// Has a cell send orders as a part of the step at hand.
    pub(super) async fn send_unseen(&self, cell: &mut Child, load: Load) -> Result<Sent, CompareError> {
        cell.send(load, &self.interrupt, |_| ()).await
    }

    /// Has a cell send orders, and shows how far it is.
    pub(super) async fn send(&mut self, cell: &mut Child, load: Load) -> Result<Sent, CompareError> {
        let how = match load.phase {
            Phase::WarmUp => "warm-up".to_owned(),
            Phase::Alone => "one order at a time".to_owned(),
            Phase::Saturated => "as fast as it goes".to_owned(),
            Phase::Paced if self.replays => "in the file's pattern".to_owned(),
            Phase::Paced => format!("{} orders/s", significant(load.rate_per_s)),
            Phase::Curve => format!("{} orders/s of its curve", significant(load.rate_per_s)),
        };
        let (orders, of) = match load.ms_max {
            // How many that will be is not known before.
            Some(ms_max) if load.phase == Phase::Saturated => {
                (format!("at most {} s", ms_max as f64 / 1e3), None)
            }
            _ => (format!("{} orders", grouped(load.orders)), Some(load.orders)),
        };
        self.progress.begin(&format!("{}, {how}, {orders}", cell.name()));
        let progress = &self.progress;
        cell.send(load, &self.interrupt, |sent| progress.at(sent, of)).await
    }
}
