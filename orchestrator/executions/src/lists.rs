//! The lists that executions are in: of their machine, and of those of its versions and aliases that they were begun with; of their Map
//! run, if they are children of one. Each has all of them, and one for each status that has those that have it.

use engine::{Ending, Status, TaskId};
use participant::Effects;

use crate::given::Given;
use crate::key::machine_and_name;
use crate::stored::Begun;

/// Finds all.
pub(crate) const OF_MACHINE: &str = "execution";
/// Finds those that have a status; and those that once had it, as far as an earlier version of this program has written them.
pub(crate) const OF_STATUS: &str = "execution-status";
/// Finds those that have ended in a minute, but for children of Map runs: these go with the execution around.
pub(crate) const OF_END: &str = "execution-end";

/// All that there are.
pub(crate) const STATUSES: [Status; 5] =
    [Status::Running, Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];

/// How an execution rests from one fact to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    status: Status,
    ended_ms: Option<u64>,
}

impl Rest {
    /// Of one that ended so, if it has.
    pub(crate) fn of(ending: Option<&Ending>) -> Self {
        Self {
            status: ending.map_or(Status::Running, |ending| ending.status),
            ended_ms: ending.map(|ending| ending.at_ms),
        }
    }
}

/// The minute in which an execution ended.
pub(crate) fn minute(ended_ms: u64) -> u64 {
    ended_ms / 60_000
}

/// What finds those that ended in a minute.
pub(crate) fn ended_in(minute: u64) -> String {
    minute.to_string()
}

/// What finds executions: those of a list (a machine, or `MACHINE:QUALIFIER`), perhaps with that status.
pub(crate) fn place(list: &str, status: Option<Status>) -> (&'static str, String) {
    match status {
        Some(status) => (OF_STATUS, format!("{list}:{}", status.name())),
        None => (OF_MACHINE, list.to_owned()),
    }
}

/// What is looked for in an index of a store, if that is executions of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought<'v> {
    /// The machine (its home), or `MACHINE:QUALIFIER`.
    pub list: &'v str,
    /// Those that have this status; `None`: all.
    pub status: Option<Status>,
}

/// What is looked for behind `value` in `index`: whoever stands in for a store that [`list`](crate::list) reads has to know.
#[must_use]
pub fn sought<'v>(index: &str, value: &'v str) -> Option<Sought<'v>> {
    match index {
        OF_MACHINE => Some(Sought { list: value, status: None }),
        OF_STATUS => {
            let (list, name) = value.rsplit_once(':')?;
            let status = STATUSES.into_iter().find(|status| status.name() == name)?;
            Some(Sought { list, status: Some(status) })
        }
        _ => None,
    }
}

/// The lists that the execution under `key` is in.
pub(crate) fn lists_of(key: &str, given: Option<&Given>, map_run: Option<&str>) -> Vec<String> {
    let Some((machine, _)) = machine_and_name(key) else { return Vec::new() };
    let qualifiers = given.into_iter().flat_map(Given::qualifiers);
    let qualified = qualifiers.map(|qualifier| format!("{machine}:{qualifier}"));
    match map_run {
        Some(run) => vec![run.to_owned()],
        None => std::iter::once(machine.to_owned()).chain(qualified).collect(),
    }
}

/// Puts the execution at hand in its lists, as it begins.
pub(crate) fn enter<C, A>(begun: &Begun, effects: &mut Effects<C, A>) {
    for list in lists_of(effects.key(), begun.given.as_deref(), begun.map_run()) {
        let (index, value) = place(&list, None);
        effects.link(index, value);
    }
}

/// Puts the execution at hand among those that rest as it does now, and takes it from those that rest as it did before, if it did.
pub(crate) fn move_on<C, A>(begun: &Begun, before: Option<Rest>, now: Rest, effects: &mut Effects<C, A>) {
    if before == Some(now) {
        return;
    }
    for list in lists_of(effects.key(), begun.given.as_deref(), begun.map_run()) {
        if let Some(before) = before.filter(|before| before.status != now.status) {
            let (index, value) = place(&list, Some(before.status));
            effects.unlink(index, value);
        }
        let (index, value) = place(&list, Some(now.status));
        effects.link(index, value);
    }
    if begun.map_run().is_none() {
        if let Some(ended_ms) = before.and_then(|before| before.ended_ms) {
            effects.unlink(OF_END, ended_in(minute(ended_ms)));
        }
        if let Some(ended_ms) = now.ended_ms {
            effects.link(OF_END, ended_in(minute(ended_ms)));
        }
    }
}

/// Finds the execution that a task has started and waits for.
pub(crate) const OF_TASK: &str = "execution-of-task";

/// What finds it: the task, of the execution under that key that began then, in milliseconds since 1970. An earlier version of this program
/// did not say when.
pub(crate) fn of_task(key: &str, since_ms: Option<u64>, task: TaskId) -> String {
    match since_ms {
        Some(since_ms) => format!("{key} {since_ms} {}", task.0),
        None => format!("{key} {}", task.0),
    }
}

/// Finds the execution whose Map a run is, by the run's name.
pub(crate) const OF_MAP_RUN: &str = "execution-of-map-run";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_what_is_found() {
        for status in std::iter::once(None).chain(STATUSES.map(Some)) {
            for list in ["us-east-1/m", "us-east-1/m:3"] {
                let (index, value) = place(list, status);
                assert_eq!(sought(index, &value), Some(Sought { list, status }));
            }
        }
        assert_eq!(sought(OF_END, "7"), None);
        assert_eq!(sought(OF_STATUS, "us-east-1/m:3"), None);
    }
}
