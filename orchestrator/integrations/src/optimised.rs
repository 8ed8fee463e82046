//! The optimised integrations that are one request of an AWS API each, and in what they differ from those of the AWS SDK.

use aws_apis::ApiError;
use serde_json::{Map, Value, json};

/// An optimised integration of a service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Optimised {
    /// The service in ARNs: `dynamodb`.
    pub(crate) service: &'static str,
    /// The same for the AWS SDK's integrations.
    pub(crate) sdk_service: &'static str,
    /// Those of its actions that AWS optimises.
    actions: &'static [&'static str],
    /// What its errors begin with.
    pub(crate) prefix: &'static str,
    /// An error that its model does not have.
    base: &'static str,
    /// What its errors' causes call it.
    called: &'static str,
    /// What is text for the API, and may be any JSON here.
    texts: &'static [Text],
    /// Whether the answer's head is part of the result.
    has_head: bool,
}

/// Where a text is.
#[derive(Debug, PartialEq, Eq)]
enum Text {
    /// A parameter.
    At(&'static str),
    /// A member of each element of a parameter.
    InEach(&'static str, &'static str),
}

const fn of(
    (service, sdk_service): (&'static str, &'static str),
    prefix: &'static str,
    (base, called): (&'static str, &'static str),
    actions: &'static [&'static str],
) -> Optimised {
    Optimised { service, sdk_service, actions, prefix, base, called, texts: &[], has_head: true }
}

/// Errors have the names of the AWS SDK for Java 1, on which these integrations are built; where AWS documents neither head nor errors of
/// that SDK (Bedrock, EMR Serverless, MediaConvert), as those of the AWS SDK.
#[rustfmt::skip]
static SERVICES: &[Optimised] = &[
    of(("athena", "athena"), "Athena", ("AmazonAthenaException", "AmazonAthena"), &[
        "startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults",
    ]),
    of(("batch", "batch"), "Batch", ("AWSBatchException", "AWSBatch"), &["submitJob"]),
    Optimised { has_head: false, ..of(("bedrock", "bedrock"), "Bedrock", ("BedrockException", "Bedrock"), &["createModelCustomizationJob"]) },
    Optimised { has_head: false, ..of(("bedrock", "bedrockruntime"), "BedrockRuntime", ("BedrockRuntimeException", "BedrockRuntime"), &["invokeModel"]) },
    of(("codebuild", "codebuild"), "CodeBuild", ("AWSCodeBuildException", "AWSCodeBuild"), &[
        "startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports", "startBuildBatch", "stopBuildBatch", "retryBuildBatch",
        "deleteBuildBatch",
    ]),
    of(("databrew", "databrew"), "DataBrew", ("AWSGlueDataBrewException", "AWSGlueDataBrew"), &["startJobRun"]),
    of(("dynamodb", "dynamodb"), "DynamoDB", ("AmazonDynamoDBException", "AmazonDynamoDBv2"), &[
        "getItem", "putItem", "deleteItem", "updateItem",
    ]),
    of(("ecs", "ecs"), "ECS", ("AmazonECSException", "AmazonECS"), &["runTask"]),
    of(("eks", "eks"), "EKS", ("AmazonEKSException", "AmazonEKS"), &[
        "createCluster", "deleteCluster", "createFargateProfile", "deleteFargateProfile", "createNodegroup", "deleteNodegroup",
    ]),
    of(("emr-containers", "emrcontainers"), "EMRContainers", ("AmazonEMRContainersException", "AmazonEMRContainers"), &[
        "createVirtualCluster", "deleteVirtualCluster", "startJobRun",
    ]),
    Optimised { has_head: false, ..of(("emr-serverless", "emrserverless"), "EmrServerless", ("EmrServerlessException", "EmrServerless"), &[
        "createApplication", "startApplication", "stopApplication", "deleteApplication", "startJobRun", "cancelJobRun",
    ]) },
    Optimised {
        texts: &[Text::InEach("Entries", "Detail")],
        ..of(("events", "eventbridge"), "EventBridge", ("AmazonEventBridgeException", "AmazonEventBridge"), &["putEvents"])
    },
    of(("glue", "glue"), "Glue", ("AWSGlueException", "AWSGlue"), &["startJobRun"]),
    Optimised { has_head: false, ..of(("mediaconvert", "mediaconvert"), "MediaConvert", ("MediaConvertException", "MediaConvert"), &["createJob"]) },
    of(("sagemaker", "sagemaker"), "SageMaker", ("AmazonSageMakerException", "AmazonSageMaker"), &[
        "createEndpoint", "createEndpointConfig", "createHyperParameterTuningJob", "createLabelingJob", "createModel", "createProcessingJob",
        "createTrainingJob", "createTransformJob", "updateEndpoint",
    ]),
    Optimised { texts: &[Text::At("Message")], ..of(("sns", "sns"), "SNS", ("AmazonSNSException", "AmazonSNS"), &["publish"]) },
    Optimised { texts: &[Text::At("MessageBody")], ..of(("sqs", "sqs"), "SQS", ("AmazonSQSException", "AmazonSQS"), &["sendMessage"]) },
];

/// That action's, by the service's name in ARNs and the action's without the suffix of a pattern.
pub(crate) fn find(service: &str, action: &str) -> Option<&'static Optimised> {
    SERVICES.iter().find(|it| it.service == service && it.actions.contains(&action))
}

impl Optimised {
    /// The parameters as the API has them: what is text there is the JSON of what is given, unless that is text.
    pub(crate) fn parameters(&self, mut parameters: Value) -> Value {
        let as_text = |value: Option<&mut Value>| {
            if let Some(value) = value.filter(|value| !value.is_string() && !value.is_null()) {
                *value = Value::String(value.to_string());
            }
        };
        for text in self.texts {
            match text {
                Text::At(name) => as_text(parameters.get_mut(name)),
                Text::InEach(list, name) => {
                    let list = parameters.get_mut(list).and_then(Value::as_array_mut);
                    list.into_iter().flatten().for_each(|element| as_text(element.get_mut(name)));
                }
            }
        }
        parameters
    }

    /// The task's result, of the members of the answer and its head.
    pub(crate) fn result(&self, mut output: Value, status: u16, headers: &[(String, String)]) -> Value {
        // The body of a model's answer is JSON, and is shown as such.
        if self.sdk_service == "bedrockruntime"
            && let Some(body) = output.get_mut("Body")
            && let Some(parsed) = body.as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *body = parsed;
        }
        if let (true, Some(members)) = (self.has_head, output.as_object_mut()) {
            members.insert("SdkHttpMetadata".to_owned(), head(status, headers));
            let id = ["x-amzn-requestid", "x-amz-request-id"];
            let id = headers.iter().find(|(name, _)| id.contains(&&**name)).map(|(_, value)| value.as_str());
            members.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": id }));
        }
        output
    }

    /// An error of the service as these integrations name it: error and cause.
    pub(crate) fn error(&self, error: &ApiError) -> (String, String) {
        let (service, exception) = error.name.split_once('.').unwrap_or(("", &error.name));
        let is_base = exception == format!("{service}Exception");
        let exception = if is_base { self.base } else { exception };
        let id = error.request_id.as_deref().unwrap_or("null");
        let ApiError { message, status, code, .. } = error;
        let cause = format!(
            "{message} (Service: {}; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)",
            self.called
        );
        (format!("{}.{exception}", self.prefix), cause)
    }

    /// An answer that is a failure all the same: events that were not taken.
    pub(crate) fn failure(&self, output: &Value) -> Option<(String, String)> {
        let failed = output.get("FailedEntryCount").and_then(Value::as_u64)?;
        (self.service == "events" && failed > 0)
            .then(|| (format!("{}.FailedEntry", self.prefix), output.to_string()))
    }
}

/// Status and headers as the SDK has them, which spells those of HTTP with capitals.
fn head(status: u16, headers: &[(String, String)]) -> Value {
    let (mut all, mut single) = (Map::new(), Map::new());
    for (name, value) in headers {
        let name = spelt(name);
        let values = all.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().into_iter().for_each(|values| values.push(value.as_str().into()));
        single.entry(name).or_insert_with(|| value.as_str().into());
    }
    json!({"AllHttpHeaders": all, "HttpHeaders": single, "HttpStatusCode": status})
}

/// `content-type` as `Content-Type`, `x-amzn-requestid` as `x-amzn-RequestId`; others of AWS as they are.
fn spelt(name: &str) -> String {
    if name == "x-amzn-requestid" {
        return "x-amzn-RequestId".to_owned();
    }
    if name.starts_with("x-") {
        return name.to_owned();
    }
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_an_action_of_its_service() {
        for it in SERVICES {
            let service = aws_apis::service(it.sdk_service).unwrap();
            for action in it.actions {
                assert!(service.action(action).is_ok(), "{}:{action}", it.service);
            }
        }
    }

    #[test]
    fn what_is_text_for_the_api_may_be_json() {
        let of = |service, action, given| find(service, action).unwrap().parameters(given);
        assert_eq!(
            of("sqs", "sendMessage", json!({"MessageBody": {"a": [1]}}))["MessageBody"],
            r#"{"a":[1]}"#
        );
        assert_eq!(of("sqs", "sendMessage", json!({"MessageBody": "text"}))["MessageBody"], "text");
        assert_eq!(of("sns", "publish", json!({"Message": true}))["Message"], "true");
        let given = json!({"Entries": [{"Detail": {"a": 1}}, {"Detail": "{}"}, 7]});
        let expected = json!({"Entries": [{"Detail": "{\"a\":1}"}, {"Detail": "{}"}, 7]});
        assert_eq!(of("events", "putEvents", given), expected);
    }

    /// The example that the Developer Guide has for DynamoDB's `getItem`, with other headers.
    #[test]
    fn the_head_of_the_answer_is_part_of_the_result() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers =
            [pair("content-type", "c"), pair("x-amzn-requestid", "r"), pair("via", "a"), pair("via", "b")];
        let result = find("dynamodb", "getItem").unwrap().result(json!({"Item": {}}), 200, &headers);
        let all = json!({"Content-Type": ["c"], "x-amzn-RequestId": ["r"], "Via": ["a", "b"]});
        let single = json!({"Content-Type": "c", "x-amzn-RequestId": "r", "Via": "a"});
        let head = json!({"AllHttpHeaders": all, "HttpHeaders": single, "HttpStatusCode": 200});
        let expected =
            json!({"Item": {}, "SdkHttpMetadata": head, "SdkResponseMetadata": {"RequestId": "r"}});
        assert_eq!(result, expected);
        let body = json!({"Body": "{\"a\": 1}", "ContentType": "application/json"});
        let result = find("bedrock", "invokeModel").unwrap().result(body, 200, &headers);
        assert_eq!(result, json!({"Body": {"a": 1}, "ContentType": "application/json"}));
    }

    #[test]
    fn an_error_has_the_names_of_the_older_sdk() {
        let of = |code: &str| {
            let put = aws_apis::service("dynamodb").unwrap().action("putItem").unwrap();
            let body = json!({"__type": code, "message": "no"}).to_string();
            find("dynamodb", "putItem").unwrap().error(&put.answer(400, &[], body.as_bytes()).unwrap_err())
        };
        let (error, cause) = of("ConditionalCheckFailedException");
        assert_eq!(error, "DynamoDB.ConditionalCheckFailedException");
        let expected = "no (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException; Request ID: \
                        null; Proxy: null)";
        assert_eq!(cause, expected);
        assert_eq!(of("ValidationException").0, "DynamoDB.AmazonDynamoDBException");
    }

    #[test]
    fn events_that_are_not_taken_are_a_failure() {
        let events = find("events", "putEvents").unwrap();
        assert_eq!(events.failure(&json!({"FailedEntryCount": 0})), None);
        let (error, cause) = events.failure(&json!({"FailedEntryCount": 1})).unwrap();
        assert_eq!((error.as_str(), cause.as_str()), ("EventBridge.FailedEntry", "{\"FailedEntryCount\":1}"));
    }
}
