//! StopExecution.

use api::Failure;
use api::types::{StopExecutionInput, StopExecutionOutput};
use engine::Fact;
use executions::{Answer, Request};

use crate::act::Act;
use crate::failures::{no_execution, unanswered, unexpected};
use crate::runs::payload::at;
use crate::service::Service;

impl Act for StopExecutionInput {
    /// One that has ended already stays as it ended; the answer says when.
    async fn act(self, service: &Service) -> Result<StopExecutionOutput, Failure> {
        let Self { execution_arn, error, cause } = self;
        let (key, ..) = service.execution_at(&execution_arn).await?;
        let stop = Request::Tell(Fact::Stopped { error, cause });
        match service.ask(key, stop).await.map_err(|error| unanswered(&error))? {
            Answer::Told { ending: Some(ending), .. } => {
                Ok(StopExecutionOutput { stop_date: at(ending.at_ms) })
            }
            Answer::Unknown => Err(no_execution(execution_arn)),
            other => Err(unexpected(&other)),
        }
    }
}
