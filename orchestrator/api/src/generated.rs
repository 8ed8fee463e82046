//! Operations, requests, answers, errors and the table of all shapes.
// Made from model/service-2.json by `DUET_WRITE_GENERATED=1 cargo test -p api --test generated`: not to be changed by hand.
#![allow(missing_docs, reason = "the names are those of AWS, and explained in its API reference")]

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shape::{Kind, Member, OperationShape, Service, Shape, ShapeId, Span};

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    CreateActivity,
    CreateStateMachine,
    CreateStateMachineAlias,
    DeleteActivity,
    DeleteStateMachine,
    DeleteStateMachineAlias,
    DeleteStateMachineVersion,
    DescribeActivity,
    DescribeExecution,
    DescribeMapRun,
    DescribeStateMachine,
    DescribeStateMachineAlias,
    DescribeStateMachineForExecution,
    GetActivityTask,
    GetExecutionHistory,
    ListActivities,
    ListExecutions,
    ListMapRuns,
    ListStateMachineAliases,
    ListStateMachineVersions,
    ListStateMachines,
    ListTagsForResource,
    PublishStateMachineVersion,
    RedriveExecution,
    SendTaskFailure,
    SendTaskHeartbeat,
    SendTaskSuccess,
    StartExecution,
    StartSyncExecution,
    StopExecution,
    TagResource,
    TestState,
    UntagResource,
    UpdateMapRun,
    UpdateStateMachine,
    UpdateStateMachineAlias,
    ValidateStateMachineDefinition,
}

impl Operation {
    /// All of them, by name.
    pub const ALL: [Self; 37] = [
        Self::CreateActivity,
        Self::CreateStateMachine,
        Self::CreateStateMachineAlias,
        Self::DeleteActivity,
        Self::DeleteStateMachine,
        Self::DeleteStateMachineAlias,
        Self::DeleteStateMachineVersion,
        Self::DescribeActivity,
        Self::DescribeExecution,
        Self::DescribeMapRun,
        Self::DescribeStateMachine,
        Self::DescribeStateMachineAlias,
        Self::DescribeStateMachineForExecution,
        Self::GetActivityTask,
        Self::GetExecutionHistory,
        Self::ListActivities,
        Self::ListExecutions,
        Self::ListMapRuns,
        Self::ListStateMachineAliases,
        Self::ListStateMachineVersions,
        Self::ListStateMachines,
        Self::ListTagsForResource,
        Self::PublishStateMachineVersion,
        Self::RedriveExecution,
        Self::SendTaskFailure,
        Self::SendTaskHeartbeat,
        Self::SendTaskSuccess,
        Self::StartExecution,
        Self::StartSyncExecution,
        Self::StopExecution,
        Self::TagResource,
        Self::TestState,
        Self::UntagResource,
        Self::UpdateMapRun,
        Self::UpdateStateMachine,
        Self::UpdateStateMachineAlias,
        Self::ValidateStateMachineDefinition,
    ];

    /// As it is called on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateActivity => "CreateActivity",
            Self::CreateStateMachine => "CreateStateMachine",
            Self::CreateStateMachineAlias => "CreateStateMachineAlias",
            Self::DeleteActivity => "DeleteActivity",
            Self::DeleteStateMachine => "DeleteStateMachine",
            Self::DeleteStateMachineAlias => "DeleteStateMachineAlias",
            Self::DeleteStateMachineVersion => "DeleteStateMachineVersion",
            Self::DescribeActivity => "DescribeActivity",
            Self::DescribeExecution => "DescribeExecution",
            Self::DescribeMapRun => "DescribeMapRun",
            Self::DescribeStateMachine => "DescribeStateMachine",
            Self::DescribeStateMachineAlias => "DescribeStateMachineAlias",
            Self::DescribeStateMachineForExecution => "DescribeStateMachineForExecution",
            Self::GetActivityTask => "GetActivityTask",
            Self::GetExecutionHistory => "GetExecutionHistory",
            Self::ListActivities => "ListActivities",
            Self::ListExecutions => "ListExecutions",
            Self::ListMapRuns => "ListMapRuns",
            Self::ListStateMachineAliases => "ListStateMachineAliases",
            Self::ListStateMachineVersions => "ListStateMachineVersions",
            Self::ListStateMachines => "ListStateMachines",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::PublishStateMachineVersion => "PublishStateMachineVersion",
            Self::RedriveExecution => "RedriveExecution",
            Self::SendTaskFailure => "SendTaskFailure",
            Self::SendTaskHeartbeat => "SendTaskHeartbeat",
            Self::SendTaskSuccess => "SendTaskSuccess",
            Self::StartExecution => "StartExecution",
            Self::StartSyncExecution => "StartSyncExecution",
            Self::StopExecution => "StopExecution",
            Self::TagResource => "TagResource",
            Self::TestState => "TestState",
            Self::UntagResource => "UntagResource",
            Self::UpdateMapRun => "UpdateMapRun",
            Self::UpdateStateMachine => "UpdateStateMachine",
            Self::UpdateStateMachineAlias => "UpdateStateMachineAlias",
            Self::ValidateStateMachineDefinition => "ValidateStateMachineDefinition",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.binary_search_by(|one| one.name().cmp(name)).ok()?;
        Some(Self::ALL[found])
    }
}

/// A request of the API: it knows which operation it is of, and what is answered to it.
pub trait Action: DeserializeOwned + Serialize {
    /// Its operation.
    const OPERATION: Operation;
    /// What is answered when it goes well.
    type Output: DeserializeOwned + Serialize;
}

/// A request, of whichever operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    CreateActivity(types::CreateActivityInput),
    CreateStateMachine(types::CreateStateMachineInput),
    CreateStateMachineAlias(types::CreateStateMachineAliasInput),
    DeleteActivity(types::DeleteActivityInput),
    DeleteStateMachine(types::DeleteStateMachineInput),
    DeleteStateMachineAlias(types::DeleteStateMachineAliasInput),
    DeleteStateMachineVersion(types::DeleteStateMachineVersionInput),
    DescribeActivity(types::DescribeActivityInput),
    DescribeExecution(types::DescribeExecutionInput),
    DescribeMapRun(types::DescribeMapRunInput),
    DescribeStateMachine(types::DescribeStateMachineInput),
    DescribeStateMachineAlias(types::DescribeStateMachineAliasInput),
    DescribeStateMachineForExecution(types::DescribeStateMachineForExecutionInput),
    GetActivityTask(types::GetActivityTaskInput),
    GetExecutionHistory(types::GetExecutionHistoryInput),
    ListActivities(types::ListActivitiesInput),
    ListExecutions(types::ListExecutionsInput),
    ListMapRuns(types::ListMapRunsInput),
    ListStateMachineAliases(types::ListStateMachineAliasesInput),
    ListStateMachineVersions(types::ListStateMachineVersionsInput),
    ListStateMachines(types::ListStateMachinesInput),
    ListTagsForResource(types::ListTagsForResourceInput),
    PublishStateMachineVersion(types::PublishStateMachineVersionInput),
    RedriveExecution(types::RedriveExecutionInput),
    SendTaskFailure(types::SendTaskFailureInput),
    SendTaskHeartbeat(types::SendTaskHeartbeatInput),
    SendTaskSuccess(types::SendTaskSuccessInput),
    StartExecution(types::StartExecutionInput),
    StartSyncExecution(types::StartSyncExecutionInput),
    StopExecution(types::StopExecutionInput),
    TagResource(types::TagResourceInput),
    TestState(types::TestStateInput),
    UntagResource(types::UntagResourceInput),
    UpdateMapRun(types::UpdateMapRunInput),
    UpdateStateMachine(types::UpdateStateMachineInput),
    UpdateStateMachineAlias(types::UpdateStateMachineAliasInput),
    ValidateStateMachineDefinition(types::ValidateStateMachineDefinitionInput),
}

impl Request {
    /// The request of an operation whose body keeps to the model.
    ///
    /// # Errors
    /// It does not.
    pub fn read(operation: Operation, body: serde_json::Value) -> Result<Self, serde_json::Error> {
        match operation {
            Operation::CreateActivity => serde_json::from_value(body).map(Self::CreateActivity),
            Operation::CreateStateMachine => serde_json::from_value(body).map(Self::CreateStateMachine),
            Operation::CreateStateMachineAlias => serde_json::from_value(body).map(Self::CreateStateMachineAlias),
            Operation::DeleteActivity => serde_json::from_value(body).map(Self::DeleteActivity),
            Operation::DeleteStateMachine => serde_json::from_value(body).map(Self::DeleteStateMachine),
            Operation::DeleteStateMachineAlias => serde_json::from_value(body).map(Self::DeleteStateMachineAlias),
            Operation::DeleteStateMachineVersion => serde_json::from_value(body).map(Self::DeleteStateMachineVersion),
            Operation::DescribeActivity => serde_json::from_value(body).map(Self::DescribeActivity),
            Operation::DescribeExecution => serde_json::from_value(body).map(Self::DescribeExecution),
            Operation::DescribeMapRun => serde_json::from_value(body).map(Self::DescribeMapRun),
            Operation::DescribeStateMachine => serde_json::from_value(body).map(Self::DescribeStateMachine),
            Operation::DescribeStateMachineAlias => serde_json::from_value(body).map(Self::DescribeStateMachineAlias),
            Operation::DescribeStateMachineForExecution => serde_json::from_value(body).map(Self::DescribeStateMachineForExecution),
            Operation::GetActivityTask => serde_json::from_value(body).map(Self::GetActivityTask),
            Operation::GetExecutionHistory => serde_json::from_value(body).map(Self::GetExecutionHistory),
            Operation::ListActivities => serde_json::from_value(body).map(Self::ListActivities),
            Operation::ListExecutions => serde_json::from_value(body).map(Self::ListExecutions),
            Operation::ListMapRuns => serde_json::from_value(body).map(Self::ListMapRuns),
            Operation::ListStateMachineAliases => serde_json::from_value(body).map(Self::ListStateMachineAliases),
            Operation::ListStateMachineVersions => serde_json::from_value(body).map(Self::ListStateMachineVersions),
            Operation::ListStateMachines => serde_json::from_value(body).map(Self::ListStateMachines),
            Operation::ListTagsForResource => serde_json::from_value(body).map(Self::ListTagsForResource),
            Operation::PublishStateMachineVersion => serde_json::from_value(body).map(Self::PublishStateMachineVersion),
            Operation::RedriveExecution => serde_json::from_value(body).map(Self::RedriveExecution),
            Operation::SendTaskFailure => serde_json::from_value(body).map(Self::SendTaskFailure),
            Operation::SendTaskHeartbeat => serde_json::from_value(body).map(Self::SendTaskHeartbeat),
            Operation::SendTaskSuccess => serde_json::from_value(body).map(Self::SendTaskSuccess),
            Operation::StartExecution => serde_json::from_value(body).map(Self::StartExecution),
            Operation::StartSyncExecution => serde_json::from_value(body).map(Self::StartSyncExecution),
            Operation::StopExecution => serde_json::from_value(body).map(Self::StopExecution),
            Operation::TagResource => serde_json::from_value(body).map(Self::TagResource),
            Operation::TestState => serde_json::from_value(body).map(Self::TestState),
            Operation::UntagResource => serde_json::from_value(body).map(Self::UntagResource),
            Operation::UpdateMapRun => serde_json::from_value(body).map(Self::UpdateMapRun),
            Operation::UpdateStateMachine => serde_json::from_value(body).map(Self::UpdateStateMachine),
            Operation::UpdateStateMachineAlias => serde_json::from_value(body).map(Self::UpdateStateMachineAlias),
            Operation::ValidateStateMachineDefinition => serde_json::from_value(body).map(Self::ValidateStateMachineDefinition),
        }
    }
}

impl Action for types::CreateActivityInput {
    const OPERATION: Operation = Operation::CreateActivity;
    type Output = types::CreateActivityOutput;
}

impl Action for types::CreateStateMachineInput {
    const OPERATION: Operation = Operation::CreateStateMachine;
    type Output = types::CreateStateMachineOutput;
}

impl Action for types::CreateStateMachineAliasInput {
    const OPERATION: Operation = Operation::CreateStateMachineAlias;
    type Output = types::CreateStateMachineAliasOutput;
}

impl Action for types::DeleteActivityInput {
    const OPERATION: Operation = Operation::DeleteActivity;
    type Output = types::DeleteActivityOutput;
}

impl Action for types::DeleteStateMachineInput {
    const OPERATION: Operation = Operation::DeleteStateMachine;
    type Output = types::DeleteStateMachineOutput;
}

impl Action for types::DeleteStateMachineAliasInput {
    const OPERATION: Operation = Operation::DeleteStateMachineAlias;
    type Output = types::DeleteStateMachineAliasOutput;
}

impl Action for types::DeleteStateMachineVersionInput {
    const OPERATION: Operation = Operation::DeleteStateMachineVersion;
    type Output = types::DeleteStateMachineVersionOutput;
}

impl Action for types::DescribeActivityInput {
    const OPERATION: Operation = Operation::DescribeActivity;
    type Output = types::DescribeActivityOutput;
}

impl Action for types::DescribeExecutionInput {
    const OPERATION: Operation = Operation::DescribeExecution;
    type Output = types::DescribeExecutionOutput;
}

impl Action for types::DescribeMapRunInput {
    const OPERATION: Operation = Operation::DescribeMapRun;
    type Output = types::DescribeMapRunOutput;
}

impl Action for types::DescribeStateMachineInput {
    const OPERATION: Operation = Operation::DescribeStateMachine;
    type Output = types::DescribeStateMachineOutput;
}

impl Action for types::DescribeStateMachineAliasInput {
    const OPERATION: Operation = Operation::DescribeStateMachineAlias;
    type Output = types::DescribeStateMachineAliasOutput;
}

impl Action for types::DescribeStateMachineForExecutionInput {
    const OPERATION: Operation = Operation::DescribeStateMachineForExecution;
    type Output = types::DescribeStateMachineForExecutionOutput;
}

impl Action for types::GetActivityTaskInput {
    const OPERATION: Operation = Operation::GetActivityTask;
    type Output = types::GetActivityTaskOutput;
}

impl Action for types::GetExecutionHistoryInput {
    const OPERATION: Operation = Operation::GetExecutionHistory;
    type Output = types::GetExecutionHistoryOutput;
}

impl Action for types::ListActivitiesInput {
    const OPERATION: Operation = Operation::ListActivities;
    type Output = types::ListActivitiesOutput;
}

impl Action for types::ListExecutionsInput {
    const OPERATION: Operation = Operation::ListExecutions;
    type Output = types::ListExecutionsOutput;
}

impl Action for types::ListMapRunsInput {
    const OPERATION: Operation = Operation::ListMapRuns;
    type Output = types::ListMapRunsOutput;
}

impl Action for types::ListStateMachineAliasesInput {
    const OPERATION: Operation = Operation::ListStateMachineAliases;
    type Output = types::ListStateMachineAliasesOutput;
}

impl Action for types::ListStateMachineVersionsInput {
    const OPERATION: Operation = Operation::ListStateMachineVersions;
    type Output = types::ListStateMachineVersionsOutput;
}

impl Action for types::ListStateMachinesInput {
    const OPERATION: Operation = Operation::ListStateMachines;
    type Output = types::ListStateMachinesOutput;
}

impl Action for types::ListTagsForResourceInput {
    const OPERATION: Operation = Operation::ListTagsForResource;
    type Output = types::ListTagsForResourceOutput;
}

impl Action for types::PublishStateMachineVersionInput {
    const OPERATION: Operation = Operation::PublishStateMachineVersion;
    type Output = types::PublishStateMachineVersionOutput;
}

impl Action for types::RedriveExecutionInput {
    const OPERATION: Operation = Operation::RedriveExecution;
    type Output = types::RedriveExecutionOutput;
}

impl Action for types::SendTaskFailureInput {
    const OPERATION: Operation = Operation::SendTaskFailure;
    type Output = types::SendTaskFailureOutput;
}

impl Action for types::SendTaskHeartbeatInput {
    const OPERATION: Operation = Operation::SendTaskHeartbeat;
    type Output = types::SendTaskHeartbeatOutput;
}

impl Action for types::SendTaskSuccessInput {
    const OPERATION: Operation = Operation::SendTaskSuccess;
    type Output = types::SendTaskSuccessOutput;
}

impl Action for types::StartExecutionInput {
    const OPERATION: Operation = Operation::StartExecution;
    type Output = types::StartExecutionOutput;
}

impl Action for types::StartSyncExecutionInput {
    const OPERATION: Operation = Operation::StartSyncExecution;
    type Output = types::StartSyncExecutionOutput;
}

impl Action for types::StopExecutionInput {
    const OPERATION: Operation = Operation::StopExecution;
    type Output = types::StopExecutionOutput;
}

impl Action for types::TagResourceInput {
    const OPERATION: Operation = Operation::TagResource;
    type Output = types::TagResourceOutput;
}

impl Action for types::TestStateInput {
    const OPERATION: Operation = Operation::TestState;
    type Output = types::TestStateOutput;
}

impl Action for types::UntagResourceInput {
    const OPERATION: Operation = Operation::UntagResource;
    type Output = types::UntagResourceOutput;
}

impl Action for types::UpdateMapRunInput {
    const OPERATION: Operation = Operation::UpdateMapRun;
    type Output = types::UpdateMapRunOutput;
}

impl Action for types::UpdateStateMachineInput {
    const OPERATION: Operation = Operation::UpdateStateMachine;
    type Output = types::UpdateStateMachineOutput;
}

impl Action for types::UpdateStateMachineAliasInput {
    const OPERATION: Operation = Operation::UpdateStateMachineAlias;
    type Output = types::UpdateStateMachineAliasOutput;
}

impl Action for types::ValidateStateMachineDefinitionInput {
    const OPERATION: Operation = Operation::ValidateStateMachineDefinition;
    type Output = types::ValidateStateMachineDefinitionOutput;
}

/// An error that operations declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    ActivityAlreadyExists,
    ActivityDoesNotExist,
    ActivityLimitExceeded,
    ActivityWorkerLimitExceeded,
    ConflictException,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionLimitExceeded,
    ExecutionNotRedrivable,
    InvalidArn,
    InvalidDefinition,
    InvalidEncryptionConfiguration,
    InvalidExecutionInput,
    InvalidLoggingConfiguration,
    InvalidName,
    InvalidOutput,
    InvalidToken,
    InvalidTracingConfiguration,
    KmsAccessDeniedException,
    KmsInvalidStateException,
    KmsThrottlingException,
    MissingRequiredParameter,
    ResourceNotFound,
    ServiceQuotaExceededException,
    StateMachineAlreadyExists,
    StateMachineDeleting,
    StateMachineDoesNotExist,
    StateMachineLimitExceeded,
    StateMachineTypeNotSupported,
    TaskDoesNotExist,
    TaskTimedOut,
    TooManyTags,
    ValidationException,
}

impl ErrorKind {
    /// All of them, by name.
    pub const ALL: [Self; 33] = [
        Self::ActivityAlreadyExists,
        Self::ActivityDoesNotExist,
        Self::ActivityLimitExceeded,
        Self::ActivityWorkerLimitExceeded,
        Self::ConflictException,
        Self::ExecutionAlreadyExists,
        Self::ExecutionDoesNotExist,
        Self::ExecutionLimitExceeded,
        Self::ExecutionNotRedrivable,
        Self::InvalidArn,
        Self::InvalidDefinition,
        Self::InvalidEncryptionConfiguration,
        Self::InvalidExecutionInput,
        Self::InvalidLoggingConfiguration,
        Self::InvalidName,
        Self::InvalidOutput,
        Self::InvalidToken,
        Self::InvalidTracingConfiguration,
        Self::KmsAccessDeniedException,
        Self::KmsInvalidStateException,
        Self::KmsThrottlingException,
        Self::MissingRequiredParameter,
        Self::ResourceNotFound,
        Self::ServiceQuotaExceededException,
        Self::StateMachineAlreadyExists,
        Self::StateMachineDeleting,
        Self::StateMachineDoesNotExist,
        Self::StateMachineLimitExceeded,
        Self::StateMachineTypeNotSupported,
        Self::TaskDoesNotExist,
        Self::TaskTimedOut,
        Self::TooManyTags,
        Self::ValidationException,
    ];

    /// As it is called on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActivityAlreadyExists => "ActivityAlreadyExists",
            Self::ActivityDoesNotExist => "ActivityDoesNotExist",
            Self::ActivityLimitExceeded => "ActivityLimitExceeded",
            Self::ActivityWorkerLimitExceeded => "ActivityWorkerLimitExceeded",
            Self::ConflictException => "ConflictException",
            Self::ExecutionAlreadyExists => "ExecutionAlreadyExists",
            Self::ExecutionDoesNotExist => "ExecutionDoesNotExist",
            Self::ExecutionLimitExceeded => "ExecutionLimitExceeded",
            Self::ExecutionNotRedrivable => "ExecutionNotRedrivable",
            Self::InvalidArn => "InvalidArn",
            Self::InvalidDefinition => "InvalidDefinition",
            Self::InvalidEncryptionConfiguration => "InvalidEncryptionConfiguration",
            Self::InvalidExecutionInput => "InvalidExecutionInput",
            Self::InvalidLoggingConfiguration => "InvalidLoggingConfiguration",
            Self::InvalidName => "InvalidName",
            Self::InvalidOutput => "InvalidOutput",
            Self::InvalidToken => "InvalidToken",
            Self::InvalidTracingConfiguration => "InvalidTracingConfiguration",
            Self::KmsAccessDeniedException => "KmsAccessDeniedException",
            Self::KmsInvalidStateException => "KmsInvalidStateException",
            Self::KmsThrottlingException => "KmsThrottlingException",
            Self::MissingRequiredParameter => "MissingRequiredParameter",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::ServiceQuotaExceededException => "ServiceQuotaExceededException",
            Self::StateMachineAlreadyExists => "StateMachineAlreadyExists",
            Self::StateMachineDeleting => "StateMachineDeleting",
            Self::StateMachineDoesNotExist => "StateMachineDoesNotExist",
            Self::StateMachineLimitExceeded => "StateMachineLimitExceeded",
            Self::StateMachineTypeNotSupported => "StateMachineTypeNotSupported",
            Self::TaskDoesNotExist => "TaskDoesNotExist",
            Self::TaskTimedOut => "TaskTimedOut",
            Self::TooManyTags => "TooManyTags",
            Self::ValidationException => "ValidationException",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.binary_search_by(|one| one.name().cmp(name)).ok()?;
        Some(Self::ALL[found])
    }
}

/// What requests and answers consist of.
pub mod types {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use crate::timestamp::Timestamp;

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityListItem {
        pub activity_arn: String,
        pub name: String,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityScheduleFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityScheduledEventDetails {
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<HistoryEventExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub timeout_in_seconds: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub heartbeat_in_seconds: Option<i64>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityStartedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_name: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivitySucceededEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ActivityTimedOutEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct AssignedVariablesDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub truncated: Option<bool>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct BillingDetails {
        #[serde(rename = "billedMemoryUsedInMB", skip_serializing_if = "Option::is_none")]
        pub billed_memory_used_in_mb: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub billed_duration_in_milliseconds: Option<i64>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CloudWatchEventsExecutionDataDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included: Option<bool>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CloudWatchLogsLogGroup {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_group_arn: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateActivityInput {
        pub name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateActivityOutput {
        pub activity_arn: String,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateStateMachineAliasInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        pub name: String,
        pub routing_configuration: Vec<RoutingConfigurationListItem>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateStateMachineAliasOutput {
        pub state_machine_alias_arn: String,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateStateMachineInput {
        pub name: String,
        pub definition: String,
        pub role_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub r#type: Option<StateMachineType>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logging_configuration: Option<LoggingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tracing_configuration: Option<TracingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub publish: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub version_description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct CreateStateMachineOutput {
        pub state_machine_arn: String,
        pub creation_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_version_arn: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteActivityInput {
        pub activity_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteActivityOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineAliasInput {
        pub state_machine_alias_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineAliasOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineInput {
        pub state_machine_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineVersionInput {
        pub state_machine_version_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DeleteStateMachineVersionOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeActivityInput {
        pub activity_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeActivityOutput {
        pub activity_arn: String,
        pub name: String,
        pub creation_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeExecutionInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included_data: Option<IncludedData>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeExecutionOutput {
        pub execution_arn: String,
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        pub status: ExecutionStatus,
        pub start_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stop_date: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<CloudWatchEventsExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<CloudWatchEventsExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub trace_header: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_version_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_alias_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_date: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_status: Option<ExecutionRedriveStatus>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_status_reason: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeMapRunInput {
        pub map_run_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeMapRunOutput {
        pub map_run_arn: String,
        pub execution_arn: String,
        pub status: MapRunStatus,
        pub start_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stop_date: Option<Timestamp>,
        pub max_concurrency: i32,
        pub tolerated_failure_percentage: f64,
        pub tolerated_failure_count: i64,
        pub item_counts: MapRunItemCounts,
        pub execution_counts: MapRunExecutionCounts,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_date: Option<Timestamp>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineAliasInput {
        pub state_machine_alias_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineAliasOutput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_alias_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub routing_configuration: Option<Vec<RoutingConfigurationListItem>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub creation_date: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub update_date: Option<Timestamp>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineForExecutionInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included_data: Option<IncludedData>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineForExecutionOutput {
        pub state_machine_arn: String,
        pub name: String,
        pub definition: String,
        pub role_arn: String,
        pub update_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logging_configuration: Option<LoggingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tracing_configuration: Option<TracingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub label: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revision_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub variable_references: Option<BTreeMap<String, Vec<String>>>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included_data: Option<IncludedData>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct DescribeStateMachineOutput {
        pub state_machine_arn: String,
        pub name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<StateMachineStatus>,
        pub definition: String,
        pub role_arn: String,
        pub r#type: StateMachineType,
        pub creation_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logging_configuration: Option<LoggingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tracing_configuration: Option<TracingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub label: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revision_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub variable_references: Option<BTreeMap<String, Vec<String>>>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct EncryptionConfiguration {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kms_key_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kms_data_key_reuse_period_seconds: Option<i32>,
        pub r#type: EncryptionType,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum EncryptionType {
        #[serde(rename = "AWS_OWNED_KEY")]
        AwsOwnedKey,
        #[serde(rename = "CUSTOMER_MANAGED_KMS_KEY")]
        CustomerManagedKmsKey,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct EvaluationFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub location: Option<String>,
        pub state: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionAbortedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionListItem {
        pub execution_arn: String,
        pub state_machine_arn: String,
        pub name: String,
        pub status: ExecutionStatus,
        pub start_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stop_date: Option<Timestamp>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub item_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_version_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_alias_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_date: Option<Timestamp>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ExecutionRedriveFilter {
        #[serde(rename = "REDRIVEN")]
        Redriven,
        #[serde(rename = "NOT_REDRIVEN")]
        NotRedriven,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ExecutionRedriveStatus {
        #[serde(rename = "REDRIVABLE")]
        Redrivable,
        #[serde(rename = "NOT_REDRIVABLE")]
        NotRedrivable,
        #[serde(rename = "REDRIVABLE_BY_MAP_RUN")]
        RedrivableByMapRun,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionRedrivenEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_count: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionStartedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<HistoryEventExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_alias_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_version_arn: Option<String>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ExecutionStatus {
        #[serde(rename = "RUNNING")]
        Running,
        #[serde(rename = "SUCCEEDED")]
        Succeeded,
        #[serde(rename = "FAILED")]
        Failed,
        #[serde(rename = "TIMED_OUT")]
        TimedOut,
        #[serde(rename = "ABORTED")]
        Aborted,
        #[serde(rename = "PENDING_REDRIVE")]
        PendingRedrive,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionSucceededEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ExecutionTimedOutEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct GetActivityTaskInput {
        pub activity_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_name: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct GetActivityTaskOutput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct GetExecutionHistoryInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub reverse_order: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub include_execution_data: Option<bool>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct GetExecutionHistoryOutput {
        pub events: Vec<HistoryEvent>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct HistoryEvent {
        pub timestamp: Timestamp,
        pub r#type: HistoryEventType,
        pub id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub previous_event_id: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_failed_event_details: Option<ActivityFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_schedule_failed_event_details: Option<ActivityScheduleFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_scheduled_event_details: Option<ActivityScheduledEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_started_event_details: Option<ActivityStartedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_succeeded_event_details: Option<ActivitySucceededEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub activity_timed_out_event_details: Option<ActivityTimedOutEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_failed_event_details: Option<TaskFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_scheduled_event_details: Option<TaskScheduledEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_start_failed_event_details: Option<TaskStartFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_started_event_details: Option<TaskStartedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_submit_failed_event_details: Option<TaskSubmitFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_submitted_event_details: Option<TaskSubmittedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_succeeded_event_details: Option<TaskSucceededEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_timed_out_event_details: Option<TaskTimedOutEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_failed_event_details: Option<ExecutionFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_started_event_details: Option<ExecutionStartedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_succeeded_event_details: Option<ExecutionSucceededEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_aborted_event_details: Option<ExecutionAbortedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_timed_out_event_details: Option<ExecutionTimedOutEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub execution_redriven_event_details: Option<ExecutionRedrivenEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_state_started_event_details: Option<MapStateStartedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_iteration_started_event_details: Option<MapIterationEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_iteration_succeeded_event_details: Option<MapIterationEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_iteration_failed_event_details: Option<MapIterationEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_iteration_aborted_event_details: Option<MapIterationEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_failed_event_details: Option<LambdaFunctionFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_schedule_failed_event_details: Option<LambdaFunctionScheduleFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_scheduled_event_details: Option<LambdaFunctionScheduledEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_start_failed_event_details: Option<LambdaFunctionStartFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_succeeded_event_details: Option<LambdaFunctionSucceededEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lambda_function_timed_out_event_details: Option<LambdaFunctionTimedOutEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_entered_event_details: Option<StateEnteredEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_exited_event_details: Option<StateExitedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_started_event_details: Option<MapRunStartedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_failed_event_details: Option<MapRunFailedEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_redriven_event_details: Option<MapRunRedrivenEventDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub evaluation_failed_event_details: Option<EvaluationFailedEventDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct HistoryEventExecutionDataDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub truncated: Option<bool>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum HistoryEventType {
        ActivityFailed,
        ActivityScheduled,
        ActivityScheduleFailed,
        ActivityStarted,
        ActivitySucceeded,
        ActivityTimedOut,
        ChoiceStateEntered,
        ChoiceStateExited,
        ExecutionAborted,
        ExecutionFailed,
        ExecutionStarted,
        ExecutionSucceeded,
        ExecutionTimedOut,
        FailStateEntered,
        LambdaFunctionFailed,
        LambdaFunctionScheduled,
        LambdaFunctionScheduleFailed,
        LambdaFunctionStarted,
        LambdaFunctionStartFailed,
        LambdaFunctionSucceeded,
        LambdaFunctionTimedOut,
        MapIterationAborted,
        MapIterationFailed,
        MapIterationStarted,
        MapIterationSucceeded,
        MapStateAborted,
        MapStateEntered,
        MapStateExited,
        MapStateFailed,
        MapStateStarted,
        MapStateSucceeded,
        ParallelStateAborted,
        ParallelStateEntered,
        ParallelStateExited,
        ParallelStateFailed,
        ParallelStateStarted,
        ParallelStateSucceeded,
        PassStateEntered,
        PassStateExited,
        SucceedStateEntered,
        SucceedStateExited,
        TaskFailed,
        TaskScheduled,
        TaskStarted,
        TaskStartFailed,
        TaskStateAborted,
        TaskStateEntered,
        TaskStateExited,
        TaskSubmitFailed,
        TaskSubmitted,
        TaskSucceeded,
        TaskTimedOut,
        WaitStateAborted,
        WaitStateEntered,
        WaitStateExited,
        MapRunAborted,
        MapRunFailed,
        MapRunStarted,
        MapRunSucceeded,
        ExecutionRedriven,
        MapRunRedriven,
        EvaluationFailed,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum IncludedData {
        #[serde(rename = "ALL_DATA")]
        AllData,
        #[serde(rename = "METADATA_ONLY")]
        MetadataOnly,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct InspectionData {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_arguments: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_input_path: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_parameters: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub result: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_result_selector: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_result_path: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub request: Option<InspectionDataRequest>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub response: Option<InspectionDataResponse>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub variables: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error_details: Option<InspectionErrorDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_items_path: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_item_selector: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_item_batcher: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after_items_pointer: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tolerated_failure_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tolerated_failure_percentage: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_concurrency: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct InspectionDataRequest {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub protocol: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub method: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub headers: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub body: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct InspectionDataResponse {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub protocol: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status_code: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status_message: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub headers: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub body: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct InspectionErrorDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub catch_index: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub retry_index: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub retry_backoff_interval_seconds: Option<i32>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum InspectionLevel {
        #[serde(rename = "INFO")]
        Info,
        #[serde(rename = "DEBUG")]
        Debug,
        #[serde(rename = "TRACE")]
        Trace,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionScheduleFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionScheduledEventDetails {
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<HistoryEventExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub timeout_in_seconds: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_credentials: Option<TaskCredentials>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionStartFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionSucceededEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LambdaFunctionTimedOutEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListActivitiesInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListActivitiesOutput {
        pub activities: Vec<ActivityListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListExecutionsInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status_filter: Option<ExecutionStatus>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_filter: Option<ExecutionRedriveFilter>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListExecutionsOutput {
        pub executions: Vec<ExecutionListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListMapRunsInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListMapRunsOutput {
        pub map_runs: Vec<MapRunListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachineAliasesInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachineAliasesOutput {
        pub state_machine_aliases: Vec<StateMachineAliasListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachineVersionsInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachineVersionsOutput {
        pub state_machine_versions: Vec<StateMachineVersionListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachinesInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListStateMachinesOutput {
        pub state_machines: Vec<StateMachineListItem>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListTagsForResourceInput {
        pub resource_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ListTagsForResourceOutput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tags: Option<Vec<Tag>>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LogDestination {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cloud_watch_logs_log_group: Option<CloudWatchLogsLogGroup>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum LogLevel {
        #[serde(rename = "ALL")]
        All,
        #[serde(rename = "ERROR")]
        Error,
        #[serde(rename = "FATAL")]
        Fatal,
        #[serde(rename = "OFF")]
        Off,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LoggingConfiguration {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub level: Option<LogLevel>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub include_execution_data: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub destinations: Option<Vec<LogDestination>>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapIterationEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub index: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunExecutionCounts {
        pub pending: i64,
        pub running: i64,
        pub succeeded: i64,
        pub failed: i64,
        pub timed_out: i64,
        pub aborted: i64,
        pub total: i64,
        pub results_written: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub failures_not_redrivable: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pending_redrive: Option<i64>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunFailedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunItemCounts {
        pub pending: i64,
        pub running: i64,
        pub succeeded: i64,
        pub failed: i64,
        pub timed_out: i64,
        pub aborted: i64,
        pub total: i64,
        pub results_written: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub failures_not_redrivable: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pending_redrive: Option<i64>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunListItem {
        pub execution_arn: String,
        pub map_run_arn: String,
        pub state_machine_arn: String,
        pub start_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stop_date: Option<Timestamp>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunRedrivenEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub redrive_count: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapRunStartedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_run_arn: Option<String>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum MapRunStatus {
        #[serde(rename = "RUNNING")]
        Running,
        #[serde(rename = "SUCCEEDED")]
        Succeeded,
        #[serde(rename = "FAILED")]
        Failed,
        #[serde(rename = "ABORTED")]
        Aborted,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MapStateStartedEventDetails {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub length: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MockErrorOutput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MockInput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub result: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error_output: Option<MockErrorOutput>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub field_validation_mode: Option<MockResponseValidationMode>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum MockResponseValidationMode {
        #[serde(rename = "STRICT")]
        Strict,
        #[serde(rename = "PRESENT")]
        Present,
        #[serde(rename = "NONE")]
        None,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct PublishStateMachineVersionInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revision_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct PublishStateMachineVersionOutput {
        pub creation_date: Timestamp,
        pub state_machine_version_arn: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct RedriveExecutionInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_token: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct RedriveExecutionOutput {
        pub redrive_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct RoutingConfigurationListItem {
        pub state_machine_version_arn: String,
        pub weight: i32,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskFailureInput {
        pub task_token: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskFailureOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskHeartbeatInput {
        pub task_token: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskHeartbeatOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskSuccessInput {
        pub task_token: String,
        pub output: String,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SendTaskSuccessOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StartExecutionInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub trace_header: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StartExecutionOutput {
        pub execution_arn: String,
        pub start_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StartSyncExecutionInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub trace_header: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub included_data: Option<IncludedData>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StartSyncExecutionOutput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        pub start_date: Timestamp,
        pub stop_date: Timestamp,
        pub status: SyncExecutionStatus,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<CloudWatchEventsExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<CloudWatchEventsExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub trace_header: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub billing_details: Option<BillingDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StateEnteredEventDetails {
        pub name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StateExitedEventDetails {
        pub name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub assigned_variables: Option<BTreeMap<String, String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub assigned_variables_details: Option<AssignedVariablesDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StateMachineAliasListItem {
        pub state_machine_alias_arn: String,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StateMachineListItem {
        pub state_machine_arn: String,
        pub name: String,
        pub r#type: StateMachineType,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum StateMachineStatus {
        #[serde(rename = "ACTIVE")]
        Active,
        #[serde(rename = "DELETING")]
        Deleting,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum StateMachineType {
        #[serde(rename = "STANDARD")]
        Standard,
        #[serde(rename = "EXPRESS")]
        Express,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StateMachineVersionListItem {
        pub state_machine_version_arn: String,
        pub creation_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StopExecutionInput {
        pub execution_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct StopExecutionOutput {
        pub stop_date: Timestamp,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum SyncExecutionStatus {
        #[serde(rename = "SUCCEEDED")]
        Succeeded,
        #[serde(rename = "FAILED")]
        Failed,
        #[serde(rename = "TIMED_OUT")]
        TimedOut,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Tag {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub key: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub value: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TagResourceInput {
        pub resource_arn: String,
        pub tags: Vec<Tag>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TagResourceOutput {
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskCredentials {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskFailedEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskScheduledEventDetails {
        pub resource_type: String,
        pub resource: String,
        pub region: String,
        pub parameters: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub timeout_in_seconds: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub heartbeat_in_seconds: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub task_credentials: Option<TaskCredentials>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskStartFailedEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskStartedEventDetails {
        pub resource_type: String,
        pub resource: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskSubmitFailedEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskSubmittedEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskSucceededEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output_details: Option<HistoryEventExecutionDataDetails>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TaskTimedOutEventDetails {
        pub resource_type: String,
        pub resource: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum TestExecutionStatus {
        #[serde(rename = "SUCCEEDED")]
        Succeeded,
        #[serde(rename = "FAILED")]
        Failed,
        #[serde(rename = "RETRIABLE")]
        Retriable,
        #[serde(rename = "CAUGHT_ERROR")]
        CaughtError,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TestStateConfiguration {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub retrier_retry_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error_caused_by_state: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_iteration_failure_count: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub map_item_reader_data: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TestStateInput {
        pub definition: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub input: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub inspection_level: Option<InspectionLevel>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub reveal_secrets: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub variables: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mock: Option<MockInput>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub context: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_configuration: Option<TestStateConfiguration>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TestStateOutput {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub output: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cause: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub inspection_data: Option<InspectionData>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_state: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<TestExecutionStatus>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct TracingConfiguration {
        #[serde(skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UntagResourceInput {
        pub resource_arn: String,
        pub tag_keys: Vec<String>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UntagResourceOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateMapRunInput {
        pub map_run_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_concurrency: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tolerated_failure_percentage: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tolerated_failure_count: Option<i64>,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateMapRunOutput {
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateStateMachineAliasInput {
        pub state_machine_alias_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub routing_configuration: Option<Vec<RoutingConfigurationListItem>>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateStateMachineAliasOutput {
        pub update_date: Timestamp,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateStateMachineInput {
        pub state_machine_arn: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub definition: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub role_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logging_configuration: Option<LoggingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tracing_configuration: Option<TracingConfiguration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub publish: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub version_description: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct UpdateStateMachineOutput {
        pub update_date: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revision_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_machine_version_arn: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ValidateStateMachineDefinitionDiagnostic {
        pub severity: ValidateStateMachineDefinitionSeverity,
        pub code: String,
        pub message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub location: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ValidateStateMachineDefinitionInput {
        pub definition: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub r#type: Option<StateMachineType>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub severity: Option<ValidateStateMachineDefinitionSeverity>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_results: Option<i32>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct ValidateStateMachineDefinitionOutput {
        pub result: ValidateStateMachineDefinitionResultCode,
        pub diagnostics: Vec<ValidateStateMachineDefinitionDiagnostic>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub truncated: Option<bool>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ValidateStateMachineDefinitionResultCode {
        #[serde(rename = "OK")]
        Ok,
        #[serde(rename = "FAIL")]
        Fail,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum ValidateStateMachineDefinitionSeverity {
        #[serde(rename = "ERROR")]
        Error,
        #[serde(rename = "WARNING")]
        Warning,
    }
}

/// The service.
pub static SERVICE: Service = Service { target_prefix: "AWSStepFunctions", operations: OPERATIONS, shapes: SHAPES };

impl Operation {
    /// What it takes and gives.
    pub fn shape(self) -> &'static OperationShape {
        &OPERATIONS[self as usize]
    }
}

static OPERATIONS: &[OperationShape] = &[
    OperationShape { name: "CreateActivity", input: ShapeId(25), output: ShapeId(26), errors: &[ShapeId(3), ShapeId(0), ShapeId(106), ShapeId(239), ShapeId(103), ShapeId(110), ShapeId(115)], host_prefix: None },
    OperationShape { name: "CreateStateMachine", input: ShapeId(29), output: ShapeId(30), errors: &[ShapeId(101), ShapeId(102), ShapeId(106), ShapeId(105), ShapeId(109), ShapeId(196), ShapeId(197), ShapeId(199), ShapeId(204), ShapeId(239), ShapeId(264), ShapeId(23), ShapeId(103), ShapeId(110), ShapeId(115)], host_prefix: None },
    OperationShape { name: "CreateStateMachineAlias", input: ShapeId(27), output: ShapeId(28), errors: &[ShapeId(101), ShapeId(106), ShapeId(264), ShapeId(197), ShapeId(169), ShapeId(23), ShapeId(187)], host_prefix: None },
    OperationShape { name: "DeleteActivity", input: ShapeId(32), output: ShapeId(33), errors: &[ShapeId(101)], host_prefix: None },
    OperationShape { name: "DeleteStateMachine", input: ShapeId(36), output: ShapeId(37), errors: &[ShapeId(101), ShapeId(264)], host_prefix: None },
    OperationShape { name: "DeleteStateMachineAlias", input: ShapeId(34), output: ShapeId(35), errors: &[ShapeId(264), ShapeId(101), ShapeId(169), ShapeId(23)], host_prefix: None },
    OperationShape { name: "DeleteStateMachineVersion", input: ShapeId(38), output: ShapeId(39), errors: &[ShapeId(264), ShapeId(101), ShapeId(23)], host_prefix: None },
    OperationShape { name: "DescribeActivity", input: ShapeId(40), output: ShapeId(41), errors: &[ShapeId(1), ShapeId(101)], host_prefix: None },
    OperationShape { name: "DescribeExecution", input: ShapeId(42), output: ShapeId(43), errors: &[ShapeId(62), ShapeId(101), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "DescribeMapRun", input: ShapeId(44), output: ShapeId(45), errors: &[ShapeId(169), ShapeId(101)], host_prefix: None },
    OperationShape { name: "DescribeStateMachine", input: ShapeId(50), output: ShapeId(51), errors: &[ShapeId(101), ShapeId(198), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "DescribeStateMachineAlias", input: ShapeId(46), output: ShapeId(47), errors: &[ShapeId(264), ShapeId(101), ShapeId(169)], host_prefix: None },
    OperationShape { name: "DescribeStateMachineForExecution", input: ShapeId(48), output: ShapeId(49), errors: &[ShapeId(62), ShapeId(101), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "GetActivityTask", input: ShapeId(75), output: ShapeId(76), errors: &[ShapeId(1), ShapeId(11), ShapeId(101), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "GetExecutionHistory", input: ShapeId(77), output: ShapeId(78), errors: &[ShapeId(62), ShapeId(101), ShapeId(108), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "ListActivities", input: ShapeId(122), output: ShapeId(123), errors: &[ShapeId(108)], host_prefix: None },
    OperationShape { name: "ListExecutions", input: ShapeId(124), output: ShapeId(125), errors: &[ShapeId(101), ShapeId(108), ShapeId(198), ShapeId(204), ShapeId(264), ShapeId(169)], host_prefix: None },
    OperationShape { name: "ListMapRuns", input: ShapeId(127), output: ShapeId(128), errors: &[ShapeId(62), ShapeId(101), ShapeId(108)], host_prefix: None },
    OperationShape { name: "ListStateMachineAliases", input: ShapeId(129), output: ShapeId(130), errors: &[ShapeId(101), ShapeId(108), ShapeId(169), ShapeId(198), ShapeId(197)], host_prefix: None },
    OperationShape { name: "ListStateMachineVersions", input: ShapeId(131), output: ShapeId(132), errors: &[ShapeId(264), ShapeId(101), ShapeId(108)], host_prefix: None },
    OperationShape { name: "ListStateMachines", input: ShapeId(133), output: ShapeId(134), errors: &[ShapeId(108)], host_prefix: None },
    OperationShape { name: "ListTagsForResource", input: ShapeId(135), output: ShapeId(136), errors: &[ShapeId(101), ShapeId(169)], host_prefix: None },
    OperationShape { name: "PublishStateMachineVersion", input: ShapeId(164), output: ShapeId(165), errors: &[ShapeId(264), ShapeId(197), ShapeId(198), ShapeId(187), ShapeId(23), ShapeId(101)], host_prefix: None },
    OperationShape { name: "RedriveExecution", input: ShapeId(167), output: ShapeId(168), errors: &[ShapeId(62), ShapeId(67), ShapeId(64), ShapeId(101), ShapeId(264)], host_prefix: None },
    OperationShape { name: "SendTaskFailure", input: ShapeId(177), output: ShapeId(178), errors: &[ShapeId(219), ShapeId(108), ShapeId(227), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "SendTaskHeartbeat", input: ShapeId(179), output: ShapeId(180), errors: &[ShapeId(219), ShapeId(108), ShapeId(227)], host_prefix: None },
    OperationShape { name: "SendTaskSuccess", input: ShapeId(181), output: ShapeId(182), errors: &[ShapeId(219), ShapeId(107), ShapeId(108), ShapeId(227), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "StartExecution", input: ShapeId(188), output: ShapeId(189), errors: &[ShapeId(64), ShapeId(61), ShapeId(101), ShapeId(104), ShapeId(106), ShapeId(198), ShapeId(197), ShapeId(264), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "StartSyncExecution", input: ShapeId(190), output: ShapeId(191), errors: &[ShapeId(101), ShapeId(104), ShapeId(106), ShapeId(198), ShapeId(197), ShapeId(204), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: Some("sync-") },
    OperationShape { name: "StopExecution", input: ShapeId(208), output: ShapeId(209), errors: &[ShapeId(62), ShapeId(101), ShapeId(264), ShapeId(110), ShapeId(112), ShapeId(115)], host_prefix: None },
    OperationShape { name: "TagResource", input: ShapeId(215), output: ShapeId(216), errors: &[ShapeId(101), ShapeId(169), ShapeId(239)], host_prefix: None },
    OperationShape { name: "TestState", input: ShapeId(232), output: ShapeId(233), errors: &[ShapeId(101), ShapeId(102), ShapeId(104), ShapeId(264)], host_prefix: Some("sync-") },
    OperationShape { name: "UntagResource", input: ShapeId(245), output: ShapeId(246), errors: &[ShapeId(101), ShapeId(169)], host_prefix: None },
    OperationShape { name: "UpdateMapRun", input: ShapeId(247), output: ShapeId(248), errors: &[ShapeId(169), ShapeId(101), ShapeId(264)], host_prefix: None },
    OperationShape { name: "UpdateStateMachine", input: ShapeId(251), output: ShapeId(252), errors: &[ShapeId(101), ShapeId(102), ShapeId(105), ShapeId(109), ShapeId(156), ShapeId(197), ShapeId(198), ShapeId(187), ShapeId(23), ShapeId(264), ShapeId(103), ShapeId(110), ShapeId(115)], host_prefix: None },
    OperationShape { name: "UpdateStateMachineAlias", input: ShapeId(249), output: ShapeId(250), errors: &[ShapeId(264), ShapeId(101), ShapeId(169), ShapeId(23), ShapeId(197)], host_prefix: None },
    OperationShape { name: "ValidateStateMachineDefinition", input: ShapeId(256), output: ShapeId(260), errors: &[ShapeId(264)], host_prefix: None },
];

static SHAPES: &[Shape] = &[
    // 0
    Shape { name: "ActivityAlreadyExists", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 1
    Shape { name: "ActivityDoesNotExist", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 2
    Shape { name: "ActivityFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 3
    Shape { name: "ActivityLimitExceeded", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 4
    Shape { name: "ActivityList", kind: Kind::List { of: ShapeId(5), len: Span { min: None, max: None } }, is_sensitive: false },
    // 5
    Shape { name: "ActivityListItem", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 6
    Shape { name: "ActivityScheduleFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 7
    Shape { name: "ActivityScheduledEventDetails", kind: Kind::Structure(&[Member { name: "resource", shape: ShapeId(13), is_required: true }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(86), is_required: false }, Member { name: "timeoutInSeconds", shape: ShapeId(235), is_required: false }, Member { name: "heartbeatInSeconds", shape: ShapeId(235), is_required: false }]), is_sensitive: false },
    // 8
    Shape { name: "ActivityStartedEventDetails", kind: Kind::Structure(&[Member { name: "workerName", shape: ShapeId(89), is_required: false }]), is_sensitive: false },
    // 9
    Shape { name: "ActivitySucceededEventDetails", kind: Kind::Structure(&[Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 10
    Shape { name: "ActivityTimedOutEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 11
    Shape { name: "ActivityWorkerLimitExceeded", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 12
    Shape { name: "AliasDescription", kind: Kind::Text { len: Span { min: None, max: Some(256) }, pattern: None, values: &[] }, is_sensitive: true },
    // 13
    Shape { name: "Arn", kind: Kind::Text { len: Span { min: Some(1), max: Some(256) }, pattern: None, values: &[] }, is_sensitive: false },
    // 14
    Shape { name: "AssignedVariables", kind: Kind::Map { key: ShapeId(266), value: ShapeId(269) }, is_sensitive: false },
    // 15
    Shape { name: "AssignedVariablesDetails", kind: Kind::Structure(&[Member { name: "truncated", shape: ShapeId(273), is_required: false }]), is_sensitive: false },
    // 16
    Shape { name: "BilledDuration", kind: Kind::Long(Span { min: Some(0), max: None }), is_sensitive: false },
    // 17
    Shape { name: "BilledMemoryUsed", kind: Kind::Long(Span { min: Some(0), max: None }), is_sensitive: false },
    // 18
    Shape { name: "BillingDetails", kind: Kind::Structure(&[Member { name: "billedMemoryUsedInMB", shape: ShapeId(17), is_required: false }, Member { name: "billedDurationInMilliseconds", shape: ShapeId(16), is_required: false }]), is_sensitive: false },
    // 19
    Shape { name: "CharacterRestrictedName", kind: Kind::Text { len: Span { min: Some(1), max: Some(80) }, pattern: Some("^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"), values: &[] }, is_sensitive: false },
    // 20
    Shape { name: "ClientToken", kind: Kind::Text { len: Span { min: Some(1), max: Some(64) }, pattern: Some("[!-~]+"), values: &[] }, is_sensitive: false },
    // 21
    Shape { name: "CloudWatchEventsExecutionDataDetails", kind: Kind::Structure(&[Member { name: "included", shape: ShapeId(272), is_required: false }]), is_sensitive: false },
    // 22
    Shape { name: "CloudWatchLogsLogGroup", kind: Kind::Structure(&[Member { name: "logGroupArn", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 23
    Shape { name: "ConflictException", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 24
    Shape { name: "ConnectorParameters", kind: Kind::Text { len: Span { min: Some(0), max: Some(262144) }, pattern: None, values: &[] }, is_sensitive: true },
    // 25
    Shape { name: "CreateActivityInput", kind: Kind::Structure(&[Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "tags", shape: ShapeId(214), is_required: false }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }]), is_sensitive: false },
    // 26
    Shape { name: "CreateActivityOutput", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 27
    Shape { name: "CreateStateMachineAliasInput", kind: Kind::Structure(&[Member { name: "description", shape: ShapeId(12), is_required: false }, Member { name: "name", shape: ShapeId(19), is_required: true }, Member { name: "routingConfiguration", shape: ShapeId(175), is_required: true }]), is_sensitive: false },
    // 28
    Shape { name: "CreateStateMachineAliasOutput", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 29
    Shape { name: "CreateStateMachineInput", kind: Kind::Structure(&[Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "definition", shape: ShapeId(31), is_required: true }, Member { name: "roleArn", shape: ShapeId(13), is_required: true }, Member { name: "type", shape: ShapeId(203), is_required: false }, Member { name: "loggingConfiguration", shape: ShapeId(140), is_required: false }, Member { name: "tags", shape: ShapeId(214), is_required: false }, Member { name: "tracingConfiguration", shape: ShapeId(241), is_required: false }, Member { name: "publish", shape: ShapeId(163), is_required: false }, Member { name: "versionDescription", shape: ShapeId(270), is_required: false }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }]), is_sensitive: false },
    // 30
    Shape { name: "CreateStateMachineOutput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 31
    Shape { name: "Definition", kind: Kind::Text { len: Span { min: Some(1), max: Some(1048576) }, pattern: None, values: &[] }, is_sensitive: true },
    // 32
    Shape { name: "DeleteActivityInput", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 33
    Shape { name: "DeleteActivityOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 34
    Shape { name: "DeleteStateMachineAliasInput", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 35
    Shape { name: "DeleteStateMachineAliasOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 36
    Shape { name: "DeleteStateMachineInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 37
    Shape { name: "DeleteStateMachineOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 38
    Shape { name: "DeleteStateMachineVersionInput", kind: Kind::Structure(&[Member { name: "stateMachineVersionArn", shape: ShapeId(141), is_required: true }]), is_sensitive: false },
    // 39
    Shape { name: "DeleteStateMachineVersionOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 40
    Shape { name: "DescribeActivityInput", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 41
    Shape { name: "DescribeActivityOutput", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }]), is_sensitive: false },
    // 42
    Shape { name: "DescribeExecutionInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "includedData", shape: ShapeId(92), is_required: false }]), is_sensitive: false },
    // 43
    Shape { name: "DescribeExecutionOutput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "status", shape: ShapeId(72), is_required: true }, Member { name: "startDate", shape: ShapeId(236), is_required: true }, Member { name: "stopDate", shape: ShapeId(236), is_required: false }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(21), is_required: false }, Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(21), is_required: false }, Member { name: "traceHeader", shape: ShapeId(240), is_required: false }, Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: false }, Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: false }, Member { name: "redriveCount", shape: ShapeId(166), is_required: false }, Member { name: "redriveDate", shape: ShapeId(236), is_required: false }, Member { name: "redriveStatus", shape: ShapeId(69), is_required: false }, Member { name: "redriveStatusReason", shape: ShapeId(184), is_required: false }]), is_sensitive: false },
    // 44
    Shape { name: "DescribeMapRunInput", kind: Kind::Structure(&[Member { name: "mapRunArn", shape: ShapeId(141), is_required: true }]), is_sensitive: false },
    // 45
    Shape { name: "DescribeMapRunOutput", kind: Kind::Structure(&[Member { name: "mapRunArn", shape: ShapeId(141), is_required: true }, Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "status", shape: ShapeId(153), is_required: true }, Member { name: "startDate", shape: ShapeId(236), is_required: true }, Member { name: "stopDate", shape: ShapeId(236), is_required: false }, Member { name: "maxConcurrency", shape: ShapeId(155), is_required: true }, Member { name: "toleratedFailurePercentage", shape: ShapeId(238), is_required: true }, Member { name: "toleratedFailureCount", shape: ShapeId(237), is_required: true }, Member { name: "itemCounts", shape: ShapeId(147), is_required: true }, Member { name: "executionCounts", shape: ShapeId(145), is_required: true }, Member { name: "redriveCount", shape: ShapeId(166), is_required: false }, Member { name: "redriveDate", shape: ShapeId(236), is_required: false }]), is_sensitive: false },
    // 46
    Shape { name: "DescribeStateMachineAliasInput", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 47
    Shape { name: "DescribeStateMachineAliasOutput", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: false }, Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "description", shape: ShapeId(12), is_required: false }, Member { name: "routingConfiguration", shape: ShapeId(175), is_required: false }, Member { name: "creationDate", shape: ShapeId(236), is_required: false }, Member { name: "updateDate", shape: ShapeId(236), is_required: false }]), is_sensitive: false },
    // 48
    Shape { name: "DescribeStateMachineForExecutionInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "includedData", shape: ShapeId(92), is_required: false }]), is_sensitive: false },
    // 49
    Shape { name: "DescribeStateMachineForExecutionOutput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "definition", shape: ShapeId(31), is_required: true }, Member { name: "roleArn", shape: ShapeId(13), is_required: true }, Member { name: "updateDate", shape: ShapeId(236), is_required: true }, Member { name: "loggingConfiguration", shape: ShapeId(140), is_required: false }, Member { name: "tracingConfiguration", shape: ShapeId(241), is_required: false }, Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }, Member { name: "label", shape: ShapeId(148), is_required: false }, Member { name: "revisionId", shape: ShapeId(174), is_required: false }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }, Member { name: "variableReferences", shape: ShapeId(268), is_required: false }]), is_sensitive: false },
    // 50
    Shape { name: "DescribeStateMachineInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "includedData", shape: ShapeId(92), is_required: false }]), is_sensitive: false },
    // 51
    Shape { name: "DescribeStateMachineOutput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "status", shape: ShapeId(202), is_required: false }, Member { name: "definition", shape: ShapeId(31), is_required: true }, Member { name: "roleArn", shape: ShapeId(13), is_required: true }, Member { name: "type", shape: ShapeId(203), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }, Member { name: "loggingConfiguration", shape: ShapeId(140), is_required: false }, Member { name: "tracingConfiguration", shape: ShapeId(241), is_required: false }, Member { name: "label", shape: ShapeId(148), is_required: false }, Member { name: "revisionId", shape: ShapeId(174), is_required: false }, Member { name: "description", shape: ShapeId(270), is_required: false }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }, Member { name: "variableReferences", shape: ShapeId(268), is_required: false }]), is_sensitive: false },
    // 52
    Shape { name: "Enabled", kind: Kind::Boolean, is_sensitive: false },
    // 53
    Shape { name: "EncryptionConfiguration", kind: Kind::Structure(&[Member { name: "kmsKeyId", shape: ShapeId(113), is_required: false }, Member { name: "kmsDataKeyReusePeriodSeconds", shape: ShapeId(111), is_required: false }, Member { name: "type", shape: ShapeId(54), is_required: true }]), is_sensitive: false },
    // 54
    Shape { name: "EncryptionType", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"] }, is_sensitive: false },
    // 55
    Shape { name: "ErrorMessage", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 56
    Shape { name: "EvaluationFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }, Member { name: "location", shape: ShapeId(57), is_required: false }, Member { name: "state", shape: ShapeId(207), is_required: true }]), is_sensitive: false },
    // 57
    Shape { name: "EvaluationFailureLocation", kind: Kind::Text { len: Span { min: Some(0), max: Some(256) }, pattern: None, values: &[] }, is_sensitive: true },
    // 58
    Shape { name: "EventId", kind: Kind::Long(Span { min: None, max: None }), is_sensitive: false },
    // 59
    Shape { name: "ExceptionHandlerIndex", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: true },
    // 60
    Shape { name: "ExecutionAbortedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 61
    Shape { name: "ExecutionAlreadyExists", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 62
    Shape { name: "ExecutionDoesNotExist", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 63
    Shape { name: "ExecutionFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 64
    Shape { name: "ExecutionLimitExceeded", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 65
    Shape { name: "ExecutionList", kind: Kind::List { of: ShapeId(66), len: Span { min: None, max: None } }, is_sensitive: false },
    // 66
    Shape { name: "ExecutionListItem", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "status", shape: ShapeId(72), is_required: true }, Member { name: "startDate", shape: ShapeId(236), is_required: true }, Member { name: "stopDate", shape: ShapeId(236), is_required: false }, Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }, Member { name: "itemCount", shape: ShapeId(243), is_required: false }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: false }, Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: false }, Member { name: "redriveCount", shape: ShapeId(166), is_required: false }, Member { name: "redriveDate", shape: ShapeId(236), is_required: false }]), is_sensitive: false },
    // 67
    Shape { name: "ExecutionNotRedrivable", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 68
    Shape { name: "ExecutionRedriveFilter", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["REDRIVEN", "NOT_REDRIVEN"] }, is_sensitive: false },
    // 69
    Shape { name: "ExecutionRedriveStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"] }, is_sensitive: false },
    // 70
    Shape { name: "ExecutionRedrivenEventDetails", kind: Kind::Structure(&[Member { name: "redriveCount", shape: ShapeId(166), is_required: false }]), is_sensitive: false },
    // 71
    Shape { name: "ExecutionStartedEventDetails", kind: Kind::Structure(&[Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(86), is_required: false }, Member { name: "roleArn", shape: ShapeId(13), is_required: false }, Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: false }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 72
    Shape { name: "ExecutionStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"] }, is_sensitive: false },
    // 73
    Shape { name: "ExecutionSucceededEventDetails", kind: Kind::Structure(&[Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 74
    Shape { name: "ExecutionTimedOutEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 75
    Shape { name: "GetActivityTaskInput", kind: Kind::Structure(&[Member { name: "activityArn", shape: ShapeId(13), is_required: true }, Member { name: "workerName", shape: ShapeId(160), is_required: false }]), is_sensitive: false },
    // 76
    Shape { name: "GetActivityTaskOutput", kind: Kind::Structure(&[Member { name: "taskToken", shape: ShapeId(229), is_required: false }, Member { name: "input", shape: ShapeId(185), is_required: false }]), is_sensitive: false },
    // 77
    Shape { name: "GetExecutionHistoryInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "maxResults", shape: ShapeId(161), is_required: false }, Member { name: "reverseOrder", shape: ShapeId(173), is_required: false }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }, Member { name: "includeExecutionData", shape: ShapeId(91), is_required: false }]), is_sensitive: false },
    // 78
    Shape { name: "GetExecutionHistoryOutput", kind: Kind::Structure(&[Member { name: "events", shape: ShapeId(87), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 79
    Shape { name: "HTTPBody", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 80
    Shape { name: "HTTPHeaders", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 81
    Shape { name: "HTTPMethod", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 82
    Shape { name: "HTTPProtocol", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 83
    Shape { name: "HTTPStatusCode", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 84
    Shape { name: "HTTPStatusMessage", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 85
    Shape { name: "HistoryEvent", kind: Kind::Structure(&[Member { name: "timestamp", shape: ShapeId(236), is_required: true }, Member { name: "type", shape: ShapeId(88), is_required: true }, Member { name: "id", shape: ShapeId(58), is_required: true }, Member { name: "previousEventId", shape: ShapeId(58), is_required: false }, Member { name: "activityFailedEventDetails", shape: ShapeId(2), is_required: false }, Member { name: "activityScheduleFailedEventDetails", shape: ShapeId(6), is_required: false }, Member { name: "activityScheduledEventDetails", shape: ShapeId(7), is_required: false }, Member { name: "activityStartedEventDetails", shape: ShapeId(8), is_required: false }, Member { name: "activitySucceededEventDetails", shape: ShapeId(9), is_required: false }, Member { name: "activityTimedOutEventDetails", shape: ShapeId(10), is_required: false }, Member { name: "taskFailedEventDetails", shape: ShapeId(220), is_required: false }, Member { name: "taskScheduledEventDetails", shape: ShapeId(221), is_required: false }, Member { name: "taskStartFailedEventDetails", shape: ShapeId(222), is_required: false }, Member { name: "taskStartedEventDetails", shape: ShapeId(223), is_required: false }, Member { name: "taskSubmitFailedEventDetails", shape: ShapeId(224), is_required: false }, Member { name: "taskSubmittedEventDetails", shape: ShapeId(225), is_required: false }, Member { name: "taskSucceededEventDetails", shape: ShapeId(226), is_required: false }, Member { name: "taskTimedOutEventDetails", shape: ShapeId(228), is_required: false }, Member { name: "executionFailedEventDetails", shape: ShapeId(63), is_required: false }, Member { name: "executionStartedEventDetails", shape: ShapeId(71), is_required: false }, Member { name: "executionSucceededEventDetails", shape: ShapeId(73), is_required: false }, Member { name: "executionAbortedEventDetails", shape: ShapeId(60), is_required: false }, Member { name: "executionTimedOutEventDetails", shape: ShapeId(74), is_required: false }, Member { name: "executionRedrivenEventDetails", shape: ShapeId(70), is_required: false }, Member { name: "mapStateStartedEventDetails", shape: ShapeId(154), is_required: false }, Member { name: "mapIterationStartedEventDetails", shape: ShapeId(143), is_required: false }, Member { name: "mapIterationSucceededEventDetails", shape: ShapeId(143), is_required: false }, Member { name: "mapIterationFailedEventDetails", shape: ShapeId(143), is_required: false }, Member { name: "mapIterationAbortedEventDetails", shape: ShapeId(143), is_required: false }, Member { name: "lambdaFunctionFailedEventDetails", shape: ShapeId(116), is_required: false }, Member { name: "lambdaFunctionScheduleFailedEventDetails", shape: ShapeId(117), is_required: false }, Member { name: "lambdaFunctionScheduledEventDetails", shape: ShapeId(118), is_required: false }, Member { name: "lambdaFunctionStartFailedEventDetails", shape: ShapeId(119), is_required: false }, Member { name: "lambdaFunctionSucceededEventDetails", shape: ShapeId(120), is_required: false }, Member { name: "lambdaFunctionTimedOutEventDetails", shape: ShapeId(121), is_required: false }, Member { name: "stateEnteredEventDetails", shape: ShapeId(192), is_required: false }, Member { name: "stateExitedEventDetails", shape: ShapeId(193), is_required: false }, Member { name: "mapRunStartedEventDetails", shape: ShapeId(152), is_required: false }, Member { name: "mapRunFailedEventDetails", shape: ShapeId(146), is_required: false }, Member { name: "mapRunRedrivenEventDetails", shape: ShapeId(151), is_required: false }, Member { name: "evaluationFailedEventDetails", shape: ShapeId(56), is_required: false }]), is_sensitive: false },
    // 86
    Shape { name: "HistoryEventExecutionDataDetails", kind: Kind::Structure(&[Member { name: "truncated", shape: ShapeId(273), is_required: false }]), is_sensitive: false },
    // 87
    Shape { name: "HistoryEventList", kind: Kind::List { of: ShapeId(85), len: Span { min: None, max: None } }, is_sensitive: false },
    // 88
    Shape { name: "HistoryEventType", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["ActivityFailed", "ActivityScheduled", "ActivityScheduleFailed", "ActivityStarted", "ActivitySucceeded", "ActivityTimedOut", "ChoiceStateEntered", "ChoiceStateExited", "ExecutionAborted", "ExecutionFailed", "ExecutionStarted", "ExecutionSucceeded", "ExecutionTimedOut", "FailStateEntered", "LambdaFunctionFailed", "LambdaFunctionScheduled", "LambdaFunctionScheduleFailed", "LambdaFunctionStarted", "LambdaFunctionStartFailed", "LambdaFunctionSucceeded", "LambdaFunctionTimedOut", "MapIterationAborted", "MapIterationFailed", "MapIterationStarted", "MapIterationSucceeded", "MapStateAborted", "MapStateEntered", "MapStateExited", "MapStateFailed", "MapStateStarted", "MapStateSucceeded", "ParallelStateAborted", "ParallelStateEntered", "ParallelStateExited", "ParallelStateFailed", "ParallelStateStarted", "ParallelStateSucceeded", "PassStateEntered", "PassStateExited", "SucceedStateEntered", "SucceedStateExited", "TaskFailed", "TaskScheduled", "TaskStarted", "TaskStartFailed", "TaskStateAborted", "TaskStateEntered", "TaskStateExited", "TaskSubmitFailed", "TaskSubmitted", "TaskSucceeded", "TaskTimedOut", "WaitStateAborted", "WaitStateEntered", "WaitStateExited", "MapRunAborted", "MapRunFailed", "MapRunStarted", "MapRunSucceeded", "ExecutionRedriven", "MapRunRedriven", "EvaluationFailed"] }, is_sensitive: false },
    // 89
    Shape { name: "Identity", kind: Kind::Text { len: Span { min: None, max: Some(256) }, pattern: None, values: &[] }, is_sensitive: false },
    // 90
    Shape { name: "IncludeExecutionData", kind: Kind::Boolean, is_sensitive: false },
    // 91
    Shape { name: "IncludeExecutionDataGetExecutionHistory", kind: Kind::Boolean, is_sensitive: false },
    // 92
    Shape { name: "IncludedData", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["ALL_DATA", "METADATA_ONLY"] }, is_sensitive: false },
    // 93
    Shape { name: "InspectionData", kind: Kind::Structure(&[Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "afterArguments", shape: ShapeId(184), is_required: false }, Member { name: "afterInputPath", shape: ShapeId(184), is_required: false }, Member { name: "afterParameters", shape: ShapeId(184), is_required: false }, Member { name: "result", shape: ShapeId(184), is_required: false }, Member { name: "afterResultSelector", shape: ShapeId(184), is_required: false }, Member { name: "afterResultPath", shape: ShapeId(184), is_required: false }, Member { name: "request", shape: ShapeId(94), is_required: false }, Member { name: "response", shape: ShapeId(95), is_required: false }, Member { name: "variables", shape: ShapeId(184), is_required: false }, Member { name: "errorDetails", shape: ShapeId(96), is_required: false }, Member { name: "afterItemsPath", shape: ShapeId(184), is_required: false }, Member { name: "afterItemSelector", shape: ShapeId(184), is_required: false }, Member { name: "afterItemBatcher", shape: ShapeId(184), is_required: false }, Member { name: "afterItemsPointer", shape: ShapeId(184), is_required: false }, Member { name: "toleratedFailureCount", shape: ShapeId(99), is_required: false }, Member { name: "toleratedFailurePercentage", shape: ShapeId(100), is_required: false }, Member { name: "maxConcurrency", shape: ShapeId(98), is_required: false }]), is_sensitive: true },
    // 94
    Shape { name: "InspectionDataRequest", kind: Kind::Structure(&[Member { name: "protocol", shape: ShapeId(82), is_required: false }, Member { name: "method", shape: ShapeId(81), is_required: false }, Member { name: "url", shape: ShapeId(242), is_required: false }, Member { name: "headers", shape: ShapeId(80), is_required: false }, Member { name: "body", shape: ShapeId(79), is_required: false }]), is_sensitive: false },
    // 95
    Shape { name: "InspectionDataResponse", kind: Kind::Structure(&[Member { name: "protocol", shape: ShapeId(82), is_required: false }, Member { name: "statusCode", shape: ShapeId(83), is_required: false }, Member { name: "statusMessage", shape: ShapeId(84), is_required: false }, Member { name: "headers", shape: ShapeId(80), is_required: false }, Member { name: "body", shape: ShapeId(79), is_required: false }]), is_sensitive: false },
    // 96
    Shape { name: "InspectionErrorDetails", kind: Kind::Structure(&[Member { name: "catchIndex", shape: ShapeId(59), is_required: false }, Member { name: "retryIndex", shape: ShapeId(59), is_required: false }, Member { name: "retryBackoffIntervalSeconds", shape: ShapeId(171), is_required: false }]), is_sensitive: false },
    // 97
    Shape { name: "InspectionLevel", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["INFO", "DEBUG", "TRACE"] }, is_sensitive: false },
    // 98
    Shape { name: "InspectionMaxConcurrency", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: true },
    // 99
    Shape { name: "InspectionToleratedFailureCount", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: true },
    // 100
    Shape { name: "InspectionToleratedFailurePercentage", kind: Kind::Float(Span { min: Some(0.0), max: Some(100.0) }), is_sensitive: true },
    // 101
    Shape { name: "InvalidArn", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 102
    Shape { name: "InvalidDefinition", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 103
    Shape { name: "InvalidEncryptionConfiguration", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 104
    Shape { name: "InvalidExecutionInput", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 105
    Shape { name: "InvalidLoggingConfiguration", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 106
    Shape { name: "InvalidName", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 107
    Shape { name: "InvalidOutput", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 108
    Shape { name: "InvalidToken", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 109
    Shape { name: "InvalidTracingConfiguration", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 110
    Shape { name: "KmsAccessDeniedException", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 111
    Shape { name: "KmsDataKeyReusePeriodSeconds", kind: Kind::Integer(Span { min: Some(60), max: Some(900) }), is_sensitive: false },
    // 112
    Shape { name: "KmsInvalidStateException", kind: Kind::Structure(&[Member { name: "kmsKeyState", shape: ShapeId(114), is_required: false }, Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 113
    Shape { name: "KmsKeyId", kind: Kind::Text { len: Span { min: Some(1), max: Some(2048) }, pattern: None, values: &[] }, is_sensitive: false },
    // 114
    Shape { name: "KmsKeyState", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["DISABLED", "PENDING_DELETION", "PENDING_IMPORT", "UNAVAILABLE", "CREATING"] }, is_sensitive: false },
    // 115
    Shape { name: "KmsThrottlingException", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 116
    Shape { name: "LambdaFunctionFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 117
    Shape { name: "LambdaFunctionScheduleFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 118
    Shape { name: "LambdaFunctionScheduledEventDetails", kind: Kind::Structure(&[Member { name: "resource", shape: ShapeId(13), is_required: true }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(86), is_required: false }, Member { name: "timeoutInSeconds", shape: ShapeId(235), is_required: false }, Member { name: "taskCredentials", shape: ShapeId(218), is_required: false }]), is_sensitive: false },
    // 119
    Shape { name: "LambdaFunctionStartFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 120
    Shape { name: "LambdaFunctionSucceededEventDetails", kind: Kind::Structure(&[Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 121
    Shape { name: "LambdaFunctionTimedOutEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 122
    Shape { name: "ListActivitiesInput", kind: Kind::Structure(&[Member { name: "maxResults", shape: ShapeId(161), is_required: false }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 123
    Shape { name: "ListActivitiesOutput", kind: Kind::Structure(&[Member { name: "activities", shape: ShapeId(4), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 124
    Shape { name: "ListExecutionsInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: false }, Member { name: "statusFilter", shape: ShapeId(72), is_required: false }, Member { name: "maxResults", shape: ShapeId(161), is_required: false }, Member { name: "nextToken", shape: ShapeId(126), is_required: false }, Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }, Member { name: "redriveFilter", shape: ShapeId(68), is_required: false }]), is_sensitive: false },
    // 125
    Shape { name: "ListExecutionsOutput", kind: Kind::Structure(&[Member { name: "executions", shape: ShapeId(65), is_required: true }, Member { name: "nextToken", shape: ShapeId(126), is_required: false }]), is_sensitive: false },
    // 126
    Shape { name: "ListExecutionsPageToken", kind: Kind::Text { len: Span { min: Some(1), max: Some(3096) }, pattern: None, values: &[] }, is_sensitive: false },
    // 127
    Shape { name: "ListMapRunsInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "maxResults", shape: ShapeId(161), is_required: false }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 128
    Shape { name: "ListMapRunsOutput", kind: Kind::Structure(&[Member { name: "mapRuns", shape: ShapeId(149), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 129
    Shape { name: "ListStateMachineAliasesInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }, Member { name: "maxResults", shape: ShapeId(161), is_required: false }]), is_sensitive: false },
    // 130
    Shape { name: "ListStateMachineAliasesOutput", kind: Kind::Structure(&[Member { name: "stateMachineAliases", shape: ShapeId(194), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 131
    Shape { name: "ListStateMachineVersionsInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }, Member { name: "maxResults", shape: ShapeId(161), is_required: false }]), is_sensitive: false },
    // 132
    Shape { name: "ListStateMachineVersionsOutput", kind: Kind::Structure(&[Member { name: "stateMachineVersions", shape: ShapeId(205), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 133
    Shape { name: "ListStateMachinesInput", kind: Kind::Structure(&[Member { name: "maxResults", shape: ShapeId(161), is_required: false }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 134
    Shape { name: "ListStateMachinesOutput", kind: Kind::Structure(&[Member { name: "stateMachines", shape: ShapeId(200), is_required: true }, Member { name: "nextToken", shape: ShapeId(162), is_required: false }]), is_sensitive: false },
    // 135
    Shape { name: "ListTagsForResourceInput", kind: Kind::Structure(&[Member { name: "resourceArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 136
    Shape { name: "ListTagsForResourceOutput", kind: Kind::Structure(&[Member { name: "tags", shape: ShapeId(214), is_required: false }]), is_sensitive: false },
    // 137
    Shape { name: "LogDestination", kind: Kind::Structure(&[Member { name: "cloudWatchLogsLogGroup", shape: ShapeId(22), is_required: false }]), is_sensitive: false },
    // 138
    Shape { name: "LogDestinationList", kind: Kind::List { of: ShapeId(137), len: Span { min: None, max: None } }, is_sensitive: false },
    // 139
    Shape { name: "LogLevel", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["ALL", "ERROR", "FATAL", "OFF"] }, is_sensitive: false },
    // 140
    Shape { name: "LoggingConfiguration", kind: Kind::Structure(&[Member { name: "level", shape: ShapeId(139), is_required: false }, Member { name: "includeExecutionData", shape: ShapeId(90), is_required: false }, Member { name: "destinations", shape: ShapeId(138), is_required: false }]), is_sensitive: false },
    // 141
    Shape { name: "LongArn", kind: Kind::Text { len: Span { min: Some(1), max: Some(2000) }, pattern: None, values: &[] }, is_sensitive: false },
    // 142
    Shape { name: "LongObject", kind: Kind::Long(Span { min: None, max: None }), is_sensitive: false },
    // 143
    Shape { name: "MapIterationEventDetails", kind: Kind::Structure(&[Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "index", shape: ShapeId(243), is_required: false }]), is_sensitive: false },
    // 144
    Shape { name: "MapIterationFailureCount", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: false },
    // 145
    Shape { name: "MapRunExecutionCounts", kind: Kind::Structure(&[Member { name: "pending", shape: ShapeId(244), is_required: true }, Member { name: "running", shape: ShapeId(244), is_required: true }, Member { name: "succeeded", shape: ShapeId(244), is_required: true }, Member { name: "failed", shape: ShapeId(244), is_required: true }, Member { name: "timedOut", shape: ShapeId(244), is_required: true }, Member { name: "aborted", shape: ShapeId(244), is_required: true }, Member { name: "total", shape: ShapeId(244), is_required: true }, Member { name: "resultsWritten", shape: ShapeId(244), is_required: true }, Member { name: "failuresNotRedrivable", shape: ShapeId(142), is_required: false }, Member { name: "pendingRedrive", shape: ShapeId(142), is_required: false }]), is_sensitive: false },
    // 146
    Shape { name: "MapRunFailedEventDetails", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 147
    Shape { name: "MapRunItemCounts", kind: Kind::Structure(&[Member { name: "pending", shape: ShapeId(244), is_required: true }, Member { name: "running", shape: ShapeId(244), is_required: true }, Member { name: "succeeded", shape: ShapeId(244), is_required: true }, Member { name: "failed", shape: ShapeId(244), is_required: true }, Member { name: "timedOut", shape: ShapeId(244), is_required: true }, Member { name: "aborted", shape: ShapeId(244), is_required: true }, Member { name: "total", shape: ShapeId(244), is_required: true }, Member { name: "resultsWritten", shape: ShapeId(244), is_required: true }, Member { name: "failuresNotRedrivable", shape: ShapeId(142), is_required: false }, Member { name: "pendingRedrive", shape: ShapeId(142), is_required: false }]), is_sensitive: false },
    // 148
    Shape { name: "MapRunLabel", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 149
    Shape { name: "MapRunList", kind: Kind::List { of: ShapeId(150), len: Span { min: None, max: None } }, is_sensitive: false },
    // 150
    Shape { name: "MapRunListItem", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "mapRunArn", shape: ShapeId(141), is_required: true }, Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "startDate", shape: ShapeId(236), is_required: true }, Member { name: "stopDate", shape: ShapeId(236), is_required: false }]), is_sensitive: false },
    // 151
    Shape { name: "MapRunRedrivenEventDetails", kind: Kind::Structure(&[Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }, Member { name: "redriveCount", shape: ShapeId(166), is_required: false }]), is_sensitive: false },
    // 152
    Shape { name: "MapRunStartedEventDetails", kind: Kind::Structure(&[Member { name: "mapRunArn", shape: ShapeId(141), is_required: false }]), is_sensitive: false },
    // 153
    Shape { name: "MapRunStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"] }, is_sensitive: false },
    // 154
    Shape { name: "MapStateStartedEventDetails", kind: Kind::Structure(&[Member { name: "length", shape: ShapeId(243), is_required: false }]), is_sensitive: false },
    // 155
    Shape { name: "MaxConcurrency", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: false },
    // 156
    Shape { name: "MissingRequiredParameter", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 157
    Shape { name: "MockErrorOutput", kind: Kind::Structure(&[Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 158
    Shape { name: "MockInput", kind: Kind::Structure(&[Member { name: "result", shape: ShapeId(184), is_required: false }, Member { name: "errorOutput", shape: ShapeId(157), is_required: false }, Member { name: "fieldValidationMode", shape: ShapeId(159), is_required: false }]), is_sensitive: false },
    // 159
    Shape { name: "MockResponseValidationMode", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["STRICT", "PRESENT", "NONE"] }, is_sensitive: false },
    // 160
    Shape { name: "Name", kind: Kind::Text { len: Span { min: Some(1), max: Some(80) }, pattern: None, values: &[] }, is_sensitive: false },
    // 161
    Shape { name: "PageSize", kind: Kind::Integer(Span { min: Some(0), max: Some(1000) }), is_sensitive: false },
    // 162
    Shape { name: "PageToken", kind: Kind::Text { len: Span { min: Some(1), max: Some(1024) }, pattern: None, values: &[] }, is_sensitive: false },
    // 163
    Shape { name: "Publish", kind: Kind::Boolean, is_sensitive: false },
    // 164
    Shape { name: "PublishStateMachineVersionInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "revisionId", shape: ShapeId(174), is_required: false }, Member { name: "description", shape: ShapeId(270), is_required: false }]), is_sensitive: false },
    // 165
    Shape { name: "PublishStateMachineVersionOutput", kind: Kind::Structure(&[Member { name: "creationDate", shape: ShapeId(236), is_required: true }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: true }]), is_sensitive: false },
    // 166
    Shape { name: "RedriveCount", kind: Kind::Integer(Span { min: None, max: None }), is_sensitive: false },
    // 167
    Shape { name: "RedriveExecutionInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "clientToken", shape: ShapeId(20), is_required: false }]), is_sensitive: false },
    // 168
    Shape { name: "RedriveExecutionOutput", kind: Kind::Structure(&[Member { name: "redriveDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 169
    Shape { name: "ResourceNotFound", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }, Member { name: "resourceName", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 170
    Shape { name: "RetrierRetryCount", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: false },
    // 171
    Shape { name: "RetryBackoffIntervalSeconds", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: true },
    // 172
    Shape { name: "RevealSecrets", kind: Kind::Boolean, is_sensitive: false },
    // 173
    Shape { name: "ReverseOrder", kind: Kind::Boolean, is_sensitive: false },
    // 174
    Shape { name: "RevisionId", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 175
    Shape { name: "RoutingConfigurationList", kind: Kind::List { of: ShapeId(176), len: Span { min: Some(1), max: Some(2) } }, is_sensitive: false },
    // 176
    Shape { name: "RoutingConfigurationListItem", kind: Kind::Structure(&[Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: true }, Member { name: "weight", shape: ShapeId(271), is_required: true }]), is_sensitive: false },
    // 177
    Shape { name: "SendTaskFailureInput", kind: Kind::Structure(&[Member { name: "taskToken", shape: ShapeId(229), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 178
    Shape { name: "SendTaskFailureOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 179
    Shape { name: "SendTaskHeartbeatInput", kind: Kind::Structure(&[Member { name: "taskToken", shape: ShapeId(229), is_required: true }]), is_sensitive: false },
    // 180
    Shape { name: "SendTaskHeartbeatOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 181
    Shape { name: "SendTaskSuccessInput", kind: Kind::Structure(&[Member { name: "taskToken", shape: ShapeId(229), is_required: true }, Member { name: "output", shape: ShapeId(184), is_required: true }]), is_sensitive: false },
    // 182
    Shape { name: "SendTaskSuccessOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 183
    Shape { name: "SensitiveCause", kind: Kind::Text { len: Span { min: Some(0), max: Some(32768) }, pattern: None, values: &[] }, is_sensitive: true },
    // 184
    Shape { name: "SensitiveData", kind: Kind::Text { len: Span { min: None, max: Some(262144) }, pattern: None, values: &[] }, is_sensitive: true },
    // 185
    Shape { name: "SensitiveDataJobInput", kind: Kind::Text { len: Span { min: None, max: Some(1048576) }, pattern: None, values: &[] }, is_sensitive: true },
    // 186
    Shape { name: "SensitiveError", kind: Kind::Text { len: Span { min: Some(0), max: Some(256) }, pattern: None, values: &[] }, is_sensitive: true },
    // 187
    Shape { name: "ServiceQuotaExceededException", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 188
    Shape { name: "StartExecutionInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "traceHeader", shape: ShapeId(240), is_required: false }]), is_sensitive: false },
    // 189
    Shape { name: "StartExecutionOutput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "startDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 190
    Shape { name: "StartSyncExecutionInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "traceHeader", shape: ShapeId(240), is_required: false }, Member { name: "includedData", shape: ShapeId(92), is_required: false }]), is_sensitive: false },
    // 191
    Shape { name: "StartSyncExecutionOutput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "stateMachineArn", shape: ShapeId(13), is_required: false }, Member { name: "name", shape: ShapeId(160), is_required: false }, Member { name: "startDate", shape: ShapeId(236), is_required: true }, Member { name: "stopDate", shape: ShapeId(236), is_required: true }, Member { name: "status", shape: ShapeId(210), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(21), is_required: false }, Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(21), is_required: false }, Member { name: "traceHeader", shape: ShapeId(240), is_required: false }, Member { name: "billingDetails", shape: ShapeId(18), is_required: false }]), is_sensitive: false },
    // 192
    Shape { name: "StateEnteredEventDetails", kind: Kind::Structure(&[Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 193
    Shape { name: "StateExitedEventDetails", kind: Kind::Structure(&[Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }, Member { name: "assignedVariables", shape: ShapeId(14), is_required: false }, Member { name: "assignedVariablesDetails", shape: ShapeId(15), is_required: false }]), is_sensitive: false },
    // 194
    Shape { name: "StateMachineAliasList", kind: Kind::List { of: ShapeId(195), len: Span { min: None, max: None } }, is_sensitive: false },
    // 195
    Shape { name: "StateMachineAliasListItem", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(141), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 196
    Shape { name: "StateMachineAlreadyExists", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 197
    Shape { name: "StateMachineDeleting", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 198
    Shape { name: "StateMachineDoesNotExist", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 199
    Shape { name: "StateMachineLimitExceeded", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 200
    Shape { name: "StateMachineList", kind: Kind::List { of: ShapeId(201), len: Span { min: None, max: None } }, is_sensitive: false },
    // 201
    Shape { name: "StateMachineListItem", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "name", shape: ShapeId(160), is_required: true }, Member { name: "type", shape: ShapeId(203), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 202
    Shape { name: "StateMachineStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["ACTIVE", "DELETING"] }, is_sensitive: false },
    // 203
    Shape { name: "StateMachineType", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["STANDARD", "EXPRESS"] }, is_sensitive: false },
    // 204
    Shape { name: "StateMachineTypeNotSupported", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 205
    Shape { name: "StateMachineVersionList", kind: Kind::List { of: ShapeId(206), len: Span { min: None, max: None } }, is_sensitive: false },
    // 206
    Shape { name: "StateMachineVersionListItem", kind: Kind::Structure(&[Member { name: "stateMachineVersionArn", shape: ShapeId(141), is_required: true }, Member { name: "creationDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 207
    Shape { name: "StateName", kind: Kind::Text { len: Span { min: Some(1), max: Some(80) }, pattern: None, values: &[] }, is_sensitive: false },
    // 208
    Shape { name: "StopExecutionInput", kind: Kind::Structure(&[Member { name: "executionArn", shape: ShapeId(13), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 209
    Shape { name: "StopExecutionOutput", kind: Kind::Structure(&[Member { name: "stopDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 210
    Shape { name: "SyncExecutionStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["SUCCEEDED", "FAILED", "TIMED_OUT"] }, is_sensitive: false },
    // 211
    Shape { name: "Tag", kind: Kind::Structure(&[Member { name: "key", shape: ShapeId(212), is_required: false }, Member { name: "value", shape: ShapeId(217), is_required: false }]), is_sensitive: false },
    // 212
    Shape { name: "TagKey", kind: Kind::Text { len: Span { min: Some(1), max: Some(128) }, pattern: None, values: &[] }, is_sensitive: false },
    // 213
    Shape { name: "TagKeyList", kind: Kind::List { of: ShapeId(212), len: Span { min: None, max: None } }, is_sensitive: false },
    // 214
    Shape { name: "TagList", kind: Kind::List { of: ShapeId(211), len: Span { min: None, max: None } }, is_sensitive: false },
    // 215
    Shape { name: "TagResourceInput", kind: Kind::Structure(&[Member { name: "resourceArn", shape: ShapeId(13), is_required: true }, Member { name: "tags", shape: ShapeId(214), is_required: true }]), is_sensitive: false },
    // 216
    Shape { name: "TagResourceOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 217
    Shape { name: "TagValue", kind: Kind::Text { len: Span { min: Some(0), max: Some(256) }, pattern: None, values: &[] }, is_sensitive: false },
    // 218
    Shape { name: "TaskCredentials", kind: Kind::Structure(&[Member { name: "roleArn", shape: ShapeId(141), is_required: false }]), is_sensitive: false },
    // 219
    Shape { name: "TaskDoesNotExist", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 220
    Shape { name: "TaskFailedEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 221
    Shape { name: "TaskScheduledEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "region", shape: ShapeId(160), is_required: true }, Member { name: "parameters", shape: ShapeId(24), is_required: true }, Member { name: "timeoutInSeconds", shape: ShapeId(235), is_required: false }, Member { name: "heartbeatInSeconds", shape: ShapeId(235), is_required: false }, Member { name: "taskCredentials", shape: ShapeId(218), is_required: false }]), is_sensitive: false },
    // 222
    Shape { name: "TaskStartFailedEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 223
    Shape { name: "TaskStartedEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }]), is_sensitive: false },
    // 224
    Shape { name: "TaskSubmitFailedEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 225
    Shape { name: "TaskSubmittedEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 226
    Shape { name: "TaskSucceededEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "outputDetails", shape: ShapeId(86), is_required: false }]), is_sensitive: false },
    // 227
    Shape { name: "TaskTimedOut", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }]), is_sensitive: false },
    // 228
    Shape { name: "TaskTimedOutEventDetails", kind: Kind::Structure(&[Member { name: "resourceType", shape: ShapeId(160), is_required: true }, Member { name: "resource", shape: ShapeId(160), is_required: true }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }]), is_sensitive: false },
    // 229
    Shape { name: "TaskToken", kind: Kind::Text { len: Span { min: Some(1), max: Some(2048) }, pattern: None, values: &[] }, is_sensitive: true },
    // 230
    Shape { name: "TestExecutionStatus", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"] }, is_sensitive: false },
    // 231
    Shape { name: "TestStateConfiguration", kind: Kind::Structure(&[Member { name: "retrierRetryCount", shape: ShapeId(170), is_required: false }, Member { name: "errorCausedByState", shape: ShapeId(234), is_required: false }, Member { name: "mapIterationFailureCount", shape: ShapeId(144), is_required: false }, Member { name: "mapItemReaderData", shape: ShapeId(184), is_required: false }]), is_sensitive: false },
    // 232
    Shape { name: "TestStateInput", kind: Kind::Structure(&[Member { name: "definition", shape: ShapeId(31), is_required: true }, Member { name: "roleArn", shape: ShapeId(13), is_required: false }, Member { name: "input", shape: ShapeId(184), is_required: false }, Member { name: "inspectionLevel", shape: ShapeId(97), is_required: false }, Member { name: "revealSecrets", shape: ShapeId(172), is_required: false }, Member { name: "variables", shape: ShapeId(184), is_required: false }, Member { name: "stateName", shape: ShapeId(234), is_required: false }, Member { name: "mock", shape: ShapeId(158), is_required: false }, Member { name: "context", shape: ShapeId(184), is_required: false }, Member { name: "stateConfiguration", shape: ShapeId(231), is_required: false }]), is_sensitive: false },
    // 233
    Shape { name: "TestStateOutput", kind: Kind::Structure(&[Member { name: "output", shape: ShapeId(184), is_required: false }, Member { name: "error", shape: ShapeId(186), is_required: false }, Member { name: "cause", shape: ShapeId(183), is_required: false }, Member { name: "inspectionData", shape: ShapeId(93), is_required: false }, Member { name: "nextState", shape: ShapeId(207), is_required: false }, Member { name: "status", shape: ShapeId(230), is_required: false }]), is_sensitive: false },
    // 234
    Shape { name: "TestStateStateName", kind: Kind::Text { len: Span { min: Some(1), max: Some(80) }, pattern: None, values: &[] }, is_sensitive: true },
    // 235
    Shape { name: "TimeoutInSeconds", kind: Kind::Long(Span { min: None, max: None }), is_sensitive: false },
    // 236
    Shape { name: "Timestamp", kind: Kind::Timestamp, is_sensitive: false },
    // 237
    Shape { name: "ToleratedFailureCount", kind: Kind::Long(Span { min: Some(0), max: None }), is_sensitive: false },
    // 238
    Shape { name: "ToleratedFailurePercentage", kind: Kind::Float(Span { min: Some(0.0), max: Some(100.0) }), is_sensitive: false },
    // 239
    Shape { name: "TooManyTags", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }, Member { name: "resourceName", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 240
    Shape { name: "TraceHeader", kind: Kind::Text { len: Span { min: Some(0), max: Some(256) }, pattern: Some("\\p{ASCII}*"), values: &[] }, is_sensitive: false },
    // 241
    Shape { name: "TracingConfiguration", kind: Kind::Structure(&[Member { name: "enabled", shape: ShapeId(52), is_required: false }]), is_sensitive: false },
    // 242
    Shape { name: "URL", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: false },
    // 243
    Shape { name: "UnsignedInteger", kind: Kind::Integer(Span { min: Some(0), max: None }), is_sensitive: false },
    // 244
    Shape { name: "UnsignedLong", kind: Kind::Long(Span { min: Some(0), max: None }), is_sensitive: false },
    // 245
    Shape { name: "UntagResourceInput", kind: Kind::Structure(&[Member { name: "resourceArn", shape: ShapeId(13), is_required: true }, Member { name: "tagKeys", shape: ShapeId(213), is_required: true }]), is_sensitive: false },
    // 246
    Shape { name: "UntagResourceOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 247
    Shape { name: "UpdateMapRunInput", kind: Kind::Structure(&[Member { name: "mapRunArn", shape: ShapeId(141), is_required: true }, Member { name: "maxConcurrency", shape: ShapeId(155), is_required: false }, Member { name: "toleratedFailurePercentage", shape: ShapeId(238), is_required: false }, Member { name: "toleratedFailureCount", shape: ShapeId(237), is_required: false }]), is_sensitive: false },
    // 248
    Shape { name: "UpdateMapRunOutput", kind: Kind::Structure(&[]), is_sensitive: false },
    // 249
    Shape { name: "UpdateStateMachineAliasInput", kind: Kind::Structure(&[Member { name: "stateMachineAliasArn", shape: ShapeId(13), is_required: true }, Member { name: "description", shape: ShapeId(12), is_required: false }, Member { name: "routingConfiguration", shape: ShapeId(175), is_required: false }]), is_sensitive: false },
    // 250
    Shape { name: "UpdateStateMachineAliasOutput", kind: Kind::Structure(&[Member { name: "updateDate", shape: ShapeId(236), is_required: true }]), is_sensitive: false },
    // 251
    Shape { name: "UpdateStateMachineInput", kind: Kind::Structure(&[Member { name: "stateMachineArn", shape: ShapeId(13), is_required: true }, Member { name: "definition", shape: ShapeId(31), is_required: false }, Member { name: "roleArn", shape: ShapeId(13), is_required: false }, Member { name: "loggingConfiguration", shape: ShapeId(140), is_required: false }, Member { name: "tracingConfiguration", shape: ShapeId(241), is_required: false }, Member { name: "publish", shape: ShapeId(163), is_required: false }, Member { name: "versionDescription", shape: ShapeId(270), is_required: false }, Member { name: "encryptionConfiguration", shape: ShapeId(53), is_required: false }]), is_sensitive: false },
    // 252
    Shape { name: "UpdateStateMachineOutput", kind: Kind::Structure(&[Member { name: "updateDate", shape: ShapeId(236), is_required: true }, Member { name: "revisionId", shape: ShapeId(174), is_required: false }, Member { name: "stateMachineVersionArn", shape: ShapeId(13), is_required: false }]), is_sensitive: false },
    // 253
    Shape { name: "ValidateStateMachineDefinitionCode", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: true },
    // 254
    Shape { name: "ValidateStateMachineDefinitionDiagnostic", kind: Kind::Structure(&[Member { name: "severity", shape: ShapeId(262), is_required: true }, Member { name: "code", shape: ShapeId(253), is_required: true }, Member { name: "message", shape: ShapeId(259), is_required: true }, Member { name: "location", shape: ShapeId(257), is_required: false }]), is_sensitive: false },
    // 255
    Shape { name: "ValidateStateMachineDefinitionDiagnosticList", kind: Kind::List { of: ShapeId(254), len: Span { min: None, max: None } }, is_sensitive: false },
    // 256
    Shape { name: "ValidateStateMachineDefinitionInput", kind: Kind::Structure(&[Member { name: "definition", shape: ShapeId(31), is_required: true }, Member { name: "type", shape: ShapeId(203), is_required: false }, Member { name: "severity", shape: ShapeId(262), is_required: false }, Member { name: "maxResults", shape: ShapeId(258), is_required: false }]), is_sensitive: false },
    // 257
    Shape { name: "ValidateStateMachineDefinitionLocation", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: true },
    // 258
    Shape { name: "ValidateStateMachineDefinitionMaxResult", kind: Kind::Integer(Span { min: Some(0), max: Some(100) }), is_sensitive: false },
    // 259
    Shape { name: "ValidateStateMachineDefinitionMessage", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: true },
    // 260
    Shape { name: "ValidateStateMachineDefinitionOutput", kind: Kind::Structure(&[Member { name: "result", shape: ShapeId(261), is_required: true }, Member { name: "diagnostics", shape: ShapeId(255), is_required: true }, Member { name: "truncated", shape: ShapeId(263), is_required: false }]), is_sensitive: false },
    // 261
    Shape { name: "ValidateStateMachineDefinitionResultCode", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["OK", "FAIL"] }, is_sensitive: false },
    // 262
    Shape { name: "ValidateStateMachineDefinitionSeverity", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["ERROR", "WARNING"] }, is_sensitive: false },
    // 263
    Shape { name: "ValidateStateMachineDefinitionTruncated", kind: Kind::Boolean, is_sensitive: false },
    // 264
    Shape { name: "ValidationException", kind: Kind::Structure(&[Member { name: "message", shape: ShapeId(55), is_required: false }, Member { name: "reason", shape: ShapeId(265), is_required: false }]), is_sensitive: false },
    // 265
    Shape { name: "ValidationExceptionReason", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &["API_DOES_NOT_SUPPORT_LABELED_ARNS", "MISSING_REQUIRED_PARAMETER", "CANNOT_UPDATE_COMPLETED_MAP_RUN", "INVALID_ROUTING_CONFIGURATION"] }, is_sensitive: false },
    // 266
    Shape { name: "VariableName", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: true },
    // 267
    Shape { name: "VariableNameList", kind: Kind::List { of: ShapeId(266), len: Span { min: None, max: None } }, is_sensitive: false },
    // 268
    Shape { name: "VariableReferences", kind: Kind::Map { key: ShapeId(207), value: ShapeId(267) }, is_sensitive: true },
    // 269
    Shape { name: "VariableValue", kind: Kind::Text { len: Span { min: None, max: None }, pattern: None, values: &[] }, is_sensitive: true },
    // 270
    Shape { name: "VersionDescription", kind: Kind::Text { len: Span { min: None, max: Some(256) }, pattern: None, values: &[] }, is_sensitive: true },
    // 271
    Shape { name: "VersionWeight", kind: Kind::Integer(Span { min: Some(0), max: Some(100) }), is_sensitive: false },
    // 272
    Shape { name: "includedDetails", kind: Kind::Boolean, is_sensitive: false },
    // 273
    Shape { name: "truncated", kind: Kind::Boolean, is_sensitive: false },
];
