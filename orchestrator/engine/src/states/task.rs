//! Task: calls something and waits for its answer, or does not.

use std::sync::Arc;

use asl::error::{HEARTBEAT_TIMEOUT, TIMEOUT};
use asl::resource::ResourceKind;
use asl::retry::Origin;
use asl::setting::Setting;
use asl::syntax::Task;
use asl::{RuntimeError, Scope};
use serde_json::Value;

use crate::effect::{Call, Effect};
use crate::fact::Refused;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::{Called, Detail, TaskEvent};
use crate::ids::{TaskId, Timer};
use crate::io::{arguments, input, keeps_input};
use crate::quotas;
use crate::settings::seconds;
use crate::stepper::{Entered, Outcome, Signal, Stepper};

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
        entered.task = Some(id);
        let prepared = match self.scoped(entered.view(), &entered.data, |scope| prepare(task, scope)) {
            Ok(prepared) => prepared,
            Err(error) => return self.failed(entered, error),
        };
        if let Err(failure) = quotas::check(&prepared.parameters, name(task)) {
            return self.recover(entered, failure);
        }
        let (timeout_s, heartbeat_s) = (prepared.timeout_s, prepared.heartbeat_s);
        self.scheduled(&mut entered, task, &prepared);
        let parameters = prepared.parameters;
        let sent = task.resource.kind.sent(&parameters);
        let resource = Arc::clone(&task.resource.arn);
        let state = Arc::clone(&entered.state.name);
        let call = Call { task: id, state, resource, parameters, is_awaited: sent.is_none() };
        if let Some(refusal) = self.integrations.refusal(&call) {
            let refused = Refused::new(id, refusal);
            let (error, cause) = (refused.error.clone(), Some(refused.cause.clone()));
            self.refused.push(refused);
            return self.task_failed(entered, task, Failure { error, cause, origin: Origin::Task });
        }
        self.effects.push(Effect::Call(call));
        if let Some(result) = sent {
            return self.task_succeeded(entered, task, result);
        }
        let is_needed = keeps_input(&task.io, &task.recovery, entered.state.assign.as_ref())
            || matches!(task.heartbeat_s, Some(Setting::Computed(_)));
        if !is_needed {
            entered.data = Value::Null;
        }
        let timeout = timeout_s.map(|s| self.set_timer(s * 1000));
        let heartbeat = heartbeat_s.map(|s| self.set_timer(s * 1000));
        entered.wait(Awaited::Task { task: id, timeout, heartbeat })
    }

    pub(super) fn resume_task(
        &mut self,
        mut entered: Entered<'d>,
        task: &'d Task,
        (id, timeout, heartbeat): (TaskId, Option<Timer>, Option<Timer>),
        signal: Signal,
    ) -> Outcome {
        let waits = |timeout, heartbeat| Awaited::Task { task: id, timeout, heartbeat };
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
                self.task_failed(entered, task, Failure { error, cause, origin: Origin::Task })
            }
            Signal::Taken { worker } => {
                self.tell(&mut entered, task, || TaskEvent::Started { worker });
                entered.wait(waits(timeout, heartbeat))
            }
            Signal::Submitted(output) => {
                self.tell(&mut entered, task, || TaskEvent::Submitted { output: output.to_string() });
                entered.wait(waits(timeout, heartbeat))
            }
            Signal::Heartbeat => {
                let interval_ms = heartbeat.and_then(|_| self.heartbeat_ms(&entered, task));
                self.cancel(heartbeat.filter(|_| interval_ms.is_some()));
                let heartbeat = interval_ms.map(|ms| self.set_timer(ms)).or(heartbeat);
                entered.wait(waits(timeout, heartbeat))
            }
            Signal::Fired(fired) => {
                let timed_out = timeout.is_some_and(|timer| timer.id == fired);
                let (error, other) =
                    if timed_out { (TIMEOUT, heartbeat) } else { (HEARTBEAT_TIMEOUT, timeout) };
                self.cancel(other);
                let failure = Failure { error: error.to_owned(), cause: None, origin: Origin::Task };
                self.task_failed(entered, task, failure)
            }
        }
    }

    fn heartbeat_ms(&self, entered: &Entered<'d>, task: &Task) -> Option<u64> {
        let setting = task.heartbeat_s.as_ref()?;
        let seconds = self.scoped(entered.view(), &entered.data, |scope| {
            let input = input(&task.io, scope)?;
            seconds(setting, "HeartbeatSeconds", 1, &scope.over(&input))
        });
        seconds.ok().map(|s| s * 1000)
    }

    fn scheduled(&mut self, entered: &mut Entered<'d>, task: &Task, prepared: &Prepared) {
        self.tell(entered, task, || TaskEvent::Scheduled {
            input: prepared.parameters.to_string(),
            timeout_s: prepared.timeout_s,
            heartbeat_s: prepared.heartbeat_s,
            credentials: prepared.role_arn.clone(),
        });
        // An activity is started by whoever takes it on.
        if task.resource.kind != ResourceKind::Activity {
            self.tell(entered, task, || TaskEvent::Started { worker: None });
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

    fn task_failed(&mut self, mut entered: Entered<'d>, task: &'d Task, failure: Failure) -> Outcome {
        self.tell(&mut entered, task, || {
            let (error, cause) = (failure.error.clone(), failure.cause.clone());
            if matches!(&*failure.error, TIMEOUT | HEARTBEAT_TIMEOUT) {
                TaskEvent::TimedOut { error, cause }
            } else {
                TaskEvent::Failed { error, cause }
            }
        });
        self.recover(entered, failure)
    }
}

/// What AWS calls a task by whose data is too large.
fn name(task: &Task) -> &str {
    match &task.resource.kind {
        ResourceKind::Integration(integration) => &integration.service,
        ResourceKind::Function | ResourceKind::Activity => &task.resource.arn,
    }
}

/// Everything that can go wrong before a task is called.
fn prepare(task: &Task, scope: &Scope<'_>) -> Result<Prepared, RuntimeError> {
    let input = input(&task.io, scope)?;
    let inner = scope.over(&input);
    let time = |setting: &Option<Setting<u64>>, field| {
        setting.as_ref().map(|setting| seconds(setting, field, 1, &inner)).transpose()
    };
    let timeout_s = time(&task.timeout_s, "TimeoutSeconds")?;
    let heartbeat_s = time(&task.heartbeat_s, "HeartbeatSeconds")?;
    let credentials = task.credentials.as_ref().map(|it| it.fill(&inner, "Credentials")).transpose()?;
    let role_arn = credentials.and_then(|it| it.get("RoleArn")?.as_str().map(str::to_owned));
    let parameters = arguments(&task.io, input, scope)?;
    Ok(Prepared { parameters, timeout_s, heartbeat_s, role_arn })
}
