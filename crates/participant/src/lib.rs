//! The transactional consumer: at-least-once messages in, every effect exactly once out.
//!
//! ```text
//! batch of inputs -> drop those in the inbox -> the handler decides (pure)
//!   -> ONE store transaction: states, inboxes, timers, outbox
//!   -> publish the outbox, wait for the bus to confirm -> settle the deliveries -> forget the outbox rows
//! ```
//!
//! A [`Participant`] consumes from a [`bus::Bus`] and remembers in a [`store::Store`]. What it does with a message
//! is a [`Handler`]: a pure function of state, input and time. It knows nothing of orders; see
//! `examples/ledger.rs` for a whole program.
//!
//! # Guarantees
//!
//! - **Every effect exactly once.** A crash at any point, a redelivery, a repeated publish or a failed commit
//!   changes neither the states reached nor the set of distinct messages sent. Receivers may see a message more
//!   than once, always with the same id.
//! - **Per-key order.** Inputs of one key are handled in the order in which the bus delivers them.
//! - **Calls to the outside are durable intents.** A handler's [`Effects::call`] is committed before it is made,
//!   and made again after a crash, so the other side must be idempotent by the call's id.
//! - **An answer is a committed fact.** What this process asks with [`Requests`] is an input like a message, and answered once
//!   the decision is committed.
//! - **Timers are durable.** They fire at least at their time, once, also after a restart.
//! - **Nothing is retried forever, nothing blocks its neighbours.** What a handler rejects goes to the dead
//!   letters with the reason at once. Only the infrastructure (store, bus) is waited for, with capped back-off,
//!   and while it is, [`Health`] says so.
//!
//! # What deduplication remembers
//!
//! The inbox of a key is the last [`INBOX_WINDOW`] inputs handled for it, kept in the key's own row for as long as
//! the row exists. A duplicate within that window is dropped. A later one (more than that many other inputs of
//! the same key were handled in between) is handled like a new message, so a key with unbounded traffic needs a
//! handler that tolerates very late duplicates. An order sees about twenty inputs in its life.
#![warn(missing_docs)]

mod clock;
mod decide;
mod error;
mod generations;
mod handler;
mod health;
mod held;
mod item;
mod life;
mod meta;
mod metrics;
mod options;
mod outbox;
mod participant;
mod pipeline;
mod requests;

pub use bus::Backoff;
pub use clock::{Clock, Millis, SystemClock};
pub use error::ParticipantError;
pub use generations::Generations;
pub use handler::{CallId, Caller, Effects, Handler, Input, Lane, NoCalls, Outgoing, Rejected};
pub use health::{Health, State as HealthState};
pub use meta::INBOX_WINDOW;
pub use metrics::Metrics;
pub use options::{Options, Weakness};
pub use participant::Participant;
pub use requests::{ANSWER_WITHIN, AskError, Asked, REQUESTS_WAITING_MAX, Requests, requests};

/// The domain state and the timers of an entity, for read APIs and the auditor.
pub mod inspect {
    pub use crate::meta::{Timer, timers};

    /// Reads a handler's state out of a stored entity; `None` when it keeps none.
    ///
    /// # Errors
    /// The stored bytes are not such a state.
    pub fn state<S: serde::de::DeserializeOwned>(
        entity: &store::Entity,
    ) -> Result<Option<S>, serde_json::Error> {
        if entity.state.is_empty() { Ok(None) } else { serde_json::from_slice(&entity.state).map(Some) }
    }
}
