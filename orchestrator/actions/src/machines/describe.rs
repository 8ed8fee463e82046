//! `DescribeStateMachine`
//!
//! AWS documents both that an ARN with the label of a Map fails and what is answered to it (`label`, and of `includedData` "when calling a
//! labelled ARN"); as the action declares no `ValidationException`, it is answered: with what the Map runs for each item. Of an alias it
//! documents nothing: it is an `InvalidArn`, as `DescribeStateMachineAlias` is there for it.

use api::types::{
    DescribeStateMachineInput, DescribeStateMachineOutput, EncryptionType, IncludedData, StateMachineStatus,
    StateMachineType,
};
use api::{Failure, Timestamp};
use registry::aim::is_number;
use registry::machines::{Machine, Revision};
use store::Millis;

use super::configuration;
use super::definition::{Shown, map_labelled};
use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::no_machine;
use crate::service::Service;

/// What is described.
struct Described {
    revision: Revision,
    created_ms: Millis,
    description: Option<String>,
    express: bool,
    label: Option<String>,
    shown: Shown,
}

impl Act for DescribeStateMachineInput {
    async fn act(self, service: &Service) -> Result<DescribeStateMachineOutput, Failure> {
        let arn = self.state_machine_arn;
        let read = Arn::read(&arn)?;
        let (name, label, version) = match &read.resource {
            Resource::Machine { machine, label } => (machine.clone(), label.clone(), None),
            Resource::Qualified { machine, qualifier } if is_number(qualifier) => {
                (machine.clone(), None, Some(qualifier.parse().unwrap_or(u64::MAX)))
            }
            _ => return Err(wrong_kind(&read)),
        };
        let machine = service.machine(&read.scope, &name).await?.ok_or_else(|| no_machine(&arn))?;
        let is_deleting = machine.deleting;
        let is_whole = self.included_data != Some(IncludedData::MetadataOnly);
        let described = describe(service, machine, version, label, is_whole).await?;
        let described = described.ok_or_else(|| no_machine(&arn))?;
        let configuration = &described.revision.configuration;
        Ok(DescribeStateMachineOutput {
            state_machine_arn: arn,
            name,
            status: Some(if is_deleting { StateMachineStatus::Deleting } else { StateMachineStatus::Active }),
            definition: described.shown.text,
            r#type: if described.express { StateMachineType::Express } else { StateMachineType::Standard },
            creation_date: Timestamp(described.created_ms),
            logging_configuration: configuration::logging(configuration),
            tracing_configuration: configuration::tracing(configuration),
            label: described.label,
            encryption_configuration: configuration::encryption(configuration),
            role_arn: described.revision.role_arn,
            revision_id: described.revision.id,
            description: described.description,
            variable_references: described.shown.variables,
        })
    }
}

/// The machine, its version of that number, or what its Map of that label runs; `None` if it has none.
async fn describe(
    service: &Service,
    machine: Machine,
    version: Option<u64>,
    label: Option<String>,
    is_whole: bool,
) -> Result<Option<Described>, Failure> {
    let (revision, created_ms, description) = match version {
        None => (machine.current, machine.created_ms, None),
        Some(number) => match machine.versions.into_iter().find(|version| version.number == number) {
            Some(version) => (version.revision, version.created_ms, version.description),
            None => return Ok(None),
        },
    };
    let (map, express) = match &label {
        None => (None, machine.express),
        Some(label) => match map_labelled(&*service.known(&revision.fingerprint).await?, label) {
            Some((map, express)) => (Some(map), express),
            None => return Ok(None),
        },
    };
    let shown = match is_whole || label.is_some() && has_own_key(&revision) {
        true => service.shown(&revision.fingerprint, map.as_deref()).await?,
        false => Shown::nothing(),
    };
    Ok(Some(Described { revision, created_ms, description, express, label, shown }))
}

fn has_own_key(revision: &Revision) -> bool {
    let encryption = configuration::encryption(&revision.configuration);
    encryption.is_some_and(|it| it.r#type == EncryptionType::CustomerManagedKmsKey)
}
