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
            Request::CreateActivity(_) => Err(not_here(Operation::CreateActivity)),
            Request::CreateStateMachine(_) => Err(not_here(Operation::CreateStateMachine)),
            Request::CreateStateMachineAlias(_) => Err(not_here(Operation::CreateStateMachineAlias)),
            Request::DeleteActivity(_) => Err(not_here(Operation::DeleteActivity)),
            Request::DeleteStateMachine(_) => Err(not_here(Operation::DeleteStateMachine)),
            Request::DeleteStateMachineAlias(_) => Err(not_here(Operation::DeleteStateMachineAlias)),
            Request::DeleteStateMachineVersion(_) => Err(not_here(Operation::DeleteStateMachineVersion)),
            Request::DescribeActivity(_) => Err(not_here(Operation::DescribeActivity)),
            Request::DescribeExecution(request) => answer(self, request).await,
            Request::DescribeMapRun(request) => answer(self, request).await,
            Request::DescribeStateMachine(_) => Err(not_here(Operation::DescribeStateMachine)),
            Request::DescribeStateMachineAlias(_) => Err(not_here(Operation::DescribeStateMachineAlias)),
            Request::DescribeStateMachineForExecution(_) => {
                Err(not_here(Operation::DescribeStateMachineForExecution))
            }
            Request::GetActivityTask(_) => Err(not_here(Operation::GetActivityTask)),
            Request::GetExecutionHistory(request) => answer(self, request).await,
            Request::ListActivities(_) => Err(not_here(Operation::ListActivities)),
            Request::ListExecutions(request) => answer(self, request).await,
            Request::ListMapRuns(request) => answer(self, request).await,
            Request::ListStateMachineAliases(_) => Err(not_here(Operation::ListStateMachineAliases)),
            Request::ListStateMachineVersions(_) => Err(not_here(Operation::ListStateMachineVersions)),
            Request::ListStateMachines(_) => Err(not_here(Operation::ListStateMachines)),
            Request::ListTagsForResource(_) => Err(not_here(Operation::ListTagsForResource)),
            Request::PublishStateMachineVersion(_) => Err(not_here(Operation::PublishStateMachineVersion)),
            Request::RedriveExecution(request) => answer(self, request).await,
            Request::SendTaskFailure(request) => answer(self, request).await,
            Request::SendTaskHeartbeat(request) => answer(self, request).await,
            Request::SendTaskSuccess(request) => answer(self, request).await,
            Request::StartExecution(request) => answer(self, request).await,
            Request::StartSyncExecution(request) => answer(self, request).await,
            Request::StopExecution(request) => answer(self, request).await,
            Request::TagResource(_) => Err(not_here(Operation::TagResource)),
            Request::TestState(_) => Err(not_here(Operation::TestState)),
            Request::UntagResource(_) => Err(not_here(Operation::UntagResource)),
            Request::UpdateMapRun(request) => answer(self, request).await,
            Request::UpdateStateMachine(_) => Err(not_here(Operation::UpdateStateMachine)),
            Request::UpdateStateMachineAlias(_) => Err(not_here(Operation::UpdateStateMachineAlias)),
            Request::ValidateStateMachineDefinition(_) => {
                Err(not_here(Operation::ValidateStateMachineDefinition))
            }
        }
    }
}
