//! `UntagResource`: keys that the resource does not have are passed over.

use api::Failure;
use api::types::{UntagResourceInput, UntagResourceOutput};

use super::tag::retag;
use crate::act::Act;
use crate::service::Service;

impl Act for UntagResourceInput {
    async fn act(self, service: &Service) -> Result<UntagResourceOutput, Failure> {
        retag(service, &self.resource_arn, |mut tags| {
            tags.retain(|(key, _)| !self.tag_keys.contains(key));
            Ok(tags)
        })
        .await?;
        Ok(UntagResourceOutput {})
    }
}
