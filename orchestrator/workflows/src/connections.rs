//! What tasks can call here, beside activities and other executions: nothing yet.

use asl::resource::{Pattern, Resource};
use bus::Message;
use engine::{Call, Fact, Refusal};
use executions::{Integrations, Unconnected, Way};
use participant::{Millis, NoCalls, Rejected};

/// No functions and no services. A task that would wait for one of them for ever fails at once; one that waits for its token does wait: whoever
/// reads the history, or works out the token otherwise, can hand it in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Connections;

impl engine::Integrations for Connections {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        let Some(resource) = Resource::parse(&call.resource) else {
            return Some(Refusal {
                error: asl::error::RUNTIME.to_owned(),
                cause: format!("{} cannot be called: it names nothing that a task can call", call.resource),
            });
        };
        let integration = resource.kind.integration();
        match integration {
            Some(it) if it.pattern == Pattern::WaitForTaskToken => None,
            Some(it) if &*it.service != "lambda" => Some(Refusal {
                error: asl::error::RUNTIME.to_owned(),
                cause: format!(
                    "{}:{} cannot be called: this server is connected to no service",
                    it.service, it.action
                ),
            }),
            // As AWS names it when there is no such function.
            _ => Some(Refusal {
                error: "Lambda.ResourceNotFoundException".to_owned(),
                cause: format!(
                    "Function not found: this server is connected to no functions ({})",
                    call.resource
                ),
            }),
        }
    }
}

impl Integrations for Connections {
    type Outside = NoCalls;

    fn way(&self, _: &str, call: Call, _: Millis) -> Result<Way<NoCalls>, Rejected> {
        // All others are refused before: should one come this far, it must not wait for ever.
        if waits_for_token(&call.resource) {
            Ok(Way::Awaited)
        } else {
            Err(Rejected(format!("{} cannot be called: this server is connected to nothing", call.resource)))
        }
    }

    fn fact(&self, message: &Message) -> Result<Fact, Rejected> {
        Unconnected.fact(message)
    }
}

/// Whether a task of that resource is done when somebody hands in its token.
fn waits_for_token(resource: &str) -> bool {
    Resource::parse(resource).is_some_and(|resource| {
        resource.kind.integration().is_some_and(|it| it.pattern == Pattern::WaitForTaskToken)
    })
}

#[cfg(test)]
mod tests {
    use engine::{Integrations as _, TaskId};
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_waits_for_a_token_waits() {
        let refused = |resource: &str| {
            let (task, state, parameters) = (TaskId(1), "S".into(), json!({}));
            let call = Call { task, state, resource: resource.into(), parameters, is_awaited: true };
            let refused = Connections.refusal(&call).map(|refusal| refusal.error);
            assert_eq!(Connections.way("k", call, 0).is_ok(), refused.is_none(), "{resource}");
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
}
