//! `DescribeActivity`

use api::types::{DescribeActivityInput, DescribeActivityOutput};
use api::{Failure, Timestamp};
use registry::activities::{self, Activity};
use registry::aim::home_key;

use super::named;
use crate::act::Act;
use crate::arn::Scope;
use crate::failures::{no_activity, store_failed};
use crate::service::Service;

impl Act for DescribeActivityInput {
    async fn act(self, service: &Service) -> Result<DescribeActivityOutput, Failure> {
        let arn = self.activity_arn;
        let (scope, name) = named::activity(&arn)?;
        let activity = service.activity(&scope, &name).await?.ok_or_else(|| no_activity(&arn))?;
        Ok(DescribeActivityOutput {
            activity_arn: arn,
            name,
            creation_date: Timestamp(activity.created_ms),
            encryption_configuration: serde_json::from_value(activity.encryption).ok(),
        })
    }
}

impl Service {
    /// The activity of that name, if there is one; none of another account, partition or region than the request's.
    pub(crate) async fn activity(&self, scope: &Scope, name: &str) -> Result<Option<Activity>, Failure> {
        if scope != self.home() {
            return Ok(None);
        }
        let found = activities::find(self.reader(), &home_key(&scope.region, name, 1)).await;
        found.map_err(|error| store_failed(&error))
    }
}
