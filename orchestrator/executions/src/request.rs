//! What is asked of an execution, and the answers.

use std::sync::Arc;

use asl::Definition;
use engine::token::Token;
use engine::{ChildStart, Ending, Fact, Identity, MapRun, NotRedrivable, TaskId};
use participant::CallId;
use serde_json::Value;

use crate::given::Given;
use crate::logging::{LoggedEvent, Logging};
use crate::metrics::Moved;
use crate::offered::Offered;
use crate::parent::Parent;
use crate::spans::Stretch;

/// What is asked of the execution under a key ([`crate::execution_key`]).
#[derive(Clone, Debug)]
pub enum Request {
    /// It is to begin.
    Start(Box<Start>),
    /// Something happened that it may wait for: an answer to a task, a heartbeat, the wish that it stop. Any [`Fact`] but
    /// [`Fact::Started`] and [`Fact::TimerFired`].
    Tell(Fact),
    /// Somebody hands in the token of a task to say how that went.
    HandIn(Box<HandedIn>),
    /// It is to go on with what it left undone.
    Redrive {
        /// What names this wish: asked for again with the same one, it is answered as it was, and nothing more is done.
        token: Option<String>,
    },
    /// It is to begin, as a child of a Map run.
    StartChild(Box<StartChild>),
    /// It is a child of a Map run that ended without success, and is to run once more.
    RedriveChild {
        /// How often its parent was redriven: asked for again with the same number, nothing more is done.
        attempt: u32,
    },
    /// It is a child of a Map run, and is to stop, unless it has been asked for once more since.
    StopChild {
        /// How often its parent had been redriven.
        attempt: u32,
    },
    /// An execution has ended that one of its tasks has started and waits for.
    Nested(Box<Nested>),
    /// A child of one of its Map runs has ended.
    ChildEnded {
        /// When the execution began whose run it is, in milliseconds since 1970, if that is known: another one knows nothing of it.
        since_ms: Option<u64>,
        /// What it is told.
        fact: Box<Fact>,
    },
    /// Whether it still waits for one of its tasks, which was not begun yet; answered with [`Answer::Told`].
    Awaits {
        /// When the execution began whose task it is, in milliseconds since 1970: another one knows nothing of it.
        since_ms: u64,
        /// The attempt.
        task: TaskId,
    },
    /// What is asked of a [queue](crate::queue_key).
    Queue(QueueRequest),
    /// A Map run of an execution is over; asked under the run's own key.
    KeepMapRun {
        /// The key of the execution.
        execution: String,
        /// What it came to.
        run: Box<MapRun>,
    },
}

/// What is handed in with a token.
#[derive(Clone, Debug)]
pub struct HandedIn {
    /// What names the task, and proves that somebody was given it.
    pub token: Token,
    /// What its task is told.
    pub fact: Fact,
}

/// How a child of a Map run begins.
#[derive(Clone, Debug)]
pub struct StartChild {
    /// What the execution around runs on.
    pub(crate) definition: Arc<Definition>,
    pub(crate) start: ChildStart,
    /// Who is told how it has ended.
    pub(crate) parent: Parent,
    pub(crate) logging: Option<Logging>,
}

/// The end of an execution that a task has started and waits for.
#[derive(Clone, Debug)]
pub struct Nested {
    /// When the execution began whose task it is, in milliseconds since 1970, if that is known: another one knows nothing of it.
    pub(crate) since_ms: Option<u64>,
    pub(crate) task: TaskId,
    /// What the task is told of its beginning, if it has not been told yet.
    pub(crate) begun: Value,
    /// What the task is told of its end.
    pub(crate) end: Fact,
}

/// What is asked of a queue.
#[derive(Clone, Debug)]
pub enum QueueRequest {
    /// The task is to wait in it.
    Put(Box<Offered>),
    /// The task of that number is done with: a worker has it, or nobody waits for it any more.
    Done {
        /// Which.
        number: u64,
    },
}

/// How an execution begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// What it runs on, to its end. It must be [kept](registry::machines::keep_definition) in the store.
    pub definition: Arc<Definition>,
    /// What it begins with.
    pub input: Value,
    /// What jitter and the functions with randomness are computed from.
    pub seed: u64,
    /// Who it is to AWS, if that matters.
    pub identity: Option<Box<Identity>>,
    /// Whether it is an Express execution: without a journal, and gone once it has ended.
    pub express: bool,
    /// What is given back of it as it was given, if somebody will ask; of an Express execution nothing is kept.
    pub given: Option<Given>,
    /// What is logged of it, if anything.
    pub logging: Option<Logging>,
    /// Who is told how it has ended, if another execution waits for it.
    pub parent: Option<Parent>,
    /// The call that asks for it, if that may ask again (after a crash) without being told of the end: it finds its own execution then,
    /// though that has ended.
    pub by: Option<CallId>,
}

/// What was decided, and committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It began, now or before with the same input, while it runs still.
    Started {
        /// When, in milliseconds since 1970.
        started_ms: u64,
        /// Whether it was this request that began it.
        is_new: bool,
        /// How it ended, if it needed nobody for that.
        ending: Option<Ending>,
    },
    /// There is one with other input under this name, or one that has ended. Nothing was changed.
    Exists {
        /// When that one began, in milliseconds since 1970.
        started_ms: u64,
    },
    /// It was told.
    Told {
        /// Whether it waited for that: a late answer, and a repeated one, changes nothing.
        was_awaited: bool,
        /// How it has ended, if it has.
        ending: Option<Ending>,
    },
    /// The task of an activity was taken on: somebody waited for that.
    Taken {
        /// The token of the task.
        token: String,
    },
    /// The token was never given to anybody. Nothing was changed.
    InvalidToken,
    /// It goes on.
    Redriven {
        /// Since when, in milliseconds since 1970.
        at_ms: u64,
    },
    /// It cannot go on. Nothing was changed.
    NotRedrivable(NotRedrivable),
    /// There is none under this name (any more).
    Unknown,
    /// It has ended: told to who waits in this process, and no answer to a request.
    Ended(Ending),
    /// The task waits in the queue; told to who waits in this process as well.
    Queued {
        /// By which it is found in the queue.
        number: u64,
    },
    /// What happened to it: told to who counts, and no answer to a request.
    Moved(Moved),
    /// What is logged of an execution that was never stored: told to the log, and no answer to a request.
    Logged(Vec<LoggedEvent>),
    /// What is over: told to who records traces, and no answer to a request.
    Over(Vec<Stretch>),
    /// So it is.
    Done,
}
