//! What comes of a call: the task's result, or its error.

use std::time::Duration;

use asl::data::{NESTING_MAX, is_within};
use asl::error::{DATA_LIMIT_EXCEEDED, RUNTIME};
use engine::quotas::PAYLOAD_BYTES_MAX;
use http_client::{Reply, Unanswered};
use serde_json::{Map, Value, json};

/// What errors of statuses begin with.
const STATUS: &str = "States.Http.StatusCode";
/// There was no answer.
const SOCKET: &str = "States.Http.Socket";
/// What an answer may have, in bytes: AWS asks for so many ([`super::merged`]), and a result may have no more.
pub(super) const BYTES_MAX: usize = 256 * 1024 + 1;
/// Types of what is no text.
const BINARY: [&str; 4] = ["application/octet-stream", "image/", "video/", "audio/"];

/// A result, or error and cause.
pub(super) type Told = Result<Value, (String, String)>;

/// What an answer means.
pub(super) fn told(reply: &Reply) -> Told {
    let Reply { status, headers, body } = reply;
    let content_type = content_type(headers);
    if BINARY.iter().any(|begin| content_type.starts_with(begin)) {
        return Err(runtime(format!(
            "The response has the content type {content_type}, which is not supported"
        )));
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(runtime("The response cannot be read as a valid string".to_owned()));
    };
    let reason = status.canonical_reason().unwrap_or_default();
    if !status.is_success() {
        let cause = if text.is_empty() { reason } else { text };
        return Err((format!("{STATUS}.{}", status.as_u16()), cause.to_owned()));
    }
    let is_json = content_type == "application/json" || content_type.ends_with("+json");
    let parsed: Option<Value> = is_json.then(|| serde_json::from_str(text).ok()).flatten();
    let mut all = Map::new();
    for (name, value) in headers {
        let values = all.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().into_iter().for_each(|values| values.push(value.as_str().into()));
    }
    let body = parsed.unwrap_or_else(|| text.into());
    let result =
        json!({"Headers": all, "ResponseBody": body, "StatusCode": status.as_u16(), "StatusText": reason});
    if is_within(&result, PAYLOAD_BYTES_MAX, NESTING_MAX) { Ok(result) } else { Err(too_large()) }
}

/// What it means that there is no answer.
pub(super) fn unanswered(why: &Unanswered) -> (String, String) {
    match why {
        Unanswered::TooLarge { status } if (200..300).contains(status) => too_large(),
        Unanswered::TooLarge { status } => (format!("{STATUS}.{status}"), why.to_string()),
        Unanswered::NotReached(_) => runtime(why.to_string()),
        Unanswered::Broken(_) => (SOCKET.to_owned(), why.to_string()),
    }
}

/// It did not come in time.
pub(super) fn late(patience: Duration) -> (String, String) {
    (SOCKET.to_owned(), format!("no answer within {} s", patience.as_secs_f32()))
}

pub(super) fn runtime(cause: String) -> (String, String) {
    (RUNTIME.to_owned(), cause)
}

fn too_large() -> (String, String) {
    let cause =
        "The HTTP Task returned a result with a size exceeding the maximum number of bytes service limit.";
    (DATA_LIMIT_EXCEEDED.to_owned(), cause.to_owned())
}

/// The type of the answer's content, without what follows it.
fn content_type(headers: &[(String, String)]) -> String {
    let found = headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    found.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http_client::StatusCode;

    use super::*;

    fn reply(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![header("content-type", content_type), header("via", "a"), header("via", "b")];
        Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: body.as_ref().to_vec().into() }
    }

    #[test]
    fn json_is_read_and_all_else_is_text() {
        let body =
            |content_type, text: &str| told(&reply(200, content_type, text)).unwrap()["ResponseBody"].clone();
        assert_eq!(body("application/json; charset=utf-8", r#"{"a": 1}"#), json!({"a": 1}));
        assert_eq!(body("application/problem+json", "[1]"), json!([1]));
        assert_eq!(body("application/json", "{"), json!("{"));
        assert_eq!(body("text/plain", "{}"), json!("{}"));
        assert_eq!(body("text/plain", ""), json!(""));
        let headers = json!({"content-type": ["text/plain"], "via": ["a", "b"]});
        let expected =
            json!({"Headers": headers, "ResponseBody": "x", "StatusCode": 201, "StatusText": "Created"});
        assert_eq!(told(&reply(201, "text/plain", "x")).unwrap(), expected);
    }

    #[test]
    fn what_is_no_success_is_named_by_its_status() {
        let error = |status, body: &str| told(&reply(status, "application/json", body)).unwrap_err();
        let named = |error: &str, cause: &str| (error.to_owned(), cause.to_owned());
        assert_eq!(error(404, ""), named("States.Http.StatusCode.404", "Not Found"));
        assert_eq!(error(302, "moved"), named("States.Http.StatusCode.302", "moved"));
        assert_eq!(error(503, r#"{"e":1}"#), named("States.Http.StatusCode.503", r#"{"e":1}"#));
    }

    #[test]
    fn what_is_no_text_or_too_much_is_an_error() {
        let error = |content_type, body: &[u8]| told(&reply(200, content_type, body)).unwrap_err().0;
        for binary in ["application/octet-stream", "Image/png", "video/mp4", "audio/ogg"] {
            assert_eq!(error(binary, b"x"), RUNTIME, "{binary}");
        }
        assert_eq!(error("text/plain", &[0xff, 0xfe]), RUNTIME);
        assert_eq!(error("text/plain", &[b'x'; 256 * 1024]), DATA_LIMIT_EXCEEDED);
        assert_eq!(unanswered(&Unanswered::TooLarge { status: 200 }).0, DATA_LIMIT_EXCEEDED);
        assert_eq!(unanswered(&Unanswered::TooLarge { status: 500 }).0, "States.Http.StatusCode.500");
        assert_eq!(unanswered(&Unanswered::Broken("x".to_owned())).0, SOCKET);
    }
}
