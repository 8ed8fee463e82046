//! The API over a store in memory, in the states that its errors are about.

use std::sync::Arc;

use actions::http::router;
use actions::{KmsKeys, Limits};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use executions::{OpenExecutions, Poller, Pollers, queue_key};
use participant::{Clock, Millis, requests};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Commit, OutboxId, OutboxRow, Read, Store, StoreError};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::carried::Carried;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/r";

pub(crate) fn arn(rest: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:{rest}")
}

/// A definition that ends at once.
pub(crate) const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
/// Another.
pub(crate) const SUCCEED: &str = r#"{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#;
/// One that waits for whoever has the token of its task.
pub(crate) const CALLBACK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"q","MessageBody":{"token.$":"$$.Task.Token"}},"End":true}}}"#;

/// Follows tokio's time, which tests pause.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

/// A store in which somebody else is always faster with a machine.
struct Contested(Arc<dyn Store>);

#[async_trait]
impl Store for Contested {
    fn reader(&self) -> &dyn Read {
        self.0.reader()
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<store::Entity>>, StoreError> {
        self.0.load(keys).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        match commit.entities.iter().find(|write| write.key.starts_with("machine/")) {
            Some(write) => Err(StoreError::Conflict { key: write.key.clone(), expected: write.expected }),
            None => self.0.commit(commit).await,
        }
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.0.sweep().await
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.0.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.0.next_due().await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.0.outbox(after, limit).await
    }
}

/// At whose door a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The server's.
    Plain,
    /// That of one where there may be nothing more of anything.
    Full,
    /// That of one whose keys of KMS are not all fine: `alias/denied`, `alias/throttled`, `alias/disabled`.
    Keys,
    /// That of one that others are always faster than.
    Contested,
    /// That of one whose executions do not answer: a machine whose deletion it begins stays at that.
    Silent,
}

/// What comes over the wire for a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Servers over one store.
pub(crate) struct Server {
    plain: Router,
    full: Router,
    keys: Router,
    contested: Router,
    silent: Router,
    pollers: Pollers,
    #[expect(dead_code, reason = "as long as it is held, the silent one's requests are not refused")]
    unanswered: Box<dyn Send>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock: Arc<dyn Clock> = Arc::new(TokioClock(Instant::now()));
        let carried = Carried::out(&store, clock);
        let asking = carried.requests.clone();
        let service = carried.service(Arc::clone(&store), asking.clone());
        let nothing = Limits { machines: 0, activities: 0, versions: 0, aliases: 0, open_executions: 0 };

        let keys = "alias/denied = denied\nalias/throttled = throttled\nalias/disabled = disabled";
        let (silent, unanswered) = requests();
        Self {
            full: router(service.clone().with_limits(nothing).with_open(OpenExecutions::of(0))),
            keys: router(service.clone().with_kms_keys(KmsKeys::read(keys).unwrap())),
            contested: router(carried.service(Arc::new(Contested(Arc::clone(&store))), asking)),
            silent: router(carried.service(store, silent)),
            plain: router(service),
            pollers: carried.pollers(),
            unanswered: Box::new(unanswered),
        }
    }

    fn router(&self, at: At) -> Router {
        match at {
            At::Plain => &self.plain,
            At::Full => &self.full,
            At::Keys => &self.keys,
            At::Contested => &self.contested,
            At::Silent => &self.silent,
        }
        .clone()
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, at: At, request: Request<Body>) -> Answer {
        let answer = self.router(at).oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Asks for an action as AWS's clients do.
    pub(crate) async fn ask(&self, at: At, action: &str, body: Vec<u8>) -> Answer {
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{action}"))
            .body(Body::from(body));
        self.send(at, request.unwrap()).await
    }

    /// The answer to a request that is carried out.
    pub(crate) async fn ok(&self, at: At, action: &str, body: Value) -> Value {
        let answer = self.ask(at, action, body.to_string().into_bytes()).await;
        assert_eq!(answer.status, 200, "{action} {body}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Makes a machine.
    pub(crate) async fn machine(&self, name: &str, definition: &str, more: Value) {
        let mut body = json!({"name": name, "definition": definition, "roleArn": ROLE});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ok(At::Plain, "CreateStateMachine", body).await;
    }

    /// Starts an execution of a machine.
    pub(crate) async fn start(&self, machine: &str, name: &str) {
        let body = json!({"stateMachineArn": arn(&format!("stateMachine:{machine}")), "name": name});
        self.ok(At::Plain, "StartExecution", body).await;
    }

    /// The token of the task that an execution of [`CALLBACK`] waits for.
    pub(crate) async fn token(&self, execution: &str) -> String {
        let body = json!({"executionArn": arn(&format!("execution:{execution}"))});
        let history = self.ok(At::Plain, "GetExecutionHistory", body).await;
        let events = history["events"].as_array().unwrap().iter();
        let mut scheduled =
            events.filter_map(|event| event["taskScheduledEventDetails"]["parameters"].as_str());
        let parameters: Value = serde_json::from_str(scheduled.next_back().unwrap()).unwrap();
        parameters["MessageBody"]["token"].as_str().unwrap().to_owned()
    }

    /// As many workers as may ask for tasks of an activity, as long as this is held.
    pub(crate) fn all_workers(&self, activity: &str) -> Vec<Poller> {
        std::iter::from_fn(|| self.pollers.come(queue_key("us-east-1", activity))).collect()
    }
}
