//! What an HTTP API that was made elsewhere wants otherwise than all others here.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::Problem;

/// Tells a problem in the words of an API. The status stays.
pub type Tell = fn(&Problem) -> Response;

/// What an HTTP API that was made elsewhere wants otherwise. By default: nothing.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// How long a request with this head may take, if another time than [`crate::HttpLimits::request_timeout`].
    pub timeout: fn(&HeaderMap) -> Option<Duration>,
    /// How whoever sent this head is told what keeps their request from being served, if not as problem details.
    pub tell: fn(&HeaderMap) -> Option<Tell>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { timeout: |_| None, tell: |_| None }
    }
}
