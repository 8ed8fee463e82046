//! Requests and answers as JSON.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use actions::{Scope, Service};
use executions::Catalogue;
use participant::SystemClock;
use serde_json::{Value, json};
use store::memory::MemoryStore;

/// Sends a request; the answer, or the body of the error.
pub(crate) async fn call(request: Value) -> Result<Value, Value> {
    // Nobody is asked: a state that is tested is no execution.
    let (requests, _) = participant::requests();
    let store = Arc::new(MemoryStore::new());
    let service =
        Service::new(Scope::default(), store, requests, Catalogue::default(), Arc::new(SystemClock));
    let body = request.to_string();
    let request = api::request::read("AWSStepFunctions.TestState", body.as_bytes());
    let request = request.map_err(|failure| failure.body())?;
    service.act(request).await.map_err(|failure| failure.body())
}

/// Tests a state with an input, at the level `DEBUG`, and with further members of the request.
pub(crate) async fn test(state: &Value, input: &Value, more: Value) -> Value {
    let mut request =
        json!({"definition": state.to_string(), "input": input.to_string(), "inspectionLevel": "DEBUG"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(request).await.unwrap_or_else(|error| panic!("{state}: {error}"))
}

/// A mocked result.
pub(crate) fn result(result: &Value) -> Value {
    json!({"mock": {"result": result.to_string()}})
}

/// A mocked error.
pub(crate) fn error(name: &str) -> Value {
    json!({"mock": {"errorOutput": {"error": name, "cause": "because"}}})
}

/// The texts of an answer that are JSON, as what they say.
pub(crate) fn told(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap_or_else(|| panic!("{text} is no text"))).unwrap()
}

/// What was told of the values on the way, but for the input.
pub(crate) fn inspected(answer: &Value) -> Value {
    let data = answer["inspectionData"].as_object().unwrap();
    let parsed = data.iter().filter(|(name, _)| *name != "input").map(|(name, value)| {
        let value = if value.is_string() { told(value) } else { value.clone() };
        (name.clone(), value)
    });
    Value::Object(parsed.collect())
}
