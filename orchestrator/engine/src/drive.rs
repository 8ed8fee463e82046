//! Running threads from state to state until all that is left waits for something.

use std::sync::Arc;

use asl::retry::Origin;
use asl::{RuntimeError, State, StateKind};
use serde_json::Value;

use crate::effect::GivenUp;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::stepper::{Cursor, Entered, Outcome, Stepper, misfit};
use crate::thread::{Thread, ThreadId, Waiting};

/// Where the outermost machine comes to rest.
pub(crate) enum Rest {
    Waits,
    RunsAway,
    Ended { output: Value, last_event: u64 },
    Failed { failure: Failure, last_event: u64 },
}

impl<'d> Stepper<'d> {
    /// Runs on until there is nowhere to go.
    pub(crate) fn drive(&mut self, mut outcome: Outcome) -> Rest {
        loop {
            // What a failure leaves undone is of no use any more once something was done about it.
            if !self.left.is_empty() && !matches!(outcome, Outcome::Fail { .. }) {
                self.left.clear();
            }
            outcome = match outcome {
                Outcome::Go(cursor) => self.enter(cursor),
                Outcome::Wait(waiting) => {
                    self.threads.insert(waiting);
                    Outcome::Parked
                }
                Outcome::Parked => {
                    if let Some(cursor) = self.ready.pop_front() {
                        Outcome::Go(cursor)
                    } else if let Some(left) = self.again.pop_front() {
                        self.take_up(left)
                    } else {
                        return Rest::Waits;
                    }
                }
                Outcome::RunsAway => return Rest::RunsAway,
                Outcome::End { thread: Thread { parent: None, .. }, output, last_event } => {
                    return Rest::Ended { output, last_event };
                }
                Outcome::Fail { thread: Thread { parent: None, .. }, failure, last_event } => {
                    return Rest::Failed { failure, last_event };
                }
                Outcome::End { thread: Thread { parent: Some((parent, index)), .. }, output, last_event } => {
                    self.child_ended(parent, index, output, last_event)
                }
                Outcome::Fail {
                    thread: Thread { parent: Some((parent, index)), .. },
                    failure,
                    last_event,
                } => self.child_failed(parent, index, failure, last_event),
            };
        }
    }

    fn enter(&mut self, cursor: Cursor) -> Outcome {
        match self.definition.state(cursor.state) {
            Some(state) => {
                let Cursor { thread, data, last_event, .. } = cursor;
                self.enter_state(thread, state, data, last_event)
            }
            None => {
                let RuntimeError { name, cause, .. } = misfit();
                let failure = Failure { error: name.to_owned(), cause: Some(cause), origin: Origin::State };
                Outcome::Fail { thread: cursor.thread, failure, last_event: cursor.last_event }
            }
        }
    }

    /// Enters a state, and does what it does.
    pub(crate) fn enter_state(
        &mut self,
        thread: Thread,
        state: &'d State,
        data: Value,
        last_event: u64,
    ) -> Outcome {
        self.tally.transitions += 1;
        if self.runs_away() {
            return Outcome::RunsAway;
        }
        let mut entered = Entered {
            thread,
            state,
            data,
            at_ms: self.now_ms,
            entered_event: last_event,
            last_event,
            retries: Vec::new(),
            task: None,
            gathered: None,
        };
        if let Err(error) = self.guard() {
            let failure =
                Failure { error: error.name.to_owned(), cause: Some(error.cause), origin: Origin::State };
            return self.fails(entered, failure);
        }
        entered.last_event = self.push(&entered.thread, last_event, || Detail::StateEntered {
            state_type: state.kind.type_name(),
            name: state.name.clone(),
            input: entered.data.to_string(),
        });
        entered.entered_event = entered.last_event;
        self.begin(entered)
    }

    /// Takes a thread that waits for others, to go on with it.
    pub(crate) fn resume(&mut self, id: ThreadId) -> Option<(Entered<'d>, Awaited)> {
        let waiting = self.threads.remove(id)?;
        let state: &'d State = waiting.frame.state.of(self.definition)?;
        Some(Entered::of(state, waiting))
    }

    fn child_ended(&mut self, parent: ThreadId, index: u32, output: Value, last_event: u64) -> Outcome {
        let Some(waiting) = self.threads.get_mut(parent) else { return Outcome::Parked };
        match &mut waiting.frame.awaited {
            Awaited::Branches(gathered) => {
                gathered.put(index, output);
                if gathered.open() > 0 { Outcome::Parked } else { self.branches_ended(parent, last_event) }
            }
            Awaited::Iterations(iterations) => {
                iterations.gathered.put(index, output);
                self.iteration_ended(parent, index, last_event)
            }
            _ => Outcome::Parked,
        }
    }

    fn child_failed(&mut self, parent: ThreadId, index: u32, failure: Failure, last_event: u64) -> Outcome {
        let Some(waiting) = self.threads.get(parent) else { return Outcome::Parked };
        match &waiting.frame.awaited {
            Awaited::Branches(_) => self.branch_failed(parent, failure, last_event),
            Awaited::Iterations(_) => self.iteration_failed(parent, index, failure, last_event),
            _ => Outcome::Parked,
        }
    }

    /// Gives up all threads under that one: their timers are cancelled; their tasks need nothing, answers will be stale.
    pub(crate) fn abandon(&mut self, ancestor: ThreadId) {
        let under = self.threads.under(ancestor);
        // The latest first, as ids grow: found by halving.
        let is_under = |id: ThreadId| id == ancestor || under.binary_search_by(|other| id.cmp(other)).is_ok();
        let (dropped, kept) = std::mem::take(&mut self.ready).into_iter().partition::<Vec<_>, _>(|cursor| {
            cursor.thread.parent.is_some_and(|(parent, _)| is_under(parent))
        });
        self.ready = kept.into();
        for cursor in dropped {
            self.abort_iteration(&cursor.thread, cursor.last_event);
            self.leaves_before(cursor);
        }
        if !self.again.is_empty() {
            let again = std::mem::take(&mut self.again).into_iter();
            let (dropped, kept) = again.partition::<Vec<_>, _>(|left| {
                left.thread.parent.is_some_and(|(parent, _)| is_under(parent))
            });
            self.again = kept.into();
            for left in dropped.into_iter().rev() {
                self.abort_again(left);
            }
        }
        for id in under {
            if let Some(waiting) = self.threads.remove(id) {
                let last_event = self.abort(&waiting);
                self.leaves_waiting(waiting, last_event);
            }
        }
    }

    /// Cancels the timers of a thread, and tells the history that its state was aborted, and its iteration if it is one. The last event
    /// of the state.
    pub(crate) fn abort(&mut self, Waiting { thread, frame }: &Waiting) -> u64 {
        for timer in frame.timers() {
            self.cancel(Some(timer));
        }
        let Some(state) = frame.state.of(self.definition) else { return frame.last_event };
        let state_type = state.kind.type_name();
        if let (Awaited::Task { task, .. }, StateKind::Task(called)) = (&frame.awaited, &state.kind) {
            let resource = Arc::clone(&called.resource.arn);
            self.given_up.push(GivenUp { task: *task, resource });
        }
        let mut last_event = frame.last_event;
        if let Awaited::MapRun(run) = &frame.awaited {
            last_event = self.push(thread, last_event, || Detail::MapRunAborted);
            self.abort_map_run(run.clone());
        }
        let last_event = self.push(thread, last_event, || Detail::StateAborted { state_type });
        self.abort_iteration(thread, last_event);
        last_event
    }

    /// Tells the history that an iteration was aborted, if the thread is one.
    pub(crate) fn abort_iteration(&mut self, thread: &Thread, last_event: u64) {
        let parent = thread.parent.and_then(|(parent, index)| Some((self.threads.get(parent)?, index)));
        let map = parent.and_then(|(waiting, index)| Some((waiting.frame.state.of(self.definition)?, index)));
        if let Some((State { name, kind: StateKind::Map(_), .. }, index)) = map {
            let name = name.clone();
            self.push(thread, last_event, || Detail::MapIteration { what: "Aborted", name, index });
        }
    }
}
