//! Asks a process over HTTP whether it can do its work.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use daemon::client::{Answer, get};

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
    if answer.status == 200 {
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
    use daemon::client::StatusCode;

    use super::*;

    fn answer(status: StatusCode, body: &str) -> Answer {
        Answer { status, body: body.to_owned() }
    }

    #[test]
    fn an_answer_is_ready_or_says_why_not() {
        assert_eq!(read(&answer(StatusCode::OK, r#"{"ready":true,"reasons":[]}"#)), Ok(()));
        let body = r#"{"ready":false,"reasons":[{"check":"bus","reason":"refused"},{"check":"participant","reason":"starting"},{"check":"x","reason":"refused"}]}"#;
        let unready = answer(StatusCode::SERVICE_UNAVAILABLE, body);
        assert_eq!(read(&unready).unwrap_err(), "bus, x: refused; participant: starting");
        let strange = answer(StatusCode::NOT_FOUND, "");
        assert_eq!(read(&strange).unwrap_err(), "/readyz answered 404 Not Found");
    }

    #[tokio::test]
    async fn nobody_there_is_not_ready() {
        let error = ready("127.0.0.1:1".parse().unwrap()).await.unwrap_err();
        assert!(error.starts_with("no answer at http://127.0.0.1:1/readyz: "), "{error}");
    }
}
