//! What an execution begins with, by the ARN of a state machine, of a version or of an alias.

use api::Failure;
use registry::machines::{self, Machine, Revision, Route};

use crate::arn::{Arn, Resource, Scope, wrong_kind};
use crate::failures::{labelled, machine_deleting, no_machine, store_failed};
use crate::service::Service;

/// What an execution begins with.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The machine's ARN, without version or alias.
    pub machine_arn: Arn,
    /// What the machine is called, without version or alias.
    pub machine_name: String,
    /// Under what its executions stand ([`home_key`]).
    pub home: String,
    /// Whether it has Express executions.
    pub express: bool,
    /// Definition, role and configuration.
    pub revision: Revision,
    /// The ARN of the version, if it is one, or an alias leads to it.
    pub version_arn: Option<String>,
    /// The ARN of the alias that led to it.
    pub alias_arn: Option<String>,
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

/// The ARN of a version or an alias of a machine.
pub(crate) fn qualified(scope: &Scope, machine: &str, qualifier: impl ToString) -> String {
    let resource = Resource::Qualified { machine: machine.to_owned(), qualifier: qualifier.to_string() };
    Arn { scope: scope.clone(), resource }.to_string()
}

impl Service {
    /// What an execution begins with that is started with that ARN. Of an alias with two routes `draw`, any number, says which, by
    /// their weights: numbers that come up equally often make them come up as often as they weigh.
    ///
    /// # Errors
    /// `InvalidArn`; `ValidationException` of a Map's label; `StateMachineDoesNotExist`, also of a version or an alias that is not there
    /// (AWS declares no other error for that); `StateMachineDeleting`; the store does not answer.
    pub async fn target(&self, arn: &str, draw: u64) -> Result<Target, Failure> {
        let read = Arn::read(arn)?;
        let (name, qualifier) = match &read.resource {
            Resource::Machine { machine, label: None } => (machine.clone(), None),
            Resource::Machine { label: Some(_), .. } => return Err(labelled()),
            Resource::Qualified { machine, qualifier } => (machine.clone(), Some(qualifier.clone())),
            _ => return Err(wrong_kind(&read)),
        };
        let machine = self.machine(&read.scope, &name).await?.ok_or_else(|| no_machine(arn))?;
        if machine.deleting {
            return Err(machine_deleting(arn));
        }
        aimed(&read.scope, &name, machine, qualifier.as_deref(), draw).ok_or_else(|| no_machine(arn))
    }

    /// The machine of that name, if there is one; none of another account, partition or region than the request's. One that is to go
    /// does so from now on, if a deletion was left undone.
    pub(crate) async fn machine(&self, scope: &Scope, name: &str) -> Result<Option<Machine>, Failure> {
        if scope != self.home() {
            return Ok(None);
        }
        let found = machines::find(self.reader(), &home_key(&scope.region, name, 1)).await;
        let found = found.map_err(|error| store_failed(&error))?;
        let found = found.filter(|machine| !machine.deleted);
        if let Some(machine) = &found {
            self.noticed(machine, name);
        }
        Ok(found)
    }
}

/// What a machine's execution begins with; `None` if it has no such version or alias.
fn aimed(scope: &Scope, name: &str, machine: Machine, qualifier: Option<&str>, draw: u64) -> Option<Target> {
    let (number, alias) = match qualifier {
        None => (None, None),
        Some(number) if is_number(number) => (Some(number.parse().ok()?), None),
        Some(alias) => {
            let found = machine.aliases.iter().find(|it| it.name == alias)?;
            (Some(drawn(&found.routes, draw)?), Some(alias))
        }
    };
    let home = home_key(&scope.region, name, machine.generation);
    let express = machine.express;
    let revision = match number {
        None => machine.current,
        Some(number) => machine.versions.into_iter().find(|version| version.number == number)?.revision,
    };
    Some(Target {
        machine_arn: machine_arn(scope, name),
        machine_name: name.to_owned(),
        home,
        express,
        revision,
        version_arn: number.map(|number: u64| qualified(scope, name, number)),
        alias_arn: alias.map(|alias| qualified(scope, name, alias)),
    })
}

/// The ARN of a machine.
pub(crate) fn machine_arn(scope: &Scope, name: &str) -> Arn {
    let resource = Resource::Machine { machine: name.to_owned(), label: None };
    Arn { scope: scope.clone(), resource }
}

/// Whether what stands behind a machine's name is the number of a version: no alias may be called so.
pub(crate) fn is_number(qualifier: &str) -> bool {
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
}
