//! ListMapRuns.

use api::Failure;
use api::types::{ListMapRunsInput, ListMapRunsOutput, MapRunListItem};
use executions::map_runs;

use crate::act::Act;
use crate::failures::unreadable;
use crate::page;
use crate::runs::describe::machine_arn;
use crate::runs::found::Found;
use crate::runs::payload::at;
use crate::service::Service;

impl Act for ListMapRunsInput {
    /// The first page begins with those that are at work, and may so be longer than asked for by these few.
    async fn act(self, service: &Service) -> Result<ListMapRunsOutput, Failure> {
        let Self { execution_arn, max_results, next_token } = self;
        let Found { key, machine, .. } = service.execution(&execution_arn).await?;
        let list = format!("ListMapRuns {key}");
        let before = page::cursor(&list, next_token.as_deref(), service.now())?;
        let size = page::size(max_results.map(i64::from));
        let found = map_runs::list(service.reader(), service.catalogue(), &key, before, size).await;
        let (runs, cursor) = found.map_err(unreadable)?;
        let (machine, _) = machine.split_once('/').unwrap_or((&machine, ""));
        let item = |run: engine::MapRun| {
            let label = run.arn.rsplit_once('/').and_then(|(_, rest)| rest.split_once(':'));
            MapRunListItem {
                execution_arn: execution_arn.clone(),
                state_machine_arn: machine_arn(
                    service,
                    &format!("{machine}/{}", label.unwrap_or_default().0),
                ),
                map_run_arn: run.arn,
                start_date: at(run.started_ms),
                stop_date: run.stopped_ms.map(at),
            }
        };
        Ok(ListMapRunsOutput {
            map_runs: runs.into_iter().map(|described| item(described.run)).collect(),
            next_token: cursor.map(|cursor| page::token(&list, cursor, service.now())),
        })
    }
}
