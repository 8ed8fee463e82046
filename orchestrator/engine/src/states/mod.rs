//! What each type of state does: a file each. A new type is added here, in `asl::syntax::StateKind` and in its parser.

mod choice;
mod distributed;
mod fail;
mod map;
mod map_run_end;
mod map_run_redrive;
mod parallel;
mod pass;
mod succeed;
mod task;
mod trial;
mod trial_map;
mod wait;

use asl::StateKind;

use self::task::Working;
use crate::drive::Rest;
use crate::frame::Awaited;
use crate::stepper::{Entered, Outcome, Signal, Stepper, misfit};
use crate::thread::ThreadId;

impl<'d> Stepper<'d> {
    /// Does what the state does: at its entry, and again at each retry.
    pub(crate) fn begin(&mut self, entered: Entered<'d>) -> Outcome {
        let state = entered.state;
        match &state.kind {
            StateKind::Task(task) => self.begin_task(entered, task),
            StateKind::Parallel(parallel) => self.begin_parallel(entered, parallel),
            StateKind::Map(map) => self.begin_map(entered, map),
            StateKind::Choice(choice) => self.choose(entered, choice),
            StateKind::Pass(pass) => self.pass(entered, pass),
            StateKind::Wait(wait) => self.begin_wait(entered, wait),
            StateKind::Succeed(io) => self.succeed(entered, io),
            StateKind::Fail(fail) => self.fail(entered, fail),
        }
    }

    /// Tells the thread that waits for it a signal, and runs on from there.
    pub(crate) fn deliver(&mut self, thread: ThreadId, signal: Signal) -> Rest {
        let Some((entered, awaited)) = self.resume(thread) else { return Rest::Waits };
        let outcome = match (awaited, &entered.state.kind) {
            (Awaited::Task { task, timeout, heartbeat, progress }, StateKind::Task(syntax)) => {
                self.resume_task(entered, syntax, Working { task, timeout, heartbeat, progress }, signal)
            }
            (Awaited::MapRun(run), StateKind::Map(map)) => self.map_run_told(entered, map, run, signal),
            (Awaited::Wait(_), StateKind::Wait(wait)) => self.end_wait(entered, wait),
            (Awaited::BackOff(_), _) => match self.guard() {
                Ok(()) => self.begin(entered),
                Err(error) => self.failed(entered, error),
            },
            _ => self.failed(entered, misfit()),
        };
        self.drive(outcome)
    }
}
