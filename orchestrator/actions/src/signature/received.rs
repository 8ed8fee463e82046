//! What a signature goes over.

use axum::http::HeaderMap;

/// A request, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Its path, percent-encoded as it came.
    pub path: &'a str,
    /// Its query, percent-encoded as it came, without `?`; empty if it has none.
    pub query: &'a str,
    /// Its headers, of which some are signed.
    pub headers: &'a HeaderMap,
    /// All of its body.
    pub body: &'a [u8],
}
