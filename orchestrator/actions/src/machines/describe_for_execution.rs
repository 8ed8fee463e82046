//! `DescribeStateMachineForExecution`
//!
//! What an execution runs on is known from its first fact and the machine's journal: of the revisions that have the execution's definition
//! and role, the last one that was there when it began; of an execution of a version, the version's. Of a machine that was deleted, it is
//! told until there is another of its name.

use api::types::{
    DescribeStateMachineForExecutionInput, DescribeStateMachineForExecutionOutput, IncludedData,
};
use api::{Failure, Timestamp};
use engine::{ChildStart, Fact, Identity};
use executions::execution_key;
use registry::aim::home_key;
use registry::machines::{self, Machine, Revision, Sought};
use store::Millis;

use super::configuration;
use super::definition::Shown;
use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::{no_execution, store_failed, unreadable};
use crate::service::Service;
use crate::target::machine_arn;

impl Act for DescribeStateMachineForExecutionInput {
    async fn act(self, service: &Service) -> Result<DescribeStateMachineForExecutionOutput, Failure> {
        let arn = self.execution_arn;
        let read = Arn::read(&arn)?;
        let Resource::Execution { machine: home, name } = &read.resource else {
            return Err(wrong_kind(&read));
        };
        let (machine_name, label) = match home.split_once('/') {
            Some((machine, label)) => (machine, Some(label)),
            None => (home.as_str(), None),
        };
        if read.scope != *service.home() {
            return Err(no_execution(&arn));
        }
        let place = home_key(&read.scope.region, machine_name, 1);
        let machine = machines::find(service.reader(), &place).await.map_err(|error| store_failed(&error))?;
        let machine = machine.ok_or_else(|| no_execution(&arn))?;
        let mut home = home_key(&read.scope.region, machine_name, machine.generation);
        if let Some(label) = label {
            home = format!("{home}/{label}");
        }
        let key = execution_key(&home, name);
        let stored = executions::describe(service.reader(), &key).await.map_err(unreadable)?;
        let stored = stored.ok_or_else(|| no_execution(&arn))?;
        let begun = begun(service, &key).await?;
        let begun = begun.or_else(|| Begun::of_owned(service, &read, &machine));
        let begun = begun.ok_or_else(|| no_execution(&arn))?;
        let started_ms = Millis::try_from(stored.started_ms()).unwrap_or(Millis::MAX);
        let revision = match of_version(&machine, &begun.identity) {
            Some(revision) => Some(revision.clone()),
            None => {
                let sought = Sought {
                    generation: machine.generation,
                    fingerprint: stored.definition(),
                    role_arn: &begun.identity.role_arn,
                    until_ms: started_ms,
                };
                let revision = machines::last_revision(service.reader(), &place, &sought).await;
                revision.map_err(|error| store_failed(&error))?
            }
        };
        let revision = revision.as_ref();
        let shown = match self.included_data {
            Some(IncludedData::MetadataOnly) => Shown::nothing(),
            _ => service.shown(stored.definition(), begun.map.as_deref()).await?,
        };
        let configuration = revision.map(|revision| &revision.configuration);
        Ok(DescribeStateMachineForExecutionOutput {
            state_machine_arn: begun.identity.machine_arn,
            name: machine_name.to_owned(),
            definition: shown.text,
            role_arn: begun.identity.role_arn,
            update_date: Timestamp(revision.map_or(started_ms, |revision| revision.since_ms)),
            logging_configuration: configuration.and_then(configuration::logging),
            tracing_configuration: configuration.and_then(configuration::tracing),
            map_run_arn: begun.map_run_arn,
            label: label.map(str::to_owned),
            revision_id: revision.and_then(|revision| revision.id.clone()),
            encryption_configuration: configuration.and_then(configuration::encryption),
            variable_references: shown.variables,
        })
    }
}

/// What the first fact of an execution tells.
struct Begun {
    identity: Identity,
    /// The name of the Map that started it.
    map: Option<String>,
    map_run_arn: Option<String>,
}

impl Begun {
    /// An execution that something else moves is nobody to AWS: what is known of it is what its machine is now.
    fn of_owned(service: &Service, arn: &Arn, machine: &Machine) -> Option<Self> {
        let Resource::Execution { machine: machine_name, name } = &arn.resource else { return None };
        service.owned().filter(|owned| owned.scope == arn.scope && owned.machine == *machine_name)?;
        let identity = Identity {
            execution_arn: arn.to_string(),
            name: name.clone(),
            machine_arn: machine_arn(&arn.scope, machine_name).to_string(),
            machine_name: machine_name.clone(),
            role_arn: machine.current.role_arn.clone(),
            version_arn: None,
            alias_arn: None,
            token_key: None,
        };
        Some(Self { identity, map: None, map_run_arn: None })
    }
}

/// How the execution under that key began; `None` if it is nobody to AWS, or has no journal.
async fn begun(service: &Service, key: &str) -> Result<Option<Begun>, Failure> {
    let first = executions::first_fact(service.reader(), key).await.map_err(unreadable)?;
    Ok(match first {
        Some(Fact::Started { identity: Some(identity), .. }) => {
            Some(Begun { identity: *identity, map: None, map_run_arn: None })
        }
        Some(Fact::ChildStarted(child)) => {
            let ChildStart { identity, map, map_run_arn, .. } = *child;
            identity.map(|identity| Begun { identity: *identity, map: Some(map.to_string()), map_run_arn })
        }
        _ => None,
    })
}

/// The revision of the version that an execution was started with, if it was and the version is still there.
fn of_version<'m>(machine: &'m Machine, identity: &Identity) -> Option<&'m Revision> {
    let (_, number) = identity.version_arn.as_deref()?.rsplit_once(':')?;
    let number: u64 = number.parse().ok()?;
    let version = machine.versions.iter().find(|version| version.number == number)?;
    Some(&version.revision)
}
