//! Asks a process over HTTP whether it can do its work.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use crate::http::{Answer, get};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Readiness {
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
    read(&get(address, "/readyz", PATIENCE).await?)
}

fn read(answer: &Answer) -> Result<(), String> {
    if answer.status == "200" {
        return Ok(());
    }
    match serde_json::from_str::<Readiness>(&answer.body) {
        Ok(Readiness { reasons }) if !reasons.is_empty() => {
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
        _ => Err(answer.odd("/readyz")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(), String> {
        super::read(&Answer::read(text))
    }

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
