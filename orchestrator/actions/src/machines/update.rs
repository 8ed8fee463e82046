//! `UpdateStateMachine`
//!
//! An update that changes nothing makes no revision: repeated, it answers the same. AWS documents that definition or role must be given,
//! and elsewhere updates the configuration alone: so it is `MissingRequiredParameter` only where nothing is given.

use api::types::{UpdateStateMachineInput, UpdateStateMachineOutput};
use api::{ErrorKind, Failure, Timestamp};
use registry::machines::{Change, Machine, MadeWithVersion, Revision};
use store::Millis;

use super::change::there;
use super::configuration::Given;
use super::publish::published;
use super::{create, definition, named, role};
use crate::act::Act;
use crate::failures::declared;
use crate::service::Service;
use crate::target::qualified;

/// What a machine is to become.
struct Update {
    fingerprint: Option<String>,
    role_arn: Option<String>,
    given: Given,
    publish: Option<MadeWithVersion>,
    /// The id of the revision, if it becomes one.
    revision: String,
    /// Versions that it may have.
    most: usize,
    now: Millis,
}

/// What it has become.
struct Updated {
    revision: Option<String>,
    since_ms: Millis,
    version: Option<u64>,
}

impl Act for UpdateStateMachineInput {
    async fn act(self, service: &Service) -> Result<UpdateStateMachineOutput, Failure> {
        let arn = self.state_machine_arn;
        let of = named::machine(&arn)?;
        let given = Given::read(
            self.logging_configuration,
            self.tracing_configuration,
            self.encryption_configuration,
        )?;
        if self.definition.is_none() && self.role_arn.is_none() && given.is_empty() {
            let message = "Either the definition, the role ARN, or a configuration must be specified";
            return Err(declared(ErrorKind::MissingRequiredParameter, message));
        }
        self.role_arn.as_deref().map(role::check).transpose()?;
        let publish = create::version(self.publish, self.version_description)?;
        let revision = service.fresh_id().to_string();
        let (role_arn, most, now) = (self.role_arn, service.limits().versions, service.now());
        let mut update = Update { fingerprint: None, role_arn, given, publish, revision, most, now };
        loop {
            let express = there(service.machine(&of.scope, &of.machine).await?, &arn)?.express;
            if let Some(text) = &self.definition {
                let read = definition::read(express, text)?;
                update.fingerprint = Some(read.fingerprint().to_owned());
                service.keep(read, text).await?;
            }
            let decide = |machine| {
                let machine = there(machine, &arn)?;
                // It was deleted meanwhile, and made again with the other type, for which the definition may not do.
                if machine.express == express { updated(machine, &update) } else { Ok(Change::None(None)) }
            };
            if let Some(done) = service.change_machine(&of.scope, &of.machine, decide).await? {
                let version = done.version.map(|number| qualified(&of.scope, &of.machine, number));
                return Ok(UpdateStateMachineOutput {
                    update_date: Timestamp(done.since_ms),
                    revision_id: done.revision,
                    state_machine_version_arn: version,
                });
            }
        }
    }
}

fn updated(mut machine: Machine, update: &Update) -> Result<Change<Machine, Option<Updated>>, Failure> {
    let current = &machine.current;
    let revision = Revision {
        id: current.id.clone(),
        fingerprint: update.fingerprint.as_ref().unwrap_or(&current.fingerprint).clone(),
        role_arn: update.role_arn.as_ref().unwrap_or(&current.role_arn).clone(),
        since_ms: current.since_ms,
        configuration: update.given.change(current.configuration.clone()),
    };
    let mut is_changed = revision != *current;
    if is_changed {
        machine.current = Revision { id: Some(update.revision.clone()), since_ms: update.now, ..revision };
    }
    let mut number = None;
    if let Some(publish) = &update.publish {
        let (with_version, version, is_new) =
            published(machine, publish.description.clone(), update.most, update.now)?;
        (machine, number) = (with_version, Some(version.number));
        is_changed |= is_new;
    }
    let (revision, since_ms) = (machine.current.id.clone(), machine.current.since_ms);
    let answer = Some(Updated { revision, since_ms, version: number });
    Ok(if is_changed { Change::Put(Box::new(machine), answer) } else { Change::None(answer) })
}
