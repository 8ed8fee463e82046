//! `PublishStateMachineVersion`
//!
//! A revision has one version at the most, as AWS documents ("It doesn't create a duplicate state machine version if it already exists for
//! the current revision"): another description changes nothing. If its version was deleted, it gets another.

use api::types::{PublishStateMachineVersionInput, PublishStateMachineVersionOutput};
use api::{ErrorKind, Failure, Timestamp};
use registry::machines::{Change, Machine, Version};
use store::Millis;

use super::change::there;
use super::named;
use crate::act::Act;
use crate::failures::declared;
use crate::service::Service;
use crate::target::qualified;

/// What the first revision is called, which has no id.
const FIRST: &str = "INITIAL";

impl Act for PublishStateMachineVersionInput {
    async fn act(self, service: &Service) -> Result<PublishStateMachineVersionOutput, Failure> {
        let arn = self.state_machine_arn;
        let of = named::machine(&arn)?;
        let (most, now) = (service.limits().versions, service.now());
        let decide = |machine| {
            let machine = there(machine, &arn)?;
            expect(&machine, self.revision_id.as_deref())?;
            let (machine, version, is_new) = published(machine, self.description.clone(), most, now)?;
            let answer = (version.number, version.created_ms);
            Ok(if is_new { Change::Put(Box::new(machine), answer) } else { Change::None(answer) })
        };
        let (number, created_ms) = service.change_machine(&of.scope, &of.machine, decide).await?;
        Ok(PublishStateMachineVersionOutput {
            creation_date: Timestamp(created_ms),
            state_machine_version_arn: qualified(&of.scope, &of.machine, number),
        })
    }
}

/// Whether the machine still is what it is thought to be.
fn expect(machine: &Machine, revision: Option<&str>) -> Result<(), Failure> {
    let current = machine.current.id.as_deref().unwrap_or(FIRST);
    match revision {
        Some(revision) if revision != current => {
            let message = format!(
                "Failed to publish the State Machine version for revision {revision}. The current State Machine revision is {current}."
            );
            Err(declared(ErrorKind::ConflictException, message))
        }
        _ => Ok(()),
    }
}

/// The machine with a version of its current revision, that version, and whether it was published for this.
///
/// # Errors
/// `ServiceQuotaExceededException`.
pub(super) fn published(
    mut machine: Machine,
    description: Option<String>,
    most: usize,
    now: Millis,
) -> Result<(Machine, Version, bool), Failure> {
    let known = machine.versions.iter().find(|version| version.revision.id == machine.current.id);
    if let Some(known) = known.cloned() {
        return Ok((machine, known, false));
    }
    if machine.versions.len() >= most {
        let message = format!("A state machine can have at most {most} versions");
        return Err(declared(ErrorKind::ServiceQuotaExceededException, message));
    }
    machine.published += 1;
    let (number, revision) = (machine.published, machine.current.clone());
    let version = Version { number, revision, description, created_ms: now };
    machine.versions.push(version.clone());
    Ok((machine, version, true))
}
