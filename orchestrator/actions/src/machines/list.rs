//! `ListStateMachines`

use api::types::{ListStateMachinesInput, ListStateMachinesOutput, StateMachineListItem, StateMachineType};
use api::{Failure, Timestamp};
use registry::machines::Machine;

use super::listed;
use crate::act::Act;
use crate::page;
use crate::service::Service;
use crate::target::machine_arn;

impl Act for ListStateMachinesInput {
    async fn act(self, service: &Service) -> Result<ListStateMachinesOutput, Failure> {
        let (list, now) = (format!("machines of {}", service.home().region), service.now());
        let before = page::cursor(&list, self.next_token.as_deref(), now)?;
        let size = page::size(self.max_results.map(i64::from));
        let (machines, next) = listed::page::<Machine>(service, before, size).await?;
        for (name, machine) in &machines {
            service.noticed(machine, name);
        }
        let told = |(name, machine): (String, Machine)| StateMachineListItem {
            state_machine_arn: machine_arn(service.home(), &name).to_string(),
            name,
            r#type: if machine.express { StateMachineType::Express } else { StateMachineType::Standard },
            creation_date: Timestamp(machine.created_ms),
        };
        Ok(ListStateMachinesOutput {
            state_machines: machines.into_iter().map(told).collect(),
            next_token: next.map(|cursor| page::token(&list, cursor, now)),
        })
    }
}
