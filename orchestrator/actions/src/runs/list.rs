//! ListExecutions.

use api::types::{
    ExecutionListItem, ExecutionRedriveFilter, ExecutionStatus, ListExecutionsInput, ListExecutionsOutput,
};
use api::{ErrorKind, Failure};
use engine::Status;
use executions::{Described, Parent, arn_of, list};
use registry::aim::{home_key, is_number};

use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::{declared, labelled, no_machine, type_not_supported, unreadable};
use crate::page;
use crate::runs::describe::{child_status, count, machine_arn, status};
use crate::runs::payload::at;
use crate::service::Service;

impl Act for ListExecutionsInput {
    async fn act(self, service: &Service) -> Result<ListExecutionsOutput, Failure> {
        match (&self.state_machine_arn, &self.map_run_arn) {
            (Some(arn), None) => of_machine(&self, arn, service).await,
            (None, Some(arn)) => of_map_run(&self, arn, service).await,
            _ => Err(invalid("Exactly one of 'stateMachineArn' and 'mapRunArn' must be provided")),
        }
    }
}

fn invalid(message: &str) -> Failure {
    declared(ErrorKind::ValidationException, message)
}

/// The status that executions have here; `None` of what none has.
fn filter(status: ExecutionStatus) -> Option<Status> {
    Some(match status {
        ExecutionStatus::Running => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded,
        ExecutionStatus::Failed => Status::Failed,
        ExecutionStatus::TimedOut => Status::TimedOut,
        ExecutionStatus::Aborted => Status::Aborted,
        ExecutionStatus::PendingRedrive => return None,
    })
}

async fn of_machine(
    wish: &ListExecutionsInput,
    text: &str,
    service: &Service,
) -> Result<ListExecutionsOutput, Failure> {
    if wish.redrive_filter.is_some() {
        return Err(invalid("'redriveFilter' is supported with 'mapRunArn' only"));
    }
    if wish.status_filter == Some(ExecutionStatus::PendingRedrive) {
        return Err(invalid("The status filter PENDING_REDRIVE is supported with 'mapRunArn' only"));
    }
    let filter = wish.status_filter.and_then(filter);
    let (machine, executions) = executions_of(text, service).await?;
    let named = format!("ListExecutions {} {executions}", filter.map_or("", Status::name));
    let before = page::cursor(&named, wish.next_token.as_deref(), service.now())?;
    let size = page::size(wish.max_results.map(i64::from));
    let (page, cursor) =
        list(service.reader(), &executions, filter, before, size).await.map_err(unreadable)?;
    let machine_arn = machine_arn(service, &machine);
    Ok(ListExecutionsOutput {
        executions: page.into_iter().map(|it| item(it, &machine, &machine_arn, service)).collect(),
        next_token: cursor.map(|cursor| page::token(&named, cursor, service.now())),
    })
}

/// The machine that the ARN names, and the list of its executions: all, or those of a version or an alias.
async fn executions_of(text: &str, service: &Service) -> Result<(String, String), Failure> {
    let arn = Arn::read(text)?;
    let (name, qualifier) = match &arn.resource {
        Resource::Machine { machine, label: None } => (machine, None),
        Resource::Machine { label: Some(_), .. } => return Err(labelled()),
        Resource::Qualified { machine, qualifier } => (machine, Some(qualifier)),
        _ => return Err(wrong_kind(&arn)),
    };
    let machine = service.machine(&arn.scope, name).await?.ok_or_else(|| no_machine(text))?;
    if machine.express {
        return Err(type_not_supported());
    }
    let home = home_key(&arn.scope.region, name, machine.generation);
    let Some(qualifier) = qualifier else { return Ok((name.clone(), home)) };
    let has = match is_number(qualifier) {
        true => machine.versions.iter().any(|version| version.number.to_string() == *qualifier),
        false => machine.aliases.iter().any(|alias| alias.name == *qualifier),
    };
    if !has {
        return Err(no_machine(text));
    }
    Ok((name.clone(), format!("{home}:{qualifier}")))
}

fn item(described: Described, machine: &str, machine_arn: &str, service: &Service) -> ExecutionListItem {
    let Described { name, stored } = described;
    let resource = Resource::Execution { machine: machine.to_owned(), name: name.clone() };
    let (redrive_count, redriven_ms) = stored.redriven().unzip();
    let given = stored.given();
    ExecutionListItem {
        execution_arn: Arn { scope: service.home().clone(), resource }.to_string(),
        state_machine_arn: machine_arn.to_owned(),
        name,
        status: status(stored.status()),
        start_date: at(stored.started_ms()),
        stop_date: stored.ending().map(|ending| at(ending.at_ms)),
        map_run_arn: None,
        item_count: None,
        state_machine_version_arn: given.and_then(|given| given.version_arn.clone()),
        state_machine_alias_arn: given.and_then(|given| given.alias_arn.clone()),
        redrive_count: Some(count(redrive_count)),
        redrive_date: redriven_ms.map(at),
    }
}

/// The children of a Map run. Of those that were redriven, those that were not and those that wait for it, a page may be short.
async fn of_map_run(
    wish: &ListExecutionsInput,
    text: &str,
    service: &Service,
) -> Result<ListExecutionsOutput, Failure> {
    let (run, machine) = service.map_run_at(text).await?;
    let named = format!("ListExecutions {:?} {:?} {run}", wish.status_filter, wish.redrive_filter);
    let before = page::cursor(&named, wish.next_token.as_deref(), service.now())?;
    let (filter, size) = (wish.status_filter.and_then(filter), page::size(wish.max_results.map(i64::from)));
    let (page, cursor) = list(service.reader(), &run, filter, before, size).await.map_err(unreadable)?;
    // Those that wait for being redriven the run knows.
    let run = service.map_run(text).await?.run;
    let status_of = |child: &Described| child_status(&child.stored, &run);
    let is_wanted = |child: &Described| {
        let is_redriven = child.stored.redriven().is_some();
        wish.status_filter.is_none_or(|status| status == status_of(child))
            && wish
                .redrive_filter
                .is_none_or(|filter| is_redriven == (filter == ExecutionRedriveFilter::Redriven))
    };
    let machine_arn = machine_arn(service, &machine);
    let children = page.into_iter().filter(is_wanted).map(|child| {
        // That of an Express child tells its run as well.
        let own = arn_of(&child.stored).map(str::to_owned);
        let status = status_of(&child);
        let (_, items) = child.stored.parent().and_then(Parent::child).unzip();
        let item = item(child, &machine, &machine_arn, service);
        let execution_arn = own.unwrap_or_else(|| item.execution_arn.clone());
        let (map_run_arn, item_count) = (Some(text.to_owned()), items.and_then(|it| i32::try_from(it).ok()));
        ExecutionListItem { execution_arn, status, map_run_arn, item_count, ..item }
    });
    Ok(ListExecutionsOutput {
        executions: children.collect(),
        next_token: cursor.map(|cursor| page::token(&named, cursor, service.now())),
    })
}
