//! The lists that executions are in: of their machine, and of those of its versions and aliases that they were begun with; of their Map
//! run, if they are children of one.

use engine::{Status, TaskId};
use participant::Effects;

use crate::given::Given;
use crate::key::machine_and_name;
use crate::stored::Begun;

/// Finds all.
pub(crate) const OF_MACHINE: &str = "execution";
/// Finds those that have, or once had, a status: one that ended with the step that began it never was a running one.
pub(crate) const OF_STATUS: &str = "execution-status";

/// What finds executions: those of a list (a machine, or `MACHINE:QUALIFIER`), perhaps with that status.
pub(crate) fn place(list: &str, status: Option<Status>) -> (&'static str, String) {
    match status {
        Some(status) => (OF_STATUS, format!("{list}:{}", status.name())),
        None => (OF_MACHINE, list.to_owned()),
    }
}

/// Puts the execution at hand, whose key is one, in its lists.
pub(crate) fn enter<C, A>(begun: &Begun, status: Option<Status>, effects: &mut Effects<C, A>) {
    let Some((machine, _)) = machine_and_name(effects.key()) else { return };
    let qualifiers = begun.given.as_deref().into_iter().flat_map(Given::qualifiers);
    let qualified = qualifiers.map(|qualifier| format!("{machine}:{qualifier}"));
    let lists: Vec<_> = match begun.map_run() {
        Some(run) => vec![run.to_owned()],
        None => std::iter::once(machine.to_owned()).chain(qualified).collect(),
    };
    for list in lists {
        let (index, value) = place(&list, status);
        effects.link(index, value);
    }
}

/// Finds the execution that a task has started and waits for.
pub(crate) const OF_TASK: &str = "execution-of-task";

/// What finds it: the task, of the execution under that key.
pub(crate) fn of_task(key: &str, task: TaskId) -> String {
    format!("{key} {}", task.0)
}

/// Finds the execution whose Map a run is, by the run's name.
pub(crate) const OF_MAP_RUN: &str = "execution-of-map-run";
