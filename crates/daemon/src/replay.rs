//! `POST /orders/{id}/replay`, which each service and the orchestrator answer alike.
//!
//! What a broker confirmed and then lost with its disk is published by nobody again: whoever sent it has forgotten it. Its sender
//! says again what its state of the order implies, committed like any other output, and everybody who hears it again does what
//! he has not done yet.
//!
//! | answer | when |
//! | --- | --- |
//! | 200, `{"order_id": …, "messages": n}` | so many messages were said again; they are committed, and published |
//! | 400, 404 | that is no id; nothing is known of the order here |
//! | 409 | it cannot be said again as the order stands |
//! | 503, `Retry-After` | the service is not ready: nothing has happened, or the same may be asked again |

use std::future::Future;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use participant::AskError;
use serde::{Deserialize, Serialize};

use crate::Problem;
use crate::extract::Id;

/// What was said again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// Of which order.
    pub order_id: String,
    /// How many messages.
    pub messages: usize,
}

/// The route. `replay` asks the participant about an order, and says how many messages were said again; `None` where nothing is
/// known of the order.
pub fn router<F>(replay: impl Fn(String) -> F + Clone + Send + Sync + 'static) -> Router
where
    F: Future<Output = Result<Option<usize>, Problem>> + Send + 'static,
{
    let answer = async move |Id(order_id): Id| match replay(order_id.clone()).await? {
        Some(messages) => Ok(Json(Replayed { order_id, messages })),
        None => Err(Problem::not_found(format!("nothing is known of an order {order_id} here"))),
    };
    Router::new().route("/orders/{id}/replay", post(answer))
}

/// Why nothing was said again.
#[must_use]
pub fn problem(error: &AskError) -> Problem {
    match error {
        AskError::Rejected(reason) => {
            Problem::new(StatusCode::CONFLICT, format!("the order cannot be replayed: {reason}"))
        }
        error => Problem::unavailable(format!("the service is held up ({error}): ask again in a moment")),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str) -> u16 {
        let router = router(async |order_id: String| match order_id.as_str() {
            "o-1" => Ok(Some(2)),
            "o-late" => Err(problem(&AskError::Late)),
            "o-odd" => Err(problem(&AskError::Rejected("odd".into()))),
            _ => Ok(None),
        });
        let request = Request::post(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn each_case_has_its_answer() {
        let cases = [("o-1", 200), ("o-2", 404), ("o%2F1", 400), ("o-late", 503), ("o-odd", 409)];
        for (id, status) in cases {
            assert_eq!(ask(&format!("/orders/{id}/replay")).await, status, "{id}");
        }
    }
}
