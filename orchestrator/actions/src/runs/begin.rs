//! What both ways to start an execution share.

use api::{ErrorKind, Failure};
use engine::is_name;
use engine::token::TokenKey;
use executions::{Given, Named, Start, Target};

use crate::failures::declared;
use crate::runs::payload;
use crate::service::Service;

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
        let token_key = TokenKey::new(self.fresh_id().into_bytes());
        let Named { key, identity, given, logging } = target.named(name, &id.to_string(), token_key);
        let given = given.map(|given| Given { input: Some(text), trace_header, ..given });
        let (arn, identity) = (identity.execution_arn.clone(), Some(identity));
        let start =
            Start { definition, input, seed, identity, express, given, logging, parent: None, by: None };
        Ok(Ready { arn, key, start: Box::new(start) })
    }
}
