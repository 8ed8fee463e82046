//! Where executions stand in a store.

use store::KEY_BYTES_MAX;

/// What the keys of executions begin with.
pub(crate) const PREFIX: &str = "execution/";
/// What stands before or behind a key where something is found by it.
const AROUND_BYTES_MAX: usize = 64;
/// The longest key of an execution, in bytes: indexes find others by it.
pub(crate) const EXECUTION_KEY_BYTES_MAX: usize = KEY_BYTES_MAX - AROUND_BYTES_MAX;

/// The key of an execution. `home` is whatever tells the executions of one machine from those of others and has no colon
/// (`REGION/MACHINE`, or `REGION/MACHINE/LABEL` of a Map's children); `name` is unique in it. An Express execution's is `NAME:ID`: its
/// name alone may come again.
#[must_use]
pub fn execution_key(home: &str, name: &str) -> String {
    format!("{PREFIX}{home}:{name}")
}

/// The home and the name of the execution under a key; `None` if that is no execution's.
#[must_use]
pub fn machine_and_name(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(PREFIX)?.split_once(':')
}

/// Whether it is the key of an Express execution: it has an id behind its name.
pub(crate) fn is_express(key: &str) -> bool {
    machine_and_name(key).is_some_and(|(_, name)| name.contains(':'))
}

/// Where the children of a Map run stand, and what names the run: both have the label of the Map behind the home of the execution
/// whose Map it is (`is_child`: it is a child itself, and has a label already).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunKeys {
    /// `HOME/LABEL`
    home: String,
    /// What tells it from other runs of that Map.
    id: String,
}

impl RunKeys {
    /// Of the run with that ARN (`…/LABEL:ID`), of an execution under that key.
    pub(crate) fn of(key: &str, is_child: bool, map_run_arn: &str) -> Option<Self> {
        let (home, _) = machine_and_name(key)?;
        let home = if is_child { home.rsplit_once('/').map_or(home, |(home, _)| home) } else { home };
        let (label, id) = map_run_arn.rsplit_once('/')?.1.split_once(':')?;
        Some(Self { home: format!("{home}/{label}"), id: id.to_owned() })
    }

    /// The name of the run: `HOME/LABEL:ID`.
    pub(crate) fn run(&self) -> String {
        format!("{}:{}", self.home, self.id)
    }

    /// The key of the child of that name.
    pub(crate) fn child(&self, name: &str) -> String {
        execution_key(&self.home, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_stand_beside_their_parents_with_one_label() {
        let arn = "arn:aws:states:eu:1:mapRun:m/Each:0b2f";
        let keys = RunKeys::of("execution/eu/m~2:e", false, arn).unwrap();
        assert_eq!(
            (keys.run().as_str(), keys.child("c")),
            ("eu/m~2/Each:0b2f", "execution/eu/m~2/Each:c".to_owned())
        );
        let inner = RunKeys::of(&keys.child("c"), true, "arn:aws:states:eu:1:mapRun:m/In:77").unwrap();
        assert_eq!(inner.run(), "eu/m~2/In:77");
    }

    #[test]
    fn the_name_of_an_express_execution_has_a_colon() {
        let key = execution_key("eu/m", "e:0b2f");
        assert_eq!(machine_and_name(&key), Some(("eu/m", "e:0b2f")));
        assert_eq!(machine_and_name("queue/eu/m:x"), None);
    }
}
