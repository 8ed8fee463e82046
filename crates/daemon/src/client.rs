//! Asks the system's own processes over HTTP: one question a connection, no proxy, no TLS.

use std::error::Error;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::CONTENT_TYPE;
pub use hyper::{Method, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// The longest answer that is taken, in bytes; a longer one is an error.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is to be done.
    pub method: &'a Method,
    /// The path with its query, from `/` on.
    pub path: &'a str,
    /// Further headers, name and value.
    pub headers: &'a [(&'a str, &'a str)],
    /// JSON; empty where there is nothing to say.
    pub body: &'a str,
}

impl<'a> Request<'a> {
    /// What there is at `path`.
    #[must_use]
    pub const fn get(path: &'a str) -> Self {
        Self { method: &Method::GET, path, headers: &[], body: "" }
    }

    /// Gives `body`, which is JSON, to what is at `path`.
    #[must_use]
    pub const fn post(path: &'a str, body: &'a str) -> Self {
        Self { method: &Method::POST, path, headers: &[], body }
    }

    /// Changes what is at `path` as `body` says, which is JSON.
    #[must_use]
    pub const fn patch(path: &'a str, body: &'a str) -> Self {
        Self { method: &Method::PATCH, path, headers: &[], body }
    }
}

/// What a process answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it was done.
    pub status: StatusCode,
    /// What it said; what is no UTF-8 in it is replaced.
    pub body: String,
}

impl Answer {
    /// Words for an answer that was not expected.
    #[must_use]
    pub fn odd(&self, path: &str) -> String {
        format!("{path} answered {}", self.status)
    }
}

/// Gets `path` at `place`: an address, or a host and a port.
///
/// # Errors
/// There was no answer within `patience`; says where.
pub async fn get(place: impl ToString, path: &str, patience: Duration) -> Result<Answer, String> {
    ask(place, Request::get(path), patience).await
}

/// Asks something at `place`: an address, or a host and a port.
///
/// # Errors
/// There was no whole answer within `patience`; says where.
pub async fn ask(place: impl ToString, request: Request<'_>, patience: Duration) -> Result<Answer, String> {
    let url = format!("http://{}{}", place.to_string(), request.path);
    match timeout(patience, exchange(&url, request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!("no answer at {url}: {}", root(&*error))),
        Err(_) => Err(format!("no answer at {url} for {} s", patience.as_secs())),
    }
}

async fn exchange(url: &str, request: Request<'_>) -> Result<Answer, Box<dyn Error + Send + Sync>> {
    let mut asked = hyper::Request::builder().method(request.method).uri(url);
    for (name, value) in request.headers {
        asked = asked.header(*name, *value);
    }
    if !request.body.is_empty() {
        asked = asked.header(CONTENT_TYPE, "application/json");
    }
    let asked = asked.body(Full::new(Bytes::copy_from_slice(request.body.as_bytes())))?;
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    let answer = client.request(asked).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// What is under all that was said of it: the client's own layers tell nobody more.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get as at, patch};
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn serve(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        place
    }

    #[tokio::test]
    async fn an_answer_has_a_status_and_a_body() {
        let unavailable = || async { (StatusCode::SERVICE_UNAVAILABLE, "not yet\r\n\r\n") };
        let place = serve(Router::new().route("/readyz", at(unavailable))).await;
        let answer = get(&place, "/readyz", PATIENCE).await.unwrap();
        assert_eq!(
            answer,
            Answer { status: StatusCode::SERVICE_UNAVAILABLE, body: "not yet\r\n\r\n".to_owned() }
        );
        assert_eq!(answer.odd("/readyz"), "/readyz answered 503 Service Unavailable");
    }

    #[tokio::test]
    async fn what_is_said_arrives_as_json() {
        let echo = |headers: axum::http::HeaderMap, body: String| async move {
            format!("{} {} {body}", headers[CONTENT_TYPE].to_str().unwrap(), headers["x-a"].to_str().unwrap())
        };
        let place = serve(Router::new().route("/load", patch(echo))).await;
        let request = Request { headers: &[("x-a", "b")], ..Request::patch("/load?x=1", "{}") };
        assert_eq!(ask(&place, request, PATIENCE).await.unwrap().body, "application/json b {}");
    }

    #[tokio::test]
    async fn an_answer_without_end_is_none() {
        let endless = || async { "x".repeat(ANSWER_BYTES_MAX + 1) };
        let place = serve(Router::new().route("/", at(endless))).await;
        let error = get(&place, "/", PATIENCE).await.unwrap_err();
        assert_eq!(error, format!("no answer at http://{place}/: length limit exceeded"));
    }

    #[tokio::test]
    async fn where_nobody_is_the_reason_is_told() {
        let error = get("127.0.0.1:1", "/readyz", PATIENCE).await.unwrap_err();
        assert!(error.starts_with("no answer at http://127.0.0.1:1/readyz: Connection refused"), "{error}");
        let error = get("no place", "/", PATIENCE).await.unwrap_err();
        assert!(error.starts_with("no answer at http://no place/: "), "{error}");
    }
}
