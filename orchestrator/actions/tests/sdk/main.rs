//! The AWS SDK for Rust asks the API over TCP: its types, its signature, its pages and its errors.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/carried.rs"]
mod carried;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actions::http::{SIGNED_FOR, signed_router};
use actions::signature::Keys;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::http::{HttpRequest, HttpResponse};
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Config, Credentials, Region, SharedHttpClient};
use aws_sdk_sfn::error::{BoxError, ConnectorError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_sfn::operation::RequestId as _;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType, StateMachineType, SyncExecutionStatus};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use http_body_util::{BodyExt as _, Full};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use participant::{Clock, SystemClock};
use store::Store;
use store::memory::MemoryStore;
use tokio::net::TcpListener;

use carried::Carried;

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// Speaks HTTP to that address, whatever the request's host is: that of some actions begins with `sync-`. It is no more than that, so
/// that nothing of TLS is built.
#[derive(Clone, Debug)]
struct To(SocketAddr);

impl To {
    async fn ask(self, request: HttpRequest) -> Result<HttpResponse, BoxError> {
        let uri: Uri = request.uri().parse()?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut asked =
            hyper::Request::builder().method(request.method()).uri(format!("http://{}{path}", self.0));
        for (name, value) in request.headers().iter().filter(|(name, _)| *name != "host") {
            asked = asked.header(name, value);
        }
        asked = asked.header("host", uri.authority().ok_or("no host")?.as_str());
        let body = Bytes::copy_from_slice(request.body().bytes().ok_or("a body that streams")?);
        let client = legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let (head, body) = client.request(asked.body(Full::new(body))?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut answer = HttpResponse::new(head.status.as_u16().try_into()?, body.to_vec().into());
        for (name, value) in &head.headers {
            answer.headers_mut().insert(name.as_str().to_owned(), value.to_str()?.to_owned());
        }
        Ok(answer)
    }
}

impl HttpConnector for To {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.clone().ask(request);
        HttpConnectorFuture::new(async move { answer.await.map_err(ConnectorError::io) })
    }
}

/// A client that signs with that secret.
fn client(server: SocketAddr, secret: &str) -> Client {
    let to = To(server);
    let http: SharedHttpClient = http_client_fn(move |_, _| SharedHttpConnector::new(to.clone()));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIDTEST", secret, None, None, "test"))
        .endpoint_url(format!("http://{server}"))
        .retry_config(RetryConfig::disabled())
        .http_client(http);
    Client::from_conf(config.build())
}

async fn machine(client: &Client, name: &str, kind: StateMachineType, definition: &str) -> String {
    let made =
        client.create_state_machine().name(name).r#type(kind).role_arn(ROLE).definition(definition).send();
    made.await.unwrap().state_machine_arn
}

/// The API, for whoever signs with the secret `right`, and its executions.
async fn serve() -> SocketAddr {
    let (store, clock): (Arc<dyn Store>, Arc<dyn Clock>) =
        (Arc::new(MemoryStore::new()), Arc::new(SystemClock));
    let carried = Carried::out(&store, clock);
    let service = carried.service(store, carried.requests.clone());
    let keys = "[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = right\n";
    let router = signed_router(service, Keys::of_profiles(SIGNED_FOR, keys).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test]
async fn the_sdk_for_rust_works_unchanged() {
    let server = serve().await;
    let client = client(server, "right");
    works_on_an_activity(&client).await;
    waits_for_the_end(&client).await;
    reads_errors(&client, server).await;
}

async fn works_on_an_activity(client: &Client) {
    let activity = client.create_activity().name("work").send().await.unwrap().activity_arn;
    let definition = format!(
        r#"{{"StartAt":"W","States":{{"W":{{"Type":"Task","Resource":"{activity}","Next":"S"}},"S":{{"Type":"Succeed"}}}}}}"#
    );
    let machine = machine(client, "m", StateMachineType::Standard, &definition).await;
    let start = || client.start_execution().state_machine_arn(&machine).name("e").input(r#"{"n": 1.0}"#);
    let started = start().send().await.unwrap();
    assert!(started.request_id().is_some(), "{started:?}");
    let again = start().send().await.unwrap();
    assert_eq!((&again.execution_arn, again.start_date), (&started.execution_arn, started.start_date));
    let execution = started.execution_arn;
    let task = client.get_activity_task().activity_arn(&activity).worker_name("w").send().await.unwrap();
    assert_eq!(task.input.as_deref(), Some(r#"{"n":1.0}"#));
    let token = task.task_token.unwrap();
    client.send_task_heartbeat().task_token(&token).send().await.unwrap();
    client.send_task_success().task_token(&token).output("[2]").send().await.unwrap();
    let late = client.send_task_failure().task_token(&token).send().await.unwrap_err().into_service_error();
    assert!(late.is_task_timed_out(), "{late:?}");
    let described = client.describe_execution().execution_arn(&execution).send().await.unwrap();
    assert_eq!(described.status, ExecutionStatus::Succeeded);
    assert_eq!(described.output.as_deref(), Some("[2]"));
    let pages = client.get_execution_history().execution_arn(&execution).into_paginator().page_size(2);
    let pages: Result<Vec<_>, _> = pages.send().collect().await;
    let pages = pages.unwrap();
    let events: Vec<_> = pages.iter().flat_map(|page| &page.events).collect();
    assert!(pages.len() > 2 && pages.iter().all(|page| page.events.len() <= 2), "{}", pages.len());
    assert!(events.iter().map(|event| event.id).eq(1..=i64::try_from(events.len()).unwrap()));
    let kinds = [events[0], events[events.len() - 1]].map(|event| event.r#type.clone());
    assert_eq!(kinds, [HistoryEventType::ExecutionStarted, HistoryEventType::ExecutionSucceeded]);
    assert!(
        events
            .iter()
            .all(|event| !event.r#type.as_str().is_empty() && event.timestamp.secs() > 1_700_000_000)
    );
    let executions = client.list_executions().state_machine_arn(&machine).into_paginator().items();
    let executions: Result<Vec<_>, _> = executions.send().collect().await;
    assert_eq!(executions.unwrap().into_iter().map(|it| it.name).collect::<Vec<_>>(), ["e"]);
    let closed = start().send().await.unwrap_err().into_service_error();
    assert!(closed.is_execution_already_exists(), "{closed:?}");
    assert_eq!(closed.message(), Some(&*format!("Execution Already Exists: '{execution}'")));
}

async fn waits_for_the_end(client: &Client) {
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"a":1},"End":true}}}"#;
    let machine = machine(client, "x", StateMachineType::Express, definition).await;
    let ended = client.start_sync_execution().state_machine_arn(&machine).send().await.unwrap();
    assert_eq!((ended.status, ended.output.as_deref()), (SyncExecutionStatus::Succeeded, Some(r#"{"a":1}"#)));
    let listed = client.list_executions().state_machine_arn(&machine).send().await.unwrap_err();
    assert!(listed.into_service_error().is_state_machine_type_not_supported());
    client.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
    let gone = async {
        loop {
            let found = client.describe_state_machine().state_machine_arn(&machine).send().await;
            match found.map_err(SdkError::into_service_error) {
                Err(error) if error.is_state_machine_does_not_exist() => break,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
}

async fn reads_errors(client: &Client, server: SocketAddr) {
    let none = "arn:aws:states:eu-west-1:123456789012:mapRun:m/L:0b2f";
    let error = client.describe_map_run().map_run_arn(none).send().await.unwrap_err().into_service_error();
    let aws_sdk_sfn::operation::describe_map_run::DescribeMapRunError::ResourceNotFound(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.resource_name(), Some(none));
    let long = "n".repeat(81);
    let error = client.create_activity().name(&long).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    let message = format!(
        "1 validation error detected: Value '{long}' at 'name' failed to satisfy constraint: Member must have length less than or equal \
         to 80"
    );
    assert_eq!(error.message(), Some(message.as_str()));
    let stranger = self::client(server, "wrong");
    let error = stranger.list_state_machines().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidSignatureException"));
    let error = client.delete_activity().activity_arn("x").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_arn());
}
