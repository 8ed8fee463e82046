//! Task: calls something and waits for its answer, or does not.

use std::sync::Arc;

use asl::error::{HEARTBEAT_TIMEOUT, TIMEOUT};
use asl::resource::{Pattern, ResourceKind};
use asl::retry::Origin;
use asl::setting::Setting;
use asl::syntax::Task;
use asl::{RuntimeError, Scope};
use serde_json::Value;

use crate::effect::{Call, Effect, GivenUp, RefusedAt};
use crate::fact::Refused;
use crate::failure::Failure;
use crate::frame::{Awaited, Progress};
use crate::history::{Called, Detail, TaskEvent};
use crate::ids::{TaskId, Timer};
use crate::io::{arguments, input};
use crate::quotas;
use crate::settings::seconds;
use crate::stepper::{Entered, Outcome, Signal, Stepper};
use crate::watch::Watch;

/// A task that is at work.
pub(super) struct Working {
    pub(super) task: TaskId,
    pub(super) timeout: Option<Timer>,
    pub(super) heartbeat: Option<Timer>,
    pub(super) progress: Progress,
}

/// What is computed before a task is called.
struct Prepared {
    parameters: Value,
    timeout_s: Option<u64>,
    heartbeat_s: Option<u64>,
    role_arn: Option<String>,
}

impl<'d> Stepper<'d> {
    pub(super) fn begin_task(&mut self, mut entered: Entered<'d>, task: &'d Task) -> Outcome {
        let id = self.new_task();
        entered.task = is_callback(task).then_some(id);
        let prepared =
            match self.scoped(entered.view(), &entered.data, |scope| prepare(task, scope, self.watch)) {
                Ok(prepared) => prepared,
                Err(error) => return self.failed(entered, error),
            };
        if let Err(failure) = quotas::check(&prepared.parameters, name(task)) {
            return self.recover(entered, failure);
        }
        let Prepared { parameters, timeout_s, heartbeat_s, role_arn } = prepared;
        let sent = task.resource.kind.sent(&parameters);
        let resource = Arc::clone(&task.resource.arn);
        let state = Arc::clone(&entered.state.name);
        let call = Call { task: id, state, resource, parameters, is_awaited: sent.is_none() };
        let refused = self.integrations.refusal(&call).map(|refusal| {
            let at = passed(&task.resource.kind, self.integrations.refused_at(&call));
            Refused::new(id, refusal, at)
        });
        let at = refused.as_ref().map(|refused| refused.at);
        if at != Some(RefusedAt::Schedule) {
            self.tell(&mut entered, task, || TaskEvent::Scheduled {
                input: call.parameters.to_string(),
                timeout_s,
                heartbeat_s,
                credentials: role_arn,
            });
            // An activity is started by whoever takes it on.
            if at != Some(RefusedAt::Start) && task.resource.kind != ResourceKind::Activity {
                self.tell(&mut entered, task, || TaskEvent::Started { worker: None });
            }
        }
        if let Some(refused) = refused {
            let (error, cause) = (refused.error.clone(), Some(refused.cause.clone()));
            let event = refusing(refused.at, error.clone(), cause.clone());
            self.refused.push(refused);
            return self.task_failed(entered, task, Failure { error, cause, origin: Origin::Task }, event);
        }
        self.effects.push(Effect::Call(call));
        // Of a task that is tried, the result is given.
        if let (Some(result), None) = (sent, self.watch) {
            return self.task_succeeded(entered, task, result);
        }
        self.forget_input(&mut entered, &task.io, &task.recovery);
        // The time of an activity runs from when a worker takes it on.
        let is_activity = task.resource.kind == ResourceKind::Activity;
        let progress = Progress { timeout_s, heartbeat_s, is_under_way: false };
        let (timeout, heartbeat, timeout_s) = match is_activity {
            true => (None, None, timeout_s),
            false => (self.timer(timeout_s), self.timer(heartbeat_s), None),
        };
        let progress = Progress { timeout_s, ..progress };
        entered.wait(Awaited::Task { task: id, timeout, heartbeat, progress })
    }

    fn timer(&mut self, after_s: Option<u64>) -> Option<Timer> {
        after_s.map(|seconds| self.set_timer(seconds.saturating_mul(1000)))
    }

    pub(super) fn resume_task(
        &mut self,
        mut entered: Entered<'d>,
        task: &'d Task,
        Working { task: id, timeout, heartbeat, progress }: Working,
        signal: Signal,
    ) -> Outcome {
        entered.task = is_callback(task).then_some(id);
        let waits = |timeout, heartbeat, progress| Awaited::Task { task: id, timeout, heartbeat, progress };
        match signal {
            Signal::Returned(output) => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                self.task_succeeded(entered, task, task.resource.kind.result(output))
            }
            Signal::Succeeded(result) => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                self.task_succeeded(entered, task, result)
            }
            Signal::Failed { error, cause } => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                let failure = Failure::new(error, cause, Origin::Task);
                let (error, cause) = (failure.error.clone(), failure.cause.clone());
                self.task_failed(entered, task, failure, TaskEvent::Failed { error, cause })
            }
            Signal::SubmitFailed { error, cause } => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                let failure = Failure::new(error, cause, Origin::Task);
                let (error, cause) = (failure.error.clone(), failure.cause.clone());
                self.task_failed(entered, task, failure, TaskEvent::SubmitFailed { error, cause })
            }
            Signal::Taken { worker } => {
                self.tell(&mut entered, task, || TaskEvent::Started { worker });
                let (timeout, heartbeat) = (self.timer(progress.timeout_s), self.timer(progress.heartbeat_s));
                let progress = Progress { timeout_s: None, is_under_way: true, ..progress };
                entered.wait(waits(timeout, heartbeat, progress))
            }
            Signal::Submitted(output) => {
                self.tell(&mut entered, task, || TaskEvent::Submitted { output: output.to_string() });
                entered.wait(waits(timeout, heartbeat, Progress { is_under_way: true, ..progress }))
            }
            Signal::Heartbeat => {
                // Of a task that was stored before the interval was, the timer stays as it is.
                let Some(interval_s) = progress.heartbeat_s else {
                    return entered.wait(waits(timeout, heartbeat, progress));
                };
                self.cancel(heartbeat);
                let heartbeat = self.timer(Some(interval_s));
                entered.wait(waits(timeout, heartbeat, progress))
            }
            // Of no task: what a fact is about is found by its kind.
            Signal::MapRun(_) => entered.wait(waits(timeout, heartbeat, progress)),
            Signal::Fired(fired) => {
                let timed_out = timeout.is_some_and(|timer| timer.id == fired);
                let (error, other) =
                    if timed_out { (TIMEOUT, heartbeat) } else { (HEARTBEAT_TIMEOUT, timeout) };
                self.cancel(other);
                self.given_up.push(GivenUp { task: id, resource: Arc::clone(&task.resource.arn) });
                let failure = Failure { error: error.to_owned(), cause: None, origin: Origin::Task };
                let event = TaskEvent::TimedOut { error: error.to_owned(), cause: None };
                self.task_failed(entered, task, failure, event)
            }
        }
    }

    fn tell(&mut self, entered: &mut Entered<'d>, task: &Task, event: impl FnOnce() -> TaskEvent) {
        entered.last_event = self.push(&entered.thread, entered.last_event, || Detail::Task {
            called: Called::of(&task.resource),
            event: event(),
        });
    }

    fn task_succeeded(&mut self, mut entered: Entered<'d>, task: &'d Task, result: Value) -> Outcome {
        if let Err(failure) = quotas::check(&result, name(task)) {
            return self.recover(entered, failure);
        }
        self.tell(&mut entered, task, || TaskEvent::Succeeded { output: result.to_string() });
        self.complete(entered, &task.io, task.transition, result)
    }

    fn task_failed(
        &mut self,
        mut entered: Entered<'d>,
        task: &'d Task,
        failure: Failure,
        event: TaskEvent,
    ) -> Outcome {
        self.tell(&mut entered, task, || event);
        self.recover(entered, failure)
    }
}

/// How far a call of that kind is told to have come.
fn passed(kind: &ResourceKind, at: RefusedAt) -> RefusedAt {
    let waits = kind.integration().is_some_and(|it| it.pattern != Pattern::RequestResponse);
    match (kind, at) {
        (ResourceKind::Integration(_), RefusedAt::Schedule) => RefusedAt::Start,
        (ResourceKind::Activity, RefusedAt::Start) => RefusedAt::Work,
        (_, RefusedAt::Submit) if !waits => RefusedAt::Work,
        (_, at) => at,
    }
}

fn refusing(at: RefusedAt, error: String, cause: Option<String>) -> TaskEvent {
    match at {
        RefusedAt::Schedule => TaskEvent::ScheduleFailed { error, cause },
        RefusedAt::Start => TaskEvent::StartFailed { error, cause },
        RefusedAt::Submit => TaskEvent::SubmitFailed { error, cause },
        RefusedAt::Work => TaskEvent::Failed { error, cause },
    }
}

/// Whether somebody is to hand in the task's token.
fn is_callback(task: &Task) -> bool {
    task.resource.kind.integration().is_some_and(|it| it.pattern == Pattern::WaitForTaskToken)
}

/// What AWS calls a task by whose data is too large.
fn name(task: &Task) -> &str {
    match &task.resource.kind {
        ResourceKind::Integration(integration) => &integration.service,
        ResourceKind::Function | ResourceKind::Activity => &task.resource.arn,
    }
}

/// Everything that can go wrong before a task is called.
fn prepare(task: &Task, scope: &Scope<'_>, watch: Option<&Watch>) -> Result<Prepared, RuntimeError> {
    let input = input(&task.io, scope)?;
    let inner = scope.over(&input);
    let time = |setting: &Option<Setting<u64>>, field| {
        setting.as_ref().map(|setting| seconds(setting, field, 1, &inner)).transpose()
    };
    let timeout_s = time(&task.timeout_s, "TimeoutSeconds")?;
    let heartbeat_s = time(&task.heartbeat_s, "HeartbeatSeconds")?;
    let credentials = task.credentials.as_ref().map(|it| it.fill(&inner, "Credentials")).transpose()?;
    let role_arn = credentials.and_then(|it| it.get("RoleArn")?.as_str().map(str::to_owned));
    let parameters = arguments(&task.io, input, scope, watch)?;
    Ok(Prepared { parameters, timeout_s, heartbeat_s, role_arn })
}
