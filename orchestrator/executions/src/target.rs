//! What an execution begins with that a task starts, by the ARN of a machine, of a version or of an alias.

use registry::aim::{Aim, Miss, aim, home_key};
use registry::machines::{self, Revision};
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
/// The store does not answer; inside: it is no ARN, there is none of that, or it is about to be deleted.
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
    let Some(machine) = machines::find(store, &format!("{region}/{name}")).await? else { return none() };
    match aim(machine, qualifier, draw) {
        Ok(aim) => Ok(Ok(aimed((place, region, name), aim))),
        Err(Miss::Absent) => none(),
        Err(Miss::Deleting) => {
            Ok(Err(Refused::new("StateMachineDeleting", format!("State Machine is deleting: '{arn}'"))))
        }
    }
}

/// Whether it is what stands before the kind of an ARN: `arn:PARTITION:states:REGION:ACCOUNT`.
fn is_place(place: &str) -> bool {
    let parts: Vec<&str> = place.split(':').collect();
    matches!(parts[..], ["arn", partition, "states", _, _] if !partition.is_empty())
}

fn aimed((place, region, name): (&str, &str, &str), aim: Aim) -> Target {
    let Aim { express, revision, version, alias, generation } = aim;
    let machine_arn = format!("{place}:stateMachine:{name}");
    Target {
        home: home_key(region, name, generation),
        version_arn: version.map(|number| format!("{machine_arn}:{number}")),
        alias_arn: alias.map(|alias| format!("{machine_arn}:{alias}")),
        machine_arn,
        machine_name: name.to_owned(),
        express,
        revision,
    }
}
