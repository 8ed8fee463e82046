//! EventBridge's actions of connections, beside those of Step Functions: `POST /` with `X-Amz-Target: AWSEvents.…` (AWS JSON 1.1).

use std::sync::Arc;
use std::time::Duration;

use actions::Scope;
use actions::http::{refusal, signed_region};
use actions::signature::{Keys, Received};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use connections::{ACTIONS, Desk, Key};
use participant::Clock;
use serde_json::{Value, json};
use store::Store;
use uuid::Uuid;

/// How long the body of a request may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// What requests must be signed for.
const SIGNED_FOR: &str = "events";
const PREFIX: &str = "AWSEvents.";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
/// Without a key nothing secret is kept.
const NO_KEY: &str = "this server keeps no connections: start it with --connections-key-file";

/// What connections are kept with.
pub(crate) struct ConnectionApi {
    pub(crate) home: Scope,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What secrets are sealed with; `None`: no connections are kept.
    pub(crate) key: Option<Arc<Key>>,
    /// Whose requests are answered; `None`: everybody's.
    pub(crate) keys: Option<Keys>,
}

impl ConnectionApi {
    /// What is served, with the actions of connections.
    pub(crate) fn over(mut self, router: Router) -> Router {
        self.keys = self.keys.map(|keys| keys.for_service(SIGNED_FOR));
        router.layer(from_fn_with_state(Arc::new(self), intercept))
    }
}

async fn intercept(State(api): State<Arc<ConnectionApi>>, request: Request, next: Next) -> Response {
    let target = request.headers().get(TARGET).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let Some(action) = target.strip_prefix(PREFIX).map(str::to_owned) else { return next.run(request).await };
    if request.method() != Method::POST || request.uri().path() != "/" {
        return next.run(request).await;
    }
    match answer(&api, &action, request).await {
        Ok(answer) => told(StatusCode::OK, &answer),
        Err(response) => *response,
    }
}

async fn answer(api: &ConnectionApi, action: &str, request: Request) -> Result<Value, Box<Response>> {
    let refused = |status, why: &str| Err(Box::new(refusal(status, why)));
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let body = match tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return refused(rejection.status(), &rejection.body_text()),
        Err(_) => {
            return refused(StatusCode::SERVICE_UNAVAILABLE, "the body of the request did not come in time");
        }
    };
    let query = uri.query().unwrap_or_default();
    if let Some(keys) = &api.keys {
        let received = Received { method: "POST", path: uri.path(), query, headers: &headers, body: &body };
        if let Err(failure) = keys.verify(&received, api.clock.now()) {
            let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::FORBIDDEN);
            return Err(Box::new(told(status, &failure.body())));
        }
    }
    let Some(key) = &api.key else { return refused(StatusCode::FORBIDDEN, NO_KEY) };
    if !ACTIONS.contains(&action) {
        let message = format!(
            "{PREFIX}{action} is not carried out here; of EventBridge's actions these are: {}",
            ACTIONS.join(", ")
        );
        return Err(Box::new(told(
            StatusCode::BAD_REQUEST,
            &json!({"__type": "UnknownOperationException", "message": message}),
        )));
    }
    let region = signed_region(&headers, query).unwrap_or_else(|| api.home.region.to_string());
    let Scope { partition, account, .. } = Scope::of(&region, &api.home.account);
    let desk =
        Desk { partition: partition.to_string(), region, account: account.to_string(), key: Arc::clone(key) };
    desk.act(&*api.store, action, &body, api.clock.now()).await.map_err(|failure| {
        let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(
                action,
                reason = telemetry::chain(&failure),
                "a request of connections cannot be carried out"
            );
        }
        Box::new(told(status, &failure.body()))
    })
}

fn told(status: StatusCode, body: &Value) -> Response {
    let id = HeaderValue::try_from(Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static(""));
    (status, [(header::CONTENT_TYPE, JSON), (REQUEST_ID, id)], body.to_string()).into_response()
}
