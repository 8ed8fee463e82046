//! What executions have done outside of their own rows, and what comes of it.

use engine::{ChildStart, Fact, MapRun, MapRunId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::logging::{LoggedEvent, Logging};
use crate::offered::Offered;

/// Something that an execution has done: committed with the step that asks for it, carried out by [`Errands`](crate::Errands) until it
/// is done, and again after a crash; none minds that. `C` are the calls that [`Integrations`](crate::Integrations) make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Errand<C> {
    /// A call to what is not an execution.
    #[serde(rename = "f")]
    Foreign(Foreign<C>),
    /// Start an execution, for a task.
    #[serde(rename = "n")]
    Nest(Box<Nest>),
    /// The same, as an earlier version of this program asked for it: of whatever execution is under the key.
    #[serde(rename = "s")]
    StopNested(Vec<TaskId>),
    /// Stop the executions that tasks have started and do not wait for any more.
    #[serde(rename = "t")]
    StopNestedOf {
        /// When the execution began whose tasks they are, in milliseconds since 1970.
        since_ms: u64,
        /// Which of them have started others.
        tasks: Vec<TaskId>,
    },
    /// Put a task into the queue of its activity.
    #[serde(rename = "q")]
    Offer(Box<Offer>),
    /// Tell the [`Parent`](crate::Parent) how the execution has ended: its row says both.
    #[serde(rename = "r")]
    Report,
    /// Start a child of a Map run.
    #[serde(rename = "c")]
    StartChild(Box<Child>),
    /// Have a child of a Map run that ended without success run once more.
    #[serde(rename = "d")]
    RedriveChild(Box<Again>),
    /// Stop children of a Map run, unless they have ended, or been asked for once more since.
    #[serde(rename = "y")]
    StopChildren {
        /// Their keys.
        children: Vec<String>,
        /// How often their parent had been redriven.
        attempt: u32,
    },
    /// Stop the executions under these keys, unless they have ended.
    #[serde(rename = "x")]
    Stop(Vec<String>),
    /// Read items for a Map run.
    #[serde(rename = "i")]
    ReadItems(Box<ItemsWanted>),
    /// Write the results of a Map run.
    #[serde(rename = "w")]
    WriteResults(Box<Results>),
    /// Log these events of its own.
    #[serde(rename = "l")]
    Log(Vec<LoggedEvent>),
    /// Keep what there is to be told of a Map run that is over.
    #[serde(rename = "k")]
    KeepMapRun {
        /// The run's name.
        name: String,
        /// What it came to.
        run: Box<MapRun>,
    },
}

/// A call of a task to what is not an execution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Foreign<C> {
    /// When the execution began that has the task, in milliseconds since 1970.
    pub(crate) since_ms: u64,
    pub(crate) task: TaskId,
    pub(crate) call: C,
}

/// An execution that a task starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Nest {
    pub(crate) task: TaskId,
    /// What is passed to `states:startExecution`.
    pub(crate) arguments: Value,
    pub(crate) waits: Waits,
    /// The ARN of the machine whose execution has the task: what it starts is at home where that is.
    pub(crate) machine_arn: Option<String>,
    /// When the execution began that has the task, in milliseconds since 1970. An earlier version of this program did not say.
    #[serde(default)]
    pub(crate) since_ms: Option<u64>,
}

/// What a task waits for that starts an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Waits {
    /// Its beginning.
    #[serde(rename = "b")]
    Begun,
    /// That somebody hands in its token.
    #[serde(rename = "t")]
    Token,
    /// Its end, of which it is told input and output as JSON, or as text.
    #[serde(rename = "e")]
    Ended { as_json: bool },
}

/// A task of an activity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// The activity's ARN.
    pub(crate) activity: String,
    pub(crate) offered: Offered,
}

/// A child of a Map run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Child {
    /// The fingerprint of the definition.
    pub(crate) definition: String,
    pub(crate) run: MapRunId,
    /// The run's name.
    pub(crate) name: String,
    pub(crate) index: u64,
    /// How many items it has.
    #[serde(default = "one")]
    pub(crate) items: u64,
    /// How often the parent had been redriven, if it says: an earlier version of this program did not, and redrove no Map run.
    #[serde(default)]
    pub(crate) attempt: Option<u32>,
    pub(crate) is_told_whole: bool,
    /// What it begins with; its execution is its key.
    pub(crate) start: ChildStart,
    /// What is logged of it, as of its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logging: Option<Logging>,
    /// When the parent began, in milliseconds since 1970. An earlier version of this program did not say.
    #[serde(default)]
    pub(crate) since_ms: Option<u64>,
}

const fn one() -> u64 {
    1
}

/// A child of a Map run that is to run once more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Again {
    pub(crate) run: MapRunId,
    pub(crate) index: u64,
    /// How often the parent was redriven.
    pub(crate) attempt: u32,
    /// Its key.
    pub(crate) child: String,
}

/// Items that a Map run wants.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ItemsWanted {
    /// The fingerprint of the definition.
    pub(crate) definition: String,
    pub(crate) run: MapRunId,
    /// The Map, by its name: its reader says how to read them.
    pub(crate) map: String,
    pub(crate) arguments: Value,
    pub(crate) from: u64,
    pub(crate) items_max: u64,
    pub(crate) bytes_max: usize,
}

/// Results that a Map run wants written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// The fingerprint of the definition.
    pub(crate) definition: String,
    pub(crate) run: MapRunId,
    /// The Map, by its name: its writer says how to write them.
    pub(crate) map: String,
    /// The run's name: by it its children are found.
    pub(crate) name: String,
    pub(crate) map_run_arn: String,
    pub(crate) bucket: String,
    pub(crate) folder: String,
    /// The items that no child was begun for.
    pub(crate) pending: Vec<Value>,
}

/// What comes of an errand.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The execution is told this.
    Told(Fact),
    /// The execution is told this of a call to what is not one, unless it is another one that has its key now.
    Returned {
        /// When the one began that made the call, in milliseconds since 1970.
        since_ms: u64,
        /// What it is told.
        fact: Fact,
    },
    /// An execution was begun for a task that waits for more than that.
    Begun {
        /// The attempt.
        task: TaskId,
        /// What it is told of it.
        output: Value,
        /// The key of the one that was begun, if it is to be stopped where nobody waits for it any more.
        nested: Option<String>,
    },
    /// A child was begun.
    ChildBegun {
        /// The Map run.
        run: MapRunId,
        /// How often the parent had been redriven when it asked for it, if that is known.
        attempt: Option<u32>,
        /// The child's key.
        child: String,
    },
    /// Its end is written down where it is found from now on.
    MapRunKept {
        /// The Map run.
        run: MapRunId,
        /// How often that was redriven.
        redrives: u32,
    },
    /// It told of its end, and nobody is there to be told: the execution around is forgotten.
    Unheard,
    /// It is done, and nobody waits for that.
    Done,
}
