//! What each type of state does.

use std::borrow::Cow;

use asl::data::Narrow;
use asl::error::{HEARTBEAT_TIMEOUT, NO_CHOICE_MATCHED, RUNTIME, TIMEOUT};
use asl::parse::SECONDS_MAX;
use asl::path::Path;
use asl::retry::Origin;
use asl::syntax::{
    Choice, Ends, Fail, Flow, Invocation, InvocationKind, Parallel, Pass, Recovery, Resource, Seconds, Task,
    Text, Transition, Until, Wait,
};
use asl::template::Template;
use asl::{RuntimeError, Scope};
use serde_json::{Map, Value, json};

use crate::execution::{Activity, Branch, Timer};
use crate::fact::{Effect, TaskId};
use crate::history::Detail;
use crate::run::{Cursor, Failure, Outcome, Run, Signal, Stepper, Visit, limited};

/// A task about to be called.
struct Call {
    function: String,
    payload: Value,
    timeout_s: Option<u64>,
    heartbeat_s: Option<u64>,
}

impl<'d> Stepper<'d> {
    pub(crate) fn begin_task(&mut self, mut visit: Visit<'d>, task: &'d Task) -> Outcome {
        let call = match self.scoped(&visit, &visit.data, |scope| prepare(task, scope)) {
            Ok(call) => call,
            Err(error) => return self.recover(visit, &task.recovery, error.into()),
        };
        if !self.definition.functions().contains(&call.function) {
            let failure = Failure {
                error: "Lambda.ResourceNotFoundException".to_owned(),
                cause: Some(format!("there is no function '{}'", call.function)),
                origin: Origin::Task,
            };
            return self.recover(visit, &task.recovery, failure);
        }
        visit.last_event = self.scheduled(visit.last_event, task, &call);
        let fire_and_forget =
            matches!(&task.resource, Resource::LambdaInvoke(call) if call.kind == InvocationKind::Event);
        let id = self.new_task();
        let Call { function, payload, timeout_s, heartbeat_s } = call;
        self.effects.push(Effect::Invoke { task: id, function, payload, fire_and_forget });
        if fire_and_forget {
            return self.task_succeeded(visit, task, json!({"StatusCode": 202}));
        }
        if !keeps_input(&task.flow, &task.recovery) {
            visit.data = Value::Null;
        }
        let timeout = timeout_s.map(|s| self.set_timer(s * 1000));
        let heartbeat = heartbeat_s.map(|s| self.set_timer(s * 1000));
        visit.wait(Activity::Task { task: id, timeout, heartbeat })
    }

    pub(crate) fn resume_task(
        &mut self,
        visit: Visit<'d>,
        task: &'d Task,
        (id, timeout, heartbeat): (TaskId, Option<Timer>, Option<Timer>),
        signal: Signal,
    ) -> Outcome {
        match signal {
            Signal::Succeeded(output) => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                let output = match task.resource {
                    Resource::Function { .. } => output,
                    Resource::LambdaInvoke(_) => json!({"Payload": output, "StatusCode": 200}),
                };
                self.task_succeeded(visit, task, output)
            }
            Signal::Failed { error, cause } => {
                self.cancel(timeout);
                self.cancel(heartbeat);
                self.task_failed(visit, task, Failure { error, cause, origin: Origin::Task })
            }
            Signal::Heartbeat => {
                let interval_ms = heartbeat.and_then(|_| self.heartbeat_ms(&visit, task));
                self.cancel(heartbeat.filter(|_| interval_ms.is_some()));
                let heartbeat = interval_ms.map(|ms| self.set_timer(ms)).or(heartbeat);
                visit.wait(Activity::Task { task: id, timeout, heartbeat })
            }
            Signal::Fired(fired) => {
                let timed_out = timeout.is_some_and(|timer| timer.id == fired);
                let (error, other) =
                    if timed_out { (TIMEOUT, heartbeat) } else { (HEARTBEAT_TIMEOUT, timeout) };
                self.cancel(other);
                let cause = Some(format!("the state '{}' gave up waiting for an answer", visit.state.name));
                self.task_failed(
                    visit,
                    task,
                    Failure { error: error.to_owned(), cause, origin: Origin::Task },
                )
            }
        }
    }

    fn heartbeat_ms(&self, visit: &Visit<'d>, task: &Task) -> Option<u64> {
        let seconds = task.heartbeat.as_ref()?;
        let seconds = self.scoped(visit, &visit.data, |scope| seconds_of(seconds, 1, scope));
        seconds.ok().map(|s| s * 1000)
    }

    fn scheduled(&mut self, last_event: u64, task: &Task, call: &Call) -> u64 {
        match &task.resource {
            Resource::Function { arn, .. } => {
                let scheduled = self.history.push(last_event, || Detail::LambdaFunctionScheduled {
                    resource: arn.clone(),
                    input: call.payload.to_string(),
                    timeout_s: call.timeout_s,
                });
                self.history.push(scheduled, || Detail::LambdaFunctionStarted)
            }
            Resource::LambdaInvoke(invocation) => {
                let scheduled = self.history.push(last_event, || Detail::TaskScheduled {
                    parameters: json!({
                        "FunctionName": call.function,
                        "Payload": call.payload,
                        "InvocationType": invocation.kind.name(),
                    })
                    .to_string(),
                    timeout_s: call.timeout_s,
                });
                self.history.push(scheduled, || Detail::TaskStarted)
            }
        }
    }

    fn task_succeeded(&mut self, mut visit: Visit<'d>, task: &'d Task, result: Value) -> Outcome {
        let result = match limited(result, "task's result") {
            Ok(result) => result,
            Err(error) => return self.recover(visit, &task.recovery, error.into()),
        };
        visit.last_event = self.history.push(visit.last_event, || {
            let output = result.to_string();
            match task.resource {
                Resource::Function { .. } => Detail::LambdaFunctionSucceeded { output },
                Resource::LambdaInvoke(_) => Detail::TaskSucceeded { output },
            }
        });
        self.complete(visit, &task.flow, &task.recovery, task.transition, result)
    }

    fn task_failed(&mut self, mut visit: Visit<'d>, task: &'d Task, failure: Failure) -> Outcome {
        visit.last_event = self.history.push(visit.last_event, || {
            let (error, cause) = (failure.error.clone(), failure.cause.clone());
            match (&task.resource, failure.error == TIMEOUT) {
                (Resource::Function { .. }, true) => Detail::LambdaFunctionTimedOut { error, cause },
                (Resource::Function { .. }, false) => Detail::LambdaFunctionFailed { error, cause },
                (Resource::LambdaInvoke(_), true) => Detail::TaskTimedOut { error, cause },
                (Resource::LambdaInvoke(_), false) => Detail::TaskFailed { error, cause },
            }
        });
        self.recover(visit, &task.recovery, failure)
    }

    pub(crate) fn begin_parallel(&mut self, mut visit: Visit<'d>, parallel: &'d Parallel) -> Outcome {
        let flow = &parallel.flow;
        let input = match self.scoped(&visit, &visit.data, |scope| {
            let narrowed = flow.input_path.of(scope)?;
            let input = fill(flow.parameters.as_ref(), narrowed, scope)?;
            limited(input, "input after Parameters")
        }) {
            Ok(input) => input,
            Err(error) => return self.recover(visit, &parallel.recovery, error.into()),
        };
        if !keeps_input(flow, &parallel.recovery) {
            visit.data = Value::Null;
        }
        visit.last_event = self.history.push(visit.last_event, || Detail::ParallelStateStarted);
        let mut branches: Vec<Branch> = Vec::with_capacity(parallel.branches.len());
        let mut input = Some(input);
        for (index, machine) in parallel.branches.iter().enumerate() {
            let last = index + 1 == parallel.branches.len();
            let data = if last { input.take() } else { input.clone() }.unwrap_or_default();
            match self.run(Cursor { state: machine.start, data, last_event: visit.last_event }) {
                Run::Waits(frame) => branches.push(Branch::Running(frame)),
                Run::Ended { output, last_event } => {
                    branches.push(Branch::Done(output));
                    if last {
                        return self.branches_so_far(visit, parallel, branches, last_event);
                    }
                }
                Run::Failed { failure, last_event } => {
                    return self.branch_failed(visit, parallel, &branches, failure, last_event);
                }
            }
        }
        let last_event = visit.last_event;
        self.branches_so_far(visit, parallel, branches, last_event)
    }

    pub(crate) fn resume_parallel(
        &mut self,
        visit: Visit<'d>,
        parallel: &'d Parallel,
        mut branches: Vec<Branch>,
        index: usize,
        run: Run,
    ) -> Outcome {
        match run {
            Run::Waits(frame) => {
                branches[index] = Branch::Running(frame);
                visit.wait(Activity::Branches(branches))
            }
            Run::Ended { output, last_event } => {
                branches[index] = Branch::Done(output);
                self.branches_so_far(visit, parallel, branches, last_event)
            }
            Run::Failed { failure, last_event } => {
                self.branch_failed(visit, parallel, &branches, failure, last_event)
            }
        }
    }

    /// Waits for the branches that are still at work, or goes on with the outputs of all.
    fn branches_so_far(
        &mut self,
        mut visit: Visit<'d>,
        parallel: &'d Parallel,
        branches: Vec<Branch>,
        last_event: u64,
    ) -> Outcome {
        if branches.iter().any(|branch| matches!(branch, Branch::Running(_))) {
            return visit.wait(Activity::Branches(branches));
        }
        let outputs = branches.into_iter().filter_map(|branch| match branch {
            Branch::Done(output) => Some(output),
            Branch::Running(_) => None,
        });
        let result = outputs.collect();
        visit.last_event = self.history.push(last_event, || Detail::ParallelStateSucceeded);
        self.complete(visit, &parallel.flow, &parallel.recovery, parallel.transition, result)
    }

    fn branch_failed(
        &mut self,
        mut visit: Visit<'d>,
        parallel: &'d Parallel,
        others: &[Branch],
        failure: Failure,
        last_event: u64,
    ) -> Outcome {
        self.abandon_branches(others);
        visit.last_event = self.history.push(last_event, || Detail::ParallelStateFailed);
        self.recover(visit, &parallel.recovery, Failure { origin: Origin::Branch, ..failure })
    }

    /// Makes the state's output of its result, and goes on.
    fn complete(
        &mut self,
        mut visit: Visit<'d>,
        flow: &Flow,
        recovery: &'d Recovery,
        transition: Transition,
        result: Value,
    ) -> Outcome {
        let result = match &flow.result_selector {
            None => Ok(result),
            Some(selector) => self.scoped(&visit, &result, |scope| selector.fill(scope)),
        };
        let result = match result {
            Ok(result) => result,
            Err(error) => return self.recover(visit, recovery, error.into()),
        };
        // Checked before the input is given away: after an error it may still be needed.
        if let Err(error) = flow.result_path.check(&visit.data) {
            return self.recover(visit, recovery, error.into());
        }
        let grows = flow.result_path != asl::data::ResultPath::Discard;
        let placed = flow.result_path.place(std::mem::take(&mut visit.data), result);
        let output = placed.and_then(|placed| self.narrowed(&visit, &flow.output_path, placed));
        match output.and_then(|output| if grows { limited(output, "state's output") } else { Ok(output) }) {
            Ok(output) => self.leave(visit, transition, output),
            Err(error) => self.recover(visit, recovery, error.into()),
        }
    }

    pub(crate) fn pass(&mut self, visit: Visit<'d>, pass: &'d Pass) -> Outcome {
        let flow = &pass.flow;
        let input = self.scoped(&visit, &visit.data, |scope| {
            let narrowed = flow.input_path.of(scope)?;
            match &pass.result {
                Some(result) => Ok(result.clone()),
                None => fill(flow.parameters.as_ref(), narrowed, scope),
            }
        });
        match input {
            Ok(result) => self.complete(visit, flow, &NO_RECOVERY, pass.transition, result),
            Err(error) => visit.fail(error),
        }
    }

    pub(crate) fn choose(&mut self, mut visit: Visit<'d>, choice: &'d Choice) -> Outcome {
        let chosen = self.scoped(&visit, &visit.data, |scope| {
            let narrowed = choice.flow.input_path.of(scope)?;
            let scope = scope.over(&narrowed);
            for (rule, next) in &choice.rules {
                if rule.holds(&scope)? {
                    return Ok(*next);
                }
            }
            choice.default.ok_or_else(|| {
                RuntimeError::new(NO_CHOICE_MATCHED, "no choice rule holds, and there is no Default")
            })
        });
        let data = std::mem::take(&mut visit.data);
        let output = chosen.and_then(|next| Ok((next, self.through(&visit, &choice.flow, data)?)));
        match output {
            Ok((next, output)) => self.leave(visit, Transition::Next(next), output),
            Err(error) => visit.fail(error),
        }
    }

    pub(crate) fn begin_wait(&mut self, visit: Visit<'d>, wait: &'d Wait) -> Outcome {
        let until_ms = self.scoped(&visit, &visit.data, |scope| {
            let narrowed = wait.flow.input_path.of(scope)?;
            self.until_ms(&wait.until, &scope.over(&narrowed))
        });
        match until_ms {
            Ok(until_ms) if until_ms <= self.now_ms => self.end_wait(visit, wait),
            Ok(until_ms) => {
                let timer = self.set_timer_at(until_ms);
                visit.wait(Activity::Wait(timer))
            }
            Err(error) => visit.fail(error),
        }
    }

    fn until_ms(&self, until: &Until, scope: &Scope<'_>) -> Result<u64, RuntimeError> {
        let timestamp_ms = |time: jiff::Timestamp| u64::try_from(time.as_millisecond()).unwrap_or(0);
        match until {
            Until::Seconds(seconds) => {
                seconds_of(seconds, 0, scope).map(|s| self.now_ms.saturating_add(s * 1000))
            }
            Until::Timestamp(time) => Ok(timestamp_ms(*time)),
            Until::TimestampPath(path) => {
                let value = at(path, scope)?;
                let time = value.as_str().and_then(asl::choice::timestamp);
                time.map(timestamp_ms).ok_or_else(|| {
                    RuntimeError::new(RUNTIME, format!("'{path}' selects {value}, which is no timestamp"))
                })
            }
        }
    }

    pub(crate) fn end_wait(&mut self, mut visit: Visit<'d>, wait: &'d Wait) -> Outcome {
        let data = std::mem::take(&mut visit.data);
        match self.through(&visit, &wait.flow, data) {
            Ok(output) => self.leave(visit, wait.transition, output),
            Err(error) => visit.fail(error),
        }
    }

    pub(crate) fn succeed(&mut self, mut visit: Visit<'d>, ends: &'d Ends) -> Outcome {
        let data = std::mem::take(&mut visit.data);
        match self.through(&visit, ends, data) {
            Ok(output) => self.leave(visit, Transition::End, output),
            Err(error) => visit.fail(error),
        }
    }

    pub(crate) fn fail(&mut self, visit: Visit<'d>, fail: &'d Fail) -> Outcome {
        let texts = self.scoped(&visit, &visit.data, |scope| {
            Ok::<_, RuntimeError>((text(fail.error.as_ref(), scope)?, text(fail.cause.as_ref(), scope)?))
        });
        match texts {
            Ok((error, cause)) => {
                visit.fail(Failure { error: error.unwrap_or_default(), cause, origin: Origin::State })
            }
            Err(error) => visit.fail(error),
        }
    }

    /// Takes data through `InputPath` and `OutputPath`.
    fn through(&self, visit: &Visit<'_>, ends: &Ends, data: Value) -> Result<Value, RuntimeError> {
        let input = self.narrowed(visit, &ends.input_path, data)?;
        self.narrowed(visit, &ends.output_path, input)
    }

    fn narrowed(&self, visit: &Visit<'_>, narrow: &Narrow, value: Value) -> Result<Value, RuntimeError> {
        match narrow {
            Narrow::All => Ok(value),
            narrow => self.scoped(visit, &value, |scope| narrow.of(scope).map(Cow::into_owned)),
        }
    }

    /// Leaves a state with its output.
    pub(crate) fn leave(&mut self, visit: Visit<'d>, transition: Transition, output: Value) -> Outcome {
        let last_event = self.history.push(visit.last_event, || Detail::StateExited {
            state_type: visit.state.kind.type_name(),
            name: visit.state.name.clone(),
            output: output.to_string(),
        });
        match transition {
            Transition::Next(state) => Outcome::Go(Cursor { state, data: output, last_event }),
            Transition::End => Outcome::End { output, last_event },
        }
    }
}

static NO_RECOVERY: Recovery = Recovery { retry: Vec::new(), catch: Vec::new() };

/// Whether the state's input can still be needed once its work has begun.
fn keeps_input(flow: &Flow, recovery: &Recovery) -> bool {
    flow.result_path.keeps_input()
        || !recovery.retry.is_empty()
        || recovery.catch.iter().any(|catcher| catcher.result_path.keeps_input())
}

/// Everything that can go wrong before a task is called.
fn prepare(task: &Task, scope: &Scope<'_>) -> Result<Call, RuntimeError> {
    let narrowed = task.flow.input_path.of(scope)?;
    let inner = scope.over(&narrowed);
    let timeout_s = task.timeout.as_ref().map(|seconds| seconds_of(seconds, 1, &inner)).transpose()?;
    let heartbeat_s = task.heartbeat.as_ref().map(|seconds| seconds_of(seconds, 1, &inner)).transpose()?;
    let (function, payload) = match &task.resource {
        Resource::Function { name, .. } => {
            let payload = match &task.flow.parameters {
                Some(template) => template.fill(&inner)?,
                None => narrowed.into_owned(),
            };
            (name.clone(), payload)
        }
        Resource::LambdaInvoke(invocation) => arguments(invocation, &inner)?,
    };
    Ok(Call { function, payload: limited(payload, "task's payload")?, timeout_s, heartbeat_s })
}

fn arguments(invocation: &Invocation, scope: &Scope<'_>) -> Result<(String, Value), RuntimeError> {
    let function = match invocation.function.fill(scope)? {
        Value::String(given) => match asl::parse::function_name(&given) {
            Some(name) => name.to_owned(),
            None => given,
        },
        other => {
            return Err(RuntimeError::new(RUNTIME, format!("FunctionName is {other}, which is no string")));
        }
    };
    let payload = match &invocation.payload {
        Some(template) => template.fill(scope)?,
        None => Value::Object(Map::new()),
    };
    Ok((function, payload))
}

/// The data after `Parameters`, which are absent as often as not.
fn fill(
    parameters: Option<&Template>,
    data: Cow<'_, Value>,
    scope: &Scope<'_>,
) -> Result<Value, RuntimeError> {
    match parameters {
        Some(template) => template.fill(&scope.over(&data)),
        None => Ok(data.into_owned()),
    }
}

fn at<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    path.select(scope).ok_or_else(|| {
        RuntimeError::new(RUNTIME, format!("the path '{path}' selects nothing in the state's input"))
    })
}

fn seconds_of(seconds: &Seconds, min: u64, scope: &Scope<'_>) -> Result<u64, RuntimeError> {
    match seconds {
        Seconds::Fixed(seconds) => Ok(*seconds),
        Seconds::Path(path) => {
            let value = at(path, scope)?;
            let wanted = format!("an integer from {min} to {SECONDS_MAX}");
            value.as_u64().filter(|seconds| (min..=SECONDS_MAX).contains(seconds)).ok_or_else(|| {
                RuntimeError::new(RUNTIME, format!("'{path}' selects {value}, which is not {wanted}"))
            })
        }
    }
}

fn text(text: Option<&Text>, scope: &Scope<'_>) -> Result<Option<String>, RuntimeError> {
    match text {
        None => Ok(None),
        Some(Text::Fixed(text)) => Ok(Some(text.clone())),
        Some(Text::Computed(expression)) => match expression.eval(scope)? {
            Value::String(text) => Ok(Some(text)),
            other => {
                Err(RuntimeError::new(RUNTIME, format!("an error or cause is {other}, which is no string")))
            }
        },
    }
}
