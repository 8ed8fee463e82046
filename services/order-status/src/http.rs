//! Payment and progress over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /orders/{id}` | 200: where the order's payment and the order itself stand, and the timeline |
//! | `POST /orders/{id}/replay` | says again what is known of the order: see [`daemon::replay`] |
//!
//! ```json
//! {
//!   "order_id": "o-1", "style": "choreography", "progress": "preparing",
//!   "payment": { "state": "captured", "amount_minor": 1900, "currency": "EUR", "attempts": 1 },
//!   "timeline": [{ "at": "2026-03-01T18:30:00.000Z", "what": "payment_authorised" }]
//! }
//! ```
//!
//! Whatever goes wrong is answered as RFC 9457 problem details: 400 (the id has no id's form), 404, 503 with
//! `Retry-After`.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use contract::{Style, time};
use daemon::Problem;
use daemon::extract::Id;
use participant::Requests;
use serde::Serialize;
use store::Read;
use styles::{Replay, Replayed};

use crate::{Change, OrderProgress, Payment, Progress};

/// The service's routes over what is in `store`. Whoever answers `requests` says again what is there.
pub fn router(store: Arc<dyn Read>, requests: Requests<Replay, Replayed>) -> Router {
    let replay = daemon::replay::router(move |order_id| {
        let requests = requests.clone();
        async move { requests.ask(order_id, Replay).await.map_err(|error| daemon::replay::problem(&error)) }
    });
    Router::new().route("/orders/{id}", get(order)).with_state(store).merge(replay)
}

#[derive(Serialize)]
struct OrderView {
    order_id: String,
    style: Style,
    progress: Progress,
    payment: PaymentView,
    /// Why it is being undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    timeline: Vec<EntryView>,
}

#[derive(Serialize)]
struct PaymentView {
    state: Payment,
    amount_minor: u64,
    currency: String,
    /// Calls of the gateway for the step at hand.
    attempts: u32,
}

#[derive(Serialize)]
struct EntryView {
    at: String,
    what: Change,
}

impl OrderView {
    fn of(order_id: String, order: OrderProgress) -> Self {
        let at = |entry: &crate::Entry| EntryView { at: time::format(entry.at), what: entry.what };
        Self {
            order_id,
            style: order.style,
            progress: order.progress,
            payment: PaymentView {
                state: order.payment,
                amount_minor: order.amount_minor,
                currency: order.currency,
                attempts: order.attempts,
            },
            reason: order.reason,
            timeline: order.timeline.iter().map(at).collect(),
        }
    }
}

async fn order(State(store): State<Arc<dyn Read>>, Id(id): Id) -> Result<Json<OrderView>, Problem> {
    let state = match store.get(&id).await? {
        Some(entity) => participant::inspect::state(&entity).map_err(|error| {
            tracing::error!(order_id = id, %error, "an order's progress cannot be read");
            Problem::internal()
        })?,
        None => None,
    };
    match state {
        Some(order) => Ok(Json(OrderView::of(id, order))),
        None => Err(Problem::not_found(format!("nothing is known of an order {id}"))),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::{Value, json};
    use store::memory::MemoryStore;
    use store::{Commit, EntityWrite, Store};
    use tower::ServiceExt as _;

    use super::*;

    async fn get(store: &MemoryStore, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response =
            router(Arc::new(store.clone()), participant::requests().0).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn remember(store: &MemoryStore, key: &str, state: Vec<u8>) {
        let write = EntityWrite { key: key.into(), state: state.into(), ..EntityWrite::default() };
        store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    #[tokio::test]
    async fn an_order_is_shown_with_payment_progress_and_timeline() {
        let store = MemoryStore::new();
        let state = json!({
            "style": "orchestration", "amount_minor": 1900, "currency": "EUR", "payment": "captured",
            "progress": "preparing", "attempts": 2,
            "timeline": [
                { "at": 1_700_000_000_123_i64, "what": "payment_authorised" },
                { "at": 1_700_000_000_456_i64, "what": "preparing" },
            ],
        });
        let order: OrderProgress = serde_json::from_value(state).unwrap();
        remember(&store, "o-1", serde_json::to_vec(&order).unwrap()).await;
        let expected = json!({
            "order_id": "o-1", "style": "orchestration", "progress": "preparing",
            "payment": { "state": "captured", "amount_minor": 1900, "currency": "EUR", "attempts": 2 },
            "timeline": [
                { "at": "2023-11-14T22:13:20.123Z", "what": "payment_authorised" },
                { "at": "2023-11-14T22:13:20.456Z", "what": "preparing" },
            ],
        });
        assert_eq!(get(&store, "/orders/o-1").await, (200, expected));
    }

    #[tokio::test]
    async fn what_is_unknown_or_no_id_or_unreadable_is_a_problem() {
        let store = MemoryStore::new();
        assert_eq!(get(&store, "/orders/o-1").await.0, 404);
        let (status, problem) = get(&store, "/orders/o%2F1").await;
        assert_eq!((status, &problem["errors"][0]["value"]), (400, &json!("\"o/1\"")));
        remember(&store, "broken", b"{".to_vec()).await;
        assert_eq!(get(&store, "/orders/broken").await.0, 500);
        remember(&store, "empty", Vec::new()).await;
        assert_eq!(get(&store, "/orders/empty").await.0, 404);
    }
}
