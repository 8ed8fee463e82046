//! One state tried by itself: with an input, and with what its work would come to, but without an execution.

use std::sync::Arc;

use asl::Definition;
use serde_json::{Map, Value};

use crate::effect::NoneRefused;
use crate::execution::Head;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::recorder::Events;
use crate::stepper::Stepper;
use crate::taken::{Taken, Way};
use crate::threads::Threads;
use crate::watch::{Stage, Watch};

/// What the work of a Task, Map or Parallel comes to: nothing is called, and nothing is run.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// It comes to this.
    Result(Value),
    /// It fails.
    Error {
        /// The error name, for `Retry` and `Catch`.
        error: String,
        /// What happened, for people.
        cause: Option<String>,
    },
}

/// What the `ItemReader` of a Map reads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemsRead {
    /// The items, in order.
    pub items: Vec<Value>,
    /// Whether they are members of an object.
    pub of_object: bool,
}

/// What a state is tried with.
#[derive(Debug, Clone)]
pub struct Trial<'t> {
    /// The name of the state, in whichever machine of the definition it is.
    pub state: &'t str,
    /// What the state begins with.
    pub input: Value,
    /// The variables that there are.
    pub variables: Map<String, Value>,
    /// Who the execution is that the state would be part of.
    pub identity: Identity,
    /// What the context object has instead of what the engine says: an object, whose members are laid over the engine's.
    pub context: Option<Value>,
    /// What jitter and the functions with randomness are computed from.
    pub seed: u64,
    /// What its work comes to. States that do nothing but shape data need none.
    pub work: Option<Work>,
    /// How often the retrier has been used that is for the error of `work`.
    pub retried: u32,
    /// What the `ItemReader` of a Map reads: the items, or why they cannot be read.
    pub items: Option<Result<ItemsRead, String>>,
    /// How many items of a Map have failed.
    pub failed_items: u64,
}

/// What became of a state that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// How it went.
    pub end: TrialEnd,
    /// The variables that there are then.
    pub variables: Map<String, Value>,
    /// The error that it came to, whatever was done about it, and its cause.
    pub failure: Option<(String, Option<String>)>,
    /// The retrier or catcher that did something about the error, by its place in the state.
    pub handled: Option<Way>,
    /// The values on the way, in the order in which they were made.
    pub stages: Vec<(Stage, Value)>,
    /// Of a Map: how it would be run.
    pub map: Option<TriedMap>,
}

/// Where a state that was tried leads.
#[derive(Debug, Clone, PartialEq)]
pub enum TrialEnd {
    /// Out of it, by itself or by a catcher.
    Left {
        /// To which state, unless the machine ends.
        next: Option<Arc<str>>,
        /// With which output.
        output: Value,
    },
    /// To another attempt, after so many milliseconds.
    Retried {
        /// How long it backs off.
        after_ms: u64,
    },
    /// Nowhere: it has failed.
    Failed,
}

/// How a Map that was tried would be run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TriedMap {
    /// Most iterations or children at once; 0 sets no limit of its own.
    pub max_concurrency: u64,
    /// Most items that may fail, if that is limited.
    pub tolerated_count: Option<u64>,
    /// Most items that may fail, in percent of all, if that is limited.
    pub tolerated_percentage: Option<f64>,
    /// How many items there are; `None` if they are read from elsewhere and were not given.
    pub items: Option<u64>,
}

/// Tries a state. `None` if the definition has none of that name. Pure: the same arguments give the same result, and time does not pass: what a
/// Wait waits for has come, unless that takes longer than [`TRIAL_MS_MAX`](crate::quotas::TRIAL_MS_MAX).
pub fn trial(definition: &Definition, trial: Trial<'_>, now_ms: u64) -> Option<Tried> {
    let state = definition.state_named(trial.state)?;
    let Trial { identity, input, variables, context, seed, .. } = trial;
    let watch = Watch::new(context);
    let id = (identity.name.clone(), seed);
    let head = Head { identity: Some(Box::new(identity)), ..Head::new(definition, id, now_ms, &input) };
    let head_and_threads = (Box::new(head), Threads::default());
    let events = Events::Kept(Vec::new());
    let mut stepper = Stepper::new(definition, &NoneRefused, head_and_threads, now_ms, events);
    stepper.watch = Some(&watch);
    let rest =
        Attempt { work: trial.work, retried: trial.retried, items: trial.items, failed: trial.failed_items };
    let (end, variables, map) = stepper.try_state(state, input, variables, rest);
    let (_, taken) = stepper.history.finish();
    let (stages, failure) = watch.finish();
    let handled = taken.into_iter().map(|Taken { way, .. }| way);
    let handled = handled.filter(|way| matches!(way, Way::Retrier(_) | Way::Catcher(_))).last();
    let failure = failure.map(|Failure { error, cause, .. }| (error, cause));
    Some(Tried { end, variables, failure, handled, stages, map })
}

/// What is known of the work of a state that is tried.
pub(crate) struct Attempt {
    pub(crate) work: Option<Work>,
    pub(crate) retried: u32,
    pub(crate) items: Option<Result<ItemsRead, String>>,
    pub(crate) failed: u64,
}
