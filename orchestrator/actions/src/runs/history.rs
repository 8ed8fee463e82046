//! GetExecutionHistory.

use api::Failure;
use api::types::{GetExecutionHistoryInput, GetExecutionHistoryOutput, HistoryEvent};
use executions::{EXECUTION_DATA, Wanted};
use serde_json::Value;

use crate::act::Act;
use crate::failures::unreadable;
use crate::page;
use crate::runs::found::Found;
use crate::service::Service;

impl Act for GetExecutionHistoryInput {
    async fn act(self, service: &Service) -> Result<GetExecutionHistoryOutput, Failure> {
        let Found { key, stored, .. } = service.execution(&self.execution_arn).await?;
        let reverse = self.reverse_order == Some(true);
        let list = format!("GetExecutionHistory {reverse} {key}");
        let behind = page::cursor(&list, self.next_token.as_deref(), service.now())?;
        let wanted = Wanted { behind, limit: page::size(self.max_results.map(i64::from)), reverse };
        let found = service.histories().page(service.reader(), service.catalogue(), &key, &stored, wanted);
        let found = found.await.map_err(unreadable)?.ok_or_else(|| {
            Failure::Internal(format!("the definition {} is not in the store", stored.definition()))
        })?;
        let has_data = self.include_execution_data != Some(false);
        let region = &service.home().region;
        let events = found.events().map(|event| shown(event.to_json(region), has_data));
        Ok(GetExecutionHistoryOutput {
            events: events.collect::<Result<_, _>>()?,
            next_token: found.next.map(|next| page::token(&list, next, service.now())),
        })
    }
}

fn shown(mut event: Value, has_data: bool) -> Result<HistoryEvent, Failure> {
    if !has_data && let Some(event) = event.as_object_mut() {
        event.values_mut().filter_map(Value::as_object_mut).for_each(|details| {
            details.retain(|name, _| !EXECUTION_DATA.contains(&name.as_str()));
            // The model requires it.
            details.entry("parameters").and_modify(|parameters| *parameters = "".into());
        });
    }
    // It has the shape that AWS gives it, or the engine is wrong.
    serde_json::from_value(event).map_err(|error| Failure::Internal(error.to_string()))
}
