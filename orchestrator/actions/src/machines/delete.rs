//! `DeleteStateMachine`

use api::Failure;
use api::types::{DeleteStateMachineInput, DeleteStateMachineOutput};
use registry::machines::{Change, Machine};

use super::named;
use crate::act::Act;
use crate::service::Service;
use crate::target::home_key;

impl Act for DeleteStateMachineInput {
    async fn act(self, service: &Service) -> Result<DeleteStateMachineOutput, Failure> {
        let of = named::machine(&self.state_machine_arn)?;
        let generation =
            service.change_machine(&of.scope, &of.machine, |machine| Ok(delete(machine))).await?;
        if let Some(generation) = generation {
            match service.has_running(&home_key(&of.scope.region, &of.machine, generation)).await {
                Ok(false) => service.gone(&of.scope, &of.machine, generation).await?,
                // It was accepted: what keeps it now is tried again.
                _ => service.go_on_deleting(&of.scope, &of.machine, generation),
            }
        }
        Ok(DeleteStateMachineOutput {})
    }
}

/// What becomes of it, and its generation if there is something to go.
fn delete(machine: Option<Machine>) -> Change<Machine, Option<u32>> {
    match machine {
        Some(machine) if machine.deleting => Change::None(Some(machine.generation)),
        Some(machine) if !machine.deleted => {
            let generation = machine.generation;
            let deleting = Machine { deleting: true, versions: Vec::new(), aliases: Vec::new(), ..machine };
            Change::Put(Box::new(deleting), Some(generation))
        }
        _ => Change::None(None),
    }
}
