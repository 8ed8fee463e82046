//! What a run comes to.

use std::time::Duration;

use engine::{Ending, HistoryEvent, Taken};
use thiserror::Error;

use crate::answer::NoneLeft;

/// A run that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// How.
    pub ending: Ending,
    /// The ways that it took where there were several, with those of the executions that its Maps started.
    pub taken: Vec<Taken>,
    /// How many events its history has.
    pub events: u64,
}

/// Why a run came to no end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// A call that nothing answers.
    #[error(
        "nothing answers the call of {called} by the state {state:?}: answer it with --mock (a file with \
         {{\"States\": {{\"{state}\": {{\"Return\": …}}}}}}) or with --function {called}=COMMAND"
    )]
    Unanswered {
        /// Which, by name.
        state: String,
        /// What it calls.
        called: String,
    },
    /// The call names no function.
    #[error(
        "the state {state:?} calls {resource}, and what it passes names no function: FunctionName is missing, or no string"
    )]
    Nameless {
        /// Which, by name.
        state: String,
        /// What it calls.
        resource: String,
    },
    /// A state machine is to be started that is not there.
    #[error(
        "the state {state:?} starts the state machine {machine:?}: say what it does with --machine {machine}=FILE, or answer \
         the call with --mock"
    )]
    NoMachine {
        /// Which, by name.
        state: String,
        /// What it starts.
        machine: String,
    },
    /// A Map reads or writes, and there is no place for that.
    #[error(
        "the Map {state:?} {does}: say where buckets are with --s3 FOLDER (FOLDER/BUCKET/KEY), or answer with --mock (a file \
         with {{\"States\": {{\"{state}\": {{\"Return\": [ITEM, …]}}}}}})"
    )]
    NoBuckets {
        /// Which, by name.
        state: String,
        /// `reads its items`, `writes its results`
        does: &'static str,
    },
    /// What a Map's results are kept in until they are written cannot be written or read.
    #[error("the results of a Map cannot be kept in a file: {0}")]
    Spool(String),
    /// There were fewer answers than calls.
    #[error(transparent)]
    NoneLeft(#[from] NoneLeft),
    /// Nothing can happen any more.
    #[error("the execution waits for something that never comes")]
    Stuck,
    /// It was told more than it may be.
    #[error("the execution does not end: it was told {0} facts")]
    TooLong(u64),
    /// It took too long.
    #[error("the execution has not ended within {} s: {doing}", .patience.as_secs_f64())]
    TooSlow {
        /// How long it might take.
        patience: Duration,
        /// What was going on.
        doing: String,
    },
    /// The engine refuses to go on.
    #[error("the engine cannot go on")]
    Engine(#[from] engine::IllegalFact),
}

/// An event, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The execution's name, or `None` if it is the one that is run: others are those that it starts.
    pub execution: Option<&'a str>,
    /// Whether it is that one, or one of those that its Maps start: what these do is what the definition does.
    pub is_part: bool,
    /// What happened in it.
    pub event: &'a HistoryEvent,
}
