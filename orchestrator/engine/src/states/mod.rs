//! What each type of state does: a file each. A new type is added here, in `asl::syntax::StateKind` and in its parser.

mod choice;
mod fail;
mod parallel;
mod pass;
mod succeed;
mod task;
mod wait;

use asl::StateKind;

use crate::frame::{Awaited, Frame, Target};
use crate::stepper::{Entered, Outcome, Rest, Signal, Stepper, misfit};

impl<'d> Stepper<'d> {
    /// Does what the state does: at its entry, and again at each retry.
    pub(crate) fn begin(&mut self, entered: Entered<'d>) -> Outcome {
        let state = entered.state;
        match &state.kind {
            StateKind::Task(task) => self.begin_task(entered, task),
            StateKind::Parallel(parallel) => self.begin_parallel(entered, parallel),
            StateKind::Choice(choice) => self.choose(entered, choice),
            StateKind::Pass(pass) => self.pass(entered, pass),
            StateKind::Wait(wait) => self.begin_wait(entered, wait),
            StateKind::Succeed(io) => self.succeed(entered, io),
            StateKind::Fail(fail) => self.fail(entered, fail),
        }
    }

    /// Tells the frame that waits for it a signal, and runs on from there.
    pub(crate) fn deliver(&mut self, frame: Frame, target: Target, signal: Signal) -> Rest {
        let Frame { state, data, entered_ms, last_event, retries, awaited } = frame;
        let Some(state) = state.of(self.definition) else {
            return Rest::Failed { failure: misfit().into(), last_event };
        };
        let entered = Entered { state, data, at_ms: entered_ms, last_event, retries };
        let outcome = match (awaited, &state.kind) {
            (Awaited::Task { task, timeout, heartbeat }, StateKind::Task(syntax)) => {
                self.resume_task(entered, syntax, (task, timeout, heartbeat), signal)
            }
            (Awaited::Branches(branches), StateKind::Parallel(parallel)) => {
                self.resume_parallel(entered, parallel, branches, target, signal)
            }
            (Awaited::Wait(_), StateKind::Wait(wait)) => self.end_wait(entered, wait),
            // What is left is the end of a back-off.
            (_, _) => match self.guard() {
                Ok(()) => self.begin(entered),
                Err(error) => entered.fail(error),
            },
        };
        self.drive(outcome)
    }
}
