//! The server that has the rules.

use std::path::PathBuf;
use std::time::Duration;

use actions::signature::{Keys, NoCredentials, Signer};
use clap::Args;
use daemon::client::{self, Answer, Method, Request};
use participant::{Clock as _, SystemClock};
use serde_json::Value;

/// How long an answer may take: who makes a rule waits for the subscription.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the server is, and who asks it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(super) struct ServerArgs {
    /// Where `duet workflow serve` listens.
    #[arg(long, value_name = "URL", env = "DUET_WORKFLOWS_URL", default_value = "http://127.0.0.1:8084", value_parser = place)]
    endpoint_url: String,
    /// The file of credentials, if the server has one: requests are signed with a key of it.
    #[arg(long, value_name = "FILE", env = "DUET_AWS_CREDENTIALS")]
    aws_credentials: Option<PathBuf>,
    /// Which key of the file [default: the first].
    #[arg(long, value_name = "ID", env = "AWS_ACCESS_KEY_ID", requires = "aws_credentials")]
    access_key_id: Option<String>,
}

/// Why the server did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("{0}; does `duet workflow serve` run there (--endpoint-url)?")]
    Away(String),
    #[error("{0}")]
    Refused(String),
    #[error("the server answers what is no JSON")]
    Odd(#[source] serde_json::Error),
    #[error("--aws-credentials: {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    #[error("--aws-credentials: {} is no file like ~/.aws/credentials", .0.display())]
    Credentials(PathBuf, #[source] NoCredentials),
    #[error("--access-key-id: {id} is not in {}", file.display())]
    Key { id: String, file: PathBuf },
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
}

/// HOST:PORT of a URL without a path.
fn place(url: &str) -> Result<String, String> {
    let place = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let place = place.filter(|place| !place.is_empty() && !place.contains(['/', '?', '#', '@']));
    place.map(str::to_owned).ok_or_else(|| "expected http://HOST:PORT".to_owned())
}

impl ServerArgs {
    pub(super) fn list(&self) -> Result<Value, ServerError> {
        json(&self.ask(&Method::GET, "/rules", "")?)
    }

    pub(super) fn show(&self, name: &str) -> Result<Value, ServerError> {
        json(&self.ask(&Method::GET, &path(name), "")?)
    }

    pub(super) fn put(&self, name: &str, rule: &Value) -> Result<Value, ServerError> {
        json(&self.ask(&Method::PUT, &path(name), &rule.to_string())?)
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), ServerError> {
        self.ask(&Method::DELETE, &path(name), "").map(drop)
    }

    fn ask(&self, method: &Method, path: &str, body: &str) -> Result<Answer, ServerError> {
        let headers = match self.signer()? {
            Some(signer) => {
                signer.headers(method.as_str(), path, &self.endpoint_url, body.as_bytes(), SystemClock.now())
            }
            None => Vec::new(),
        };
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // Without a body nothing else says that no page of a browser asks.
        if body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let request = Request { method, path, headers: &headers, body };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ServerError::Threads)?;
        let answer = runtime
            .block_on(client::ask(&self.endpoint_url, request, PATIENCE))
            .map_err(ServerError::Away)?;
        if answer.status.is_success() { Ok(answer) } else { Err(ServerError::Refused(refusal(&answer))) }
    }

    fn signer(&self) -> Result<Option<Signer>, ServerError> {
        let Some(file) = &self.aws_credentials else { return Ok(None) };
        let text =
            std::fs::read_to_string(file).map_err(|error| ServerError::Unreadable(file.clone(), error))?;
        let keys = Keys::of_profiles(actions::http::SIGNED_FOR, &text);
        let keys = keys.map_err(|error| ServerError::Credentials(file.clone(), error))?;
        let id = self.access_key_id.as_deref().or_else(|| keys.ids().first().copied()).unwrap_or_default();
        // Any region is accepted.
        let signer = keys.signer(id, "us-east-1");
        signer.map(Some).ok_or_else(|| ServerError::Key { id: id.to_owned(), file: file.clone() })
    }
}

fn path(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let encoded = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("/rules/{}", encoded.collect::<String>())
}

fn json(answer: &Answer) -> Result<Value, ServerError> {
    serde_json::from_str(&answer.body).map_err(ServerError::Odd)
}

/// What the server says is wrong: all fields of it, if it names fields.
fn refusal(answer: &Answer) -> String {
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let fields = problem["errors"].as_array().into_iter().flatten();
    let fields: Vec<_> = fields
        .map(|it| {
            format!("{}: found {}, expected {}", text(it, "field"), text(it, "value"), text(it, "expected"))
        })
        .collect();
    match problem["detail"].as_str() {
        _ if !fields.is_empty() => fields.join("\n"),
        Some(detail) => detail.to_owned(),
        None => format!("the server answered {}", answer.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_where_it_listens() {
        assert_eq!(place("http://127.0.0.1:8084"), Ok("127.0.0.1:8084".to_owned()));
        assert_eq!(place("http://workflows/"), Ok("workflows".to_owned()));
        for wrong in ["127.0.0.1:8084", "https://a", "http://", "http://a/b", "http://u@a"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_name_has_a_path() {
        assert_eq!(path("a-b_c.1"), "/rules/a-b_c.1");
        assert_eq!(path("a b/ü"), "/rules/a%20b%2F%C3%BC");
    }
}
