//! Task: calls something and waits for its answer, or does not.

use std::sync::Arc;

use asl::error::{HEARTBEAT_TIMEOUT, TIMEOUT};
use asl::resource::Pattern;
use asl::retry::Origin;
use asl::syntax::Task;
use asl::{RuntimeError, Scope};
use serde_json::Value;

use crate::effect::{Call, Effect};
use crate::fact::Refused;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::ids::{TaskId, Timer};
use crate::io::{arguments, input, keeps_input};
use crate::quotas::within_quota;
use crate::seconds::seconds_of;
use crate::stepper::{Entered, Failure, Outcome, Signal, Stepper};

/// What is computed before a task is called.
struct Prepared {
    parameters: Value,
    timeout_s: Option<u64>,
    heartbeat_s: Option<u64>,
}

impl<'d> Stepper<'d> {
    pub(super) fn begin_task(&mut self, mut entered: Entered<'d>, task: &'d Task) -> Outcome {
        let prepared = match self.scoped(&entered, &entered.data, |scope| prepare(task, scope)) {
            Ok(prepared) => prepared,
            Err(error) => return self.recover(entered, &task.recovery, error.into()),
        };
        entered.last_event = self.scheduled(entered.last_event, task, &prepared);
        let Prepared { parameters, timeout_s, heartbeat_s } = prepared;
        let id = self.new_task();
        let resource = Arc::clone(&task.resource.arn);
        let call = Call { task: id, resource, parameters, pattern: task.pattern };
        if let Some(refusal) = self.integrations.refusal(&call) {
            let refused = Refused::new(id, refusal);
            let (error, cause) = (refused.error.clone(), Some(refused.cause.clone()));
            self.refused.push(refused);
            return self.task_failed(entered, task, Failure { error, cause, origin: Origin::Task });
        }
        self.effects.push(Effect::Call(call));
        if task.pattern == Pattern::FireAndForget {
            return self.task_succeeded(entered, task, task.resource.kind.sent());
        }
        if !keeps_input(&task.io, &task.recovery) {
            entered.data = Value::Null;
        }
        let timeout = timeout_s.map(|s| self.set_timer(s * 1000));
        let heartbeat = heartbeat_s.map(|s| self.set_timer(s * 1000));
        entered.wait(Awaited::Task { task: id, timeout, heartbeat })
    }

    pub(super) fn resume_task(
        &mut self,
        entered: Entered<'d>,
        task: &'d Task,
        (id, timeout, heartbeat): (TaskId, Option<Timer>, Option<Timer>),
        signal: Signal,
    ) -> Outcome {
        match signal {
            Signal::Succeeded(output) => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                self.task_succeeded(entered, task, task.resource.kind.result(output))
            }
            Signal::Failed { error, cause } => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                self.task_failed(entered, task, Failure { error, cause, origin: Origin::Task })
            }
            Signal::Heartbeat => {
                let interval_ms = heartbeat.and_then(|_| self.heartbeat_ms(&entered, task));
                self.cancel(heartbeat.filter(|_| interval_ms.is_some()));
                let heartbeat = interval_ms.map(|ms| self.set_timer(ms)).or(heartbeat);
                entered.wait(Awaited::Task { task: id, timeout, heartbeat })
            }
            Signal::Fired(fired) => {
                let timed_out = timeout.is_some_and(|timer| timer.id == fired);
                let (error, other) =
                    if timed_out { (TIMEOUT, heartbeat) } else { (HEARTBEAT_TIMEOUT, timeout) };
                self.cancel(other);
                let cause = Some(format!("the state '{}' gave up waiting for an answer", entered.state.name));
                let failure = Failure { error: error.to_owned(), cause, origin: Origin::Task };
                self.task_failed(entered, task, failure)
            }
        }
    }

    fn heartbeat_ms(&self, entered: &Entered<'d>, task: &Task) -> Option<u64> {
        let seconds = task.heartbeat.as_ref()?;
        let seconds = self.scoped(entered, &entered.data, |scope| seconds_of(seconds, 1, scope));
        seconds.ok().map(|s| s * 1000)
    }

    fn scheduled(&mut self, last_event: u64, task: &Task, prepared: &Prepared) -> u64 {
        let (parameters, timeout_s) = (&prepared.parameters, prepared.timeout_s);
        match task.resource.kind.integration() {
            None => {
                let scheduled = self.history.push(last_event, || Detail::LambdaFunctionScheduled {
                    resource: task.resource.arn.to_string(),
                    input: parameters.to_string(),
                    timeout_s,
                });
                self.history.push(scheduled, || Detail::LambdaFunctionStarted)
            }
            Some(integration) => {
                let scheduled = self.history.push(last_event, || Detail::TaskScheduled {
                    integration,
                    parameters: parameters.to_string(),
                    timeout_s,
                });
                self.history.push(scheduled, || Detail::TaskStarted { integration })
            }
        }
    }

    fn task_succeeded(&mut self, mut entered: Entered<'d>, task: &'d Task, result: Value) -> Outcome {
        let result = match within_quota(result, "task's result") {
            Ok(result) => result,
            Err(error) => return self.recover(entered, &task.recovery, error.into()),
        };
        entered.last_event = self.history.push(entered.last_event, || {
            let output = result.to_string();
            match task.resource.kind.integration() {
                None => Detail::LambdaFunctionSucceeded { output },
                Some(integration) => Detail::TaskSucceeded { integration, output },
            }
        });
        self.complete(entered, &task.io, &task.recovery, task.transition, result)
    }

    fn task_failed(&mut self, mut entered: Entered<'d>, task: &'d Task, failure: Failure) -> Outcome {
        entered.last_event = self.history.push(entered.last_event, || {
            let (error, cause) = (failure.error.clone(), failure.cause.clone());
            match (task.resource.kind.integration(), failure.error == TIMEOUT) {
                (None, true) => Detail::LambdaFunctionTimedOut { error, cause },
                (None, false) => Detail::LambdaFunctionFailed { error, cause },
                (Some(integration), true) => Detail::TaskTimedOut { integration, error, cause },
                (Some(integration), false) => Detail::TaskFailed { integration, error, cause },
            }
        });
        self.recover(entered, &task.recovery, failure)
    }
}

/// Everything that can go wrong before a task is called.
fn prepare(task: &Task, scope: &Scope<'_>) -> Result<Prepared, RuntimeError> {
    let input = input(&task.io, scope)?;
    let inner = scope.over(&input);
    let timeout_s = task.timeout.as_ref().map(|seconds| seconds_of(seconds, 1, &inner)).transpose()?;
    let heartbeat_s = task.heartbeat.as_ref().map(|seconds| seconds_of(seconds, 1, &inner)).transpose()?;
    let parameters = within_quota(arguments(&task.io, input, scope)?, "task's payload")?;
    Ok(Prepared { parameters, timeout_s, heartbeat_s })
}
