//! The optimised integrations of AWS: which actions a service offers, and in which patterns.

use crate::nearest::hint;
use crate::resource::{Integration, Pattern};

/// A service: its actions, and whether a task can wait for what an action began (`.sync`), or for a token.
struct Service {
    name: &'static str,
    actions: &'static [&'static str],
    sync: bool,
    token: bool,
}

const fn service(name: &'static str, sync: bool, token: bool, actions: &'static [&'static str]) -> Service {
    Service { name, actions, sync, token }
}

/// The table of the Developer Guide ("Integrating optimized services").
#[rustfmt::skip]
const SERVICES: &[Service] = &[
    service("apigateway", false, true, &["invoke"]),
    service("athena", true, false, &["startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"]),
    service("batch", true, false, &["submitJob"]),
    service("bedrock", true, true, &["createModelCustomizationJob", "invokeModel"]),
    // Younger than what is known of it: whatever it offers.
    service("bedrock-agentcore", false, false, &[]),
    service("codebuild", true, false, &[
        "startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports", "startBuildBatch", "stopBuildBatch",
        "retryBuildBatch", "deleteBuildBatch",
    ]),
    service("databrew", true, false, &["startJobRun"]),
    service("dynamodb", false, false, &["getItem", "putItem", "deleteItem", "updateItem"]),
    service("ecs", true, true, &["runTask"]),
    service("eks", true, true, &[
        "call", "runJob", "createCluster", "deleteCluster", "createFargateProfile", "deleteFargateProfile",
        "createNodegroup", "deleteNodegroup",
    ]),
    service("elasticmapreduce", true, false, &[
        "createCluster", "terminateCluster", "addStep", "cancelStep", "setClusterTerminationProtection",
        "modifyInstanceFleetByName", "modifyInstanceGroupByName",
    ]),
    service("emr-containers", true, false, &["createVirtualCluster", "deleteVirtualCluster", "startJobRun"]),
    service("emr-serverless", true, false, &[
        "createApplication", "startApplication", "stopApplication", "deleteApplication", "startJobRun", "cancelJobRun",
    ]),
    service("events", false, true, &["putEvents"]),
    service("glue", true, false, &["startJobRun"]),
    service("http", false, false, &["invoke"]),
    service("lambda", false, true, &["invoke"]),
    service("mediaconvert", true, false, &["createJob"]),
    service("sagemaker", true, false, &[
        "createEndpoint", "createEndpointConfig", "createHyperParameterTuningJob", "createLabelingJob", "createModel",
        "createProcessingJob", "createTrainingJob", "createTransformJob", "updateEndpoint",
    ]),
    service("sns", false, true, &["publish"]),
    service("sqs", false, true, &["sendMessage"]),
    service("states", true, true, &["startExecution"]),
];

/// What a call cannot do without.
#[rustfmt::skip]
const REQUIRED: &[(&str, &str, &[&str])] = &[
    ("apigateway", "invoke", &["ApiEndpoint", "Method"]),
    ("athena", "startQueryExecution", &["QueryString"]),
    ("batch", "submitJob", &["JobDefinition", "JobName", "JobQueue"]),
    ("codebuild", "startBuild", &["ProjectName"]),
    ("dynamodb", "getItem", &["Key", "TableName"]),
    ("dynamodb", "putItem", &["Item", "TableName"]),
    ("dynamodb", "deleteItem", &["Key", "TableName"]),
    ("dynamodb", "updateItem", &["Key", "TableName"]),
    ("ecs", "runTask", &["TaskDefinition"]),
    ("events", "putEvents", &["Entries"]),
    ("glue", "startJobRun", &["JobName"]),
    ("http", "invoke", &["ApiEndpoint", "Method"]),
    ("lambda", "invoke", &["FunctionName"]),
    ("sns", "publish", &["Message"]),
    ("sqs", "sendMessage", &["MessageBody", "QueueUrl"]),
    ("states", "startExecution", &["StateMachineArn"]),
];

/// The arguments that the action cannot do without.
pub(super) fn required_arguments(integration: &Integration) -> &'static [&'static str] {
    let action = integration.action.split_once('.').map_or(&*integration.action, |(action, _)| action);
    let of = |(service, name, _): &&(&str, &str, _)| *service == &*integration.service && *name == action;
    REQUIRED.iter().find(of).map_or(&[], |(_, _, arguments)| arguments)
}

/// Whether there is such an action, in that pattern. Of the services' own APIs (`aws-sdk:…`) every action is taken to be there.
pub(super) fn is_offered(integration: &Integration) -> bool {
    let (action, suffix) = integration.action.split_once('.').unwrap_or((&integration.action, ""));
    if let Some(sdk) = integration.service.strip_prefix("aws-sdk:") {
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        return is_name(sdk) && is_name(action) && integration.pattern != Pattern::Sync;
    }
    let Some(service) = find(integration) else { return false };
    let is_pattern = match integration.pattern {
        Pattern::RequestResponse => true,
        Pattern::Sync => service.sync && (suffix != "sync:2" || service.name == "states"),
        Pattern::WaitForTaskToken => service.token,
    };
    is_pattern && (service.actions.is_empty() || service.actions.contains(&action))
}

fn find(integration: &Integration) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == &*integration.service)
}

/// What might have been meant.
pub(super) fn nearest_action(integration: &Integration) -> Option<String> {
    let action = integration.action.split_once('.').map_or(&*integration.action, |(action, _)| action);
    match find(integration) {
        Some(service) if service.actions.contains(&action) => Some(format!("another pattern for {action}")),
        Some(service) => Some(hint(action, service.actions.iter().copied())),
        None => Some(hint(&integration.service, SERVICES.iter().map(|service| service.name))),
    }
}
