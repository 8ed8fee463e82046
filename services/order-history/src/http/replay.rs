//! `POST /orders/{id}/replay`: see [`daemon::replay`].

use axum::Router;
use daemon::Problem;
use participant::Requests;
use styles::Replay;

use crate::{Answer, Ask};

/// The route.
pub(super) fn router(requests: Requests<Ask, Answer>) -> Router {
    daemon::replay::router(move |order_id| {
        let requests = requests.clone();
        async move {
            match requests.ask(order_id, Ask::Replay(Replay)).await {
                Ok(Answer::Replayed(replayed)) => Ok(replayed),
                Ok(Answer::Placed(_)) => Err(Problem::internal()),
                Err(error) => Err(daemon::replay::problem(&error)),
            }
        }
    })
}
