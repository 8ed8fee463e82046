//! SendTaskHeartbeat.

use api::Failure;
use api::types::{SendTaskHeartbeatInput, SendTaskHeartbeatOutput};
use engine::Fact;

use crate::act::Act;
use crate::service::Service;

impl Act for SendTaskHeartbeatInput {
    async fn act(self, service: &Service) -> Result<SendTaskHeartbeatOutput, Failure> {
        service.tell_task(&self.task_token, |task| Fact::TaskHeartbeat { task }).await?;
        Ok(SendTaskHeartbeatOutput {})
    }
}
