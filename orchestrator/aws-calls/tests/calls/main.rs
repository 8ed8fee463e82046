//! Calls of a server that answers, fails, is silent, or says what no service of AWS says.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]
#![allow(clippy::disallowed_methods, reason = "signatures are good for a while")]

mod server;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actions::signature::{Keys, Received};
use aws_apis::{ANSWER_BYTES_MAX, Action, service};
use aws_calls::{Answered, AwsCalls, Failure, Given, Options};
use serde_json::{Value, json};

use crate::server::{Manner, Server, answer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG";
const SESSION: &str = "session/token==";

fn action(service_name: &str, name: &str) -> Action {
    service(service_name).unwrap().action(name).unwrap()
}

fn calls_within(url: &str, patience: Duration, at_once: usize, has_key: bool) -> AwsCalls {
    let options = Options { region: "us-east-1".to_owned(), patience, at_once };
    let key = has_key.then(|| ("AKIDEXAMPLE".to_owned(), SECRET.to_owned(), Some(SESSION.to_owned())));
    let endpoint = Some(url.to_owned());
    AwsCalls::given(options, Given { key, region: "eu-west-1".to_owned(), endpoint }).unwrap()
}

fn calls(url: &str) -> AwsCalls {
    calls_within(url, Duration::from_secs(30), 4, true)
}

/// What a call of an action comes to where the server answers so.
async fn told(manner: Manner, service: &str, name: &str, parameters: Value) -> Result<Answered, Failure> {
    let server = Server::start(manner).await;
    calls(&server.url).call(&action(service, name), &parameters, "token").await
}

async fn get_item(manner: Manner) -> Result<Answered, Failure> {
    told(manner, "dynamodb", "getItem", json!({"TableName": "t", "Key": {"Id": {"S": "1"}}})).await
}

fn client_error(told: Result<Answered, Failure>) -> String {
    match told {
        Err(Failure::Client(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_told_with_its_head() {
    let manner = answer(200, &[("x-amzn-RequestId", "r")], r#"{"Item": {"Id": {"S": "1"}}}"#);
    let Answered { output, status, headers } = get_item(manner).await.unwrap();
    assert_eq!((output, status), (json!({"Item": {"Id": {"S": "1"}}}), 200));
    assert!(headers.contains(&("x-amzn-requestid".to_owned(), "r".to_owned())), "{headers:?}");
}

/// By the verifier of the Step Functions API, which is tested with signatures of botocore and of AWS's SDK.
#[tokio::test]
async fn a_request_is_signed_for_its_service_with_all_that_it_says() {
    let server = Server::start(answer(200, &[], "{}")).await;
    let text = format!("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n");
    for (service, name, parameters, signed_for) in [
        ("dynamodb", "getItem", json!({"TableName": "t", "Key": {"Id": {"S": "\u{e9}"}}}), "dynamodb"),
        ("sns", "publish", json!({"TopicArn": "arn", "Message": "a b&c=d+e"}), "sns"),
        ("lambda", "getFunction", json!({"FunctionName": "f", "Qualifier": "a b/$+~"}), "lambda"),
        ("lambda", "invoke", json!({"FunctionName": "a:b c", "Payload": {"k": 1}}), "lambda"),
    ] {
        let _ = calls(&server.url).call(&action(service, name), &parameters, "token").await;
        let seen = server.seen().pop().unwrap();
        let received = Received {
            method: &seen.method,
            path: &seen.path,
            query: &seen.query,
            headers: &seen.headers,
            body: &seen.body,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let keys = Keys::of_profiles(signed_for, &text).unwrap();
        keys.verify(&received, i64::try_from(now).unwrap()).unwrap();
        let authorization = seen.headers["authorization"].to_str().unwrap();
        assert!(authorization.contains("/eu-west-1/"), "{authorization}");
        assert!(authorization.contains("x-amz-security-token"), "{authorization}");
        assert_eq!(seen.headers["x-amz-security-token"], SESSION);
        // It is the request that is signed, and not only its head.
        let other = Received { body: b"{}x", ..received };
        assert!(keys.verify(&other, i64::try_from(now).unwrap()).is_err(), "{name}");
    }
}

/// What S3's signature is made of: the path as it is sent, which may have dots that elsewhere would be cleaned away, and a hash in a header.
#[tokio::test]
async fn a_key_of_s3_is_sent_as_it_is() {
    let server = Server::start(answer(200, &[], "text")).await;
    let parameters = json!({"Bucket": "b", "Key": "a/../c //d+e"});
    let told = calls(&server.url).call(&action("s3", "getObject"), &parameters, "").await.unwrap();
    assert_eq!(told.output["Body"], "text");
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.path, "/b/a/../c%20//d%2Be");
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(seen.headers["x-amz-content-sha256"], of_nothing);
}

/// The errors of each protocol, of the caller and of the service.
#[tokio::test]
async fn an_error_is_the_services_own() {
    let xml = |code: &str| {
        format!("<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>")
    };
    let ec2 = "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>m</Message></Error></Errors></Response>";
    let of_lambda = json!({"FunctionName": "f"});
    let cases = [
        (
            "dynamodb",
            "getItem",
            json!({"TableName": "t", "Key": {"k": {"S": "1"}}}),
            400,
            r#"{"__type":"ResourceNotFoundException","message":"m"}"#.to_owned(),
            "DynamoDb.ResourceNotFoundException",
        ),
        (
            "dynamodb",
            "getItem",
            json!({"TableName": "t", "Key": {"k": {"S": "1"}}}),
            500,
            r#"{"__type":"InternalServerError","message":"m"}"#.to_owned(),
            "DynamoDb.InternalServerErrorException",
        ),
        (
            "lambda",
            "getFunction",
            of_lambda.clone(),
            404,
            r#"{"code":"ResourceNotFoundException","message":"m"}"#.to_owned(),
            "Lambda.ResourceNotFoundException",
        ),
        (
            "lambda",
            "getFunction",
            of_lambda,
            502,
            "<html>Bad Gateway</html>".to_owned(),
            "Lambda.LambdaException",
        ),
        (
            "s3",
            "getObject",
            json!({"Bucket": "b", "Key": "k"}),
            404,
            "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>".to_owned(),
            "S3.NoSuchKeyException",
        ),
        ("s3", "headObject", json!({"Bucket": "b", "Key": "k"}), 404, String::new(), "S3.NoSuchKeyException"),
        ("s3", "getObject", json!({"Bucket": "b", "Key": "k"}), 503, String::new(), "S3.S3Exception"),
        ("sns", "publish", json!({"Message": "m"}), 404, xml("NotFound"), "Sns.NotFoundException"),
        ("sns", "publish", json!({"Message": "m"}), 500, xml("InternalError"), "Sns.InternalErrorException"),
        ("ec2", "describeInstances", json!({}), 400, ec2.to_owned(), "Ec2.Ec2Exception"),
        ("ec2", "describeInstances", json!({}), 503, String::new(), "Ec2.Ec2Exception"),
    ];
    for (service, name, parameters, status, body, expected) in cases {
        let told = told(answer(status, &[], &body), service, name, parameters).await;
        let Err(Failure::Service(error)) = told else { panic!("{service}:{name} {status}: {told:?}") };
        assert_eq!((error.name.as_str(), error.status), (expected, status), "{service}:{name}");
    }
}

#[tokio::test]
async fn who_is_silent_is_waited_for_no_longer_than_that() {
    let server = Server::start(Manner::IsSilent).await;
    let calls = calls_within(&server.url, Duration::from_millis(200), 1, true);
    let told = calls.call(&action("sqs", "listQueues"), &json!({}), "").await;
    assert_eq!(client_error(told), "Unable to execute HTTP request: no answer within 0.2 s");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn who_is_not_there_is_no_answer() {
    // Bound, so that it is nobody else's, and not listened at.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let why = client_error(calls(&url).call(&action("sqs", "listQueues"), &json!({}), "").await);
    assert!(why.starts_with("Unable to execute HTTP request: ") && why.contains("refused"), "{why}");
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    for garbage in
        [&b"\x16\x03\x01garbage\r\n\r\n"[..], b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"]
    {
        let why = client_error(get_item(Manner::Says(garbage.to_vec())).await);
        assert!(why.starts_with("Unable to execute HTTP request: "), "{why}");
    }
    let Err(Failure::Service(error)) = get_item(answer(200, &[], "garbage")).await else { panic!() };
    assert_eq!(error.name, "DynamoDb.SdkClientException");
    assert!(error.message.starts_with("Unable to unmarshall response: "), "{error}");
}

/// 300 MB, with and without being told so before.
#[tokio::test]
async fn what_is_too_large_is_not_read() {
    for (head, expected) in [
        ("200 OK\r\ncontent-length: 314572800", Failure::TooLarge),
        ("200 OK\r\nconnection: close", Failure::TooLarge),
        (
            "500 No\r\nconnection: close",
            Failure::Client(
                "Unable to execute HTTP request: the answer (status 500) is larger than what is read of one"
                    .to_owned(),
            ),
        ),
    ] {
        let server = Server::start(Manner::GoesOn(format!("HTTP/1.1 {head}\r\n\r\n").into_bytes())).await;
        let parameters = json!({"TableName": "t", "Key": {"Id": {"S": "1"}}});
        let told = calls(&server.url).call(&action("dynamodb", "getItem"), &parameters, "").await;
        assert_eq!(told, Err(expected), "{head}");
        // What buffers of both sides hold is more than what was read.
        assert!(server.taken() < ANSWER_BYTES_MAX + (32 << 20), "{head}: {}", server.taken());
    }
}

#[tokio::test]
async fn a_redirection_is_named_and_not_followed() {
    let other = Server::start(answer(200, &[], "{}")).await;
    for (status, location, shown) in [
        (301, format!("{}/next?token=secret", other.url), format!("{}/next", other.url)),
        (
            302,
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
        ),
        (307, format!("http://user:secret@{}/", &other.url[7..]), format!("{}/", other.url)),
        (308, "/elsewhere".to_owned(), "/elsewhere".to_owned()),
    ] {
        let told = get_item(answer(status, &[("location", &location)], "")).await;
        let Err(Failure::Service(error)) = told else { panic!("{told:?}") };
        let expected = format!("it answers with a redirection to {shown}, and none is followed");
        assert_eq!((error.message, error.status), (expected, status));
    }
    let of_s3 = "<Error><Code>PermanentRedirect</Code><Message>another region</Message></Error>";
    let moved = answer(301, &[("location", "http://b.s3.amazonaws.com/")], of_s3);
    let Err(Failure::Service(error)) =
        told(moved, "s3", "getObject", json!({"Bucket": "b", "Key": "k"})).await
    else {
        panic!()
    };
    assert!(error.message.starts_with("another region: it answers with a redirection to "), "{error}");
    let why = client_error(get_item(answer(300, &[("location", "/x")], "{}")).await);
    assert!(why.contains("redirection to /x"), "{why}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let server = Server::start(answer(200, &[], "{}")).await;
    let calls = calls_within(&server.url, Duration::from_secs(30), 1, false);
    let why = client_error(calls.call(&action("sqs", "listQueues"), &json!({}), "").await);
    assert!(why.starts_with("Unable to load credentials from any of the providers"), "{why}");
    assert!(server.seen().is_empty());
    // What is not signed needs none.
    let parameters = json!({"IdentityPoolId": "eu-west-1:0"});
    assert_eq!(
        calls.call(&action("cognitoidentity", "getId"), &parameters, "").await.map(|it| it.status),
        Ok(200)
    );
    assert!(!server.seen().pop().unwrap().headers.contains_key("authorization"));
}

#[tokio::test]
async fn what_needs_another_signature_is_not_sent() {
    let server = Server::start(answer(200, &[], "")).await;
    let told = calls(&server.url).call(&action("simpledb", "listDomains"), &json!({}), "").await;
    assert!(client_error(told).contains("Signature Version 2"));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn only_so_many_are_called_at_once() {
    let server = Server::start(Manner::IsSilent).await;
    let calls = Arc::new(calls_within(&server.url, Duration::from_secs(30), 1, true));
    let asked = |calls: Arc<AwsCalls>| {
        tokio::spawn(async move { calls.call(&action("sqs", "listQueues"), &json!({}), "").await })
    };
    let (one, other) = (asked(Arc::clone(&calls)), asked(Arc::clone(&calls)));
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.seen().len(), 1);
    // Whoever is not waited for any more makes room.
    one.abort();
    other.abort();
    while calls.free() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let calls = calls("http://127.0.0.1:9");
    let _ = calls.call(&action("sqs", "listQueues"), &json!({}), "").await;
    let shown = format!("{calls:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(SESSION), "{shown}");
    // A header that cannot be sent is not quoted.
    let options = Options { region: "r".to_owned(), patience: Duration::from_secs(30), at_once: 1 };
    let key = Some(("id".to_owned(), SECRET.to_owned(), Some("two\nlines".to_owned())));
    let endpoint = Some("http://127.0.0.1:9".to_owned());
    let calls = AwsCalls::given(options, Given { key, region: "eu-west-1".to_owned(), endpoint }).unwrap();
    let why = client_error(calls.call(&action("sqs", "listQueues"), &json!({}), "").await);
    assert!(!why.contains("two"), "{why}");
}
