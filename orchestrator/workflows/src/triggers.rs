//! Messages that start workflows: rules in the store, and the bus as far as they are about it.
//!
//! ```text
//! a message of the bus -> Feed: which rules match, what do they start? -> one delivery for each, under the key of its execution
//!   -> the participant: begun in the commit that has the message in the inbox of the execution's own row -> all done: settled
//! ```
//!
//! So a message that comes again finds its own execution, in whichever instance, whatever crashed in between; nothing beside the execution is
//! written for it. What matches no rule is settled at once. What matches and cannot start anything (no such machine, an input too long) is a
//! dead letter, with the reason; only the store and the bus are waited for.

mod begins;
mod book;
mod feed;
mod file;
mod intake;
mod pump;
mod resource;
mod settling;
mod spec;
mod standing;
mod streams;

pub(crate) use book::Book;
pub(crate) use feed::Feed;
pub(crate) use file::read as read_file;
pub(crate) use intake::Intake;
pub(crate) use resource::{Rules, router};
pub(crate) use spec::Draft;
pub(crate) use standing::Standing;
pub(crate) use streams::Streams;

#[cfg(test)]
mod tests;
