//! `POST /orders`: see the table in [`super`].

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bus::{Bus, BusError, Message, Origin, Publisher};
use contract::trace::{TRACEPARENT, TraceContext};
use contract::{Envelope, Order, Style, envelope};
use host::Problem;
use host::extract::{field, query};
use serde::Serialize;
use tokio::sync::OnceCell;

use super::accepted::Known;
use super::{Api, Status};
use crate::SOURCE;

/// The publisher of new orders, made when the first one comes: the bus may not be there before.
pub(super) struct Edge {
    bus: Arc<dyn Bus>,
    publisher: OnceCell<Arc<dyn Publisher>>,
}

impl Edge {
    pub(super) fn new(bus: Arc<dyn Bus>) -> Self {
        Self { bus, publisher: OnceCell::new() }
    }

    async fn publish(&self, message: Message) -> Result<(), BusError> {
        let publisher = self.publisher.get_or_try_init(|| self.bus.publisher(Origin::Edge)).await?;
        publisher.publish(&[message]).await
    }
}

/// The `style` parameter.
pub(super) struct StyleParameter(Style);

impl<S: Send + Sync> FromRequestParts<S> for StyleParameter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut style = Style::Choreography;
        let mut errors = Vec::new();
        for (name, value) in query(parts)? {
            match (name.as_str(), value.parse()) {
                ("style", Ok(known)) => style = known,
                ("style", Err(_)) => {
                    errors.push(field(
                        "style",
                        format!("{value:?}"),
                        "choreography or orchestration".to_owned(),
                    ));
                }
                _ => errors.push(field(
                    &name,
                    format!("{value:?}"),
                    "no other parameter than style".to_owned(),
                )),
            }
        }
        if errors.is_empty() { Ok(Self(style)) } else { Err(Problem::fields(errors)) }
    }
}

/// Where to look for a placed order.
#[derive(Serialize)]
struct Placed {
    order_id: String,
    style: Style,
    status: Status,
    location: String,
}

pub(super) async fn place(
    State(api): State<Arc<Api>>,
    StyleParameter(style): StyleParameter,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    expect_json(&headers)?;
    let body = body.map_err(unreadable)?;
    let order = Arc::new(Order::from_json(&body).map_err(Problem::fields)?);
    if let Some(record) = api.record(&order.order_id).await? {
        if record.style != style || record.order != *order {
            return Err(conflict(&order.order_id));
        }
        return Ok(answer(StatusCode::OK, &order, style, Status::of(&record)));
    }
    match api.accepted.begin(&order, style) {
        Known::Conflict => return Err(conflict(&order.order_id)),
        Known::Confirmed => {}
        Known::Publish => publish(&api, &order, style, &headers).await?,
    }
    Ok(answer(StatusCode::ACCEPTED, &order, style, Status::Accepted))
}

async fn publish(api: &Api, order: &Arc<Order>, style: Style, headers: &HeaderMap) -> Result<(), Problem> {
    let traceparent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let traceparent = traceparent.filter(|text| TraceContext::parse(text).is_some()).map(str::to_owned);
    let envelope = Envelope { traceparent, ..Envelope::new(style) };
    let message = envelope::placed(order, &envelope, SOURCE, api.clock.now());
    match api.edge.publish(message).await {
        Ok(()) => {
            api.accepted.confirm(order, style);
            Ok(())
        }
        Err(error) => {
            // After a lost connection the bus may have it all the same, so its id stays taken.
            if !matches!(error, BusError::Unavailable(_)) {
                api.accepted.withdraw(&order.order_id);
            }
            Err(not_published(&order.order_id, &error))
        }
    }
}

fn answer(code: StatusCode, order: &Order, style: Style, status: Status) -> Response {
    let order_id = order.order_id.clone();
    let location = format!("/orders/{order_id}");
    let headers = [(header::LOCATION, location.clone())];
    (code, headers, Json(Placed { order_id, style, status, location })).into_response()
}

fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let found =
        headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("something unreadable"));
    let media_type = found.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let found = found.map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}"));
    let detail = format!("Content-Type: found {found}, expected application/json");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

fn unreadable(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the order is larger than this service takes")
        }
        status => Problem::new(status, "the request's body could not be read to its end"),
    }
}

fn conflict(order_id: &str) -> Problem {
    let detail = format!(
        "another order has the id {order_id}, or this one was placed in the other style: see /orders/{order_id}"
    );
    Problem::new(StatusCode::CONFLICT, detail)
}

fn not_published(order_id: &str, error: &BusError) -> Problem {
    let again = "place the order again in a moment; with the same id it is taken only once";
    match error {
        BusError::TooLarge { .. } => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the order is larger than the bus takes")
        }
        BusError::Full { .. } => Problem::unavailable(format!("the system is behind: {again}")),
        error if error.is_retryable() || matches!(error, BusError::Closed) => {
            tracing::warn!(order_id, %error, "an order could not be placed");
            Problem::unavailable(format!("the bus is unavailable: {again}"))
        }
        error => {
            tracing::error!(order_id, %error, "an order could not be placed");
            Problem::internal()
        }
    }
}
