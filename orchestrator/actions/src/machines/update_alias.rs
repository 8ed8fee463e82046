//! `UpdateStateMachineAlias`
//!
//! An update that changes nothing answers when it was changed last.

use api::types::{UpdateStateMachineAliasInput, UpdateStateMachineAliasOutput};
use api::{Failure, Timestamp};
use registry::machines::{Change, Machine};
use store::Millis;

use super::named;
use super::routes::{self, Routes, absent, are_same};
use crate::act::Act;
use crate::failures::{invalid, machine_deleting};
use crate::service::Service;
use crate::target::machine_arn;

impl Act for UpdateStateMachineAliasInput {
    async fn act(self, service: &Service) -> Result<UpdateStateMachineAliasOutput, Failure> {
        let arn = self.state_machine_alias_arn;
        let (of, name) = named::alias(&arn)?;
        if self.description.is_none() && self.routing_configuration.is_none() {
            let message = "Either the description or the routing configuration must be specified";
            return Err(invalid("MISSING_REQUIRED_PARAMETER", message));
        }
        let routes = self.routing_configuration.as_deref().map(routes::read).transpose()?;
        if let Some(Routes { of: its, .. }) = &routes
            && (&its.scope, &its.machine) != (&of.scope, &of.machine)
        {
            let message = format!(
                "Routing configuration must contain versions of the state machine of the alias: {arn}"
            );
            return Err(invalid("INVALID_ROUTING_CONFIGURATION", message));
        }
        let now = service.now();
        let decide = |machine: Option<Machine>| match machine {
            Some(machine) if machine.deleting => Err(machine_deleting(machine_arn(&of.scope, &of.machine))),
            Some(machine) if !machine.deleted => {
                update(machine, &name, self.description.as_deref(), routes.as_ref(), now, &arn)
            }
            _ => Err(absent(&arn)),
        };
        let updated_ms = service.change_machine(&of.scope, &of.machine, decide).await?;
        Ok(UpdateStateMachineAliasOutput { update_date: Timestamp(updated_ms) })
    }
}

fn update(
    mut machine: Machine,
    name: &str,
    description: Option<&str>,
    routes: Option<&Routes>,
    now: Millis,
    arn: &str,
) -> Result<Change<Machine, Millis>, Failure> {
    let place = machine.aliases.iter().position(|alias| alias.name == name).ok_or_else(|| absent(arn))?;
    routes.map(|routes| routes::check(&machine, routes)).transpose()?;
    let alias = &mut machine.aliases[place];
    let before = alias.clone();
    if let Some(description) = description {
        alias.description = Some(description.to_owned());
    }
    // In another order they are the same.
    if let Some(routes) = routes.filter(|routes| !are_same(&routes.routes, &before.routes)) {
        alias.routes.clone_from(&routes.routes);
    }
    if *alias == before {
        return Ok(Change::None(before.updated_ms));
    }
    alias.updated_ms = now;
    Ok(Change::Put(Box::new(machine), now))
}
