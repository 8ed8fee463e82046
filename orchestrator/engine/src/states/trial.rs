//! A state that is tried by itself ([`trial`](crate::trial())): it does what it does, but its work is given.

use asl::error::TIMEOUT;
use asl::io::{Flow, Io};
use asl::map::Mode;
use asl::retry::Origin;
use asl::{State, StateKind};
use serde_json::{Map as Members, Value};

use super::task::Working;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::io::input;
use crate::quotas::{self, TRIAL_MS_MAX};
use crate::stepper::{Entered, Outcome, Signal, Stepper, misfit};
use crate::thread::{Thread, ThreadId};
use crate::trial::{Attempt, TrialEnd, TriedMap, Work};
use crate::watch::Stage;

impl<'d> Stepper<'d> {
    /// Tries a state: where it leads, the variables then, and how it would be run if it is a Map.
    pub(crate) fn try_state(
        &mut self,
        state: &'d State,
        data: Value,
        variables: Members<String, Value>,
        attempt: Attempt,
    ) -> (TrialEnd, Members<String, Value>, Option<TriedMap>) {
        let mut thread = Thread::root();
        self.assign(&mut thread, variables);
        let entered = Entered {
            thread,
            state,
            data,
            at_ms: self.now_ms,
            entered_event: 0,
            last_event: 0,
            retries: retries(state, &attempt),
            task: None,
            gathered: None,
        };
        let (outcome, map) = match &state.kind {
            StateKind::Map(map) => self.try_map(entered, map, attempt),
            StateKind::Pass(pass) => {
                if let Some(result) = &pass.result {
                    self.see_input(&entered, &pass.io);
                    self.made(Stage::Result, result);
                }
                (self.begin(entered), None)
            }
            _ => {
                let begun = self.begin(entered);
                (self.answered(begun, attempt.work), None)
            }
        };
        let (end, variables) = self.end_of_trial(outcome);
        (end, variables, map)
    }

    fn end_of_trial(&self, outcome: Outcome) -> (TrialEnd, Members<String, Value>) {
        match outcome {
            Outcome::Go(cursor) => {
                let next = self.definition.state(cursor.state).map(|state| state.name.clone());
                (TrialEnd::Left { next, output: cursor.data }, cursor.thread.variables)
            }
            Outcome::End { thread, output, .. } => (TrialEnd::Left { next: None, output }, thread.variables),
            Outcome::Wait(waiting) => {
                let at_ms = waiting.frame.timers().next().map_or(self.now_ms, |timer| timer.at_ms);
                (TrialEnd::Retried { after_ms: at_ms.saturating_sub(self.now_ms) }, waiting.thread.variables)
            }
            Outcome::Fail { thread, failure, .. } => {
                if let Some(watch) = self.watch {
                    watch.failed(&failure);
                }
                (TrialEnd::Failed, thread.variables)
            }
            Outcome::Parked | Outcome::RunsAway => (TrialEnd::Failed, Members::new()),
        }
    }

    /// What a state that has begun its work comes to, when that has come to what is given.
    fn answered(&mut self, begun: Outcome, work: Option<Work>) -> Outcome {
        let (entered, awaited) = match begun {
            Outcome::Wait(waiting) => match waiting.frame.state.of(self.definition) {
                Some(state) => Entered::of(state, waiting),
                None => return Outcome::Parked,
            },
            // A Parallel: its branches are not run.
            Outcome::Parked => {
                self.ready.clear();
                let Some(resumed) = self.resume(ThreadId::ROOT) else { return Outcome::Parked };
                resumed
            }
            done => return done,
        };
        match (awaited, &entered.state.kind) {
            // It was retried before its work had begun.
            (awaited @ Awaited::BackOff(_), _) => entered.wait(awaited),
            (Awaited::Wait(timer), StateKind::Wait(wait)) => {
                if timer.at_ms.saturating_sub(self.now_ms) > TRIAL_MS_MAX {
                    let failure = Failure::new(TIMEOUT.to_owned(), None, Origin::State);
                    return self.fails(entered, failure);
                }
                self.end_wait(entered, wait)
            }
            (Awaited::Task { task, timeout, heartbeat, progress }, StateKind::Task(syntax)) => {
                let signal = match work {
                    Some(Work::Result(result)) => {
                        self.made(Stage::Result, &result);
                        Signal::Succeeded(result)
                    }
                    Some(Work::Error { error, cause }) => Signal::Failed { error, cause },
                    None => return self.failed(entered, misfit()),
                };
                self.resume_task(entered, syntax, Working { task, timeout, heartbeat, progress }, signal)
            }
            (Awaited::Branches(_), StateKind::Parallel(parallel)) => match work {
                Some(Work::Result(result)) => {
                    self.made(Stage::Result, &result);
                    match quotas::check(&result, &entered.state.name) {
                        Ok(()) => self.complete(entered, &parallel.io, parallel.transition, result),
                        Err(failure) => self.recover(entered, failure),
                    }
                }
                Some(Work::Error { error, cause }) => {
                    self.recover(entered, Failure::new(error, cause, Origin::Branch))
                }
                None => self.failed(entered, misfit()),
            },
            _ => self.failed(entered, misfit()),
        }
    }

    /// Notes what `InputPath` makes of a state's input. What is wrong with it the state will find.
    fn see_input(&self, entered: &Entered<'d>, io: &Io<Flow>) {
        if let Io::JsonPath(_) = io {
            self.scoped(entered.view(), &entered.data, |scope| {
                if let Ok(input) = input(io, scope) {
                    self.made(Stage::InputPath, &input);
                }
            });
        }
    }

    pub(super) fn made(&self, stage: Stage, value: &Value) {
        if let Some(watch) = self.watch {
            watch.made(stage, value);
        }
    }
}

/// How often each retrier has been used: the one that is for the error so often as is given.
fn retries(state: &State, attempt: &Attempt) -> Vec<u32> {
    let (Some(recovery), Some(Work::Error { error, .. })) = (state.kind.recovery(), &attempt.work) else {
        return Vec::new();
    };
    let origin = match &state.kind {
        StateKind::Task(_) => Origin::Task,
        StateKind::Map(map) if map.mode != Mode::Inline => Origin::State,
        _ => Origin::Branch,
    };
    let used = recovery.retry.iter().position(|retrier| retrier.errors.matches(error, origin));
    (0..recovery.retry.len()).map(|index| if Some(index) == used { attempt.retried } else { 0 }).collect()
}
