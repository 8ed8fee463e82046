//! From a request to the action that carries it out.

use std::future::Future;

use api::{Action, Failure, Request};
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

impl Service {
    /// Carries out a request.
    ///
    /// # Errors
    /// As of [`Act::act`].
    pub async fn act(&self, request: Request) -> Result<Value, Failure> {
        self.check_owner(&request)?;
        self.check_key(&request).await?;
        match request {
            Request::CreateActivity(request) => answer(self, request).await,
            Request::CreateStateMachine(request) => answer(self, request).await,
            Request::CreateStateMachineAlias(request) => answer(self, request).await,
            Request::DeleteActivity(request) => answer(self, request).await,
            Request::DeleteStateMachine(request) => answer(self, request).await,
            Request::DeleteStateMachineAlias(request) => answer(self, request).await,
            Request::DeleteStateMachineVersion(request) => answer(self, request).await,
            Request::DescribeActivity(request) => answer(self, request).await,
            Request::DescribeExecution(request) => answer(self, request).await,
            Request::DescribeMapRun(request) => answer(self, request).await,
            Request::DescribeStateMachine(request) => answer(self, request).await,
            Request::DescribeStateMachineAlias(request) => answer(self, request).await,
            Request::DescribeStateMachineForExecution(request) => answer(self, request).await,
            Request::GetActivityTask(request) => answer(self, request).await,
            Request::GetExecutionHistory(request) => answer(self, request).await,
            Request::ListActivities(request) => answer(self, request).await,
            Request::ListExecutions(request) => answer(self, request).await,
            Request::ListMapRuns(request) => answer(self, request).await,
            Request::ListStateMachineAliases(request) => answer(self, request).await,
            Request::ListStateMachineVersions(request) => answer(self, request).await,
            Request::ListStateMachines(request) => answer(self, request).await,
            Request::ListTagsForResource(request) => answer(self, request).await,
            Request::PublishStateMachineVersion(request) => answer(self, request).await,
            Request::RedriveExecution(request) => answer(self, request).await,
            Request::SendTaskFailure(request) => answer(self, request).await,
            Request::SendTaskHeartbeat(request) => answer(self, request).await,
            Request::SendTaskSuccess(request) => answer(self, request).await,
            Request::StartExecution(request) => answer(self, request).await,
            Request::StartSyncExecution(request) => answer(self, request).await,
            Request::StopExecution(request) => answer(self, request).await,
            Request::TagResource(request) => answer(self, request).await,
            Request::TestState(request) => answer(self, request).await,
            Request::UntagResource(request) => answer(self, request).await,
            Request::UpdateMapRun(request) => answer(self, request).await,
            Request::UpdateStateMachine(request) => answer(self, request).await,
            Request::UpdateStateMachineAlias(request) => answer(self, request).await,
            Request::ValidateStateMachineDefinition(request) => answer(self, request).await,
        }
    }
}
