//! The API over HTTP: `POST /` with the action in `X-Amz-Target` (AWS JSON 1.0).

use api::{Failure, request};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use uuid::Uuid;

use crate::service::Service;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// `POST /`. What is wrong with a request is 400, 500 or 503, with a body in AWS's shape and an id in `x-amzn-RequestId`.
pub fn router(service: Service) -> Router {
    Router::new().route("/", post(serve)).with_state(service)
}

async fn serve(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let id = Uuid::new_v4();
    let answer = match region(&headers) {
        Some(region) if *region != *service.home().region => {
            answer(&service.in_region(region), &headers, &body).await
        }
        _ => answer(&service, &headers, &body).await,
    };
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(failure) => {
            if let Failure::Internal(reason) = &failure {
                tracing::error!(request_id = %id, reason, "a request cannot be carried out");
            }
            let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, failure.body())
        }
    };
    let id = HeaderValue::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""));
    (status, [(header::CONTENT_TYPE, JSON), (REQUEST_ID, id)], body.to_string()).into_response()
}

async fn answer(service: &Service, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    let target = headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
    service.act(request::read(target, body)?).await
}

/// The region that the request was signed for: `Authorization: … Credential=KEY/DATE/REGION/states/aws4_request, …`.
fn region(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let region = credential.split(',').next()?.split('/').nth(2)?;
    let is_region = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!region.is_empty() && region.len() <= 64 && is_region).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_that_of_the_signature() {
        let of = |authorization: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(authorization))]);
            region(&headers).map(str::to_owned)
        };
        assert_eq!(
            of("AWS4-HMAC-SHA256 Credential=AK/20261126/eu-west-1/states/aws4_request, SignedHeaders=host")
                .as_deref(),
            Some("eu-west-1")
        );
        assert_eq!(of("Bearer x"), None);
        assert_eq!(of("AWS4-HMAC-SHA256 Credential=AK/20261126/e:u/states/aws4_request"), None);
    }
}
