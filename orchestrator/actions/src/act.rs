//! From a request to the action that carries it out.

use std::future::Future;

use api::{Action, Failure, Operation, Request};
use serde_json::Value;

use crate::service::Service;

/// An action of the API, by its request.
pub trait Act: Action + Send {
    /// Carries it out, and answers once what it does is committed.
    ///
    /// # Errors
    /// [`Failure`], in AWS's words. Unless it is [`Failure::Unavailable`], nothing was done.
    fn act(self, service: &Service) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

async fn answer<A: Act>(service: &Service, request: A) -> Result<Value, Failure> {
    let output = request.act(service).await?;
    serde_json::to_value(output).map_err(|error| Failure::Internal(error.to_string()))
}

fn not_here(operation: Operation) -> Failure {
    Failure::UnknownOperation { target: operation.name().to_owned() }
}

impl Service {
    /// Carries out a request.
    ///
    /// # Errors
    /// As of [`Act::act`].
    pub async fn act(&self, request: Request) -> Result<Value, Failure> {
        match request {
            Request::CreateActivity(request) => answer(self, request).await,
            Request::CreateStateMachine(request) => answer(self, request).await,
            Request::CreateStateMachineAlias(request) => answer(self, request).await,
            Request::DeleteActivity(request) => answer(self, request).await,
            Request::DeleteStateMachine(request) => answer(self, request).await,
            Request::DeleteStateMachineAlias(request) => answer(self, request).await,
            Request::DeleteStateMachineVersion(request) => answer(self, request).await,
            Request::DescribeActivity(request) => answer(self, request).await,
            Request::DescribeExecution(_) => Err(not_here(Operation::DescribeExecution)),
            Request::DescribeMapRun(_) => Err(not_here(Operation::DescribeMapRun)),
            Request::DescribeStateMachine(request) => answer(self, request).await,
            Request::DescribeStateMachineAlias(request) => answer(self, request).await,
            Request::DescribeStateMachineForExecution(request) => answer(self, request).await,
            Request::GetActivityTask(_) => Err(not_here(Operation::GetActivityTask)),
            Request::GetExecutionHistory(_) => Err(not_here(Operation::GetExecutionHistory)),
            Request::ListActivities(request) => answer(self, request).await,
            Request::ListExecutions(_) => Err(not_here(Operation::ListExecutions)),
            Request::ListMapRuns(_) => Err(not_here(Operation::ListMapRuns)),
            Request::ListStateMachineAliases(request) => answer(self, request).await,
            Request::ListStateMachineVersions(request) => answer(self, request).await,
            Request::ListStateMachines(request) => answer(self, request).await,
            Request::ListTagsForResource(request) => answer(self, request).await,
            Request::PublishStateMachineVersion(request) => answer(self, request).await,
            Request::RedriveExecution(_) => Err(not_here(Operation::RedriveExecution)),
            Request::SendTaskFailure(_) => Err(not_here(Operation::SendTaskFailure)),
            Request::SendTaskHeartbeat(_) => Err(not_here(Operation::SendTaskHeartbeat)),
            Request::SendTaskSuccess(_) => Err(not_here(Operation::SendTaskSuccess)),
            Request::StartExecution(_) => Err(not_here(Operation::StartExecution)),
            Request::StartSyncExecution(_) => Err(not_here(Operation::StartSyncExecution)),
            Request::StopExecution(_) => Err(not_here(Operation::StopExecution)),
            Request::TagResource(request) => answer(self, request).await,
            Request::TestState(_) => Err(not_here(Operation::TestState)),
            Request::UntagResource(request) => answer(self, request).await,
            Request::UpdateMapRun(_) => Err(not_here(Operation::UpdateMapRun)),
            Request::UpdateStateMachine(request) => answer(self, request).await,
            Request::UpdateStateMachineAlias(request) => answer(self, request).await,
            Request::ValidateStateMachineDefinition(request) => answer(self, request).await,
        }
    }
}
