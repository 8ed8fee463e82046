//! RedriveExecution.

use api::types::{RedriveExecutionInput, RedriveExecutionOutput};
use api::{ErrorKind, Failure};
use executions::{Answer, Request};

use crate::act::Act;
use crate::failures::{declared, no_execution, unanswered, unexpected};
use crate::runs::payload::at;
use crate::service::Service;

impl Act for RedriveExecutionInput {
    async fn act(self, service: &Service) -> Result<RedriveExecutionOutput, Failure> {
        let Self { execution_arn, client_token } = self;
        let (key, ..) = service.execution_at(&execution_arn).await?;
        let _room = service.room()?;
        let redrive = Request::Redrive { token: client_token };
        match service.ask(key, redrive).await.map_err(|error| unanswered(&error))? {
            Answer::Redriven { at_ms } => Ok(RedriveExecutionOutput { redrive_date: at(at_ms) }),
            Answer::NotRedrivable(reason) => {
                let message = format!("Execution Not Redrivable: '{reason}'");
                Err(declared(ErrorKind::ExecutionNotRedrivable, message))
            }
            Answer::Unknown => Err(no_execution(execution_arn)),
            other => Err(unexpected(&other)),
        }
    }
}
