//! What an execution begins with, by a machine and what may stand behind its name: the number of a version, or the name of an alias.

use crate::machines::{Machine, Revision, Route};

/// What an execution begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// Whether it is an Express execution.
    pub express: bool,
    /// Definition, role and configuration.
    pub revision: Revision,
    /// The number of the version, if it is one, or an alias leads to it.
    pub version: Option<u64>,
    /// The alias that led to it.
    pub alias: Option<String>,
    /// [`Machine::generation`]
    pub generation: u32,
}

/// Why nothing can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The machine was deleted, or has no such version or alias.
    Absent,
    /// The machine is to be deleted once its executions have ended.
    Deleting,
}

/// What the machine's next execution begins with. Of an alias with two routes `draw`, any number, says which, by their weights: numbers
/// that come up equally often make them come up as often as they weigh.
///
/// # Errors
/// [`Miss`].
pub fn aim(machine: Machine, qualifier: Option<&str>, draw: u64) -> Result<Aim, Miss> {
    if machine.deleting {
        return Err(Miss::Deleting);
    }
    if machine.deleted {
        return Err(Miss::Absent);
    }
    aimed(machine, qualifier, draw).ok_or(Miss::Absent)
}

fn aimed(machine: Machine, qualifier: Option<&str>, draw: u64) -> Option<Aim> {
    let (version, alias) = match qualifier {
        None => (None, None),
        Some(number) if is_number(number) => (Some(number.parse::<u64>().ok()?), None),
        Some(alias) => {
            let found = machine.aliases.iter().find(|it| it.name == alias)?;
            (Some(drawn(&found.routes, draw)?), Some(alias.to_owned()))
        }
    };
    let Machine { express, generation, current, versions, .. } = machine;
    let revision = match version {
        None => current,
        Some(number) => versions.into_iter().find(|version| version.number == number)?.revision,
    };
    Some(Aim { express, revision, version, alias, generation })
}

/// Under what the executions of a machine stand: `REGION/NAME`, with `~GENERATION` behind it if others had the name before. No name may
/// have such characters.
#[must_use]
pub fn home_key(region: &str, name: &str, generation: u32) -> String {
    match generation {
        0 | 1 => format!("{region}/{name}"),
        generation => format!("{region}/{name}~{generation}"),
    }
}

/// Whether what stands behind a machine's name is the number of a version: no alias may be called so.
#[must_use]
pub fn is_number(qualifier: &str) -> bool {
    qualifier.bytes().all(|b| b.is_ascii_digit())
}

/// The version that it is this time. The weights add up to 100.
fn drawn(routes: &[Route], draw: u64) -> Option<u64> {
    let mut left = draw % 100;
    for route in routes {
        match left.checked_sub(u64::from(route.weight)) {
            None => return Some(route.version),
            Some(rest) => left = rest,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_that_was_had_before_has_a_home_of_its_own() {
        assert_eq!(home_key("eu-west-1", "orders", 1), "eu-west-1/orders");
        assert_eq!(home_key("eu-west-1", "orders", 3), "eu-west-1/orders~3");
    }

    #[test]
    fn routes_come_up_as_often_as_they_weigh() {
        let routes = |weights: &[u8]| -> Vec<Route> {
            (1..).zip(weights).map(|(version, weight)| Route { version, weight: *weight }).collect()
        };
        for (weights, first) in [(&[100][..], 100), (&[90, 10], 90), (&[0, 100], 0), (&[100, 0], 100)] {
            let routes = routes(weights);
            let count = (700..800).filter(|draw| drawn(&routes, *draw) == Some(1)).count();
            assert_eq!(count, first, "{weights:?}");
            assert!((0..100).all(|draw| drawn(&routes, draw).is_some()));
        }
    }

    #[test]
    fn what_goes_or_is_gone_begins_nothing() {
        let machine = |deleted: bool, deleting: bool| -> Machine {
            let current = json!({"fingerprint": "f", "role_arn": "r", "since_ms": 1});
            let version = json!({"number": 2, "revision": current, "created_ms": 1});
            serde_json::from_value(json!({
                "generation": 3, "created_ms": 1, "deleted": deleted, "deleting": deleting, "current": current,
                "versions": [version],
            }))
            .unwrap()
        };
        let found = aim(machine(false, false), Some("2"), 0).unwrap();
        assert_eq!((found.version, found.alias, found.generation), (Some(2), None, 3));
        for absent in ["1", "99999999999999999999", "prod"] {
            assert_eq!(aim(machine(false, false), Some(absent), 0), Err(Miss::Absent), "{absent}");
        }
        assert_eq!(aim(machine(true, false), None, 0), Err(Miss::Absent));
        assert_eq!(aim(machine(false, true), None, 0), Err(Miss::Deleting));
    }
}
