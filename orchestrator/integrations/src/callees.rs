//! Which calls can be made, and how.

use std::sync::Arc;

use asl::resource::{Integration, Pattern, Resource};
use aws_calls::AwsCalls;
use bus::Message;
use engine::{Call, Fact, Refusal};
use executions::{Integrations, Unconnected, Way};
use functions::Functions;
use participant::{Caller, Millis, Rejected};
use tokio::runtime::Handle;

use crate::aws::{self, AwsCall};
use crate::http_task::{self, HttpCall, HttpTasks};
use crate::lambda::{Invocation, Invoked};
use crate::outside::{Calls, Outside};

/// Functions, and services of AWS and APIs over HTTP if they are to be called. A task that would wait for one that is not there for ever fails at once. One that waits for its token does wait,
/// also where nobody is called that it would be given to: whoever reads the history, or works out the token otherwise, can hand it in. If there
/// are functions, one that is not among them is refused in any case.
#[derive(Clone, Debug)]
pub struct Callees {
    functions: Arc<Functions>,
    aws: Option<Arc<AwsCalls>>,
    http: Option<Arc<HttpTasks>>,
}

impl Callees {
    /// To those functions.
    #[must_use]
    pub fn new(functions: Arc<Functions>) -> Self {
        Self { functions, aws: None, http: None }
    }

    /// Services of AWS are called as well.
    #[must_use]
    pub fn with_aws(self, aws: Option<Arc<AwsCalls>>) -> Self {
        Self { aws, ..self }
    }

    /// APIs are called over HTTP as well.
    #[must_use]
    pub fn with_http(self, http: Option<Arc<HttpTasks>>) -> Self {
        Self { http, ..self }
    }

    /// What makes the calls, on that runtime.
    #[must_use]
    pub fn caller(&self, runtime: Handle) -> Arc<dyn Caller<Outside, Fact>> {
        let functions = Invoked::new(Arc::clone(&self.functions), runtime);
        Arc::new(Calls { functions, aws: self.aws.clone(), http: self.http.clone() })
    }

    /// The integration that the call is of, if it is one of a service of AWS, and these are called.
    fn of_aws(&self, call: &Call) -> Option<Integration> {
        self.aws.as_ref().and_then(|_| aws::integration(call))
    }

    /// Whether the call is of an API over HTTP, and these are called.
    fn is_http(&self, call: &Call) -> bool {
        let integration = || Resource::parse(&call.resource).and_then(|it| it.kind.integration().cloned());
        self.http.is_some() && integration().is_some_and(|it| http_task::is_http(&it))
    }

    /// Whether the call names a function that is there.
    fn has(&self, call: &Call) -> bool {
        function_of(call).is_some_and(|function| self.functions.has(&function))
    }

    /// Whether a call that waits for a token, and of whatever cannot be called, is to wait for it.
    fn waits(&self, call: &Call) -> bool {
        waits_for_token(&call.resource) && (self.functions.is_empty() || function_of(call).is_none())
    }
}

impl engine::Integrations for Callees {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        if let Some(it) =
            call.parameters.get("InvocationType").filter(|it| *it == "DryRun" && function_of(call).is_some())
        {
            return Some(Refusal {
                error: asl::error::RUNTIME.to_owned(),
                cause: format!("InvocationType {it} is not served here: a function is called, or it is not"),
            });
        }
        if self.is_http(call) {
            return http_task::refusal(call);
        }
        if let Some(integration) = self.of_aws(call) {
            return aws::refusal(&integration, call);
        }
        if self.has(call) || self.waits(call) {
            return None;
        }
        let Some(resource) = Resource::parse(&call.resource) else {
            return Some(Refusal {
                error: asl::error::RUNTIME.to_owned(),
                cause: format!("{} cannot be called: it names nothing that a task can call", call.resource),
            });
        };
        let integration = resource.kind.integration();
        match integration {
            Some(it) if http_task::is_http(it) => Some(Refusal {
                error: asl::error::RUNTIME.to_owned(),
                cause: http_task::UNCONNECTED.to_owned(),
            }),
            Some(it) if &*it.service != "lambda" => {
                Some(Refusal { error: asl::error::RUNTIME.to_owned(), cause: aws::unconnected(it) })
            }
            // As AWS names it when there is no such function.
            _ => Some(Refusal {
                error: "Lambda.ResourceNotFoundException".to_owned(),
                cause: match function_of(call) {
                    Some(function) => {
                        format!("Function not found: this server has no function {function} (--function)")
                    }
                    None => format!("Function not found: the call names none ({})", call.resource),
                },
            }),
        }
    }
}

impl Integrations for Callees {
    type Outside = Outside;

    fn way(&self, _: &str, call: Call, now: Millis) -> Result<Way<Outside>, Rejected> {
        if self.is_http(&call) {
            return Ok(Way::Outside(Outside::Http(HttpCall::of(call))));
        }
        if self.of_aws(&call).is_some() {
            return Ok(Way::Outside(Outside::Aws(AwsCall::of(call, now))));
        }
        if self.has(&call)
            && let Some(invocation) = Invocation::of(&call)
        {
            return Ok(Way::Outside(Outside::Function(invocation)));
        }
        // All others are refused before: should one come this far, it must not wait for ever.
        if self.waits(&call) {
            Ok(Way::Awaited)
        } else {
            Err(Rejected(format!(
                "{} cannot be called: this server is connected to nothing of that name",
                call.resource
            )))
        }
    }

    fn fact(&self, message: &Message) -> Result<Fact, Rejected> {
        Unconnected.fact(message)
    }
}

/// The function that the call names; `None` if it calls something else, or names none.
fn function_of(call: &Call) -> Option<String> {
    Resource::parse(&call.resource)?.function(&call.parameters).map(str::to_owned)
}

/// Whether a task of that resource is done when somebody hands in its token.
fn waits_for_token(resource: &str) -> bool {
    Resource::parse(resource).is_some_and(|resource| {
        resource.kind.integration().is_some_and(|it| it.pattern == Pattern::WaitForTaskToken)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::{Integrations as _, TaskId};
    use serde_json::{Value, json};

    use super::*;

    fn call(resource: &str, parameters: Value) -> Call {
        Call { task: TaskId(1), state: "S".into(), resource: resource.into(), parameters, is_awaited: true }
    }

    fn callees(functions: &[&str]) -> Callees {
        let functions: Vec<_> = functions.iter().map(|text| text.parse().unwrap()).collect();
        Callees::new(Arc::new(Functions::new(&functions, Duration::from_secs(1), 1)))
    }

    #[test]
    fn without_functions_only_who_waits_for_a_token_waits() {
        let refused = |resource: &str| {
            let (callees, call) = (callees(&[]), call(resource, json!({"FunctionName": "f"})));
            let refused = callees.refusal(&call).map(|refusal| refusal.error);
            assert_eq!(callees.way("k", call, 0).is_ok(), refused.is_none(), "{resource}");
            refused
        };
        assert_eq!(refused("nothing").as_deref(), Some("States.Runtime"));
        assert_eq!(
            refused("arn:aws:states:::aws-sdk:states:startExecution").as_deref(),
            Some("States.Runtime")
        );
        assert_eq!(refused("arn:aws:states:::sqs:sendMessage.waitForTaskToken"), None);
        assert_eq!(refused("arn:aws:states:::lambda:invoke.waitForTaskToken"), None);
        assert_eq!(refused("arn:aws:states:::sqs:sendMessage").as_deref(), Some("States.Runtime"));
        for function in ["arn:aws:states:::lambda:invoke", "arn:aws:lambda:us-east-1:123456789012:function:f"]
        {
            assert_eq!(refused(function).as_deref(), Some("Lambda.ResourceNotFoundException"));
        }
    }

    #[test]
    fn a_function_that_is_there_is_invoked_and_no_other() {
        let callees = callees(&["f=true"]);
        for (resource, function, is_there) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:f:7", "", true),
            ("arn:aws:lambda:us-east-1:123456789012:function:g", "", false),
            ("arn:aws:states:::lambda:invoke", "f", true),
            ("arn:aws:states:::lambda:invoke", "g", false),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", "f", true),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", "g", false),
        ] {
            let call = call(resource, json!({"FunctionName": function}));
            assert_eq!(callees.refusal(&call).is_none(), is_there, "{resource} {function}");
            let way = callees.way("k", call, 0);
            assert_eq!(matches!(way, Ok(Way::Outside(_))), is_there, "{resource} {function}");
        }
        let token = call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", json!({}));
        assert_eq!(callees.way("k", token, 0), Ok(Way::Awaited));
    }
}
