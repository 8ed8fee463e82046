//! What is asked for, and the error that it is answered with.

mod limits;
mod named;
mod refused;

use executions::Poller;
use serde_json::{Value, json};

use crate::server::{At, CALLBACK, PASS, Server, arn};

/// A request and its error.
pub(crate) struct Case {
    pub(crate) at: At,
    pub(crate) action: &'static str,
    pub(crate) error: &'static str,
    pub(crate) body: Value,
    pub(crate) message: String,
    /// Other members of the answer.
    pub(crate) more: Vec<(&'static str, Value)>,
}

/// Errors that no request is answered with, and why.
pub(crate) const NOT_TOLD: [(&str, &str, &str); 2] = [
    (
        "CreateStateMachine",
        "StateMachineTypeNotSupported",
        "There are two types, both are supported, and the model lets no other through.",
    ),
    (
        "CreateStateMachineAlias",
        "InvalidName",
        "Whatever the model's pattern for names of aliases lets through is a good name.",
    ),
];

/// All cases, and what has to be held while they are asked.
pub(crate) struct Cases<'s> {
    pub(crate) all: Vec<Case>,
    server: &'s Server,
    /// As long as they are held, no other worker may ask for tasks.
    workers: Vec<Poller>,
}

impl<'s> Cases<'s> {
    /// Brings the server into the states that the errors are about:
    ///
    /// - `m`, a Standard machine with a version and the alias `prod`, and its execution `done`;
    /// - `x`, an Express machine;
    /// - `c`, whose executions wait for somebody with their token: `e` waits, `stopped` was stopped;
    /// - `gone`, a machine that is being deleted;
    /// - the activity `a`.
    pub(crate) async fn of(server: &'s Server) -> Self {
        server.machine("m", PASS, json!({"publish": true})).await;
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:m:1"), "weight": 100}]);
        let alias = json!({"name": "prod", "routingConfiguration": route});
        server.ok(At::Plain, "CreateStateMachineAlias", alias).await;
        server.start("m", "done").await;
        server.machine("x", PASS, json!({"type": "EXPRESS"})).await;
        server.machine("c", CALLBACK, json!({})).await;
        server.start("c", "e").await;
        server.start("c", "stopped").await;
        server.machine("gone", CALLBACK, json!({})).await;
        server.start("gone", "e").await;
        server
            .ok(At::Silent, "DeleteStateMachine", json!({"stateMachineArn": arn("stateMachine:gone")}))
            .await;
        server.ok(At::Plain, "CreateActivity", json!({"name": "a"})).await;
        let mut cases = Self { all: Vec::new(), server, workers: Vec::new() };
        cases.named().await;
        cases.refused().await;
        cases.limits().await;
        cases
    }

    fn add(&mut self, action: &'static str, error: &'static str, body: Value, message: impl Into<String>) {
        self.add_at(At::Plain, action, error, body, message);
    }

    fn add_at(
        &mut self,
        at: At,
        action: &'static str,
        error: &'static str,
        body: Value,
        message: impl Into<String>,
    ) {
        self.all.push(Case { at, action, error, body, message: message.into(), more: Vec::new() });
    }

    /// The case that was added last has this in its answer as well.
    fn with(&mut self, name: &'static str, value: impl Into<Value>) {
        self.all.last_mut().unwrap().more.push((name, value.into()));
    }
}
