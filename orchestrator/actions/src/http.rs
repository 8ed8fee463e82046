//! The API over HTTP: `POST /` with the action in `X-Amz-Target` (AWS JSON 1.0).
//!
//! Whatever the path and the method, the answer has AWS's shape and an id in `x-amzn-RequestId`. The content type of a request is
//! not looked at, nor is its host: `sync-HOST`, where AWS's clients send two of the actions, is served as `HOST` is.

use std::sync::Arc;
use std::time::Duration;

use api::{Failure, Operation, request};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::service::Service;
use crate::signature::{Keys, Received};

/// What requests must be signed for.
pub const SIGNED_FOR: &str = "states";
/// The largest body that a request may need, in bytes: AWS takes requests of 1 MiB.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How long the body of a request may take to come: whoever may wait long for an answer may not take as long to ask, since who asks
/// is only known when all is there.
const BODY: Duration = Duration::from_secs(10);
/// How long a worker waits for a task of its activity: AWS's 60 s, and some for the way.
const POLL: Duration = Duration::from_secs(70);
/// How long whoever waits for the end of an execution does, or of a state: AWS's 5 minutes, and some for the way.
const SYNC: Duration = Duration::from_secs(5 * 60 + 10);

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

struct Api {
    service: Service,
    /// Whose requests are answered; `None`: everybody's.
    keys: Option<Keys>,
}

/// For everybody who can reach it.
pub fn router(service: Service) -> Router {
    routes(Api { service, keys: None })
}

/// For whoever signs requests with one of these keys.
pub fn signed_router(service: Service, keys: Keys) -> Router {
    routes(Api { service, keys: Some(keys) })
}

/// For a server that has more than this API: whatever is not at `/` is not answered here. For everybody who can reach it, or whoever signs
/// requests with one of these keys.
pub fn root_router(service: Service, keys: Option<Keys>) -> Router {
    root(Api { service, keys })
}

/// Instead of the API: tells its clients, in AWS's shape, why it is not served.
pub fn refusing_router(reason: &'static str) -> Router {
    let refuse = move |headers: HeaderMap| async move {
        if is_client(&headers) { refusal(StatusCode::FORBIDDEN, reason) } else { nowhere().await }
    };
    Router::new().route("/", any(refuse))
}

fn routes(api: Api) -> Router {
    root(api).route("/{*path}", any(nowhere))
}

fn root(api: Api) -> Router {
    Router::new().route("/", any(serve)).with_state(Arc::new(api))
}

/// How long a request with this head may take, if longer than others: it waits for something.
#[must_use]
pub fn patience(headers: &HeaderMap) -> Option<Duration> {
    match request::operation(target(headers)).ok()? {
        Operation::GetActivityTask => Some(POLL),
        Operation::StartSyncExecution | Operation::TestState => Some(SYNC),
        _ => None,
    }
}

/// Whether a request with this head is one of this API's clients'.
#[must_use]
pub fn is_client(headers: &HeaderMap) -> bool {
    headers.contains_key(TARGET)
}

/// Tells such a client, in AWS's shape, why its request does not get as far as the API.
#[must_use]
pub fn refusal(status: StatusCode, reason: &str) -> Response {
    let error = match status {
        StatusCode::FORBIDDEN => "AccessDeniedException",
        StatusCode::PAYLOAD_TOO_LARGE => "RequestEntityTooLargeException",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableException",
        status if status.is_client_error() => "MalformedHttpRequestException",
        _ => "InternalFailure",
    };
    told(
        Uuid::new_v4(),
        status,
        &json!({"__type": format!("com.amazon.coral.service#{error}"), "message": reason}),
    )
}

async fn nowhere() -> Response {
    let failure = Failure::UnknownOperation { target: String::new() };
    told(Uuid::new_v4(), StatusCode::NOT_FOUND, &failure.body())
}

async fn serve(State(api): State<Arc<Api>>, mut request: Request) -> Response {
    if request.method() != Method::POST {
        return nowhere().await;
    }
    let (uri, headers) = (request.uri().clone(), std::mem::take(request.headers_mut()));
    let operation = request::operation(target(&headers)).ok();
    let call = Call { metrics: api.service.metrics(), operation, is_answered: false };
    let body = body(request).await;
    let (id, begun) = (Uuid::new_v4(), Instant::now());
    let answer = answer(&api, &uri, &headers, body).await;
    call.answered(answer.as_ref().err(), begun);
    match answer {
        Ok(body) => told(id, StatusCode::OK, &body),
        Err(failure) => {
            if let Failure::Internal(reason) = &failure {
                tracing::error!(request_id = %id, reason, "a request cannot be carried out");
            }
            let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            told(id, status, &failure.body())
        }
    }
}

/// A call until it is counted. It is dropped unanswered where its client goes away, or whoever limits its time gives it up.
struct Call<'a> {
    metrics: Option<&'a Metrics>,
    operation: Option<Operation>,
    is_answered: bool,
}

impl Call<'_> {
    fn answered(mut self, failure: Option<&Failure>, begun: Instant) {
        self.is_answered = true;
        if let Some(metrics) = self.metrics {
            metrics.answered(self.operation, failure, begun.elapsed());
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.metrics.filter(|_| !self.is_answered) {
            metrics.unanswered(self.operation);
        }
    }
}

/// The body of a request, as far as it is no larger than the server reads and comes in time.
async fn body(request: Request) -> Result<Bytes, Failure> {
    let Ok(read) = tokio::time::timeout(BODY, Bytes::from_request(request, &())).await else {
        let reason = format!("the body of the request did not come within {} s", BODY.as_secs());
        return Err(Failure::Unavailable(reason));
    };
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ => Failure::Serialization(None),
    })
}

fn told(id: Uuid, status: StatusCode, body: &Value) -> Response {
    let id = HeaderValue::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""));
    (status, [(header::CONTENT_TYPE, JSON), (REQUEST_ID, id)], body.to_string()).into_response()
}

/// As AWS does it: first what is asked for, then who asks, then whether it is well-formed.
async fn answer(
    api: &Api,
    uri: &Uri,
    headers: &HeaderMap,
    body: Result<Bytes, Failure>,
) -> Result<Value, Failure> {
    let target = target(headers);
    request::operation(target)?;
    let body = body?;
    let Api { service, keys } = api;
    let query = uri.query().unwrap_or_default();
    if let Some(keys) = keys {
        let received = Received { method: "POST", path: uri.path(), query, headers, body: &body };
        keys.verify(&received, service.now())?;
    }
    match signed_region(headers, query) {
        Some(region) if *region != *service.home().region => {
            service.in_region(&region).act(request::read(target, &body)?).await
        }
        _ => service.act(request::read(target, &body)?).await,
    }
}

fn target(headers: &HeaderMap) -> &str {
    headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default()
}

/// The region that the request was signed for: `Credential=KEY/DATE/REGION/SERVICE/aws4_request` in its header `Authorization`, or
/// in its query.
#[must_use]
pub fn signed_region(headers: &HeaderMap, query: &str) -> Option<String> {
    let text = match headers.get(header::AUTHORIZATION) {
        Some(authorization) => authorization.to_str().ok()?.split_once("Credential=")?.1.to_owned(),
        None => {
            let (_, credential) = query.split_once("X-Amz-Credential=")?;
            let credential = credential.split('&').next()?;
            percent_encoding::percent_decode_str(credential).decode_utf8().ok()?.into_owned()
        }
    };
    let region = text.split(',').next()?.split('/').nth(2)?;
    let is_region = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!region.is_empty() && region.len() <= 64 && is_region).then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_that_of_the_signature() {
        let of = |authorization: &'static str| {
            let value = HeaderValue::from_static(authorization);
            signed_region(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]), "")
        };
        assert_eq!(
            of("AWS4-HMAC-SHA256 Credential=AK/20261126/eu-west-1/states/aws4_request, SignedHeaders=host")
                .as_deref(),
            Some("eu-west-1")
        );
        assert_eq!(of("Bearer x"), None);
        assert_eq!(of("AWS4-HMAC-SHA256 Credential=AK/20261126/e:u/states/aws4_request"), None);
        let query = "X-Amz-Date=x&X-Amz-Credential=AK%2F20261126%2Feu-west-1%2Fstates%2Faws4_request&x=y";
        assert_eq!(signed_region(&HeaderMap::new(), query).as_deref(), Some("eu-west-1"));
        assert_eq!(signed_region(&HeaderMap::new(), ""), None);
    }

    #[test]
    fn who_waits_for_something_may_wait() {
        let of = |target: &'static str| {
            patience(&HeaderMap::from_iter([(TARGET, HeaderValue::from_static(target))]))
        };
        assert_eq!(of("AWSStepFunctions.GetActivityTask"), Some(POLL));
        assert_eq!(of("AWSStepFunctions.StartSyncExecution"), Some(SYNC));
        assert_eq!(of("AWSStepFunctions.StartExecution"), None);
        assert_eq!(of("DynamoDB.GetActivityTask"), None);
    }
}
