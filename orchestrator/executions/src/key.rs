//! Where executions stand in a store.

const PREFIX: &str = "execution/";

/// The key of an execution. Neither the name of a machine nor that of an execution may have a colon or a slash, as with AWS.
#[must_use]
pub fn execution_key(machine: &str, name: &str) -> String {
    format!("{PREFIX}{machine}:{name}")
}

/// The machine and the name of the execution under a key; `None` if that is no execution's.
#[must_use]
pub fn machine_and_name(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(PREFIX)?.split_once(':')
}
