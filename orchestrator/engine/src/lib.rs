//! The engine: `step(definition, execution, fact, now) -> execution, effects, history`, pure and event-sourced.
//!
//! An [`Execution`] is where a run of a [`Definition`](asl::Definition) stands. It moves only when it is told a
//! [`Fact`]: that it was started, that a task answered, that a timer fired, that it is to stop. [`step()`] takes the
//! execution and the fact, and gives the execution after it and the [`Effect`]s to be brought about, as data: commands
//! to send, timers to set. The same arguments always give the same result.
//!
//! # What is stored
//!
//! Two things can be kept per execution, in the transaction that also sends the effects:
//!
//! - the **snapshot** ([`Execution::encode`]): all that the next step needs, a few hundred bytes and the data in hand;
//! - the **journal**: the facts, each with its time ([`JournalEntry`]). It is the whole truth: [`replay()`] of
//!   definition and journal gives the snapshot and the complete history again, event by event.
//!
//! The history in the shape of AWS names every state with its input and output, which is many times what went into
//! it. So it is computed when somebody asks, and not stored. Replay needs the definition that the execution began
//! with: it is pinned by the hash of its text ([`Execution::definition`]), and a step with another one is refused.
//!
//! # Facts that come late
//!
//! Ids of tasks and timers are given once per attempt and never again. A fact about one that is not pending (a reply
//! to an attempt that timed out, a cancelled timer, a duplicate, anything after the end) is [`Stepped::Stale`]: nothing
//! changes, and it is not to be put in the journal. So facts may arrive any number of times and in any order.
//!
//! # Limits
//!
//! All in [`limits`]: transitions per step, length of the history, size of a payload. Beyond the first two the
//! execution fails with `States.Runtime`, beyond the last with `States.DataLimitExceeded`.

mod execution;
mod fact;
mod history;
pub mod limits;
mod recover;
mod replay;
mod run;
mod states;
mod step;

pub use execution::{Activity, Branch, DecodeError, Ending, Execution, Frame, Phase, Status, Timer};
pub use fact::{Effect, Fact, IllegalFact, JournalEntry, TaskId, TimerId};
pub use history::{Detail, HistoryEvent};
pub use replay::{ReplayError, replay, unanswered};
pub use step::{History, Step, Stepped, Tally, step};
