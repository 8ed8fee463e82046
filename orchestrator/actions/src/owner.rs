//! Whether a request may change the machine that it names, or an execution of it: not of one that [something else](crate::owned) runs.
//!
//! What would begin, move or end executions, or change what they run, is refused to everybody.

use api::{Failure, Request};

use crate::arn::Arn;
use crate::service::Service;

/// What a request would change, by the ARN that it names; `None`: nothing of a machine or an execution that is there.
fn changed(request: &Request) -> Option<(&'static str, &str)> {
    Some(match request {
        Request::StartExecution(it) => ("StartExecution", &it.state_machine_arn),
        Request::StartSyncExecution(it) => ("StartSyncExecution", &it.state_machine_arn),
        Request::StopExecution(it) => ("StopExecution", &it.execution_arn),
        Request::RedriveExecution(it) => ("RedriveExecution", &it.execution_arn),
        Request::UpdateStateMachine(it) => ("UpdateStateMachine", &it.state_machine_arn),
        Request::DeleteStateMachine(it) => ("DeleteStateMachine", &it.state_machine_arn),
        Request::PublishStateMachineVersion(it) => ("PublishStateMachineVersion", &it.state_machine_arn),
        Request::DeleteStateMachineVersion(it) => {
            ("DeleteStateMachineVersion", &it.state_machine_version_arn)
        }
        Request::CreateStateMachineAlias(it) => {
            ("CreateStateMachineAlias", &it.routing_configuration.first()?.state_machine_version_arn)
        }
        Request::UpdateStateMachineAlias(it) => ("UpdateStateMachineAlias", &it.state_machine_alias_arn),
        Request::DeleteStateMachineAlias(it) => ("DeleteStateMachineAlias", &it.state_machine_alias_arn),
        _ => return None,
    })
}

impl Service {
    /// Whether the request may do what it would to the machine that it names. What else is wrong with it is for its action to say.
    ///
    /// # Errors
    /// `AccessDeniedException`: the machine is another's.
    pub(crate) fn check_owner(&self, request: &Request) -> Result<(), Failure> {
        let Some(owned) = self.owned() else { return Ok(()) };
        let Some((action, arn)) = changed(request) else { return Ok(()) };
        let Ok(read) = Arn::read(arn) else { return Ok(()) };
        if owned.scope != read.scope || !owned.has(&read.resource) {
            return Ok(());
        }
        let why = &owned.why;
        Err(Failure::Denied(format!("Not authorized to perform: states:{action} on resource: {arn}: {why}")))
    }
}
