//! DescribeExecution.

use api::Failure;
use api::types::{
    DescribeExecutionInput, DescribeExecutionOutput, ExecutionRedriveStatus, ExecutionStatus, IncludedData,
};
use engine::{Ending, MapRun, Status};
use executions::{Parent, Stored, input};

use crate::act::Act;
use crate::arn::{Arn, Resource};
use crate::failures::unreadable;
use crate::runs::found::Found;
use crate::runs::payload::{at, whole};
use crate::service::Service;

/// As AWS calls it.
pub(crate) fn status(status: Status) -> ExecutionStatus {
    match status {
        Status::Running => ExecutionStatus::Running,
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed => ExecutionStatus::Failed,
        Status::TimedOut => ExecutionStatus::TimedOut,
        Status::Aborted => ExecutionStatus::Aborted,
    }
}

/// The status of a child of that Map run.
pub(crate) fn child_status(child: &Stored, run: &MapRun) -> ExecutionStatus {
    match child.parent().and_then(Parent::child) {
        Some((index, _)) if run.awaits_redrive(index) => ExecutionStatus::PendingRedrive,
        _ => status(child.status()),
    }
}

/// The ARN of a machine, or of that of a Map's executions (`NAME/LABEL`).
pub(crate) fn machine_arn(service: &Service, machine: &str) -> String {
    let resource = Resource::Machine { machine: machine.to_owned(), label: None };
    Arn { scope: service.home().clone(), resource }.to_string()
}

/// The ARN of a Map run by its name among executions (`HOME/LABEL:ID`), one of whose children has that machine (`NAME/LABEL`).
fn map_run_arn(service: &Service, machine: &str, run: &str) -> Option<String> {
    let (machine, label) = machine.split_once('/')?;
    let (_, id) = run.rsplit_once(':')?;
    let (machine, label, id) = (machine.to_owned(), label.to_owned(), id.to_owned());
    let resource = Resource::MapRun { machine, label, id };
    Some(Arn { scope: service.home().clone(), resource }.to_string())
}

impl Act for DescribeExecutionInput {
    async fn act(self, service: &Service) -> Result<DescribeExecutionOutput, Failure> {
        let Found { key, machine, name, stored } = service.execution_or_child(&self.execution_arn).await?;
        let has_data = self.included_data != Some(IncludedData::MetadataOnly);
        let input = match has_data {
            true => input(service.reader(), &key, &stored).await.map_err(unreadable)?,
            false => None,
        };
        let now_ms = service.now().unsigned_abs();
        let (redrive_count, redriven_ms) = stored.redriven().unzip();
        let run = stored.parent().and_then(Parent::map_run);
        let map_run_arn = run.and_then(|run| map_run_arn(service, &machine, run));
        let (redrivable, if_redrivable) = match &map_run_arn {
            Some(_) => (stored.redrivable_by_run(now_ms), ExecutionRedriveStatus::RedrivableByMapRun),
            None => (stored.redrivable(now_ms), ExecutionRedriveStatus::Redrivable),
        };
        let status = match &map_run_arn {
            Some(arn) if redrivable.is_ok() => child_status(&stored, &service.map_run(arn).await?.run),
            _ => status(stored.status()),
        };
        let given = stored.given().cloned().unwrap_or_default();
        let ending = stored.ending();
        let output = ending.and_then(|ending| ending.output.as_ref()).filter(|_| has_data);
        let output = output.map(ToString::to_string);
        Ok(DescribeExecutionOutput {
            state_machine_arn: machine_arn(service, &machine),
            execution_arn: self.execution_arn,
            name: Some(name),
            status,
            start_date: at(stored.started_ms()),
            stop_date: ending.map(|ending| at(ending.at_ms)),
            input_details: input.is_some().then(whole),
            input,
            output_details: output.is_some().then(whole),
            output,
            trace_header: given.trace_header,
            map_run_arn,
            error: ending.and_then(|Ending { error, .. }| error.clone()),
            cause: ending.and_then(|Ending { cause, .. }| cause.clone()),
            state_machine_version_arn: given.version_arn,
            state_machine_alias_arn: given.alias_arn,
            redrive_count: Some(count(redrive_count)),
            redrive_date: redriven_ms.map(at),
            redrive_status: Some(
                redrivable.map_or(ExecutionRedriveStatus::NotRedrivable, |()| if_redrivable),
            ),
            redrive_status_reason: redrivable.err().map(|reason| reason.to_string()),
        })
    }
}

/// How often, if ever.
pub(crate) fn count(count: Option<u32>) -> i32 {
    i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX)
}
