//! DescribeMapRun.

use api::Failure;
use api::types::{DescribeMapRunInput, DescribeMapRunOutput};

use crate::act::Act;
use crate::service::Service;

impl Act for DescribeMapRunInput {
    async fn act(self, service: &Service) -> Result<DescribeMapRunOutput, Failure> {
        let found = service.map_run(&self.map_run_arn).await?;
        let described = found.run.describe(&service.execution_arn(&found.execution));
        // It has the shape that AWS gives it, or the engine is wrong.
        serde_json::from_value(described).map_err(|error| Failure::Internal(error.to_string()))
    }
}
