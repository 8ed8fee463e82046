//! Errors of services, as Step Functions names them.

use std::fmt;

use crate::model::{Exception, Service};

/// An error that a service answered with, or an answer that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// As Step Functions names it, for `Retry` and `Catch`: `DynamoDb.ConditionalCheckFailedException`, `S3.NoSuchKeyException`. One
    /// that the service's model does not have is called after the service: `Ec2.Ec2Exception`.
    pub name: String,
    /// The service's own name of it: `NoSuchKey`.
    pub code: String,
    /// What the service says, cut at [`MESSAGE_CHARS_MAX`].
    pub message: String,
    /// The status of the answer.
    pub status: u16,
    /// The id that the service gave the request, if it did.
    pub request_id: Option<String>,
    /// Whether the same request may succeed later: the service failed, had too much to do, or its model says so.
    pub is_retryable: bool,
    /// Whether the service had too much to do.
    pub is_throttling: bool,
}

/// How much is kept of what a service says of an error: the cause of a task's failure may have little more.
pub const MESSAGE_CHARS_MAX: usize = 32_000;
/// How much is kept of the name that a service gives an error, and of the id that it gives a request.
const NAME_CHARS_MAX: usize = 256;

fn cut(mut text: String, chars_max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
    }
    text
}

/// Names of errors for having too much to do (those of the SDKs' standard retries).
const THROTTLING: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Names of errors for what may be over soon.
const TRANSIENT: [&str; 2] = ["RequestTimeout", "RequestTimeoutException"];

/// What an answer says of its error.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The name by which the model may know it.
    pub(crate) modelled: String,
    /// The name that the service gives it, which is another where it once spoke Query.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

impl ApiError {
    pub(crate) fn new(service: &Service, status: u16, told: Told) -> Self {
        let exception = exception(service, &told.modelled).or_else(|| exception(service, &told.code));
        let name = match exception {
            Some(exception) => exception.sdk_name.to_owned(),
            None => format!("{}Exception", service.prefix),
        };
        let is_throttling = status == 429
            || exception.is_some_and(|exception| exception.is_throttling)
            || THROTTLING.contains(&told.code.as_str());
        let is_retryable = is_throttling
            || status >= 500
            || TRANSIENT.contains(&told.code.as_str())
            || exception.is_some_and(|exception| exception.is_retryable);
        Self {
            name: format!("{}.{name}", service.prefix),
            code: cut(told.code, NAME_CHARS_MAX),
            message: cut(told.message, MESSAGE_CHARS_MAX),
            status,
            request_id: told.request_id.map(|id| cut(id, NAME_CHARS_MAX)),
            is_retryable,
            is_throttling,
        }
    }

    /// An answer that cannot be read, as the SDK for Java 2 names what its client finds wrong.
    pub(crate) fn unreadable(service: &Service, status: u16, why: &str) -> Self {
        Self {
            name: format!("{}.SdkClientException", service.prefix),
            code: "SdkClientException".to_owned(),
            message: cut(format!("Unable to unmarshall response: {why}"), MESSAGE_CHARS_MAX),
            status,
            request_id: None,
            is_retryable: false,
            is_throttling: false,
        }
    }
}

/// Step Functions' cause: `MESSAGE (Service: DynamoDb, Status Code: 400, Request ID: …)`.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.name.split('.').next().unwrap_or_default();
        let message = if self.message.is_empty() { "null" } else { &self.message };
        let id = self.request_id.as_deref().unwrap_or("null");
        write!(f, "{message} (Service: {service}, Status Code: {}, Request ID: {id})", self.status)
    }
}

impl std::error::Error for ApiError {}

fn exception<'s>(service: &'s Service, code: &str) -> Option<&'s Exception> {
    let mut all =
        service.exceptions().filter(|exception| exception.code == Some(code) || exception.name == code);
    all.next()
}
