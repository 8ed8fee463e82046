//! `CreateStateMachineAlias`

use api::types::{CreateStateMachineAliasInput, CreateStateMachineAliasOutput};
use api::{ErrorKind, Failure, Timestamp};
use registry::machines::{Alias, Change, Machine};
use store::Millis;

use super::routes::{self, Routes, absent};
use crate::act::Act;
use crate::failures::{declared, machine_deleting};
use crate::service::Service;
use crate::target::{machine_arn, qualified};

impl Act for CreateStateMachineAliasInput {
    async fn act(self, service: &Service) -> Result<CreateStateMachineAliasOutput, Failure> {
        let routes = routes::read(&self.routing_configuration)?;
        let now = service.now();
        let most = service.limits().aliases;
        let decide = |machine| create(machine, &self.name, self.description.as_deref(), &routes, most, now);
        let created_ms = service.change_machine(&routes.of.scope, &routes.of.machine, decide).await?;
        Ok(CreateStateMachineAliasOutput {
            state_machine_alias_arn: qualified(&routes.of.scope, &routes.of.machine, &self.name),
            creation_date: Timestamp(created_ms),
        })
    }
}

fn create(
    machine: Option<Machine>,
    name: &str,
    description: Option<&str>,
    routes: &Routes,
    most: usize,
    now: Millis,
) -> Result<Change<Machine, Millis>, Failure> {
    let mut machine = there(machine, routes)?;
    routes::check(&machine, routes)?;
    if let Some(known) = machine.aliases.iter().find(|alias| alias.name == name) {
        if known.description.as_deref() == description && routes::are_same(&known.routes, &routes.routes) {
            return Ok(Change::None(known.created_ms));
        }
        let message = "Failed to create alias because an alias with the same name and a different routing configuration or \
                       description already exists.";
        return Err(declared(ErrorKind::ConflictException, message));
    }
    if machine.aliases.len() >= most {
        let message = format!("A state machine can have at most {most} aliases");
        return Err(declared(ErrorKind::ServiceQuotaExceededException, message));
    }
    machine.aliased += 1;
    machine.aliases.push(Alias {
        number: machine.aliased,
        name: name.to_owned(),
        description: description.map(str::to_owned),
        routes: routes.routes.clone(),
        created_ms: now,
        updated_ms: now,
    });
    Ok(Change::Put(Box::new(machine), now))
}

/// The machine of the routes.
///
/// # Errors
/// `ResourceNotFound`: so AWS says it of what a routing configuration names. `StateMachineDeleting`.
fn there(machine: Option<Machine>, routes: &Routes) -> Result<Machine, Failure> {
    let first = routes.routes.first().map_or(0, |route| route.version);
    match machine {
        Some(machine) if machine.deleting => {
            Err(machine_deleting(machine_arn(&routes.of.scope, &routes.of.machine)))
        }
        Some(machine) if !machine.deleted => Ok(machine),
        _ => Err(absent(&qualified(&routes.of.scope, &routes.of.machine, first))),
    }
}
