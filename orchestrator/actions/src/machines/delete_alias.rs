//! `DeleteStateMachineAlias`

use api::Failure;
use api::types::{DeleteStateMachineAliasInput, DeleteStateMachineAliasOutput};
use registry::machines::{Change, Machine};

use super::named;
use super::routes::absent;
use crate::act::Act;
use crate::service::Service;

impl Act for DeleteStateMachineAliasInput {
    async fn act(self, service: &Service) -> Result<DeleteStateMachineAliasOutput, Failure> {
        let arn = self.state_machine_alias_arn;
        let (of, name) = named::alias(&arn)?;
        let decide = |machine: Option<Machine>| {
            let mut machine = machine.ok_or_else(|| absent(&arn))?;
            // A machine that was deleted, or is about to be, has none.
            let place = machine.aliases.iter().position(|alias| alias.name == name);
            machine.aliases.remove(place.ok_or_else(|| absent(&arn))?);
            Ok(Change::Put(Box::new(machine), ()))
        };
        service.change_machine(&of.scope, &of.machine, decide).await?;
        Ok(DeleteStateMachineAliasOutput {})
    }
}
