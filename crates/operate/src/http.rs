//! Asks the system's own processes over HTTP: one question a connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest answer that is read, in bytes: the rest is cut off.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What a process answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code as it came: `200`, say; empty where what came is no answer.
    pub status: String,
    first_line: String,
    /// What came behind the head.
    pub body: String,
}

impl Answer {
    /// Whatever came, be it an answer or not.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let first_line = head.lines().next().unwrap_or_default();
        Self {
            status: first_line.split(' ').nth(1).unwrap_or_default().to_owned(),
            first_line: first_line.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Words for an answer that was not expected.
    #[must_use]
    pub fn odd(&self, path: &str) -> String {
        format!("{path} answered {:?}", self.first_line)
    }
}

/// What is asked of a process.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method: `GET`, say.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// JSON; empty where there is nothing to say.
    pub body: &'a str,
}

impl<'a> Request<'a> {
    /// What there is at `path`.
    #[must_use]
    pub const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, body: "" }
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
/// There was no answer within `patience`; says where.
pub async fn ask(place: impl ToString, request: Request<'_>, patience: Duration) -> Result<Answer, String> {
    let (place, path) = (place.to_string(), request.path);
    match timeout(patience, exchange(&place, &request)).await {
        Ok(Ok(text)) => Ok(Answer::read(&text)),
        Ok(Err(error)) => Err(format!("no answer at http://{place}{path}: {error}")),
        Err(_) => Err(format!("no answer at http://{place}{path} for {} s", patience.as_secs())),
    }
}

async fn exchange(place: &str, request: &Request<'_>) -> io::Result<String> {
    let Request { method, path, body } = request;
    let mut stream = TcpStream::connect(place).await?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n");
    let content = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let content = if body.is_empty() { "" } else { &content };
    stream.write_all(format!("{head}{content}\r\n{body}").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let answer = Answer::read("HTTP/1.1 503 Service Unavailable\r\na: b\r\n\r\nnot yet\r\n\r\n");
        assert_eq!((answer.status.as_str(), answer.body.as_str()), ("503", "not yet\r\n\r\n"));
        assert_eq!(answer.odd("/readyz"), "/readyz answered \"HTTP/1.1 503 Service Unavailable\"");
        assert_eq!(Answer::read("").status, "");
    }
}
