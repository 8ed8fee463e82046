//! Parallel: runs branches side by side, and ends when all have, or one has failed.

use asl::retry::Origin;
use asl::syntax::Parallel;
use serde_json::Value;

use crate::frame::{Awaited, Branch, Target};
use crate::history::Detail;
use crate::io::{arguments, input, keeps_input};
use crate::quotas::within_quota;
use crate::stepper::{Cursor, Entered, Failure, Outcome, Rest, Signal, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn begin_parallel(&mut self, mut entered: Entered<'d>, parallel: &'d Parallel) -> Outcome {
        let input = self.scoped(&entered, &entered.data, |scope| {
            let input = arguments(&parallel.io, input(&parallel.io, scope)?, scope)?;
            within_quota(input, "input after Parameters")
        });
        let input = match input {
            Ok(input) => input,
            Err(error) => return self.recover(entered, &parallel.recovery, error.into()),
        };
        if !keeps_input(&parallel.io, &parallel.recovery) {
            entered.data = Value::Null;
        }
        entered.last_event = self.history.push(entered.last_event, || Detail::ParallelStateStarted);
        let mut branches: Vec<Branch> = Vec::with_capacity(parallel.branches.len());
        let mut input = Some(input);
        for (index, machine) in parallel.branches.iter().enumerate() {
            let last = index + 1 == parallel.branches.len();
            let data = if last { input.take() } else { input.clone() }.unwrap_or_default();
            match self.run(Cursor { state: machine.start, data, last_event: entered.last_event }) {
                Rest::Waits(frame) => branches.push(Branch::Running(frame)),
                Rest::Ended { output, last_event } => {
                    branches.push(Branch::Done(output));
                    if last {
                        return self.branches_so_far(entered, parallel, branches, last_event);
                    }
                }
                Rest::Failed { failure, last_event } => {
                    return self.branch_failed(entered, parallel, &branches, failure, last_event);
                }
            }
        }
        let last_event = entered.last_event;
        self.branches_so_far(entered, parallel, branches, last_event)
    }

    /// Tells the branch that waits for it a signal.
    pub(super) fn resume_parallel(
        &mut self,
        entered: Entered<'d>,
        parallel: &'d Parallel,
        mut branches: Vec<Branch>,
        target: Target,
        signal: Signal,
    ) -> Outcome {
        let mut numbered = branches.iter_mut().enumerate();
        let Some((index, frame)) = numbered.find_map(|(index, branch)| Some((index, branch.take(target)?)))
        else {
            return entered.wait(Awaited::Branches(branches));
        };
        match self.deliver(frame, target, signal) {
            Rest::Waits(frame) => {
                branches[index] = Branch::Running(frame);
                entered.wait(Awaited::Branches(branches))
            }
            Rest::Ended { output, last_event } => {
                branches[index] = Branch::Done(output);
                self.branches_so_far(entered, parallel, branches, last_event)
            }
            Rest::Failed { failure, last_event } => {
                self.branch_failed(entered, parallel, &branches, failure, last_event)
            }
        }
    }

    /// Waits for the branches that are still at work, or goes on with the outputs of all.
    fn branches_so_far(
        &mut self,
        mut entered: Entered<'d>,
        parallel: &'d Parallel,
        branches: Vec<Branch>,
        last_event: u64,
    ) -> Outcome {
        if branches.iter().any(|branch| matches!(branch, Branch::Running(_))) {
            return entered.wait(Awaited::Branches(branches));
        }
        let outputs = branches.into_iter().filter_map(|branch| match branch {
            Branch::Done(output) => Some(output),
            Branch::Running(_) => None,
        });
        let result = outputs.collect();
        entered.last_event = self.history.push(last_event, || Detail::ParallelStateSucceeded);
        self.complete(entered, &parallel.io, &parallel.recovery, parallel.transition, result)
    }

    fn branch_failed(
        &mut self,
        mut entered: Entered<'d>,
        parallel: &'d Parallel,
        others: &[Branch],
        failure: Failure,
        last_event: u64,
    ) -> Outcome {
        self.abandon_branches(others);
        entered.last_event = self.history.push(last_event, || Detail::ParallelStateFailed);
        self.recover(entered, &parallel.recovery, Failure { origin: Origin::Branch, ..failure })
    }
}
