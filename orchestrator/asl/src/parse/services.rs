//! The optimised integrations of AWS: which actions a service offers, and each in which patterns.

use crate::nearest::hint;
use crate::resource::{Integration, Pattern};

/// An action, and what a task that calls it can wait for besides the answer: for what it began (`.sync`, of a workflow in both
/// versions), or for a token.
struct Action {
    name: &'static str,
    sync: bool,
    token: bool,
}

/// The answer only.
const fn answer(name: &'static str) -> Action {
    Action { name, sync: false, token: false }
}

/// The answer, or the end of what was begun.
const fn job(name: &'static str) -> Action {
    Action { name, sync: true, token: false }
}

/// The answer, or a token that is handed in.
const fn callback(name: &'static str) -> Action {
    Action { name, sync: false, token: true }
}

/// All three.
const fn any(name: &'static str) -> Action {
    Action { name, sync: true, token: true }
}

/// The table of the Developer Guide: "Integrating optimized services" says which services know a pattern, the page of each service
/// which of its actions. Where the two differ (EKS and callbacks), what one of them allows is allowed.
#[rustfmt::skip]
const SERVICES: &[(&str, &[Action])] = &[
    ("apigateway", &[callback("invoke")]),
    ("athena", &[
        job("startQueryExecution"), answer("stopQueryExecution"), answer("getQueryExecution"), answer("getQueryResults"),
    ]),
    ("batch", &[job("submitJob")]),
    ("bedrock", &[job("createModelCustomizationJob"), callback("invokeModel")]),
    ("bedrockagentcore", &[answer("invokeHarness")]),
    ("codebuild", &[
        job("startBuild"), answer("stopBuild"), answer("batchDeleteBuilds"), answer("batchGetReports"),
        job("startBuildBatch"), answer("stopBuildBatch"), job("retryBuildBatch"), answer("deleteBuildBatch"),
    ]),
    ("databrew", &[job("startJobRun")]),
    ("dynamodb", &[answer("getItem"), answer("putItem"), answer("deleteItem"), answer("updateItem")]),
    ("ecs", &[any("runTask")]),
    ("eks", &[
        callback("call"), any("runJob"), job("createCluster"), job("deleteCluster"), job("createFargateProfile"),
        job("deleteFargateProfile"), job("createNodegroup"), job("deleteNodegroup"),
    ]),
    ("elasticmapreduce", &[
        job("createCluster"), job("terminateCluster"), job("addStep"), answer("cancelStep"),
        answer("setClusterTerminationProtection"), answer("modifyInstanceFleetByName"), answer("modifyInstanceGroupByName"),
    ]),
    ("emr-containers", &[answer("createVirtualCluster"), job("deleteVirtualCluster"), job("startJobRun")]),
    ("emr-serverless", &[
        job("createApplication"), job("startApplication"), job("stopApplication"), job("deleteApplication"),
        job("startJobRun"), job("cancelJobRun"),
    ]),
    ("events", &[callback("putEvents")]),
    ("glue", &[job("startJobRun")]),
    ("http", &[answer("invoke")]),
    ("lambda", &[callback("invoke")]),
    ("mediaconvert", &[job("createJob")]),
    ("sagemaker", &[
        answer("createEndpoint"), answer("createEndpointConfig"), job("createHyperParameterTuningJob"), job("createLabelingJob"),
        answer("createModel"), job("createProcessingJob"), job("createTrainingJob"), job("createTransformJob"),
        answer("updateEndpoint"),
    ]),
    ("sns", &[callback("publish")]),
    ("sqs", &[callback("sendMessage")]),
    ("states", &[any("startExecution")]),
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
    let (name, suffix) = integration.action.split_once('.').unwrap_or((&integration.action, ""));
    if let Some(sdk) = integration.service.strip_prefix("aws-sdk:") {
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        return is_name(sdk) && is_name(name) && integration.pattern != Pattern::Sync;
    }
    let action = actions(integration).and_then(|actions| actions.iter().find(|action| action.name == name));
    action.is_some_and(|action| match integration.pattern {
        Pattern::RequestResponse => true,
        // Only an execution tells its output in two ways.
        Pattern::Sync => action.sync && (suffix != "sync:2" || &*integration.service == "states"),
        Pattern::WaitForTaskToken => action.token,
    })
}

fn actions(integration: &Integration) -> Option<&'static [Action]> {
    SERVICES.iter().find(|(name, _)| *name == &*integration.service).map(|(_, actions)| *actions)
}

/// What might have been meant.
pub(super) fn nearest_action(integration: &Integration) -> Option<String> {
    let name = integration.action.split_once('.').map_or(&*integration.action, |(name, _)| name);
    let Some(actions) = actions(integration) else {
        return Some(hint(&integration.service, SERVICES.iter().map(|(name, _)| *name)));
    };
    match actions.iter().find(|action| action.name == name) {
        Some(action) => Some(format!("{name}{}", patterns(action))),
        None => Some(hint(name, actions.iter().map(|action| action.name))),
    }
}

/// The patterns of an action, for people.
fn patterns(action: &Action) -> &'static str {
    match (action.sync, action.token) {
        (false, false) => ", which is only asked for its answer",
        (true, false) => " or the same with .sync",
        (false, true) => " or the same with .waitForTaskToken",
        (true, true) => " or the same with .sync or .waitForTaskToken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Resource;

    /// The patterns in which the table offers an action: its name alone, and with each suffix.
    fn offered(action: &str) -> Vec<&'static str> {
        let suffixes = ["", ".sync", ".sync:2", ".waitForTaskToken"];
        let is_one = |suffix: &&str| {
            let resource = Resource::parse(&format!("arn:aws:states:::{action}{suffix}")).unwrap();
            is_offered(resource.kind.integration().unwrap())
        };
        suffixes.into_iter().filter(is_one).collect()
    }

    #[test]
    fn patterns_are_those_of_the_action_not_of_its_service() {
        let (token, sync) = (".waitForTaskToken", ".sync");
        for (action, patterns) in [
            ("states:startExecution", vec!["", sync, ".sync:2", token]),
            ("ecs:runTask", vec!["", sync, token]),
            ("bedrock:invokeModel", vec!["", token]),
            ("bedrock:createModelCustomizationJob", vec!["", sync]),
            ("bedrockagentcore:invokeHarness", vec![""]),
            ("athena:startQueryExecution", vec!["", sync]),
            ("athena:getQueryResults", vec![""]),
            ("codebuild:startBuild", vec!["", sync]),
            ("codebuild:stopBuild", vec![""]),
            ("sagemaker:createTrainingJob", vec!["", sync]),
            ("sagemaker:createEndpoint", vec![""]),
            ("elasticmapreduce:addStep", vec!["", sync]),
            ("elasticmapreduce:cancelStep", vec![""]),
            ("emr-containers:createVirtualCluster", vec![""]),
            ("emr-containers:startJobRun", vec!["", sync]),
            ("eks:call", vec!["", token]),
            ("eks:createCluster", vec!["", sync]),
            ("dynamodb:getItem", vec![""]),
            ("dynamodb:query", vec![]),
            ("lambda:invoke", vec!["", token]),
            ("http:invoke", vec![""]),
            ("s3:getObject", vec![]),
            ("aws-sdk:dynamodb:query", vec!["", token]),
        ] {
            assert_eq!(offered(action), patterns, "{action}");
        }
    }

    #[test]
    fn every_action_answers_and_what_is_required_is_of_one_of_them() {
        for (service, actions) in SERVICES {
            for action in *actions {
                assert!(
                    offered(&format!("{service}:{}", action.name)).contains(&""),
                    "{service}:{}",
                    action.name
                );
            }
        }
        for (service, name, _) in REQUIRED {
            assert!(!offered(&format!("{service}:{name}")).is_empty(), "{service}:{name}");
        }
    }
}
