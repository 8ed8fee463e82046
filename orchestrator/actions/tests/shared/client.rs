//! A client of the API over HTTP.

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Asks on a connection for each request.
pub(crate) struct Client;

impl Client {
    /// The answer, or the error; `None` if the instance is gone, or says that it has no time.
    pub(crate) async fn ask_once(port: u16, action: &str, body: &Value) -> Option<Result<Value, Value>> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let request = Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{action}"))
            .body(Full::<Bytes>::from(body.to_string()))
            .unwrap();
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        let body = serde_json::from_slice(&body).ok()?;
        match status {
            StatusCode::OK => Some(Ok(body)),
            status if status.is_client_error() => Some(Err(body)),
            _ => None,
        }
    }
}
