//! Executions that tasks start, and tokens that tasks hand in.

use std::sync::Arc;

use asl::random::Random;
use asl::resource::Pattern;
use engine::results::nested;
use engine::{Call, Ending, Fact, GivenUp, Rules, Status, token};
use serde_json::{Value, json};

use crate::asked::{Answer, Asked};
use crate::outcome::RunError;
use crate::parent::{Parent, Told};
use crate::settings::identity;
use crate::world::{Hosted, World};

/// The purpose of the numbers that names are made of.
const NAMES: u64 = 0x6e61_6d65_7300_0000;

impl World<'_> {
    /// Whether a call is one that is answered by the executions that there are.
    pub(crate) fn is_answered_here(
        &mut self,
        of: &Arc<str>,
        call: &Call,
        asked: &Asked,
    ) -> Result<bool, RunError> {
        let Some(integration) = asked.resource.kind.integration() else { return Ok(false) };
        match (&*integration.service, integration.action.split('.').next().unwrap_or_default()) {
            ("states", "startExecution") => self.start(of, call, asked).map(|()| true),
            ("aws-sdk:sfn", action @ ("sendTaskSuccess" | "sendTaskFailure" | "sendTaskHeartbeat")) => {
                let answer = self.hand_in(action, &asked.parameters);
                self.answered(of, call, answer);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Starts an execution of the state machine that a task names.
    fn start(&mut self, of: &Arc<str>, call: &Call, asked: &Asked) -> Result<(), RunError> {
        let text = |name: &str| asked.parameters.get(name).and_then(Value::as_str);
        let given = text("StateMachineArn").unwrap_or_default();
        let machine = given.rsplit_once(":stateMachine:").map_or(given, |(_, name)| name);
        let machine = machine.split(':').next().unwrap_or_default();
        let Some(definition) = self.machines.get(machine).copied() else {
            let (state, machine) = (call.state.to_string(), machine.to_owned());
            return Err(RunError::NoMachine { state, machine });
        };
        self.started += 1;
        let random = Random::new(self.settings.seed ^ NAMES, self.started);
        let name = text("Name").map_or_else(|| random.next_uuid(), str::to_owned);
        let identity = identity(machine, &name, false);
        let id: Arc<str> = identity.execution_arn.as_str().into();
        if !self.names.insert(Arc::clone(&id)) {
            let cause = format!(
                "Execution Already Exists: '{id}' (Service: AWSStepFunctions; Status Code: 400; Error Code: \
                 ExecutionAlreadyExists)"
            );
            let error = "StepFunctions.ExecutionAlreadyExistsException".to_owned();
            self.answered(of, call, Answer::Failed { error, cause: Some(cause) });
            return Ok(());
        }
        let input = input(asked.parameters.get("Input"));
        let pattern = asked.pattern();
        let told = match (pattern, asked.resource.arn.ends_with(".sync:2")) {
            (Pattern::Sync, true) => Some(Told::AsJson),
            (Pattern::Sync, false) => Some(Told::AsText),
            _ => None,
        };
        let parent = Parent::Task {
            execution: Arc::clone(of),
            task: call.task,
            told,
            identity: Box::new(identity.clone()),
            input: input.to_string(),
        };
        let shown = format!("{machine}:{name}");
        self.hosted.insert(Arc::clone(&id), Hosted::new(definition, Some(shown), Some(parent), false));
        if let (Some(_), Some(hosted)) = (told, self.hosted.get_mut(of)) {
            hosted.awaited.insert(call.task, Arc::clone(&id));
        }
        let begun = json!({"ExecutionArn": identity.execution_arn, "StartDate": self.now_ms});
        match pattern {
            Pattern::RequestResponse => self.answered(of, call, Answer::Result(begun)),
            Pattern::Sync | Pattern::WaitForTaskToken => {
                self.due.fact(self.now_ms, of, Fact::TaskSubmitted { task: call.task, output: begun });
            }
        }
        let (execution, seed) = (id.to_string(), random.next_u64());
        let identity = Some(Box::new(identity));
        let start = Fact::Started {
            execution,
            input,
            seed,
            first_id: 1,
            identity,
            express: false,
            rules: Rules::TODAY,
        };
        self.due.fact(self.now_ms, &id, start);
        Ok(())
    }

    /// Tells whoever waits for an execution how it ended.
    pub(crate) fn ended(&mut self, hosted: Hosted<'_>, ending: &Ending) -> Result<(), RunError> {
        let started_ms = hosted.execution.as_ref().map_or(self.now_ms, engine::Execution::started_ms);
        match hosted.parent {
            None => Ok(()),
            Some(Parent::Map { execution, run, index, child }) => {
                self.child_ended((execution, run, index), *child, started_ms, ending)
            }
            Some(Parent::Task { execution, task, told, identity, input }) => {
                let Some(told) = told else { return Ok(()) };
                if let Some(parent) = self.hosted.get_mut(&execution) {
                    parent.awaited.remove(&task);
                }
                let as_json = told == Told::AsJson && ending.status == Status::Succeeded;
                let described = nested(&identity, &input, started_ms, ending, as_json);
                let fact = match ending.status {
                    Status::Succeeded => Fact::TaskSucceeded { task, output: described },
                    _ => Fact::TaskFailed {
                        task,
                        error: asl::error::TASK_FAILED.to_owned(),
                        cause: Some(described.to_string()),
                    },
                };
                self.due.fact(self.now_ms, &execution, fact);
                Ok(())
            }
        }
    }

    /// Stops the executions that tasks of this one waited for, and do not any more: those tasks took too long, or all of it has
    /// ended.
    pub(crate) fn stop_abandoned(&mut self, of: &Arc<str>, given_up: &[GivenUp]) -> Result<(), RunError> {
        let Some(hosted) = self.hosted.get_mut(of) else { return Ok(()) };
        let abandoned: Vec<_> = given_up.iter().filter_map(|it| hosted.awaited.remove(&it.task)).collect();
        abandoned.into_iter().try_for_each(|child| self.stop(&child))
    }

    /// Tells the execution that a token names what is handed in with it.
    fn hand_in(&mut self, action: &str, parameters: &Value) -> Answer {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str).map(str::to_owned);
        let failed = |error: &str, cause: &str| Answer::Failed {
            error: format!("Sfn.{error}Exception"),
            cause: Some(format!("{cause} (Service: Sfn, Status Code: 400)")),
        };
        let given = text("TaskToken").unwrap_or_default();
        let Some(token) = token::decode(&given) else {
            return failed("InvalidToken", "Invalid token");
        };
        let (id, task): (Arc<str>, _) = (token.execution().into(), token.task());
        if self.awaiting(&id, task).is_none() {
            return failed("TaskTimedOut", "Provided task does not exist anymore");
        }
        let fact = match action {
            "sendTaskSuccess" => match serde_json::from_str(&text("Output").unwrap_or_default()) {
                Ok(output) => Fact::TaskSucceeded { task, output },
                Err(_) => return failed("InvalidOutput", "Invalid output: it is no JSON"),
            },
            "sendTaskFailure" => {
                Fact::TaskFailed { task, error: text("Error").unwrap_or_default(), cause: text("Cause") }
            }
            _ => Fact::TaskHeartbeat { task },
        };
        self.due.fact(self.now_ms, &id, fact);
        Answer::Result(json!({}))
    }
}

/// What an execution is given: `Input` as it is, or what it says as text. Without it: an empty object.
fn input(given: Option<&Value>) -> Value {
    match given {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Some(given) => given.clone(),
        None => json!({}),
    }
}
