//! The lists that executions are in: of their machine, and of those of its versions and aliases that they were begun with.

use engine::Status;
use participant::Effects;

use crate::given::Given;
use crate::key::machine_and_name;

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
pub(crate) fn enter<C, A>(given: Option<&Given>, status: Option<Status>, effects: &mut Effects<C, A>) {
    let Some((machine, _)) = machine_and_name(effects.key()) else { return };
    let qualifiers = given.into_iter().flat_map(Given::qualifiers);
    let qualified = qualifiers.map(|qualifier| format!("{machine}:{qualifier}"));
    let lists: Vec<_> = std::iter::once(machine.to_owned()).chain(qualified).collect();
    for list in lists {
        let (index, value) = place(&list, status);
        effects.link(index, value);
    }
}
