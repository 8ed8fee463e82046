//! `ListStateMachineAliases`: those of a machine, or those that lead to a version.

use api::types::{ListStateMachineAliasesInput, ListStateMachineAliasesOutput, StateMachineAliasListItem};
use api::{Failure, Timestamp};
use registry::machines::Alias;

use super::change::there;
use super::listed;
use super::named::{self, OfMachine};
use super::routes::absent;
use crate::act::Act;
use crate::arn::{Arn, Resource};
use crate::page;
use crate::service::Service;
use crate::target::qualified;

impl Act for ListStateMachineAliasesInput {
    async fn act(self, service: &Service) -> Result<ListStateMachineAliasesOutput, Failure> {
        let arn = self.state_machine_arn;
        let (of, version) = machine_or_version(&arn)?;
        let (list, now) = (format!("aliases of {arn}"), service.now());
        let before = page::cursor(&list, self.next_token.as_deref(), now)?;
        let size = page::size(self.max_results.map(i64::from));
        let machine = there(service.machine(&of.scope, &of.machine).await?, &arn)?;
        if version.is_some_and(|number| machine.versions.iter().all(|version| version.number != number)) {
            return Err(absent(&arn));
        }
        let is_listed = |alias: &Alias| {
            version.is_none_or(|number| alias.routes.iter().any(|route| route.version == number))
        };
        let aliases = machine.aliases.into_iter().filter(is_listed).map(|alias| (alias.number, alias));
        let (aliases, next) = listed::numbered(aliases, before, size);
        let told = |alias: Alias| StateMachineAliasListItem {
            state_machine_alias_arn: qualified(&of.scope, &of.machine, alias.name),
            creation_date: Timestamp(alias.created_ms),
        };
        Ok(ListStateMachineAliasesOutput {
            state_machine_aliases: aliases.into_iter().map(told).collect(),
            next_token: next.map(|cursor| page::token(&list, cursor, now)),
        })
    }
}

fn machine_or_version(arn: &str) -> Result<(OfMachine, Option<u64>), Failure> {
    match Arn::read(arn)?.resource {
        Resource::Qualified { .. } => named::version(arn).map(|(of, number)| (of, Some(number))),
        _ => named::machine(arn).map(|of| (of, None)),
    }
}
