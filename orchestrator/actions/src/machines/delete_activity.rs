//! `DeleteActivity`

use api::Failure;
use api::types::{DeleteActivityInput, DeleteActivityOutput};
use registry::activities::Activity;
use registry::machines::Change;

use super::named;
use crate::act::Act;
use crate::service::Service;

impl Act for DeleteActivityInput {
    async fn act(self, service: &Service) -> Result<DeleteActivityOutput, Failure> {
        let (scope, name) = named::activity(&self.activity_arn)?;
        let decide = |activity: Option<Activity>| {
            Ok(match activity {
                Some(activity) => Change::Put(Box::new(Activity { deleted: true, ..activity }), ()),
                None => Change::None(()),
            })
        };
        service.change_activity(&scope, &name, decide).await?;
        Ok(DeleteActivityOutput {})
    }
}
