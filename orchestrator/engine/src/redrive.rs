//! Keeping what an execution leaves undone, and going on with it.

use asl::error::DATA_LIMIT_EXCEEDED;
use asl::map::Mode;
use asl::{State, StateKind};

use crate::drive::Rest;
use crate::failure::Failure;
use crate::frame::{Awaited, Frame};
use crate::history::Detail;
use crate::rules::Rules;
use crate::state_ref::StateRef;
use crate::stepper::{Cursor, Entered, Outcome, Stepper};
use crate::thread::{Thread, Waiting};
use crate::unfinished::{Left, Unfinished, WayOn};

impl<'d> Stepper<'d> {
    /// Whether what the thread leaves undone is kept, should the execution end with it.
    pub(crate) fn keeps_undone(&self, thread: &Thread) -> bool {
        self.head.is_kept_for_redrive() && !thread.is_child_execution
    }

    /// A state fails, and nothing of its own does anything about it.
    pub(crate) fn fails(&mut self, entered: Entered<'d>, failure: Failure) -> Outcome {
        let Entered { thread, state, data, at_ms, entered_event, last_event, gathered, .. } = entered;
        if self.keeps_undone(&thread) {
            let way = match (&state.kind, gathered) {
                (StateKind::Fail(_), _) => WayOn::Enter,
                // As AWS has it: of a state whose data is too large, all is done again.
                (_, Some(way)) if failure.error != DATA_LIMIT_EXCEEDED => way,
                _ => WayOn::Begin,
            };
            if matches!(way, WayOn::Enter | WayOn::Begin) {
                // Whatever was left in this step is part of the state.
                self.left.clear();
            }
            self.left.push(Left {
                thread: thread.clone(),
                state: StateRef::Named(state.name.clone()),
                data,
                entered_ms: at_ms,
                entered_event,
                last_event,
                way,
            });
        }
        Outcome::Fail { thread, failure, last_event }
    }

    /// Keeps the branches or iterations that a state has waited for, for when nothing is done about the failure of one.
    pub(crate) fn keep_gathered(&self, entered: &mut Entered<'d>, awaited: Awaited) {
        if self.keeps_undone(&entered.thread) {
            entered.gathered = way_on(entered.state, awaited, self.head.rules);
        }
    }

    /// A state is given up while its thread waits in it.
    pub(crate) fn leaves_waiting(&mut self, Waiting { thread, frame }: Waiting, last_event: u64) {
        if !self.keeps_undone(&thread) {
            return;
        }
        let Frame { state, data, entered_ms, entered_event, awaited, .. } = frame;
        let way = state.of(self.definition).and_then(|state| way_on(state, awaited, self.head.rules));
        let way = way.unwrap_or(WayOn::Begin);
        self.left.push(Left { thread, state, data, entered_ms, entered_event, last_event, way });
    }

    /// A thread is given up before it has entered a state.
    pub(crate) fn leaves_before(&mut self, cursor: Cursor) {
        let Cursor { thread, state, data, last_event } = cursor;
        if self.keeps_undone(&thread)
            && let Some(state) = self.definition.state(state)
        {
            let state = StateRef::Named(state.name.clone());
            let way = WayOn::Enter;
            self.left.push(Left { thread, state, data, entered_ms: 0, entered_event: 0, last_event, way });
        }
    }

    /// A thread that was to go on after a redrive is given up before it could.
    pub(crate) fn abort_again(&mut self, mut left: Left) {
        let kind = left.state.of(self.definition).map(|state| &state.kind);
        // There is no such event of the others, which wait for nothing.
        if let Some(
            kind @ (StateKind::Task(_) | StateKind::Wait(_) | StateKind::Parallel(_) | StateKind::Map(_)),
        ) = kind
            && left.way == WayOn::Begin
        {
            let state_type = kind.type_name();
            left.last_event =
                self.push(&left.thread, left.last_event, || Detail::StateAborted { state_type });
        }
        self.abort_iteration(&left.thread, left.last_event);
        self.left.push(left);
    }

    /// What the execution leaves undone, as it ends.
    pub(crate) fn unfinished(&mut self) -> Option<Box<Unfinished>> {
        Unfinished::of(std::mem::take(&mut self.left))
    }

    /// Goes on with what was left undone.
    pub(crate) fn redrive(&mut self, unfinished: Unfinished) -> Rest {
        self.head.redrives += 1;
        self.head.redriven_ms = Some(self.now_ms);
        // AWS counts a redrive as a transition.
        self.tally.transitions += 1;
        let count = self.head.redrives;
        self.history.push(self.history.len(), || Detail::ExecutionRedriven { redrive_count: count });
        // What a Map starts is no machine of its own.
        let timeout_s = if self.head.is_child { None } else { self.definition.timeout_s() };
        self.begin_time(timeout_s);
        self.reserve_threads(unfinished.last());
        for left in unfinished.threads {
            let Left { thread, state, data, entered_ms, entered_event, last_event, way } = left;
            let awaited = match way {
                WayOn::Branches(gathered) => Awaited::Branches(gathered),
                WayOn::Iterations(mut iterations) => {
                    iterations.failed = 0;
                    Awaited::Iterations(iterations)
                }
                way => {
                    let left = Left { thread, state, data, entered_ms, entered_event, last_event, way };
                    self.again.push_back(left);
                    continue;
                }
            };
            let retries = Vec::new();
            let frame = Frame { state, data, entered_ms, entered_event, last_event, retries, awaited };
            self.threads.insert(Waiting { thread, frame });
        }
        self.drive(Outcome::Parked)
    }

    /// Goes on with a thread that was left.
    pub(crate) fn take_up(&mut self, left: Left) -> Outcome {
        let Left { thread, state, data, entered_ms, entered_event, last_event, way } = left;
        let Some(state) = state.of(self.definition) else { return Outcome::Parked };
        if way == WayOn::Enter {
            return self.enter_state(thread, state, data, last_event);
        }
        let entered = Entered {
            thread,
            state,
            data,
            at_ms: entered_ms,
            entered_event,
            last_event,
            retries: Vec::new(),
            task: None,
            gathered: None,
        };
        match self.guard() {
            Ok(()) => match way {
                WayOn::MapRun(run) => self.redrive_map_run(entered, run),
                _ => self.begin(entered),
            },
            Err(error) => self.failed(entered, error),
        }
    }
}

/// How a state goes on that waits for others; `None` if it begins anew.
fn way_on(state: &State, awaited: Awaited, rules: Rules) -> Option<WayOn> {
    match (awaited, &state.kind) {
        (Awaited::Branches(gathered), _) => Some(WayOn::Branches(gathered)),
        (Awaited::Iterations(iterations), StateKind::Map(map)) if map.mode == Mode::Inline => {
            Some(WayOn::Iterations(iterations))
        }
        (Awaited::MapRun(mut run), StateKind::Map(_)) if rules.redrive_map_runs() => {
            // Those that were at work are stopped with it.
            run.abort_running();
            Some(WayOn::MapRun(run))
        }
        _ => None,
    }
}
