//! Durable executions of any workflow: the [participant]'s handler around the [engine].
//!
//! An execution is an entity under the key of its machine and name ([`execution_key`]). What moves it is a fact: by a request
//! ([`Request`], answered once it is committed), a message, a timer, or the outcome of a call. What it asks for is committed with it:
//! [`Integrations`] say what becomes of a call. Nothing here knows what an execution is about.
//!
//! # What is stored
//!
//! Each fact is an entry of the entity's journal. Where the execution stands after it is in the entity's row while that is small
//! ([`HERE_BYTES_MAX`]): that is where most executions live, and they are read and written with their row, for nothing else. A greater one
//! (a Map over a thousand items, a payload of 100 KB) would make every fact as dear as all of it, so then the row says only how long the
//! journal is. The execution is held in memory, bounded, from one fact to the next; and whoever has not got it reads it again: the
//! snapshot that stands in the journal, if there is one, and the facts since.
//!
//! A snapshot is written once the facts since the last one take as many bytes as it does. So what is written, and what is
//! read again after a crash, grows with what has happened, and not with its square.
//!
//! # Why what is held in memory is right
//!
//! It is found by a hash over the whole journal ([`Stored`] has it), so it is what that journal leads to, and nothing else: not after a
//! commit that failed, nor after another instance wrote the entity, and a decision that is made again finds nothing and reads.
//! Definitions are found by the hash of their text.
//!
//! # What goes beyond one execution
//!
//! What an execution asks of others is an [`Errand`], committed with the step that asks for it and carried out by [`Errands`], which
//! ask this very participant: start an execution for a task and stop it, tell a parent of an end, put a task into the [`Queue`] of an
//! activity, start and stop the children of a Map run, read its items and write its results ([`map_runs`]). Each is harmless when it
//! is carried out twice. Whoever waits in this process for an end hears of it by [`Waiters`].
//!
//! # What is told of executions
//!
//! [`Metrics`] are counted, and events are [logged](Logging), once what they tell is committed. Events go with an errand, so that a crash
//! loses none; those of an execution that is never stored go at once.
//!
//! # Begun by a message
//!
//! A message can carry the beginning of an execution ([`Begin`]): then it is in the inbox of that execution's own row, in the commit that begins
//! it. However often it is delivered, it begins one; also an Express one, whose row keeps nothing but the inbox.
//!
//! # Express
//!
//! An Express execution has no journal: it stands in its row, however great it is, and leaves nothing behind. One that ends with the
//! step that starts it is answered without a commit. A child of a Map run is kept as any other: its results may be asked for.
#![warn(missing_docs)]

mod awaited;
mod begin;
mod beginning;
mod catalogue;
mod child_runs;
mod course;
mod depth;
mod digest;
mod due;
mod errand;
mod errands;
mod event_log;
mod executor;
mod files;
mod forgotten;
mod given;
mod glance;
mod histories;
mod integrations;
mod kept_run;
mod key;
mod lists;
mod live;
mod load;
mod logging;
pub mod map_runs;
mod map_work;
mod metrics;
mod nesting;
mod offered;
mod open;
mod outlets;
mod parent;
mod pollers;
mod queue;
mod read;
mod record;
mod redrives;
mod redriving;
mod refused;
mod request;
mod retention;
mod row;
mod running;
mod spans;
mod standard;
mod stored;
mod target;
mod waiters;

pub use begin::{Begin, ToBegin, Unfit};
pub use catalogue::Catalogue;
pub use errand::{Errand, Outcome};
pub use errands::Errands;
pub use event_log::EventLog;
pub use executor::Executor;
pub use forgotten::Forgotten;
pub use given::Given;
pub use histories::{Histories, HistoryPage, Wanted};
pub use integrations::{Integrations, Unconnected, Way, no_foreign};
pub use key::{execution_key, machine_and_name};
pub use lists::{Sought, sought};
pub use logging::{EXECUTION_DATA, LoggedEvent, Logging};
pub use metrics::{Metrics, Moved};
pub use offered::Offered;
pub use open::{OpenExecutions, Promised};
pub use parent::Parent;
pub use pollers::{Lent, POLLERS_MAX, Poller, Pollers, Turn};
pub use queue::{Queue, queue_key};
pub use read::{Described, ReadError, arn_of, describe, execution_in, first_fact, input, journal, list};
pub use request::{Answer, HandedIn, QueueRequest, Request, Start};
pub use retention::{Retention, Step};
pub use row::Row;
pub use spans::{Spans, Stretch, Stretched};
pub use stored::{HERE_BYTES_MAX, Stored};
pub use target::{Named, Target};
pub use waiters::{Waiter, Waiters};
