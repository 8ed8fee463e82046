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
//! with: it is pinned by the hash of its text ([`Execution::definition`]), and a step with another one is refused. A snapshot
//! names the states that it is about, so that nothing stored depends on how a parser counts. And it needs the rules that the execution
//! began with: [`Rules`] are pinned by a number in its first fact, and a step goes by them for ever.
//!
//! # Facts that come late
//!
//! Ids of tasks and timers are given once per attempt and never again. A fact about one that is not pending (a reply
//! to an attempt that timed out, a cancelled timer, a duplicate, anything after the end) is [`Stepped::Stale`]: nothing
//! changes, and it is not to be put in the journal. So facts may arrive any number of times and in any order.
//!
//! # Threads
//!
//! An execution is one line of states until a Parallel or Map splits it: each branch and each iteration is a [`Thread`] with a state of its own
//! and, in [`Frame`], what it waits for. They are in one list, the outermost first, and a fact finds the one that waits for it by an index.
//! The thread around them knows of them only how many have not ended, and the outputs of those that have.
//!
//! # The end, and how to go on from it
//!
//! What an execution gives up as it fails, times out or is stopped stands in its [`Ending`] if it has an [`Identity`] and is not an Express
//! execution: [`Fact::Redriven`] takes it up again ([`Execution::redrivable`]). Branches and iterations that have ended are not run again.
//!
//! # Children
//!
//! A Map in distributed mode is a [`MapRun`]: for each item (or batch of items) it asks for an execution of its own ([`StartChild`]),
//! which runs on the same definition, with a history, ids and limits of its own, and is heard of again when it has ended
//! ([`MapNews`]). Items may come from elsewhere ([`ReadItems`], page by page) and results go elsewhere ([`WriteResults`]); what is
//! held of a million items is a page of them and the children at work. After a redrive a Map run goes on with the children that did not
//! succeed ([`RedriveChild`]).
//!
//! # Calls
//!
//! Whatever a task calls is one effect, a [`Call`] of a resource: which integrations there are is the business of whoever brings
//! effects about. The engine only asks whether a call can be sent ([`Integrations`]), because a task that calls what nobody offers fails
//! at once. That answer does not follow from definition and facts, so it is in the journal beside the fact.
//!
//! # A state by itself
//!
//! [`trial()`] tries one state as an execution would run it, with its work given, and tells the values on the way from its input to its
//! output.
//!
//! # Quotas
//!
//! All in [`quotas`]: transitions per step, length of the history, size of a payload, time. Beyond the length of the history the
//! execution fails with `States.Runtime`, beyond the size of a payload a state with `States.DataLimitExceeded`; an execution
//! that takes too long is timed out.
#![warn(missing_docs)]

mod batch;
mod billing;
mod child;
mod children;
mod context;
pub mod cut;
mod drive;
mod earlier;
mod effect;
mod execution;
mod fact;
mod failure;
mod frame;
mod gathered;
mod history;
mod identity;
mod ids;
mod io;
mod legal;
mod map_counts;
mod map_news;
mod map_run;
mod map_run_parts;
pub mod quotas;
mod recorder;
mod recover;
mod redrivable;
mod redrive;
mod replay;
mod requests;
pub mod results;
mod resume;
mod rules;
mod settings;
mod sparse;
mod state_ref;
mod states;
mod status;
mod step;
mod stepper;
mod taken;
mod tally;
mod thread;
mod threads;
pub mod token;
mod trial;
mod undone;
mod unfinished;
mod variables;
mod watch;

pub use billing::Billing;
pub use child::{ChildEnd, ChildStart, RedriveChild, StartChild};
pub use children::map_label;
pub use effect::{Call, Effect, GivenUp, Integrations, NoneRefused, Refusal, RefusedAt};
pub use execution::{DecodeError, Ending, Execution, Phase};
pub use fact::{Fact, IllegalFact, JournalEntry, Refused};
pub use frame::{Awaited, Frame};
pub use gathered::{Gathered, Iterations};
pub use history::{Called, Detail, HistoryEvent, TaskEvent};
pub use identity::{Identity, NAME_CHARS_MAX, is_name};
pub use ids::{MapRunId, TaskId, Timer, TimerId};
pub use legal::{Illegal, legal};
pub use map_counts::MapRunCounts;
pub use map_news::{MapNews, MapRunUpdate};
pub use map_run::MapRun;
pub use redrivable::NotRedrivable;
pub use replay::{ReplayError, replay, replay_seen, unanswered};
pub use requests::{ReadItems, WriteResults};
pub use resume::resume;
pub use rules::{Rules, UnknownRules};
pub use status::Status;
pub use step::{History, Step, Stepped, step, step_seen};
pub use taken::{Taken, Way};
pub use tally::Tally;
pub use thread::{Thread, ThreadId, Waiting};
pub use threads::Threads;
pub use trial::{ItemsRead, Trial, TrialEnd, Tried, TriedMap, Work, trial};
pub use unfinished::Unfinished;
pub use watch::Stage;
