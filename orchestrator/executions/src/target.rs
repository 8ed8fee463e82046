//! What an execution begins with that a task starts, by the ARN of a machine, of a version or of an alias.

use registry::machines::{self, Machine, Revision, Route};
use store::{Read, StoreError};

use crate::refused::Refused;

/// What an execution begins with.
pub(crate) struct Target {
    /// Under what its executions stand.
    pub(crate) home: String,
    pub(crate) machine_arn: String,
    pub(crate) machine_name: String,
    pub(crate) express: bool,
    pub(crate) revision: Revision,
    pub(crate) version_arn: Option<String>,
    pub(crate) alias_arn: Option<String>,
}

/// What an execution begins with that is started with that ARN, from where the machine `of` is: one of another account or region is
/// not found. Of an alias with two routes `draw`, any number, says which.
///
/// # Errors
/// The store does not answer; inside: it is no ARN, or there is none of that.
pub(crate) async fn target(
    store: &dyn Read,
    arn: &str,
    of: Option<&str>,
    draw: u64,
) -> Result<Result<Target, Refused>, StoreError> {
    let none = || {
        Ok(Err(Refused::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))))
    };
    let Some((place, name)) = arn.split_once(":stateMachine:").filter(|(place, _)| is_place(place)) else {
        return Ok(Err(Refused::new("InvalidArn", format!("Invalid Arn: '{arn}'"))));
    };
    let is_at_home = |of: &str| of.split_once(":stateMachine:").is_none_or(|(home, _)| home == place);
    let (name, qualifier) = name.split_once(':').map_or((name, None), |(name, of)| (name, Some(of)));
    if !of.is_none_or(is_at_home) {
        return none();
    }
    let region = place.split(':').nth(3).unwrap_or_default();
    let machine = machines::find(store, &format!("{region}/{name}")).await?;
    let aimed =
        machine.filter(|it| !it.deleted).and_then(|it| aimed((place, region, name), it, qualifier, draw));
    match aimed {
        Some(target) => Ok(Ok(target)),
        None => none(),
    }
}

/// Whether it is what stands before the kind of an ARN: `arn:PARTITION:states:REGION:ACCOUNT`.
fn is_place(place: &str) -> bool {
    let parts: Vec<&str> = place.split(':').collect();
    matches!(parts[..], ["arn", partition, "states", _, _] if !partition.is_empty())
}

/// What the machine's execution begins with; `None` if it has no such version or alias.
fn aimed(
    (place, region, name): (&str, &str, &str),
    machine: Machine,
    qualifier: Option<&str>,
    draw: u64,
) -> Option<Target> {
    let machine_arn = format!("{place}:stateMachine:{name}");
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (number, alias) = match qualifier {
        None => (None, None),
        Some(number) if is_number(number) => (Some(number.parse::<u64>().ok()?), None),
        Some(alias) => {
            let found = machine.aliases.iter().find(|it| it.name == alias)?;
            (Some(drawn(&found.routes, draw)?), Some(alias))
        }
    };
    let home = match machine.generation {
        0 | 1 => format!("{region}/{name}"),
        generation => format!("{region}/{name}~{generation}"),
    };
    let express = machine.express;
    let revision = match number {
        None => machine.current,
        Some(number) => machine.versions.into_iter().find(|version| version.number == number)?.revision,
    };
    let version_arn = number.map(|number| format!("{machine_arn}:{number}"));
    let alias_arn = alias.map(|alias| format!("{machine_arn}:{alias}"));
    let machine_name = name.to_owned();
    Some(Target { home, machine_arn, machine_name, express, revision, version_arn, alias_arn })
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
