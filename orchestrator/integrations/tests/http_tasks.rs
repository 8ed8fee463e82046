//! HTTP tasks: what an API is asked, what comes of its answers, and of servers that mean no good.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

#[path = "../../aws-calls/tests/calls/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use connections::{Desk, Key};
use engine::{Fact, TaskId};
use functions::Functions;
use http_client::{Client, Host, Reach};
use integrations::{Callees, HttpCall, HttpTasks, Outside};
use participant::CallId;
use serde_json::{Value, json};
use store::memory::MemoryStore;
use tokio::runtime::Handle;

use crate::server::{Manner, Server, answer};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// More than anybody should read of an answer.
const TAKEN_MAX: usize = 16 << 20;

/// A server with connections, and what calls by them.
struct Scene {
    store: Arc<MemoryStore>,
    desk: Desk,
    callees: Callees,
}

/// Where tests have their servers.
fn loopback() -> Reach {
    let hosts: Vec<Host> = vec!["127.0.0.1".parse().unwrap()];
    Reach::Hosts(hosts.into())
}

impl Scene {
    fn new(reach: Reach) -> Self {
        let (store, key) = (Arc::new(MemoryStore::new()), Arc::new(Key::read(KEY).unwrap()));
        let own = str::to_owned;
        let desk = Desk {
            partition: own("aws"),
            region: own("us-east-1"),
            account: own("123456789012"),
            key: Arc::clone(&key),
        };
        let tasks =
            HttpTasks::new(Client::new(reach).unwrap(), Arc::clone(&store) as _, key, own("us-east-1"), 4);
        let tasks = tasks.within(Duration::from_secs(2));
        let functions = Arc::new(Functions::new(&[], Duration::from_secs(1), 1));
        let callees = Callees::new(functions).with_http(Some(Arc::new(tasks)));
        Self { store, desk, callees }
    }

    async fn act(&self, action: &str, request: Value) -> Value {
        self.desk.act(&*self.store, action, request.to_string().as_bytes(), 1_000).await.unwrap()
    }

    /// A connection of that kind, and its ARN.
    async fn connection(&self, kind: &str, parameters: Value) -> String {
        let request = json!({"Name": "c", "AuthorizationType": kind, "AuthParameters": parameters});
        self.act("CreateConnection", request).await["ConnectionArn"].as_str().unwrap().to_owned()
    }

    async fn api_key(&self) -> String {
        self.connection(
            "API_KEY",
            json!({"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "SECRET"}}),
        )
        .await
    }

    /// What comes of a call: the result, or error and cause.
    async fn call(&self, parameters: Value) -> Result<Value, (String, String)> {
        let caller = self.callees.caller(Handle::current());
        let call = Outside::Http(HttpCall { task: TaskId(1), parameters, host: "h:80".to_owned() });
        assert!(!serde_json::to_string(&call).unwrap().contains("SECRET"));
        match caller.call(&CallId { key: "e".to_owned(), sequence: 1 }, &call).await {
            Fact::TaskSucceeded { output, .. } => Ok(output),
            Fact::TaskFailed { error, cause, .. } => Err((error, cause.unwrap_or_default())),
            other => panic!("{other:?}"),
        }
    }

    /// The same of a URL alone.
    async fn get(&self, url: &str) -> Result<Value, (String, String)> {
        let arn = self.api_key().await;
        let told = self
            .call(json!({"ApiEndpoint": url, "Method": "GET", "Authentication": {"ConnectionArn": arn}}))
            .await;
        self.act("DeleteConnection", json!({"Name": "c"})).await;
        told
    }
}

async fn error_of(manner: Manner) -> (String, String) {
    let server = Server::start(manner).await;
    Scene::new(loopback()).get(&server.url).await.unwrap_err()
}

#[tokio::test]
async fn an_api_is_asked_with_what_the_connection_adds() {
    let server = Server::start(answer(201, &[("content-type", "application/json")], r#"{"id": 7}"#)).await;
    let scene = Scene::new(loopback());
    let arn = scene.api_key().await;
    let parameters = json!({
        "ApiEndpoint": format!("{}/v1/orders", server.url), "Method": "POST", "InvocationConfig": {"ConnectionArn": arn},
        "Headers": {"x-trace": ["a", "b"]}, "QueryParameters": {"dry": true}, "RequestBody": {"dish": "soup", "price": 1.10},
    });
    let result = scene.call(parameters).await.unwrap();
    assert_eq!((&result["StatusCode"], &result["ResponseBody"]), (&json!(201), &json!({"id": 7})));
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), seen.query.as_str()),
        ("POST", "/v1/orders", "dry=true")
    );
    assert_eq!(seen.body, json!({"dish": "soup", "price": 1.10}).to_string().as_bytes());
    let values =
        |name: &str| -> Vec<_> { seen.headers.get_all(name).iter().map(|it| it.to_str().unwrap()).collect() };
    assert_eq!((values("x-key"), values("x-trace")), (vec!["SECRET"], vec!["a", "b"]));
    assert_eq!(values("content-type"), ["application/json; charset=UTF-8"]);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_when_it_is_not_taken() {
    let token = r#"{"access_token": "SECRET-TOKEN", "expires_in": 3600, "token_type": "Bearer"}"#;
    let gives = Server::start(answer(200, &[("content-type", "application/json")], token)).await;
    let api = Server::start(answer(200, &[], "fine")).await;
    let refuses = Server::start(answer(401, &[], "no")).await;
    let scene = Scene::new(loopback());
    let body = json!({"BodyParameters": [{"Key": "audience", "Value": "a b", "IsValueSecret": true}]});
    let oauth = json!({
        "ClientParameters": {"ClientID": "me", "ClientSecret": "SECRET"}, "HttpMethod": "POST",
        "AuthorizationEndpoint": format!("{}/token", gives.url), "OAuthHttpParameters": body,
    });
    let arn = scene.connection("OAUTH_CLIENT_CREDENTIALS", json!({"OAuthParameters": oauth})).await;
    let of =
        |url: &str| json!({"ApiEndpoint": url, "Method": "GET", "InvocationConfig": {"ConnectionArn": arn}});
    for _ in 0..2 {
        assert_eq!(scene.call(of(&api.url)).await.unwrap()["ResponseBody"], "fine");
    }
    let asked = gives.seen();
    assert_eq!(asked.len(), 1, "a token is good for a while");
    assert_eq!(
        (asked[0].path.as_str(), asked[0].headers["authorization"].to_str().unwrap()),
        ("/token", "Basic bWU6U0VDUkVU")
    );
    assert_eq!(asked[0].body, b"audience=a%20b&grant_type=client_credentials");
    assert!(api.seen().iter().all(|seen| seen.headers["authorization"] == "Bearer SECRET-TOKEN"));

    let (error, cause) = scene.call(of(&refuses.url)).await.unwrap_err();
    assert_eq!((error.as_str(), cause.as_str()), ("States.Http.StatusCode.401", "no"));
    assert_eq!((refuses.seen().len(), gives.seen().len()), (2, 2), "with another token, once");
}

#[tokio::test]
async fn where_no_token_is_given_nothing_is_asked() {
    let gives_none = Server::start(answer(400, &[], r#"{"error": "invalid_client"}"#)).await;
    let api = Server::start(answer(200, &[], "fine")).await;
    let scene = Scene::new(loopback());
    let client = json!({"ClientID": "me", "ClientSecret": "SECRET"});
    let oauth =
        json!({"ClientParameters": client, "AuthorizationEndpoint": gives_none.url, "HttpMethod": "POST"});
    let arn = scene.connection("OAUTH_CLIENT_CREDENTIALS", json!({"OAuthParameters": oauth})).await;
    let call = json!({"ApiEndpoint": api.url, "Method": "GET", "InvocationConfig": {"ConnectionArn": arn}});
    let (error, cause) = scene.call(call).await.unwrap_err();
    assert_eq!(error, "Events.ConnectionResource.AccessDenied");
    assert!(cause.contains("invalid_client") && !cause.contains("SECRET"), "{cause}");
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn a_connection_that_cannot_be_called_with_is_named_as_eventbridge_names_it() {
    let scene = Scene::new(loopback());
    let arn = scene.api_key().await;
    let of = |arn: &str| json!({"ApiEndpoint": "http://127.0.0.1:1/", "Method": "GET", "InvocationConfig": {"ConnectionArn": arn}});
    for unknown in ["x", "arn:aws:events:us-east-1:123456789012:connection/c/another"] {
        assert_eq!(
            scene.call(of(unknown)).await.unwrap_err().0,
            "Events.ConnectionResource.ResourceNotFound"
        );
    }
    scene.act("DeauthorizeConnection", json!({"Name": "c"})).await;
    let (error, cause) = scene.call(of(&arn)).await.unwrap_err();
    assert_eq!(error, "Events.ConnectionResource.InvalidConnectionState");
    assert!(cause.ends_with("is in the state DEAUTHORIZED"), "{cause}");
}

#[tokio::test]
async fn a_server_that_is_silent_or_says_garbage_is_no_answer() {
    let (error, cause) = error_of(Manner::IsSilent).await;
    assert_eq!((error.as_str(), cause.as_str()), ("States.Http.Socket", "no answer within 2 s"));
    assert_eq!(error_of(Manner::Says(b"SMTP 220 ready\r\n".to_vec())).await.0, "States.Http.Socket");
    assert_eq!(
        error_of(Manner::Says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".to_vec())).await.0,
        "States.Http.Socket"
    );
    let scene = Scene::new(loopback());
    assert_eq!(
        scene.get("http://127.0.0.1:1/").await.unwrap_err().0,
        "States.Http.Socket",
        "nobody is there"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 314572800\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    ] {
        let server = Server::start(Manner::GoesOn(head.as_bytes().to_vec())).await;
        let (error, _) = Scene::new(loopback()).get(&server.url).await.unwrap_err();
        assert_eq!(error, "States.DataLimitExceeded");
        assert!(server.taken() < TAKEN_MAX, "{} bytes", server.taken());
    }
}

#[tokio::test]
async fn a_redirection_is_followed_nowhere() {
    let metadata = Server::start(answer(200, &[], "SECRET")).await;
    let (error, cause) = error_of(answer(302, &[("location", &metadata.url)], "")).await;
    assert_eq!((error.as_str(), cause.as_str()), ("States.Http.StatusCode.302", "Found"));
    assert!(metadata.seen().is_empty());
}

#[tokio::test]
async fn what_is_at_home_is_not_called_unless_it_is_named() {
    let server = Server::start(answer(200, &[], "SECRET")).await;
    let port = server.url.rsplit_once(':').unwrap().1;
    let public = Scene::new(Reach::Public);
    for (url, why) in [
        (server.url.clone(), "it is not https"),
        (server.url.replace("http:", "https:"), "its address is not a public one"),
        (format!("https://localhost:{port}/"), "its address is not a public one"),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), "its address is not a public one"),
    ] {
        let (error, cause) = public.get(&url).await.unwrap_err();
        assert!(error == "States.Runtime" && cause.contains(why), "{url}: {error}: {cause}");
    }
    let others: Vec<Host> = vec!["api.example.com".parse().unwrap()];
    let (error, cause) = Scene::new(Reach::Hosts(others.into())).get(&server.url).await.unwrap_err();
    assert!(error == "States.Runtime" && cause.contains("not among the hosts"), "{cause}");
    assert!(server.seen().is_empty());
}
