//! The API as a client sees it: a request is JSON, and so is the answer.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails by panicking")]

pub(crate) mod runs;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actions::{Scope, Service};
use api::request;
use executions::{Answer, Catalogue, Request};
use participant::{Asked, Clock, Millis, Requests, requests};
use serde_json::{Value, json};
use store::memory::MemoryStore;

/// When tests begin.
pub(crate) const BEGIN_MS: Millis = 1_700_000_000_000;
/// The same on the wire.
pub(crate) const BEGIN: i64 = BEGIN_MS / 1000;
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// A clock that stands still until it is set forward.
pub(crate) struct HandClock(AtomicI64);

impl Default for HandClock {
    fn default() -> Self {
        Self(AtomicI64::new(BEGIN_MS))
    }
}

impl HandClock {
    pub(crate) fn forward(&self, ms: Millis) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }
}

/// A service over an empty store.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) catalogue: Catalogue,
    /// Nobody answers requests to executions unless this is given to a participant.
    pub(crate) asked: Option<Asked<Request, Answer>>,
    pub(crate) requests: Requests<Request, Answer>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(MemoryStore::new())
    }

    /// Another instance over that store.
    pub(crate) fn over(store: MemoryStore) -> Self {
        let (clock, catalogue) = (Arc::<HandClock>::default(), Catalogue::default());
        let (requests, asked) = requests();
        let service = Service::new(
            Scope::default(),
            Arc::new(store.clone()),
            requests.clone(),
            catalogue.clone(),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self { service, store, clock, catalogue, asked: Some(asked), requests }
    }

    /// The answer to a request, which is carried out.
    pub(crate) async fn ok(&self, action: &str, body: Value) -> Value {
        ok(&self.service, action, body).await
    }

    /// Why a request is not carried out: the error's name and its message.
    pub(crate) async fn fails(&self, action: &str, body: Value) -> (String, String) {
        fails(&self.service, action, body).await
    }

    /// Makes a machine that ends at once, and gives its ARN.
    pub(crate) async fn machine(&self, name: &str) -> String {
        let made = self.ok("CreateStateMachine", create(name)).await;
        made["stateMachineArn"].as_str().unwrap().to_owned()
    }

    /// Publishes a version of what the machine is now, and gives its ARN.
    pub(crate) async fn publish(&self, machine: &str) -> String {
        let made = self.ok("PublishStateMachineVersion", json!({"stateMachineArn": machine})).await;
        made["stateMachineVersionArn"].as_str().unwrap().to_owned()
    }

    /// Gives the machine another definition, and publishes a version of it.
    pub(crate) async fn next_version(&self, machine: &str, state: &str) -> String {
        let update = json!({"stateMachineArn": machine, "definition": pass(state)});
        self.ok("UpdateStateMachine", update).await;
        self.publish(machine).await
    }
}

/// The answer to a request, or the body of the error.
pub(crate) async fn call(service: &Service, action: &str, body: Value) -> Result<Value, Value> {
    let target = format!("AWSStepFunctions.{action}");
    let request = request::read(&target, body.to_string().as_bytes()).map_err(|failure| failure.body())?;
    service.act(request).await.map_err(|failure| failure.body())
}

pub(crate) async fn ok(service: &Service, action: &str, body: Value) -> Value {
    match call(service, action, body.clone()).await {
        Ok(answer) => answer,
        Err(error) => panic!("{action} {body} failed: {error}"),
    }
}

pub(crate) async fn fails(service: &Service, action: &str, body: Value) -> (String, String) {
    match call(service, action, body.clone()).await {
        Ok(answer) => panic!("{action} {body} answered {answer}"),
        Err(error) => named(&error),
    }
}

/// The name and the message of an error.
pub(crate) fn named(error: &Value) -> (String, String) {
    let name = error["__type"].as_str().unwrap().rsplit('#').next().unwrap();
    (name.to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
}

/// What an error is expected to be.
pub(crate) fn error(name: &str, message: impl ToString) -> (String, String) {
    (name.to_owned(), message.to_string())
}

/// An ARN of `states` where the tests' requests are at home.
pub(crate) fn arn(rest: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:{rest}")
}

/// The definition of a machine with one state, which passes its input on.
pub(crate) fn pass(state: &str) -> String {
    json!({"StartAt": state, "States": {state: {"Type": "Pass", "End": true}}}).to_string()
}

/// A request for a machine that ends at once.
pub(crate) fn create(name: &str) -> Value {
    json!({"name": name, "definition": pass("A"), "roleArn": ROLE})
}

/// The request with other members.
pub(crate) fn with(mut request: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    request.as_object_mut().unwrap().extend(members);
    request
}
