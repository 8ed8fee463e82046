//! `DeleteStateMachineVersion`

use api::types::{DeleteStateMachineVersionInput, DeleteStateMachineVersionOutput};
use api::{ErrorKind, Failure};
use registry::machines::{Change, Machine};

use super::named;
use crate::act::Act;
use crate::failures::declared;
use crate::service::Service;

impl Act for DeleteStateMachineVersionInput {
    async fn act(self, service: &Service) -> Result<DeleteStateMachineVersionOutput, Failure> {
        let (of, number) = named::version(&self.state_machine_version_arn)?;
        service.change_machine(&of.scope, &of.machine, |machine| delete(machine, number)).await?;
        Ok(DeleteStateMachineVersionOutput {})
    }
}

fn delete(machine: Option<Machine>, number: u64) -> Result<Change<Machine, ()>, Failure> {
    let Some(mut machine) = machine else { return Ok(Change::None(())) };
    let leading = machine.aliases.iter().filter(|alias| {
        let mut routes = alias.routes.iter();
        routes.any(|route| route.version == number)
    });
    let leading: Vec<_> = leading.map(|alias| alias.name.as_str()).collect();
    if !leading.is_empty() {
        let message = format!(
            "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
            leading.join(", ")
        );
        return Err(declared(ErrorKind::ConflictException, message));
    }
    let count = machine.versions.len();
    machine.versions.retain(|version| version.number != number);
    Ok(if machine.versions.len() < count { Change::Put(Box::new(machine), ()) } else { Change::None(()) })
}
