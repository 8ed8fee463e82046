//! SendTaskSuccess.

use api::types::{SendTaskSuccessInput, SendTaskSuccessOutput};
use api::{ErrorKind, Failure};
use engine::Fact;

use crate::act::Act;
use crate::failures::declared;
use crate::runs::payload;
use crate::service::Service;

impl Act for SendTaskSuccessInput {
    async fn act(self, service: &Service) -> Result<SendTaskSuccessOutput, Failure> {
        let output = payload::read("output", &self.output, |why| {
            declared(ErrorKind::InvalidOutput, format!("Invalid Output: '{why}'"))
        })?;
        service.tell_task(&self.task_token, |task| Fact::TaskSucceeded { task, output }).await?;
        Ok(SendTaskSuccessOutput {})
    }
}
