//! What both ways to start an execution share.

use api::{ErrorKind, Failure};
use engine::token::TokenKey;
use engine::{Identity, is_name};
use executions::{Given, Logging, Start, execution_key};

use crate::arn::{Arn, Resource};
use crate::failures::declared;
use crate::runs::payload;
use crate::service::Service;
use crate::target::Target;

/// What is asked for.
pub(crate) struct Wish {
    pub(crate) machine_arn: String,
    pub(crate) name: Option<String>,
    pub(crate) input: Option<String>,
    pub(crate) trace_header: Option<String>,
}

/// An execution that can begin.
pub(crate) struct Ready {
    pub(crate) arn: String,
    pub(crate) key: String,
    pub(crate) start: Box<Start>,
}

impl Service {
    /// What begins when the wish is granted; `check` may have something against its machine.
    ///
    /// # Errors
    /// `InvalidName`, `InvalidExecutionInput`; what [`Service::target`] and `check` say; the store does not answer.
    pub(crate) async fn ready(
        &self,
        wish: Wish,
        check: impl Fn(&Target) -> Result<(), Failure>,
    ) -> Result<Ready, Failure> {
        let Wish { machine_arn, name, input, trace_header } = wish;
        if let Some(name) = name.as_ref().filter(|name| !is_name(name)) {
            return Err(declared(ErrorKind::InvalidName, format!("Invalid Name: '{name}'")));
        }
        let id = self.fresh_id();
        // Sixty-four bits of the id are as random as any.
        let seed = id.as_u64_pair().1;
        let target = self.target(&machine_arn, id.as_u64_pair().0).await?;
        check(&target)?;
        let text = input.unwrap_or_else(|| "{}".to_owned());
        let input = payload::read("input", &text, |why| {
            declared(
                ErrorKind::InvalidExecutionInput,
                format!("Invalid State Machine Execution Input: '{why}'"),
            )
        })?;
        let fingerprint = &target.revision.fingerprint;
        let definition = self.catalogue().find(self.reader(), fingerprint).await;
        let definition = definition.map_err(|error| crate::failures::store_failed(&error))?;
        let definition = definition
            .ok_or_else(|| Failure::Internal(format!("the definition {fingerprint} is not in the store")))?;
        let express = target.express;
        let name = name.unwrap_or_else(|| id.to_string());
        let (resource, key) = place(&target, &name, express.then(|| id.to_string()));
        let arn = Arn { scope: target.machine_arn.scope.clone(), resource }.to_string();
        let Target { machine_arn, machine_name, revision, version_arn, alias_arn, .. } = target;
        let given = (!express).then(|| Given {
            input: Some(text),
            trace_header,
            version_arn: version_arn.clone(),
            alias_arn: alias_arn.clone(),
        });
        let logging = Logging::of(&revision.configuration);
        let identity = Identity {
            execution_arn: arn.clone(),
            name,
            machine_arn: machine_arn.to_string(),
            machine_name,
            role_arn: revision.role_arn,
            version_arn,
            alias_arn,
            token_key: Some(TokenKey::new(self.fresh_id().into_bytes())),
        };
        let identity = Some(Box::new(identity));
        let start =
            Start { definition, input, seed, identity, express, given, logging, parent: None, by: None };
        Ok(Ready { arn, key, start: Box::new(start) })
    }
}

/// Which resource the execution is, and its key. An Express one has an id beside its name.
fn place(target: &Target, name: &str, id: Option<String>) -> (Resource, String) {
    let (machine, name) = (target.machine_name.clone(), name.to_owned());
    match id {
        Some(id) => {
            let key = execution_key(&target.home, &format!("{name}:{id}"));
            (Resource::Express { machine, name, id }, key)
        }
        None => {
            let key = execution_key(&target.home, &name);
            (Resource::Execution { machine, name }, key)
        }
    }
}
