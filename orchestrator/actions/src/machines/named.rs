//! What the ARNs of requests name.

use api::Failure;
use registry::aim::is_number;

use crate::arn::{Arn, Resource, Scope, invalid, wrong_kind};
use crate::failures::labelled;

/// A machine by its ARN.
pub(super) struct OfMachine {
    /// Where.
    pub(super) scope: Scope,
    /// The machine's name.
    pub(super) machine: String,
}

/// The machine that is named, and nothing of it.
///
/// # Errors
/// `InvalidArn` of anything else, `ValidationException` of a Map in it.
pub(super) fn machine(arn: &str) -> Result<OfMachine, Failure> {
    let read = Arn::read(arn)?;
    match read.resource {
        Resource::Machine { machine, label: None } => Ok(OfMachine { scope: read.scope, machine }),
        Resource::Machine { label: Some(_), .. } => Err(labelled()),
        _ => Err(wrong_kind(&read)),
    }
}

/// The version that is named: its machine and its number. A number that no version can have is [`u64::MAX`].
///
/// # Errors
/// `InvalidArn` of anything else, `ValidationException` of a Map.
pub(super) fn version(arn: &str) -> Result<(OfMachine, u64), Failure> {
    match qualified(arn)? {
        (of, number) if is_number(&number) => Ok((of, number.parse().unwrap_or(u64::MAX))),
        _ => Err(invalid(format!("Invalid ARN resource: {arn}"))),
    }
}

/// The alias that is named: its machine and its name.
///
/// # Errors
/// `InvalidArn` of anything else, `ValidationException` of a Map.
pub(super) fn alias(arn: &str) -> Result<(OfMachine, String), Failure> {
    match qualified(arn)? {
        (of, name) if !is_number(&name) => Ok((of, name)),
        _ => Err(invalid(format!("Invalid ARN resource: {arn}"))),
    }
}

fn qualified(arn: &str) -> Result<(OfMachine, String), Failure> {
    let read = Arn::read(arn)?;
    match read.resource {
        Resource::Qualified { machine, qualifier } => {
            Ok((OfMachine { scope: read.scope, machine }, qualifier))
        }
        Resource::Machine { label: Some(_), .. } => Err(labelled()),
        _ => Err(wrong_kind(&read)),
    }
}

/// The activity that is named.
///
/// # Errors
/// `InvalidArn` of anything else.
pub(super) fn activity(arn: &str) -> Result<(Scope, String), Failure> {
    let read = Arn::read(arn)?;
    match read.resource {
        Resource::Activity { name } => Ok((read.scope, name)),
        _ => Err(wrong_kind(&read)),
    }
}
