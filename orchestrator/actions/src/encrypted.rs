//! Whether a request may touch what is encrypted with a [key of KMS](crate::kms).
//!
//! An execution is taken for encrypted with the key that its machine has now.

use api::types::{EncryptionConfiguration, IncludedData};
use api::{Failure, Request};
use engine::token;
use executions::machine_and_name;

use crate::arn::{Arn, Resource};
use crate::service::Service;

/// What a request needs a key for.
enum Need<'r> {
    /// Something is to be encrypted with it from now on.
    Given(&'r str),
    /// The machine with that ARN, or that of a version, an alias or an execution of it.
    Machine(&'r str),
    /// The activity with that ARN.
    Activity(&'r str),
    /// The execution of the task with that token.
    Task(&'r str),
}

fn given(encryption: Option<&EncryptionConfiguration>) -> Option<Need<'_>> {
    encryption?.kms_key_id.as_deref().map(Need::Given)
}

/// What the request needs a key for, if it touches what is encrypted: metadata never is.
fn need(request: &Request) -> Option<Need<'_>> {
    let whole = |data: Option<IncludedData>| data != Some(IncludedData::MetadataOnly);
    match request {
        Request::CreateActivity(request) => given(request.encryption_configuration.as_ref()),
        Request::CreateStateMachine(request) => given(request.encryption_configuration.as_ref()),
        Request::UpdateStateMachine(request) => given(request.encryption_configuration.as_ref()),
        Request::DescribeExecution(request) => {
            whole(request.included_data).then_some(Need::Machine(&request.execution_arn))
        }
        Request::DescribeStateMachine(request) => {
            whole(request.included_data).then_some(Need::Machine(&request.state_machine_arn))
        }
        Request::DescribeStateMachineForExecution(request) => {
            whole(request.included_data).then_some(Need::Machine(&request.execution_arn))
        }
        Request::GetActivityTask(request) => Some(Need::Activity(&request.activity_arn)),
        Request::GetExecutionHistory(request) => Some(Need::Machine(&request.execution_arn)),
        Request::SendTaskFailure(request) => Some(Need::Task(&request.task_token)),
        Request::SendTaskSuccess(request) => Some(Need::Task(&request.task_token)),
        Request::StartExecution(request) => Some(Need::Machine(&request.state_machine_arn)),
        Request::StartSyncExecution(request) => Some(Need::Machine(&request.state_machine_arn)),
        // Without either there is nothing to encrypt.
        Request::StopExecution(request) if request.error.is_some() || request.cause.is_some() => {
            Some(Need::Machine(&request.execution_arn))
        }
        _ => None,
    }
}

impl Service {
    /// Whether the key can be used that the request needs, if it needs one. Whatever else is wrong with the request is for its action to say.
    ///
    /// # Errors
    /// `KmsAccessDeniedException`, `KmsThrottlingException`; `KmsInvalidStateException`, or `InvalidEncryptionConfiguration` where something is
    /// to be encrypted with the key from now on; the store does not answer.
    pub(crate) async fn check_key(&self, request: &Request) -> Result<(), Failure> {
        if self.kms_keys().are_all_fine() {
            return Ok(());
        }
        let Some(need) = need(request) else { return Ok(()) };
        let key = match need {
            Need::Given(key) => Some(key.to_owned()),
            Need::Activity(arn) => self.kms_key_of_activity(arn).await?,
            Need::Machine(arn) => self.kms_key_of_machine(arn).await?,
            Need::Task(token) => match execution(token) {
                Some((region, machine)) if region == *self.home().region => self.kms_key_of(&machine).await?,
                _ => None,
            },
        };
        match key {
            Some(key) => self.kms_keys().check(&key, matches!(need, Need::Given(_))),
            None => Ok(()),
        }
    }

    async fn kms_key_of_activity(&self, arn: &str) -> Result<Option<String>, Failure> {
        match Arn::read(arn) {
            Ok(Arn { scope, resource: Resource::Activity { name } }) => {
                let activity = self.activity(&scope, &name).await?;
                Ok(activity
                    .and_then(|activity| Some(activity.encryption.get("kmsKeyId")?.as_str()?.to_owned())))
            }
            _ => Ok(None),
        }
    }

    async fn kms_key_of_machine(&self, arn: &str) -> Result<Option<String>, Failure> {
        let Ok(Arn { scope, resource }) = Arn::read(arn) else { return Ok(None) };
        match &resource {
            Resource::Machine { machine, .. }
            | Resource::Qualified { machine, .. }
            | Resource::Execution { machine, .. }
            | Resource::Express { machine, .. }
                if scope == *self.home() =>
            {
                self.kms_key_of(machine.split('/').next().unwrap_or(machine)).await
            }
            _ => Ok(None),
        }
    }

    /// The key of the machine of that name.
    async fn kms_key_of(&self, machine: &str) -> Result<Option<String>, Failure> {
        let machine = self.machine(self.home(), machine).await?;
        Ok(machine.and_then(|machine| {
            let encryption = machine.current.configuration.get("encryptionConfiguration")?;
            Some(encryption.get("kmsKeyId")?.as_str()?.to_owned())
        }))
    }
}

/// The region and the machine of a token's execution (`REGION/MACHINE`, with `~GENERATION` and `/LABEL` behind it).
fn execution(token: &str) -> Option<(String, String)> {
    let token = token::decode(token)?;
    let (home, _) = machine_and_name(token.execution())?;
    let (region, machine) = home.split_once('/')?;
    Some((region.to_owned(), machine.split(['~', '/']).next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_the_machine() {
        let machine = Some(("eu-west-1".to_owned(), "m".to_owned()));
        assert_eq!(execution("3/execution/eu-west-1/m~2/Each:e"), machine);
        assert_eq!(execution("3/execution/eu-west-1/m:e"), machine);
        assert_eq!(execution("x"), None);
    }
}
