//! `ListTagsForResource`

use api::Failure;
use api::types::{ListTagsForResourceInput, ListTagsForResourceOutput};

use super::tag::untagged;
use super::tags;
use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::service::Service;

impl Act for ListTagsForResourceInput {
    async fn act(self, service: &Service) -> Result<ListTagsForResourceOutput, Failure> {
        let arn = self.resource_arn;
        let read = Arn::read(&arn)?;
        let found = match &read.resource {
            Resource::Machine { machine, label: None } => {
                service.machine(&read.scope, machine).await?.map(|machine| machine.tags)
            }
            Resource::Activity { name } => {
                service.activity(&read.scope, name).await?.map(|activity| activity.tags)
            }
            _ => return Err(wrong_kind(&read)),
        };
        let tags = found.ok_or_else(|| untagged(&arn))?;
        Ok(ListTagsForResourceOutput { tags: Some(tags::told(tags)) })
    }
}
