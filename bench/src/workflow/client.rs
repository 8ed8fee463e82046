//! A client of the API: one connection, which asks one thing at a time.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::WorkflowError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A role, which nobody looks at.
const ROLE: &str = "arn:aws:iam::123456789012:role/limit";
/// Executions a page: as many as AWS gives.
const PAGE: usize = 1000;

/// A connection to the server.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// What is read of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    /// Of what was started.
    #[serde(default)]
    pub(super) execution_arn: String,
    /// Of what was described, or has ended.
    #[serde(default)]
    pub(super) status: String,
}

impl Client {
    pub(super) async fn to(server: SocketAddr) -> Result<Self, WorkflowError> {
        let odd = |error: &dyn std::fmt::Display| WorkflowError::Answer(format!("no connection: {error}"));
        let stream = TcpStream::connect(server).await.map_err(|error| odd(&error))?;
        stream.set_nodelay(true).map_err(|error| odd(&error))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| odd(&error))?;
        // It ends with the sender.
        tokio::spawn(connection);
        Ok(Self { sender, host: server.to_string() })
    }

    /// The body of the answer to an action that succeeds.
    pub(super) async fn ask(&mut self, action: &str, body: &Value) -> Result<Bytes, WorkflowError> {
        let odd = |why: String| WorkflowError::Answer(format!("{action}: {why}"));
        let request = Request::post("/")
            .header("host", &self.host)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{action}"))
            .body(Full::from(body.to_string()))
            .map_err(|error| odd(error.to_string()))?;
        let exchange = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status();
            Ok::<_, hyper::Error>((status, answer.into_body().collect().await?.to_bytes()))
        };
        match timeout(PATIENCE, exchange).await {
            Ok(Ok((StatusCode::OK, body))) => Ok(body),
            Ok(Ok((status, body))) => Err(odd(format!("{status}, {}", String::from_utf8_lossy(&body)))),
            Ok(Err(error)) => Err(odd(error.to_string())),
            Err(_) => Err(odd(format!("no answer for {} s", PATIENCE.as_secs()))),
        }
    }

    /// What the answer says of an execution.
    pub(super) async fn told(&mut self, action: &str, body: &Value) -> Result<Told, WorkflowError> {
        let answer = self.ask(action, body).await?;
        serde_json::from_slice(&answer).map_err(|error| WorkflowError::Answer(format!("{action}: {error}")))
    }

    async fn json(&mut self, action: &str, body: &Value) -> Result<Value, WorkflowError> {
        let answer = self.ask(action, body).await?;
        serde_json::from_slice(&answer).map_err(|error| WorkflowError::Answer(format!("{action}: {error}")))
    }

    /// Makes a machine of five states; its ARN.
    pub(super) async fn make(&mut self, name: &str, kind: &str) -> Result<String, WorkflowError> {
        let definition = five_passes().to_string();
        let machine = json!({"name": name, "type": kind, "roleArn": ROLE, "definition": definition});
        let made = self.json("CreateStateMachine", &machine).await?;
        made["stateMachineArn"].as_str().map(str::to_owned).ok_or_else(|| {
            WorkflowError::Answer(format!("CreateStateMachine: a state machine without an ARN: {made}"))
        })
    }

    /// How many executions of a machine have succeeded, as far as they are listed.
    pub(super) async fn succeeded(&mut self, machine: &str) -> Result<u64, WorkflowError> {
        let (mut count, mut token) = (0, None::<String>);
        loop {
            let mut page = json!({"stateMachineArn": machine, "maxResults": PAGE});
            if let Some(token) = &token {
                page["nextToken"] = json!(token);
            }
            let listed = self.json("ListExecutions", &page).await?;
            let executions = listed["executions"].as_array().map(Vec::as_slice).unwrap_or_default();
            count += executions.iter().filter(|execution| execution["status"] == "SUCCEEDED").count() as u64;
            token = listed["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return Ok(count);
            }
        }
    }
}

/// Five states that hand on what they get, with something added.
fn five_passes() -> Value {
    let states = (0..5).map(|n| {
        let next = if n == 4 { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
        (format!("S{n}"), json!({"Type": "Pass", "Parameters": {"n": n, "in.$": "$.in"}, next.0: next.1}))
    });
    json!({"StartAt": "S0", "States": states.collect::<serde_json::Map<_, _>>()})
}
