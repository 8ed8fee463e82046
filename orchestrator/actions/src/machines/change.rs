//! Changes of machines and activities.

use api::{ErrorKind, Failure};
use registry::activities::{self, Activity};
use registry::aim::home_key;
use registry::machines::{self, Change, Machine};
use store::StoreError;

use crate::arn::Scope;
use crate::failures::{declared, machine_deleting, no_machine, store_failed};
use crate::service::Service;

/// Why nothing was changed.
enum Unchanged {
    Refused(Failure),
    Failed(StoreError),
}

impl From<StoreError> for Unchanged {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Unchanged {
    fn failure(self) -> Failure {
        match self {
            Self::Refused(failure) => failure,
            Self::Failed(error) => store_failed(&error),
        }
    }

    /// Of an action that declares `ConflictException`: others were faster, again and again.
    fn contested(self) -> Failure {
        match self {
            Self::Failed(StoreError::Conflict { .. }) => declared(
                ErrorKind::ConflictException,
                "Updating or deleting a resource can cause an inconsistent state. The state machine is being changed by other requests.",
            ),
            other => other.failure(),
        }
    }
}

/// The machine, which is there and is not about to go.
///
/// # Errors
/// `StateMachineDoesNotExist`, `StateMachineDeleting`.
pub(super) fn there(machine: Option<Machine>, arn: &str) -> Result<Machine, Failure> {
    match machine {
        Some(machine) if machine.deleting => Err(machine_deleting(arn)),
        Some(machine) if !machine.deleted => Ok(machine),
        _ => Err(no_machine(arn)),
    }
}

impl Service {
    /// Changes a machine as [`machines::change`] does. `decide` is given deleted ones, too; those of other accounts and regions are none,
    /// and are not made. A machine that cannot be changed as it is to go does so from now on, if its deletion was left undone.
    ///
    /// # Errors
    /// What `decide` refuses; `ConflictException`; the store does not answer.
    pub(super) async fn change_machine<T>(
        &self,
        scope: &Scope,
        name: &str,
        decide: impl FnMut(Option<Machine>) -> Result<Change<Machine, T>, Failure>,
    ) -> Result<T, Failure> {
        self.try_to_change(scope, name, decide).await.map_err(Unchanged::contested)
    }

    /// The same for an action that declares no `ConflictException`: it says that it may be better later.
    ///
    /// # Errors
    /// What `decide` refuses; the store does not answer.
    pub(super) async fn change_machine_or_later<T>(
        &self,
        scope: &Scope,
        name: &str,
        decide: impl FnMut(Option<Machine>) -> Result<Change<Machine, T>, Failure>,
    ) -> Result<T, Failure> {
        self.try_to_change(scope, name, decide).await.map_err(Unchanged::failure)
    }

    async fn try_to_change<T>(
        &self,
        scope: &Scope,
        name: &str,
        mut decide: impl FnMut(Option<Machine>) -> Result<Change<Machine, T>, Failure>,
    ) -> Result<T, Unchanged> {
        if scope != self.home() {
            return decide(None).and_then(elsewhere).map_err(Unchanged::Refused);
        }
        let place = home_key(&scope.region, name, 1);
        let mut going = None;
        let changed = machines::change(self.store(), &scope.region, &place, |machine| {
            going = machine.as_ref().filter(|machine| machine.deleting).map(|machine| machine.generation);
            decide(machine).map_err(Unchanged::Refused)
        });
        let changed = changed.await;
        if let (Err(_), Some(generation)) = (&changed, going) {
            self.go_on_deleting(scope, name, generation);
        }
        changed
    }

    /// Changes an activity as [`activities::change`] does; those of other accounts and regions are none, and are not made.
    ///
    /// # Errors
    /// What `decide` refuses; the store does not answer.
    pub(super) async fn change_activity<T>(
        &self,
        scope: &Scope,
        name: &str,
        mut decide: impl FnMut(Option<Activity>) -> Result<Change<Activity, T>, Failure>,
    ) -> Result<T, Failure> {
        if scope != self.home() {
            return elsewhere(decide(None)?);
        }
        let place = home_key(&scope.region, name, 1);
        let changed = activities::change(self.store(), &scope.region, &place, |activity| {
            decide(activity).map_err(Unchanged::Refused)
        });
        changed.await.map_err(Unchanged::failure)
    }
}

/// The answer about what is not here.
fn elsewhere<M, T>(change: Change<M, T>) -> Result<T, Failure> {
    match change {
        Change::None(answer) => Ok(answer),
        Change::Put(..) => Err(Failure::Internal("what is elsewhere would be made here".to_owned())),
    }
}
