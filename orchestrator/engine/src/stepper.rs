//! One step in the making: what it has of the execution, and what comes of it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use asl::error::RUNTIME;
use asl::random::Random;
use asl::retry::Origin;
use asl::{Budget, Context, Definition, RuntimeError, Scope, State, StateId, Variables};
use serde_json::{Map, Value};

use crate::context::{StateView, context};
use crate::effect::{Effect, GivenUp, Integrations};
use crate::execution::Head;
use crate::fact::Refused;
use crate::failure::Failure;
use crate::frame::{Awaited, Frame};
use crate::history::Detail;
use crate::ids::{MapRunId, TaskId, Timer, TimerId};
use crate::map_news::MapNews;
use crate::quotas::{
    COPIED_BYTES_MAX, DURATION_MS_MAX, EXPRESS_DURATION_MS_MAX, HISTORY_EVENTS_MAX, TRANSITIONS_PER_STEP_MAX,
};
use crate::recorder::{Events, Recorder};
use crate::state_ref::StateRef;
use crate::tally::Tally;
use crate::thread::{Thread, ThreadId, Waiting};
use crate::threads::Threads;
use crate::unfinished::{Left, WayOn};
use crate::watch::Watch;

/// One step in the making.
pub(crate) struct Stepper<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) integrations: &'d dyn Integrations,
    pub(crate) head: Box<Head>,
    pub(crate) now_ms: u64,
    /// The threads that wait.
    pub(crate) threads: Threads,
    /// As [`Head::draws`], in this step.
    pub(crate) draws: Cell<u64>,
    /// The id of the next thread: greater than that of any that there is.
    next_thread: u64,
    /// The threads that are about to enter their machine, the next first.
    pub(crate) ready: VecDeque<Cursor>,
    /// The threads that are about to go on after a redrive, the next first.
    pub(crate) again: VecDeque<Left>,
    /// What the failure that is on its way leaves undone.
    pub(crate) left: Vec<Left>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) given_up: Vec<GivenUp>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) history: Recorder<'d>,
    pub(crate) tally: Tally,
    /// Who takes notes of a state that is tried; nobody, of an execution.
    pub(crate) watch: Option<&'d Watch>,
}

/// A state about to be entered.
pub(crate) struct Cursor {
    pub(crate) thread: Thread,
    pub(crate) state: StateId,
    pub(crate) data: Value,
    pub(crate) last_event: u64,
}

/// A state that was entered: a [`Waiting`] that does not wait.
pub(crate) struct Entered<'d> {
    pub(crate) thread: Thread,
    pub(crate) state: &'d State,
    pub(crate) data: Value,
    pub(crate) at_ms: u64,
    pub(crate) entered_event: u64,
    pub(crate) last_event: u64,
    pub(crate) retries: Vec<u32>,
    /// The task that is being prepared, whose token can be had.
    pub(crate) task: Option<TaskId>,
    /// What its branches or iterations have come to, if one of them has failed.
    pub(crate) gathered: Option<WayOn>,
}

/// What a thread comes to.
pub(crate) enum Outcome {
    /// It goes on to a state.
    Go(Cursor),
    /// It is to be put among those that wait.
    Wait(Waiting),
    /// Nothing of its own: it was put among those that wait, or others go on.
    Parked,
    /// Its machine has ended.
    End { thread: Thread, output: Value, last_event: u64 },
    /// It would go on for ever: the execution is timed out.
    RunsAway,
    /// Its machine has failed.
    Fail { thread: Thread, failure: Failure, last_event: u64 },
}

/// What a waiting state is told.
pub(crate) enum Signal {
    Returned(Value),
    Succeeded(Value),
    Failed { error: String, cause: Option<String> },
    SubmitFailed { error: String, cause: Option<String> },
    Taken { worker: Option<String> },
    Submitted(Value),
    Heartbeat,
    Fired(TimerId),
    MapRun(MapNews),
}

impl<'d> Entered<'d> {
    /// The state of a thread that goes on, and what it waited for.
    pub(crate) fn of(state: &'d State, Waiting { thread, frame }: Waiting) -> (Self, Awaited) {
        let Frame { state: _, data, entered_ms, entered_event, last_event, retries, awaited } = frame;
        let entered = Self {
            thread,
            state,
            data,
            at_ms: entered_ms,
            entered_event,
            last_event,
            retries,
            task: None,
            gathered: None,
        };
        (entered, awaited)
    }

    pub(crate) fn waiting(self, awaited: Awaited) -> Waiting {
        let frame = Frame {
            state: StateRef::Named(Arc::clone(&self.state.name)),
            data: self.data,
            entered_ms: self.at_ms,
            entered_event: self.entered_event,
            last_event: self.last_event,
            retries: self.retries,
            awaited,
        };
        Waiting { thread: self.thread, frame }
    }

    pub(crate) fn wait(self, awaited: Awaited) -> Outcome {
        Outcome::Wait(self.waiting(awaited))
    }

    /// What AWS says before the cause of an error that a state makes of itself.
    pub(crate) fn failure(&self, error: RuntimeError) -> Failure {
        let cause = format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
            self.state.name, self.entered_event, error.cause
        );
        Failure::new(error.name.to_owned(), Some(cause), Origin::State)
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            thread: &self.thread,
            state: self.state,
            at_ms: self.at_ms,
            retries: &self.retries,
            task: self.task,
            item: None,
        }
    }
}

/// What an expression is evaluated for: a state of a thread.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) thread: &'a Thread,
    pub(crate) state: &'a State,
    pub(crate) at_ms: u64,
    pub(crate) retries: &'a [u32],
    pub(crate) task: Option<TaskId>,
    /// The item of an iteration that is about to begin.
    pub(crate) item: Option<&'a Value>,
}

impl<'d> Stepper<'d> {
    pub(crate) fn new(
        definition: &'d Definition,
        integrations: &'d dyn Integrations,
        (head, threads): (Box<Head>, Threads),
        now_ms: u64,
        events: Events<'d>,
    ) -> Self {
        let history = Recorder::new(head.history_len, now_ms, !head.express, events);
        Self {
            definition,
            integrations,
            now_ms,
            draws: Cell::new(head.draws),
            head,
            next_thread: threads.last().map_or(1, |last| last.0 + 1),
            threads,
            ready: VecDeque::new(),
            again: VecDeque::new(),
            left: Vec::new(),
            effects: Vec::with_capacity(2),
            given_up: Vec::new(),
            refused: Vec::new(),
            history,
            tally: Tally::default(),
            watch: None,
        }
    }

    /// Whether so many states were entered without waiting that the execution never would.
    pub(crate) fn runs_away(&self) -> bool {
        self.tally.transitions > TRANSITIONS_PER_STEP_MAX
    }

    /// Refuses to go on when the history is full.
    pub(crate) fn guard(&self) -> Result<(), RuntimeError> {
        if self.history.is_stopped() {
            return Err(RuntimeError::new(RUNTIME, "whoever looked on has stopped the step".to_owned()));
        }
        if self.history.is_full() {
            let cause =
                format!("The execution reached the maximum number of history events ({HISTORY_EVENTS_MAX}).");
            return Err(RuntimeError::new(RUNTIME, cause));
        }
        Ok(())
    }

    /// Adds an event to the history. What is done for the items of a Map in distributed mode that began before children were executions is
    /// no part of it.
    pub(crate) fn push(&mut self, thread: &Thread, previous: u64, detail: impl FnOnce() -> Detail) -> u64 {
        if thread.is_child_execution { previous } else { self.history.push(previous, detail) }
    }

    /// Evaluates something in the scope of a state over that data.
    pub(crate) fn scoped<R>(&self, view: View<'_>, data: &Value, eval: impl FnOnce(&Scope<'_>) -> R) -> R {
        let build = || {
            let retries = view.retries.iter().map(|count| u64::from(*count)).sum();
            let state =
                StateView { name: &view.state.name, entered_ms: view.at_ms, retries, task: view.task };
            let context = context(&self.head, view.thread, &state, view.item);
            match self.watch {
                Some(watch) => watch.context(context, view.item.is_some()),
                None => context,
            }
        };
        let context = Context::new(&build);
        let random = Random::new(self.head.seed, self.draws.get());
        let budget = Budget::new(COPIED_BYTES_MAX);
        let scopes = self.variables(view.thread);
        let variables = Variables::new(&scopes);
        let budget = Some(&budget);
        let result =
            eval(&Scope { now_ms: self.now_ms, variables, budget, ..Scope::of(data, &context, &random) });
        // Each evaluation that uses numbers has its own, and replay the same ones.
        self.draws.set(self.draws.get() + u64::from(random.is_used()));
        result
    }

    /// The variables that a thread can read, its own first.
    fn variables<'a>(&'a self, thread: &'a Thread) -> Vec<&'a Map<String, Value>> {
        if thread.parent.is_none() && thread.variables.is_empty() {
            return Vec::new();
        }
        // An execution of its own sees nothing of the one that started it.
        let outer = |thread: &&'a Thread| {
            let parent = &self.threads.get(thread.parent?.0)?.thread;
            (parent.is_child_execution == thread.is_child_execution).then_some(parent)
        };
        std::iter::successors(Some(thread), outer).map(|thread| &thread.variables).collect()
    }

    pub(crate) fn new_task(&mut self) -> TaskId {
        TaskId(self.new_id())
    }

    pub(crate) fn new_map_run(&mut self) -> MapRunId {
        MapRunId(self.new_id())
    }

    fn new_id(&mut self) -> u64 {
        let id = self.head.next_id;
        self.head.next_id += 1;
        id
    }

    /// A thread for a branch or iteration of another.
    pub(crate) fn new_thread(
        &mut self,
        parent: (ThreadId, u32),
        item: Option<Box<Value>>,
        is_child_execution: bool,
    ) -> Thread {
        let id = ThreadId(self.next_thread);
        self.next_thread += 1;
        Thread { id, parent: Some(parent), variables: Map::new(), item, is_child_execution }
    }

    /// Gives numbers to threads that are greater than that one.
    pub(crate) fn reserve_threads(&mut self, last: ThreadId) {
        self.next_thread = self.next_thread.max(last.0 + 1);
    }

    /// Sets the timer of the execution as a whole, if the definition has one.
    pub(crate) fn begin_time(&mut self, timeout_s: Option<u64>) {
        if let Some(seconds) = timeout_s {
            let at_ms = self.now_ms.saturating_add(seconds * 1000);
            let at_ms = self.last_ms().map_or(at_ms, |last_ms| at_ms.min(last_ms));
            self.head.deadline = Some(self.set_timer_at(at_ms));
        }
    }

    /// Sets the timer of an execution that is about to wait, and that only the quota of AWS ends.
    pub(crate) fn bound_time(&mut self) {
        if self.head.deadline.is_none()
            && let Some(last_ms) = self.last_ms()
        {
            self.head.deadline = Some(self.set_timer_at(last_ms));
        }
    }

    /// When the execution must have ended, in milliseconds since 1970: as far as it is one to AWS.
    fn last_ms(&self) -> Option<u64> {
        let longest = if self.head.express { EXPRESS_DURATION_MS_MAX } else { DURATION_MS_MAX };
        let is_bound = self.head.express || self.head.identity.is_some();
        is_bound.then(|| self.head.started_ms.saturating_add(longest))
    }

    pub(crate) fn set_timer(&mut self, after_ms: u64) -> Timer {
        self.set_timer_at(self.now_ms.saturating_add(after_ms))
    }

    pub(crate) fn set_timer_at(&mut self, at_ms: u64) -> Timer {
        let timer = Timer { id: TimerId(self.new_id()), at_ms };
        self.effects.push(Effect::SetTimer { timer: timer.id, at_ms });
        timer
    }

    pub(crate) fn cancel(&mut self, timer: Option<Timer>) {
        self.effects.extend(timer.map(|timer| Effect::CancelTimer { timer: timer.id }));
    }
}

/// What should have been found before the step.
pub(crate) fn misfit() -> RuntimeError {
    RuntimeError::new(RUNTIME, "the execution does not fit its definition")
}
