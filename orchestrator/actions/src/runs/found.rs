//! An execution by its ARN.

use api::Failure;
use executions::{Stored, arn_of, execution_in, execution_key};
use registry::aim::home_key;
use registry::machines;
use store::Entity;

use crate::arn::{Arn, Resource, Scope, wrong_kind};
use crate::failures::{no_execution, store_failed, unreadable};
use crate::service::Service;

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
        let (key, _) = self.look_up(text, &arn.scope, &machine, &name).await?;
        Ok((key, machine, name))
    }

    /// The key of the execution of that machine and name, and what stands there; `text` is its ARN.
    async fn look_up(
        &self,
        text: &str,
        scope: &Scope,
        machine: &str,
        name: &str,
    ) -> Result<(String, Option<Entity>), Failure> {
        if *scope != *self.home() {
            return Err(no_execution(text));
        }
        let (alone, label) = match machine.split_once('/') {
            Some((alone, label)) => (alone, Some(label)),
            None => (machine, None),
        };
        let home = |generation| home_key(&scope.region, alone, generation);
        let key = |generation| match label {
            Some(label) => execution_key(&format!("{}/{label}", home(generation)), name),
            None => execution_key(&home(generation), name),
        };
        // Most machines are the first of their name.
        let first = key(1);
        let looked = machines::generation_and(self.reader(), &home(1), &first).await;
        match looked.map_err(|error| store_failed(&error))? {
            (None | Some(1), entity) => Ok((first, entity)),
            (Some(generation), _) => {
                let key = key(generation);
                let entity = self.reader().get(&key).await.map_err(|error| store_failed(&error))?;
                Ok((key, entity))
            }
        }
    }

    /// The execution with that ARN.
    ///
    /// # Errors
    /// `InvalidArn`, `ExecutionDoesNotExist`; the store does not answer.
    pub(crate) async fn execution(&self, text: &str) -> Result<Found, Failure> {
        let arn = Arn::read(text)?;
        let Resource::Execution { machine, name } = arn.resource else { return Err(wrong_kind(&arn)) };
        let (key, entity) = self.look_up(text, &arn.scope, &machine, &name).await?;
        let stored = stored(&key, entity)?.ok_or_else(|| no_execution(text))?;
        Ok(Found { key, machine, name, stored })
    }

    /// The execution with that ARN, which may be that of an Express child of a Map run (`express:MACHINE/LABEL:RUN:NAME`): there are no
    /// other Express executions that are told of.
    ///
    /// # Errors
    /// As of [`Self::execution`].
    pub(crate) async fn execution_or_child(&self, text: &str) -> Result<Found, Failure> {
        let arn = Arn::read(text)?;
        let Resource::Express { machine, id: name, .. } = &arn.resource else {
            return self.execution(text).await;
        };
        if !machine.contains('/') {
            return Err(wrong_kind(&arn));
        }
        let (key, entity) = self.look_up(text, &arn.scope, machine, name).await?;
        // Its name is enough to find it, but its run has to be right as well.
        let stored = stored(&key, entity)?.filter(|stored| arn_of(stored) == Some(text));
        let stored = stored.ok_or_else(|| no_execution(text))?;
        Ok(Found { key, machine: machine.clone(), name: name.clone(), stored })
    }
}

/// The execution that stands there, if one does.
fn stored(key: &str, entity: Option<Entity>) -> Result<Option<Stored>, Failure> {
    match entity {
        Some(entity) => execution_in(key, &entity).map_err(unreadable),
        None => Ok(None),
    }
}
