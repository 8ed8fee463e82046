//! Where an execution stands.

use asl::Definition;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::children;
use crate::fact::IllegalFact;
use crate::frame::{Frame, Target};
use crate::identity::Identity;
use crate::ids::{MapRunId, NUMBER_MAX, TaskId, Timer, TimerId};
use crate::map_run::MapRun;
use crate::rules::Rules;
use crate::sparse::{given, is_default};
use crate::status::Status;
use crate::threads::Threads;
use crate::token::{self, Token, TokenKey};
use crate::unfinished::Unfinished;

/// The version of the snapshot's layout. 1 had the numbers of states, 2 their names, both as a tree; 3 has threads.
const LAYOUT: u8 = 3;
/// The first layout with names.
const LAYOUT_WITH_NAMES: u8 = 2;
/// The oldest layout that is read.
const LAYOUT_MIN: u8 = 1;

/// A run of a definition, between two facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Execution {
    #[serde(rename = "v")]
    layout: u8,
    // An execution changes hands many times a step: what is large of it stays where it is meanwhile.
    #[serde(rename = "h")]
    pub(crate) head: Box<Head>,
    #[serde(rename = "p")]
    pub(crate) phase: Phase,
}

/// An [`Execution`] as it was stored, whatever its layout says.
#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "v", deserialize_with = "layout")]
    layout: u8,
    #[serde(rename = "h")]
    head: Box<Head>,
    #[serde(rename = "p")]
    phase: Phase,
}

impl TryFrom<Stored> for Execution {
    type Error = &'static str;

    fn try_from(Stored { layout, head, phase }: Stored) -> Result<Self, Self::Error> {
        let has_names = layout >= LAYOUT_WITH_NAMES;
        if let Phase::Running(threads) = &phase {
            if threads.iter().any(|waiting| waiting.frame.state_name().is_some() != has_names) {
                return Err("layout 1 has the numbers of states, later ones their names");
            }
            threads.check(head.next_id)?;
            if head.next_id > NUMBER_MAX || head.history_len > NUMBER_MAX || head.draws > NUMBER_MAX {
                return Err("a count is greater than any that can be");
            }
        }
        if let Phase::Ended(ending) = &phase
            && let Some(unfinished) = &ending.unfinished
        {
            unfinished.check()?;
        }
        Ok(Self { layout, head, phase })
    }
}

/// What stays the same or only grows. Fields have names of one letter: this is written at every step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    #[serde(rename = "x")]
    pub(crate) id: String,
    #[serde(rename = "d")]
    pub(crate) definition: String,
    #[serde(rename = "s")]
    pub(crate) seed: u64,
    #[serde(rename = "t")]
    pub(crate) started_ms: u64,
    /// The next id of a task or timer.
    #[serde(rename = "n")]
    pub(crate) next_id: u64,
    #[serde(rename = "e")]
    pub(crate) history_len: u64,
    /// How many evaluations have used random numbers: each has its own.
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub(crate) draws: u64,
    /// Whether it is an Express execution.
    #[serde(rename = "q", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) express: bool,
    /// Who it is to AWS, if it was told.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Box<Identity>>,
    /// Kept only if the definition looks at it.
    #[serde(rename = "i", default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
    /// The end of the definition's `TimeoutSeconds`.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<Timer>,
    /// How many bytes of variables there are at the most.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub(crate) assigned_bytes: u64,
    /// How often it was redriven.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub(crate) redrives: u32,
    /// When it was redriven last.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(crate) redriven_ms: Option<u64>,
    /// Whether a Map started it, which bounds its time, and not the machine.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_child: bool,
    /// What it goes by, whatever the engine does with others.
    #[serde(rename = "u", default = "Rules::first", skip_serializing_if = "Rules::are_first")]
    pub(crate) rules: Rules,
}

impl Head {
    /// Whether the inputs of its states are kept as long as these may have to be done again by a redrive. AWS redrives Standard
    /// executions by their ARN; of others nothing is kept for it.
    pub(crate) fn is_kept_for_redrive(&self) -> bool {
        self.identity.is_some() && !self.express
    }

    /// What the tokens of its tasks are made with, if it has a key.
    pub(crate) fn token_key(&self) -> Option<&TokenKey> {
        self.identity.as_deref()?.token_key.as_ref()
    }
}

/// Running or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// It waits for something.
    #[serde(rename = "r")]
    Running(Threads),
    /// It is over.
    #[serde(rename = "e")]
    Ended(Box<Ending>),
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Never [`Status::Running`].
    #[serde(rename = "s")]
    pub status: Status,
    /// When, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// The output, if it succeeded.
    #[serde(rename = "o", default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The error name, if it failed.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What happened, if it failed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Where it goes on when it is redriven, if it can be.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Box<Unfinished>>,
}

/// Bytes that are no snapshot.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// They cannot be read.
    #[error("the stored execution cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// They were written by another version.
    #[error("the stored execution has layout {0}; this program reads layouts {LAYOUT_MIN} to {LAYOUT}")]
    Layout(u8),
}

impl Head {
    /// That of an execution with this id and seed which begins now, and has no identity.
    pub(crate) fn new(
        definition: &Definition,
        (id, seed): (String, u64),
        now_ms: u64,
        input: &Value,
    ) -> Self {
        Self {
            id,
            definition: definition.fingerprint().to_owned(),
            seed,
            started_ms: now_ms,
            next_id: 1,
            history_len: 0,
            draws: 0,
            express: false,
            identity: None,
            input: definition.reads_execution_input().then(|| input.clone()),
            deadline: None,
            assigned_bytes: 0,
            redrives: 0,
            redriven_ms: None,
            is_child: false,
            rules: Rules::TODAY,
        }
    }
}

impl Execution {
    pub(crate) fn new(head: Box<Head>, phase: Phase) -> Self {
        Self { layout: LAYOUT, head, phase }
    }

    /// The id of the execution.
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// The fingerprint of the definition it runs on.
    pub fn definition(&self) -> &str {
        &self.head.definition
    }

    /// When it began, in milliseconds since 1970.
    pub fn started_ms(&self) -> u64 {
        self.head.started_ms
    }

    /// The id that its next task or timer will have: none so great was ever used.
    pub fn next_id(&self) -> u64 {
        self.head.next_id
    }

    /// How many events its history has.
    pub fn history_len(&self) -> u64 {
        self.head.history_len
    }

    /// Whether it is an Express execution.
    pub fn is_express(&self) -> bool {
        self.head.express
    }

    /// How often it was redriven.
    pub fn redrives(&self) -> u32 {
        self.head.redrives
    }

    /// The rules that it goes by.
    pub fn rules(&self) -> Rules {
        self.head.rules
    }

    /// Who it is to AWS, if it was told.
    pub fn identity(&self) -> Option<&Identity> {
        self.head.identity.as_deref()
    }

    /// The token of one of its tasks.
    #[must_use]
    pub fn token(&self, task: TaskId) -> String {
        token::encode(&self.head.id, task, self.head.token_key())
    }

    /// Whether it is a token of one of its tasks, pending or not.
    #[must_use]
    pub fn has_given(&self, token: &Token) -> bool {
        token.execution() == self.head.id && token.is_genuine(self.head.token_key())
    }

    /// The name of a child of one of its Map runs, as [`Fact::ChildStarted`](crate::Fact::ChildStarted) tells it of one that is
    /// somebody.
    pub fn child_name(&self, run: MapRunId, index: u64) -> String {
        children::name(self.head.seed, run, index)
    }

    /// When it was redriven last, in milliseconds since 1970.
    pub fn redriven_ms(&self) -> Option<u64> {
        self.head.redriven_ms
    }

    /// Where it stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Running(_) => Status::Running,
            Phase::Ended(ending) => ending.status,
        }
    }

    /// The attempts whose answers are awaited.
    pub fn pending_tasks(&self) -> Vec<TaskId> {
        self.frames().filter_map(Frame::task).collect()
    }

    /// The state that waits for the answer to that attempt. It is found at once, however many wait.
    pub fn awaiting_task(&self, task: TaskId) -> Option<&Frame> {
        self.awaiting(Target::Task(task))
    }

    /// The state that waits for that timer. It is found at once, however many wait.
    pub fn awaiting_timer(&self, timer: TimerId) -> Option<&Frame> {
        self.awaiting(Target::Timer(timer))
    }

    fn awaiting(&self, target: Target) -> Option<&Frame> {
        let Phase::Running(threads) = &self.phase else { return None };
        threads.get(threads.that_awaits(target)?).map(|waiting| &waiting.frame)
    }

    /// The timers that are set.
    pub fn pending_timers(&self) -> Vec<Timer> {
        let is_running = matches!(self.phase, Phase::Running(_));
        let deadline = self.head.deadline.filter(|_| is_running);
        deadline.into_iter().chain(self.frames().flat_map(Frame::timers)).collect()
    }

    /// The Map runs that have not ended.
    pub fn map_runs(&self) -> impl Iterator<Item = &MapRun> {
        self.frames().filter_map(Frame::map_run)
    }

    /// Where the outermost thread waits; `None` once the execution has ended.
    pub fn root(&self) -> Option<&Frame> {
        self.frames().next()
    }

    /// Where its threads wait, the outermost first.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        let threads = match &self.phase {
            Phase::Running(threads) => Some(threads.iter()),
            Phase::Ended(_) => None,
        };
        threads.into_iter().flatten().map(|waiting| &waiting.frame)
    }

    /// The snapshot as bytes (JSON).
    pub fn encode(&self) -> Vec<u8> {
        // Serialising to memory fails only for maps whose keys are no strings, and there are none.
        serde_json::to_vec(self).expect("an execution has only string keys")
    }

    /// The execution of a snapshot.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no snapshot of a layout that is read.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Version {
            v: u8,
        }
        serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice(bytes) {
            Ok(Version { v }) if !is_read(v) => DecodeError::Layout(v),
            _ => DecodeError::Unreadable(error),
        })
    }

    /// Whether the snapshot was of an earlier layout, and is to be brought up to date before it is asked for states.
    pub fn is_of_earlier_layout(&self) -> bool {
        self.layout < LAYOUT
    }

    /// The execution in today's layout, if the definition that it runs on is this one.
    ///
    /// # Errors
    /// It has a state that the definition has not.
    pub fn brought_up_to_date(mut self, definition: &Definition) -> Result<Self, IllegalFact> {
        if self.is_of_earlier_layout() {
            if let Phase::Running(threads) = &mut self.phase
                && !threads.frames_mut().all(|frame| frame.name_state(definition))
            {
                return Err(IllegalFact::Damaged);
            }
            self.layout = LAYOUT;
        }
        Ok(self)
    }
}

fn is_read(layout: u8) -> bool {
    (LAYOUT_MIN..=LAYOUT).contains(&layout)
}

fn layout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let layout = u8::deserialize(deserializer)?;
    if is_read(layout) { Ok(layout) } else { Err(D::Error::custom(DecodeError::Layout(layout))) }
}
