//! `DescribeStateMachineAlias`

use api::types::{DescribeStateMachineAliasInput, DescribeStateMachineAliasOutput};
use api::{Failure, Timestamp};

use super::named;
use super::routes::{self, absent};
use crate::act::Act;
use crate::service::Service;

impl Act for DescribeStateMachineAliasInput {
    async fn act(self, service: &Service) -> Result<DescribeStateMachineAliasOutput, Failure> {
        let arn = self.state_machine_alias_arn;
        let (of, name) = named::alias(&arn)?;
        let machine = service.machine(&of.scope, &of.machine).await?;
        let aliases = machine.into_iter().flat_map(|machine| machine.aliases);
        let alias = aliases.into_iter().find(|alias| alias.name == name).ok_or_else(|| absent(&arn))?;
        Ok(DescribeStateMachineAliasOutput {
            state_machine_alias_arn: Some(arn),
            routing_configuration: Some(routes::told(&of.scope, &of.machine, &alias.routes)),
            name: Some(alias.name),
            description: alias.description,
            creation_date: Some(Timestamp(alias.created_ms)),
            update_date: Some(Timestamp(alias.updated_ms)),
        })
    }
}
