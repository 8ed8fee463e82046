//! Calls of tasks that are for executions and activities, and not for [`Integrations`](crate::Integrations).

use asl::resource::{Pattern, Resource, ResourceKind};
use engine::{Call, Execution, MapRunId, Refusal, RefusedAt};

use crate::errand::{Errand, Nest, Offer, Waits};
use crate::offered::Offered;

/// Whether it is one of them; as cheap as can be, since every call is asked.
fn is_standard(call: &Call) -> bool {
    call.resource.contains(":states:") && (call.resource.contains(":activity:") || is_start(&call.resource))
}

/// Whether it is the integration that starts executions, and not the SDK's action of that name (`aws-sdk:states:startExecution`): what
/// stands behind region and account tells.
fn is_start(resource: &str) -> bool {
    resource.splitn(6, ':').nth(5).is_some_and(|action| action.starts_with("states:startExecution"))
}

/// The errand of a call of the execution under `key`, which began then, if it is one for executions or activities.
pub(crate) fn errand<C>(key: &str, call: &Call, execution: &Execution, since_ms: u64) -> Option<Errand<C>> {
    if !is_standard(call) {
        return None;
    }
    let resource = Resource::parse(&call.resource)?;
    match &resource.kind {
        ResourceKind::Activity => {
            let (execution, task, input) = (key.to_owned(), call.task, call.parameters.clone());
            let offered = Offered { execution, task, input };
            Some(Errand::Offer(Box::new(Offer { activity: call.resource.to_string(), offered })))
        }
        ResourceKind::Integration(it)
            if waits(it.pattern, &it.action).is_some() && &*it.service == "states" =>
        {
            Some(Errand::Nest(Box::new(Nest {
                task: call.task,
                arguments: call.parameters.clone(),
                waits: waits(it.pattern, &it.action)?,
                machine_arn: execution.identity().map(|it| it.machine_arn.clone()),
                since_ms: Some(since_ms),
            })))
        }
        ResourceKind::Function | ResourceKind::Integration(_) => None,
    }
}

/// What a task waits for that starts an execution so.
fn waits(pattern: Pattern, action: &str) -> Option<Waits> {
    match (action, pattern) {
        ("startExecution", _) => Some(Waits::Begun),
        ("startExecution.waitForTaskToken", _) => Some(Waits::Token),
        ("startExecution.sync", _) => Some(Waits::Ended { as_json: false }),
        ("startExecution.sync:2", _) => Some(Waits::Ended { as_json: true }),
        _ => None,
    }
}

/// Whether tasks of that resource wait for the end of an execution that they start.
pub(crate) fn waits_for_executions(resource: &str) -> bool {
    is_start(resource) && resource.contains(".sync")
}

/// Integrations that are asked of all other calls only, with Map runs besides.
pub(crate) struct Beside<'a, I>(pub(crate) &'a I);

impl<I: engine::Integrations> engine::Integrations for Beside<'_, I> {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        if is_standard(call) { None } else { self.0.refusal(call) }
    }

    fn refused_at(&self, call: &Call) -> RefusedAt {
        self.0.refused_at(call)
    }

    fn map_run_refusal(&self, _: MapRunId) -> Option<Refusal> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_the_sdk_is_no_start() {
        for start in
            ["arn:aws:states:::states:startExecution", "arn:aws-cn:states:::states:startExecution.sync:2"]
        {
            assert!(is_start(start), "{start}");
        }
        for other in [
            "arn:aws:states:::aws-sdk:states:startExecution",
            "arn:aws:states:::aws-sdk:sfn:startExecution",
            "arn:aws:lambda:us-east-1:123456789012:function:states:startExecution",
        ] {
            assert!(!is_start(other), "{other}");
        }
        assert!(waits_for_executions("arn:aws:states:eu-west-1:123456789012:states:startExecution.sync"));
    }
}
