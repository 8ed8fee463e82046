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
use connections::{Authorization, Connection, ConnectionArn, Key, find};
use engine::{Call, Fact, Refusal, TaskId, cut};
use http_client::{Client, Reply, StatusCode, Unanswered, Uri};
use participant::CallId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;
use tokio::sync::Semaphore;

use answered::{BYTES_MAX, Told, late, runtime, told, unanswered};
use asked::Asked;
use merged::merged;
use tokens::Tokens;

/// How long a call may take, with all that it needs: as at AWS.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many calls are made at once, of all hosts together: each has a connection, which is a file.
const ALL_AT_ONCE: usize = 256;

/// A call; kept until its outcome is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpCall {
    /// The attempt.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// What the task passes: nothing secret.
    #[serde(rename = "h")]
    pub parameters: Value,
    /// The server that is called, however the task spells it.
    #[serde(rename = "o")]
    pub host: String,
}

/// What makes calls.
pub struct HttpTasks {
    client: Client,
    store: Arc<dyn Store>,
    key: Arc<Key>,
    region: String,
    at_once: usize,
    patience: Duration,
    turns: Semaphore,
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
        let endpoint = call.parameters.get("ApiEndpoint").and_then(Value::as_str).unwrap_or_default();
        let host = host_of(endpoint);
        Self { task: call.task, parameters: call.parameters, host }
    }
}

/// Name and port of a URL's server, one way for each.
fn host_of(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return String::new() };
    let host = uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{host}:{port}")
}

impl HttpTasks {
    /// With that client, by connections in that store whose secrets the key opens; so many calls to each host at once.
    #[must_use]
    pub fn new(client: Client, store: Arc<dyn Store>, key: Arc<Key>, region: String, at_once: usize) -> Self {
        Self {
            client,
            store,
            key,
            region,
            at_once,
            patience: PATIENCE,
            turns: Semaphore::new(ALL_AT_ONCE),
            tokens: Tokens::default(),
        }
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
        // It is never closed.
        let _turn = self.turns.acquire().await.ok();
        let told = match tokio::time::timeout(self.patience, self.made(call)).await {
            Ok(told) => told,
            Err(_) => Err(late(self.patience)),
        };
        match told {
            Ok(output) => Fact::TaskSucceeded { task, output },
            Err((error, cause)) => {
                tracing::debug!(call = %id, host = call.host, error, "an HTTP task failed");
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
        let opened =
            connection.open(&self.key).map_err(|why| error("InternalError", telemetry::chain(&why)))?;
        match opened {
            Some(authorization) => Ok((connection, authorization)),
            None => {
                let cause = format!("Connection {arn} is in the state {}", connection.state());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_one_name_however_it_is_spelt() {
        for url in [
            "https://api.example.com/a",
            "https://API.example.com./b?c",
            "https://Api.Example.Com:443",
            "https://api.example.com:0443/",
        ] {
            assert_eq!(host_of(url), "api.example.com:443", "{url}");
        }
        assert_eq!(host_of("http://127.0.0.1/"), "127.0.0.1:80");
        assert_eq!(host_of("no URL"), "");
    }
}
