//! The HTTP task (`http:invoke`): any API, with a connection that says how whoever calls is known there.
//!
//! What a task passes is checked before anything is kept; what its connection adds is added when the call is made, so that nothing secret is in
//! an execution, its history, or the call that is kept.

mod answered;
mod asked;
mod form;
mod merged;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use asl::resource::Integration;
use connections::{Authorization, Connection, ConnectionArn, Key, State, find};
use engine::{Call, Fact, Refusal, TaskId, cut};
use http_client::{Client, Reply, StatusCode, Unanswered};
use participant::CallId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;

use answered::{BYTES_MAX, Told, late, runtime, told, unanswered};
use asked::Asked;
use merged::merged;
use tokens::Tokens;

/// How long a call may take, with all that it needs: as at AWS.
const PATIENCE: Duration = Duration::from_secs(60);

/// A call; kept until its outcome is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpCall {
    /// The attempt.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// What the task passes: nothing secret.
    #[serde(rename = "h")]
    pub parameters: Value,
}

/// What makes calls.
pub struct HttpTasks {
    client: Client,
    store: Arc<dyn Store>,
    key: Arc<Key>,
    region: String,
    at_once: usize,
    patience: Duration,
    tokens: Tokens,
}

/// Without anything secret.
impl fmt::Debug for HttpTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTasks").field("client", &self.client).finish_non_exhaustive()
    }
}

/// Whether a resource is that of HTTP tasks.
pub(crate) fn is_http(integration: &Integration) -> bool {
    &*integration.service == "http"
}

/// Why the call cannot be made, if so: nothing is sent.
pub(crate) fn refusal(call: &Call) -> Option<Refusal> {
    let wrong = Asked::read(&call.parameters).err()?;
    let cause = format!(
        "The Parameters '{}' could not be used to start the Task: [{}]",
        call.parameters,
        wrong.join(", ")
    );
    Some(Refusal { error: asl::error::RUNTIME.to_owned(), cause: cut::cause(cause) })
}

impl HttpCall {
    /// The call that a task asks for.
    pub(crate) fn of(call: Call) -> Self {
        Self { task: call.task, parameters: call.parameters }
    }

    /// The host that is called, as far as the task says one.
    pub(crate) fn host(&self) -> &str {
        let endpoint = self.parameters.get("ApiEndpoint").and_then(Value::as_str).unwrap_or_default();
        let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }
}

impl HttpTasks {
    /// With that client, by connections in that store whose secrets the key opens; so many calls to each host at once.
    #[must_use]
    pub fn new(client: Client, store: Arc<dyn Store>, key: Arc<Key>, region: String, at_once: usize) -> Self {
        Self { client, store, key, region, at_once, patience: PATIENCE, tokens: Tokens::default() }
    }

    /// With another time that a call may take than AWS's 60 s.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// What a task is told of its call.
    pub(crate) async fn outcome(&self, id: &CallId, call: &HttpCall) -> Fact {
        let task = call.task;
        let told = match tokio::time::timeout(self.patience, self.made(call)).await {
            Ok(told) => told,
            Err(_) => Err(late(self.patience)),
        };
        match told {
            Ok(output) => Fact::TaskSucceeded { task, output },
            Err((error, cause)) => {
                tracing::debug!(call = %id, host = call.host(), error, "an HTTP task failed");
                failed(task, error, cause)
            }
        }
    }

    async fn made(&self, call: &HttpCall) -> Told {
        let asked = Asked::read(&call.parameters).map_err(|wrong| runtime(wrong.join(", ")))?;
        let (connection, authorization) = self.authorized(&asked.connection).await?;
        let token = self.token(&connection, &authorization, None).await?;
        let reply = self.sent(&asked, &authorization, token.as_deref()).await?;
        let is_refused =
            matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        match token {
            // As EventBridge does: it may have been taken back.
            Some(refused) if is_refused => {
                let token = self.token(&connection, &authorization, Some(&refused)).await?;
                told(&self.sent(&asked, &authorization, token.as_deref()).await?)
            }
            _ => told(&reply),
        }
    }

    async fn sent(
        &self,
        asked: &Asked,
        with: &Authorization,
        token: Option<&str>,
    ) -> Result<Reply, (String, String)> {
        let merged = merged(asked, with, token, &self.region).map_err(runtime)?;
        let request = http_client::request(&merged.method, &merged.url, &merged.headers, merged.body);
        let reply: Result<Reply, Unanswered> = self.client.send(request.map_err(runtime)?, BYTES_MAX).await;
        reply.map_err(|why| unanswered(&why))
    }

    /// The connection, and what it adds.
    async fn authorized(&self, arn: &str) -> Result<(Connection, Authorization), (String, String)> {
        let error = |name: &str, cause: String| (format!("Events.ConnectionResource.{name}"), cause);
        let not_found = || error("ResourceNotFound", format!("Connection {arn} does not exist"));
        let read = ConnectionArn::read(arn).ok_or_else(not_found)?;
        let found = find(self.store.reader(), &read).await;
        let found = found.map_err(|why| error("InternalError", telemetry::chain(&why)))?;
        let connection = found.ok_or_else(not_found)?;
        let state = connection.state;
        let opened =
            connection.open(&self.key).map_err(|why| error("InternalError", telemetry::chain(&why)))?;
        match opened.filter(|_| state == State::Authorized) {
            Some(authorization) => Ok((connection, authorization)),
            None => {
                let cause = format!("Connection {arn} is in the state {}", state.as_str());
                Err(error("InvalidConnectionState", cause))
            }
        }
    }

    async fn token(
        &self,
        connection: &Connection,
        authorization: &Authorization,
        refused: Option<&str>,
    ) -> Result<Option<String>, (String, String)> {
        let Some(oauth) = &authorization.oauth else { return Ok(None) };
        let name = format!("{}/{}", connection.id, connection.authorized_ms);
        let token = self.tokens.token(&name, oauth, refused, &self.client).await;
        token.map(Some).map_err(|why| ("Events.ConnectionResource.AccessDenied".to_owned(), why))
    }
}

/// The call was committed by a server that made such calls.
pub(crate) fn unmade(task: TaskId) -> Fact {
    failed(task, asl::error::RUNTIME.to_owned(), UNCONNECTED.to_owned())
}

/// Why no API is called.
pub(crate) const UNCONNECTED: &str =
    "http:invoke cannot be called: this server keeps no connections (--connections-key-file)";

fn failed(task: TaskId, error: String, cause: String) -> Fact {
    Fact::TaskFailed { task, error: cut::error(error), cause: Some(cut::cause(cause)) }
}
