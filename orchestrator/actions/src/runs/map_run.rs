//! A Map run by its ARN.

use api::Failure;
use executions::machine_and_name;
use executions::map_runs::{self, DescribedRun};
use registry::aim::home_key;
use registry::machines;

use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::{not_found, store_failed, unreadable};
use crate::service::Service;

impl Service {
    /// The name that the Map run with that ARN has among executions, and its machine's with its label.
    ///
    /// # Errors
    /// `InvalidArn`; `ResourceNotFound` of another account or region; the store does not answer.
    pub(crate) async fn map_run_at(&self, text: &str) -> Result<(String, String), Failure> {
        let arn = Arn::read(text)?;
        let Resource::MapRun { machine, label, id } = &arn.resource else { return Err(wrong_kind(&arn)) };
        if arn.scope != *self.home() {
            return Err(no_map_run(text));
        }
        let region = &*arn.scope.region;
        let generation = machines::generation(self.reader(), &home_key(region, machine, 1)).await;
        let generation = generation.map_err(|error| store_failed(&error))?.unwrap_or(1);
        let home = home_key(region, machine, generation);
        Ok((format!("{home}/{label}:{id}"), format!("{machine}/{label}")))
    }

    /// The Map run with that ARN.
    ///
    /// # Errors
    /// `InvalidArn`, `ResourceNotFound`; the store does not answer.
    pub(crate) async fn map_run(&self, text: &str) -> Result<DescribedRun, Failure> {
        let (name, _) = self.map_run_at(text).await?;
        let found = map_runs::describe(self.reader(), self.catalogue(), &name).await.map_err(unreadable)?;
        found.ok_or_else(|| no_map_run(text))
    }

    /// The ARN of the Standard execution under that key.
    pub(crate) fn execution_arn(&self, key: &str) -> String {
        let (home, name) = machine_and_name(key).unwrap_or_default();
        let (_, machine) = home.split_once('/').unwrap_or_default();
        let machine = match machine.split_once('/') {
            Some((machine, label)) => format!("{}/{label}", without_generation(machine)),
            None => without_generation(machine).to_owned(),
        };
        let resource = Resource::Execution { machine, name: name.to_owned() };
        Arn { scope: self.home().clone(), resource }.to_string()
    }
}

fn without_generation(machine: &str) -> &str {
    machine.split_once('~').map_or(machine, |(machine, _)| machine)
}

pub(crate) fn no_map_run(arn: &str) -> Failure {
    not_found(arn, format!("Map Run Does Not Exist: '{arn}'"))
}
