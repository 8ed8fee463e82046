//! What customers and restaurants were told, over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST /orders/{id}/replay` | says again what is known of the order: see [`daemon::replay`] |
//! | `GET /orders/{id}/notifications` | 200: the restaurant's answer, and every notice about the order, oldest first |
//! | `GET /customers/{id}/notifications?limit=&before=` | 200: what the customer was told, order by order |
//! | `GET /restaurants/{id}/notifications?limit=&before=` | 200: what the restaurant was told, order by order |
//!
//! The lists are `{"items": [{"order_id": …, "notices": […]}], "next": …}` with the newest order first; `limit`
//! (1 to 100, 20 unless told) counts orders, and `next` is the `before` of the next page. An order in which nothing
//! was said to the one who asks is left out, so that a page may hold fewer than `limit`.
//!
//! ```json
//! { "at": "2026-03-01T18:30:00.000Z", "to": "customer", "says": "cancelled", "reason": "no oven" }
//! ```
//!
//! Whatever goes wrong is answered as RFC 9457 problem details: 400 (with every wrong field), 404, 503 with
//! `Retry-After`. A customer or restaurant of whom nothing is known has an empty list.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use contract::{Style, time};
use daemon::Problem;
use daemon::extract::{Id, Listing, Page};
use participant::Requests;
use serde::Serialize;
use store::Read;
use styles::{Replay, Replayed};

use crate::{Answer, CUSTOMER_INDEX, Notice, OrderNotices, RESTAURANT_INDEX, What};

/// The service's routes over what is in `store`. Whoever answers `requests` says again what is there.
pub fn router(store: Arc<dyn Read>, requests: Requests<Replay, Replayed>) -> Router {
    let replay = daemon::replay::router(move |order_id| {
        let requests = requests.clone();
        async move { requests.ask(order_id, Replay).await.map_err(|error| daemon::replay::problem(&error)) }
    });
    Router::new()
        .route("/orders/{id}/notifications", get(of_order))
        .route("/customers/{id}/notifications", get(of_customer))
        .route("/restaurants/{id}/notifications", get(of_restaurant))
        .with_state(store)
        .merge(replay)
}

type Shared = State<Arc<dyn Read>>;

#[derive(Serialize)]
struct NoticeView {
    at: String,
    #[serde(flatten)]
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self { at: time::format(notice.at), what: notice.what, reason: notice.reason }
    }
}

#[derive(Serialize)]
struct OrderView {
    order_id: String,
    style: Style,
    customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    restaurant_id: Option<String>,
    answer: Answer,
    #[serde(skip_serializing_if = "Option::is_none")]
    late_answer: Option<Answer>,
    notices: Vec<NoticeView>,
}

async fn find(store: &dyn Read, order_id: &str) -> Result<Option<OrderNotices>, Problem> {
    let Some(entity) = store.get(order_id).await? else { return Ok(None) };
    participant::inspect::state(&entity).map_err(|error| {
        tracing::error!(order_id, %error, "an order's notices cannot be read");
        Problem::internal()
    })
}

async fn of_order(State(store): Shared, Id(id): Id) -> Result<Json<OrderView>, Problem> {
    let Some(order) = find(&*store, &id).await? else {
        return Err(Problem::not_found(format!("nothing was said about an order {id}")));
    };
    Ok(Json(OrderView {
        order_id: id,
        style: order.style,
        customer_id: order.customer_id,
        restaurant_id: order.restaurant_id,
        answer: order.answer,
        late_answer: order.late_answer,
        notices: order.notices.into_iter().map(NoticeView::from).collect(),
    }))
}

/// What was said to one party about an order.
#[derive(Serialize)]
struct Told {
    order_id: String,
    notices: Vec<NoticeView>,
}

async fn of_customer(store: Shared, id: Id, page: Page) -> Result<Json<Listing<Told>>, Problem> {
    list(store, CUSTOMER_INDEX, id, page, |what| matches!(what, What::Customer(_))).await
}

async fn of_restaurant(store: Shared, id: Id, page: Page) -> Result<Json<Listing<Told>>, Problem> {
    list(store, RESTAURANT_INDEX, id, page, |what| matches!(what, What::Restaurant(_))).await
}

async fn list(
    State(store): Shared,
    index: &str,
    Id(id): Id,
    page: Page,
    is_for_them: fn(&What) -> bool,
) -> Result<Json<Listing<Told>>, Problem> {
    let (keys, cursor) = store.linked(index, &id, page.before, page.limit).await?;
    let mut items = Vec::with_capacity(keys.len());
    for order_id in keys {
        let Some(order) = find(&*store, &order_id).await? else { continue };
        let theirs = order.notices.into_iter().filter(|notice| is_for_them(&notice.what));
        let notices: Vec<_> = theirs.map(NoticeView::from).collect();
        if !notices.is_empty() {
            items.push(Told { order_id, notices });
        }
    }
    Ok(Json(Listing::new(items, cursor)))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::{Value, json};
    use store::memory::MemoryStore;
    use store::{Commit, EntityWrite, Link, Store};
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

    /// An order whose restaurant was asked and declined, and whose customer was told so.
    async fn remember(store: &MemoryStore, order_id: &str) {
        let order: OrderNotices = serde_json::from_value(json!({
            "style": "choreography", "customer_id": "c-1", "restaurant_id": "r-1", "answer": "declined",
            "notices": [
                { "at": 1_700_000_000_000_i64, "to": "restaurant", "says": "new_order" },
                { "at": 1_700_000_001_000_i64, "to": "customer", "says": "cancelled", "reason": "no oven" },
            ],
        }))
        .unwrap();
        let write = EntityWrite {
            key: order_id.into(),
            state: serde_json::to_vec(&order).unwrap().into(),
            links: vec![
                Link { index: CUSTOMER_INDEX, value: "c-1".into() },
                Link { index: RESTAURANT_INDEX, value: "r-1".into() },
            ],
            ..EntityWrite::default()
        };
        store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    #[tokio::test]
    async fn an_order_is_shown_with_everything_said_about_it() {
        let store = MemoryStore::new();
        remember(&store, "o-1").await;
        let expected = json!({
            "order_id": "o-1", "style": "choreography", "customer_id": "c-1", "restaurant_id": "r-1",
            "answer": "declined",
            "notices": [
                { "at": "2023-11-14T22:13:20.000Z", "to": "restaurant", "says": "new_order" },
                { "at": "2023-11-14T22:13:21.000Z", "to": "customer", "says": "cancelled", "reason": "no oven" },
            ],
        });
        assert_eq!(get(&store, "/orders/o-1/notifications").await, (200, expected));
        assert_eq!(get(&store, "/orders/o-2/notifications").await.0, 404);
        assert_eq!(get(&store, "/orders/-%20-/notifications").await.0, 400);
    }

    #[tokio::test]
    async fn each_party_sees_its_own_notices_page_by_page() {
        let store = MemoryStore::new();
        for n in 0..3 {
            remember(&store, &format!("o-{n}")).await;
        }
        let (_, first) = get(&store, "/customers/c-1/notifications?limit=2").await;
        assert_eq!(
            (&first["items"][0]["order_id"], &first["items"][1]["order_id"]),
            (&json!("o-2"), &json!("o-1"))
        );
        let next = first["next"].as_str().unwrap();
        let (_, last) = get(&store, &format!("/customers/c-1/notifications?limit=2&before={next}")).await;
        let told = json!({ "at": "2023-11-14T22:13:21.000Z", "to": "customer", "says": "cancelled", "reason": "no oven" });
        assert_eq!(last, json!({ "items": [{ "order_id": "o-0", "notices": [told] }], "next": null }));

        let (_, restaurant) = get(&store, "/restaurants/r-1/notifications").await;
        assert_eq!(restaurant["items"][0]["notices"][0]["says"], "new_order");
        assert_eq!(restaurant["items"][0]["notices"].as_array().unwrap().len(), 1);
        assert_eq!(
            get(&store, "/restaurants/nobody/notifications").await,
            (200, json!({ "items": [], "next": null }))
        );
        assert_eq!(get(&store, "/restaurants/r-1/notifications?page=2").await.0, 400);
    }
}
