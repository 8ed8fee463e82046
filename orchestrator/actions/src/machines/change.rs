//! Changes of machines and activities.

use api::Failure;
use registry::activities::{self, Activity};
use registry::aim::home_key;
use registry::machines::{self, Change, Machine};
use store::StoreError;

use crate::arn::Scope;
use crate::failures::{machine_deleting, no_machine, store_failed};
use crate::service::Service;

/// Why nothing was changed.
struct Unchanged(Failure);

impl From<StoreError> for Unchanged {
    fn from(error: StoreError) -> Self {
        Self(store_failed(&error))
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
    /// What `decide` refuses; the store does not answer.
    pub(super) async fn change_machine<T>(
        &self,
        scope: &Scope,
        name: &str,
        mut decide: impl FnMut(Option<Machine>) -> Result<Change<Machine, T>, Failure>,
    ) -> Result<T, Failure> {
        if scope != self.home() {
            return elsewhere(decide(None)?);
        }
        let place = home_key(&scope.region, name, 1);
        let mut going = None;
        let changed = machines::change(self.store(), &scope.region, &place, |machine| {
            going = machine.as_ref().filter(|machine| machine.deleting).map(|machine| machine.generation);
            decide(machine).map_err(Unchanged)
        });
        let changed = changed.await;
        if let (Err(_), Some(generation)) = (&changed, going) {
            self.go_on_deleting(scope, name, generation);
        }
        changed.map_err(|Unchanged(failure)| failure)
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
            decide(activity).map_err(Unchanged)
        });
        changed.await.map_err(|Unchanged(failure)| failure)
    }
}

/// The answer about what is not here.
fn elsewhere<M, T>(change: Change<M, T>) -> Result<T, Failure> {
    match change {
        Change::None(answer) => Ok(answer),
        Change::Put(..) => Err(Failure::Internal("what is elsewhere would be made here".to_owned())),
    }
}
