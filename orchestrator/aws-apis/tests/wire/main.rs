//! Requests and answers as examples: one of each protocol, what is special of some services, and what is hostile.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod answers;
mod hostile;
mod requests;

use aws_apis::{Action, HttpRequest, Place, Problem, service};
use serde_json::Value;

fn action(service_name: &str, name: &str) -> Action {
    service(service_name).unwrap().action(name).unwrap()
}

/// In Ireland, with the token `token`.
fn request(service: &str, name: &str, parameters: &Value) -> Result<HttpRequest, Problem> {
    let place = Place { region: "eu-west-1", endpoint: None };
    action(service, name).request(parameters, &place, "token")
}
