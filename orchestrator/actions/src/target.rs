//! What an execution begins with, by the ARN of a state machine, of a version or of an alias.

use api::Failure;
use executions::Target;
use registry::aim::{Miss, aim, home_key};
use registry::machines::{self, Machine};

use crate::arn::{Arn, Resource, Scope, wrong_kind};
use crate::failures::{labelled, machine_deleting, no_machine, store_failed};
use crate::service::Service;

/// The ARN of a version or an alias of a machine.
pub(crate) fn qualified(scope: &Scope, machine: &str, qualifier: impl ToString) -> String {
    let resource = Resource::Qualified { machine: machine.to_owned(), qualifier: qualifier.to_string() };
    Arn { scope: scope.clone(), resource }.to_string()
}

impl Service {
    /// What an execution begins with that is started with that ARN. Of an alias with two routes `draw`, any number, says which, by
    /// their weights: numbers that come up equally often make them come up as often as they weigh.
    ///
    /// # Errors
    /// `InvalidArn`; `ValidationException` of a Map's label; `StateMachineDoesNotExist`, also of a version or an alias that is not there
    /// (AWS declares no other error for that); `StateMachineDeleting`; the store does not answer.
    pub async fn target(&self, arn: &str, draw: u64) -> Result<Target, Failure> {
        let read = Arn::read(arn)?;
        let (name, qualifier) = match &read.resource {
            Resource::Machine { machine, label: None } => (machine.clone(), None),
            Resource::Machine { label: Some(_), .. } => return Err(labelled()),
            Resource::Qualified { machine, qualifier } => (machine.clone(), Some(qualifier.clone())),
            _ => return Err(wrong_kind(&read)),
        };
        let machine = self.machine(&read.scope, &name).await?.ok_or_else(|| no_machine(arn))?;
        match aim(machine, qualifier.as_deref(), draw) {
            Ok(aim) => Ok(Target::aimed(&read.scope.place(), &read.scope.region, &name, aim)),
            Err(Miss::Absent) => Err(no_machine(arn)),
            Err(Miss::Deleting) => Err(machine_deleting(arn)),
        }
    }

    /// The machine of that name, if there is one; none of another account, partition or region than the request's. One that is to go
    /// does so from now on, if a deletion was left undone.
    pub(crate) async fn machine(&self, scope: &Scope, name: &str) -> Result<Option<Machine>, Failure> {
        if scope != self.home() {
            return Ok(None);
        }
        let found = machines::find(self.reader(), &home_key(&scope.region, name, 1)).await;
        let found = found.map_err(|error| store_failed(&error))?;
        let found = found.filter(|machine| !machine.deleted);
        if let Some(machine) = &found {
            self.noticed(machine, name);
        }
        Ok(found)
    }
}

/// The ARN of a machine.
pub(crate) fn machine_arn(scope: &Scope, name: &str) -> Arn {
    let resource = Resource::Machine { machine: name.to_owned(), label: None };
    Arn { scope: scope.clone(), resource }
}
