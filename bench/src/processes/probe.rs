//! Asks a process over HTTP whether it can do its work.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
const REQUEST: &str = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[derive(Deserialize)]
struct Answer {
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    check: String,
    reason: String,
}

/// Asks `/readyz` once.
///
/// # Errors
/// It is not ready; says why, in the process' own words where it answers.
pub(super) async fn ready(address: SocketAddr) -> Result<(), String> {
    match timeout(PATIENCE, ask(address)).await {
        Ok(Ok(answer)) => read(&answer),
        Ok(Err(error)) => Err(format!("no answer at http://{address}/readyz: {error}")),
        Err(_) => Err(format!("no answer at http://{address}/readyz for {} s", PATIENCE.as_secs())),
    }
}

async fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(REQUEST.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn read(answer: &str) -> Result<(), String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        return Ok(());
    }
    match serde_json::from_str::<Answer>(body) {
        Ok(Answer { reasons }) if !reasons.is_empty() => {
            let mut told: Vec<(String, String)> = Vec::new();
            for Reason { check, reason } in reasons {
                // A lost bus, say, is noticed by several checks.
                match told.iter_mut().find(|(_, other)| *other == reason) {
                    Some((checks, _)) => *checks = format!("{checks}, {check}"),
                    None => told.push((check, reason)),
                }
            }
            let told: Vec<_> =
                told.into_iter().map(|(checks, reason)| format!("{checks}: {reason}")).collect();
            Err(told.join("; "))
        }
        _ => Err(format!("/readyz answered {:?}", head.lines().next().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_ready_or_says_why_not() {
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n{\"ready\":true,\"reasons\":[]}"), Ok(()));
        let body = r#"{"ready":false,"reasons":[{"check":"bus","reason":"refused"},{"check":"participant","reason":"starting"},{"check":"x","reason":"refused"}]}"#;
        let answer = format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{body}");
        assert_eq!(read(&answer).unwrap_err(), "bus, x: refused; participant: starting");
        assert_eq!(
            read("HTTP/1.1 404 Not Found\r\n\r\n").unwrap_err(),
            "/readyz answered \"HTTP/1.1 404 Not Found\""
        );
        assert_eq!(read("").unwrap_err(), "/readyz answered \"\"");
    }

    #[tokio::test]
    async fn nobody_there_is_not_ready() {
        let error = ready("127.0.0.1:1".parse().unwrap()).await.unwrap_err();
        assert!(error.starts_with("no answer at http://127.0.0.1:1/readyz: "), "{error}");
    }
}
