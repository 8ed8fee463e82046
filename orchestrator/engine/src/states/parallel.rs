//! Parallel: runs branches side by side, and ends when all have, or one has failed.

use asl::StateKind;
use asl::retry::Origin;
use asl::syntax::Parallel;

use crate::failure::Failure;
use crate::frame::Awaited;
use crate::gathered::Gathered;
use crate::history::Detail;
use crate::io::{arguments, input};
use crate::quotas;
use crate::stepper::{Cursor, Entered, Outcome, Stepper, misfit};
use crate::thread::ThreadId;

impl<'d> Stepper<'d> {
    pub(super) fn begin_parallel(&mut self, mut entered: Entered<'d>, parallel: &'d Parallel) -> Outcome {
        let prepared = self.scoped(entered.view(), &entered.data, |scope| {
            arguments(&parallel.io, input(&parallel.io, scope)?, scope, self.watch)
        });
        let data = match prepared {
            Ok(data) => data,
            Err(error) => return self.failed(entered, error),
        };
        if let Err(failure) = quotas::check(&data, &entered.state.name) {
            return self.recover(entered, failure);
        }
        self.forget_input(&mut entered, &parallel.io, &parallel.recovery);
        entered.last_event = self.push(&entered.thread, entered.last_event, || Detail::ParallelStateStarted);
        let mut data = Some(data);
        let mut branches = Vec::with_capacity(parallel.branches.len());
        for (index, machine) in (0..).zip(&parallel.branches) {
            let is_last = branches.len() + 1 == parallel.branches.len();
            let data = if is_last { data.take() } else { data.clone() }.unwrap_or_default();
            let of = &entered.thread;
            let thread = self.new_thread((of.id, index), of.item.clone(), of.is_child_execution);
            branches.push(Cursor { thread, state: machine.start, data, last_event: entered.last_event });
        }
        for branch in branches.into_iter().rev() {
            self.ready.push_front(branch);
        }
        self.threads.insert(entered.waiting(Awaited::Branches(Gathered::new(parallel.branches.len()))));
        Outcome::Parked
    }

    /// All branches have ended: the state goes on with their outputs.
    pub(crate) fn branches_ended(&mut self, thread: ThreadId, last_event: u64) -> Outcome {
        let Some((mut entered, awaited)) = self.resume(thread) else { return Outcome::Parked };
        let (Awaited::Branches(mut gathered), StateKind::Parallel(parallel)) = (awaited, &entered.state.kind)
        else {
            return self.failed(entered, misfit());
        };
        self.push(&entered.thread, last_event, || Detail::ParallelStateSucceeded);
        // As AWS has it: what follows is led to by the last branch.
        entered.last_event = last_event;
        let result = gathered.take();
        if let Err(failure) = quotas::check(&result, &entered.state.name) {
            return self.recover(entered, failure);
        }
        self.complete(entered, &parallel.io, parallel.transition, result)
    }

    pub(crate) fn branch_failed(&mut self, thread: ThreadId, failure: Failure, last_event: u64) -> Outcome {
        self.abandon(thread);
        let Some((mut entered, awaited)) = self.resume(thread) else { return Outcome::Parked };
        self.keep_gathered(&mut entered, awaited);
        entered.last_event = self.push(&entered.thread, last_event, || Detail::ParallelStateFailed);
        self.recover(entered, Failure { origin: Origin::Branch, ..failure })
    }
}
