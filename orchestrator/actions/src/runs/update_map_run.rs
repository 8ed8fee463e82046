//! UpdateMapRun.

use api::Failure;
use api::types::{UpdateMapRunInput, UpdateMapRunOutput};
use engine::MapRunUpdate;
use executions::{Answer, map_runs};

use crate::act::Act;
use crate::failures::{invalid, unanswered, unexpected};
use crate::runs::map_run::no_map_run;
use crate::service::Service;

impl Act for UpdateMapRunInput {
    async fn act(self, service: &Service) -> Result<UpdateMapRunOutput, Failure> {
        let Self { map_run_arn, max_concurrency, tolerated_failure_percentage, tolerated_failure_count } =
            self;
        // The model keeps negative ones out.
        let update = MapRunUpdate {
            max_concurrency: max_concurrency.and_then(|max| u64::try_from(max).ok()),
            tolerated_count: tolerated_failure_count.and_then(|count| u64::try_from(count).ok()),
            tolerated_percentage: tolerated_failure_percentage,
        };
        if update == MapRunUpdate::default() {
            return Err(invalid(
                "MISSING_REQUIRED_PARAMETER",
                "At least one setting of the Map Run must be provided",
            ));
        }
        let found = service.map_run(&map_run_arn).await?;
        let (key, request) = map_runs::update(&found, update);
        match service.ask(key, request).await.map_err(|error| unanswered(&error))? {
            Answer::Told { was_awaited: true, .. } => Ok(UpdateMapRunOutput {}),
            Answer::Told { .. } => Err(invalid(
                "CANNOT_UPDATE_COMPLETED_MAP_RUN",
                "The Map Run has completed and cannot be updated",
            )),
            Answer::Unknown => Err(no_map_run(&map_run_arn)),
            other => Err(unexpected(&other)),
        }
    }
}
