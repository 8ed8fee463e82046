//! SendTaskFailure.

use api::Failure;
use api::types::{SendTaskFailureInput, SendTaskFailureOutput};
use engine::Fact;

use crate::act::Act;
use crate::service::Service;

impl Act for SendTaskFailureInput {
    async fn act(self, service: &Service) -> Result<SendTaskFailureOutput, Failure> {
        let Self { task_token, error, cause } = self;
        let error = error.unwrap_or_default();
        service.tell_task(&task_token, |task| Fact::TaskFailed { task, error, cause }).await?;
        Ok(SendTaskFailureOutput {})
    }
}
