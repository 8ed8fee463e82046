//! `POST /orders`: see the table in [`super`].

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::trace::{TRACEPARENT, TraceContext};
use contract::{Order, Style};
use daemon::Problem;
use daemon::extract::{field, query};
use daemon::guard::expect_json;
use participant::AskError;
use serde::Serialize;

use super::api::{Api, Status};
use super::room::AGAIN;
use crate::{Answer, Ask, Place, Placed};

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
struct View {
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
    // A body that is no JSON was refused before; here is also none at all.
    expect_json(&Method::POST, &headers)?;
    let body = body.map_err(unreadable)?;
    let order = Order::from_json(&body).map_err(Problem::fields)?;
    // What was placed before stands for ever, so that it can be told without asking.
    let placed = match api.record(&order.order_id).await? {
        Some(record) => Placed::again(&record, &order, style),
        None => accept(&api, &order, style, &headers).await?,
    };
    match placed {
        Placed::Accepted => Ok(answer(StatusCode::ACCEPTED, &order, style, Status::Accepted)),
        Placed::Recorded(status) => Ok(answer(StatusCode::OK, &order, style, Status::recorded(status))),
        Placed::Conflict => Err(conflict(&order.order_id)),
    }
}

async fn accept(api: &Api, order: &Order, style: Style, headers: &HeaderMap) -> Result<Placed, Problem> {
    let order_id = order.order_id.as_str();
    api.room.check(style).await.map_err(|no_room| no_room.problem(order_id))?;
    let place = Place { order: order.clone(), style, traceparent: traceparent(api, order_id, headers) };
    match api.requests.ask(order_id, Ask::Place(place)).await {
        Ok(Answer::Placed(placed)) => Ok(placed),
        Ok(Answer::Replayed(_)) => Err(Problem::internal()),
        Err(error) => Err(not_accepted(order_id, &error)),
    }
}

/// The caller's trace, or else the order's own, if it is traced.
fn traceparent(api: &Api, order_id: &str, headers: &HeaderMap) -> Option<String> {
    let callers = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let callers = callers.filter(|text| TraceContext::parse(text).is_some()).map(str::to_owned);
    callers.or_else(|| api.tracer.root(order_id).map(|root| root.to_string()))
}

fn answer(code: StatusCode, order: &Order, style: Style, status: Status) -> Response {
    let order_id = order.order_id.clone();
    let location = format!("/orders/{order_id}");
    let headers = [(header::LOCATION, location.clone())];
    (code, headers, Json(View { order_id, style, status, location })).into_response()
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

fn not_accepted(order_id: &str, error: &AskError) -> Problem {
    match error {
        // Nothing else about an order can be too much for what it leads to.
        AskError::Rejected(reason) => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the order cannot be taken: {reason}"))
        }
        AskError::Full => Problem::unavailable(format!("the system is behind: {AGAIN}")),
        error => {
            tracing::warn!(order_id, %error, "an order could not be placed");
            Problem::unavailable(format!("the service is held up: {AGAIN}"))
        }
    }
}
