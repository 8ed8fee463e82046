//! The history over HTTP.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /orders/{id}` | 200: the order with its status and timeline; `"status": "accepted"` while it was taken and is not recorded yet, `"open"` until it is closed |
//! | `GET /customers/{id}/orders?limit=&before=` | 200: `{"items": […], "next": …}`, newest first; `next` is the `before` of the next page |
//! | `POST /orders?style=choreography` | takes an order (JSON, see [`contract::Order`]): below |
//! | `POST /orders/{id}/replay` | says again what is known of the order: see [`daemon::replay`] |
//!
//! Whatever goes wrong is answered as RFC 9457 problem details: 400 (with every wrong field), 404, 503 with
//! `Retry-After`.
//!
//! # Placing an order
//!
//! `style` is `choreography` (when nothing is said) or `orchestration`. A W3C `traceparent` header is handed on with
//! the order.
//!
//! | answer | when |
//! | --- | --- |
//! | 202, `Location: /orders/{id}` | the order is accepted for good, now or before, and its flow is about to begin |
//! | 200, `Location: /orders/{id}` | the same order is in the history already: nothing was done |
//! | 400 | it is not an order, with every wrong field; or the query is wrong |
//! | 409 | the id belongs to another order, or to this one in the other style |
//! | 413, 415 | too large; not `application/json` |
//! | 503, `Retry-After` | the bus is full or away, or the store is: place it again, which is safe at any time |
//!
//! Placing is idempotent by the order's id, for ever and for all instances of the service: an order is accepted by a commit
//! under its id, together with the message that its flow begins with, before anything is answered or published. Of two
//! different orders placed under one id, wherever and whenever, one is accepted.
//!
//! An order is refused with 503 as long as more than [`room::WAITING_MAX`] messages wait for whoever begins its flow.

mod api;
mod place;
mod replay;
pub mod room;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use bus::Bus;
use contract::{Order, Style, time};
use daemon::Problem;
use daemon::extract::{Id, Listing, Page};
use participant::Requests;
use serde::Serialize;
use store::Read;
use traces::Tracer;

use crate::{Answer, Ask, CUSTOMER_INDEX, Change, OrderRecord};
use api::{Api, Status};
use room::Room;

/// The service's routes over the history in `store`. Whoever answers `requests` accepts orders, while there is room on `bus`;
/// `tracer` says which of them are traced.
pub fn router(
    store: Arc<dyn Read>,
    bus: Arc<dyn Bus>,
    requests: Requests<Ask, Answer>,
    tracer: Tracer,
) -> Router {
    let replay = replay::router(requests.clone());
    let api = Arc::new(Api { store, requests, room: Room::new(bus), tracer });
    Router::new()
        .route("/orders", post(place::place))
        .route("/orders/{id}", get(order))
        .route("/customers/{id}/orders", get(orders_of_customer))
        .with_state(api)
        .merge(replay)
}

#[derive(Serialize)]
struct OrderView {
    order_id: String,
    style: Style,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    order: Order,
    timeline: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    at: String,
    what: Change,
}

impl OrderView {
    fn of(record: OrderRecord) -> Self {
        let at = |entry: &crate::Entry| EntryView { at: time::format(entry.at), what: entry.what };
        Self {
            order_id: record.order.order_id.clone(),
            style: record.style,
            status: Status::of(&record),
            timeline: record.timeline.iter().map(at).collect(),
            reason: record.reason,
            order: record.order,
        }
    }
}

async fn order(State(api): State<Arc<Api>>, Id(id): Id) -> Result<Json<OrderView>, Problem> {
    match api.record(&id).await? {
        Some(record) => Ok(Json(OrderView::of(record))),
        None => Err(Problem::not_found(format!("there is no order {id} in the history"))),
    }
}

/// An order in a list.
#[derive(Serialize)]
struct Summary {
    order_id: String,
    restaurant_id: String,
    style: Style,
    status: Status,
    total_minor: u64,
    currency: String,
    /// When it came into the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
}

impl Summary {
    fn of(record: OrderRecord) -> Self {
        Self {
            status: Status::of(&record),
            recorded_at: recorded_at(&record).map(time::format),
            order_id: record.order.order_id,
            restaurant_id: record.order.restaurant_id,
            style: record.style,
            total_minor: record.order.total_minor,
            currency: record.order.currency,
        }
    }
}

fn recorded_at(record: &OrderRecord) -> Option<contract::Millis> {
    record.timeline.iter().find(|entry| entry.what != Change::Accepted).map(|entry| entry.at)
}

async fn orders_of_customer(
    State(api): State<Arc<Api>>,
    Id(id): Id,
    page: Page,
) -> Result<Json<Listing<Summary>>, Problem> {
    let (keys, cursor) = api.store.linked(CUSTOMER_INDEX, &id, page.before, page.limit).await?;
    let mut items = Vec::with_capacity(keys.len());
    for key in keys {
        items.extend(api.record(&key).await?.map(Summary::of));
    }
    Ok(Json(Listing::new(items, cursor)))
}

#[cfg(test)]
mod tests;
