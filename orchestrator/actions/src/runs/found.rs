//! An execution by its ARN.

use api::Failure;
use executions::{Stored, describe, execution_key};
use registry::machines;

use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::{no_execution, store_failed, unreadable};
use crate::service::Service;
use crate::target::home_key;

/// An execution that there is.
pub(crate) struct Found {
    /// Where it stands.
    pub(crate) key: String,
    /// Its machine's name, with `/LABEL` if it is a Map's execution.
    pub(crate) machine: String,
    pub(crate) name: String,
    pub(crate) stored: Stored,
}

impl Service {
    /// The key of the execution with that ARN, its machine and its name. Express executions have none that is told.
    ///
    /// # Errors
    /// `InvalidArn`; `ExecutionDoesNotExist` where its machine cannot be.
    pub(crate) async fn execution_at(&self, text: &str) -> Result<(String, String, String), Failure> {
        let arn = Arn::read(text)?;
        let Resource::Execution { machine, name } = arn.resource else { return Err(wrong_kind(&arn)) };
        if arn.scope != *self.home() {
            return Err(no_execution(text));
        }
        let (alone, label) = match machine.split_once('/') {
            Some((alone, label)) => (alone, Some(label)),
            None => (machine.as_str(), None),
        };
        let region = &*arn.scope.region;
        let generation = machines::generation(self.reader(), &home_key(region, alone, 1)).await;
        let generation = generation.map_err(|error| store_failed(&error))?.unwrap_or(1);
        let home = home_key(region, alone, generation);
        let key = match label {
            Some(label) => execution_key(&format!("{home}/{label}"), &name),
            None => execution_key(&home, &name),
        };
        Ok((key, machine, name))
    }

    /// The execution with that ARN.
    ///
    /// # Errors
    /// `InvalidArn`, `ExecutionDoesNotExist`; the store does not answer.
    pub(crate) async fn execution(&self, text: &str) -> Result<Found, Failure> {
        let (key, machine, name) = self.execution_at(text).await?;
        let stored =
            describe(self.reader(), &key).await.map_err(unreadable)?.ok_or_else(|| no_execution(text))?;
        Ok(Found { key, machine, name, stored })
    }
}
