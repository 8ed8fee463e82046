//! Asks the Step Functions API as clients do that do not sign.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http;

/// A role, which nobody looks at.
const ROLE: &str = "arn:aws:iam::123456789012:role/r";

/// The answer to an action: the status, and the body.
///
/// # Errors
/// Nobody is there, the answer is cut off, or no JSON.
pub async fn ask(address: SocketAddr, action: &str, request: &Value) -> Result<(u16, Value), String> {
    let target = format!("AWSStepFunctions.{action}");
    let headers = [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.0")];
    let (status, body) = http::ask(address, "POST /", &headers, &request.to_string()).await?;
    let body = serde_json::from_str(&body).map_err(|error| format!("{action}: {status}, {error}: {body}"))?;
    Ok((status, body))
}

/// The answer to an action that succeeds.
///
/// # Panics
/// It does not.
pub async fn done(address: SocketAddr, action: &str, request: &Value) -> Value {
    match ask(address, action, request).await {
        Ok((200, answer)) => answer,
        other => panic!("{action} {request}: {other:?}"),
    }
}

/// Makes a machine of these states, with this level of logs (and the data of executions in them); its ARN.
///
/// # Panics
/// It cannot be made.
pub async fn make(
    address: SocketAddr,
    name: &str,
    machine_type: &str,
    states: &Value,
    level: &str,
) -> String {
    let start = states.as_object().unwrap().keys().next().unwrap();
    let log_group = json!({"logGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"});
    let destinations =
        if level == "OFF" { json!([]) } else { json!([{"cloudWatchLogsLogGroup": log_group}]) };
    let request = json!({
        "name": name, "type": machine_type, "roleArn": ROLE,
        "definition": json!({"StartAt": start, "States": states}).to_string(),
        "loggingConfiguration": {"level": level, "includeExecutionData": true, "destinations": destinations},
    });
    let made = done(address, "CreateStateMachine", &request).await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}
