//! Actions of AWS services: which can be called, decided purely, and what comes of a call.

use asl::data::{NESTING_MAX, is_within};
use asl::error::{DATA_LIMIT_EXCEEDED, RUNTIME};
use asl::resource::{Integration, Pattern, Resource};
use aws_apis::{Action, Mismatch, Place, Problem};
use aws_calls::{Answered, AwsCalls, Failure};
use engine::quotas::PAYLOAD_BYTES_MAX;
use engine::{Call, Fact, Refusal, TaskId, cut};
use participant::{CallId, Millis};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::optimised::{self, Optimised};

/// A call of an action; kept until its outcome is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AwsCall {
    /// The attempt.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// What the task calls, by its ARN.
    #[serde(rename = "r")]
    pub resource: String,
    /// What is passed to it.
    #[serde(rename = "p")]
    pub parameters: Value,
    /// When it was decided on, in milliseconds since 1970: with its id it tells it from those of other stores.
    #[serde(rename = "n")]
    pub decided_ms: Millis,
}

/// What a task calls that calls an action of an AWS service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    action: Action,
    optimised: Option<&'static Optimised>,
    pattern: Pattern,
}

/// Whether a resource is one of a service of AWS other than functions and executions, which are at home here, and HTTP tasks.
pub(crate) fn is_of_aws(integration: &Integration) -> bool {
    !["http", "lambda", "states"].contains(&&*integration.service)
}

impl Target {
    /// What an integration calls.
    ///
    /// # Errors
    /// There is none of that name, or it is one that is not carried out here; why, for people.
    pub(crate) fn of(integration: &Integration) -> Result<Self, String> {
        let Integration { service, action, pattern } = integration;
        let name = action.split_once('.').map_or(&**action, |(name, _)| name);
        if *pattern == Pattern::Sync {
            return Err(format!(
                "{service}:{action} cannot be called: the end of what an action begins is not waited for here"
            ));
        }
        let (sdk_service, optimised) = match service.strip_prefix("aws-sdk:") {
            Some(sdk_service) => (sdk_service, None),
            None => match optimised::find(service, name) {
                Some(optimised) => (optimised.sdk_service, Some(optimised)),
                None => {
                    return Err(format!(
                        "{service}:{action} cannot be called: this integration is not carried out here"
                    ));
                }
            },
        };
        let action = aws_apis::service(sdk_service).and_then(|service| service.action(name));
        let action = action.map_err(|unknown| unknown.to_string())?;
        Ok(Self { action, optimised, pattern: *pattern })
    }

    /// What the API is given for what the task passes.
    fn parameters(&self, passed: &Value) -> Value {
        match self.optimised {
            Some(optimised) => optimised.parameters(passed.clone()),
            None => passed.clone(),
        }
    }

    /// Why no request can be made of what the task passes, in AWS's words.
    fn wrong(&self, passed: &Value) -> Option<String> {
        // Which region it is matters to no parameter.
        let place = Place { region: "us-east-1", endpoint: None };
        let problem = self.action.request(&self.parameters(passed), &place, "token").err()?;
        let wrong = match problem {
            Problem::Parameters(wrong) => wrong.iter().map(told).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        Some(format!("The Parameters '{passed}' could not be used to start the Task: [{wrong}]"))
    }

    /// What errors that no service tells are called.
    fn client_error(&self) -> String {
        let prefix = self.optimised.map_or(self.action.service().prefix, |optimised| optimised.prefix);
        format!("{prefix}.SdkClientException")
    }

    /// What comes of a call: the result, or error and cause.
    fn told(&self, answered: Result<Answered, Failure>) -> Result<Value, (String, String)> {
        match answered {
            Ok(Answered { output, status, headers }) => match self.optimised {
                None => Ok(output),
                Some(optimised) => {
                    let output = self.action.in_model_names(output);
                    match optimised.failure(&output) {
                        Some(failure) => Err(failure),
                        None => Ok(optimised.result(output, status, &headers)),
                    }
                }
            },
            Err(Failure::Service(error)) => Err(match self.optimised {
                None => (error.name.clone(), error.to_string()),
                Some(optimised) => optimised.error(&error),
            }),
            Err(Failure::TooLarge) => Err(self.too_large()),
            Err(Failure::Client(why)) => Err((self.client_error(), why)),
        }
    }

    fn too_large(&self) -> (String, String) {
        let name = self.action.name();
        let cause = format!(
            "The action {name} returned a result with a size exceeding the maximum number of bytes service limit."
        );
        (DATA_LIMIT_EXCEEDED.to_owned(), cause)
    }
}

/// One thing that is wrong with parameters, as AWS tells it.
fn told(mismatch: &Mismatch) -> String {
    let Mismatch { path, found, expected } = mismatch;
    match found.as_str() {
        "an unknown member" => format!("The field \"{path}\" is not supported by Step Functions: {expected}"),
        "nothing" => format!("The field \"{path}\" is required but was missing: {expected}"),
        _ if path.is_empty() => format!("The value must be {expected}, and is {found}"),
        _ => format!("The value for the field \"{path}\" must be {expected}, and is {found}"),
    }
}

/// The integration that a call is of, if it is one of a service of AWS.
pub(crate) fn integration(call: &Call) -> Option<Integration> {
    Resource::parse(&call.resource)?.kind.integration().filter(|it| is_of_aws(it)).cloned()
}

/// Why a call of an integration cannot be made, if so: nothing is sent.
pub(crate) fn refusal(integration: &Integration, call: &Call) -> Option<Refusal> {
    let wrong = match Target::of(integration) {
        Ok(target) => target.wrong(&call.parameters),
        Err(wrong) => Some(wrong),
    };
    wrong.map(|cause| Refusal { error: RUNTIME.to_owned(), cause: cut::cause(cause) })
}

impl AwsCall {
    /// The call that a task asks for.
    pub(crate) fn of(call: Call, decided_ms: Millis) -> Self {
        let Call { task, resource, parameters, .. } = call;
        Self { task, resource: resource.to_string(), parameters, decided_ms }
    }

    /// What makes a request that is made again the same one: of this call in this store, and of no other.
    fn token(&self, id: &CallId) -> String {
        let digest = Sha256::digest(format!("{}\n{id}\n{}", self.decided_ms, self.resource));
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        // As a UUID, the shape of most services' own.
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

/// What a task is told of its call.
pub(crate) async fn outcome(aws: Option<&AwsCalls>, id: &CallId, call: &AwsCall) -> Fact {
    let AwsCall { task, resource, parameters, .. } = call;
    let task = *task;
    let integration = Resource::parse(resource).and_then(|it| it.kind.integration().cloned());
    let target = integration.ok_or_else(|| "no integration".to_owned()).and_then(|it| Target::of(&it));
    let told = match (target, aws) {
        (Ok(target), Some(aws)) => {
            let answered = aws.call(&target.action, &target.parameters(parameters), &call.token(id)).await;
            let told = target.told(answered);
            let told = told.and_then(|output| match is_within(&output, PAYLOAD_BYTES_MAX, NESTING_MAX) {
                true => Ok(output),
                false => Err(target.too_large()),
            });
            told.map(|output| (output, target.pattern == Pattern::WaitForTaskToken))
        }
        // It was committed by a server that calls AWS.
        (Ok(_), None) => Err((RUNTIME.to_owned(), not_connected(resource))),
        (Err(cause), _) => Err((RUNTIME.to_owned(), cause)),
    };
    match told {
        Ok((output, true)) => Fact::TaskSubmitted { task, output },
        Ok((output, false)) => Fact::TaskSucceeded { task, output },
        Err((error, cause)) => {
            tracing::debug!(call = %id, resource, error, "a call of AWS failed");
            Fact::TaskFailed { task, error: cut::error(error), cause: Some(cut::cause(cause)) }
        }
    }
}

/// Why an integration is not called where AWS is not.
pub(crate) fn unconnected(integration: &Integration) -> String {
    let Integration { service, action, .. } = integration;
    Target::of(integration).err().unwrap_or_else(|| not_connected(&format!("{service}:{action}")))
}

/// Why nothing of AWS is called.
fn not_connected(what: &str) -> String {
    format!("{what} cannot be called: this server calls no services of AWS (--call-aws)")
}
