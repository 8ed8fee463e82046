//! StartSyncExecution.

use std::time::Duration;

use api::Failure;
use api::types::{
    BillingDetails, IncludedData, StartSyncExecutionInput, StartSyncExecutionOutput, SyncExecutionStatus,
};
use engine::quotas::EXPRESS_DURATION_MS_MAX;
use engine::{Billing, Ending, Status};
use executions::{Answer, Request};
use tokio::time::timeout;

use crate::act::Act;
use crate::failures::{type_not_supported, unanswered, unexpected};
use crate::runs::begin::{Ready, Wish};
use crate::runs::payload::{at, whole};
use crate::service::Service;

/// An Express execution takes no longer, by a quota of its own; then a little until that is committed.
const WAITS_FOR: Duration = Duration::from_millis(EXPRESS_DURATION_MS_MAX + 10_000);

/// What is given back as it was given.
struct Asked {
    input: Option<String>,
    trace_header: Option<String>,
}

impl Act for StartSyncExecutionInput {
    async fn act(self, service: &Service) -> Result<StartSyncExecutionOutput, Failure> {
        let Self { state_machine_arn, name, input, trace_header, included_data } = self;
        let has_data = included_data != Some(IncludedData::MetadataOnly);
        let asked = Asked {
            input: has_data.then(|| input.clone().unwrap_or_else(|| "{}".to_owned())),
            trace_header: trace_header.clone(),
        };
        let wish = Wish { machine_arn: state_machine_arn, name, input, trace_header };
        let ready =
            service.ready(wish, |target| if target.express { Ok(()) } else { Err(type_not_supported()) });
        let Ready { arn, key, start } = ready.await?;
        let identity = start.identity.clone();
        let mut waiter = service.waiters().wait(&key);
        let answer = service.ask(key, Request::Start(start)).await.map_err(|error| unanswered(&error))?;
        let (started_ms, ending) = match answer {
            Answer::Started { started_ms, ending: Some(ending), .. } => (started_ms, ending),
            Answer::Started { started_ms, ending: None, .. } => {
                match timeout(WAITS_FOR, waiter.ended()).await {
                    Ok(Some(ending)) => (started_ms, ending),
                    Ok(None) | Err(_) => {
                        return Err(Failure::Unavailable(
                            "nobody has told how the execution ended".to_owned(),
                        ));
                    }
                }
            }
            other => return Err(unexpected(&other)),
        };
        let (machine_arn, name) = identity.map(|it| (it.machine_arn, it.name)).unzip();
        Ok(StartSyncExecutionOutput {
            execution_arn: arn,
            state_machine_arn: machine_arn,
            name,
            ..output(asked, started_ms, ending, has_data)
        })
    }
}

/// The answer about an execution that has ended, but for who it was.
fn output(asked: Asked, started_ms: u64, ending: Ending, has_data: bool) -> StartSyncExecutionOutput {
    let Ending { status, at_ms, output, error, cause, .. } = ending;
    let Billing { memory_mb, duration_ms } = Billing::of(at_ms.saturating_sub(started_ms), 0);
    let number = |value: u64| Some(i64::try_from(value).unwrap_or(i64::MAX));
    let output = output.filter(|_| has_data).map(|output| output.to_string());
    StartSyncExecutionOutput {
        execution_arn: String::new(),
        state_machine_arn: None,
        name: None,
        start_date: at(started_ms),
        stop_date: at(at_ms),
        status: match status {
            Status::Succeeded => SyncExecutionStatus::Succeeded,
            Status::TimedOut => SyncExecutionStatus::TimedOut,
            Status::Failed | Status::Aborted | Status::Running => SyncExecutionStatus::Failed,
        },
        error,
        cause,
        input_details: asked.input.is_some().then(whole),
        input: asked.input,
        output_details: output.is_some().then(whole),
        output,
        trace_header: asked.trace_header,
        billing_details: Some(BillingDetails {
            billed_memory_used_in_mb: number(memory_mb),
            billed_duration_in_milliseconds: number(duration_ms),
        }),
    }
}
