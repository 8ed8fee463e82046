//! StartExecution.

use api::types::{StartExecutionInput, StartExecutionOutput};
use api::{ErrorKind, Failure};
use executions::{Answer, Request};

use crate::act::Act;
use crate::failures::{declared, unanswered, unexpected};
use crate::runs::begin::{Ready, Wish};
use crate::runs::payload::at;
use crate::service::Service;

impl Act for StartExecutionInput {
    async fn act(self, service: &Service) -> Result<StartExecutionOutput, Failure> {
        let Self { state_machine_arn, name, input, trace_header } = self;
        let wish = Wish { machine_arn: state_machine_arn, name, input, trace_header };
        let Ready { arn, key, start } = service.ready(wish, |_| Ok(())).await?;
        // Express executions are not counted by AWS.
        let _room = if start.express { None } else { Some(service.room()?) };
        match service.ask(key, Request::Start(start)).await.map_err(|error| unanswered(&error))? {
            Answer::Started { started_ms, .. } => {
                Ok(StartExecutionOutput { execution_arn: arn, start_date: at(started_ms) })
            }
            Answer::Exists { .. } => {
                Err(declared(ErrorKind::ExecutionAlreadyExists, format!("Execution Already Exists: '{arn}'")))
            }
            other => Err(unexpected(&other)),
        }
    }
}
