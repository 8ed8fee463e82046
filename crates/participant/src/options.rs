//! A participant's limits, all explicit.

use std::time::Duration;

/// How a participant works. The defaults suit a service on one machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// Inputs handled in one transaction, at the most.
    pub batch_max: usize,
    /// Deliveries held unsettled, at the most: what is in the batch at hand and in the one being published.
    pub unsettled_max: usize,
    /// Committed batches whose messages the bus has not confirmed, at the most, while all goes well.
    pub publishing_max: usize,
    /// Calls under way at once, at the most, of those without a [lane](crate::Lane).
    pub calls_max: usize,
    /// Calls committed and not started yet, beyond which no further messages are received, and no requests taken but those of
    /// the calls themselves; and as many of those in lanes, beyond which they wait in the store alone.
    pub calls_waiting_max: usize,
    /// Entities whose states are held in memory, so that they need not be read as JSON when their next input comes; twice as many at the
    /// most, of a few MB together. Nothing depends on it but speed.
    pub states_held_max: usize,
    /// How long done outbox rows may lie when there is nothing else to commit.
    pub forget_after: Duration,
    /// The first waiting time when the store or the bus fails.
    pub backoff_base: Duration,
    /// The longest such waiting time.
    pub backoff_cap: Duration,
    /// How long the store may keep failing with a batch at hand before the participant gives up with an error
    /// (its deliveries stay unsettled and its outbox committed, so nothing is lost). At its start a participant waits
    /// for ever.
    pub store_patience: Duration,
    /// How often a participant on a store that several instances share looks for what those have left that are gone, and
    /// whether the store answers at all.
    pub look_around_every: Duration,
    /// How long the batch in hand may take to finish once the participant was asked to stop.
    pub shutdown_grace: Duration,
    /// Where the back-off's jitter starts.
    pub seed: u64,
    /// Breaks a guarantee on purpose, so that tests can show that they would notice.
    #[doc(hidden)]
    pub weakness: Option<Weakness>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_max: 256,
            unsettled_max: 1024,
            publishing_max: 4,
            calls_max: 1024,
            calls_waiting_max: 4096,
            states_held_max: 4096,
            forget_after: Duration::from_millis(200),
            backoff_base: Duration::from_millis(20),
            backoff_cap: Duration::from_secs(5),
            store_patience: Duration::from_secs(3600),
            look_around_every: Duration::from_secs(1),
            shutdown_grace: Duration::from_secs(10),
            seed: 0,
            weakness: None,
        }
    }
}

/// A guarantee switched off.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Duplicates are handled again.
    NoInbox,
    /// Deliveries are settled before their effects are committed.
    SettleBeforeCommit,
    /// Messages are published before they are committed.
    PublishBeforeCommit,
    /// What a crash left in the outbox is thrown away.
    ForgetOutboxAtStart,
}
