//! Where aliases lead.

use api::Failure;
use api::types::RoutingConfigurationListItem;
use registry::aim::is_number;
use registry::machines::{Machine, Route};

use super::named::{self, OfMachine};
use crate::arn::{Arn, Resource, Scope};
use crate::failures::{invalid, not_found};
use crate::target::qualified;

/// Routes as a request names them.
pub(super) struct Routes {
    /// The machine that they all are of.
    pub(super) of: OfMachine,
    pub(super) routes: Vec<Route>,
}

/// Reads one or two routes.
///
/// # Errors
/// `InvalidArn`; `ValidationException`: not versions of one machine, the same twice, or weights that do not add up to 100.
pub(super) fn read(items: &[RoutingConfigurationListItem]) -> Result<Routes, Failure> {
    let wrong = |message: String| invalid("INVALID_ROUTING_CONFIGURATION", message);
    let arns: Vec<&str> = items.iter().map(|item| item.state_machine_version_arn.as_str()).collect();
    let all = arns.join(", ");
    let mut of: Option<OfMachine> = None;
    let mut routes: Vec<Route> = Vec::new();
    for item in items {
        let arn = item.state_machine_version_arn.as_str();
        if !is_version(arn)? {
            return Err(wrong(format!(
                "Routing configuration must contain state machine version ARNs. Received: [{all}]"
            )));
        }
        let (its, version) = named::version(arn)?;
        let is_other = |of: &OfMachine| (&of.scope, &of.machine) != (&its.scope, &its.machine);
        if of.as_ref().is_some_and(is_other) {
            return Err(wrong(format!(
                "Routing configuration must contain versions of the same state machine. Received: [{all}]"
            )));
        }
        if routes.iter().any(|route| route.version == version) {
            return Err(wrong(format!(
                "Routing configuration must contain distinct state machine version ARNs. Received: [{all}]"
            )));
        }
        of = Some(its);
        routes.push(Route { version, weight: u8::try_from(item.weight).unwrap_or(u8::MAX) });
    }
    let sum: i32 = items.iter().map(|item| item.weight).sum();
    let of = of.ok_or_else(|| wrong("Routing configuration must not be empty".to_owned()))?;
    if sum != 100 {
        return Err(wrong(format!("Sum of routing configuration weights must equal 100. Received: {sum}")));
    }
    Ok(Routes { of, routes })
}

fn is_version(arn: &str) -> Result<bool, Failure> {
    let resource = Arn::read(arn)?.resource;
    Ok(matches!(&resource, Resource::Qualified { qualifier, .. } if is_number(qualifier)))
}

/// Whether the machine has all versions that the routes lead to.
///
/// # Errors
/// `ResourceNotFound`.
pub(super) fn check(machine: &Machine, routes: &Routes) -> Result<(), Failure> {
    let is_there = |route: &&Route| machine.versions.iter().any(|version| version.number == route.version);
    match routes.routes.iter().find(|route| !is_there(route)) {
        None => Ok(()),
        Some(missing) => Err(absent(&qualified(&routes.of.scope, &routes.of.machine, missing.version))),
    }
}

/// Whether both lead to the same versions, as often, in whatever order. No version comes twice.
pub(super) fn are_same(one: &[Route], other: &[Route]) -> bool {
    one.len() == other.len() && one.iter().all(|route| other.contains(route))
}

/// A version or an alias is not there.
pub(super) fn absent(arn: &str) -> Failure {
    not_found(arn, format!("Request references a resource that does not exist: '{arn}'"))
}

/// The routes as they are told.
pub(super) fn told(scope: &Scope, machine: &str, routes: &[Route]) -> Vec<RoutingConfigurationListItem> {
    let told = |route: &Route| RoutingConfigurationListItem {
        state_machine_version_arn: qualified(scope, machine, route.version),
        weight: route.weight.into(),
    };
    routes.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_routes_does_not_matter() {
        let route = |version, weight| Route { version, weight };
        assert!(are_same(&[route(1, 90), route(2, 10)], &[route(2, 10), route(1, 90)]));
        assert!(!are_same(&[route(1, 90), route(2, 10)], &[route(1, 10), route(2, 90)]));
        assert!(!are_same(&[route(1, 100)], &[route(1, 100), route(2, 0)]));
    }
}
