//! `TagResource`

use api::Failure;
use api::types::{TagResourceInput, TagResourceOutput};
use registry::activities::Activity;
use registry::machines::{Change, Machine};

use super::tags::{self, Tags};
use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::not_found;
use crate::service::Service;

impl Act for TagResourceInput {
    async fn act(self, service: &Service) -> Result<TagResourceOutput, Failure> {
        let more = tags::read(self.tags)?;
        retag(service, &self.resource_arn, |tags| tags::with(tags, &more, &self.resource_arn)).await?;
        Ok(TagResourceOutput {})
    }
}

/// Changes the tags of a machine or an activity.
///
/// # Errors
/// What `change` refuses; `InvalidArn` of anything else; `ResourceNotFound`.
pub(super) async fn retag(
    service: &Service,
    arn: &str,
    change: impl Fn(Tags) -> Result<Tags, Failure>,
) -> Result<(), Failure> {
    let read = Arn::read(arn)?;
    match &read.resource {
        Resource::Machine { machine, label: None } => {
            let decide = |found: Option<Machine>| {
                let found = found.filter(|machine| !machine.deleted);
                let mut machine = found.ok_or_else(|| untagged(arn))?;
                machine.tags = change(machine.tags)?;
                Ok(Change::Put(Box::new(machine), ()))
            };
            service.change_machine_or_later(&read.scope, machine, decide).await
        }
        Resource::Activity { name } => {
            let decide = |found: Option<Activity>| {
                let mut activity = found.ok_or_else(|| untagged(arn))?;
                activity.tags = change(activity.tags)?;
                Ok(Change::Put(Box::new(activity), ()))
            };
            service.change_activity(&read.scope, name, decide).await
        }
        _ => Err(wrong_kind(&read)),
    }
}

/// There is nothing of that ARN that could have tags.
pub(super) fn untagged(arn: &str) -> Failure {
    not_found(arn, format!("Resource not found: '{arn}'"))
}
