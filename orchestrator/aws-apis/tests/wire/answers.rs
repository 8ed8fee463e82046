//! Answers and errors.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use aws_apis::ApiError;
use serde_json::{Value, json};

use crate::action;

fn answer(service: &str, name: &str, headers: &[(&str, &str)], body: &str) -> Result<Value, ApiError> {
    with_status(200, service, name, headers, body)
}

fn with_status(
    status: u16,
    service: &str,
    name: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Value, ApiError> {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    action(service, name).answer(status, &headers, body.as_bytes())
}

fn error(status: u16, service: &str, name: &str, headers: &[(&str, &str)], body: &str) -> ApiError {
    with_status(status, service, name, headers, body).unwrap_err()
}

#[test]
fn json_has_names_with_capitals_and_times_as_text() {
    let body = r#"{"executionArn": "arn", "startDate": 1525283875.58, "unknown": 1, "nothing": null}"#;
    let expected = json!({"ExecutionArn": "arn", "StartDate": "2018-05-02T17:57:55.580Z"});
    assert_eq!(answer("sfn", "startExecution", &[], body).unwrap(), expected);
}

#[test]
fn query_is_unwrapped() {
    let body = "<PublishResponse xmlns='http://sns.amazonaws.com/doc/2010-03-31/'><PublishResult><MessageId>m</MessageId>\
                </PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>";
    assert_eq!(answer("sns", "publish", &[], body).unwrap(), json!({"MessageId": "m"}));
}

#[test]
fn ec2_has_lists_of_items() {
    let body = "<DescribeRegionsResponse><requestId>r</requestId><regionInfo><item><regionName>eu-west-1</regionName>\
                </item></regionInfo></DescribeRegionsResponse>";
    let expected = json!({"Regions": [{"RegionName": "eu-west-1"}]});
    assert_eq!(answer("ec2", "describeRegions", &[], body).unwrap(), expected);
}

#[test]
fn s3_answers_with_xml_headers_and_bytes() {
    let body = "<ListBucketResult><Contents><Key>a</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><Size>3</Size>\
                </Contents><Contents><Key>b</Key></Contents></ListBucketResult>";
    let expected = json!({"Contents": [
        {"Key": "a", "LastModified": "2009-10-12T17:50:30Z", "Size": 3}, {"Key": "b"},
    ]});
    assert_eq!(answer("s3", "listObjectsV2", &[], body).unwrap(), expected);
    let headers = [("ETag", "\"e\""), ("content-length", "5"), ("x-amz-meta-k", "v")];
    let expected = json!({"ETag": "\"e\"", "ContentLength": 5, "Metadata": {"k": "v"}, "Body": "{\"a\":"});
    assert_eq!(answer("s3", "getObject", &headers, "{\"a\":").unwrap(), expected);
    let region = answer("s3", "getBucketLocation", &[], "<LocationConstraint>eu-west-1</LocationConstraint>");
    assert_eq!(region.unwrap(), json!({"LocationConstraint": "eu-west-1"}));
}

#[test]
fn bytes_are_text_and_base64_where_they_are_none() {
    let headers: &[(String, String)] = &[];
    let invoke = action("lambda", "invoke");
    let text = invoke.answer(200, headers, b"{\"a\": 1}").unwrap();
    assert_eq!(text, json!({"StatusCode": 200, "Payload": "{\"a\": 1}"}));
    assert_eq!(invoke.answer(200, headers, b"\xff\x00").unwrap()["Payload"], json!("/wA="));
    let decrypted = answer("kms", "decrypt", &[], r#"{"Plaintext": "aGVsbG8="}"#).unwrap();
    assert_eq!(decrypted, json!({"Plaintext": "hello"}));
}

#[test]
fn an_error_is_called_after_service_and_exception() {
    let body =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}"#;
    let failed = error(400, "dynamodb", "putItem", &[("x-amzn-RequestId", "r")], body);
    assert_eq!(failed.name, "DynamoDb.ConditionalCheckFailedException");
    assert_eq!(failed.to_string(), "no (Service: DynamoDb, Status Code: 400, Request ID: r)");
    assert!(!failed.is_retryable);
}

/// Step Functions wants `Exception` at the end of every name, whether the service has it or not.
#[test]
fn exception_stands_at_the_end_of_every_name() {
    let body = "<Error><Code>NoSuchKey</Code><Message>no key</Message><RequestId>r</RequestId></Error>";
    let missing = error(404, "s3", "getObject", &[], body);
    assert_eq!((missing.name.as_str(), missing.code.as_str()), ("S3.NoSuchKeyException", "NoSuchKey"));
    let body = "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors>\
                <RequestID>r</RequestID></Response>";
    let unknown = error(400, "ec2", "describeInstances", &[], body);
    assert_eq!((unknown.name.as_str(), unknown.request_id.as_deref()), ("Ec2.Ec2Exception", Some("r")));
    assert_eq!(unknown.code, "InvalidInstanceID.NotFound");
    let body = "<ErrorResponse><Error><Type>Sender</Type><Code>DBInstanceNotFound</Code><Message>m</Message></Error></ErrorResponse>";
    let fault = error(404, "rds", "startDBInstance", &[], body);
    assert_eq!(fault.name, "Rds.DbInstanceNotFoundException");
}

#[test]
fn an_error_of_rest_json_is_told_in_a_header() {
    let headers = [("X-Amzn-ErrorType", "ResourceNotFoundException:http://x/")];
    let missing = error(404, "lambda", "invoke", &headers, r#"{"Message": "no function"}"#);
    assert_eq!(
        (missing.name.as_str(), missing.message.as_str()),
        ("Lambda.ResourceNotFoundException", "no function")
    );
}

#[test]
fn an_error_keeps_the_name_that_it_had_in_query() {
    let headers = [("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")];
    let body = r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}"#;
    let missing = error(400, "sqs", "sendMessage", &headers, body);
    assert_eq!(missing.name, "Sqs.QueueDoesNotExistException");
    assert_eq!(missing.code, "AWS.SimpleQueueService.NonExistentQueue");
}

#[test]
fn what_may_succeed_later_is_retryable() {
    assert!(error(503, "s3", "getObject", &[], "").is_retryable);
    let busy = error(400, "dynamodb", "getItem", &[], r#"{"__type":"ThrottlingException"}"#);
    assert!(busy.is_throttling && busy.is_retryable);
    let page = error(502, "sqs", "listQueues", &[], "<html><body>Bad Gateway</body></html>");
    assert_eq!((page.name.as_str(), page.code.as_str()), ("Sqs.SqsException", "502"));
}

#[test]
fn s3_may_answer_with_an_error_all_the_same() {
    let body = "<Error><Code>SlowDown</Code><Message>m</Message></Error>";
    let slow = answer("s3", "copyObject", &[], body).unwrap_err();
    assert_eq!((slow.status, slow.code.as_str()), (500, "SlowDown"));
    assert!(slow.is_retryable);
}

/// An answer to HEAD has no body: what is not there is named all the same, as the SDK names it.
#[test]
fn what_is_not_there_is_named_without_a_body() {
    assert_eq!(error(404, "s3", "headObject", &[], "").name, "S3.NoSuchKeyException");
    assert_eq!(error(404, "s3", "headBucket", &[], "").name, "S3.NoSuchBucketException");
    let id = [("x-amz-request-id", "r")];
    let forbidden = error(403, "s3", "headObject", &id, "");
    assert_eq!((forbidden.name.as_str(), forbidden.request_id.as_deref()), ("S3.S3Exception", Some("r")));
    assert_eq!(error(404, "s3", "getObject", &[], "").name, "S3.S3Exception");
}

/// Of Route 53, whose documentation has this answer.
#[test]
fn an_error_may_be_called_after_its_element() {
    let body = "<InvalidChangeBatch xmlns='https://route53.amazonaws.com/doc/2013-04-01/'><Messages><Message>no zone</Message>\
                <Message>no name</Message></Messages><RequestId>r</RequestId></InvalidChangeBatch>";
    let failed = error(400, "route53", "changeResourceRecordSets", &[], body);
    assert_eq!(failed.name, "Route53.InvalidChangeBatchException");
    assert_eq!((failed.message.as_str(), failed.request_id.as_deref()), ("no zone; no name", Some("r")));
}

#[test]
fn members_have_the_names_of_the_sdk_or_of_the_model() {
    let item = json!({"a": {"NULL": true}, "b": {"SS": ["x"]}, "c": {"M": {"d": {"BOOL": false}}}});
    let get = action("dynamodb", "getItem");
    let answer = get.answer(200, &[], json!({"Item": item}).to_string().as_bytes()).unwrap();
    let expected = json!({"a": {"Nul": true}, "b": {"Ss": ["x"]}, "c": {"M": {"d": {"Bool": false}}}});
    assert_eq!(answer, json!({"Item": expected}));
    assert_eq!(get.in_model_names(answer), json!({"Item": item}));
}
