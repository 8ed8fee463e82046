//! `ListStateMachineVersions`

use api::types::{
    ListStateMachineVersionsInput, ListStateMachineVersionsOutput, StateMachineVersionListItem,
};
use api::{Failure, Timestamp};
use registry::machines::Version;

use super::{listed, named};
use crate::act::Act;
use crate::page;
use crate::service::Service;
use crate::target::qualified;

impl Act for ListStateMachineVersionsInput {
    async fn act(self, service: &Service) -> Result<ListStateMachineVersionsOutput, Failure> {
        let of = named::machine(&self.state_machine_arn)?;
        let (list, now) = (format!("versions of {}", self.state_machine_arn), service.now());
        let before = page::cursor(&list, self.next_token.as_deref(), now)?;
        let size = page::size(self.max_results.map(i64::from));
        let machine = service.machine(&of.scope, &of.machine).await?;
        let versions = machine.map(|machine| machine.versions).unwrap_or_default();
        let versions = versions.into_iter().map(|version| (version.number, version));
        let (versions, next) = listed::numbered(versions, before, size);
        let told = |version: Version| StateMachineVersionListItem {
            state_machine_version_arn: qualified(&of.scope, &of.machine, version.number),
            creation_date: Timestamp(version.created_ms),
        };
        Ok(ListStateMachineVersionsOutput {
            state_machine_versions: versions.into_iter().map(told).collect(),
            next_token: next.map(|cursor| page::token(&list, cursor, now)),
        })
    }
}
