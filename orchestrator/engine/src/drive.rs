//! Running threads from state to state until all that is left waits for something.

use asl::retry::Origin;
use asl::{State, StateKind};
use serde_json::Value;

use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::stepper::{Cursor, Entered, Outcome, Stepper, misfit};
use crate::thread::{Thread, ThreadId, Waiting};

/// Where the outermost machine comes to rest.
pub(crate) enum Rest {
    Waits,
    Ended { output: Value, last_event: u64 },
    Failed { failure: Failure, last_event: u64 },
}

impl<'d> Stepper<'d> {
    /// Runs on until there is nowhere to go.
    pub(crate) fn drive(&mut self, mut outcome: Outcome) -> Rest {
        loop {
            outcome = match outcome {
                Outcome::Go(cursor) => self.enter(cursor),
                Outcome::Wait(waiting) => {
                    self.threads.insert(waiting);
                    Outcome::Parked
                }
                Outcome::Parked => match self.ready.pop_front() {
                    Some(cursor) => Outcome::Go(cursor),
                    None => return Rest::Waits,
                },
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
        let Cursor { thread, state: id, data, last_event } = cursor;
        self.tally.transitions += 1;
        let state = match self.guard().and_then(|()| self.definition.state(id).ok_or_else(misfit)) {
            Ok(state) => state,
            Err(error) => {
                let failure =
                    Failure { error: error.name.to_owned(), cause: Some(error.cause), origin: Origin::State };
                return Outcome::Fail { thread, failure, last_event };
            }
        };
        let last_event = self.push(&thread, last_event, || Detail::StateEntered {
            state_type: state.kind.type_name(),
            name: state.name.clone(),
            input: data.to_string(),
        });
        self.begin(Entered {
            thread,
            state,
            data,
            at_ms: self.now_ms,
            entered_event: last_event,
            last_event,
            retries: Vec::new(),
            task: None,
        })
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
        }
        for id in under {
            if let Some(waiting) = self.threads.remove(id) {
                self.abort(&waiting);
            }
        }
    }

    /// Cancels the timers of a thread, and tells the history that its state was aborted. The last event of the thread.
    pub(crate) fn abort(&mut self, Waiting { thread, frame }: &Waiting) -> u64 {
        for timer in frame.timers() {
            self.cancel(Some(timer));
        }
        let Some(state) = frame.state.of(self.definition) else { return frame.last_event };
        let state_type = state.kind.type_name();
        let mut last_event = frame.last_event;
        if let Awaited::MapRun(run) = &frame.awaited {
            last_event = self.push(thread, last_event, || Detail::MapRunAborted);
            self.abort_map_run(run.clone());
        }
        let last_event = self.push(thread, last_event, || Detail::StateAborted { state_type });
        self.abort_iteration(thread, last_event)
    }

    /// Tells the history that an iteration was aborted, if the thread is one. The last event of the thread.
    fn abort_iteration(&mut self, thread: &Thread, last_event: u64) -> u64 {
        let parent = thread.parent.and_then(|(parent, index)| Some((self.threads.get(parent)?, index)));
        let map = parent.and_then(|(waiting, index)| Some((waiting.frame.state.of(self.definition)?, index)));
        match map {
            Some((State { name, kind: StateKind::Map(_), .. }, index)) => {
                let name = name.clone();
                self.push(thread, last_event, || Detail::MapIteration { what: "Aborted", name, index })
            }
            _ => last_event,
        }
    }
}
