//! `DeleteStateMachine`

use api::Failure;
use api::types::{DeleteStateMachineInput, DeleteStateMachineOutput};
use engine::Status;
use registry::aim::home_key;
use registry::machines::{Change, Machine};

use super::named;
use crate::act::Act;
use crate::failures::unreadable;
use crate::service::Service;

/// Executions looked at at once.
const LOOK: usize = 100;

impl Act for DeleteStateMachineInput {
    async fn act(self, service: &Service) -> Result<DeleteStateMachineOutput, Failure> {
        let of = named::machine(&self.state_machine_arn)?;
        let generation =
            service.change_machine_or_later(&of.scope, &of.machine, |machine| Ok(delete(machine))).await?;
        if let Some(generation) = generation {
            match is_idle(service, &home_key(&of.scope.region, &of.machine, generation)).await {
                Ok(true) => service.gone(&of.scope, &of.machine, generation).await?,
                // It was accepted: what keeps it now is tried again.
                _ => service.go_on_deleting(&of.scope, &of.machine, generation),
            }
        }
        Ok(DeleteStateMachineOutput {})
    }
}

/// Whether it is known that no executions of the machine run. Of those that ever ran only so many are looked at as one page may look
/// at: the request does not wait for more.
async fn is_idle(service: &Service, home: &str) -> Result<bool, Failure> {
    let looked = executions::list(service.reader(), home, Some(Status::Running), None, LOOK).await;
    let (running, rest) = looked.map_err(unreadable)?;
    Ok(running.is_empty() && rest.is_none())
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
