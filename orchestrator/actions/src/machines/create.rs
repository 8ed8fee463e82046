//! `CreateStateMachine`
//!
//! It is the same request again if the machine still has that definition, type and configuration, and was made with the same version or
//! without one; role and tags do not matter. AWS has no words for a `versionDescription` without `publish`.

use api::types::{CreateStateMachineInput, CreateStateMachineOutput, StateMachineType};
use api::{ApiError, ErrorKind, Failure, Timestamp};
use registry::machines::{self, Change, Machine, MadeWithVersion, Revision, Version};
use serde_json::{Map, Value};
use store::Millis;

use super::configuration::Given;
use super::tags::Tags;
use super::{definition, role, tags};
use crate::act::Act;
use crate::failures::{declared, machine_deleting, store_failed};
use crate::service::Service;
use crate::target::{machine_arn, qualified};

/// The machine that is asked for.
struct Wanted {
    arn: String,
    express: bool,
    fingerprint: String,
    role_arn: String,
    configuration: Map<String, Value>,
    version: Option<MadeWithVersion>,
    tags: Tags,
}

impl Act for CreateStateMachineInput {
    async fn act(self, service: &Service) -> Result<CreateStateMachineOutput, Failure> {
        let (scope, name) = (service.home().clone(), self.name);
        check_name(&name)?;
        role::check(&self.role_arn)?;
        let version = version(self.publish, self.version_description)?;
        let express = self.r#type == Some(StateMachineType::Express);
        let definition = definition::read(express, &self.definition)?;
        let given = Given::read(
            self.logging_configuration,
            self.tracing_configuration,
            self.encryption_configuration,
        )?;
        let arn = machine_arn(&scope, &name).to_string();
        let tags = tags::with(Tags::new(), &tags::read(self.tags.unwrap_or_default())?, &arn)?;
        let fingerprint = definition.fingerprint().to_owned();
        let (role_arn, configuration) = (self.role_arn, given.made());
        let wanted = Wanted { arn, express, fingerprint, role_arn, configuration, version, tags };
        service.keep(definition, &self.definition).await?;
        let count = machines::count(service.reader(), &scope.region).await;
        let count = count.map_err(|error| store_failed(&error))?;
        let now = service.now();
        let is_full = count >= service.limits().machines;
        let decide = |machine| create(machine, &wanted, is_full, now);
        let created_ms = service.change_machine(&scope, &name, decide).await?;
        Ok(CreateStateMachineOutput {
            state_machine_arn: wanted.arn,
            creation_date: Timestamp(created_ms),
            state_machine_version_arn: wanted.version.map(|_| qualified(&scope, &name, 1)),
        })
    }
}

/// Whether a machine or an activity may have that name.
///
/// # Errors
/// `InvalidName`.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let invalid = || declared(ErrorKind::InvalidName, format!("Invalid Name: '{name}'"));
    engine::is_name(name).then_some(()).ok_or_else(invalid)
}

/// The version that is to be published, if one is.
///
/// # Errors
/// `ValidationException`: one is described that is not.
pub(super) fn version(
    publish: Option<bool>,
    description: Option<String>,
) -> Result<Option<MadeWithVersion>, Failure> {
    match (publish.unwrap_or(false), description) {
        (true, description) => Ok(Some(MadeWithVersion { description })),
        (false, None) => Ok(None),
        (false, Some(_)) => {
            let message = "Version description can only be set when publish is set to true";
            Err(Failure::Declared(ApiError::new(ErrorKind::ValidationException, message)))
        }
    }
}

fn create(
    machine: Option<Machine>,
    wanted: &Wanted,
    is_full: bool,
    now: Millis,
) -> Result<Change<Machine, Millis>, Failure> {
    let generation = match machine {
        Some(machine) if machine.deleting => return Err(machine_deleting(&wanted.arn)),
        Some(machine) if !machine.deleted && is_same(&machine, wanted) => {
            return Ok(Change::None(machine.created_ms));
        }
        Some(machine) if !machine.deleted => {
            let message = format!("State Machine Already Exists: '{}'", wanted.arn);
            return Err(declared(ErrorKind::StateMachineAlreadyExists, message));
        }
        machine => machine.map_or(0, |deleted| deleted.generation) + 1,
    };
    // Others that are made just now may not be counted yet: the quota is kept to a few.
    if is_full {
        let message = "The maximum number of state machines has been reached. Existing state machines must be deleted before a \
                       new state machine can be created.";
        return Err(declared(ErrorKind::StateMachineLimitExceeded, message));
    }
    let current = Revision {
        id: None,
        fingerprint: wanted.fingerprint.clone(),
        role_arn: wanted.role_arn.clone(),
        since_ms: now,
        configuration: wanted.configuration.clone(),
    };
    let version = wanted.version.as_ref().map(|version| Version {
        number: 1,
        revision: current.clone(),
        description: version.description.clone(),
        created_ms: now,
    });
    let made = Machine {
        generation,
        express: wanted.express,
        created_ms: now,
        deleted: false,
        deleting: false,
        made_with_version: wanted.version.clone(),
        current,
        published: u64::from(version.is_some()),
        versions: version.into_iter().collect(),
        aliased: 0,
        aliases: Vec::new(),
        tags: wanted.tags.clone(),
    };
    Ok(Change::Put(Box::new(made), now))
}

fn is_same(machine: &Machine, wanted: &Wanted) -> bool {
    machine.express == wanted.express
        && machine.current.fingerprint == wanted.fingerprint
        && machine.current.configuration == wanted.configuration
        && machine.made_with_version == wanted.version
}
