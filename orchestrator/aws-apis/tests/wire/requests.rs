//! Requests.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use aws_apis::{Place, Problem, Signature};
use serde_json::{Value, json};

use crate::{action, request};

fn body(service: &str, name: &str, parameters: &Value) -> String {
    String::from_utf8(request(service, name, parameters).unwrap().body).unwrap()
}

#[test]
fn aws_json_names_the_action_in_a_header() {
    let parameters = json!({"StateMachineArn": "arn", "Input": "{}"});
    let request = request("sfn", "startSyncExecution", &parameters).unwrap();
    assert_eq!(request.url(), "https://sync-states.eu-west-1.amazonaws.com/");
    assert_eq!(request.header("x-amz-target"), Some("AWSStepFunctions.StartSyncExecution"));
    assert_eq!(request.header("Content-Type"), Some("application/x-amz-json-1.0"));
    assert_eq!(request.body, br#"{"stateMachineArn":"arn","input":"{}"}"#);
    let signing = request.signing.unwrap();
    assert_eq!(
        (signing.name.as_str(), signing.region.as_str(), signing.version),
        ("states", "eu-west-1", Signature::V4)
    );
}

#[test]
fn query_is_a_form() {
    let parameters = json!({"TopicArn": "arn", "Message": "a b", "MessageAttributes": {"k": {"DataType": "Binary", "BinaryValue": "é"}}});
    assert_eq!(
        body("sns", "publish", &parameters),
        "Action=Publish&Version=2010-03-31&TopicArn=arn&Message=a%20b&MessageAttributes.entry.1.Name=k\
         &MessageAttributes.entry.1.Value.DataType=Binary&MessageAttributes.entry.1.Value.BinaryValue=w6k%3D"
    );
}

#[test]
fn ec2_has_plural_names_in_states_and_its_own_on_the_wire() {
    let parameters = json!({"InstanceIds": ["i-1"], "Filters": [{"Name": "tag:a", "Values": ["1", "2"]}]});
    assert_eq!(
        body("ec2", "describeInstances", &parameters),
        "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&Filter.1.Name=tag%3Aa&Filter.1.Value.1=1&Filter.1.Value.2=2"
    );
}

#[test]
fn rest_json_has_members_in_path_query_headers_and_body() {
    let parameters =
        json!({"FunctionName": "f/1", "Qualifier": "a b", "InvocationType": "Event", "Payload": {"k": 1}});
    let request = request("lambda", "invoke", &parameters).unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.url(),
        "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/f%2F1/invocations?Qualifier=a%20b"
    );
    assert_eq!(request.header("X-Amz-Invocation-Type"), Some("Event"));
    assert_eq!(request.body, br#"{"k":1}"#);
}

#[test]
fn rest_xml_has_a_body_of_xml() {
    let parameters =
        json!({"Bucket": "orders", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}});
    let request = request("s3", "createBucket", &parameters).unwrap();
    assert_eq!(
        (request.method, request.url().as_str()),
        ("PUT", "https://orders.s3.eu-west-1.amazonaws.com/")
    );
    let body = String::from_utf8(request.body).unwrap();
    assert!(
        body.starts_with("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"),
        "{body}"
    );
    assert!(body.contains("<LocationConstraint>eu-west-1</LocationConstraint>"), "{body}");
}

#[test]
fn rpc_cbor_has_the_action_in_its_path() {
    let name = aws_apis::services()
        .find(|name| aws_apis::service(name).unwrap().protocol == aws_apis::Protocol::RpcCbor);
    let service = aws_apis::service(name.unwrap()).unwrap();
    let action = service.actions().find_map(|name| {
        let action = service.action(&name).unwrap();
        action.request(&json!({}), &Place { region: "eu-west-1", endpoint: None }, "token").ok()
    });
    let request = action.unwrap();
    assert!(request.path.starts_with("/service/"), "{}", request.path);
    assert_eq!(request.header("smithy-protocol"), Some("rpc-v2-cbor"));
}

#[test]
fn a_bucket_is_a_host_of_aws_and_a_folder_elsewhere() {
    let parameters = json!({"Bucket": "orders", "Key": "2024/a b.json"});
    let there = |region, endpoint| {
        let place = Place { region, endpoint };
        action("s3", "getObject").request(&parameters, &place, "").unwrap().url()
    };
    assert_eq!(there("eu-west-1", None), "https://orders.s3.eu-west-1.amazonaws.com/2024/a%20b.json");
    assert_eq!(there("cn-north-1", None), "https://orders.s3.cn-north-1.amazonaws.com.cn/2024/a%20b.json");
    assert_eq!(
        there("eu-west-1", Some("http://127.0.0.1:9000")),
        "http://127.0.0.1:9000/orders/2024/a%20b.json"
    );
    let dotted = json!({"Bucket": "a.b", "Key": "k"});
    assert_eq!(
        request("s3", "getObject", &dotted).unwrap().url(),
        "https://s3.eu-west-1.amazonaws.com/a.b/k"
    );
    let point = json!({"Bucket": "arn:aws:s3:eu-west-2:123456789012:accesspoint/p", "Key": "k"});
    let request = request("s3", "getObject", &point).unwrap();
    assert_eq!(request.url(), "https://p-123456789012.s3-accesspoint.eu-west-2.amazonaws.com/k");
    assert_eq!(request.signing.unwrap().region, "eu-west-2");
}

#[test]
fn an_object_has_the_checksum_that_is_asked_for_and_otherwise_crc32() {
    let put = |parameters: &Value| request("s3", "putObject", parameters).unwrap();
    let plain = put(&json!({"Bucket": "orders", "Key": "k", "Body": "123456789"}));
    assert_eq!(plain.header("x-amz-checksum-crc32"), Some("y/Q5Jg=="));
    assert_eq!(plain.header("x-amz-sdk-checksum-algorithm"), Some("CRC32"));
    let asked = put(&json!({"Bucket": "orders", "Key": "k", "Body": "", "ChecksumAlgorithm": "SHA1"}));
    assert_eq!(asked.header("x-amz-checksum-sha1"), Some("2jmj7l5rSw0yVb/vlWAYkK/YBwk="));
    let told = put(&json!({"Bucket": "orders", "Key": "k", "ChecksumSHA256": "s"}));
    assert_eq!(told.header("x-amz-checksum-crc32"), None);
}

#[test]
fn the_token_is_given_where_the_model_wants_one() {
    let parameters = json!({"Name": "n", "SecretString": "s"});
    assert!(body("secretsmanager", "createSecret", &parameters).contains(r#""ClientRequestToken":"token""#));
    let mine = "m".repeat(32);
    let parameters = json!({"Name": "n", "ClientRequestToken": mine});
    assert!(body("secretsmanager", "createSecret", &parameters).contains(&mine));
}

#[test]
fn names_are_those_of_the_sdk_for_java_or_the_models_with_a_capital() {
    for name in ["DbInstanceIdentifier", "DBInstanceIdentifier"] {
        let form = body("rds", "startDBInstance", &json!({ name: "d" }));
        assert_eq!(form, "Action=StartDBInstance&Version=2014-10-31&DBInstanceIdentifier=d");
    }
    let both = json!({"DbInstanceIdentifier": "d", "DBInstanceIdentifier": "d"});
    assert!(request("rds", "startDBInstance", &both).is_err());
    assert!(request("sfn", "describeExecution", &json!({"executionArn": "arn"})).is_err());
}

#[test]
fn a_time_is_written_as_the_protocol_has_it() {
    let parameters = json!({"LogGroupName": "g", "LogStreamName": "s"});
    assert!(request("cloudwatchlogs", "getLogEvents", &parameters).is_ok());
    let alarm = json!({"AlarmName": "a", "StartDate": "2015-10-21T07:28:00Z"});
    assert!(request("cloudwatch", "describeAlarmHistory", &alarm).is_ok());
    let bad = json!({"AlarmName": "a", "StartDate": "soon"});
    let problem = request("cloudwatch", "describeAlarmHistory", &bad).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "StartDate: found text, expected a time (ISO 8601 text, or seconds since 1970)"
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let parameters =
        json!({"Key": {"Id": "1"}, "ConsistantRead": true, "ProjectionExpression": 1, "AttributesToGet": []});
    let Err(Problem::Parameters(wrong)) = request("dynamodb", "getItem", &parameters) else { panic!() };
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "Key.Id: found text, expected an object",
            "ConsistantRead: found an unknown member, expected nothing of that name (ConsistentRead?)",
            "ProjectionExpression: found the number 1, expected text",
            "AttributesToGet: found 0 elements, expected at least 1 elements",
            "TableName: found nothing, expected text, which is required",
        ]
    );
    let problem = request("sqs", "listQueues", &json!([])).unwrap_err();
    assert_eq!(problem.to_string(), "parameters: found a list, expected an object");
}

#[test]
fn what_would_be_another_path_or_host_is_refused() {
    assert!(request("s3", "deleteObject", &json!({"Bucket": "orders", "Key": ""})).is_err());
    let account = json!({"AccountId": "evil.example/", "Name": "p"});
    assert!(request("s3control", "getAccessPoint", &account).is_err());
    assert!(request("s3", "getObject", &json!({"Bucket": "b--x-s3", "Key": "k"})).is_err());
    let line = json!({"Bucket": "orders", "Key": "k", "Metadata": {"a": "1\r\nX-Evil: 1"}});
    assert!(matches!(request("s3", "putObject", &line), Err(Problem::Header(_))));
    let name = json!({"Bucket": "orders", "Key": "k", "Metadata": {"a: 1\r\nb": "1"}});
    assert!(matches!(request("s3", "putObject", &name), Err(Problem::Header(_))));
    for bucket in [
        "arn:aws:s3:evil.example/:123456789012:accesspoint/x",
        "arn:aws:s3:eu-west-1:evil.example/:accesspoint/x",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/",
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/-x",
    ] {
        assert!(request("s3", "getObject", &json!({"Bucket": bucket, "Key": "k"})).is_err(), "{bucket}");
    }
    for url in ["https://evil.example", "https://169.254.169.254/", "realtime.machinelearning.amazonaws.com"]
    {
        let predict = json!({"MLModelId": "m", "Record": {}, "PredictEndpoint": url});
        assert!(request("machinelearning", "predict", &predict).is_err(), "{url}");
    }
    for step in [".", ".."] {
        assert!(request("lambda", "getFunction", &json!({"FunctionName": step})).is_err(), "{step}");
    }
    let dots = request("lambda", "getFunction", &json!({"FunctionName": "../x?y"})).unwrap();
    assert_eq!(dots.path, "/2015-03-31/functions/..%2Fx%3Fy");
}

#[test]
fn streams_of_events_are_refused() {
    let action = action("bedrockruntime", "converseStream");
    assert!(action.has_event_stream());
    let place = Place { region: "eu-west-1", endpoint: None };
    assert!(matches!(action.request(&json!({"ModelId": "m"}), &place, ""), Err(Problem::Unsupported(_))));
}

#[test]
fn an_unknown_action_is_answered_with_the_nearest() {
    let unknown = aws_apis::service("dynamodb").unwrap().action("getItems").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no action of DynamoDB \"getItems\": \"getItem\"?");
}
