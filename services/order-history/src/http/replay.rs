//! `POST /orders/{id}/replay`: see [`host::replay`].

use axum::Router;
use host::Problem;
use participant::Requests;
use service::Replay;

use crate::{Answer, Ask};

/// The route.
pub(super) fn router(requests: Requests<Ask, Answer>) -> Router {
    host::replay::router(move |order_id| {
        let requests = requests.clone();
        async move {
            match requests.ask(order_id, Ask::Replay(Replay)).await {
                Ok(Answer::Replayed(replayed)) => Ok(replayed),
                Ok(Answer::Placed(_)) => Err(Problem::internal()),
                Err(error) => Err(host::replay::problem(&error)),
            }
        }
    })
}
